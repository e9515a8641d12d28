/* figure-private.h: between figure-*.c, for drawing by gnuplot; nobody
 * else's. */
#ifndef PMT_FIGURE_PRIVATE_H
#define PMT_FIGURE_PRIVATE_H

#include "figure-draw.h"

/* A rectangle of the picture, in pixels from its top left. */
struct box {
    double left, top, width, height;
};

/* What is worked out once. */
struct layout {
    const struct pmt_figure_drawing *drawing;
    const struct pmt_plot_figure *figure;
    struct pmt_scale time;        /* of the time axis */
    double time_from, time_to;    /* ns; 0 and 0: no panel is over time */
    unsigned mark_rows;
    unsigned legend_rows, legend_columns;
    size_t legend_entries;
    double legend_note;           /* pixels of the figure beside a name */
    struct box *boxes;            /* of the panels, inside their axes; owned */
    bool *axis;                   /* a panel has an x axis; owned */
};

/* ---- figure-layout.c ---- */

/* False: no memory. Release by pmt_layout_release. */
bool pmt_layout_make(struct layout *layout,
                     const struct pmt_figure_drawing *drawing);
void pmt_layout_release(struct layout *layout);

/* Pixels as parts of the picture, for "screen" places. */
double pmt_layout_x(const struct layout *layout, double pixels);
double pmt_layout_y(const struct layout *layout, double pixels);

/* Pixels that the y axis of a panel takes at its left. */
double pmt_layout_left(const struct layout *layout,
                       const struct pmt_panel *panel);

/* Pixels of the title and its lines. */
double pmt_layout_head(const struct layout *layout);

/* Pixels of the title and remark above a panel. */
double pmt_layout_above(const struct pmt_panel *panel);

/* Columns of text that the name of a bar or strip has. */
size_t pmt_layout_name_room(const struct layout *layout);

/* A moment as it stands on the time axis. */
double pmt_layout_time(const struct layout *layout, double ns);

/* Does the panel name its curves beside them? */
static inline bool pmt_panel_has_rows(const struct pmt_panel *panel)
{
    return panel->type == PMT_PANEL_BARS || panel->type == PMT_PANEL_HEAT;
}

/* ---- figure-head.c: title, legend, note ---- */
const char *pmt_figure_colour(int colour);
void pmt_figure_head(const struct layout *layout, FILE *file);

/* ---- figure-marks.c ---- */

/* How many rows the labels of marks take in the picture. */
unsigned pmt_figure_mark_rows(const struct layout *layout);
/* The lines down a panel, and with `labels` their labels above it. */
void pmt_figure_marks(const struct layout *layout, const struct box *box,
                      bool labels, FILE *file);

/* ---- figure-data.c ---- */
void pmt_figure_panel_data(const struct layout *layout, size_t panel,
                           FILE *file);

/* ---- figure-panel.c ---- */
void pmt_figure_draw_panel(const struct layout *layout, size_t panel,
                           FILE *file);

#endif
