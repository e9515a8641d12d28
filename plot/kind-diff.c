/*
 * kind-diff.c: the chart `diff`: the live bytes of two traces on one time
 * axis, and bars of what changed most from the first to the second, as
 * `pmt diff` has it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff-read.h"
#include "names.h"
#include "pass.h"

#define TOP 12

struct diffing {
    const struct pmt_plot_request *request;
    enum pmt_live_which which;
    enum pmt_diff_what what;
    struct pmt_diff diff;
    struct pmt_diff_reading reading;
    struct pmt_diff_found found[PMT_DIFF_SIDES];
    struct pmt_bins levels[PMT_DIFF_SIDES]; /* what came and went */
    uint64_t span_ns;            /* of the longer one */
    bool same;                   /* two moments of one file */
    int status;
};

/* ---- live bytes over time ---------------------------------------------- */

static void observe(void *context, const struct pmt_live_set *set,
                    const struct pmt_block *block, int sign)
{
    const struct pmt_pass_stream *stream = context;
    double bytes =
        (double)pmt_sampling_weigh(set->sample_bytes, block->size).bytes;

    pmt_bin_note(pmt_bins_at(stream->context,
                             stream->offset_ns +
                                 set->now.time * stream->tick_ns),
                 sign > 0 ? bytes : -bytes);
}

/* What lives in a stream that ends before the others goes with it. */
static void end_streams(const struct pmt_pass *pass,
                        const struct pmt_live_sets *live,
                        enum pmt_live_which which, struct pmt_bins *level)
{
    for (size_t i = 0; live->stream_count > 1 && i < live->stream_count; i++) {
        const struct pmt_live_stream *stream = &live->streams[i];
        const struct pmt_live_level *now = &stream->sets[which].now;
        uint64_t end = now->time * stream->tick_ns;

        if (stream->past)
            continue;
        end = end > stream->end_ns ? end : stream->end_ns;
        end += pmt_pass_offset(pass, stream->stream) + 1;
        if (end < pass->heading->span_ns)
            pmt_bin_note(pmt_bins_at(level, end), -(double)now->bytes);
    }
}

static int read_level(struct diffing *d, size_t side)
{
    struct pmt_live_sets live;
    struct pmt_pass pass;
    int status = PMT_EXIT_OK;

    if (pmt_pass_open(&pass, d->request, side,
                      pmt_live_sets_skip_kinds(1u << d->which)))
        return PMT_EXIT_TROUBLE;
    pmt_live_sets_init(&live, 1u << d->which);
    if (pmt_bins_init(&d->levels[side], 1, PMT_BINS))
        pmt_pass_no_memory(&pass);
    pmt_pass_live(&pass, &live, d->which, observe, &d->levels[side]);
    if (pass.code != PMT_END)
        status = pmt_pass_failed(&pass);
    else
        end_streams(&pass, &live, d->which, &d->levels[side]);
    pmt_live_sets_release(&live);
    if (status == PMT_EXIT_OK)
        pmt_trace_release(&pass.in); /* read_side() says what is wrong */
    return status;
}

/* ---- what changed ------------------------------------------------------ */

static int read_side(struct diffing *d, size_t side)
{
    struct pmt_pass pass;

    if (pmt_pass_open(&pass, d->request, side,
                      pmt_diff_skip_kinds(&d->reading)))
        return PMT_EXIT_TROUBLE;
    d->reading.exits = pmt_heading_exits(pass.heading);
    pass.code = pmt_diff_read(&d->reading, &pass.in, &pass.heading->until,
                              (enum pmt_diff_side)side, 0, &d->found[side],
                              &pass.err);
    if (pass.code)
        return pmt_pass_failed(&pass);
    *pass.heading->health = pass.in.health;
    d->status = pmt_exit_worse(d->status, pmt_pass_close(&pass, PMT_EXIT_OK));
    return d->status == PMT_EXIT_TROUBLE ? PMT_EXIT_TROUBLE : PMT_EXIT_OK;
}

static void begin(struct diffing *d)
{
    const struct pmt_plot_request *request = d->request;

    for (size_t side = 0; side < PMT_DIFF_SIDES; side++) {
        const struct pmt_heading *trace = &request->traces[side];

        if (trace->span_ns > d->span_ns)
            d->span_ns = trace->span_ns;
        d->diff.runs[side] = 1;
    }
    d->which = pmt_pass_which(request, 0);
    if (d->which == PMT_LIVE_BLOCKS &&
        !(request->traces[0].kinds & UINT64_C(1) << PMT_KIND_ALLOC))
        d->which = pmt_pass_which(request, 1);
    d->what = d->which == PMT_LIVE_BLOCKS ? PMT_DIFF_BLOCKS
                                          : PMT_DIFF_OBJECTS;
    d->same = strcmp(request->traces[0].path, request->traces[1].path) == 0;
    d->diff.by = request->by_given                ? request->by
                 : d->which == PMT_LIVE_OBJECTS ? PMT_BY_TYPE
                                                  : PMT_BY_SITE;
    d->diff.same = d->same;
    d->diff.residue = d->same && d->what == PMT_DIFF_BLOCKS;
    d->reading.wanted = 1u << d->what;
    d->reading.residue = d->same;
    d->reading.tables[d->what] = &d->diff;
}

/* ---- the figure -------------------------------------------------------- */

static void add_level(struct diffing *d, size_t side, const char *name,
                      struct pmt_plot_figure *figure, struct pmt_panel *panel)
{
    struct pmt_curve *curve =
        pmt_panel_curve(figure, panel, name, side ? 6 : 0, true);
    double level = 0, most = 0;
    char text[PMT_UNIT_TEXT];

    if (!curve)
        return;
    pmt_bins_running(&d->levels[side], 0,
                     (double)d->request->traces[side].span_ns, panel, curve);
    for (size_t c = 0; c < panel->columns; c++) {
        most = fmax(most, curve->high[c]);
        level = isnan(curve->values[c]) ? level : curve->values[c];
    }
    curve->note = pmt_figure_text(figure, "peak %s",
                                  pmt_unit_text(text, PMT_UNIT_BYTES, most));
}

static void add_levels(struct diffing *d, struct pmt_plot_figure *figure)
{
    double to = (double)d->span_ns + 1;
    size_t most = d->request->columns / 3, a, b;
    struct pmt_panel *panel;

    a = pmt_bins_columns(&d->levels[0], to, most ? most : 1);
    b = pmt_bins_columns(&d->levels[1], to, most ? most : 1);
    panel = pmt_figure_panel(figure, PMT_PANEL_LINES,
                             d->which == PMT_LIVE_BLOCKS ? "live blocks"
                                                         : "live objects",
                             PMT_UNIT_BYTES, a < b ? b : a, 0, to, true);
    if (!panel)
        return;
    for (size_t side = 0; side < PMT_DIFF_SIDES; side++) {
        char *name =
            d->same ? pmt_figure_text(figure, "live bytes")
                    : pmt_figure_text(figure, "%s: %s", side ? "B" : "A",
                                      d->request->operands[side]);

        if (name && !(d->same && side == 0 &&
                      d->request->traces[0].span_ns <=
                          d->request->traces[1].span_ns))
            add_level(d, side, name, figure, panel);
        free(name);
    }
}

static void add_bar(const struct diffing *d, const struct pmt_diff_row *row,
                    struct pmt_plot_figure *figure, struct pmt_panel *panel)
{
    double change = (double)row->change[PMT_DIFF_BYTES];
    double count = (double)row->change[PMT_DIFF_COUNT];
    char name[PMT_NAME_SIZE], a[PMT_UNIT_TEXT], b[PMT_UNIT_TEXT];
    struct pmt_curve *curve;

    pmt_figure_spell(name, sizeof name,
                     pmt_diff_name(name, sizeof name, &d->diff, row));
    curve = pmt_panel_curve(figure, panel, name,
                            change > 0 ? PMT_FIGURE_RED : PMT_FIGURE_GREEN,
                            false);
    if (!curve)
        return;
    curve->values[0] = change;
    curve->note = pmt_figure_text(
        figure, "%s%s%s in %s%s %s", row->estimated ? "~" : "",
        change > 0 ? "+" : "", pmt_unit_text(a, PMT_UNIT_BYTES, change),
        count > 0 ? "+" : "", pmt_unit_text(b, PMT_UNIT_COUNT, count),
        d->which == PMT_LIVE_BLOCKS ? "blocks" : "objects");
}

static void add_bars(const struct diffing *d, struct pmt_plot_figure *figure)
{
    size_t top = d->request->top_given ? d->request->top : TOP;
    double change = (double)d->diff.all.change[PMT_DIFF_BYTES];
    struct pmt_panel *panel;
    char text[PMT_UNIT_TEXT];

    if (d->diff.changed == 0) {
        pmt_figure_note(figure,
                        "nothing changed from the one to the other where they "
                        "end; FILE@exit or FILE@mark:NAME is before that");
        return;
    }
    panel = pmt_figure_panel(figure, PMT_PANEL_BARS, "change of live bytes",
                             PMT_UNIT_BYTES, 1, 0, 1, false);
    if (!panel)
        return;
    panel->weight = 1.5;
    panel->title = pmt_figure_text(
        figure, "changed from A to B, by %s: %s%s in all",
        pmt_group_by_names[d->diff.by], change > 0 ? "+" : "",
        pmt_unit_text(text, PMT_UNIT_BYTES, change));
    for (size_t i = 0; i < d->diff.changed && i < top; i++)
        add_bar(d, &d->diff.rows[d->diff.order[i]], figure, panel);
    if (d->diff.changed > top)
        pmt_figure_note(figure, "the largest %zu changes of %zu", top,
                        d->diff.changed);
}

static void fill(struct diffing *d, struct pmt_plot_figure *figure)
{
    const struct pmt_heading *a = &d->request->traces[0];
    char *lines[PMT_DIFF_SIDES];

    add_levels(d, figure);
    add_bars(d, figure);
    if (d->same)
        pmt_heading_apply(&d->request->traces[1], "live bytes at two moments", figure);
    if (!d->same) {
        pmt_figure_title(figure, "%s and %s: live %s", a->name,
                         d->request->traces[1].name,
                         d->which == PMT_LIVE_BLOCKS ? "blocks" : "objects");
        for (size_t side = 0; side < PMT_DIFF_SIDES; side++)
            lines[side] = pmt_heading_line(&d->request->traces[side]);
        pmt_figure_subtitle(figure, "A: %s", lines[0] ? lines[0] : "");
        figure->subtitle_more =
            pmt_figure_text(figure, "B: %s", lines[1] ? lines[1] : "");
        figure->failed |= !lines[0] || !lines[1];
        free(lines[0]);
        free(lines[1]);
    } else {
        pmt_figure_mark(figure, (double)a->span_ns, "A");
        pmt_figure_mark(figure, (double)d->request->traces[1].span_ns, "B");
    }
}

static int make(const struct pmt_plot_request *request,
                struct pmt_plot_figure *figure)
{
    struct diffing d;
    int status = PMT_EXIT_TROUBLE;

    memset(&d, 0, sizeof d);
    d.request = request;
    begin(&d);
    if (read_level(&d, 0) == PMT_EXIT_OK &&
        read_level(&d, 1) == PMT_EXIT_OK && read_side(&d, 0) == PMT_EXIT_OK &&
        read_side(&d, 1) == PMT_EXIT_OK) {
        status = d.status;
        if (pmt_diff_finish(&d.diff)) {
            status = pmt_fail("out of memory");
        } else if (!d.found[0].has[d.what] && !d.found[1].has[d.what]) {
            pmt_fail("%s, %s: no %s", request->operands[0],
                     request->operands[1], pmt_pass_records(d.which));
            status = PMT_EXIT_NO;
        } else {
            fill(&d, figure);
        }
    }
    pmt_diff_reading_release(&d.reading);
    pmt_diff_release(&d.diff);
    pmt_bins_release(&d.levels[0]);
    pmt_bins_release(&d.levels[1]);
    return status;
}

const struct pmt_plot_kind pmt_plot_diff = {
    .name = "diff",
    .summary = "two traces over each other, and what changed most",
    .operands_min = 2,
    .operands_max = 2,
    .make = make,
};
