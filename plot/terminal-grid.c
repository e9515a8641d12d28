/* terminal-grid.c: see terminal-grid.h. */
#include "terminal-grid.h"

#include <stdlib.h>
#include <string.h>

#include "cli/text.h"

bool pmt_grid_init(struct pmt_grid *grid, unsigned width, unsigned height,
                   bool ascii)
{
    size_t count = (size_t)width * height;

    *grid = (struct pmt_grid){
        .width = width,
        .height = height,
        .cells = calloc(count > 0 ? count : 1, sizeof *grid->cells),
        .ascii = ascii,
    };
    for (size_t i = 0; grid->cells && i < count; i++)
        grid->cells[i].colour = grid->cells[i].ground = PMT_GRID_OWN;
    return grid->cells != NULL;
}

void pmt_grid_release(struct pmt_grid *grid)
{
    free(grid->cells);
    grid->cells = NULL;
}

struct pmt_cell *pmt_grid_at(const struct pmt_grid *grid, int x, int y)
{
    if (x < 0 || y < 0 || (unsigned)x >= grid->width ||
        (unsigned)y >= grid->height)
        return NULL;
    return &grid->cells[(size_t)y * grid->width + (size_t)x];
}

void pmt_grid_put(struct pmt_grid *grid, int x, int y, const char *glyph,
                  char plain, int colour, int ground)
{
    struct pmt_cell *cell = pmt_grid_at(grid, x, y);

    if (!cell)
        return;
    if (grid->ascii)
        snprintf(cell->text, sizeof cell->text, "%c", plain);
    else
        snprintf(cell->text, sizeof cell->text, "%s", glyph);
    cell->colour = colour;
    cell->ground = ground;
}

/* ---- text -------------------------------------------------------------- */

/* The character of `length` bytes at the end of what the cell has. */
static void add_bytes(struct pmt_cell *cell, const char *bytes, size_t length)
{
    size_t used = strlen(cell->text);

    if (used + length < sizeof cell->text) {
        memcpy(cell->text + used, bytes, length);
        cell->text[used + length] = '\0';
    }
}

/* What ASCII has for a character. */
static const char *plain_of(uint32_t point)
{
    return point == 0x2026 ? "~" : "?";
}

unsigned pmt_grid_text(struct pmt_grid *grid, int x, int y, const char *text,
                       unsigned room, int colour)
{
    char *escaped = pmt_text_escaped(text);
    char *shown = pmt_text_shortened(escaped, room > 3 ? room : 3);
    int column = x;

    for (const char *at = shown; *at && room >= 3;) {
        uint32_t point = '?';
        size_t size = pmt_text_decode(at, strlen(at), &point);
        char one[8] = "";
        struct pmt_cell *cell;
        int wide;

        size = size ? size : 1;
        memcpy(one, at, size);
        wide = (int)pmt_text_width(one);
        /* A mark belongs to the character before. */
        cell = pmt_grid_at(grid, wide ? column : column - 1, y);
        if (cell && wide)
            cell->text[0] = '\0';
        if (cell && (point < 0x80 || !grid->ascii))
            add_bytes(cell, one, size);
        else if (cell && wide)
            add_bytes(cell, plain_of(point), 1);
        if (cell)
            cell->colour = colour;
        if (wide == 2 && grid->ascii)
            wide = 1;
        if (wide == 2 && (cell = pmt_grid_at(grid, column + 1, y)))
            cell->covered = true;
        column += wide;
        at += size;
    }
    free(shown);
    free(escaped);
    return (unsigned)(column - x);
}

/* ---- dots -------------------------------------------------------------- */

void pmt_grid_dot(struct pmt_grid *grid, int x, int y, int colour)
{
    static const uint8_t bits[4][2] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    struct pmt_cell *cell =
        x < 0 || y < 0 ? NULL : pmt_grid_at(grid, x / 2, y / 4);

    if (!cell)
        return;
    cell->dots |= bits[y % 4][x % 2];
    cell->colour = colour;
}

/* ---- printing ---------------------------------------------------------- */

static bool is_blank(const struct pmt_cell *cell)
{
    return !cell->covered && cell->dots == 0 &&
           cell->ground == PMT_GRID_OWN &&
           (cell->text[0] == '\0' || strcmp(cell->text, " ") == 0);
}

static void change(const struct pmt_cell *from, const struct pmt_cell *to,
                   FILE *file)
{
    int colour = is_blank(to) ? PMT_GRID_OWN : to->colour;

    if ((from ? from->colour : PMT_GRID_OWN) == colour &&
        (from ? from->ground : PMT_GRID_OWN) == to->ground)
        return;
    fputs("\x1b[0", file);
    if (colour != PMT_GRID_OWN && colour & PMT_GRID_BOLD)
        fputs(";1", file);
    if (colour != PMT_GRID_OWN && colour & PMT_GRID_PALE)
        fputs(";2", file);
    if (colour != PMT_GRID_OWN && !(colour & PMT_GRID_PLAIN))
        fprintf(file, ";38;5;%d", colour & 0xFF);
    if (to->ground != PMT_GRID_OWN)
        fprintf(file, ";48;5;%d", to->ground & 0xFF);
    putc('m', file);
}

static void print_cell(const struct pmt_cell *cell, FILE *file)
{
    unsigned point = 0x2800u + cell->dots;

    if (cell->text[0] != '\0')
        fputs(cell->text, file);
    else if (cell->dots != 0)
        fprintf(file, "%c%c%c", (char)(0xE0 | point >> 12),
                (char)(0x80 | (point >> 6 & 0x3F)),
                (char)(0x80 | (point & 0x3F)));
    else
        putc(' ', file);
}

static void print_row(const struct pmt_cell *row, unsigned width, bool colours,
                      FILE *file)
{
    struct pmt_cell now = {.colour = PMT_GRID_OWN, .ground = PMT_GRID_OWN};
    const struct pmt_cell own = now;
    unsigned end = width;

    while (end > 0 && is_blank(&row[end - 1]))
        end--;
    for (unsigned x = 0; x < end; x++) {
        if (row[x].covered)
            continue;
        if (colours) {
            change(&now, &row[x], file);
            now.colour = is_blank(&row[x]) ? PMT_GRID_OWN : row[x].colour;
            now.ground = row[x].ground;
        }
        print_cell(&row[x], file);
    }
    if (colours)
        change(&now, &own, file);
    putc('\n', file);
}

void pmt_grid_print(const struct pmt_grid *grid, bool colours, FILE *file)
{
    for (unsigned y = 0; y < grid->height; y++)
        print_row(grid->cells + (size_t)y * grid->width, grid->width, colours,
                  file);
}
