/* top-rows.c: which rows there are, and in what order; see top-report.h. */
#include <stdlib.h>
#include <string.h>

#include "top-report.h"

const char *const pmt_top_show_names[] = {
    "live", "allocated", "rate", "temporary", "lifetimes", "peak", NULL,
};

const char *const pmt_top_sort_names[] = {
    "bytes",     "count",    "average", "allocated", "allocations",
    "temporary", "lifetime", "peak",    "size",      "own",
    "total",     NULL,
};

uint64_t pmt_top_average(uint64_t bytes, uint64_t count)
{
    return count ? bytes / count + (bytes % count >= count - count / 2) : 0;
}

double pmt_top_rate(const struct pmt_top_report *report, uint64_t number)
{
    uint64_t ns = report->profile->span_ns;

    return ns ? (double)number / ((double)ns / 1e9) : 0;
}

static struct pmt_group_rank rank_of(const struct pmt_top_report *report,
                                     uint32_t number)
{
    const struct pmt_group *group = &report->profile->grouping.groups[number];
    const struct pmt_profile_part *part = &report->profile->parts[number];
    uint64_t first = group->bytes, second = group->count;

    switch (report->sort) {
    case PMT_TOP_BY_BYTES:
    case PMT_TOP_BY_OWN:
    case PMT_TOP_BY_TOTAL:
        break;
    case PMT_TOP_BY_COUNT:
        first = group->count;
        second = group->bytes;
        break;
    case PMT_TOP_BY_AVERAGE:
        first = pmt_top_average(group->bytes, group->count);
        second = group->bytes;
        break;
    case PMT_TOP_BY_ALLOCATED:
        first = part->allocated.bytes;
        second = part->allocated.count;
        break;
    case PMT_TOP_BY_ALLOCATIONS:
        first = part->allocated.count;
        second = part->allocated.bytes;
        break;
    case PMT_TOP_BY_TEMPORARY:
        first = part->temporary.count;
        second = part->temporary.bytes;
        break;
    case PMT_TOP_BY_LIFETIME:
        first = part->lifetimes ? pmt_lifetimes_percentile(part->lifetimes, 50)
                                : 0;
        second = part->lifetimes ? part->lifetimes->count : 0;
        break;
    case PMT_TOP_BY_PEAK:
        first = part->peak.bytes;
        second = part->peak.count;
        break;
    case PMT_TOP_BY_CLASS:
        first = PMT_SIZE_CLASSES - group->id;
        second = 0;
        break;
    }
    return (struct pmt_group_rank){first, second, number};
}

static void sum_snapshots(const struct pmt_snapshots *snapshots,
                          const struct pmt_grouping *grouping,
                          struct pmt_live_total *total)
{
    for (size_t i = 0; i < snapshots->stream_count; i++) {
        const struct pmt_snapshot_stream *stream = &snapshots->streams[i];
        uint64_t ns = stream->found.time *
                      pmt_stream_header(stream->stream)->tick_ns;
        uint64_t sample_bytes = pmt_sampling_of(stream->stream);

        if (!stream->found.number)
            continue;
        total->streams++;
        if (ns > total->now_ns)
            total->now_ns = ns;
        if (!sample_bytes)
            continue;
        if (!total->estimated || sample_bytes < total->sample_bytes_low)
            total->sample_bytes_low = sample_bytes;
        if (sample_bytes > total->sample_bytes_high)
            total->sample_bytes_high = sample_bytes;
        total->estimated = true;
    }
    total->now.count = grouping->total.count;
    total->now.bytes = grouping->total.bytes;
}

int pmt_top_rows_make(struct pmt_top_rows *rows,
                      const struct pmt_top_report *report)
{
    const struct pmt_profile *profile = report->profile;
    size_t groups = profile->grouping.group_count;
    struct pmt_live_report live = {.moment = report->moment,
                                   .live = &profile->live,
                                   .which = profile->which};
    struct pmt_group_rank *ranks = calloc(groups + 1, sizeof *ranks);
    uint32_t *order;
    size_t twins;

    memset(rows, 0, sizeof *rows);
    /* For the numbers of types of one name. */
    order = pmt_grouping_sorted(&report->profile->grouping, PMT_SORT_BYTES,
                                &twins);
    free(order);
    rows->order = calloc(groups + 1, sizeof *rows->order);
    if (!ranks || !order || !rows->order) {
        free(ranks);
        free(rows->order);
        return PMT_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < groups; i++) {
        const struct pmt_group *group = &profile->grouping.groups[i];
        const struct pmt_profile_part *part = &profile->parts[i];

        rows->estimated |= group->samples > 0 || part->allocated.weight > 0;
        if (group->count || part->allocated.count || part->lifetimes ||
            part->peak.count || part->temporary.count)
            ranks[rows->count++] = rank_of(report, i);
    }
    pmt_group_ranks_sort(ranks, rows->count);
    for (size_t i = 0; i < rows->count; i++)
        rows->order[i] = ranks[i].group;
    rows->shown = rows->count < report->top ? rows->count : report->top;
    free(ranks);
    if (report->snapshots)
        sum_snapshots(report->snapshots, &profile->grouping, &rows->total);
    else
        pmt_live_total_of(&rows->total, &live);
    return PMT_OK;
}

void pmt_top_rows_release(struct pmt_top_rows *rows)
{
    free(rows->order);
    memset(rows, 0, sizeof *rows);
}
