/* top-json.c: a profile as JSON lines; see top-report.h. */
#include "group-json.h"
#include "names.h"
#include "together.h"
#include "top-report.h"

static void put_lifetimes(struct pmt_json *json,
                          const struct pmt_lifetimes *lifetimes)
{
    static const struct pmt_lifetimes none;
    const struct pmt_lifetimes *of = lifetimes ? lifetimes : &none;

    pmt_json_u64(json, "ended", of->count);
    pmt_json_u64(json, "lifetime_p50_ns", pmt_lifetimes_percentile(of, 50));
    pmt_json_u64(json, "lifetime_p90_ns", pmt_lifetimes_percentile(of, 90));
    pmt_json_u64(json, "lifetime_p99_ns", pmt_lifetimes_percentile(of, 99));
    pmt_json_u64(json, "lifetime_max_ns", of->longest_ns);
}

/* The numbers of a group, or of all. */
static int put_numbers(struct pmt_json *json,
                       const struct pmt_top_report *report,
                       const struct pmt_top_rows *rows, uint32_t number)
{
    struct pmt_profile *profile = report->profile;
    const struct pmt_grouping *grouping = &profile->grouping;
    bool all = number == PMT_GROUP_TOTAL;
    const struct pmt_group *group =
        all ? &grouping->total : &grouping->groups[number];
    const struct pmt_profile_part *part =
        all ? &profile->total : &profile->parts[number];
    struct pmt_range blocks, bytes;

    pmt_json_u64(json, "count", group->count);
    pmt_json_u64(json, "bytes", group->bytes);
    pmt_json_double(json, "average",
                    group->count
                        ? (double)group->bytes / (double)group->count
                        : 0);
    if (profile->want & (PMT_PROFILE_ALLOCATED | PMT_PROFILE_TEMPORARY)) {
        pmt_json_u64(json, "allocations", part->allocated.count);
        pmt_json_u64(json, "allocated", part->allocated.bytes);
        pmt_json_double(json, "allocations_per_second",
                        pmt_top_rate(report, part->allocated.count));
        pmt_json_double(json, "allocated_per_second",
                        pmt_top_rate(report, part->allocated.bytes));
    }
    if (profile->want & PMT_PROFILE_TEMPORARY) {
        pmt_json_u64(json, "temporary", part->temporary.count);
        pmt_json_u64(json, "temporary_bytes", part->temporary.bytes);
    }
    if (profile->want & PMT_PROFILE_PEAK) {
        pmt_json_u64(json, "peak_count", part->peak.count);
        pmt_json_u64(json, "peak_bytes", part->peak.bytes);
    }
    if (profile->want & PMT_PROFILE_LIFETIMES)
        put_lifetimes(json, part->lifetimes);
    if (!rows->total.estimated)
        return PMT_OK;
    pmt_json_u64(json, "samples", group->samples);
    if (pmt_grouping_range(grouping, all ? rows->order : &number,
                           all ? rows->count : 1, all, &blocks, &bytes))
        return PMT_ERR_MEMORY;
    pmt_live_range_json(blocks, bytes, json);
    if (!(profile->want & (PMT_PROFILE_ALLOCATED | PMT_PROFILE_TEMPORARY)))
        return PMT_OK;
    if (pmt_profile_allocated_range(profile, number, &blocks, &bytes))
        return PMT_ERR_MEMORY;
    pmt_json_u64(json, "allocations_low", blocks.low);
    pmt_json_u64(json, "allocations_high", blocks.high);
    pmt_json_u64(json, "allocated_low", bytes.low);
    pmt_json_u64(json, "allocated_high", bytes.high);
    return PMT_OK;
}

static int put_head(struct pmt_json *json,
                    const struct pmt_top_report *report,
                    const struct pmt_top_rows *rows)
{
    const struct pmt_profile *profile = report->profile;
    const struct pmt_live_total *total = &rows->total;
    int code;

    pmt_json_line_begin(json);
    pmt_json_string(json, "row", "top");
    pmt_json_string(json, "trace", report->name);
    pmt_together_json(report->path, json);
    pmt_json_string(json, "kind",
                    report->snapshots                     ? "snapshot"
                    : profile->which == PMT_LIVE_BLOCKS ? "alloc"
                                                          : "object");
    pmt_json_string(json, "by", pmt_group_by_names[profile->grouping.by]);
    pmt_json_bool(json, "cumulative", profile->grouping.cumulative);
    pmt_json_string(json, "moment",
                    report->high_water   ? "peak"
                    : total->exits > 0 ? "exit"
                                       : pmt_top_moment_word(report->moment));
    if (!report->high_water && total->exits > 0)
        pmt_json_bool(json, "exit_guessed", total->exits_guessed > 0);
    if (!report->high_water && report->moment->kind == PMT_MOMENT_MARK)
        pmt_json_string(json, "mark", report->moment->name);
    pmt_json_u64(json, "time_ns", total->now_ns);
    if (!report->snapshots)
        pmt_json_u64(json, "span_ns", profile->span_ns);
    if (profile->want & PMT_PROFILE_TEMPORARY)
        pmt_json_u64(json, "within", profile->within);
    code = put_numbers(json, report, rows, PMT_GROUP_TOTAL);
    pmt_json_bool(json, "estimated", total->estimated);
    if (total->estimated) {
        pmt_json_u64(json, "sample_bytes", total->sample_bytes_high);
        pmt_json_u64(json, "unseen_high",
                     pmt_samples_unseen(total->sample_bytes_high));
    }
    pmt_json_bool(json, "basic_sizes",
                  profile->which == PMT_LIVE_OBJECTS && !total->sized);
    pmt_live_lost_json(total, json);
    pmt_json_u64(json, "groups", rows->count);
    pmt_json_line_end(json);
    return code;
}

int pmt_top_json(const struct pmt_top_report *report, struct pmt_json *json)
{
    const struct pmt_grouping *grouping = &report->profile->grouping;
    char name[PMT_NAME_SIZE];
    struct pmt_top_rows rows;
    int code = pmt_top_rows_make(&rows, report);

    if (code)
        return code;
    code = put_head(json, report, &rows);
    for (size_t i = 0; code == PMT_OK && i < rows.shown; i++) {
        const struct pmt_group *group = &grouping->groups[rows.order[i]];

        pmt_group_name(name, sizeof name, grouping, group);
        pmt_json_line_begin(json);
        pmt_json_string(json, "row", pmt_group_by_names[grouping->by]);
        pmt_json_string(json, "name", name);
        code = put_numbers(json, report, &rows, rows.order[i]);
        pmt_group_json(json, grouping->by, group);
        if (report->stacks)
            pmt_group_json_stack(json, group);
        pmt_json_line_end(json);
    }
    pmt_top_rows_release(&rows);
    return code;
}
