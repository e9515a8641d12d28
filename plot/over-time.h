/*
 * over-time.h: the data of a chart over time, from one trace: what was live
 * (series.h), figures of the process (gauges.h) and of several (shares.h), on
 * one time axis. Two passes over the trace.
 *
 * Threads: the main thread only.
 */
#ifndef PMT_OVER_TIME_H
#define PMT_OVER_TIME_H

#include "gauges.h"
#include "kinds.h"
#include "series.h"
#include "shares.h"

struct pmt_over_time {
    /* To be set before: what is wanted besides what is live. */
    struct pmt_gauges gauges;   /* its `memory`, `gc`, `wants` */
    bool want_shares, want_live;

    /* To be read after. */
    struct pmt_series series;
    struct pmt_shares shares;
};

/* Fills the figure from it. NULL, or what there is none of ("alloc records"),
 * which is then said. */
typedef const char *pmt_over_time_fill(const struct pmt_over_time *o,
                                       const struct pmt_plot_request *request,
                                       struct pmt_plot_figure *figure);

/* Reads request->traces[0] twice, calls `fill` and releases `o`. PMT_EXIT_OK;
 * PMT_EXIT_NO: it is damaged and what is sound was taken, or there was none;
 * PMT_EXIT_TROUBLE. Of these it has said why. */
int pmt_over_time_draw(struct pmt_over_time *o,
                       const struct pmt_plot_request *request,
                       pmt_over_time_fill *fill,
                       struct pmt_plot_figure *figure);

/* A panel over the time axis of it. */
struct pmt_panel *pmt_over_time_panel(const struct pmt_over_time *o,
                                      struct pmt_plot_figure *figure,
                                      enum pmt_panel_type type,
                                      const char *label, enum pmt_unit unit);

/* "blocks" or "objects". */
const char *pmt_series_noun(const struct pmt_series *series);

/* Of a stack of shares, each value times `factor`: a curve for each slot. */
void pmt_over_time_stack(const struct pmt_over_time *o,
                         struct pmt_plot_figure *figure,
                         struct pmt_panel *panel,
                         const struct pmt_stack *stack, double factor);

/* A panel of processor time, where the trace has any: user and system of one
 * process, or of several each. */
void pmt_over_time_cpu(const struct pmt_over_time *o,
                       struct pmt_plot_figure *figure);

#endif
