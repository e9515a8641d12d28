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

const char *pmt_chart_palette(size_t slot)
{
    return slot < PMT_CHART_LINES && colours[slot] ? colours[slot]
                                                   : COLOUR_OTHERS;
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

static void put_share_text(const struct layout *layout, size_t slot,
                           size_t room, bool name, FILE *file)
{
    char *text = name ? pmt_chart_share_name(layout, slot)
                      : pmt_chart_share_most(layout, slot);

    pmt_chart_text(file, text ? text : "", room);
    free(text);
}

static const char *entry_colour(const struct layout *layout, size_t slot)
{
    if (slot < layout->slots)
        return pmt_chart_colour(layout, slot);
    slot -= layout->slots;
    return slot < layout->gauges
               ? pmt_chart_gauge_colour(slot)
               : pmt_chart_share_colour(layout, slot - layout->gauges);
}

/* Groups and processes are boxes, gauges lines. */
static void put_legend_entry(const struct layout *layout, size_t slot,
                             FILE *file)
{
    double column_width = (layout->chart->width - (double)(LEFT + RIGHT)) /
                          layout->legend_columns;
    double x = LEFT + column_width * (double)(slot / layout->legend_rows);
    double y = layout->chart->height - 8 -
               LINE * ((double)layout->legend_rows -
                       (double)(slot % layout->legend_rows) - 0.5);
    double values =
        pmt_chart_live_panels(layout) == 2 || layout->shares > 2 ? 150 : 80;
    size_t room = (size_t)((column_width - values - 30) / CHARACTER);
    bool group = slot < layout->slots;
    bool gauge = !group && slot < layout->slots + layout->gauges;
    double half = gauge ? 1.25 : 5;

    room = room > 8 ? room : 8;
    fprintf(file,
            "set object rect from screen %.5f,%.5f to screen %.5f,%.5f front "
            "fs solid noborder fc rgb '%s'\n",
            pmt_chart_screen_x(layout, x), pmt_chart_screen_y(layout, y + half),
            pmt_chart_screen_x(layout, x + 12), pmt_chart_screen_y(layout, y - half),
            entry_colour(layout, slot));
    for (int name = 0; name < 2; name++) {
        fputs("set label ", file);
        if (group)
            put_group_text(layout, slot, room, name, file);
        else if (gauge)
            put_gauge_text(layout, slot - layout->slots, room, name, file);
        else
            put_share_text(layout, slot - layout->slots - layout->gauges,
                           room, name, file);
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

/* The process that is drawn, if it is one; else who sampled. */
static const char *program_of(const struct pmt_series *series)
{
    const struct pmt_shares *shares = series->shares;

    if (series->streams == 0 && shares && shares->processes == 1 &&
        shares->line_count == 1)
        return shares->lines[0].name;
    return series->program ? series->program : "";
}

/* "; 3 programs; peak 1.2 GiB; 12.3 s of processor time" */
static void say_shares(const struct layout *layout, FILE *out)
{
    const struct pmt_shares *shares = layout->chart->series->shares;
    char text[PMT_TEXT_SIZE];

    if (shares->programs)
        fprintf(out, "; %s programs", pmt_text_count(text, shares->programs));
    if (layout->rss_panel)
        fprintf(out, "; peak RSS of all %s",
                pmt_text_size(text, pmt_chart_shares_peak(layout)));
    if (layout->cpu_panel)
        fprintf(out, "; %.2f s of processor time",
                (double)shares->cpu_total_ns / 1e9);
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
    name = pmt_text_shortened(program_of(series), room);
    fputs(name, out);
    free(name);
    if (layout->slots)
        say_live(series, out);
    if (layout->shares)
        say_shares(layout, out);
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

/* "a.pmt: live blocks by site", "a.pmt: memory of the process". free() it;
 * NULL: no memory. */
static char *title(const struct layout *layout)
{
    const struct pmt_series *series = layout->chart->series;
    bool memory = layout->gauges > 0 || layout->rss_panel;
    const char *what = !layout->cpu_panel ? "memory"
                       : memory           ? "memory and processor time"
                                          : "processor time";
    char *line = NULL, count[PMT_TEXT_SIZE];
    int n;

    if (layout->slots)
        n = asprintf(&line, "%s: live %s by %s", layout->chart->title,
                     pmt_chart_noun(series), pmt_group_by_names[series->by]);
    else if (layout->shares && series->shares->processes > 1)
        n = asprintf(&line, "%s: %s of %s processes", layout->chart->title,
                     what, pmt_text_count(count, series->shares->processes));
    else
        n = asprintf(&line, "%s: %s of the process", layout->chart->title,
                     what);
    return n < 0 ? NULL : line;
}

static void put_title(const struct layout *layout, FILE *file)
{
    size_t room = (layout->chart->width - 2 * RIGHT) / (CHARACTER + 2);
    char *line;

    line = title(layout);
    if (!line)
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
    for (size_t i = 0; i < layout->slots + layout->gauges + layout->shares;
         i++)
        put_legend_entry(layout, i, file);
}
