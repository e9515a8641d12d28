/*
 * calls.h: what functions, or lines, did by the records of kind call or line:
 * how often they were called or run, how long that took, and how the resident
 * set size grew meanwhile.
 *
 *     struct pmt_calls calls = {.kind = PMT_KIND_CALL, .by = PMT_BY_FUNCTION};
 *
 *     while (… pmt_trace_next …)
 *         pmt_calls_take(&calls, reader, &event, &err);
 *     pmt_calls_finish(&calls);
 *     … calls.rows[i] …
 *     pmt_calls_release(&calls);
 *
 * Of each thread the records tell which frames are on its stack (spec 7.3). The
 * time between two records of a thread, and what the resident set size of the
 * process grew by since the record before (of any thread), belong to the frame
 * that was innermost then: its `own`. `total` has what was called from there
 * too; of a recursion each stretch counts once. Before the first record of a
 * thread, and in frames that were entered before recording began, nothing is
 * known: that is in no row.
 *
 * Never prints. Memory grows with the tables, the rows and the depth of the
 * stacks. Threads: one at a time.
 */
#ifndef PMT_CALLS_H
#define PMT_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "group.h"
#include "id-map.h"
#include "intern.h"
#include "open.h"
#include "pmt/error.h"
#include "pmt/reader.h"
#include "top-pattern.h"

struct pmt_calls_row {
    uint64_t calls;      /* entries of the function, not resumptions */
    uint64_t resumes;    /* resume and throw */
    uint64_t exceptions; /* unwind, c_exception; of kind line `exception` */
    uint64_t lines;      /* of kind line: line */
    int64_t own_ns, total_ns;
    int64_t own_rss, total_rss; /* bytes */
};

struct pmt_calls {
    /* To be set on a zeroed one. */
    enum pmt_kind kind;          /* PMT_KIND_CALL or PMT_KIND_LINE */
    enum pmt_group_by by;        /* site, file, lineno, function, module,
                                    thread, process or stream */
    struct pmt_instant until;    /* later records are not taken */
    bool has_from;
    struct pmt_instant from;     /* earlier ones are not counted */
    struct pmt_patterns *patterns; /* borrowed; NULL: none. What is not wanted
                                    is in no row */

    /* To be read after finish. */
    struct pmt_calls_row *rows;  /* of Python: 2 * group of `grouping`; of C
                                    functions by FUNCTION: 2 * number of
                                    `names` + 1 */
    size_t row_count;            /* some have nothing: see pmt_calls_is_row */
    struct pmt_calls_row all;    /* total_*: not used */
    struct pmt_grouping grouping; /* names of groups; counts nothing */
    struct pmt_intern names;     /* of C functions: "module.name" */
    uint64_t records, c_calls;   /* in the span */
    uint64_t not_recorded;       /* events, as asked for (7.1 gap) */
    uint64_t span_ns, now_ns;    /* of the longest stream; the latest record */
    size_t streams;              /* that have such records */
    bool has_rss;                /* records have it */
    bool exits_unknown;          /* there were exits without an entry */

    /* Private. */
    struct calls_stream **stream; /* by pmt_stream_index */
    size_t stream_capacity, row_capacity;
};

/* Can rows be by that? */
bool pmt_calls_by(enum pmt_group_by by);

void pmt_calls_release(struct pmt_calls *calls);

/* What a reader may pass over for records of this kind: for its options. */
uint64_t pmt_calls_skip_kinds(enum pmt_kind kind);

/* Takes the event last read from `r`. PMT_OK or PMT_ERR_MEMORY. */
int pmt_calls_take(struct pmt_calls *calls, struct pmt_reader *r,
                   const struct pmt_event *event, struct pmt_error *err);

/* Behind the last event: frames that are still on a stack get their totals. */
void pmt_calls_finish(struct pmt_calls *calls);

/* Has the row anything? */
bool pmt_calls_is_row(const struct pmt_calls_row *row);

#endif
