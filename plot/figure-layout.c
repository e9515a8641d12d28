/*
 * figure-layout.c: where the parts of a figure stand.
 *
 * They are placed by pixel: title, rows of mark labels, panels, legend, note.
 * So nothing overlaps that gnuplot would have to guess the size of.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "figure-private.h"
#include "figure-style.h"

double pmt_layout_x(const struct layout *layout, double pixels)
{
    return pixels / layout->drawing->width;
}

double pmt_layout_y(const struct layout *layout, double pixels)
{
    return 1.0 - pixels / layout->drawing->height;
}

double pmt_layout_time(const struct layout *layout, double ns)
{
    if (layout->figure->wall)
        return ((double)layout->figure->origin_real_ns + ns) / 1e9;
    return ns / layout->time.divisor;
}

/* ---- the time axis ----------------------------------------------------- */

static void find_time(struct layout *layout)
{
    const struct pmt_plot_figure *figure = layout->figure;
    bool any = false;

    for (size_t i = 0; i < figure->panel_count; i++) {
        const struct pmt_panel *panel = &figure->panels[i];

        if (!panel->is_time)
            continue;
        if (!any || panel->x_from < layout->time_from)
            layout->time_from = panel->x_from;
        if (!any || panel->x_to > layout->time_to)
            layout->time_to = panel->x_to;
        any = true;
    }
    layout->time = pmt_unit_scale(PMT_UNIT_NS, layout->time_to);
}

static size_t across(const struct layout *layout)
{
    size_t n = layout->figure->across;

    return n > 0 ? n : 1;
}

/* ---- names beside bars and strips -------------------------------------- */

size_t pmt_layout_name_room(const struct layout *layout)
{
    double pixels = layout->drawing->width * STYLE_NAMES / STYLE_SMALL;

    return pixels > 12 ? (size_t)pixels : 12;
}

static double left_alone(const struct layout *layout,
                         const struct pmt_panel *panel)
{
    size_t most = 0, room = pmt_layout_name_room(layout);

    if (!pmt_panel_has_rows(panel))
        return STYLE_LEFT;
    for (size_t i = 0; i < panel->curve_count; i++) {
        char *name = pmt_text_escaped(panel->curves[i].name);
        size_t width = pmt_text_width(name);

        most = width > most ? width : most;
        free(name);
    }
    most = most > room ? room : most;
    return fmax(STYLE_LEFT, (double)most * STYLE_SMALL + 20);
}

/* A moment is at the same place in all panels over time. */
double pmt_layout_left(const struct layout *layout,
                       const struct pmt_panel *panel)
{
    const struct pmt_plot_figure *figure = layout->figure;
    double left = left_alone(layout, panel);

    for (size_t i = 0; panel->is_time && across(layout) == 1 &&
                       i < figure->panel_count; i++)
        if (figure->panels[i].is_time)
            left = fmax(left, left_alone(layout, &figure->panels[i]));
    return left;
}

/* ---- legend ------------------------------------------------------------ */

/* How many columns have room for so many letters of each name. */
static double columns_of(const struct layout *layout, size_t letters)
{
    return (layout->drawing->width - (double)(STYLE_LEFT + STYLE_RIGHT)) /
           (layout->legend_note + 28 + (double)letters * STYLE_SMALL);
}

/* As many columns as the names have room in, at least the ends of them; three
 * only with most of them. */
static unsigned legend_columns(const struct layout *layout, size_t longest)
{
    size_t ends = longest < STYLE_LEGEND_NAME ? longest : STYLE_LEGEND_NAME,
           most = longest < STYLE_LEGEND_MOST ? longest : STYLE_LEGEND_MOST;

    if (layout->legend_entries <= 4 || columns_of(layout, ends) < 2)
        return 1;
    return columns_of(layout, most) > 3 && layout->legend_entries > 8 ? 3 : 2;
}

static void count_legend(struct layout *layout)
{
    const struct pmt_plot_figure *figure = layout->figure;
    size_t longest = 0, name = 0;

    for (size_t p = 0; p < figure->panel_count; p++) {
        const struct pmt_panel *panel = &figure->panels[p];

        for (size_t i = 0; i < panel->curve_count; i++) {
            const char *note = panel->curves[i].note;

            if (pmt_panel_has_rows(panel) || panel->curves[i].unnamed)
                continue;
            layout->legend_entries++;
            if (note && pmt_text_width(note) > longest)
                longest = pmt_text_width(note);
            if (strlen(panel->curves[i].name) > name)
                name = strlen(panel->curves[i].name);
        }
    }
    layout->legend_note = longest ? (double)(longest + 1) * STYLE_SMALL : 0;
    layout->legend_columns = legend_columns(layout, name);
    layout->legend_rows =
        (unsigned)((layout->legend_entries + layout->legend_columns - 1) /
                   layout->legend_columns);
}

double pmt_layout_head(const struct layout *layout)
{
    return STYLE_TITLE +
           (layout->figure->subtitle_more ? STYLE_SUBTITLE : 0);
}

/* ---- panels ------------------------------------------------------------ */

/* A panel over time leaves its axis to the one below, if that has the same;
 * columns that are wider may end a little later. */
static void find_axes(struct layout *layout)
{
    const struct pmt_plot_figure *figure = layout->figure;
    double slack = (layout->time_to - layout->time_from) / 50;

    for (size_t i = 0; i < figure->panel_count; i++) {
        const struct pmt_panel *panel = &figure->panels[i];
        const struct pmt_panel *below =
            i + 1 < figure->panel_count ? panel + 1 : NULL;

        layout->axis[i] = across(layout) > 1 || !below || !panel->is_time ||
                          !below->is_time || below->title ||
                          fabs(below->x_from - panel->x_from) > slack ||
                          fabs(below->x_to - panel->x_to) > slack;
    }
}

/* Pixels above and below the inside of the panels of the row that begins with
 * `first`. */
static double around(const struct layout *layout, size_t first)
{
    const struct pmt_plot_figure *figure = layout->figure;
    double pixels = 0;

    for (size_t i = first;
         i < first + across(layout) && i < figure->panel_count; i++)
        pixels = fmax(pixels, pmt_layout_above(&figure->panels[i]) +
                                  (layout->axis[i] ? STYLE_AXIS : STYLE_GAP));
    return pixels;
}

double pmt_layout_above(const struct pmt_panel *panel)
{
    return (panel->title ? STYLE_PANEL_TITLE : 0) +
           (panel->remark ? STYLE_REMARK : 0);
}

static double weight_of(const struct pmt_panel *panel)
{
    return panel->weight > 0 ? panel->weight : 1;
}

static void place_row(struct layout *layout, size_t first, double top,
                      double height)
{
    const struct pmt_plot_figure *figure = layout->figure;
    double width = (double)layout->drawing->width / (double)across(layout);

    for (size_t i = first;
         i < first + across(layout) && i < figure->panel_count; i++) {
        const struct pmt_panel *panel = &figure->panels[i];
        double left = pmt_layout_left(layout, panel);

        layout->boxes[i] = (struct box){
            .left = width * (double)(i - first) + left,
            .top = top + pmt_layout_above(panel),
            .width = fmax(20, width - left - STYLE_RIGHT),
            .height = height,
        };
    }
}

static void place_panels(struct layout *layout)
{
    const struct pmt_plot_figure *figure = layout->figure;
    double top = pmt_layout_head(layout) + 6 + layout->mark_rows * STYLE_MARK_LINE;
    double rest = layout->drawing->height - top - 8 -
                  layout->legend_rows * STYLE_LINE -
                  (figure->note ? STYLE_NOTE : 0);
    double weights = 0;

    for (size_t i = 0; i < figure->panel_count; i += across(layout)) {
        rest -= around(layout, i);
        weights += weight_of(&figure->panels[i]);
    }
    for (size_t i = 0; i < figure->panel_count; i += across(layout)) {
        double height =
            fmax(20, rest * weight_of(&figure->panels[i]) / weights);

        place_row(layout, i, top, height);
        top += height + around(layout, i);
    }
}

bool pmt_layout_make(struct layout *layout,
                     const struct pmt_figure_drawing *drawing)
{
    size_t count = drawing->figure->panel_count;

    memset(layout, 0, sizeof *layout);
    layout->drawing = drawing;
    layout->figure = drawing->figure;
    layout->boxes = calloc(count, sizeof *layout->boxes);
    layout->axis = calloc(count, sizeof *layout->axis);
    if (!layout->boxes || !layout->axis) {
        pmt_layout_release(layout);
        return false;
    }
    find_time(layout);
    find_axes(layout);
    count_legend(layout);
    layout->mark_rows = pmt_figure_mark_rows(layout);
    place_panels(layout);
    return true;
}

void pmt_layout_release(struct layout *layout)
{
    free(layout->boxes);
    free(layout->axis);
    layout->boxes = NULL;
    layout->axis = NULL;
}
