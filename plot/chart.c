/*
 * chart.c: see chart.h.
 *
 * The parts are placed by pixel: title, rows of mark labels, one panel or two
 * with a common time axis, legend. So nothing overlaps that gnuplot would have
 * to guess the size of.
 */
#include "chart-private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "chart-text.h"
#include "cli/text.h"

/* ---- scales ------------------------------------------------------------ */

struct scale pmt_chart_bytes_scale(uint64_t most)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    struct scale scale = {1, units[0]};

    for (size_t i = 1; i < 5 && (double)most >= scale.divisor * 1024; i++)
        scale = (struct scale){scale.divisor * 1024, units[i]};
    return scale;
}

static struct scale count_scale(uint64_t most)
{
    if (most >= 10000000)
        return (struct scale){1e6, "millions"};
    if (most >= 10000)
        return (struct scale){1e3, "thousands"};
    return (struct scale){1, ""};
}

static struct scale time_scale(uint64_t span_ns)
{
    if (span_ns < 1000000)
        return (struct scale){1e3, "microseconds"};
    if (span_ns < 1000000000)
        return (struct scale){1e6, "milliseconds"};
    if (span_ns < UINT64_C(600) * 1000000000)
        return (struct scale){1e9, "seconds"};
    if (span_ns < UINT64_C(36000) * 1000000000)
        return (struct scale){60e9, "minutes"};
    return (struct scale){3600e9, "hours"};
}

/* The end of the time axis. */
static double span(const struct layout *layout)
{
    uint64_t ns = layout->chart->series->span_ns;

    return (double)(ns ? ns : 1) / layout->time.divisor;
}

static uint64_t total_of(const struct pmt_series *series, int what,
                         size_t column)
{
    size_t slots = series->line_count + 1;
    uint64_t total = 0;

    for (size_t i = 0; i < slots; i++)
        total += series->values[what][column * slots + i];
    return total;
}

uint64_t pmt_chart_live_bytes(const struct pmt_series *series, size_t column)
{
    return total_of(series, PMT_SERIES_BYTES, column);
}

/* The greatest total of any column. */
static uint64_t highest(const struct pmt_series *series, int what)
{
    uint64_t most = 0;

    for (size_t c = 0; c < series->columns; c++)
        if (total_of(series, what, c) > most)
            most = total_of(series, what, c);
    return most;
}

double pmt_chart_column_time(const struct layout *layout, size_t column)
{
    const struct pmt_series *series = layout->chart->series;

    return ((double)series->begin_ns +
            ((double)column + 0.5) * (double)series->column_ns) /
           layout->time.divisor;
}

/* ---- data -------------------------------------------------------------- */

/* $bytes and $counts: time, then the sum of the first 1, 2, ... curves. */
static void put_data(const struct layout *layout, int what,
                     const struct scale *scale, FILE *file)
{
    const struct pmt_series *series = layout->chart->series;
    size_t stride = series->line_count + 1;

    fprintf(file, "$data%d << EOD\n", what);
    for (size_t c = 0; c < series->columns; c++) {
        const uint64_t *values = series->values[what] + c * stride;
        uint64_t sum = 0;

        fprintf(file, "%.9g", pmt_chart_column_time(layout, c));
        for (size_t i = 0; i < layout->slots; i++) {
            sum += values[i];
            fprintf(file, " %.6g", (double)sum / scale->divisor);
        }
        putc('\n', file);
    }
    fputs("EOD\n", file);
}

/* ---- marks ------------------------------------------------------------- */

static int compare_marks(const void *a, const void *b)
{
    const struct pmt_series_mark *x = *(const struct pmt_series_mark *const *)
        a, *y = *(const struct pmt_series_mark *const *)b;

    if (x->ns != y->ns)
        return x->ns < y->ns ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* The row of a mark's label of `width` pixels at pixel *from, which moves left
 * where the picture ends: the first row that has room there, or MARK_LINES.
 * `ends` has the pixel at which each row is free. */
static unsigned mark_row(const struct layout *layout, double width,
                         double *from, double *ends)
{
    unsigned row;

    if (*from + width > layout->chart->width - 4)
        *from = layout->chart->width - 4 - width;
    for (row = 0; row < MARK_LINES && ends[row] > *from; row++)
        ;
    if (row < MARK_LINES)
        ends[row] = *from + width + CHARACTER;
    return row;
}

/* The label beside a mark's line, when a row has room. With `file` NULL it is
 * only placed. Returns how many rows it needs. */
static unsigned put_mark_label(const struct layout *layout, const char *text,
                               double from, double *ends, FILE *file)
{
    char *escaped = pmt_text_escaped(text);
    char *label = pmt_text_shortened(escaped, MARK_TEXT);
    double width = (double)pmt_text_width(label) * CHARACTER;
    unsigned row = mark_row(layout, width, &from, ends);

    if (row < MARK_LINES && file) {
        fputs("set label ", file);
        pmt_chart_quoted(file, label);
        fprintf(file, " at screen %.5f,%.5f left font ',9' tc rgb '#555555'\n",
                pmt_chart_screen_x(layout, from),
                pmt_chart_screen_y(layout, TITLE + MARK_LINE * (row + 0.5)));
    }
    free(label);
    free(escaped);
    return row < MARK_LINES ? row + 1 : 0;
}

static const struct pmt_series_mark **
sorted_marks(const struct pmt_series *series)
{
    const struct pmt_series_mark **marks =
        calloc(series->mark_count + 1, sizeof(*marks));

    for (size_t i = 0; marks && i < series->mark_count; i++)
        marks[i] = &series->marks[i];
    if (marks)
        qsort(marks, series->mark_count, sizeof *marks, compare_marks);
    return marks;
}

/* A line down a panel. */
static void put_mark_line(double at, FILE *file)
{
    fprintf(file,
            "set arrow from first %.9g, graph 0 to first %.9g, graph 1 nohead "
            "front lw 1 dt 2 lc rgb '#606060'\n",
            at, at);
}

/* Lines and labels, as asked for; `file` NULL: nothing but to return how many
 * rows the labels take. */
static unsigned put_marks(const struct layout *layout, bool labels,
                          FILE *file)
{
    const struct pmt_series *series = layout->chart->series;
    const struct pmt_series_mark **marks = sorted_marks(series);
    double ends[MARK_LINES] = {0};
    unsigned rows = 0;

    for (size_t i = 0; marks && i < series->mark_count; i++) {
        double at = (double)marks[i]->ns / layout->time.divisor;
        double room = layout->chart->width - (double)(LEFT + RIGHT);
        double from = (double)series->begin_ns / layout->time.divisor;
        unsigned row = 0;

        if (at < from || at > span(layout))
            continue;
        if (file)
            put_mark_line(at, file);
        if (labels)
            row = put_mark_label(layout, marks[i]->text,
                                 LEFT + (at - from) / (span(layout) - from) *
                                            room, ends, file);
        if (row > rows)
            rows = row;
    }
    free(marks);
    return rows;
}

/* ---- panels ------------------------------------------------------------ */

static void put_curves(const struct layout *layout, int what, FILE *file)
{
    fputs("plot ", file);
    for (size_t i = layout->slots; i-- > 0;)
        fprintf(file,
                "$data%d using 1:%zu with filledcurves x1 fs solid noborder "
                "lc rgb '%s', \\\n     ",
                what, i + 2, pmt_chart_colour(layout, i));
    fprintf(file, "$data%d using 1:%zu with lines lw 1 lc rgb '#333333'\n",
            what, layout->slots + 1);
}

void pmt_chart_open_panel(const struct layout *layout,
                          const struct place *place, const char *label,
                          double high, FILE *file)
{
    fprintf(file, "set tmargin at screen %.5f\nset bmargin at screen %.5f\n",
            pmt_chart_screen_y(layout, place->top),
            pmt_chart_screen_y(layout, place->top + place->height));
    fprintf(file, "set ylabel '%s'\nset yrange [0:%.6g]\n", label, high);
    if (place->last) {
        fprintf(file, "set xlabel '%s since recording began' offset 0,0.3\n",
                layout->time.unit);
        fputs("set format x '%g'\n", file);
    } else {
        fputs("unset xlabel\nset format x ''\n", file);
    }
    put_marks(layout, place->index == 0, file);
    if (place->index == 0)
        pmt_chart_head(layout, file);
}

void pmt_chart_close_panel(FILE *file)
{
    fputs("unset arrow\nunset label\nunset object\n", file);
}

static void put_panel(const struct layout *layout, int what,
                      const struct place *place, FILE *file)
{
    const struct pmt_series *series = layout->chart->series;
    uint64_t most = highest(series, what);
    bool bytes = what == PMT_SERIES_BYTES;
    struct scale scale =
        bytes ? pmt_chart_bytes_scale(most) : count_scale(most);
    char label[64];

    put_data(layout, what, &scale, file);
    snprintf(label, sizeof label, "%s%s%s",
             bytes ? scale.unit : pmt_chart_noun(series),
             !bytes && *scale.unit ? ", " : "", bytes ? "" : scale.unit);
    pmt_chart_open_panel(layout, place, label,
                         most ? (double)most / scale.divisor * 1.05 : 1.0,
                         file);
    put_curves(layout, what, file);
    pmt_chart_close_panel(file);
}

/* ---- the whole --------------------------------------------------------- */

/* Which curves there are. */
static void count_curves(struct layout *layout)
{
    const struct pmt_chart *chart = layout->chart;
    const struct pmt_series *series = chart->series;
    const struct pmt_gauges *gauges = series->gauges;
    const struct pmt_shares *shares = series->shares;

    if (series->streams > 0 &&
        (chart->show[PMT_SERIES_BYTES] || chart->show[PMT_SERIES_COUNT])) {
        layout->slots = series->line_count + (series->others > 0);
        if (layout->slots == 0)
            layout->slots = 1;
    }
    if (chart->memory && gauges && gauges->count > 0) {
        layout->gauges =
            gauges->distinct < GAUGE_LINES ? gauges->distinct : GAUGE_LINES;
        layout->live_line = series->streams > 0;
        layout->gauges += layout->live_line;
    }
    layout->pauses = chart->gc && gauges && gauges->pauses.count > 0;
    if (shares && shares->rss.values) {
        layout->rss_panel = chart->memory && shares->processes > 1;
        layout->cpu_panel = chart->cpu && shares->has_cpu;
    }
    if (layout->rss_panel || layout->cpu_panel)
        layout->shares = shares->processes == 1
                             ? 2
                             : shares->line_count + (shares->others > 0);
}

static void lay_out(struct layout *layout, const struct pmt_chart *chart)
{
    const struct pmt_series *series = chart->series;
    unsigned panels;
    size_t entries;
    double rest;

    memset(layout, 0, sizeof *layout);
    layout->chart = chart;
    count_curves(layout);
    entries = layout->slots + layout->gauges + layout->shares;
    layout->legend_columns = entries > 4 && chart->width >= 900 ? 2 : 1;
    layout->legend_rows = (unsigned)(entries + layout->legend_columns - 1) /
                          layout->legend_columns;
    layout->time = time_scale(series->span_ns);
    layout->mark_rows = put_marks(layout, true, NULL);
    panels = pmt_chart_live_panels(layout) + (layout->gauges > 0) +
             layout->rss_panel + layout->cpu_panel;
    rest = chart->height -
           (TITLE + 6.0 + layout->mark_rows * MARK_LINE + AXIS +
            layout->legend_rows * LINE + 12 +
            (layout->pauses ? STRIP + GAP : 0) + (panels - 1.0) * GAP);
    layout->panel_height = panels ? rest / panels : rest;
    if (layout->panel_height < 20)
        layout->panel_height = 20;
}

bool pmt_chart_is_empty(const struct pmt_chart *chart)
{
    struct layout layout = {.chart = chart};

    count_curves(&layout);
    return layout.slots + layout.gauges + layout.shares == 0 &&
           !layout.pauses;
}

static void put_panels(const struct layout *layout, FILE *file)
{
    unsigned left = pmt_chart_live_panels(layout) + (layout->gauges > 0) +
                    layout->rss_panel + layout->cpu_panel + layout->pauses;
    struct place place = {
        .top = TITLE + layout->mark_rows * MARK_LINE + 6,
        .height = layout->panel_height,
    };

    for (int what = 0; what < PMT_SERIES_WHATS; what++) {
        if (!layout->slots || !layout->chart->show[what])
            continue;
        place.last = --left == 0;
        put_panel(layout, what, &place, file);
        place.index++;
        place.top += place.height + GAP;
    }
    if (layout->gauges) {
        place.last = --left == 0;
        pmt_chart_memory_panel(layout, &place, file);
        place.index++;
        place.top += place.height + GAP;
    }
    if (layout->rss_panel) {
        place.last = --left == 0;
        pmt_chart_shares_panel(layout, &place, file);
        place.index++;
        place.top += place.height + GAP;
    }
    if (layout->cpu_panel) {
        place.last = --left == 0;
        pmt_chart_cpu_panel(layout, &place, file);
        place.index++;
        place.top += place.height + GAP;
    }
    if (layout->pauses) {
        place.last = true;
        place.height = STRIP;
        pmt_chart_pause_panel(layout, &place, file);
    }
}

static void put_terminal(const struct pmt_chart *chart, FILE *file)
{
    fputs("reset\nset encoding utf8\n", file);
    if (chart->format == PMT_CHART_SVG)
        fprintf(file,
                "set terminal svg noenhanced size %u,%u font 'sans-serif,12' "
                "background rgb 'white'\n",
                chart->width, chart->height);
    else
        fprintf(file,
                "set terminal pngcairo noenhanced size %u,%u font 'Sans,10' "
                "background rgb 'white'\n",
                chart->width, chart->height);
}

void pmt_chart_write(const struct pmt_chart *chart, FILE *file)
{
    struct layout layout;

    lay_out(&layout, chart);
    put_terminal(chart, file);
    fprintf(file, "set multiplot\nunset key\nset border 3 lc rgb '#808080'\n"
                  "set lmargin at screen %.5f\nset rmargin at screen %.5f\n",
            pmt_chart_screen_x(&layout, LEFT),
            pmt_chart_screen_x(&layout, (double)chart->width - RIGHT));
    fputs("set tics nomirror out scale 0.5 font ',9' tc rgb '#333333'\n"
          "set grid xtics ytics front lt 1 lw 0.5 lc rgb '#b0808080'\n",
          file);
    fprintf(file, "set xrange [%.12g:%.12g]\n",
            (double)chart->series->begin_ns / layout.time.divisor,
            span(&layout));
    put_panels(&layout, file);
    fputs("unset multiplot\n", file);
}
