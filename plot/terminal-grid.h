/*
 * terminal-grid.h: a screen of cells that is drawn on and then printed as
 * lines: characters, dots of braille, colours of a terminal with 256.
 *
 * Places count from the top left, 0; what is outside is not drawn. Threads:
 * one at a time.
 */
#ifndef PMT_TERMINAL_GRID_H
#define PMT_TERMINAL_GRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PMT_GRID_OWN (-1)   /* the colour that the terminal has */
#define PMT_GRID_BOLD 0x400 /* added to a colour of text, or to 0x200 */
#define PMT_GRID_PALE 0x800
#define PMT_GRID_PLAIN 0x200 /* with the two above: the terminal's colour */

struct pmt_cell {
    char text[24];          /* one character with its marks; "": none */
    uint8_t dots;           /* of braille, drawn where there is no text */
    bool covered;           /* by a character two wide before it */
    int colour, ground;
};

struct pmt_grid {
    unsigned width, height;
    struct pmt_cell *cells; /* owned */
    bool ascii;             /* nothing but ASCII is drawn */
};

/* All blank. False: no memory. */
bool pmt_grid_init(struct pmt_grid *grid, unsigned width, unsigned height,
                   bool ascii);
void pmt_grid_release(struct pmt_grid *grid);

/* NULL: outside. */
struct pmt_cell *pmt_grid_at(const struct pmt_grid *grid, int x, int y);

/* One character, one column wide; of a grid of ASCII `plain`. */
void pmt_grid_put(struct pmt_grid *grid, int x, int y, const char *glyph,
                  char plain, int colour, int ground);

/* A text of a trace, raw bytes up to a NUL: escaped for eyes (cli/text.h),
 * shortened to `room` columns (none below 3). Returns the columns it took. */
unsigned pmt_grid_text(struct pmt_grid *grid, int x, int y, const char *text,
                       unsigned room, int colour);

/* A dot; each cell has 2 across and 4 down. */
void pmt_grid_dot(struct pmt_grid *grid, int x, int y, int colour);

/* Lines without blanks at their ends; `colours`: by ANSI escapes. */
void pmt_grid_print(const struct pmt_grid *grid, bool colours, FILE *file);

#endif
