/*
 * series.h: what was live over time, by group: the data of a chart.
 *
 * The time of a trace is cut into columns. A column shows one moment of it:
 * the one at which most bytes (or blocks) were live, so the peak is in the
 * chart however short it was, and the groups of a column add up to a total
 * that was there. With several streams a column adds up each stream's own
 * moment.
 *
 * Two passes over the trace: the first finds the largest groups, by the most
 * that each ever had, the second fills the columns. Memory grows with the live
 * set, the tables and columns * groups, not with the trace. Never prints.
 *
 * Threads: one at a time.
 */
#ifndef PMT_SERIES_H
#define PMT_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gauges.h"
#include "group.h"
#include "live.h"
#include "open.h"
#include "shares.h"

enum pmt_series_what { PMT_SERIES_BYTES, PMT_SERIES_COUNT, PMT_SERIES_WHATS };

/* One curve. */
struct pmt_series_line {
    char *name;     /* raw bytes of the trace, with a NUL behind */
    uint64_t most[PMT_SERIES_WHATS]; /* the most it ever had */
};

struct pmt_series {
    /* To be set before the first pass. */
    enum pmt_live_which which;
    enum pmt_group_by by;
    enum pmt_series_what rank;  /* the largest groups by this */
    size_t lines_max;           /* groups with a curve of their own */
    size_t columns;             /* at least 1 */
    struct pmt_instant until;   /* the chart ends here */
    int64_t origin_real_ns;     /* wall clock at time 0: when the first stream
                                   began */
    struct pmt_gauges *gauges;  /* to be filled too, borrowed; NULL: none */
    struct pmt_shares *shares;  /* the same */

    /* To be read after the first pass. */
    struct pmt_series_line *lines; /* the largest first */
    size_t line_count;
    size_t others;              /* groups in the curve of all others */
    /* The time axis counts from the first stream's begin, and ends with the
     * last record. It begins later where all earlier records were let go. */
    uint64_t begin_ns;
    uint64_t span_ns;           /* its end */
    struct pmt_live_level peak; /* of the streams' own, added up */
    uint64_t peak_ns;           /* with one stream: since it began */
    size_t streams;             /* that have such records */
    uint64_t kinds;             /* bits of the kinds there are records of */
    uint64_t sample_bytes;      /* the largest N of sampled streams; 0: none.
                                   All numbers are estimates then */
    bool approximate, inferred; /* some set is, as in live.h */
    bool basic;                 /* bytes are basic sizes of types */

    /* To be read after the second: columns of line_count + 1 values, the
     * last one being all others. */
    uint64_t *values[PMT_SERIES_WHATS];
    uint64_t column_ns;         /* width of a column */

    /* Private: the curve of each group of the first pass. */
    uint32_t *line_of;
    size_t group_count;
    uint64_t let_go_ns;         /* of all streams: what is not there any more */
};

/* What a reader may pass over in either pass. */
uint64_t pmt_series_skip_kinds(const struct pmt_series *series);

/* The first and the second pass, over the same trace opened twice. Return what
 * pmt_live_sets_read does. */
int pmt_series_rank(struct pmt_series *series, struct pmt_trace *in,
                    struct pmt_error *err);
int pmt_series_fill(struct pmt_series *series, struct pmt_trace *in,
                    struct pmt_error *err);

/* Where a stream begins on the time axis, in ns; known after the first pass. */
uint64_t pmt_series_offset(const struct pmt_series *series,
                           const struct pmt_stream *stream);

/* Has a recorder let go of more between the two passes? What was found in the
 * first is then not what the second goes through. */
bool pmt_series_changed(const struct pmt_series *series,
                        const struct pmt_live_sets *live);

/* The column that holds a moment of the axis, the first or last one for what
 * lies outside; known after column_ns is. */
size_t pmt_series_column(const struct pmt_series *series, uint64_t axis_ns);

/* Gives back all memory; accepts a zeroed one. */
void pmt_series_release(struct pmt_series *series);

#endif
