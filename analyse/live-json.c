/* live-json.c: a live set as JSON lines; see live-report.h. */
#include "live-report.h"

static void json_head(const struct pmt_live_report *report,
                      const struct pmt_live_total *total,
                      const struct pmt_live_rows *rows, struct pmt_json *json)
{
    static const char *const moments[] = {
        [PMT_MOMENT_NONE] = "end",  [PMT_MOMENT_TIME] = "time",
        [PMT_MOMENT_MARK] = "mark", [PMT_MOMENT_PEAK] = "peak",
        [PMT_MOMENT_END] = "end",   [PMT_MOMENT_WALL] = "wall",
        [PMT_MOMENT_EXIT] = "exit",
    };
    const struct pmt_live_counts *counts = &total->counts;

    pmt_json_line_begin(json);
    pmt_json_string(json, "row", "live");
    pmt_json_string(json, "trace", report->name);
    pmt_json_string(json, "kind",
                    report->which == PMT_LIVE_BLOCKS ? "alloc" : "object");
    pmt_json_string(json, "moment",
                    total->exits > 0 ? "exit"
                                     : moments[report->moment->kind]);
    if (total->exits > 0)
        pmt_json_bool(json, "exit_guessed", total->exits_guessed > 0);
    if (report->moment->kind == PMT_MOMENT_MARK)
        pmt_json_string(json, "mark", report->moment->name);
    if (report->moment->kind == PMT_MOMENT_WALL)
        pmt_json_i64(json, "wall_ns", report->moment->real_ns);
    pmt_json_u64(json, "time_ns", total->now_ns);
    pmt_json_u64(json, "count", total->now.count);
    pmt_json_u64(json, "bytes", total->now.bytes);
    pmt_json_bool(json, "estimated", total->estimated);
    if (total->estimated) {
        pmt_json_u64(json, "samples", total->samples);
        pmt_json_u64(json, "sample_bytes", total->sample_bytes_high);
        pmt_live_range_json(rows->all_blocks, rows->all_bytes, json);
        pmt_json_u64(json, "unseen_high",
                     pmt_samples_unseen(total->sample_bytes_high));
    }
    pmt_json_bool(json, "basic_sizes",
                  report->which == PMT_LIVE_OBJECTS && !total->sized);
    pmt_json_u64(json, "peak_count", total->peak.count);
    pmt_json_u64(json, "peak_bytes", total->peak.bytes);
    if (total->streams == 1)
        pmt_json_u64(json, "peak_time_ns", total->peak_ns);
    pmt_json_u64(json, "created", counts->created);
    pmt_json_u64(json, "created_bytes", counts->bytes);
    pmt_json_u64(json, "destroyed", counts->destroyed);
    pmt_json_u64(json, "resized", counts->resized);
    pmt_json_u64(json, "resizes_failed", counts->undone);
    pmt_json_u64(json, "unknown_before_loss", counts->unknown_before_loss);
    pmt_json_u64(json, "unknown_after_loss", counts->unknown_after_loss);
    pmt_json_u64(json, "inferred", counts->inferred);
    pmt_json_u64(json, "unseen", counts->unseen);
    pmt_json_u64(json, "filtered", counts->filtered);
    pmt_json_bool(json, "destroy_unreliable", total->inferring > 0);
    if (total->begun_late)
        pmt_json_u64(json, "begun_ns", total->begun_ns);
    else
        pmt_json_null(json, "begun_ns");
    pmt_live_lost_json(total, json);
    pmt_json_u64(json, "incomplete_streams", total->incomplete);
    pmt_json_u64(json, "groups", rows->count);
    pmt_json_line_end(json);
}

int pmt_live_report_json(const struct pmt_live_report *report,
                         struct pmt_json *json)
{
    struct pmt_live_total total;
    struct pmt_live_rows rows;
    int code = pmt_live_rows_make(&rows, report);

    if (code)
        return code;
    pmt_live_total_of(&total, report);
    json_head(report, &total, &rows, json);
    pmt_live_rows_json(&rows, &report->view, json);
    pmt_live_rows_release(&rows);
    return PMT_OK;
}
