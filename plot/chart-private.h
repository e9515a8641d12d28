/*
 * chart-private.h: between chart.c and chart-gauges.c; nobody else's.
 */
#ifndef PMT_CHART_PRIVATE_H
#define PMT_CHART_PRIVATE_H

#include "chart.h"

enum {
    LEFT = 76,          /* pixels beside and between the parts */
    RIGHT = 24,
    TITLE = 52,
    GAP = 26,
    AXIS = 48,          /* tics and title of the time axis */
    STRIP = 44,         /* the panel of pauses */
    LINE = 17,          /* of the legend */
    MARK_LINE = 15,
    MARK_LINES = 3,     /* rows of labels of marks */
    CHARACTER = 7,      /* a wide guess of a character's width */
    MARK_TEXT = 32      /* columns of a mark's label */
};

/* Gauges that have a curve. */
#define GAUGE_LINES 8u

/* What a panel's values are shown in. */
struct scale {
    double divisor;
    const char *unit; /* "" for none */
};

/* What chart_write works out once. */
struct layout {
    const struct pmt_chart *chart;
    size_t slots;          /* live curves drawn; the last may be all others */
    size_t gauges;         /* curves of gauges drawn */
    bool live_line;        /* what is live is one of the curves of gauges */
    size_t shares;         /* of the stacks of processes, or of CPU */
    bool rss_panel, cpu_panel, pauses;
    unsigned mark_rows, legend_rows, legend_columns;
    double panel_height;   /* pixels */
    struct scale time;
};

/* A panel. */
struct place {
    unsigned index;
    double top, height; /* pixels */
    bool last;          /* has the time axis */
};

/* ---- places, in parts of the picture ---- */

static inline double pmt_chart_screen_x(const struct layout *layout, double pixels)
{
    return pixels / layout->chart->width;
}

/* From the top. */
static inline double pmt_chart_screen_y(const struct layout *layout, double pixels)
{
    return 1.0 - pixels / layout->chart->height;
}

/* ---- chart-legend.c ---- */
const char *pmt_chart_noun(const struct pmt_series *series);
const char *pmt_chart_colour(const struct layout *layout, size_t slot);
/* Colours of a stack; that of all others is PMT_CHART_LINES. */
const char *pmt_chart_palette(size_t slot);
/* Panels of what is live. */
unsigned pmt_chart_live_panels(const struct layout *layout);
/* Title and legend. */
void pmt_chart_head(const struct layout *layout, FILE *file);

/* ---- chart.c ---- */
struct scale pmt_chart_bytes_scale(uint64_t most);
/* The time of the middle of a column, on the axis. */
double pmt_chart_column_time(const struct layout *layout, size_t column);
/* Margins, axes, marks and, of the first panel, title and legend. `high` is
 * the top of the axis in its units. */
void pmt_chart_open_panel(const struct layout *layout,
                          const struct place *place, const char *label,
                          double high, FILE *file);
void pmt_chart_close_panel(FILE *file);
/* Live bytes of column `column`, all groups. */
uint64_t pmt_chart_live_bytes(const struct pmt_series *series, size_t column);

/* ---- chart-gauges.c ---- */
void pmt_chart_memory_panel(const struct layout *layout,
                            const struct place *place, FILE *file);
void pmt_chart_pause_panel(const struct layout *layout,
                           const struct place *place, FILE *file);
/* Of curve `line` of the memory panel: its colour, most, and name. The name
 * is raw bytes; free() it; NULL: no memory. */
const char *pmt_chart_gauge_colour(size_t line);
uint64_t pmt_chart_gauge_most(const struct layout *layout, size_t line);
char *pmt_chart_gauge_name(const struct layout *layout, size_t line);

/* ---- chart-shares.c ---- */
void pmt_chart_shares_panel(const struct layout *layout,
                            const struct place *place, FILE *file);
void pmt_chart_cpu_panel(const struct layout *layout,
                         const struct place *place, FILE *file);
/* Of a process, a program or all others: its colour, and as gauges its name
 * and what it had most. */
const char *pmt_chart_share_colour(const struct layout *layout, size_t slot);
char *pmt_chart_share_name(const struct layout *layout, size_t slot);
char *pmt_chart_share_most(const struct layout *layout, size_t slot);
/* The most that all had together, in bytes. */
uint64_t pmt_chart_shares_peak(const struct layout *layout);

#endif
