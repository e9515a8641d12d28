/*
 * drain-private.h - the inside of a drain, for the files drain*.c only.
 */
#ifndef PMT_DRAIN_PRIVATE_H
#define PMT_DRAIN_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "journal-read.h"
#include "live-map.h"
#include "pmt/drain.h"
#include "ring.h"

struct pmt_drain_ring;

struct pmt_drain {
    struct pmt_journal *journal;
    struct pmt_writer *writer;
    struct pmt_journal_reader reader;
    struct pmt_ring_file file;
    struct pmt_buffer out;      /* frames that are not in the file yet */
    uint64_t file_end;          /* of the last whole batch */
    bool batch_pending;         /* `out` waits: a write failed */
    uint32_t tick_ns;
    uint64_t last_anchor_ns;
    int64_t wall_ns;            /* wall less monotonic time at that anchor */
    uint64_t now_ns, shift_ns;  /* pmt_drain_now() */
    uint64_t full_seen;
    uint64_t damaged_seen;
    uint64_t peak_bytes;
    struct pmt_drain_ring *ring; /* NULL: the stream is one file */
};

/* ---- drain.c ---- */

/* Puts `out` into the file; on failure it stays, and so do the segments. */
int pmt_drain_commit(struct pmt_drain *d, struct pmt_error *err);

/* Monotonic time, which is so even where something between the kernel and us
 * (libfaketime, for one) turns it back: it then goes on from where it was. */
uint64_t pmt_drain_now(struct pmt_drain *d);

/* A pair of clock values into the trace. */
void pmt_drain_anchor(struct pmt_drain *d);

/* ---- drain-ring.c: a drain that writes a ring ---- */

/* PMT_ERR_ARGUMENT, PMT_ERR_MEMORY. */
int pmt_drain_ring_new(struct pmt_drain *d,
                       const struct pmt_drain_target *target,
                       const struct pmt_stream_info *info,
                       struct pmt_error *err);
void pmt_drain_ring_free(struct pmt_drain *d);

/* Removes the oldest parts until `more` bytes fit, and those that are too
 * old. Without a ring nothing happens, as below. */
void pmt_drain_make_room(struct pmt_drain *d, uint64_t more);

/* Removes one part more; false: none is left. */
bool pmt_drain_remove_oldest(struct pmt_drain *d);

/* All that is staged is in the file: begins the next part when it is time.
 * Where that does not go, or has to wait, the drain stays in this one. */
void pmt_drain_turn(struct pmt_drain *d);

/* A part waits to begin: true when it is worth trying, before the next
 * record. */
bool pmt_drain_may_turn(struct pmt_drain *d);

/* The file passed what the ring may take, since no part could begin.
 * PMT_ERR_IO: that is still so. */
int pmt_drain_ring_limit(struct pmt_drain *d, struct pmt_error *err);

/* Opens all parts that are there, oldest first, as far as they are written:
 * *count of them. The caller closes each. PMT_ERR_IO: the newest can't be
 * read. */
#define PMT_DRAIN_PARTS_MAX 65
int pmt_drain_open_parts(const struct pmt_drain *d,
                         struct pmt_ring_from from[PMT_DRAIN_PARTS_MAX],
                         size_t *count, struct pmt_error *err);

uint64_t pmt_drain_ring_memory(const struct pmt_drain *d);

#endif
