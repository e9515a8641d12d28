/*
 * kind-rate.c: the chart `rate`: how many blocks, or objects, were made and
 * given back a second, and their bytes.
 *
 * A resize is both: the old block goes, the new one comes, as `pmt top` counts
 * them.
 */
#include <stdlib.h>
#include <string.h>

#include "pass.h"

/* Rows of the bins. */
enum { ROW_MADE, ROW_GONE, ROWS };

struct rate {
    struct pmt_pass pass;
    enum pmt_live_which which;
    struct pmt_live_sets live;
    struct pmt_bins bins;
};

static void observe(void *context, const struct pmt_live_set *set,
                    const struct pmt_block *block, int sign)
{
    const struct pmt_pass_stream *stream = context;
    struct pmt_weight weight;
    struct pmt_bin *bin;

    if (set->why == PMT_LIVE_RELOADED)
        return;
    weight = pmt_sampling_weigh(set->sample_bytes, block->size);
    bin = pmt_bins_at(stream->context,
                      stream->offset_ns + set->now.time * stream->tick_ns);
    pmt_bin_weigh(&bin[sign > 0 ? ROW_MADE : ROW_GONE], (double)block->size,
                  (double)weight.blocks / (double)PMT_WEIGHT_ONE,
                  (double)weight.bytes);
}

/* ---- the figure -------------------------------------------------------- */

/* What goes is drawn below 0, so that neither hides the other. */
static void turn_down(const struct pmt_panel *panel, struct pmt_curve *curve)
{
    for (size_t c = 0; c < panel->columns; c++) {
        double low = curve->low[c];

        curve->values[c] = 0 - curve->values[c];
        curve->low[c] = 0 - curve->high[c];
        curve->high[c] = 0 - low;
    }
}

static void add_curve(struct rate *rate, int row, enum pmt_bins_what what,
                      struct pmt_plot_figure *figure, struct pmt_panel *panel)
{
    static const char *const names[PMT_LIVE_KINDS][ROWS] = {
        [PMT_LIVE_BLOCKS] = {"allocated", "freed (downwards)"},
        [PMT_LIVE_OBJECTS] = {"created", "destroyed (downwards)"},
    };
    static const char *const nouns[] = {
        [PMT_LIVE_BLOCKS] = "blocks", [PMT_LIVE_OBJECTS] = "objects"};
    static const int colours[ROWS] = {0, 4};
    bool bytes = what == PMT_BINS_SUM;
    double total = pmt_bins_total(&rate->bins, (size_t)row, what);
    char text[PMT_UNIT_TEXT],
        *name = pmt_figure_text(figure, "%s %s",
                                bytes ? "bytes" : nouns[rate->which],
                                names[rate->which][row]);
    struct pmt_curve *curve =
        name && total > 0 ? pmt_panel_curve(figure, panel, name, colours[row], true) : NULL;

    free(name);
    if (!curve)
        return;
    pmt_bins_amounts(&rate->bins, (size_t)row, what, true, panel, curve);
    if (row == ROW_GONE)
        turn_down(panel, curve);
    pmt_unit_text(text, bytes ? PMT_UNIT_BYTES : PMT_UNIT_COUNT,
                  total);
    curve->note = pmt_figure_text(figure, "%s%s",
                                  rate->pass.heading->sample_bytes ? "~" : "",
                                  text);
}

static void fill(void *context, struct pmt_plot_figure *figure)
{
    struct rate *rate = context;
    bool blocks = rate->which == PMT_LIVE_BLOCKS;
    char text[PMT_UNIT_TEXT];

    for (int what = PMT_BINS_COUNT; what <= PMT_BINS_SUM; what++) {
        bool bytes = what == PMT_BINS_SUM;
        struct pmt_panel *panel = pmt_pass_panel(
            &rate->pass, figure, &rate->bins, PMT_PANEL_LINES,
            bytes ? "bytes" : blocks ? "blocks" : "objects",
            bytes ? PMT_UNIT_BYTES_RATE : PMT_UNIT_COUNT_RATE);

        for (int row = 0; panel && row < ROWS; row++)
            add_curve(rate, row, (enum pmt_bins_what)what, figure, panel);
    }
    pmt_heading_apply(rate->pass.heading,
                      blocks ? "blocks allocated and freed a second"
                             : "objects created and destroyed a second",
                      figure);
    pmt_figure_note(figure, "line: the mean; pale: least and most in any %s",
                    pmt_unit_text(text, PMT_UNIT_NS,
                                  pmt_bins_width(&rate->bins)));
}

static int make(const struct pmt_plot_request *request,
                struct pmt_plot_figure *figure)
{
    struct rate rate;
    unsigned sets;
    int status;

    memset(&rate, 0, sizeof rate);
    rate.which = pmt_pass_which(request, 0);
    sets = 1u << rate.which;
    if (pmt_pass_open(&rate.pass, request, 0, pmt_live_sets_skip_kinds(sets)))
        return PMT_EXIT_TROUBLE;
    pmt_live_sets_init(&rate.live, sets);
    if (pmt_bins_init(&rate.bins, ROWS, PMT_BINS))
        pmt_pass_no_memory(&rate.pass);
    pmt_pass_live(&rate.pass, &rate.live, rate.which, observe, &rate.bins);
    status = pmt_pass_end(&rate.pass, pmt_pass_missing(&rate.live, rate.which),
                          fill, &rate, figure);
    pmt_live_sets_release(&rate.live);
    pmt_bins_release(&rate.bins);
    return status;
}

const struct pmt_plot_kind pmt_plot_rate = {
    .name = "rate",
    .summary = "blocks or objects made and given back a second, and their "
               "bytes",
    .operands_min = 1,
    .operands_max = 1,
    .make = make,
};
