/*
 * kind-growth.c: the chart `growth`: small multiples of what grew most, each
 * with its verdict, as `pmt live --growth` has it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "growth.h"
#include "names.h"
#include "pass.h"

#define TOP 9
/* In a picture less wide a title has no room in a third of it. */
#define WIDE 1000
#define TOP_NARROW 6
#define COLUMNS 160
#define ACROSS 3
#define NOTED 6 /* marks that are named */

struct growing {
    struct pmt_pass pass;
    enum pmt_live_which which;
    struct pmt_live_sets live;
    struct pmt_growth growth;
};

static void read_all(struct growing *g)
{
    struct pmt_pass *pass = &g->pass;
    struct pmt_event event;

    while (pmt_pass_next(pass, &event)) {
        pass->code = pmt_live_sets_take(&g->live, pass->in.reader, &event,
                                        &pass->err);
        if (pass->code == PMT_OK &&
            pmt_growth_take(&g->growth, pass->in.reader, &event))
            pmt_pass_no_memory(pass);
    }
    pmt_live_sets_finish(&g->live);
    if (pass->code == PMT_END && pmt_growth_finish(&g->growth))
        pmt_pass_no_memory(pass);
}

/* ---- the figure -------------------------------------------------------- */

/* Bins are stretches of equally many records, columns of time: a column has
 * the least and most of all bins that are in it. */
static void fill_curve(const struct pmt_growth_course *course,
                       double offset_ns, const struct pmt_panel *panel,
                       struct pmt_curve *curve)
{
    double begin = offset_ns;

    for (size_t i = 0; i < course->bins; i++) {
        double end = offset_ns + course->seconds[i] * 1e9;
        size_t last = pmt_panel_column(panel, end);

        for (size_t c = pmt_panel_column(panel, begin); c <= last; c++) {
            curve->low[c] = fmin(curve->low[c], course->bytes_low[i]);
            curve->high[c] = fmax(curve->high[c], course->bytes_high[i]);
            curve->values[c] = (curve->low[c] + curve->high[c]) / 2;
        }
        begin = end;
    }
}

static int colour_of(const struct pmt_growth_row *row)
{
    if (row->verdict.kind == PMT_GROWTH_LEAK)
        return PMT_FIGURE_RED;
    return row->verdict.kind <= PMT_GROWTH_SHORT ? 0 : 9;
}

/* "steady leak, 1.2 MiB/s". */
static char *verdict_of(const struct pmt_growth_row *row,
                        struct pmt_plot_figure *figure)
{
    const char *verdict = pmt_growth_kind_names[row->verdict.kind];
    const char *about = row->estimated ? "~" : "";
    char text[PMT_UNIT_TEXT];

    if (row->verdict.kind <= PMT_GROWTH_SHORT)
        pmt_unit_text(text, PMT_UNIT_BYTES_RATE,
                      fmax(0, row->verdict.bytes.value));
    else
        pmt_unit_text(text, PMT_UNIT_BYTES, (double)row->bytes);
    return pmt_figure_text(figure, "%s, %s%s", verdict, about, text);
}

static void add_panel(struct growing *g, const struct pmt_growth_row *row,
                      struct pmt_plot_figure *figure)
{
    const struct pmt_grouping *grouping = &g->growth.grouping;
    struct pmt_growth_course course;
    struct pmt_panel *panel;
    struct pmt_curve *curve;
    char name[PMT_NAME_SIZE];

    if (!pmt_growth_course_of(&g->growth, row, &course))
        return;
    pmt_figure_spell(name, sizeof name,
                     pmt_group_name(name, sizeof name, grouping,
                                    &grouping->groups[row->group]));
    panel = pmt_figure_panel(figure, PMT_PANEL_LINES, "live", PMT_UNIT_BYTES,
                             COLUMNS, 0, (double)g->pass.heading->span_ns + 1,
                             true);
    if (!panel)
        return;
    panel->title = pmt_figure_text(figure, "%s", name);
    panel->remark = verdict_of(row, figure);
    curve = pmt_panel_curve(figure, panel, name, colour_of(row), true);
    if (!curve)
        return;
    curve->unnamed = true;
    fill_curve(&course,
               (double)pmt_pass_offset(&g->pass, row->through_stream), panel,
               curve);
}

/* There is no room for the names of marks beside their lines. */
static void put_mark_note(const struct pmt_heading *heading,
                          struct pmt_plot_figure *figure)
{
    char *line = NULL;
    size_t length;
    FILE *out = heading->mark_count > 0 ? open_memstream(&line, &length)
                                        : NULL;

    for (size_t i = 0; out && i < heading->mark_count && i < NOTED; i++)
        fprintf(out, "%s%s", i > 0 ? ", " : "", heading->marks[i].text);
    if (out && heading->mark_count > NOTED)
        fputs(", …", out);
    if (out && fclose(out) == 0)
        pmt_figure_note(figure, "dashed lines: the marks %s", line);
    free(line);
}

static void fill(void *context, struct pmt_plot_figure *figure)
{
    struct growing *g = context;
    const struct pmt_plot_request *request = g->pass.request;
    const struct pmt_growth *growth = &g->growth;
    bool wide = request->columns >= WIDE;
    size_t top = request->top_given ? request->top
                 : wide             ? TOP
                                    : TOP_NARROW;
    size_t leaks = 0;
    char what[120];

    for (size_t i = 0; i < growth->row_count; i++)
        leaks += growth->rows[i].verdict.kind == PMT_GROWTH_LEAK;
    for (size_t i = 0; i < growth->row_count && i < top; i++)
        add_panel(g, &growth->rows[i], figure);
    figure->across = figure->panel_count > 4 && wide ? ACROSS
                     : figure->panel_count > 1       ? 2
                                                     : 1;
    snprintf(what, sizeof what, "growth of live %s by %s: %zu steady leak%s",
             g->which == PMT_LIVE_BLOCKS ? "blocks" : "objects",
             growth->grouping.by == PMT_BY_OWN
                 ? "own site"
                 : pmt_group_by_names[growth->grouping.by],
             leaks,
             leaks == 1 ? "" : "s");
    pmt_heading_apply(g->pass.heading, what, figure);
    put_mark_note(g->pass.heading, figure);
    if (growth->row_count > figure->panel_count)
        pmt_figure_note(figure, "%zu of %zu: leaks first, then by bytes",
                        figure->panel_count, growth->row_count);
    if (g->pass.heading->streams > 1)
        pmt_figure_note(figure, "each of the stream that says most");
}

static int make(const struct pmt_plot_request *request,
                struct pmt_plot_figure *figure)
{
    struct growing g;
    const char *missing;
    unsigned sets;
    int status;

    memset(&g, 0, sizeof g);
    g.which = pmt_pass_which(request, 0);
    sets = 1u << g.which;
    if (pmt_pass_open(&g.pass, request, 0,
                      pmt_live_sets_skip_kinds(sets) &
                          ~(UINT64_C(1) << PMT_KIND_GC)))
        return PMT_EXIT_TROUBLE;
    pmt_live_sets_init(&g.live, sets);
    pmt_pass_until(&g.pass, &g.live);
    g.live.wind_down = g.live.exits != NULL;
    pmt_growth_init(&g.growth, g.which,
                    request->by_given            ? request->by
                    : g.which == PMT_LIVE_OBJECTS ? PMT_BY_TYPE
                                                  : PMT_BY_OWN);
    pmt_growth_attach(&g.growth, 1, &g.live);
    read_all(&g);
    missing = pmt_pass_missing(&g.live, g.which);
    if (!missing && g.growth.row_count == 0)
        missing = g.which == PMT_LIVE_BLOCKS
                      ? "live blocks that ever had 1 KiB, or were 8"
                      : "live objects that ever had 1 KiB, or were 8";
    status = pmt_pass_end(&g.pass, missing, fill, &g, figure);
    pmt_growth_release(&g.growth);
    pmt_live_sets_release(&g.live);
    return status;
}

const struct pmt_plot_kind pmt_plot_growth = {
    .name = "growth",
    .summary = "what grew most, and what that looks like: a leak, a cache",
    .operands_min = 1,
    .operands_max = 1,
    .make = make,
};
