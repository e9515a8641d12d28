/* over-time.c: see over-time.h. */
#include "over-time.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/errors.h"
#include "cli/text.h"

#define BIT(kind) (UINT64_C(1) << (kind))

static void release(struct pmt_over_time *o)
{
    pmt_series_release(&o->series);
    pmt_gauges_release(&o->gauges);
    pmt_shares_release(&o->shares);
}

const char *pmt_series_noun(const struct pmt_series *series)
{
    return series->which == PMT_LIVE_OBJECTS ? "objects" : "blocks";
}

/* ---- reading ------------------------------------------------------------- */

/* The records are those asked for, or those that have the key, or those that
 * the trace has. */
static void choose(struct pmt_over_time *o,
                   const struct pmt_plot_request *request)
{
    enum pmt_plot_records records = request->records;

    if (records == PMT_PLOT_ANY && request->by_given)
        records = request->by == PMT_BY_TYPE     ? PMT_PLOT_OBJECT
                  : request->by == PMT_BY_DOMAIN ? PMT_PLOT_ALLOC
                                                 : PMT_PLOT_ANY;
    if (records == PMT_PLOT_ANY)
        records = !(request->traces[0].kinds & BIT(PMT_KIND_ALLOC)) &&
                          request->traces[0].kinds & BIT(PMT_KIND_OBJECT)
                      ? PMT_PLOT_OBJECT
                      : PMT_PLOT_ALLOC;
    o->series.which =
        records == PMT_PLOT_OBJECT ? PMT_LIVE_OBJECTS : PMT_LIVE_BLOCKS;
    o->series.by = request->by_given             ? request->by
                   : records == PMT_PLOT_OBJECT ? PMT_BY_TYPE
                                                : PMT_BY_SITE;
}

static void begin(struct pmt_over_time *o,
                  const struct pmt_plot_request *request)
{
    struct pmt_series *series = &o->series;

    choose(o, request);
    series->lines_max = request->top;
    series->columns = request->columns;
    series->until = request->traces[0].until;
    series->origin_real_ns = request->traces[0].origin_real_ns;
    if (o->gauges.memory || o->gauges.gc)
        series->gauges = &o->gauges;
    if (o->want_shares)
        series->shares = &o->shares;
    o->shares.lines_max = request->top;
}

/* What is live is passed over where nobody wants it. */
static uint64_t skipped(const struct pmt_over_time *o)
{
    uint64_t skip = pmt_series_skip_kinds(&o->series);

    if (!o->want_live)
        skip |= BIT(PMT_KIND_ALLOC) | BIT(PMT_KIND_OBJECT) |
                BIT(PMT_KIND_LIVE_SET);
    return skip;
}

static int pass(struct pmt_over_time *o,
                const struct pmt_plot_request *request, bool fill)
{
    struct pmt_reader_options reading = {.skip_kinds = skipped(o)};
    struct pmt_trace in;
    struct pmt_error err;
    int code;

    if (fill && o->series.gauges)
        reading.skip_kinds &= ~pmt_gauges_kinds(&o->gauges);
    if (pmt_heading_open(&request->traces[0], &in, request->common, &reading))
        return PMT_EXIT_TROUBLE;
    code = fill ? pmt_series_fill(&o->series, &in, &err)
                : pmt_series_rank(&o->series, &in, &err);
    if (code)
        return pmt_trace_failed(&in, &err);
    *request->traces[0].health = in.health;
    if (!fill)
        return pmt_trace_close(&in, PMT_EXIT_OK, request->strict);
    pmt_trace_release(&in); /* the first pass has said what is wrong */
    return PMT_EXIT_OK;
}

static int read_both(struct pmt_over_time *o,
                     const struct pmt_plot_request *request)
{
    int status;

    begin(o, request);
    status = pass(o, request, false);
    if (status != PMT_EXIT_TROUBLE)
        status = pmt_exit_worse(status, pass(o, request, true));
    return status;
}

int pmt_over_time_draw(struct pmt_over_time *o,
                       const struct pmt_plot_request *request,
                       pmt_over_time_fill *fill,
                       struct pmt_plot_figure *figure)
{
    const struct pmt_heading *trace = &request->traces[0];
    int status = read_both(o, request);
    const char *missing =
        status == PMT_EXIT_TROUBLE ? NULL : fill(o, request, figure);

    if (missing) {
        pmt_fail("%s: no %s%s", trace->shown, missing,
                 trace->until.is_end ? "" : " up to that moment");
        status = PMT_EXIT_NO;
    }
    release(o);
    return status;
}

/* ---- panels -------------------------------------------------------------- */

struct pmt_panel *pmt_over_time_panel(const struct pmt_over_time *o,
                                      struct pmt_plot_figure *figure,
                                      enum pmt_panel_type type,
                                      const char *label, enum pmt_unit unit)
{
    const struct pmt_series *series = &o->series;
    double from = (double)series->begin_ns;

    return pmt_figure_panel(figure, type, label, unit, series->columns, from,
                            from + (double)series->columns *
                                       (double)series->column_ns,
                            true);
}

/* What a line is called. Free it. */
static char *share_name(const struct pmt_shares *s, size_t slot,
                        struct pmt_plot_figure *figure)
{
    char count[PMT_TEXT_SIZE];

    if (slot >= s->line_count)
        return pmt_figure_text(figure, "%s other process%s",
                               pmt_text_count(count, s->others),
                               s->others == 1 ? "" : "es");
    if (s->programs == 0 || s->lines[slot].processes == 1)
        return pmt_figure_text(figure, "%s", s->lines[slot].name);
    return pmt_figure_text(figure, "%s, %s processes", s->lines[slot].name,
                           pmt_text_count(count, s->lines[slot].processes));
}

void pmt_over_time_stack(const struct pmt_over_time *o,
                         struct pmt_plot_figure *figure,
                         struct pmt_panel *panel,
                         const struct pmt_stack *stack, double factor)
{
    static const char *const parts[] = {"CPU, user", "CPU, system"};
    const struct pmt_shares *s = &o->shares;
    bool one = stack == &s->cpu && s->processes == 1;
    size_t slots = one ? 2 : s->line_count + (s->others > 0);

    for (size_t i = 0; i < slots; i++) {
        char *name = one ? NULL : share_name(s, i, figure);
        struct pmt_curve *curve = pmt_panel_curve(
            figure, panel, one ? parts[i] : name ? name : "",
            one ? (int)(i ? 6 : 9)
            : i < s->line_count ? (int)i
                                : PMT_FIGURE_GREY,
            false);

        free(name);
        for (size_t c = 0; curve && c < panel->columns; c++)
            curve->values[c] =
                (double)stack->values[c * stack->slots + i] * factor;
    }
}

void pmt_over_time_cpu(const struct pmt_over_time *o,
                       struct pmt_plot_figure *figure)
{
    struct pmt_panel *panel;

    if (!o->shares.has_cpu || !o->shares.cpu.values)
        return;
    panel = pmt_over_time_panel(o, figure, PMT_PANEL_STACKED, "CPU",
                                PMT_UNIT_PERCENT);
    if (!panel)
        return;
    panel->weight = 0.65;
    pmt_over_time_stack(o, figure, panel, &o->shares.cpu,
                        100.0 / (double)o->series.column_ns);
    for (size_t i = 0; o->shares.processes > 1 && i < panel->curve_count; i++)
        panel->curves[i].unnamed = true; /* as of the panel above */
}
