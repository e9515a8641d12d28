/*
 * pass.h: one pass over a trace for a chart.
 *
 *     struct pmt_pass pass;
 *
 *     if (pmt_pass_open(&pass, request, 0, skip_kinds))
 *         return PMT_EXIT_TROUBLE;              // it has said why
 *     while (pmt_pass_next(&pass, &event))
 *         pass.code = …;
 *     return pmt_pass_end(&pass, there_are ? NULL : "calls", fill, context,
 *                         figure);              // closes
 *
 * Only open, end, failed and close print. Threads: the main thread only.
 */
#ifndef PMT_PASS_H
#define PMT_PASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bins.h"
#include "cli/errors.h"
#include "heading.h"
#include "kinds.h"
#include "live.h"
#include "open.h"

struct pmt_pass {
    const struct pmt_plot_request *request; /* borrowed */
    const struct pmt_heading *heading;      /* of the trace; borrowed */
    struct pmt_trace in;
    int code;                  /* of the last event; the caller may set an
                                  error, with err filled: it is then over */
    struct pmt_error err;
};

/* Trace number `number` of the request, without the chunks of skip_kinds.
 * PMT_EXIT_OK, or PMT_EXIT_TROUBLE after saying why, with nothing to close. */
int pmt_pass_open(struct pmt_pass *pass,
                  const struct pmt_plot_request *request, size_t number,
                  uint64_t skip_kinds);

/* The next event; false: pass->code says why. */
bool pmt_pass_next(struct pmt_pass *pass, struct pmt_event *event);

/* Sets pass->code, and returns it. */
int pmt_pass_no_memory(struct pmt_pass *pass);

/* Where a stream begins on the time axis, in ns. */
uint64_t pmt_pass_offset(const struct pmt_pass *pass,
                         const struct pmt_stream *stream);

/* A stream of the pass: the context that pmt_pass_live()'s `observe` has. */
struct pmt_pass_stream {
    void *context;             /* as given */
    uint64_t offset_ns;        /* where it begins on the time axis */
    uint32_t tick_ns;
};

/* Lets live sets, behind their init, stop at the trace's moment; without one
 * where its interpreter began to end, as `pmt live` does. */
void pmt_pass_until(const struct pmt_pass *pass, struct pmt_live_sets *live);

/* Reads all of the trace into the live set `which`, up to its moment, with
 * `observe` (NULL: none) called as in live-set.h: pass->code is PMT_END, or
 * why not. `live` is to be released in any case; what is to be taken may be
 * set after init, as by pmt_pass_until(). */
void pmt_pass_live(struct pmt_pass *pass, struct pmt_live_sets *live,
                   enum pmt_live_which which, pmt_live_observe *observe,
                   void *context);

/* A panel over the whole time of the trace, to be filled from such bins.
 * NULL: no memory. */
struct pmt_panel *pmt_pass_panel(const struct pmt_pass *pass,
                                 struct pmt_plot_figure *figure,
                                 const struct pmt_bins *bins,
                                 enum pmt_panel_type type, const char *label,
                                 enum pmt_unit unit);

/* The records that the chart is of: those asked for, those that have the key
 * asked for, or those that the trace has, blocks first. */
enum pmt_live_which pmt_pass_which(const struct pmt_plot_request *request,
                                   size_t number);

/* "alloc records", "object records". */
const char *pmt_pass_records(enum pmt_live_which which);

/* That, where a set has no records of this kind up to the moment; else
 * NULL. */
const char *pmt_pass_missing(const struct pmt_live_sets *live,
                             enum pmt_live_which which);

/*
 * The end of a pass, and what PMT_EXIT_ it comes to: if it failed it says why;
 * if something is `missing` (its name) it says that; else `fill` is called,
 * which makes the figure while names can still be looked up. Closes.
 */
int pmt_pass_end(struct pmt_pass *pass, const char *missing,
                 void (*fill)(void *context, struct pmt_plot_figure *figure),
                 void *context, struct pmt_plot_figure *figure);

int pmt_pass_failed(struct pmt_pass *pass);
/* As pmt_trace_close(). */
int pmt_pass_close(struct pmt_pass *pass, int status);

#endif
