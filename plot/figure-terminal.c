/*
 * figure-terminal.c: a figure as text: where its parts stand in the cells of
 * a terminal, and what is around the panels.
 *
 * With colours a curve is told by its colour. Without them what is filled has
 * textures, and lines end at the letter that the legend has.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "figure-style.h"
#include "figure-terminal.h"
#include "figure-text.h"

#define LEAST 4u          /* rows of a panel */
#define MOST_FILLS 4u
#define LINES 3           /* of a subtitle or note */

/* Of the 256: seen on black and on white, and told apart by the colour-blind
 * (after Okabe and Ito). */
static const int colours[PMT_FIGURE_COLOURS] = {
    32, 172, 36, 175, 179, 75, 166, 97, 107, 203, 30, 137, 141, 68, 209, 101,
    133};
static const char *const fills[MOST_FILLS] = {"█", "▒", "▓", "░"};
static const char keys[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

int pmt_terminal_colour(const struct terminal *t, int colour)
{
    if (!t->look->colours)
        return PMT_GRID_OWN;
    switch (colour) {
    case PMT_FIGURE_RED:
        return 167;
    case PMT_FIGURE_GREEN:
        return 36;
    case PMT_FIGURE_DARK:
        return PMT_GRID_OWN;
    default:
        return colour < 0 ? 245 : colours[colour % PMT_FIGURE_COLOURS];
    }
}

static bool has_rows(const struct pmt_panel *panel)
{
    return panel->type == PMT_PANEL_BARS || panel->type == PMT_PANEL_HEAT;
}

/* By its place in its panel: panels that show the same have the same. */
struct terminal_pen pmt_terminal_pen(const struct terminal *t, size_t index,
                                     size_t curve)
{
    const struct pmt_panel *panel = &t->figure->panels[index];
    size_t entry = curve;
    struct terminal_pen pen;

    /* Lines in several panels have different letters. */
    for (size_t p = 0; panel->type == PMT_PANEL_LINES && p < index; p++)
        if (t->figure->panels[p].type == PMT_PANEL_LINES)
            entry += t->figure->panels[p].curve_count;
    pen.colour = pmt_terminal_colour(t, panel->curves[curve].colour);
    pen.plain = entry < sizeof keys - 1 ? keys[entry] : '*';
    if (curve < MOST_FILLS)
        snprintf(pen.fill, sizeof pen.fill, "%s", fills[curve]);
    else
        snprintf(pen.fill, sizeof pen.fill, "%c", pen.plain);
    return pen;
}

/* ---- texts ------------------------------------------------------------- */

/* A text in lines, broken at "; "; returns how many. `y` < 0: only counted. */
static int put_lines(struct terminal *t, const char *text, int y, int colour)
{
    char *rest = pmt_text_escaped(text ? text : ""), *from = rest;
    int lines = 0;

    while (*from && lines < LINES) {
        char *end = from + strlen(from), *at = from, *cut = NULL, saved;

        while ((at = strstr(at, "; ")) != NULL) {
            at[1] = '\0';
            if (pmt_text_width(from) <= t->look->columns)
                cut = at + 1;
            at[1] = ' ';
            at++;
        }
        if (pmt_text_width(from) <= t->look->columns || lines == LINES - 1 ||
            !cut)
            cut = end;
        saved = *cut;
        *cut = '\0';
        if (y >= 0)
            pmt_grid_text(&t->grid, 0, y + lines, from, t->look->columns,
                          t->look->colours ? colour : PMT_GRID_OWN);
        lines++;
        *cut = saved;
        from = cut + (saved == ' ');
    }
    free(rest);
    return lines;
}

/* "live bytes, MiB", or its title and unit. */
static void put_header(struct terminal *t, size_t index)
{
    const struct pmt_panel *panel = &t->figure->panels[index];
    const struct terminal_box *box = &t->boxes[index];
    double from, most = pmt_panel_most(panel, &from);
    const char *unit = pmt_unit_scale(panel->y_unit, fmax(most, -from)).name;
    const char *label = panel->label && *panel->label ? panel->label : NULL;
    const char *name = panel->title ? panel->title : label;
    unsigned room = (unsigned)box->width + 2, used = 0;
    char text[PMT_UNIT_TEXT + 16] = "", number[PMT_UNIT_TEXT];
    char *shown = NULL;

    if (panel->type == PMT_PANEL_HEAT)
        snprintf(text, sizeof text, "  darkest: %s",
                 pmt_unit_text(number, panel->y_unit, most));
    else if (panel->type != PMT_PANEL_BARS)
        snprintf(text, sizeof text, "%s%s", name && *unit ? ", " : "", unit);
    if (has_rows(panel)) /* from the left end */
        room = t->look->columns;
    else if ((unsigned)box->left - 1 + room > t->look->columns)
        room = t->look->columns - (unsigned)box->left + 1;
    room -= (unsigned)pmt_text_width(text) < room
                ? (unsigned)pmt_text_width(text)
                : 0;
    if (panel->title)
        shown = pmt_figure_short_paths(name, room);
    if (name)
        used = pmt_grid_text(&t->grid, has_rows(panel) ? 0 : box->left - 1,
                             box->top - 1, shown ? shown : name, room,
                             !t->look->colours ? PMT_GRID_OWN
                             : panel->title ? PMT_GRID_PLAIN | PMT_GRID_BOLD
                                            : PMT_GRID_OWN);
    free(shown);
    if (*text)
        pmt_grid_text(&t->grid,
                      (has_rows(panel) ? 0 : box->left - 1) + (int)used,
                      box->top - 1, text, (unsigned)sizeof text,
                      t->look->colours ? PMT_GRID_PLAIN | PMT_GRID_PALE
                                       : PMT_GRID_OWN);
}

/* ---- legend ------------------------------------------------------------ */

struct entry {
    size_t panel, curve;
};

/* The entry of the legend, in their order. */
static bool find_entry(const struct terminal *t, size_t number,
                       struct entry *found)
{
    for (size_t p = 0; p < t->figure->panel_count; p++) {
        const struct pmt_panel *panel = &t->figure->panels[p];

        for (size_t i = 0; i < panel->curve_count; i++)
            if (!has_rows(panel) && !panel->curves[i].unnamed &&
                number-- == 0) {
                *found = (struct entry){p, i};
                return true;
            }
    }
    return false;
}

static const struct pmt_curve *curve_of(const struct terminal *t,
                                        struct entry entry)
{
    return &t->figure->panels[entry.panel].curves[entry.curve];
}

/* The widest note, and in *name the widest name. */
static unsigned widest(const struct terminal *t, unsigned *name)
{
    unsigned note = 0;
    struct entry entry;

    *name = 0;
    for (size_t i = 0; find_entry(t, i, &entry); i++) {
        const struct pmt_curve *curve = curve_of(t, entry);
        char *escaped = pmt_text_escaped(curve->name);
        unsigned width = (unsigned)pmt_text_width(escaped);

        *name = width > *name ? width : *name;
        free(escaped);
        width = curve->note ? (unsigned)pmt_text_width(curve->note) : 0;
        note = width > note ? width : note;
    }
    return note;
}

static void count_legend(struct terminal *t)
{
    unsigned name, note = widest(t, &name), least;
    struct entry entry;

    while (find_entry(t, t->legend_entries, &entry))
        t->legend_entries++;
    least = 2 + note + 1 + (name < 34 ? name : 34) + 2;
    t->legend_columns = t->look->columns / least;
    if (t->legend_columns < 1 || t->legend_entries <= 2)
        t->legend_columns = 1;
    if (t->legend_columns > 3)
        t->legend_columns = 3;
    t->legend_rows = (unsigned)((t->legend_entries + t->legend_columns - 1) /
                                t->legend_columns);
}

static void put_entry(struct terminal *t, size_t number, int top,
                      unsigned note)
{
    unsigned width = t->look->columns / t->legend_columns;
    int x = (int)(number / t->legend_rows * width);
    int y = top + (int)(number % t->legend_rows);
    struct entry entry;
    const struct pmt_curve *curve;
    struct terminal_pen pen;
    char key[2], *name;
    bool line;

    if (!find_entry(t, number, &entry))
        return;
    curve = curve_of(t, entry);
    pen = pmt_terminal_pen(t, entry.panel, entry.curve);
    line = t->figure->panels[entry.panel].type == PMT_PANEL_LINES;
    key[0] = pen.plain;
    key[1] = '\0';
    pmt_grid_put(&t->grid, x, y,
                 t->look->colours ? (line ? "━" : "█") : line ? key : pen.fill,
                 t->look->colours && !line ? '#' : pen.plain, pen.colour,
                 PMT_GRID_OWN);
    if (curve->note)
        pmt_grid_text(&t->grid,
                      x + 2 + (int)note - (int)pmt_text_width(curve->note), y,
                      curve->note, note < 3 ? 3 : note,
                      t->look->colours ? PMT_GRID_PLAIN | PMT_GRID_PALE
                                       : PMT_GRID_OWN);
    x += 2 + (int)note + (note > 0);
    width = width > note + 8 ? width - note - 4 : 4;
    name = pmt_figure_short_paths(curve->name, width);
    if (name)
        pmt_grid_text(&t->grid, x, y, name, width, PMT_GRID_OWN);
    free(name);
}

/* ---- where things stand ------------------------------------------------ */

static unsigned across(const struct terminal *t)
{
    return t->figure->across > 1 ? (unsigned)t->figure->across : 1;
}

static void find_time(struct terminal *t)
{
    const struct pmt_plot_figure *figure = t->figure;
    bool any = false;

    for (size_t i = 0; i < figure->panel_count; i++) {
        const struct pmt_panel *panel = &figure->panels[i];

        if (!panel->is_time)
            continue;
        if (!any || panel->x_from < t->time_from)
            t->time_from = panel->x_from;
        if (!any || panel->x_to > t->time_to)
            t->time_to = panel->x_to;
        any = true;
    }
    t->time = pmt_unit_scale(PMT_UNIT_NS, t->time_to);
}

/* Of panels over time, one above the other, the last one has labels. */
static void find_axes(struct terminal *t)
{
    const struct pmt_plot_figure *figure = t->figure;

    for (size_t i = 0; i < figure->panel_count; i++) {
        const struct pmt_panel *panel = &figure->panels[i], *next;
        bool last = i + across(t) >= figure->panel_count;

        next = last ? NULL : &figure->panels[i + across(t)];
        t->boxes[i].labelled =
            (panel->type != PMT_PANEL_BARS) &&
            (!next || !panel->is_time || !next->is_time ||
             has_rows(panel) != has_rows(next));
        t->boxes[i].lined = panel->type != PMT_PANEL_BARS;
    }
}

/* Rows of a panel but its inside: title, line and labels of its axis. */
static unsigned around(const struct terminal *t, size_t first)
{
    unsigned most = 0;

    for (size_t i = first;
         i < first + across(t) && i < t->figure->panel_count; i++) {
        unsigned rows = 1u + t->boxes[i].lined + t->boxes[i].labelled;

        most = rows > most ? rows : most;
    }
    return most;
}

static double weight_of(const struct pmt_panel *panel)
{
    return panel->weight > 0 ? panel->weight : 1;
}

/* Columns at the left of a panel's inside, its axis among them. */
static unsigned left_of(const struct terminal *t, size_t index,
                        unsigned height)
{
    const struct pmt_panel *panel = &t->figure->panels[index];
    size_t most = 0, room = (size_t)(t->look->columns * STYLE_NAMES);

    if (!has_rows(panel))
        return pmt_terminal_y_room(panel, (int)height) + 1;
    for (size_t i = 0; i < panel->curve_count; i++) {
        char *name = pmt_text_escaped(panel->curves[i].name);
        size_t width = pmt_text_width(name);

        most = width > most ? width : most;
        free(name);
    }
    most = most < 3 ? 3 : most > room ? room : most;
    return (unsigned)most + 2;
}

/* The heights of rows of panels: what is left goes by their weight. */
static void find_heights(struct terminal *t, unsigned rest)
{
    const struct pmt_plot_figure *figure = t->figure;
    double weights = 0, most = fmax(12, t->look->columns / 4.0);
    unsigned fixed = 0;

    for (size_t i = 0; i < figure->panel_count; i += across(t)) {
        fixed += around(t, i);
        if (has_rows(&figure->panels[i]))
            fixed += (unsigned)figure->panels[i].curve_count;
        else
            weights += weight_of(&figure->panels[i]);
    }
    for (size_t i = 0; i < figure->panel_count; i++) {
        const struct pmt_panel *panel =
            &figure->panels[i - i % across(t)];
        double part = rest > fixed
                          ? (rest - fixed) * weight_of(panel) / weights
                          : 0;

        t->boxes[i].height =
            has_rows(panel) ? (int)(panel->curve_count ? panel->curve_count : 1)
                            : (int)fmax(LEAST, fmin(floor(part), most));
    }
}

/* Places the panels from row `top`; returns the row behind them. */
static int place_panels(struct terminal *t, int top)
{
    const struct pmt_plot_figure *figure = t->figure;
    int width = (int)(t->look->columns / across(t));
    unsigned left = 0;

    for (size_t i = 0; i < figure->panel_count; i++) {
        unsigned own = left_of(t, i, (unsigned)t->boxes[i].height);

        if (!has_rows(&figure->panels[i]) && own > left)
            left = own;
    }
    for (size_t i = 0; i < figure->panel_count; i++) {
        struct terminal_box *box = &t->boxes[i];
        unsigned own = has_rows(&figure->panels[i])
                           ? left_of(t, i, (unsigned)box->height)
                           : left;
        /* The keys of lines stand behind the inside. */
        unsigned key = !t->look->colours &&
                       figure->panels[i].type == PMT_PANEL_LINES;

        box->left = (int)(i % across(t)) * width + (int)own;
        box->width = width - (int)own - (int)key - (across(t) > 1);
        box->width = box->width < 1 ? 1 : box->width;
        box->top = top + 1;
        if ((i + 1) % across(t) == 0 || i + 1 == figure->panel_count)
            top += box->height + (int)around(t, i - i % across(t));
    }
    return top;
}

/* ---- the figure -------------------------------------------------------- */

static void draw_panels(struct terminal *t)
{
    const struct pmt_plot_figure *figure = t->figure;

    for (size_t i = 0; i < figure->panel_count; i++) {
        put_header(t, i);
        if (figure->panels[i].curve_count == 0)
            continue;
        pmt_terminal_panel(t, i);
        pmt_terminal_axes(t, i);
        if (figure->panels[i].is_time)
            pmt_terminal_marks(t, i);
    }
}

static void draw(struct terminal *t, FILE *file)
{
    const struct pmt_plot_figure *figure = t->figure;
    int pale = PMT_GRID_PLAIN | PMT_GRID_PALE;
    int under = 1 + put_lines(t, figure->subtitle, -1, pale), end, first;
    int head = under + put_lines(t, figure->subtitle_more, -1, pale);
    int note = put_lines(t, figure->note, -1, pale);
    unsigned name, wide = widest(t, &name);

    first = figure->panel_count ? (int)left_of(t, 0, LEAST) : 0;
    if (t->time_to > t->time_from && across(t) == 1)
        t->mark_rows = pmt_terminal_mark_labels(
            t, first, (int)t->look->columns - first, 0, false);
    end = head + (int)t->mark_rows + note + (int)t->legend_rows;
    find_heights(t, t->look->rows > (unsigned)end
                        ? t->look->rows - (unsigned)end
                        : 0);
    end = place_panels(t, head + (int)t->mark_rows);
    if (!pmt_grid_init(&t->grid, t->look->columns,
                       (unsigned)(end + note) + t->legend_rows,
                       t->look->ascii))
        return;
    pmt_grid_text(&t->grid, 0, 0, figure->title ? figure->title : "",
                  t->look->columns,
                  t->look->colours ? PMT_GRID_PLAIN | PMT_GRID_BOLD
                                   : PMT_GRID_OWN);
    put_lines(t, figure->subtitle, 1, pale);
    put_lines(t, figure->subtitle_more, under, pale);
    if (t->mark_rows)
        pmt_terminal_mark_labels(t, t->boxes[0].left, t->boxes[0].width, head,
                                 true);
    draw_panels(t);
    for (size_t i = 0; i < t->legend_entries; i++)
        put_entry(t, i, end, wide);
    put_lines(t, figure->note, end + (int)t->legend_rows, pale);
    pmt_grid_print(&t->grid, t->look->colours, file);
    pmt_grid_release(&t->grid);
}

void pmt_figure_terminal(const struct pmt_plot_figure *figure,
                         const struct pmt_terminal_look *look, FILE *file)
{
    struct terminal t = {
        .figure = figure,
        .look = look,
        .boxes = calloc(figure->panel_count + 1, sizeof *t.boxes),
    };

    if (!t.boxes)
        return;
    find_time(&t);
    find_axes(&t);
    count_legend(&t);
    draw(&t, file);
    free(t.boxes);
}
