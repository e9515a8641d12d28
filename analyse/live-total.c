/* live-total.c: the figures and rows of a live set; see live-report.h. */
#include <stdlib.h>
#include <string.h>

#include "live-report.h"

/* ---- the total --------------------------------------------------------- */

static void add_counts(struct pmt_live_counts *sum,
                       const struct pmt_live_counts *counts)
{
    sum->created += counts->created;
    sum->destroyed += counts->destroyed;
    sum->resized += counts->resized;
    sum->undone += counts->undone;
    sum->bytes += counts->bytes;
    sum->unknown_before_loss += counts->unknown_before_loss;
    sum->unknown_after_loss += counts->unknown_after_loss;
    sum->inferred += counts->inferred;
    sum->unseen += counts->unseen;
    sum->filtered += counts->filtered;
    sum->states += counts->states;
    sum->parts_missing += counts->parts_missing;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* The moment in a stream: of its last record before @peak, else as far as the
 * stream has come. */
static uint64_t moment_ns(const struct pmt_live_sets *live,
                          const struct pmt_live_stream *stream,
                          const struct pmt_live_set *set)
{
    if (live->until_steps)
        return set->now.time * stream->tick_ns;
    if (!live->until.is_end && stream->past)
        return pmt_instant_in_stream(&live->until, stream->stream);
    return stream->end_ns;
}

static void add_loss(struct pmt_live_total *total,
                     const struct pmt_live_stream *stream,
                     const struct pmt_live_set *set)
{
    uint64_t ns = set->loss_time * stream->tick_ns;

    if (!pmt_live_set_is_approximate(set))
        return;
    if (!total->approximate || ns < total->loss_ns)
        total->loss_ns = ns;
    total->approximate = true;
    total->lost += stream->lost;
    total->missing += stream->missing;
}

void pmt_live_total_of(struct pmt_live_total *total,
                       const struct pmt_live_report *report)
{
    const struct pmt_live_sets *live = report->live;

    memset(total, 0, sizeof *total);
    for (size_t i = 0; i < live->stream_count; i++) {
        const struct pmt_live_stream *stream = &live->streams[i];
        const struct pmt_live_set *set = &stream->sets[report->which];

        if (!stream->seen[report->which])
            continue;
        total->streams++;
        total->incomplete += !stream->ended && !stream->past;
        total->inferring += set->infer;
        total->sized |= stream->sized;
        total->now.count += set->now.count;
        total->now.bytes += set->now.bytes;
        total->peak.count += set->peak.count;
        total->peak.bytes += set->peak.bytes;
        total->peak_ns = set->peak.time * stream->tick_ns;
        total->now_ns = later(total->now_ns, moment_ns(live, stream, set));
        add_counts(&total->counts, &set->counts);
        add_loss(total, stream, set);
    }
}

/* ---- the rows ---------------------------------------------------------- */

void pmt_live_rows_release(struct pmt_live_rows *rows)
{
    free(rows->order);
    pmt_grouping_release(&rows->grouping);
}

int pmt_live_rows_make(struct pmt_live_rows *rows,
                       const struct pmt_live_report *report)
{
    const struct pmt_live_sets *live = report->live;

    memset(rows, 0, sizeof *rows);
    rows->grouping.by = report->by;
    for (size_t i = 0; i < live->stream_count; i++)
        if (pmt_grouping_add_table(&rows->grouping, live->streams[i].stream,
                                   i,
                                   &live->streams[i].sets[report->which].table))
            goto no_memory;
    rows->order =
        pmt_grouping_sorted(&rows->grouping, report->sort, &rows->count);
    if (!rows->order)
        goto no_memory;
    rows->shown = rows->count < report->top ? rows->count : report->top;
    return PMT_OK;
no_memory:
    pmt_live_rows_release(rows);
    return PMT_ERR_MEMORY;
}
