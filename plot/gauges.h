/*
 * gauges.h: what the process held over time: RSS as records of call, line,
 * object and sample have it, figures of its allocators in bytes, and the
 * pauses of its collector. The other half of the data of a chart.
 *
 * The columns are those of series.h. A column has the highest, the least and
 * the last value of each gauge in it, or none where nothing was recorded.
 *
 * Filled in the second pass of a series. Memory: 25 bytes a column and gauge.
 * Never prints. Threads: one at a time.
 */
#ifndef PMT_GAUGES_H
#define PMT_GAUGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "live.h"
#include "pmt/reader.h"

struct pmt_series;

/* Figures that are kept; those behind are counted. */
#define PMT_GAUGES_MAX 200

struct pmt_gauge {
    char *name;        /* "RSS", "pymalloc.bytes.allocated_blocks"; raw bytes
                          of the trace, with a NUL behind */
    const struct pmt_stream *stream; /* borrowed from the reader */
    char *program;     /* "pid 1: a.py" of that stream; raw bytes */
    int64_t *values;   /* the highest, by column: bytes; of what else is
                          wanted in its own unit */
    int64_t *least, *ends; /* and the least and the last */
    bool *there;       /* by column: there is a value */
    int64_t most;      /* the highest of all, not under 0 */
    bool is_rss;
    bool bytes;        /* its unit */
    bool counter;      /* it only rises */
    bool twin;         /* has the very values of another, in all columns */

    /* Private. */
    uint64_t last_ns;  /* of the latest value */
    int64_t last;
};

/* Collections by column. */
struct pmt_pauses {
    uint64_t *longest_ns;  /* of those that ended in the column */
    uint64_t *collections; /* that ended in it */
    uint64_t count, total_ns, most_ns; /* of all */
};

struct pmt_gauges {
    /* To be set before: what is wanted. */
    bool memory, gc;
    /* Which figures of samples and of the heap; NULL: all bytes that come and
     * go. */
    bool (*wants)(const struct pmt_figure *figure);

    /* To be read after. */
    struct pmt_gauge *gauges; /* RSS first, then the largest first, then
                                 twins */
    size_t count;
    size_t distinct;          /* of them no twins */
    uint64_t dropped;
    size_t streams;           /* that have gauges */
    struct pmt_pauses pauses;
};

/* Kinds that have to do with it: for a reader's options. */
uint64_t pmt_gauges_kinds(const struct pmt_gauges *g);

/* Takes the event last read from `r`. PMT_OK or PMT_ERR_MEMORY. */
int pmt_gauges_take(struct pmt_gauges *g, const struct pmt_series *series,
                    struct pmt_reader *r, const struct pmt_event *event);

/* Behind the last event. */
void pmt_gauges_finish(struct pmt_gauges *g, const struct pmt_series *series,
                       const struct pmt_live_sets *live);

/* The values of a gauge in columns without one: it holds the last one to its
 * end. NaN before its first and behind its end. low and high may be NULL. */
void pmt_gauge_hold(const struct pmt_gauge *gauge, size_t columns,
                    double *values, double *low, double *high);

/* Gives back all memory; accepts a zeroed one. */
void pmt_gauges_release(struct pmt_gauges *g);

#endif
