/* live-json.c: a live set as JSON lines; see live-report.h. */
#include "live-report.h"
#include "names.h"

static void json_text(struct pmt_json *json, const char *key,
                      struct pmt_text text)
{
    if (text.bytes)
        pmt_json_bytes(json, key, text.bytes, text.length);
    else
        pmt_json_null(json, key);
}

static void json_head(const struct pmt_live_report *report,
                      const struct pmt_live_total *total,
                      const struct pmt_live_rows *rows, struct pmt_json *json)
{
    static const char *const moments[] = {
        [PMT_MOMENT_NONE] = "end",  [PMT_MOMENT_TIME] = "time",
        [PMT_MOMENT_MARK] = "mark", [PMT_MOMENT_PEAK] = "peak",
        [PMT_MOMENT_END] = "end",
    };
    const struct pmt_live_counts *counts = &total->counts;

    pmt_json_line_begin(json);
    pmt_json_string(json, "row", "live");
    pmt_json_string(json, "trace", report->name);
    pmt_json_string(json, "kind",
                    report->which == PMT_LIVE_BLOCKS ? "alloc" : "object");
    pmt_json_string(json, "moment", moments[report->moment->kind]);
    if (report->moment->kind == PMT_MOMENT_MARK)
        pmt_json_string(json, "mark", report->moment->name);
    pmt_json_u64(json, "time_ns", total->now_ns);
    pmt_json_u64(json, "count", total->now.count);
    pmt_json_u64(json, "bytes", total->now.bytes);
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
    pmt_json_bool(json, "approximate", total->approximate);
    if (total->approximate)
        pmt_json_u64(json, "loss_time_ns", total->loss_ns);
    pmt_json_u64(json, "lost", total->lost);
    pmt_json_u64(json, "missing_chunks", total->missing);
    pmt_json_u64(json, "streams", total->streams);
    pmt_json_u64(json, "incomplete_streams", total->incomplete);
    pmt_json_u64(json, "groups", rows->count);
    pmt_json_line_end(json);
}

static void json_site(struct pmt_json *json, const struct pmt_stream *stream,
                      uint32_t stack, enum pmt_group_by by)
{
    struct pmt_site site = {0};
    struct pmt_code code = {0};

    if (pmt_stream_site(stream, stack, &site))
        pmt_stream_code(stream, site.code, &code);
    json_text(json, "file", code.file);
    if (by == PMT_BY_FILE)
        return;
    if (by != PMT_BY_FUNCTION)
        pmt_json_u64(json, "line", site.line);
    json_text(json, "function", code.function);
}

/* The innermost first, all of them. */
static void json_stack(struct pmt_json *json, const struct pmt_group *group)
{
    struct pmt_site site;
    uint32_t id = group->id;

    pmt_json_array_begin(json, "stack");
    while (pmt_stream_site(group->stream, id, &site)) {
        pmt_json_object_begin(json, NULL);
        json_site(json, group->stream, id, PMT_BY_SITE);
        pmt_json_object_end(json);
        if (site.parent >= id)
            break;
        id = site.parent;
    }
    pmt_json_array_end(json);
}

static void json_key(const struct pmt_live_report *report,
                     const struct pmt_group *group, struct pmt_json *json)
{
    struct pmt_thread thread = {0};
    struct pmt_type type = {0};
    char key[PMT_KEY_SIZE];

    switch (report->by) {
    case PMT_BY_TYPE:
        pmt_stream_type(group->stream, group->id, &type);
        json_text(json, "type", type.name);
        pmt_json_u64(json, "basic_size", type.basic_size);
        pmt_json_u64(json, "item_size", type.item_size);
        pmt_json_u64(json, "types", group->ids);
        break;
    case PMT_BY_THREAD:
        pmt_stream_thread(group->stream, group->id, &thread);
        json_text(json, "thread", thread.name);
        pmt_json_u64(json, "native_id", thread.native_id);
        break;
    case PMT_BY_DOMAIN:
        if (pmt_domain_name(group->id))
            pmt_json_string(json, "domain", pmt_domain_name(group->id));
        else
            pmt_json_u64(json, "domain", group->id);
        break;
    case PMT_BY_STREAM:
        pmt_json_string(json, "stream",
                        pmt_name_key(key, pmt_stream_key(group->stream)));
        break;
    case PMT_BY_SITE:
    case PMT_BY_FILE:
    case PMT_BY_FUNCTION:
    case PMT_BY_STACK:
        json_site(json, group->stream, group->id, report->by);
        break;
    }
}

int pmt_live_report_json(const struct pmt_live_report *report,
                         struct pmt_json *json)
{
    char name[PMT_NAME_SIZE];
    struct pmt_live_total total;
    struct pmt_live_rows rows;
    int code = pmt_live_rows_make(&rows, report);

    if (code)
        return code;
    pmt_live_total_of(&total, report);
    json_head(report, &total, &rows, json);
    for (size_t i = 0; i < rows.shown; i++) {
        const struct pmt_group *group = &rows.grouping.groups[rows.order[i]];

        pmt_group_name(name, sizeof name, &rows.grouping, group);
        pmt_json_line_begin(json);
        pmt_json_string(json, "row", pmt_group_by_names[report->by]);
        pmt_json_string(json, "name", name);
        pmt_json_u64(json, "count", group->count);
        pmt_json_u64(json, "bytes", group->bytes);
        json_key(report, group, json);
        if (report->stacks)
            json_stack(json, group);
        pmt_json_line_end(json);
    }
    pmt_live_rows_release(&rows);
    return PMT_OK;
}
