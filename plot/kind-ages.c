/*
 * kind-ages.c: the chart `ages`: how long blocks, or objects, lived that were
 * given back, and how old those are that live at the moment.
 *
 * Bars are powers of 2 of a nanosecond. What the end of the interpreter takes
 * down counts as live, as in `pmt live --survivors`. The old block of a resize
 * is given back, as in `pmt top`.
 */
#include <math.h>
#include <string.h>

#include "pass.h"

#define BARS 64

enum { HIST_LIVED, HIST_LIVE, HIST_LIVE_BYTES, HISTS };

struct ages {
    struct pmt_pass pass;
    enum pmt_live_which which;
    struct pmt_live_sets live;
    double hists[HISTS][BARS]; /* by power of 2: [2^i, 2^(i+1)) ns */
    double totals[HISTS];
    size_t first, last;        /* bars that have something */
    bool estimated;
};

/* Shorter than a tick can't be told from a tick. */
static size_t bar_of(uint64_t ns, uint32_t tick_ns)
{
    if (ns < tick_ns)
        ns = tick_ns;
    return ns ? 63 - (size_t)__builtin_clzll(ns) : 0;
}

static double blocks_of(const struct pmt_weight *weight)
{
    return (double)weight->blocks / (double)PMT_WEIGHT_ONE;
}

static void observe(void *context, const struct pmt_live_set *set,
                    const struct pmt_block *block, int sign)
{
    const struct pmt_pass_stream *stream = context;
    struct ages *ages = stream->context;
    struct pmt_weight weight =
        pmt_sampling_weigh(set->sample_bytes, block->size);
    bool undone = set->why == PMT_LIVE_UNDONE;
    uint64_t gone = undone ? set->undone_time : set->now.time;
    uint64_t lived = gone > block->time ? gone - block->time : 0;
    double *bar = &ages->hists[HIST_LIVED][bar_of(lived * stream->tick_ns,
                                                  stream->tick_ns)];

    if (sign < 0 && !undone && set->why != PMT_LIVE_RELOADED)
        *bar += blocks_of(&weight);
    else if (sign > 0 && undone)
        *bar = fmax(0, *bar - blocks_of(&weight));
}

static void add_survivors(struct ages *ages)
{
    const struct pmt_live_sets *live = &ages->live;

    for (size_t i = 0; i < live->stream_count; i++) {
        const struct pmt_live_stream *stream = &live->streams[i];
        const struct pmt_live_set *set = &stream->sets[ages->which];
        uint64_t now = pmt_live_sets_now_ns(live, stream, set);
        const struct pmt_block *block;
        uint32_t at = 0;

        while ((block = pmt_live_table_next(&set->table, &at)) != NULL) {
            struct pmt_weight weight =
                pmt_sampling_weigh(set->sample_bytes, block->size);
            uint64_t made = block->time * stream->tick_ns;
            size_t bar = bar_of(now > made ? now - made : 0, stream->tick_ns);

            ages->hists[HIST_LIVE][bar] += blocks_of(&weight);
            ages->hists[HIST_LIVE_BYTES][bar] += (double)weight.bytes;
        }
    }
}

static void add_up(struct ages *ages)
{
    ages->first = BARS - 1;
    for (int hist = 0; hist < HISTS; hist++)
        for (size_t i = 0; i < BARS; i++) {
            ages->totals[hist] += ages->hists[hist][i];
            if (!(ages->hists[hist][i] > 0))
                continue;
            ages->first = i < ages->first ? i : ages->first;
            ages->last = i > ages->last ? i : ages->last;
        }
    if (ages->first > ages->last)
        ages->first = ages->last;
}

/* The right edge of the bar in which half of them are behind. */
static double half_life(const struct ages *ages)
{
    double sum = 0;
    size_t i = 0;

    while (i < BARS - 1 &&
           (sum += ages->hists[HIST_LIVED][i]) * 2 < ages->totals[HIST_LIVED])
        i++;
    return exp2((double)i + 1);
}

/* ---- the figure -------------------------------------------------------- */

static char *title_of(const struct ages *ages, int hist,
                      struct pmt_plot_figure *figure)
{
    bool blocks = ages->which == PMT_LIVE_BLOCKS;
    const char *about = ages->estimated ? "~" : "";
    char total[PMT_UNIT_TEXT], half[PMT_UNIT_TEXT];

    pmt_unit_text(total,
                  hist == HIST_LIVE_BYTES ? PMT_UNIT_BYTES : PMT_UNIT_COUNT,
                  ages->totals[hist]);
    if (hist == HIST_LIVE)
        return pmt_figure_text(figure, "age of what lives: %s%s %s%s", about,
                               total, blocks ? "block" : "object",
                               strcmp(total, "1") == 0 ? "" : "s");
    if (hist == HIST_LIVE_BYTES)
        return pmt_figure_text(figure, "age of what lives: %s%s", about,
                               total);
    if (!(ages->totals[HIST_LIVED] > 0))
        return pmt_figure_text(figure, "%s",
                               blocks ? "no block was freed"
                                      : "no object was destroyed");
    pmt_unit_text(half, PMT_UNIT_NS, half_life(ages));
    return pmt_figure_text(figure, "life of %s%s %s: half less than %s",
                           about, total,
                           blocks ? "blocks that were freed"
                                  : "objects that were destroyed",
                           half);
}

static void add_panel(struct ages *ages, int hist,
                      struct pmt_plot_figure *figure)
{
    bool bytes = hist == HIST_LIVE_BYTES;
    size_t columns = ages->last - ages->first + 1;
    struct pmt_panel *panel = pmt_figure_panel(
        figure, PMT_PANEL_BINS,
        bytes                              ? "bytes"
        : ages->which == PMT_LIVE_BLOCKS ? "blocks"
                                           : "objects",
        bytes ? PMT_UNIT_BYTES : PMT_UNIT_COUNT, columns,
        exp2((double)ages->first), exp2((double)(ages->last + 1)), false);
    struct pmt_curve *curve;

    if (!panel)
        return;
    panel->x_log = true;
    panel->x_unit = PMT_UNIT_NS;
    if (hist == HIST_LIVED)
        panel->x_label = pmt_figure_text(figure, "time from made to given "
                                                 "back");
    else
        panel->x_label = pmt_figure_text(figure, "time since it was made");
    panel->title = title_of(ages, hist, figure);
    curve = pmt_panel_curve(figure, panel,
                            hist == HIST_LIVED ? "lived"
                            : bytes            ? "live bytes"
                                               : "live",
                            hist == HIST_LIVED ? 0 : 2, false);
    if (!curve)
        return;
    curve->unnamed = true;
    for (size_t c = 0; c < columns; c++)
        curve->values[c] = ages->hists[hist][ages->first + c];
}

static void fill(void *context, struct pmt_plot_figure *figure)
{
    struct ages *ages = context;
    bool blocks = ages->which == PMT_LIVE_BLOCKS;

    ages->estimated = blocks && ages->pass.heading->sample_bytes > 0;
    add_survivors(ages);
    add_up(ages);
    for (int hist = 0; hist < HISTS; hist++)
        add_panel(ages, hist, figure);
    pmt_heading_apply(ages->pass.heading,
                      blocks ? "lifetimes and ages of blocks"
                             : "lifetimes and ages of objects",
                      figure);
    pmt_figure_note(figure, "each bar: from its left edge to twice that time; "
                            "the first: all that is shorter");
}

static int make(const struct pmt_plot_request *request,
                struct pmt_plot_figure *figure)
{
    struct ages ages;
    int status;

    memset(&ages, 0, sizeof ages);
    ages.which = pmt_pass_which(request, 0);
    if (pmt_pass_open(&ages.pass, request, 0,
                      pmt_live_sets_skip_kinds(1u << ages.which)))
        return PMT_EXIT_TROUBLE;
    pmt_live_sets_init(&ages.live, 1u << ages.which);
    pmt_pass_until(&ages.pass, &ages.live);
    pmt_pass_live(&ages.pass, &ages.live, ages.which, observe, &ages);
    status = pmt_pass_end(&ages.pass, pmt_pass_missing(&ages.live, ages.which),
                          fill, &ages, figure);
    pmt_live_sets_release(&ages.live);
    return status;
}

const struct pmt_plot_kind pmt_plot_ages = {
    .name = "ages",
    .summary = "how long blocks or objects lived, and how old those are that "
               "live",
    .operands_min = 1,
    .operands_max = 1,
    .make = make,
};
