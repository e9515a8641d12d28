/*
 * figure.h: a chart as data: panels of curves, bars or cells, with marks,
 * title and notes. Each kind of chart fills one; gnuplot, a terminal and a
 * table are made of it.
 *
 * All names and texts are raw bytes of a trace up to a NUL, and hostile:
 * whoever draws them escapes them.
 *
 * Memory: columns * curves. Never prints. Threads: one at a time.
 */
#ifndef PMT_FIGURE_H
#define PMT_FIGURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What numbers are, and so how an axis reads. */
enum pmt_unit {
    PMT_UNIT_COUNT,
    PMT_UNIT_BYTES,
    PMT_UNIT_NS,
    PMT_UNIT_COUNT_RATE, /* per second */
    PMT_UNIT_BYTES_RATE, /* per second */
    PMT_UNIT_PERCENT     /* 0 to 100, or more: processors */
};

enum pmt_panel_type {
    PMT_PANEL_STACKED, /* filled, one curve on top of the other, the first at
                          the bottom */
    PMT_PANEL_LINES,   /* lines, with a band from low to high */
    PMT_PANEL_BINS,    /* a box for each column and curve, from 0: histograms */
    PMT_PANEL_BARS,    /* a horizontal bar for each curve: values[0], which
                          may be negative; the names are beside it */
    PMT_PANEL_HEAT     /* a strip for each curve: darker for more; the names
                          are beside it */
};

/* Colours are numbers of the palette; others of all others. */
#define PMT_FIGURE_COLOURS 17
#define PMT_FIGURE_GREY (-1)
#define PMT_FIGURE_RED (-2)   /* more, worse */
#define PMT_FIGURE_GREEN (-3) /* less, better */
#define PMT_FIGURE_DARK (-4)  /* a total */

struct pmt_curve {
    char *name;      /* owned */
    char *note;      /* owned, or NULL: a figure beside the name: "1.2 MiB" */
    int colour;
    bool dashed;
    bool unnamed;    /* not in the legend */
    /* By column, owned; NaN: there is none. low and high: NULL for both, or
     * the least and most in the column. */
    double *values, *low, *high;
};

struct pmt_panel {
    enum pmt_panel_type type;
    char *title;     /* owned, or NULL: above the panel */
    char *remark;    /* owned, or NULL: below the title: how to read it */
    char *label;     /* owned, or NULL: of the y axis, before its unit */
    enum pmt_unit y_unit, x_unit;
    bool is_time;    /* x is the time axis of the figure: x_from to x_to */
    bool x_log;      /* columns are even by logarithm; x_from > 0 */
    double x_from, x_to; /* in x_unit */
    char *x_label;   /* owned, or NULL; not of time */
    size_t columns;  /* 1 or more */
    double y_most;   /* top of the y axis at least; 0: by the values */
    double weight;   /* of its height; 0: 1 */
    struct pmt_curve *curves; /* owned */
    size_t curve_count;
};

struct pmt_figure_mark {
    double ns;       /* on the time axis */
    char *text;      /* owned */
};

struct pmt_plot_figure {
    char *title, *subtitle; /* owned, or NULL */
    char *subtitle_more;    /* owned, or NULL: a second line */
    char *note;      /* owned, or NULL: a line at the foot: what to know */
    struct pmt_panel *panels;
    size_t panel_count;
    size_t across;   /* panels side by side; 0: 1. Those are then small, each
                        with axes of its own */
    struct pmt_figure_mark *marks;
    size_t mark_count;
    uint64_t marks_dropped;
    int64_t origin_real_ns; /* wall clock at time 0; 0: not known */
    bool wall;       /* the time axis shows the wall clock (UTC) */
    bool failed;     /* memory ran out in some call below */
};

/* Zeroed is an empty one. */
void pmt_figure_release(struct pmt_plot_figure *figure);

/* Texts are copied; a format as in printf. On no memory `failed` is set. */
void pmt_figure_title(struct pmt_plot_figure *figure, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void pmt_figure_subtitle(struct pmt_plot_figure *figure, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Several are joined by "; ". */
void pmt_figure_note(struct pmt_plot_figure *figure, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void pmt_figure_mark(struct pmt_plot_figure *figure, double ns, const char *text);

/* A panel behind the others; NULL: no memory, `failed` is set. Borrowed until
 * the next panel is added. x_unit is NS and is_time set where `is_time`. */
struct pmt_panel *pmt_figure_panel(struct pmt_plot_figure *figure,
                                   enum pmt_panel_type type, const char *label,
                                   enum pmt_unit unit, size_t columns,
                                   double x_from, double x_to, bool is_time);

/* A curve behind the others of a panel, all values NaN; `bands`: with low and
 * high. NULL: no memory. Borrowed until the next curve is added. */
struct pmt_curve *pmt_panel_curve(struct pmt_plot_figure *figure,
                                  struct pmt_panel *panel, const char *name,
                                  int colour, bool bands);

/* Names can have NULs inside, and a text ends there: each of the first
 * `length` bytes of `buffer` that is one becomes "\x00", as far as `size` has
 * room, with a NUL behind. Returns `buffer`. */
char *pmt_figure_spell(char *buffer, size_t size, size_t length);
/* A copy of `length` bytes (NULL: "") so spelled; NULL: no memory. */
char *pmt_figure_copy(const char *bytes, size_t length);

/* A text of its own for a field above; NULL: no memory, `failed` is set. */
char *pmt_figure_text(struct pmt_plot_figure *figure, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The edge before column `column` (0 to columns) on the x axis. */
double pmt_panel_edge(const struct pmt_panel *panel, size_t column);
/* The column of a place on the x axis, the first or last for what is
 * outside. */
size_t pmt_panel_column(const struct pmt_panel *panel, double x);

/* The top of the y axis: the highest value, stacked where they are. 0: there
 * is none. `least` (may be NULL): the lowest, at most 0. */
double pmt_panel_most(const struct pmt_panel *panel, double *least);

/* Has it no value at all? */
bool pmt_figure_is_empty(const struct pmt_plot_figure *figure);

/* ---- units (figure-units.c) ---- */

/* How numbers up to `most` of a unit are shown: divided, and by which name. */
struct pmt_scale {
    double divisor;
    const char *name; /* "MiB", "s", "thousands", "" */
};
struct pmt_scale pmt_unit_scale(enum pmt_unit unit, double most);
/* That of the y axis of a panel, of bars their own. */
struct pmt_scale pmt_panel_scale(const struct pmt_panel *panel);

/* One number with its unit, for people: "1.2 MiB", "3.4 s", "12/s". Into 32
 * bytes; returns it. */
#define PMT_UNIT_TEXT 32
char *pmt_unit_text(char *buffer, enum pmt_unit unit, double value);

#endif
