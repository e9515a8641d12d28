/* figure-terminal-panel.c: the inside of a panel, in the cells of a
 * terminal. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "figure-style.h"
#include "figure-terminal.h"
#include "figure-text.h"

static const char *const rising[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
static const char *const growing[] = {"▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"};

void pmt_terminal_range(const struct pmt_panel *panel, double *from,
                        double *to)
{
    double most = pmt_panel_most(panel, from);

    *to = most > *from ? most : *from + 1;
}

/* The columns of a panel that cell or dot `at` of `count` stands for. */
static void columns_of(const struct pmt_panel *panel, int at, int count,
                       size_t *from, size_t *to)
{
    size_t n = panel->columns, cells = (size_t)count;

    *from = (size_t)at * n / cells;
    *to = ((size_t)at + 1) * n / cells;
    if (*to <= *from)
        *to = *from + 1;
}

/* ---- what is filled ---------------------------------------------------- */

/* Up to where a curve fills a column, in eighths of a cell. */
struct layer {
    long top;
    size_t curve;
};

static double height_at(const struct pmt_panel *panel, size_t column)
{
    double sum = 0, most = 0;

    for (size_t i = 0; i < panel->curve_count; i++) {
        double value = panel->curves[i].values[column];

        sum += isnan(value) ? 0 : value;
        most = fmax(most, value);
    }
    return panel->type == PMT_PANEL_STACKED ? sum : most;
}

/* Of the column that is highest in `from` to `to`: peaks never vanish. */
static size_t layers_of(const struct pmt_panel *panel, size_t from, size_t to,
                        double scale, struct layer *layers)
{
    bool stacked = panel->type == PMT_PANEL_STACKED;
    size_t best = from, count = 0;
    double sum = 0;

    for (size_t c = from; c < to; c++)
        if (height_at(panel, c) > height_at(panel, best))
            best = c;
    for (size_t i = 0; i < panel->curve_count && count < PMT_FIGURE_COLOURS + 1;
         i++) {
        double value = panel->curves[i].values[best];
        size_t at = count;

        if (isnan(value) || value <= 0)
            continue;
        sum = stacked ? sum + value : value;
        /* Bars stand before one another, the lowest in front. */
        while (at > 0 && !stacked && layers[at - 1].top >= lround(sum * scale))
            at--;
        memmove(&layers[at + 1], &layers[at], (count - at) * sizeof *layers);
        layers[at] = (struct layer){lround(sum * scale), i};
        count++;
    }
    if (count > 0 && layers[count - 1].top == 0) /* something is there */
        layers[count - 1].top = 1;
    return count;
}

/* What is seen at a height; NULL: nothing. */
static const struct layer *layer_at(const struct layer *layers, size_t count,
                                    long height)
{
    for (size_t i = 0; i < count; i++)
        if (layers[i].top > height)
            return &layers[i];
    return NULL;
}

static void fill_coloured(struct terminal *t, size_t panel, int x, int y,
                          const struct layer *layers, size_t count, long low)
{
    const struct layer *below = layer_at(layers, count, low), *above;
    int ground = PMT_GRID_OWN;
    long part;

    if (!below)
        return;
    part = below->top - low;
    if (part < 8) {
        above = layer_at(layers, count, below->top);
        if (above)
            ground = pmt_terminal_pen(t, panel, above->curve).colour;
    }
    pmt_grid_put(&t->grid, x, y, rising[part < 8 ? part - 1 : 7], '#',
                 pmt_terminal_pen(t, panel, below->curve).colour, ground);
}

/* Without colours a cell is of the curve in its middle, in its texture. */
static void fill_plain(struct terminal *t, size_t panel, int x, int y,
                       const struct layer *layers, size_t count, long low)
{
    const struct layer *middle = layer_at(layers, count, low + 3);
    struct terminal_pen pen;

    if (middle) {
        pen = pmt_terminal_pen(t, panel, middle->curve);
        pmt_grid_put(&t->grid, x, y, pen.fill, pen.plain, PMT_GRID_OWN,
                     PMT_GRID_OWN);
    } else if (layer_at(layers, count, low)) {
        pmt_grid_put(&t->grid, x, y, rising[layers[count - 1].top - low - 1],
                     '_', PMT_GRID_OWN, PMT_GRID_OWN);
    }
}

static void draw_filled(struct terminal *t, size_t index)
{
    const struct pmt_panel *panel = &t->figure->panels[index];
    const struct terminal_box *box = &t->boxes[index];
    struct layer layers[PMT_FIGURE_COLOURS + 2];
    double least, most, scale;

    pmt_terminal_range(panel, &least, &most);
    scale = box->height * 8 / most;
    for (int x = 0; x < box->width; x++) {
        size_t from, to, next, count;

        columns_of(panel, x, box->width, &from, &to);
        /* A gap between wide bars. */
        if (panel->type == PMT_PANEL_BINS && x + 1 < box->width &&
            (size_t)box->width >= 3 * panel->columns) {
            columns_of(panel, x + 1, box->width, &next, &to);
            to = from + 1;
            if (next != from)
                continue;
        }
        count = layers_of(panel, from, to, scale, layers);
        for (int y = 0; y < box->height; y++)
            (t->look->colours ? fill_coloured : fill_plain)(
                t, index, box->left + x, box->top + box->height - 1 - y,
                layers, count, 8L * y);
    }
}

/* ---- lines ------------------------------------------------------------- */

struct dots {
    double from, scale; /* of values */
    int left, top, width, height;
};

static struct dots dots_of(const struct terminal *t, size_t index)
{
    const struct terminal_box *box = &t->boxes[index];
    /* In ASCII a cell is one dot. */
    int across = t->look->ascii ? 1 : 2, down = t->look->ascii ? 1 : 4;
    struct dots d = {.left = box->left * across,
                     .top = box->top * down,
                     .width = box->width * across,
                     .height = box->height * down};
    double to;

    pmt_terminal_range(&t->figure->panels[index], &d.from, &to);
    d.scale = (d.height - 1) / (to - d.from);
    return d;
}

static int row_of(const struct dots *d, double value)
{
    return d->height - 1 - (int)lround((value - d->from) * d->scale);
}

static void put_dot(struct terminal *t, const struct dots *d, int x, int y,
                    const struct terminal_pen *pen, bool pale)
{
    struct pmt_cell *cell;

    if (!t->look->ascii) {
        pmt_grid_dot(&t->grid, d->left + x, d->top + y, pen->colour);
        return;
    }
    cell = pmt_grid_at(&t->grid, d->left + x, d->top + y);
    if (cell && (!pale || cell->text[0] == '\0'))
        pmt_grid_put(&t->grid, d->left + x, d->top + y, "", pale ? '.'
                     : pen->plain, pen->colour, PMT_GRID_OWN);
}

/* The most, least and last value of columns; NaN: none. */
static double sum_up(const struct pmt_curve *curve, size_t from, size_t to,
                     double *low, double *high)
{
    double most = NAN;

    *low = *high = NAN;
    for (size_t c = from; c < to; c++) {
        most = fmax(most, curve->values[c]); /* fmax passes over NaN */
        *low = fmin(*low, curve->low ? curve->low[c] : curve->values[c]);
        *high = fmax(*high, curve->high ? curve->high[c] : curve->values[c]);
    }
    return most;
}

/* Every other dot from the least to the most. */
static void draw_band(struct terminal *t, const struct dots *d,
                      const struct pmt_panel *panel,
                      const struct pmt_curve *curve,
                      const struct terminal_pen *pen)
{
    for (int x = 0; x < d->width; x++) {
        size_t from, to;
        double low, high;

        columns_of(panel, x, d->width, &from, &to);
        sum_up(curve, from, to, &low, &high);
        if (isnan(low) || isnan(high))
            continue;
        for (int y = row_of(d, high); y <= row_of(d, low); y++)
            if ((x + y) % 2 == 0 || y == row_of(d, high))
                put_dot(t, d, x, y, pen, true);
    }
}

static void draw_line(struct terminal *t, const struct dots *d,
                      const struct pmt_panel *panel,
                      const struct pmt_curve *curve,
                      const struct terminal_pen *pen)
{
    int before = -1;

    for (int x = 0; x < d->width; x++) {
        size_t from, to;
        double low, high, value;
        int y, step;

        columns_of(panel, x, d->width, &from, &to);
        value = sum_up(curve, from, to, &low, &high);
        if (isnan(value)) {
            before = -1;
            continue;
        }
        y = row_of(d, value);
        step = before < y ? 1 : -1;
        if (curve->dashed && x / 3 % 2) {
            before = y;
            continue;
        }
        if (before >= 0 && before != y)
            for (int at = before + step; at != y; at += step)
                put_dot(t, d, x, at, pen, false);
        put_dot(t, d, x, y, pen, false);
        before = y;
    }
}

/* Without colours the key of each line stands behind its end. */
static void put_key(struct terminal *t, size_t index, const struct dots *d,
                    const struct pmt_curve *curve,
                    const struct terminal_pen *pen)
{
    const struct pmt_panel *panel = &t->figure->panels[index];
    const struct terminal_box *box = &t->boxes[index];
    double last = NAN;
    char key[2] = {pen->plain, '\0'};
    int y;

    for (size_t c = panel->columns; isnan(last) && c-- > 0;)
        last = curve->values[c];
    if (isnan(last) || curve->unnamed)
        return;
    y = row_of(d, last) * box->height / d->height;
    /* Keys of lines that end together stand on one another. */
    for (int tries = 0; tries < box->height; tries++) {
        int at = box->top + (y + tries) % box->height;
        struct pmt_cell *cell =
            pmt_grid_at(&t->grid, box->left + box->width, at);

        if (cell && cell->text[0] != '\0')
            continue;
        pmt_grid_put(&t->grid, box->left + box->width, at, key, key[0],
                     PMT_GRID_OWN, PMT_GRID_OWN);
        return;
    }
}

static void draw_lines(struct terminal *t, size_t index)
{
    const struct pmt_panel *panel = &t->figure->panels[index];
    struct dots d = dots_of(t, index);

    for (size_t i = panel->curve_count; i-- > 0;) {
        struct terminal_pen pen = pmt_terminal_pen(t, index, i);

        if (panel->curves[i].low)
            draw_band(t, &d, panel, &panel->curves[i], &pen);
    }
    for (size_t i = panel->curve_count; i-- > 0;) {
        struct terminal_pen pen = pmt_terminal_pen(t, index, i);

        draw_line(t, &d, panel, &panel->curves[i], &pen);
    }
    for (size_t i = 0; i < panel->curve_count && !t->look->colours; i++) {
        struct terminal_pen pen = pmt_terminal_pen(t, index, i);

        put_key(t, index, &d, &panel->curves[i], &pen);
    }
}

/* ---- bars and strips --------------------------------------------------- */

static unsigned longest_note(const struct pmt_panel *panel)
{
    size_t most = 0;

    for (size_t i = 0; i < panel->curve_count; i++)
        if (panel->curves[i].note &&
            pmt_text_width(panel->curves[i].note) > most)
            most = pmt_text_width(panel->curves[i].note);
    return (unsigned)most;
}

/* From column `from` to `to`, in eighths, of a row; what is negative ends at
 * a whole cell. */
static void put_bar(struct terminal *t, int left, int y, double from,
                    double to, int colour)
{
    long begin = lround(from * 8), end = lround(to * 8);

    if (end <= begin)
        end = begin + 1;
    for (long at = begin / 8; at * 8 < end; at++) {
        long part = end - at * 8;

        pmt_grid_put(&t->grid, left + (int)at, y,
                     growing[part < 8 ? part - 1 : 7], '#', colour,
                     PMT_GRID_OWN);
    }
}

static void draw_bars(struct terminal *t, size_t index)
{
    const struct pmt_panel *panel = &t->figure->panels[index];
    const struct terminal_box *box = &t->boxes[index];
    unsigned note = longest_note(panel);
    double least, most, room, scale;

    pmt_terminal_range(panel, &least, &most);
    room = fmax(box->width * 0.4, box->width - (note ? note + 1.0 : 0));
    scale = room / (most - least);
    for (size_t i = 0; i < panel->curve_count; i++) {
        const struct pmt_curve *curve = &panel->curves[i];
        double value = curve->values[0];
        double from = (fmin(value, 0) - least) * scale;
        double to = (fmax(value, 0) - least) * scale;
        int y = box->top + (int)i;

        if (isnan(value))
            continue;
        put_bar(t, box->left, y, floor(from), value < 0 ? floor(to) : to,
                pmt_terminal_colour(t, curve->colour));
        if (curve->note)
            pmt_grid_text(&t->grid, box->left + (int)ceil(to) + 1, y,
                          curve->note,
                          (unsigned)fmax(3, box->width - ceil(to) - 1),
                          PMT_GRID_OWN);
    }
}

/* Darker for more, by logarithm, as in a picture. */
static void draw_strips(struct terminal *t, size_t index)
{
    static const char *const shades[] = {"·", "░", "▒", "▓", "█"};
    static const char plain[] = ".-+*#";
    static const int colours[] = {110, 110, 74, 67, 32};
    const struct pmt_panel *panel = &t->figure->panels[index];
    const struct terminal_box *box = &t->boxes[index];
    double most = pmt_panel_most(panel, NULL);

    for (size_t i = 0; i < panel->curve_count; i++)
        for (int x = 0; x < box->width; x++) {
            size_t from, to;
            double low, high, part;
            int shade;

            columns_of(panel, x, box->width, &from, &to);
            part = sum_up(&panel->curves[i], from, to, &low, &high) / most;
            if (!(part > 0))
                continue;
            part = 1 + log(part) / log(STYLE_HEAT_REACH);
            shade = part <= 0 ? 0 : part >= 1 ? 4 : (int)(part * 5);
            pmt_grid_put(&t->grid, box->left + x, box->top + (int)i,
                         shades[shade], plain[shade],
                         t->look->colours ? colours[shade] : PMT_GRID_OWN,
                         PMT_GRID_OWN);
        }
}

static void put_row_name(struct terminal *t, int y, const char *name,
                         unsigned room)
{
    char *shown = pmt_figure_short_paths(name, room);

    if (shown)
        pmt_grid_text(&t->grid, 0, y, shown, room, PMT_GRID_OWN);
    free(shown);
}

static void put_row_names(struct terminal *t, size_t index)
{
    const struct pmt_panel *panel = &t->figure->panels[index];
    const struct terminal_box *box = &t->boxes[index];
    unsigned room = box->left > 4 ? (unsigned)box->left - 2 : 3;

    for (size_t i = 0; i < panel->curve_count; i++)
        put_row_name(t, box->top + (int)i, panel->curves[i].name, room);
}

void pmt_terminal_panel(struct terminal *t, size_t index)
{
    switch (t->figure->panels[index].type) {
    case PMT_PANEL_STACKED:
    case PMT_PANEL_BINS:
        draw_filled(t, index);
        break;
    case PMT_PANEL_LINES:
        draw_lines(t, index);
        break;
    case PMT_PANEL_BARS:
        put_row_names(t, index);
        draw_bars(t, index);
        break;
    case PMT_PANEL_HEAT:
        put_row_names(t, index);
        draw_strips(t, index);
        break;
    }
}
