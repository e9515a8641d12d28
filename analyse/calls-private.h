/*
 * calls-private.h: what calls.c (streams, rows, records) and calls-threads.c
 * (stacks of threads) share; see calls.h.
 */
#ifndef PMT_CALLS_PRIVATE_H
#define PMT_CALLS_PRIVATE_H

#include "calls.h"

/* A class for which there is no row. */
#define CALLS_NO_ROW UINT32_MAX

struct calls_frame {
    uint32_t row;
    uint32_t code; /* C functions: their id, with the highest bit set */
};

/* What a thread is doing in a row. */
struct calls_running {
    uint32_t depth;       /* frames of the row on the stack */
    int64_t ns, rss;      /* the thread's clocks when the first came there */
};

struct calls_thread {
    struct calls_frame *frames;
    uint32_t depth, capacity, too_deep;
    struct calls_running *running; /* by row */
    size_t running_count;
    bool met;
    uint64_t time;
    int64_t ns, rss;      /* clocks: all that was attributed so far */
};

struct calls_stream {
    struct pmt_id_map rows;  /* by class: row + 2; 1: no row */
    struct calls_thread *threads;
    uint32_t thread_count;
    uint32_t tick_ns;
    uint64_t unit;           /* of rss, bytes */
    uint64_t rss;            /* of the last record that had it; 0: none */
    uint64_t from, until;    /* ticks: from < t <= until */
    uint64_t first, last;    /* ticks of records in the span */
    bool seen;
};

/* ---- calls-threads.c: false is no memory --------------------------------- */

/* There is `(*array)[wanted]`; what is new is zeroed. */
bool calls_grow(void **array, size_t *count, size_t wanted, size_t size);

/* What went by since the record before belongs to the innermost frame. */
void calls_attribute(struct pmt_calls *calls, struct calls_stream *s,
                     struct calls_thread *t, uint64_t time, uint64_t rss);

/* Enters, leaves, or goes to another line of the innermost frame. */
bool calls_move(struct pmt_calls *calls, struct calls_thread *t,
                uint32_t what, uint32_t row, uint32_t code);

/* At the end: what is still on the stack gets its totals. */
void calls_leave_all(struct pmt_calls *calls, struct calls_thread *t);

#endif
