/* figure-terminal.h: between figure-terminal*.c; nobody else's. */
#ifndef PMT_FIGURE_TERMINAL_H
#define PMT_FIGURE_TERMINAL_H

#include "figure-draw.h"
#include "terminal-grid.h"

/* Where a panel is drawn: cells from the top left. */
struct terminal_box {
    int left, top;      /* of the inside */
    int width, height;  /* of the inside: 1 or more */
    bool labelled;      /* it has the labels of the x axis under it */
    bool lined;         /* it has the line of the x axis */
};

struct terminal {
    const struct pmt_plot_figure *figure;
    const struct pmt_terminal_look *look;
    struct pmt_grid grid;
    struct pmt_scale time;        /* of the time axis */
    double time_from, time_to;    /* ns */
    struct terminal_box *boxes;   /* of each panel; owned */
    unsigned mark_rows, legend_columns, legend_rows;
    size_t legend_entries;
};

/* A curve as it is to be told from others. */
struct terminal_pen {
    int colour;          /* PMT_GRID_OWN without colours */
    char fill[4];        /* a full block or a texture, or the key */
    char plain;          /* the same in ASCII, and the key of a line */
};

/* ---- figure-terminal.c ---- */

/* Of curve `curve` of panel `panel`. */
struct terminal_pen pmt_terminal_pen(const struct terminal *t, size_t panel,
                                     size_t curve);
/* A colour of the figure, of those a terminal has. */
int pmt_terminal_colour(const struct terminal *t, int colour);

/* ---- figure-terminal-axis.c ---- */

/* 1, 2 or 5 times a power of ten: `tics` of them or fewer are in `range`. */
double pmt_terminal_step(double range, double tics);
/* The columns that the labels of the y axis take. */
unsigned pmt_terminal_y_room(const struct pmt_panel *panel, int height);
void pmt_terminal_axes(struct terminal *t, size_t panel);
/* The column inside the box of a place on the x axis. */
int pmt_terminal_column(const struct terminal *t, size_t panel, double x);
void pmt_terminal_marks(struct terminal *t, size_t panel);
/* Labels of marks above the first panel, from row `top`; with `t` not drawn
 * yet, `draw` false. Returns the rows they need. */
unsigned pmt_terminal_mark_labels(struct terminal *t, int left, int width,
                                  int top, bool draw);

/* ---- figure-terminal-panel.c ---- */

/* What the y axis goes from and to. */
void pmt_terminal_range(const struct pmt_panel *panel, double *from,
                        double *to);
void pmt_terminal_panel(struct terminal *t, size_t panel);

#endif
