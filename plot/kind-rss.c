/*
 * kind-rss.c: the process over time: its resident set and other figures of
 * its memory and of its allocators, traced bytes, processor time, page
 * faults, and the pauses of its collector.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/errors.h"
#include "cli/text.h"
#include "over-time.h"

#define BIT(kind) (UINT64_C(1) << (kind))
#define CURVES 8u        /* of the panel of memory */
#define PAUSE_PIXELS 3u  /* that a bar of a pause is wide */

static bool fits(uint64_t kinds)
{
    return kinds & (BIT(PMT_KIND_SAMPLE) | BIT(PMT_KIND_HEAP) |
                    BIT(PMT_KIND_CALL) | BIT(PMT_KIND_LINE) |
                    BIT(PMT_KIND_GC));
}

static bool shows(const struct pmt_plot_request *request,
                  enum pmt_plot_what what)
{
    return request->what == 0 ? what != PMT_PLOT_VMS
                              : request->what >> what & 1;
}

/* ---- which figures ------------------------------------------------------- */

static bool begins(struct pmt_text text, const char *with)
{
    return text.length >= strlen(with) &&
           memcmp(text.bytes, with, strlen(with)) == 0;
}

static bool is(struct pmt_text text, const char *what)
{
    return text.bytes && text.length == strlen(what) && begins(text, what);
}

static bool ends(struct pmt_text text, const char *with)
{
    size_t length = strlen(with);

    return text.length >= length &&
           memcmp(text.bytes + text.length - length, with, length) == 0;
}

/* Bytes that come and go; not sizes of the allocator's own parts, nor those
 * of one arena or mapping: there may be many; nor limits and peaks. And page
 * faults. */
static bool wants(const struct pmt_figure *figure)
{
    struct pmt_text name = figure->name;

    if (!name.bytes)
        return false;
    if (figure->value == 1)
        return is(name, "minor_faults") || is(name, "major_faults");
    return (is(figure->unit, "B") || is(figure->unit, "bytes")) &&
           !begins(name, "glibc.arena.") && !begins(name, "map_") &&
           !begins(name, "glibc.address_space.") &&
           !begins(name, "pymalloc.arena_map") && !is(name, "rss_peak") &&
           !is(name, "cgroup_memory_max") &&
           !is(name, "cgroup_memory_peak") && !ends(name, "_size") &&
           !ends(name, "_threshold");
}

/* What people look for comes first, then the largest. */
static bool is_named(const struct pmt_gauge *gauge, const char *name)
{
    return strcmp(gauge->name, name) == 0;
}

static bool is_drawn(const struct pmt_gauge *gauge,
                     const struct pmt_plot_request *request)
{
    return gauge->bytes && !gauge->counter && !gauge->twin &&
           gauge->most > 0 &&
           (!is_named(gauge, "vms") || shows(request, PMT_PLOT_VMS));
}

/* ---- panels -------------------------------------------------------------- */

/* A colour of its own for each, far apart. */
static int colour_of(size_t line)
{
    static const int colours[] = {0, 2, 14, 1, 4, 8, 5, 10};

    return colours[line % (sizeof colours / sizeof *colours)];
}

static void put_gauge(const struct pmt_over_time *o,
                      const struct pmt_gauge *gauge,
                      struct pmt_plot_figure *figure,
                      struct pmt_panel *panel)
{
    struct pmt_curve *curve;
    char *name = pmt_figure_text(figure, "%s%s%s", gauge->name,
                                 o->gauges.streams > 1 ? ", " : "",
                                 o->gauges.streams > 1 ? gauge->program : "");
    char text[PMT_TEXT_SIZE];

    if (!name)
        return;
    curve = pmt_panel_curve(figure, panel, name,
                            colour_of(panel->curve_count), true);
    free(name);
    if (!curve)
        return;
    curve->note =
        pmt_figure_text(figure, "%s",
                        pmt_text_size(text, (uint64_t)gauge->most));
    pmt_gauge_hold(gauge, panel->columns, curve->values, curve->low,
                   curve->high);
}

static void put_live(const struct pmt_over_time *o,
                     struct pmt_plot_figure *figure, struct pmt_panel *panel)
{
    const struct pmt_series *series = &o->series;
    size_t slots = series->line_count + 1;
    char text[PMT_TEXT_SIZE];
    struct pmt_curve *curve = pmt_panel_curve(
        figure, panel, "traced: live blocks", PMT_FIGURE_RED, false);

    if (!curve)
        return;
    curve->dashed = true;
    curve->note = pmt_figure_text(figure, "%s%s",
                                  series->sample_bytes ? "~" : "",
                                  pmt_text_size(text, series->peak.bytes));
    for (size_t c = 0; c < panel->columns; c++) {
        curve->values[c] = 0;
        for (size_t i = 0; i < slots; i++)
            curve->values[c] +=
                (double)series->values[PMT_SERIES_BYTES][c * slots + i];
    }
}

static bool has_live(const struct pmt_over_time *o)
{
    return o->want_live && o->series.streams > 0 &&
           o->series.which == PMT_LIVE_BLOCKS;
}

static void put_memory(const struct pmt_over_time *o,
                       const struct pmt_plot_request *request,
                       struct pmt_plot_figure *figure)
{
    struct pmt_panel *panel;
    size_t drawn = 0;

    for (size_t i = 0; i < o->gauges.count; i++)
        drawn += is_drawn(&o->gauges.gauges[i], request);
    if (drawn == 0)
        return;
    panel = pmt_over_time_panel(o, figure, PMT_PANEL_LINES, "memory",
                                PMT_UNIT_BYTES);
    if (!panel)
        return;
    panel->weight = 2;
    drawn = 0;
    for (size_t i = 0; i < o->gauges.count && drawn < CURVES; i++)
        if (is_drawn(&o->gauges.gauges[i], request)) {
            put_gauge(o, &o->gauges.gauges[i], figure, panel);
            drawn++;
        }
    if (has_live(o))
        put_live(o, figure, panel);
    pmt_figure_note(figure, "beside names of memory: the most it was");
}

/* A second of what only rises, from column to column. */
static void put_rate(const struct pmt_over_time *o,
                     const struct pmt_gauge *gauge, int colour,
                     struct pmt_plot_figure *figure, struct pmt_panel *panel)
{
    const double column_s = (double)o->series.column_ns / 1e9;
    struct pmt_curve *curve =
        pmt_panel_curve(figure, panel, gauge->name, colour, false);
    size_t before = SIZE_MAX, first = 0;
    char text[PMT_TEXT_SIZE];

    while (first < panel->columns && !gauge->there[first])
        first++;
    if (curve && first < panel->columns)
        curve->note = pmt_figure_text(
            figure, "%s",
            pmt_text_count(text, (uint64_t)gauge->most -
                                     (uint64_t)gauge->least[first]));
    for (size_t c = 0; curve && c < panel->columns; c++) {
        double rate;

        if (!gauge->there[c])
            continue;
        rate = before == SIZE_MAX || gauge->ends[c] < gauge->ends[before]
                   ? NAN
                   : ((double)gauge->ends[c] - (double)gauge->ends[before]) /
                         ((double)(c - before) * column_s);
        for (size_t i = before + 1; before != SIZE_MAX && i <= c; i++)
            curve->values[i] = rate;
        before = c;
    }
}

/* What stays where it was, 0 for most, has no curve. */
static bool rises(const struct pmt_gauge *gauge, size_t columns)
{
    for (size_t c = 0; c < columns; c++)
        if (gauge->there[c])
            return gauge->least[c] < gauge->most;
    return false;
}

static void put_faults(const struct pmt_over_time *o,
                       struct pmt_plot_figure *figure)
{
    static const char *const names[] = {"minor_faults", "major_faults"};
    struct pmt_panel *panel = NULL;

    for (size_t i = 0; i < o->gauges.count; i++)
        for (int k = 0; k < 2; k++) {
            const struct pmt_gauge *gauge = &o->gauges.gauges[i];

            if (!gauge->counter || !is_named(gauge, names[k]) ||
                !rises(gauge, o->series.columns))
                continue;
            if (!panel)
                panel = pmt_over_time_panel(o, figure, PMT_PANEL_LINES,
                                            "faults", PMT_UNIT_COUNT_RATE);
            if (!panel)
                return;
            panel->weight = 0.6;
            put_rate(o, gauge, k ? 7 : 3, figure, panel);
        }
}

static void put_pauses(const struct pmt_over_time *o,
                       struct pmt_plot_figure *figure)
{
    const struct pmt_pauses *pauses = &o->gauges.pauses;
    char took[PMT_UNIT_TEXT], count[PMT_TEXT_SIZE];
    struct pmt_panel *panel;
    struct pmt_curve *curve;

    if (pauses->count == 0)
        return;
    panel = pmt_over_time_panel(o, figure, PMT_PANEL_BINS, "gc",
                                PMT_UNIT_NS);
    if (!panel)
        return;
    panel->weight = 0.4;
    panel->columns = (panel->columns + PAUSE_PIXELS - 1) / PAUSE_PIXELS;
    panel->x_to = panel->x_from + (double)panel->columns * PAUSE_PIXELS *
                                      (double)o->series.column_ns;
    curve = pmt_panel_curve(figure, panel, "gc: longest pause", 8, false);
    if (curve)
        curve->note = pmt_figure_text(
            figure, "%s",
            pmt_unit_text(took, PMT_UNIT_NS, (double)pauses->most_ns));
    pmt_figure_note(figure, "%s collections took %s",
                    pmt_text_count(count, pauses->count),
                    pmt_unit_text(took, PMT_UNIT_NS,
                                  (double)pauses->total_ns));
    for (size_t c = 0; curve && c < o->series.columns; c++)
        if (pauses->collections[c]) {
            double *value = &curve->values[c / PAUSE_PIXELS];

            *value = fmax(isnan(*value) ? 0 : *value,
                          (double)pauses->longest_ns[c]);
        }
}

/* ---- the chart ----------------------------------------------------------- */

static const char *fill(const struct pmt_over_time *o,
                        const struct pmt_plot_request *request,
                        struct pmt_plot_figure *figure)
{
    pmt_heading_apply(&request->traces[0],
                      o->shares.processes > 1 ? "memory of the processes"
                                              : "memory of the process",
                      figure);
    if (shows(request, PMT_PLOT_MEMORY) || shows(request, PMT_PLOT_VMS))
        put_memory(o, request, figure);
    if (shows(request, PMT_PLOT_CPU))
        pmt_over_time_cpu(o, figure);
    if (shows(request, PMT_PLOT_FAULTS))
        put_faults(o, figure);
    if (shows(request, PMT_PLOT_GC))
        put_pauses(o, figure);
    return figure->panel_count == 0 ? "such records" : NULL;
}

static int make(const struct pmt_plot_request *request,
                struct pmt_plot_figure *figure)
{
    struct pmt_over_time o = {
        .gauges = {.memory = shows(request, PMT_PLOT_MEMORY) ||
                             shows(request, PMT_PLOT_FAULTS) ||
                             shows(request, PMT_PLOT_VMS),
                   .gc = shows(request, PMT_PLOT_GC),
                   .wants = wants},
        .want_shares = true,
        .want_live = shows(request, PMT_PLOT_MEMORY) &&
                     request->traces[0].kinds & BIT(PMT_KIND_ALLOC),
    };

    return pmt_over_time_draw(&o, request, fill, figure);
}

const struct pmt_plot_kind pmt_plot_rss = {
    .name = "rss",
    .summary = "the process: RSS and other figures of memory, traced bytes, "
               "processor time, page faults, pauses of the collector",
    .operands_min = 1,
    .operands_max = 1,
    .fits = fits,
    .make = make,
};
