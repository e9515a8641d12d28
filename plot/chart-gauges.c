/* chart-gauges.c: the panels of the process's memory and of the pauses of its
 * collector; see chart.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chart-private.h"
#include "chart-text.h"
#include "cli/text.h"

/* Okabe and Ito's colours, to be told apart by the colour-blind too; RSS is
 * the first. */
static const char *const colours[GAUGE_LINES + 1] = {
    "#000000", "#d55e00", "#0072b2", "#009e73", "#cc79a7",
    "#e69f00", "#56b4e9", "#8b6f00", "#7f7f7f",
};

const char *pmt_chart_gauge_colour(size_t line)
{
    return colours[line < GAUGE_LINES + 1 ? line : GAUGE_LINES];
}

/* Behind the gauges comes what is live. */
static bool is_live(const struct layout *layout, size_t line)
{
    return layout->live_line && line + 1 == layout->gauges;
}

uint64_t pmt_chart_gauge_most(const struct layout *layout, size_t line)
{
    const struct pmt_series *series = layout->chart->series;

    if (is_live(layout, line))
        return series->peak.bytes;
    return series->gauges->gauges[line].most;
}

char *pmt_chart_gauge_name(const struct layout *layout, size_t line)
{
    const struct pmt_gauges *gauges = layout->chart->series->gauges;
    char *name = NULL;

    if (is_live(layout, line))
        return strdup("live blocks");
    if (gauges->streams < 2)
        return strdup(gauges->gauges[line].name);
    if (asprintf(&name, "%s, %s", gauges->gauges[line].name,
                 gauges->gauges[line].program) < 0)
        return NULL;
    return name;
}

static void put_data(const struct layout *layout, size_t line,
                     const struct scale *scale, FILE *file)
{
    const struct pmt_series *series = layout->chart->series;
    const struct pmt_gauge *gauge =
        is_live(layout, line) ? NULL : &series->gauges->gauges[line];

    fprintf(file, "$gauge%zu << EOD\n", line);
    for (size_t c = 0; c < series->columns; c++) {
        uint64_t value;

        if (gauge && !gauge->there[c])
            continue;
        value = gauge ? gauge->values[c] : pmt_chart_live_bytes(series, c);
        fprintf(file, "%.9g %.6g\n", pmt_chart_column_time(layout, c),
                (double)value / scale->divisor);
    }
    fputs("EOD\n", file);
}

void pmt_chart_memory_panel(const struct layout *layout,
                            const struct place *place, FILE *file)
{
    struct scale scale;
    uint64_t most = 0;
    char label[64];

    for (size_t i = 0; i < layout->gauges; i++)
        if (pmt_chart_gauge_most(layout, i) > most)
            most = pmt_chart_gauge_most(layout, i);
    scale = pmt_chart_bytes_scale(most);
    for (size_t i = 0; i < layout->gauges; i++)
        put_data(layout, i, &scale, file);
    snprintf(label, sizeof label, "process, %s", scale.unit);
    pmt_chart_open_panel(layout, place, label,
                         most ? (double)most / scale.divisor * 1.05 : 1.0,
                         file);
    fputs("plot ", file);
    for (size_t i = layout->gauges; i-- > 0;)
        fprintf(file, "$gauge%zu using 1:2 with steps lw %s lc rgb '%s'%s", i,
                i == 0 ? "2" : "1.5", pmt_chart_gauge_colour(i),
                i ? ", \\\n     " : "\n");
    pmt_chart_close_panel(file);
}

static struct scale pause_scale(uint64_t most_ns)
{
    if (most_ns < 1000000)
        return (struct scale){1e3, "\xc2\xb5s"};
    if (most_ns < 1000000000)
        return (struct scale){1e6, "ms"};
    return (struct scale){1e9, "s"};
}

void pmt_chart_pause_panel(const struct layout *layout,
                           const struct place *place, FILE *file)
{
    const struct pmt_series *series = layout->chart->series;
    const struct pmt_pauses *pauses = &series->gauges->pauses;
    struct scale scale = pause_scale(pauses->most_ns);
    double most = (double)pauses->most_ns / scale.divisor;
    double high = most > 0 ? most * 1.1 : 1;
    char label[32];

    fputs("$pauses << EOD\n", file);
    for (size_t c = 0; c < series->columns; c++)
        if (pauses->collections[c]) /* the shortest is there to be seen */
            fprintf(file, "%.9g %.6g\n", pmt_chart_column_time(layout, c),
                    fmax((double)pauses->longest_ns[c] / scale.divisor,
                         high * 0.06));
    fputs("EOD\n", file);
    snprintf(label, sizeof label, "gc, %s", scale.unit);
    pmt_chart_open_panel(layout, place, label, high, file);
    fprintf(file, "set ytics ('0' 0, '%.3g' %.6g)\n", most,
            most > 0 ? most : high);
    fputs("plot $pauses using 1:2 with impulses lw 1 lc rgb '#aa3377'\n"
          "set ytics autofreq\n",
          file);
    pmt_chart_close_panel(file);
}
