/* figure.c: see figure.h. */
#include "figure.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory ------------------------------------------------------------ */

static void release_curve(struct pmt_curve *curve)
{
    free(curve->name);
    free(curve->note);
    free(curve->values);
    free(curve->low);
    free(curve->high);
}

static void release_panel(struct pmt_panel *panel)
{
    for (size_t i = 0; i < panel->curve_count; i++)
        release_curve(&panel->curves[i]);
    free(panel->curves);
    free(panel->title);
    free(panel->remark);
    free(panel->label);
    free(panel->x_label);
}

void pmt_figure_release(struct pmt_plot_figure *figure)
{
    for (size_t i = 0; i < figure->panel_count; i++)
        release_panel(&figure->panels[i]);
    for (size_t i = 0; i < figure->mark_count; i++)
        free(figure->marks[i].text);
    free(figure->panels);
    free(figure->marks);
    free(figure->title);
    free(figure->subtitle);
    free(figure->subtitle_more);
    free(figure->note);
    memset(figure, 0, sizeof *figure);
}

/* ---- texts ------------------------------------------------------------- */

static char *made(struct pmt_plot_figure *figure, const char *format, va_list args)
{
    char *text;

    if (vasprintf(&text, format, args) < 0) {
        figure->failed = true;
        return NULL;
    }
    return text;
}

char *pmt_figure_text(struct pmt_plot_figure *figure, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = made(figure, format, args);
    va_end(args);
    return text;
}

char *pmt_figure_spell(char *buffer, size_t size, size_t length)
{
    static const char spelled[] = "\\x00";
    size_t more = sizeof spelled - 2; /* bytes that the text grows by */

    length = length < size ? length : size - 1;
    for (size_t i = 0; i < length; i++) {
        if (buffer[i] != '\0')
            continue;
        if (i + more + 1 >= size) {
            length = i;
            break;
        }
        if (length + more >= size)
            length = size - 1 - more;
        memmove(buffer + i + more, buffer + i, length - i);
        memcpy(buffer + i, spelled, more + 1);
        length += more;
    }
    buffer[length] = '\0';
    return buffer;
}

char *pmt_figure_copy(const char *bytes, size_t length)
{
    size_t size = 4 * length + 1; /* all of them NULs */
    char *copy = malloc(size), *shorter;

    if (copy == NULL)
        return NULL;
    if (length > 0 && bytes != NULL)
        memcpy(copy, bytes, length);
    pmt_figure_spell(copy, size, bytes != NULL ? length : 0);
    shorter = realloc(copy, strlen(copy) + 1);
    return shorter != NULL ? shorter : copy;
}

void pmt_figure_title(struct pmt_plot_figure *figure, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    free(figure->title);
    figure->title = made(figure, format, args);
    va_end(args);
}

void pmt_figure_subtitle(struct pmt_plot_figure *figure, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    free(figure->subtitle);
    figure->subtitle = made(figure, format, args);
    va_end(args);
}

void pmt_figure_note(struct pmt_plot_figure *figure, const char *format, ...)
{
    char *old = figure->note, *text;
    va_list args;

    va_start(args, format);
    text = made(figure, format, args);
    va_end(args);
    if (text != NULL && old != NULL) {
        figure->note = pmt_figure_text(figure, "%s; %s", old, text);
        free(text);
    } else if (text != NULL) {
        figure->note = text;
    }
    if (figure->note != old)
        free(old);
}

void pmt_figure_mark(struct pmt_plot_figure *figure, double ns, const char *text)
{
    struct pmt_figure_mark *marks =
        realloc(figure->marks, (figure->mark_count + 1) * sizeof *marks);

    if (marks == NULL) {
        figure->failed = true;
        return;
    }
    figure->marks = marks;
    marks[figure->mark_count].ns = ns;
    marks[figure->mark_count].text = pmt_figure_text(figure, "%s", text);
    figure->mark_count += marks[figure->mark_count].text != NULL;
}

/* ---- panels and curves ------------------------------------------------- */

struct pmt_panel *pmt_figure_panel(struct pmt_plot_figure *figure,
                                   enum pmt_panel_type type, const char *label,
                                   enum pmt_unit unit, size_t columns,
                                   double x_from, double x_to, bool is_time)
{
    struct pmt_panel *panels = realloc(
        figure->panels, (figure->panel_count + 1) * sizeof *panels);
    struct pmt_panel *panel;

    if (panels == NULL) {
        figure->failed = true;
        return NULL;
    }
    figure->panels = panels;
    panel = &panels[figure->panel_count++];
    *panel = (struct pmt_panel){
        .type = type,
        .y_unit = unit,
        .x_unit = is_time ? PMT_UNIT_NS : PMT_UNIT_COUNT,
        .is_time = is_time,
        .x_from = x_from,
        .x_to = x_to > x_from ? x_to : x_from + 1,
        .columns = columns > 0 ? columns : 1,
    };
    panel->label = label ? pmt_figure_text(figure, "%s", label) : NULL;
    return panel;
}

static double *no_values(struct pmt_plot_figure *figure, size_t count)
{
    double *values = calloc(count, sizeof *values);

    if (values == NULL)
        figure->failed = true;
    for (size_t i = 0; values != NULL && i < count; i++)
        values[i] = NAN;
    return values;
}

struct pmt_curve *pmt_panel_curve(struct pmt_plot_figure *figure,
                                  struct pmt_panel *panel, const char *name,
                                  int colour, bool bands)
{
    struct pmt_curve *curves =
        realloc(panel->curves, (panel->curve_count + 1) * sizeof *curves);
    struct pmt_curve *curve;

    if (curves == NULL) {
        figure->failed = true;
        return NULL;
    }
    panel->curves = curves;
    curve = &curves[panel->curve_count];
    *curve = (struct pmt_curve){
        .name = pmt_figure_text(figure, "%s", name),
        .colour = colour,
        .values = no_values(figure, panel->columns),
        .low = bands ? no_values(figure, panel->columns) : NULL,
        .high = bands ? no_values(figure, panel->columns) : NULL,
    };
    if (!curve->name || !curve->values ||
        (bands && (!curve->low || !curve->high))) {
        release_curve(curve);
        return NULL;
    }
    panel->curve_count++;
    return curve;
}

/* ---- places ------------------------------------------------------------ */

double pmt_panel_edge(const struct pmt_panel *panel, size_t column)
{
    double part = (double)column / (double)panel->columns;

    if (panel->x_log)
        return panel->x_from * pow(panel->x_to / panel->x_from, part);
    return panel->x_from + (panel->x_to - panel->x_from) * part;
}

size_t pmt_panel_column(const struct pmt_panel *panel, double x)
{
    double part = panel->x_log
                      ? log(x / panel->x_from) /
                            log(panel->x_to / panel->x_from)
                      : (x - panel->x_from) / (panel->x_to - panel->x_from);

    if (!(part > 0))
        return 0;
    return part >= 1 ? panel->columns - 1
                     : (size_t)(part * (double)panel->columns);
}

/* ---- what it holds ----------------------------------------------------- */

/* The highest and lowest of a column, in all curves. */
static void column_range(const struct pmt_panel *panel, size_t column,
                         double *most, double *least)
{
    double sum = 0;

    for (size_t i = 0; i < panel->curve_count; i++) {
        const struct pmt_curve *curve = &panel->curves[i];
        double high = curve->high ? curve->high[column]
                                  : curve->values[column];
        double low = curve->low ? curve->low[column] : curve->values[column];

        if (isnan(curve->values[column]))
            continue;
        sum += curve->values[column];
        *most = fmax(*most, panel->type == PMT_PANEL_STACKED ? sum : high);
        *least = fmin(*least, low);
    }
}

double pmt_panel_most(const struct pmt_panel *panel, double *least)
{
    double most = 0, lowest = 0;

    for (size_t c = 0; c < panel->columns; c++)
        column_range(panel, c, &most, &lowest);
    if (least != NULL)
        *least = lowest;
    return fmax(most, panel->y_most);
}

bool pmt_figure_is_empty(const struct pmt_plot_figure *figure)
{
    for (size_t p = 0; p < figure->panel_count; p++)
        for (size_t i = 0; i < figure->panels[p].curve_count; i++)
            for (size_t c = 0; c < figure->panels[p].columns; c++)
                if (!isnan(figure->panels[p].curves[i].values[c]))
                    return false;
    return true;
}
