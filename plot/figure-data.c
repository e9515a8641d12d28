/* figure-data.c: the numbers of a figure, for gnuplot and as tables. */
#include <math.h>
#include <stdlib.h>

#include "cli/text.h"
#include "figure-private.h"
#include "figure-style.h"

static void put_number(double value, FILE *file)
{
    if (isnan(value))
        fputs(" NaN", file);
    else
        fprintf(file, " %.7g", value);
}

/* ---- for gnuplot ------------------------------------------------------- */

static bool any_in(const struct pmt_panel *panel, size_t column)
{
    for (size_t i = 0; i < panel->curve_count; i++)
        if (!isnan(panel->curves[i].values[column]))
            return true;
    return false;
}

/* The sums of the first 1, 2, ... curves. */
static void put_stack(const struct pmt_panel *panel, size_t column,
                      double divisor, FILE *file)
{
    bool any = any_in(panel, column);
    double sum = 0;

    for (size_t i = 0; i < panel->curve_count; i++) {
        double value = panel->curves[i].values[column];

        sum += isnan(value) ? 0 : value;
        put_number(any ? sum / divisor : NAN, file);
    }
}

static void put_values(const struct pmt_panel *panel, size_t column,
                       double divisor, FILE *file)
{
    for (size_t i = 0; i < panel->curve_count; i++) {
        const struct pmt_curve *curve = &panel->curves[i];

        put_number(curve->values[column] / divisor, file);
        if (curve->low) {
            put_number(curve->low[column] / divisor, file);
            put_number(curve->high[column] / divisor, file);
        }
    }
}

/* A place on the x axis, as gnuplot has it. */
static double place(const struct layout *layout,
                    const struct pmt_panel *panel, double x)
{
    if (panel->is_time)
        return pmt_layout_time(layout, x);
    return panel->x_log
               ? x
               : x / pmt_unit_scale(panel->x_unit, panel->x_to).divisor;
}

static void put_columns(const struct layout *layout,
                        const struct pmt_panel *panel, double divisor,
                        FILE *file)
{
    for (size_t c = 0; c < panel->columns; c++) {
        double from = pmt_panel_edge(panel, c);
        double to = pmt_panel_edge(panel, c + 1);

        if (panel->type == PMT_PANEL_BINS)
            fprintf(file, "%.13g %.13g", place(layout, panel, from),
                    place(layout, panel, to));
        else
            fprintf(file, "%.13g", place(layout, panel, (from + to) / 2));
        if (panel->type == PMT_PANEL_STACKED)
            put_stack(panel, c, divisor, file);
        else
            put_values(panel, c, divisor, file);
        putc('\n', file);
    }
}

/* Of each bar: from, to, row, colour. The first is on top. */
static void put_bars(const struct pmt_panel *panel, double divisor, FILE *file)
{
    for (size_t i = 0; i < panel->curve_count; i++) {
        double value = panel->curves[i].values[0] / divisor;

        if (isnan(value))
            continue;
        fprintf(file, "%.7g %.7g %zu %ld\n", fmin(value, 0), fmax(value, 0),
                panel->curve_count - 1 - i,
                strtol(pmt_figure_colour(panel->curves[i].colour) + 1, NULL,
                       16));
    }
}

static void put_strips(const struct layout *layout,
                       const struct pmt_panel *panel, double divisor,
                       FILE *file)
{
    for (size_t i = 0; i < panel->curve_count; i++)
        for (size_t c = 0; c < panel->columns; c++) {
            double middle = (pmt_panel_edge(panel, c) +
                             pmt_panel_edge(panel, c + 1)) /
                            2;

            fprintf(file, "%.13g %zu", place(layout, panel, middle),
                    panel->curve_count - 1 - i);
            put_number(panel->curves[i].values[c] / divisor, file);
            putc('\n', file);
        }
}

void pmt_figure_panel_data(const struct layout *layout, size_t index,
                           FILE *file)
{
    const struct pmt_panel *panel = &layout->figure->panels[index];
    double divisor = pmt_panel_scale(panel).divisor;

    if (panel->type == PMT_PANEL_BARS)
        put_bars(panel, divisor, file);
    else if (panel->type == PMT_PANEL_HEAT)
        put_strips(layout, panel, divisor, file);
    else
        put_columns(layout, panel, divisor, file);
}

void pmt_figure_data(const struct pmt_figure_drawing *drawing, FILE *file)
{
    struct layout layout;

    if (!pmt_layout_make(&layout, drawing))
        return;
    for (size_t i = 0; i < drawing->figure->panel_count; i++) {
        fputs(i > 0 ? "\n\n" : "", file);
        pmt_figure_panel_data(&layout, i, file);
    }
    pmt_layout_release(&layout);
}

/* ---- tables ------------------------------------------------------------ */

/* Nothing in an escaped text is a tab or the end of a line. */
static void put_title(const char *text, const char *more, FILE *file)
{
    char *escaped = pmt_text_escaped(text ? text : "");

    fprintf(file, "\t%s%s", escaped, more);
    free(escaped);
}

static void put_cell(double value, FILE *file)
{
    if (isnan(value))
        putc('\t', file);
    else
        fprintf(file, "\t%.15g", value);
}

static void table_of_rows(const struct pmt_panel *panel, FILE *file)
{
    fputs("name", file);
    put_title(panel->label, "", file);
    putc('\n', file);
    for (size_t i = 0; i < panel->curve_count; i++) {
        char *name = pmt_text_escaped(panel->curves[i].name);

        fputs(name, file);
        free(name);
        put_cell(panel->curves[i].values[0], file);
        putc('\n', file);
    }
}

static void titles(const struct pmt_panel *panel, FILE *file)
{
    fputs(panel->is_time ? "from_ns\tto_ns" : "from\tto", file);
    for (size_t i = 0; i < panel->curve_count; i++) {
        const struct pmt_curve *curve = &panel->curves[i];

        put_title(curve->name, "", file);
        if (curve->low) {
            put_title(curve->name, " (low)", file);
            put_title(curve->name, " (high)", file);
        }
    }
    putc('\n', file);
}

static void table_of_columns(const struct pmt_panel *panel, FILE *file)
{
    titles(panel, file);
    for (size_t c = 0; c < panel->columns; c++) {
        if (!any_in(panel, c))
            continue;
        fprintf(file, "%.15g\t%.15g", pmt_panel_edge(panel, c),
                pmt_panel_edge(panel, c + 1));
        for (size_t i = 0; i < panel->curve_count; i++) {
            const struct pmt_curve *curve = &panel->curves[i];

            put_cell(curve->values[c], file);
            if (curve->low) {
                put_cell(curve->low[c], file);
                put_cell(curve->high[c], file);
            }
        }
        putc('\n', file);
    }
}

void pmt_figure_table(const struct pmt_plot_figure *figure, FILE *file)
{
    for (size_t i = 0; i < figure->panel_count; i++) {
        const struct pmt_panel *panel = &figure->panels[i];

        fputs(i > 0 ? "\n" : "", file);
        if (panel->type == PMT_PANEL_BARS)
            table_of_rows(panel, file);
        else
            table_of_columns(panel, file);
    }
}
