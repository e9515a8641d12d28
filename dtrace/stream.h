/*
 * stream.h - one process of a log becomes one stream of a trace.
 *
 * Events come as the log has them: in bursts, one for each processor, so not
 * in the order of their times. The last PENDING of them wait here and leave
 * in that order; events with equal times leave in the order of the log. In a
 * log without times nothing has to wait. Then it is told which blocks are
 * live, and what a free gives back.
 *
 * Threads: one at a time.
 */
#ifndef DTRACE_STREAM_H
#define DTRACE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "blocks.h"
#include "pmt/error.h"
#include "pmt/io.h"
#include "pmt/record.h"
#include "pmt/writer.h"
#include "sites.h"

enum dt_what {
    DT_ACQUIRE, /* op, domain, address, size */
    DT_RELEASE, /* op, domain, address */
    DT_CALL,    /* site: number of the class; size: rss or 0 */
    DT_GC       /* op 0 start, 1 done; size: generation or collected */
};

struct dt_event {
    uint64_t time;     /* ns of the log's clock, or number of the line */
    uint64_t address;
    uint64_t size;
    uint32_t site;     /* stack id; number of a class */
    uint32_t thread;
    uint8_t what;      /* enum dt_what */
    uint8_t op;
    uint8_t domain;
};

/* What came out, in the order of the times. */
struct dt_totals {
    uint64_t mallocs, frees;       /* blocks had, blocks given back */
    uint64_t bytes, bytes_freed;
    uint64_t reallocs;             /* calls; their blocks are counted above */
    uint64_t calls, gcs;
    uint64_t before;               /* given back, but made before the log */
    uint64_t unseen;               /* made where a block was live */
    uint64_t unseen_bytes;
    uint64_t late;                 /* out of order beyond what waits here */
    uint64_t bytes_max, blocks_max, size_max;
    uint64_t bytes_live, blocks_live;
};

struct dt_stream {
    uint64_t pid;
    struct pmt_writer *writer;     /* NULL: nothing is written */
    struct dt_sites sites;
    struct dt_blocks blocks;
    struct dt_totals totals;
    uint64_t start;                /* time of tick 0 */
    uint64_t last;                 /* time of the last event that left */
    /* the events that wait */
    struct dt_event *pending;
    size_t count, room;
    size_t newest;                 /* which one was added last */
    bool timed;                    /* by a clock, not by numbers of lines */
    bool unsorted;
    /* a gc that began: when, in which generation */
    uint64_t gc_start;
    uint8_t generation;
    bool in_gc;
};

#define DT_PENDING (1u << 17)
#define DT_PENDING_UNTIMED (1u << 10) /* then in the processor's caches */

/* Makes it ready: `sink` takes what is written; NULL: nothing is. PMT_OK, or
 * an error; then there is nothing to release. */
int dt_stream_init(struct dt_stream *s, const struct pmt_sink *sink,
                   const struct pmt_stream_info *info,
                   const struct pmt_writer_options *options, uint64_t start,
                   struct pmt_error *err);
void dt_stream_release(struct dt_stream *s);

/* All leave. */
int dt_stream_drain(struct dt_stream *s, struct pmt_error *err);

/* Some leave, or there is more room. */
int dt_stream_make_room(struct dt_stream *s, struct pmt_error *err);

/* Adds one that is earlier than the last, where there is room. */
void dt_stream_insert(struct dt_stream *s, const struct dt_event *event);

/* Takes an event; some of those that wait may leave. */
static inline int dt_stream_add(struct dt_stream *s,
                                const struct dt_event *event,
                                struct pmt_error *err)
{
    int rc;

    if (s->count == s->room) {
        rc = dt_stream_make_room(s, err);
        if (rc < 0)
            return rc;
    }
    if (s->count > 0 && event->time < s->pending[s->count - 1].time) {
        dt_stream_insert(s, event);
        return PMT_OK;
    }
    s->newest = s->count;
    s->pending[s->count++] = *event;
    return PMT_OK;
}

/* The one that was added last, if it still waits; else NULL. */
static inline struct dt_event *dt_stream_newest(struct dt_stream *s)
{
    return s->newest < s->count ? &s->pending[s->newest] : NULL;
}

#endif
