/*
 * picture.h: a figure drawn by gnuplot.
 *
 * Threads: the main thread only.
 */
#ifndef PMT_PICTURE_H
#define PMT_PICTURE_H

#include <stdio.h>

#include "figure-draw.h"

/* The script for gnuplot, with only those characters that can be drawn here
 * where the picture has no text of its own. PMT_EXIT_OK, or PMT_EXIT_TROUBLE
 * after saying why. */
int pmt_picture_script(const struct pmt_figure_drawing *drawing, FILE *out);

/* Runs gnuplot and copies the picture to `out`, once it is whole. The same. */
int pmt_picture_draw(const struct pmt_figure_drawing *drawing, FILE *out);

#endif
