/* kind-live.c: what was live over time, by group, one above the other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/errors.h"
#include "cli/text.h"
#include "over-time.h"
#include "pass.h"

#define BIT(kind) (UINT64_C(1) << (kind))

static bool fits(uint64_t kinds)
{
    return kinds & (BIT(PMT_KIND_ALLOC) | BIT(PMT_KIND_OBJECT));
}

static bool shows(const struct pmt_plot_request *request,
                  enum pmt_series_what what)
{
    uint32_t asked = request->what & (1u << PMT_PLOT_BYTES |
                                      1u << PMT_PLOT_COUNT |
                                      1u << PMT_PLOT_BOTH);

    return asked == 0 || asked & 1u << PMT_PLOT_BOTH ||
           asked & 1u << (what == PMT_SERIES_BYTES ? PMT_PLOT_BYTES
                                                   : PMT_PLOT_COUNT);
}

/* "~1.2 MiB in 340": what a line had most. */
static char *note_of(const struct pmt_plot_request *request,
                     const struct pmt_series *series, size_t line,
                     struct pmt_plot_figure *figure)
{
    const char *about = series->sample_bytes ? "~" : "";
    const uint64_t *most = series->lines[line].most;
    char size[PMT_TEXT_SIZE], count[PMT_TEXT_SIZE];

    pmt_text_size(size, most[PMT_SERIES_BYTES]);
    pmt_text_count(count, most[PMT_SERIES_COUNT]);
    if (!shows(request, PMT_SERIES_COUNT))
        return pmt_figure_text(figure, "%s%s", about, size);
    if (!shows(request, PMT_SERIES_BYTES))
        return pmt_figure_text(figure, "%s%s", about, count);
    return pmt_figure_text(figure, "%s%s in %s%s", about, size, about, count);
}

static void put_panel(const struct pmt_over_time *o,
                      const struct pmt_plot_request *request,
                      enum pmt_series_what what,
                      struct pmt_plot_figure *figure)
{
    const struct pmt_series *series = &o->series;
    size_t slots = series->line_count +
                   (series->others > 0 || series->line_count == 0);
    bool first = figure->panel_count == 0;
    char others[64], count[PMT_TEXT_SIZE];
    struct pmt_panel *panel = pmt_over_time_panel(
        o, figure, PMT_PANEL_STACKED,
        what == PMT_SERIES_BYTES ? "live bytes" : pmt_series_noun(series),
        what == PMT_SERIES_BYTES ? PMT_UNIT_BYTES : PMT_UNIT_COUNT);

    if (series->others > 0)
        snprintf(others, sizeof others, "%s other%s",
                 pmt_text_count(count, series->others),
                 series->others == 1 ? "" : "s");
    else
        snprintf(others, sizeof others, "nothing was live");
    for (size_t i = 0; panel && i < slots; i++) {
        bool named = i < series->line_count;
        struct pmt_curve *curve = pmt_panel_curve(
            figure, panel, named ? series->lines[i].name : others,
            named ? (int)i : PMT_FIGURE_GREY, false);

        if (!curve)
            return;
        curve->unnamed = !first;
        if (named && first)
            curve->note = note_of(request, series, i, figure);
        for (size_t c = 0; c < panel->columns; c++)
            curve->values[c] =
                (double)series
                    ->values[what][c * (series->line_count + 1) + i];
    }
}

/* The most bytes of a column: what the chart shows of all streams together. */
static uint64_t highest(const struct pmt_series *series)
{
    size_t slots = series->line_count + 1;
    uint64_t most = 0;

    for (size_t c = 0; c < series->columns; c++) {
        const uint64_t *values = series->values[PMT_SERIES_BYTES] + c * slots;
        uint64_t sum = 0;

        for (size_t i = 0; i < slots; i++)
            sum += values[i];
        if (sum > most)
            most = sum;
    }
    return most;
}

static void put_peak(const struct pmt_series *series,
                     struct pmt_plot_figure *figure)
{
    const char *about = series->sample_bytes ? "~" : "";
    const char *noun = pmt_series_noun(series);
    int letters = series->peak.count == 1 ? (int)strlen(noun) - 1 : 99;
    char size[PMT_TEXT_SIZE], count[PMT_TEXT_SIZE], more[PMT_TEXT_SIZE];
    char at[PMT_UNIT_TEXT];

    pmt_text_size(size, series->peak.bytes);
    pmt_text_count(count, series->peak.count);
    if (series->streams == 1)
        pmt_figure_note(figure, "peak %s%s in %s%s %.*s at %s", about, size,
                        about, count, letters, noun,
                        pmt_unit_text(at, PMT_UNIT_NS,
                                      (double)series->peak_ns));
    else
        pmt_figure_note(figure, "peak %s%s; those of each of %zu streams add "
                        "up to %s%s in %s%s %.*s", about,
                        pmt_text_size(more, highest(series)), series->streams,
                        about, size, about, count, letters, noun);
}

static void put_notes(const struct pmt_series *series,
                      struct pmt_plot_figure *figure)
{
    char size[PMT_TEXT_SIZE];

    put_peak(series, figure);
    if (series->basic)
        pmt_figure_note(figure, "bytes are basic sizes of types");
    if (series->sample_bytes)
        pmt_figure_note(figure, "~ estimates from samples of %s",
                        pmt_text_size(size, series->sample_bytes));
    if (series->approximate)
        pmt_figure_note(figure, "approximate: events were lost");
    if (series->inferred)
        pmt_figure_note(figure, "not every destruction was reported");
}

static const char *fill(const struct pmt_over_time *o,
                        const struct pmt_plot_request *request,
                        struct pmt_plot_figure *figure)
{
    const struct pmt_series *series = &o->series;
    char what[64];

    if (series->streams == 0)
        return pmt_pass_records(series->which);
    snprintf(what, sizeof what, "live %s by %s", pmt_series_noun(series),
             pmt_group_by_names[series->by]);
    pmt_heading_apply(&request->traces[0], what, figure);
    for (int i = 0; i < PMT_SERIES_WHATS; i++)
        if (shows(request, (enum pmt_series_what)i))
            put_panel(o, request, (enum pmt_series_what)i, figure);
    put_notes(series, figure);
    return NULL;
}

static int make(const struct pmt_plot_request *request,
                struct pmt_plot_figure *figure)
{
    struct pmt_over_time o = {.want_live = true};

    o.series.rank = shows(request, PMT_SERIES_BYTES) ? PMT_SERIES_BYTES
                                                     : PMT_SERIES_COUNT;
    return pmt_over_time_draw(&o, request, fill, figure);
}

const struct pmt_plot_kind pmt_plot_live = {
    .name = "live",
    .summary = "what was live over time: the N largest types or sites, and "
               "all others",
    .operands_min = 1,
    .operands_max = 1,
    .fits = fits,
    .make = make,
};
