/* chart-legend.c: title, legend and colours of a chart; see chart.h. */
#include <stdlib.h>
#include <string.h>

#include "chart-private.h"
#include "chart-text.h"
#include "cli/text.h"

/* Paul Tol's "muted" and then "light": to be told apart by the colour-blind
 * too, in this order. The last is for all others. */
static const char *const colours[PMT_CHART_LINES] = {
    "#332288", "#88ccee", "#44aa99", "#117733", "#999933", "#ddcc77",
    "#cc6677", "#882255", "#aa4499", "#77aadd", "#99ddff", "#bbcc33",
    "#aaaa00", "#eedd88", "#ee8866", "#ffaabb", "#44bb99",
};
#define COLOUR_OTHERS "#bbbbbb"

const char *pmt_chart_noun(const struct pmt_series *series)
{
    return series->which == PMT_LIVE_BLOCKS ? "blocks" : "objects";
}

const char *pmt_chart_colour(const struct layout *layout, size_t slot)
{
    return slot < layout->chart->series->line_count ? colours[slot]
                                                    : COLOUR_OTHERS;
}

/* ---- legend and title -------------------------------------------------- */

static void put_most(const struct layout *layout,
                     const uint64_t most[PMT_SERIES_WHATS], FILE *file)
{
    const char *about = layout->chart->series->sample_bytes ? "~" : "";
    char buffer[PMT_TEXT_SIZE], text[2 * PMT_TEXT_SIZE + 16];
    int used = 0;

    if (layout->chart->show[PMT_SERIES_BYTES])
        used = snprintf(text, sizeof text, "%s%s", about,
                        pmt_text_size(buffer, most[PMT_SERIES_BYTES]));
    if (layout->chart->show[PMT_SERIES_COUNT])
        snprintf(text + used, sizeof text - (size_t)used, "%s%s%s",
                 used ? " in " : "", about,
                 pmt_text_count(buffer, most[PMT_SERIES_COUNT]));
    pmt_chart_quoted(file, text);
}

unsigned pmt_chart_live_panels(const struct layout *layout)
{
    unsigned panels = 0;

    for (int what = 0; layout->slots && what < PMT_SERIES_WHATS; what++)
        panels += layout->chart->show[what];
    return panels;
}

/* Of a group: how much, and what it is called. */
static void put_group_text(const struct layout *layout, size_t slot,
                           size_t room, bool name, FILE *file)
{
    const struct pmt_series *series = layout->chart->series;
    char others[PMT_TEXT_SIZE];

    if (slot < series->line_count && name)
        pmt_chart_name(file, series->lines[slot].name, room);
    else if (slot < series->line_count)
        put_most(layout, series->lines[slot].most, file);
    else if (name)
        pmt_chart_quoted(file, series->others == 1 ? "other" : "others");
    else
        pmt_chart_quoted(file, pmt_text_count(others, series->others));
}

static void put_gauge_text(const struct layout *layout, size_t line,
                           size_t room, bool name, FILE *file)
{
    char most[PMT_TEXT_SIZE], *text;

    if (!name) {
        pmt_chart_quoted(file,
                         pmt_text_size(most,
                                       pmt_chart_gauge_most(layout, line)));
        return;
    }
    text = pmt_chart_gauge_name(layout, line);
    pmt_chart_text(file, text ? text : "", room);
    free(text);
}

/* Groups are boxes, gauges lines. */
static void put_legend_entry(const struct layout *layout, size_t slot,
                             FILE *file)
{
    double column_width = (layout->chart->width - (double)(LEFT + RIGHT)) /
                          layout->legend_columns;
    double x = LEFT + column_width * (double)(slot / layout->legend_rows);
    double y = layout->chart->height - 8 -
               LINE * ((double)layout->legend_rows -
                       (double)(slot % layout->legend_rows) - 0.5);
    double values = pmt_chart_live_panels(layout) == 2 ? 150 : 80;
    size_t room = (size_t)((column_width - values - 30) / CHARACTER);
    bool group = slot < layout->slots;
    double half = group ? 5 : 1.25;

    room = room > 8 ? room : 8;
    fprintf(file,
            "set object rect from screen %.5f,%.5f to screen %.5f,%.5f front "
            "fs solid noborder fc rgb '%s'\n",
            pmt_chart_screen_x(layout, x), pmt_chart_screen_y(layout, y + half),
            pmt_chart_screen_x(layout, x + 12), pmt_chart_screen_y(layout, y - half),
            group ? pmt_chart_colour(layout, slot)
                  : pmt_chart_gauge_colour(slot - layout->slots));
    for (int name = 0; name < 2; name++) {
        fputs("set label ", file);
        if (group)
            put_group_text(layout, slot, room, name, file);
        else
            put_gauge_text(layout, slot - layout->slots, room, name, file);
        fprintf(file, " at screen %.5f,%.5f %s font ',9'%s\n",
                pmt_chart_screen_x(layout, x + (name ? 24 : 16) + values),
                pmt_chart_screen_y(layout, y), name ? "left" : "right",
                name ? "" : " tc rgb '#555555'");
    }
}

/* "peak 1.2 MiB in 34 blocks at 1.2 s; …": what is said of what is live. */
static void say_live(const struct pmt_series *series, FILE *out)
{
    const char *about = series->sample_bytes ? "~" : "";
    char text[PMT_TEXT_SIZE];

    fprintf(out, "; peak %s%s", about,
            pmt_text_size(text, series->peak.bytes));
    fprintf(out, "%s in %s%s %s", series->basic ? " (basic sizes)" : "",
            about, pmt_text_count(text, series->peak.count), pmt_chart_noun(series));
    if (series->streams == 1)
        fprintf(out, " at %s", pmt_text_seconds(text, series->peak_ns));
    if (series->sample_bytes)
        fprintf(out, "; ~ estimates from samples of %s",
                pmt_text_size(text, series->sample_bytes));
    if (series->approximate)
        fputs("; approximate: events were lost", out);
    if (series->inferred)
        fputs("; not every destruction was reported", out);
}

/* The line below the title; free() it; NULL: no memory. */
static char *subtitle(const struct layout *layout, size_t room)
{
    const struct pmt_series *series = layout->chart->series;
    char *line = NULL, *name, text[PMT_TEXT_SIZE];
    size_t length;
    FILE *out = open_memstream(&line, &length);

    if (!out)
        return NULL;
    name = pmt_text_shortened(series->program ? series->program : "", room);
    fputs(name, out);
    free(name);
    if (layout->slots)
        say_live(series, out);
    if (layout->pauses) {
        fprintf(out, "; %s collections",
                pmt_text_count(text, series->gauges->pauses.count));
        fprintf(out, " took %s",
                pmt_text_seconds(text, series->gauges->pauses.total_ns));
    }
    if (fclose(out) == 0)
        return line;
    free(line);
    return NULL;
}

static void put_title(const struct layout *layout, FILE *file)
{
    const struct pmt_series *series = layout->chart->series;
    size_t room = (layout->chart->width - 2 * RIGHT) / (CHARACTER + 2);
    char *line;

    if (asprintf(&line, layout->slots ? "%s: live %s by %s"
                                      : "%s: memory of the process",
                 layout->chart->title, pmt_chart_noun(series),
                 pmt_group_by_names[series->by]) < 0)
        return;
    fputs("set label ", file);
    pmt_chart_text(file, line, room);
    free(line);
    fprintf(file, " at screen %.5f,%.5f left font ':Bold,13'\n",
            pmt_chart_screen_x(layout, LEFT), pmt_chart_screen_y(layout, 18));
    line = subtitle(layout, room);
    if (!line)
        return;
    fputs("set label ", file);
    pmt_chart_text(file, line, room * 5 / 4);
    free(line);
    fprintf(file, " at screen %.5f,%.5f left font ',9' tc rgb '#555555'\n",
            pmt_chart_screen_x(layout, LEFT), pmt_chart_screen_y(layout, 39));
}

void pmt_chart_head(const struct layout *layout, FILE *file)
{
    put_title(layout, file);
    for (size_t i = 0; i < layout->slots + layout->gauges; i++)
        put_legend_entry(layout, i, file);
}
