/*
 * chart.c: see chart.h.
 *
 * The parts are placed by pixel: title, rows of mark labels, one panel or two
 * with a common time axis, legend. So nothing overlaps that gnuplot would have
 * to guess the size of.
 */
#include "chart.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "chart-text.h"
#include "cli/text.h"

enum {
    LEFT = 76,          /* pixels beside and between the parts */
    RIGHT = 24,
    TITLE = 52,
    GAP = 26,
    AXIS = 48,          /* tics and title of the time axis */
    LINE = 17,          /* of the legend */
    MARK_LINE = 15,
    MARK_LINES = 3,     /* rows of labels of marks */
    CHARACTER = 7,      /* a wide guess of a character's width */
    MARK_TEXT = 32      /* columns of a mark's label */
};

/* Paul Tol's "muted" and then "light": to be told apart by the colour-blind
 * too, in this order. The last is for all others. */
static const char *const colours[PMT_CHART_LINES] = {
    "#332288", "#88ccee", "#44aa99", "#117733", "#999933", "#ddcc77",
    "#cc6677", "#882255", "#aa4499", "#77aadd", "#99ddff", "#bbcc33",
    "#aaaa00", "#eedd88", "#ee8866", "#ffaabb", "#44bb99",
};
#define COLOUR_OTHERS "#bbbbbb"

/* What a panel's values are shown in. */
struct scale {
    double divisor;
    const char *unit; /* "" for none */
};

/* What chart_write works out once. */
struct layout {
    const struct pmt_chart *chart;
    size_t slots;          /* curves drawn; the last may be all others */
    unsigned panels;
    unsigned mark_rows, legend_rows, legend_columns;
    double panel_height;   /* pixels */
    struct scale time;
};

/* ---- places ------------------------------------------------------------ */

static double screen_x(const struct layout *layout, double pixels)
{
    return pixels / layout->chart->width;
}

/* From the top. */
static double screen_y(const struct layout *layout, double pixels)
{
    return 1.0 - pixels / layout->chart->height;
}

/* ---- scales ------------------------------------------------------------ */

static struct scale bytes_scale(uint64_t most)
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

static double span(const struct layout *layout)
{
    uint64_t ns = layout->chart->series->span_ns;

    return (double)(ns ? ns : 1) / layout->time.divisor;
}

/* The greatest total of any column. */
static uint64_t highest(const struct pmt_series *series, int what)
{
    size_t slots = series->line_count + 1;
    uint64_t most = 0;

    for (size_t c = 0; c < series->columns; c++) {
        uint64_t total = 0;

        for (size_t i = 0; i < slots; i++)
            total += series->values[what][c * slots + i];
        if (total > most)
            most = total;
    }
    return most;
}

static const char *noun(const struct pmt_series *series)
{
    return series->which == PMT_LIVE_BLOCKS ? "blocks" : "objects";
}

static const char *colour(const struct layout *layout, size_t slot)
{
    return slot < layout->chart->series->line_count ? colours[slot]
                                                    : COLOUR_OTHERS;
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
        double at = ((double)c + 0.5) * (double)series->column_ns;
        uint64_t sum = 0;

        fprintf(file, "%.9g", at / layout->time.divisor);
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
                screen_x(layout, from),
                screen_y(layout, TITLE + MARK_LINE * (row + 0.5)));
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
        unsigned row = 0;

        if (at > span(layout))
            continue;
        if (file)
            put_mark_line(at, file);
        if (labels)
            row = put_mark_label(layout, marks[i]->text,
                                 LEFT + at / span(layout) * room, ends, file);
        if (row > rows)
            rows = row;
    }
    free(marks);
    return rows;
}

/* ---- legend and title -------------------------------------------------- */

static void put_most(const struct layout *layout,
                     const uint64_t most[PMT_SERIES_WHATS], FILE *file)
{
    char buffer[PMT_TEXT_SIZE], text[2 * PMT_TEXT_SIZE];
    int used = 0;

    if (layout->chart->show[PMT_SERIES_BYTES])
        used = snprintf(text, sizeof text, "%s",
                        pmt_text_size(buffer, most[PMT_SERIES_BYTES]));
    if (layout->chart->show[PMT_SERIES_COUNT])
        snprintf(text + used, sizeof text - (size_t)used, "%s%s",
                 used ? " in " : "",
                 pmt_text_count(buffer, most[PMT_SERIES_COUNT]));
    pmt_chart_quoted(file, text);
}

static void put_legend_entry(const struct layout *layout, size_t slot,
                             FILE *file)
{
    const struct pmt_series *series = layout->chart->series;
    double column_width = (layout->chart->width - (double)(LEFT + RIGHT)) /
                          layout->legend_columns;
    double x = LEFT + column_width * (double)(slot / layout->legend_rows);
    double y = layout->chart->height - 8 -
               LINE * ((double)layout->legend_rows -
                       (double)(slot % layout->legend_rows) - 0.5);
    double values = layout->panels == 2 ? 150 : 80;
    size_t room = (size_t)((column_width - values - 30) / CHARACTER);
    char others[PMT_TEXT_SIZE];

    fprintf(file,
            "set object rect from screen %.5f,%.5f to screen %.5f,%.5f front "
            "fs solid noborder fc rgb '%s'\n",
            screen_x(layout, x), screen_y(layout, y + 5),
            screen_x(layout, x + 12), screen_y(layout, y - 5),
            colour(layout, slot));
    fputs("set label ", file);
    if (slot < series->line_count)
        put_most(layout, series->lines[slot].most, file);
    else
        pmt_chart_quoted(file, pmt_text_count(others, series->others));
    fprintf(file, " at screen %.5f,%.5f right font ',9' tc rgb '#555555'\n",
            screen_x(layout, x + 16 + values), screen_y(layout, y));
    fputs("set label ", file);
    if (slot < series->line_count)
        pmt_chart_name(file, series->lines[slot].name, room > 8 ? room : 8);
    else
        pmt_chart_quoted(file, series->others == 1 ? "other" : "others");
    fprintf(file, " at screen %.5f,%.5f left font ',9'\n",
            screen_x(layout, x + 24 + values), screen_y(layout, y));
}

static void put_title(const struct layout *layout, FILE *file)
{
    const struct pmt_series *series = layout->chart->series;
    size_t room = (layout->chart->width - 2 * RIGHT) / (CHARACTER + 2);
    char *line, *name, peak[3][PMT_TEXT_SIZE];

    if (asprintf(&line, "%s: live %s by %s", layout->chart->title,
                 noun(series), pmt_group_by_names[series->by]) < 0)
        return;
    fputs("set label ", file);
    pmt_chart_text(file, line, room);
    free(line);
    fprintf(file, " at screen %.5f,%.5f left font ':Bold,13'\n",
            screen_x(layout, LEFT), screen_y(layout, 18));
    name = pmt_text_shortened(series->program ? series->program : "", room);
    if (asprintf(&line, "%s; peak %s%s in %s %s%s%s%s%s", name,
                 pmt_text_size(peak[0], series->peak.bytes),
                 series->basic ? " (basic sizes)" : "",
                 pmt_text_count(peak[1], series->peak.count), noun(series),
                 series->streams == 1 ? " at " : "",
                 series->streams == 1
                     ? pmt_text_seconds(peak[2], series->peak_ns)
                     : "",
                 series->approximate ? "; approximate: events were lost" : "",
                 series->inferred ? "; not every destruction was reported"
                                  : "") < 0)
        line = NULL;
    free(name);
    if (!line)
        return;
    fputs("set label ", file);
    pmt_chart_text(file, line, room * 5 / 4);
    free(line);
    fprintf(file, " at screen %.5f,%.5f left font ',9' tc rgb '#555555'\n",
            screen_x(layout, LEFT), screen_y(layout, 39));
}

/* ---- panels ------------------------------------------------------------ */

static void put_curves(const struct layout *layout, int what, FILE *file)
{
    fputs("plot ", file);
    for (size_t i = layout->slots; i-- > 0;)
        fprintf(file,
                "$data%d using 1:%zu with filledcurves x1 fs solid noborder "
                "lc rgb '%s', \\\n     ",
                what, i + 2, colour(layout, i));
    fprintf(file, "$data%d using 1:%zu with lines lw 1 lc rgb '#333333'\n",
            what, layout->slots + 1);
}

static void put_panel(const struct layout *layout, int what, unsigned panel,
                      FILE *file)
{
    const struct pmt_series *series = layout->chart->series;
    uint64_t most = highest(series, what);
    bool bytes = what == PMT_SERIES_BYTES;
    bool last = panel + 1 == layout->panels;
    struct scale scale = bytes ? bytes_scale(most) : count_scale(most);
    double top = TITLE + layout->mark_rows * MARK_LINE +
                 panel * (layout->panel_height + GAP) + 6;

    put_data(layout, what, &scale, file);
    fprintf(file, "set tmargin at screen %.5f\nset bmargin at screen %.5f\n",
            screen_y(layout, top),
            screen_y(layout, top + layout->panel_height));
    fprintf(file, "set ylabel '%s%s%s'\n",
            bytes ? scale.unit : noun(series),
            !bytes && *scale.unit ? ", " : "", bytes ? "" : scale.unit);
    fprintf(file, "set yrange [0:%.6g]\n",
            most ? (double)most / scale.divisor * 1.05 : 1.0);
    if (last) {
        fprintf(file, "set xlabel '%s since recording began' offset 0,0.3\n",
                layout->time.unit);
        fputs("set format x '%g'\n", file);
    } else {
        fputs("unset xlabel\nset format x ''\n", file);
    }
    put_marks(layout, panel == 0, file);
    if (panel == 0) {
        put_title(layout, file);
        for (size_t i = 0; i < layout->slots; i++)
            put_legend_entry(layout, i, file);
    }
    put_curves(layout, what, file);
    fputs("unset arrow\nunset label\nunset object\n", file);
}

/* ---- the whole --------------------------------------------------------- */

static void lay_out(struct layout *layout, const struct pmt_chart *chart)
{
    const struct pmt_series *series = chart->series;
    double rest;

    memset(layout, 0, sizeof *layout);
    layout->chart = chart;
    layout->slots = series->line_count + (series->others > 0);
    if (layout->slots == 0)
        layout->slots = 1;
    for (int what = 0; what < PMT_SERIES_WHATS; what++)
        layout->panels += chart->show[what];
    layout->legend_columns = layout->slots > 4 && chart->width >= 900 ? 2 : 1;
    layout->legend_rows =
        (unsigned)(layout->slots + layout->legend_columns - 1) /
        layout->legend_columns;
    layout->time = time_scale(series->span_ns);
    layout->mark_rows = put_marks(layout, true, NULL);
    rest = chart->height -
           (TITLE + 6.0 + layout->mark_rows * MARK_LINE + AXIS +
            layout->legend_rows * LINE + 12 + (layout->panels - 1.0) * GAP);
    layout->panel_height = rest / layout->panels;
    if (layout->panel_height < 20)
        layout->panel_height = 20;
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
    unsigned panel = 0;

    lay_out(&layout, chart);
    put_terminal(chart, file);
    fprintf(file, "set multiplot\nunset key\nset border 3 lc rgb '#808080'\n"
                  "set lmargin at screen %.5f\nset rmargin at screen %.5f\n",
            screen_x(&layout, LEFT),
            screen_x(&layout, (double)chart->width - RIGHT));
    fputs("set tics nomirror out scale 0.5 font ',9' tc rgb '#333333'\n"
          "set grid xtics ytics front lt 1 lw 0.5 lc rgb '#b0808080'\n",
          file);
    fprintf(file, "set xrange [0:%.9g]\n", span(&layout));
    for (int what = 0; what < PMT_SERIES_WHATS; what++)
        if (chart->show[what])
            put_panel(&layout, what, panel++, file);
    fputs("unset multiplot\n", file);
}
