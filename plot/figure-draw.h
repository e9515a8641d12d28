/*
 * figure-draw.h: a figure as a script for gnuplot, and as a table.
 *
 * Names and messages out of a trace are hostile: they reach gnuplot escaped
 * for eyes (cli/text.h) and then for gnuplot (figure-text.h), and with its
 * markup of text switched off.
 *
 * Threads: one at a time.
 */
#ifndef PMT_FIGURE_DRAW_H
#define PMT_FIGURE_DRAW_H

#include <stdbool.h>
#include <stdio.h>

#include "figure.h"

enum pmt_picture {
    PMT_PICTURE_PNG,
    PMT_PICTURE_SVG,
    PMT_PICTURE_SVG_INTERACTIVE, /* gnuplot's mouse-enabled SVG, one file */
    PMT_PICTURE_PDF
};

struct pmt_figure_drawing {
    const struct pmt_plot_figure *figure; /* with at least one panel */
    enum pmt_picture picture;
    unsigned width, height;          /* pixels */
    /* The name by which the script finds its data (plain letters, digits and
     * dots), written by pmt_figure_data(); NULL: the script holds it. */
    const char *data_name;
    /* The file that the script writes, a name as above; NULL: standard
     * output. */
    const char *picture_name;
};

/* The script, which writes the picture. */
void pmt_figure_script(const struct pmt_figure_drawing *drawing, FILE *file);

/* The data of all panels as the script reads it. */
void pmt_figure_data(const struct pmt_figure_drawing *drawing, FILE *file);

/* The data as tables of tab-separated values, one for each panel, with a
 * line of titles before and an empty line between: x, then of each curve its
 * value and, where it has them, low and high. Numbers in ns, bytes, counts.
 * Of bars and strips: a row for each. */
void pmt_figure_table(const struct pmt_plot_figure *figure, FILE *file);

/* Rows "mark", "panel" and "curve" as JSON, one object a line; `json` is past
 * its first line or not. Values that are not there are null. */
struct pmt_json;
void pmt_figure_json(const struct pmt_plot_figure *figure,
                     struct pmt_json *json);

/* How a terminal shows it. */
struct pmt_terminal_look {
    unsigned columns;  /* 20 or more */
    unsigned rows;     /* about; panels have a least height */
    bool colours;      /* 256 of them, by ANSI escapes */
    bool ascii;        /* nothing else: its locale is not UTF-8 */
};

/* The figure as text (figure-terminal.c). */
void pmt_figure_terminal(const struct pmt_plot_figure *figure,
                         const struct pmt_terminal_look *look, FILE *file);

#endif
