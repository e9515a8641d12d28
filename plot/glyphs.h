/*
 * glyphs.h: which characters of a chart can be drawn here.
 *
 * For a character that no font has, gnuplot's pngcairo draws a box as large
 * as the picture (seen with gnuplot 5.4). Such characters are written as
 * \uNNNN. What fonts have is asked of fc-list, which comes with the library
 * that pngcairo draws text with.
 */
#ifndef PMT_PLOT_GLYPHS_H
#define PMT_PLOT_GLYPHS_H

#include <stddef.h>
#include <stdio.h>

/*
 * Copies a script for gnuplot, of `length` bytes of UTF-8 with a NUL behind
 * them, to `out`; in it characters beyond ASCII are in double quotes only.
 * Runs fc-list if there is anything rarer than Latin, Greek and Cyrillic;
 * without fc-list nothing rarer is drawn. Errors: those of `out`.
 */
void pmt_glyphs_write(const char *script, size_t length, FILE *out);

#endif
