/* figure-terminal-axis.c: axes and marks of a figure in a terminal. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/text.h"
#include "figure-style.h"
#include "figure-terminal.h"

#define PALE (PMT_GRID_PLAIN | PMT_GRID_PALE)
#define LABEL 32 /* bytes of a label of an axis */

static int looks(const struct terminal *t, int colour)
{
    return t->look->colours ? colour : PMT_GRID_OWN;
}

double pmt_terminal_step(double range, double tics)
{
    static const double steps[] = {0.5, 1, 2, 5, 10};
    double least = range / tics, power;
    size_t i = 1;

    if (!(least > 0) || isinf(least))
        return 1;
    power = pow(10, floor(log10(least)));
    while (i < 4 && steps[i] * power < least * (1 - 1e-9))
        i++;
    if (steps[i] * power > range) /* no tic but 0 says little */
        i--;
    return steps[i] * power;
}

/* ---- the y axis -------------------------------------------------------- */

/* How the tics stand: every `step`, in the unit that is shown. */
static double y_step(const struct pmt_panel *panel, int height,
                     double *divisor)
{
    double from, to;

    pmt_terminal_range(panel, &from, &to);
    *divisor = pmt_unit_scale(panel->y_unit, fmax(to, -from)).divisor;
    return pmt_terminal_step((to - from) / *divisor, fmax(1, height / 2.0));
}

/* The first multiple of a step from a place on. */
static double first_tic(double place, double step)
{
    return ceil(place / step - 1e-9) + 0.0; /* not "-0" */
}

unsigned pmt_terminal_y_room(const struct pmt_panel *panel, int height)
{
    double from, to, divisor, step = y_step(panel, height, &divisor);
    unsigned most = 0;
    char text[LABEL];

    pmt_terminal_range(panel, &from, &to);
    for (double at = first_tic(from / divisor, step); at * step <=
         to / divisor * (1 + 1e-9); at++) {
        int length = snprintf(text, sizeof text, "%.6g", at * step);

        most = length > 0 && (unsigned)length > most ? (unsigned)length : most;
    }
    return most;
}

/* The row, from the foot, in which what is so high ends: as figure-terminal-
 * panel.c draws it. */
static int row_of(const struct pmt_panel *panel,
                  const struct terminal_box *box, double part)
{
    int row = panel->type == PMT_PANEL_LINES
                  ? (int)lround(part * (box->height * 4 - 1)) / 4
                  : (int)ceil(part * box->height - 1e-9) - 1;

    return row < 0 ? 0 : row < box->height ? row : box->height - 1;
}

static void put_y_tics(struct terminal *t, size_t index)
{
    const struct pmt_panel *panel = &t->figure->panels[index];
    const struct terminal_box *box = &t->boxes[index];
    double from, to, divisor, step = y_step(panel, box->height, &divisor);
    bool low = false;
    char text[LABEL];

    pmt_terminal_range(panel, &from, &to);
    for (double at = first_tic(from / divisor, step); at * step <=
         to / divisor * (1 + 1e-9); at++) {
        double part = (at * step * divisor - from) / (to - from);
        int y = box->top + box->height - 1 - row_of(panel, box, part);
        int length = snprintf(text, sizeof text, "%.6g", at * step);

        /* The least one is on the line of the x axis. */
        if (part <= 1e-9) {
            y = box->top + box->height - (box->lined ? 0 : 1);
            low = box->lined;
        }
        pmt_grid_text(&t->grid, box->left - 1 - length, y, text, LABEL,
                      looks(t, PALE));
        pmt_grid_put(&t->grid, box->left - 1, y,
                     y == box->top + box->height ? "┼" : "┤", '+',
                     looks(t, PALE), PMT_GRID_OWN);
        /* Zero is a line where there is more below. */
        for (int x = 0; at == 0 && part > 1e-9 && x < box->width; x++) {
            struct pmt_cell *cell = pmt_grid_at(&t->grid, box->left + x, y);

            if (cell && cell->text[0] == '\0' && cell->dots == 0)
                pmt_grid_put(&t->grid, box->left + x, y, "─", '-',
                             looks(t, PALE), PMT_GRID_OWN);
        }
    }
    if (box->lined && !low)
        pmt_grid_put(&t->grid, box->left - 1, box->top + box->height, "└",
                     '+', looks(t, PALE), PMT_GRID_OWN);
}

/* ---- the x axis -------------------------------------------------------- */

int pmt_terminal_column(const struct terminal *t, size_t index, double x)
{
    const struct pmt_panel *panel = &t->figure->panels[index];
    double from = panel->is_time ? t->time_from : panel->x_from;
    double to = panel->is_time ? t->time_to : panel->x_to;
    double part = panel->x_log ? log(x / from) / log(to / from)
                               : (x - from) / (to - from);

    return (int)(part * t->boxes[index].width + 1e-6);
}

/* A tic and its label, where there is room behind the one before; `end` is
 * where that ends. */
static void put_x_tic(struct terminal *t, size_t index, double x,
                      const char *text, int *end)
{
    const struct terminal_box *box = &t->boxes[index];
    int at = pmt_terminal_column(t, index, x);
    int width = (int)pmt_text_width(text), y = box->top + box->height, left;

    if (at < 0 || at > box->width)
        return;
    at = at == box->width ? at - 1 : at;
    left = box->left + at - width / 2;
    if (left + width > (int)t->grid.width)
        left = (int)t->grid.width - width;
    left = left < 0 ? 0 : left;
    if (left <= *end)
        return;
    if (at > 0)
        pmt_grid_put(&t->grid, box->left + at, y, "┬", '+', looks(t, PALE),
                     PMT_GRID_OWN);
    pmt_grid_text(&t->grid, left, y + 1, text, width < 3 ? 3 : (unsigned)width,
                  looks(t, PALE));
    *end = left + width;
}

static void put_log_tics(struct terminal *t, size_t index)
{
    const struct pmt_panel *panel = &t->figure->panels[index];
    double base = panel->x_unit == PMT_UNIT_BYTES ? 4 : 10;
    double from = ceil(log(panel->x_from) / log(base) - 1e-9);
    double to = floor(log(panel->x_to) / log(base) + 1e-9);
    double step = fmax(1, ceil((to - from) * 11 / t->boxes[index].width));
    char text[PMT_UNIT_TEXT];
    int end = -1;

    for (double e = from; e <= to; e += step)
        put_x_tic(t, index, pow(base, e),
                  pmt_unit_text(text, panel->x_unit, pow(base, e)), &end);
}

/* The steps of a clock, in seconds. */
static double clock_step(double least)
{
    static const int steps[] = {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900,
                                1800, 3600, 7200, 10800, 21600, 43200};

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        if (steps[i] >= least)
            return steps[i];
    return ceil(least / 86400) * 86400;
}

static void put_clock_tics(struct terminal *t, size_t index)
{
    double origin = (double)t->figure->origin_real_ns;
    double span = (t->time_to - t->time_from) / 1e9;
    bool days = span > 86400;
    double step = clock_step(span * 13 / t->boxes[index].width);
    double at = ceil((origin + t->time_from) / 1e9 / step) * step;
    char text[LABEL], clock[LABEL / 2];
    int end = -1;

    for (; at * 1e9 <= origin + t->time_to; at += step) {
        time_t seconds = (time_t)at;
        struct tm parts;

        if (!gmtime_r(&seconds, &parts))
            return;
        strftime(clock, sizeof clock, days ? "%m-%d %H:%M" : "%H:%M:%S",
                 &parts);
        snprintf(text, sizeof text, "%s%s", clock, end < 0 ? " UTC" : "");
        put_x_tic(t, index, at * 1e9 - origin, text, &end);
    }
}

/* The unit stands behind the last number. */
static void put_even_tics(struct terminal *t, size_t index)
{
    const struct pmt_panel *panel = &t->figure->panels[index];
    double from = panel->is_time ? t->time_from : panel->x_from;
    double to = panel->is_time ? t->time_to : panel->x_to;
    struct pmt_scale scale = panel->is_time ? t->time
                                            : pmt_unit_scale(panel->x_unit,
                                                             to);
    double tics = fmax(1, floor(t->boxes[index].width / 9.0));
    double step = pmt_terminal_step((to - from) / scale.divisor, tics);
    double at = first_tic(from / scale.divisor, step);
    char text[LABEL];
    int end = -1;

    for (; at * step * scale.divisor <= to * (1 + 1e-9); at++) {
        bool last = (at + 1) * step * scale.divisor > to * (1 + 1e-9);

        snprintf(text, sizeof text, last && *scale.name ? "%.6g %s" : "%.6g",
                 at * step, scale.name);
        put_x_tic(t, index, at * step * scale.divisor, text, &end);
    }
}

void pmt_terminal_axes(struct terminal *t, size_t index)
{
    const struct pmt_panel *panel = &t->figure->panels[index];
    const struct terminal_box *box = &t->boxes[index];
    bool rows = panel->type == PMT_PANEL_BARS || panel->type == PMT_PANEL_HEAT;

    for (int y = 0; y < box->height; y++)
        pmt_grid_put(&t->grid, box->left - 1, box->top + y, "│", '|',
                     looks(t, PALE), PMT_GRID_OWN);
    for (int x = 0; box->lined && x < box->width; x++)
        pmt_grid_put(&t->grid, box->left + x, box->top + box->height, "─",
                     '-', looks(t, PALE), PMT_GRID_OWN);
    if (!rows)
        put_y_tics(t, index);
    else if (box->lined)
        pmt_grid_put(&t->grid, box->left - 1, box->top + box->height, "└",
                     '+', looks(t, PALE), PMT_GRID_OWN);
    if (!box->labelled)
        return;
    if (panel->x_log)
        put_log_tics(t, index);
    else if (panel->is_time && t->figure->wall)
        put_clock_tics(t, index);
    else
        put_even_tics(t, index);
}

/* ---- marks ------------------------------------------------------------- */

void pmt_terminal_marks(struct terminal *t, size_t index)
{
    const struct pmt_plot_figure *figure = t->figure;
    const struct terminal_box *box = &t->boxes[index];

    for (size_t i = 0; i < figure->mark_count; i++) {
        double ns = figure->marks[i].ns;
        int x = pmt_terminal_column(t, index, ns);

        if (ns < t->time_from || ns > t->time_to)
            continue;
        x = box->left + (x < box->width ? x : box->width - 1);
        for (int y = box->top; y < box->top + box->height; y++) {
            struct pmt_cell *cell = pmt_grid_at(&t->grid, x, y);

            if (cell && cell->dots == 0 && cell->text[0] == '\0')
                pmt_grid_put(&t->grid, x, y, "┊", ':', looks(t, PALE),
                             PMT_GRID_OWN);
        }
    }
}

static int by_time(const void *a, const void *b)
{
    const struct pmt_figure_mark *x = a, *y = b;

    return (x->ns > y->ns) - (x->ns < y->ns);
}

/* The first row with room for a label of `width` from *at on, which moves
 * left where the picture ends. */
static unsigned place(int *at, int width, int right, int *ends)
{
    unsigned row = 0;

    if (*at + width > right)
        *at = right - width;
    *at = *at < 0 ? 0 : *at;
    while (row < STYLE_MARK_ROWS && ends[row] > *at)
        row++;
    if (row < STYLE_MARK_ROWS)
        ends[row] = *at + width + 1;
    return row;
}

unsigned pmt_terminal_mark_labels(struct terminal *t, int left, int width,
                                  int top, bool draw)
{
    size_t count = t->figure->mark_count;
    struct pmt_figure_mark *marks = calloc(count + 1, sizeof *marks);
    double span = t->time_to - t->time_from;
    int ends[STYLE_MARK_ROWS] = {0};
    unsigned rows = 0;

    if (!marks || count == 0 || span <= 0) {
        free(marks);
        return 0;
    }
    memcpy(marks, t->figure->marks, count * sizeof *marks);
    qsort(marks, count, sizeof *marks, by_time);
    for (size_t i = 0; i < count; i++) {
        char *escaped = pmt_text_escaped(marks[i].text);
        char *label = pmt_text_shortened(escaped, STYLE_MARK_TEXT);
        int wide = (int)pmt_text_width(label);
        int at = left + (int)((marks[i].ns - t->time_from) / span * width);
        unsigned row = STYLE_MARK_ROWS;

        if (marks[i].ns >= t->time_from && marks[i].ns <= t->time_to)
            row = place(&at, wide, (int)t->look->columns, ends);
        if (row < STYLE_MARK_ROWS && draw)
            pmt_grid_text(&t->grid, at, top + (int)row, label,
                          wide < 3 ? 3 : (unsigned)wide, looks(t, PALE));
        if (row < STYLE_MARK_ROWS && row + 1 > rows)
            rows = row + 1;
        free(label);
        free(escaped);
    }
    free(marks);
    return rows;
}
