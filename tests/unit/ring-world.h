/*
 * ring-world.h - what the tests of rings share: a made-up program that
 * allocates, creates objects and records both, which knows by itself what is
 * live; and what is live by a trace.
 *
 * Addresses are those of WORLD_SLOTS places of each kind, so that what is
 * live is a list by place, here and there.
 */
#ifndef PMT_RING_WORLD_H
#define PMT_RING_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pmt/drain.h"
#include "pmt/journal.h"
#include "pmt/reader.h"

#define WORLD_SLOTS 8192u
#define WORLD_THREADS 4u     /* numbers 1 to 3 are used */

/* A block or an object. */
struct world_block {
    bool live;
    uint64_t size;           /* 0 of an object */
    uint32_t stack, type, thread;
    uint8_t domain;
};

struct world_live {
    struct world_block blocks[WORLD_SLOTS];
    struct world_block objects[WORLD_SLOTS];
};

struct world_thread {
    struct pmt_segment *segment;
    bool open;               /* between the halves of a realloc, of */
    uint32_t slot;
    struct world_block half;
    uint32_t wait;           /* records until it goes on */
};

struct world {
    struct pmt_journal *journal;
    struct pmt_segment *definitions;
    struct world_thread threads[WORLD_THREADS];
    struct world_live live;
    uint64_t seed;
    uint64_t last_time;
    uint64_t made;           /* records */
    uint32_t stacks;         /* defined */
    uint32_t busy;           /* slots that are used: fewer, less is live */
    bool long_reallocs;      /* some last over 1000 records */
};

/* Records of the journal's program. */
void world_init(struct world *w, struct pmt_journal *journal, uint64_t seed);

/* Makes and commits about `n` records. Fails the test when the journal has no
 * room. */
void world_go(struct world *w, unsigned n);

/* Gives back the block in a place, live or not. */
void world_free(struct world *w, uint32_t slot);

/* No realloc is open after it. A ring waits for that, but not for ever. */
void world_settle(struct world *w);

/* The same, and gives up the segments. */
void world_stop(struct world *w);

/* ---- out of a trace -------------------------------------------------------- */

struct world_read {
    struct world_live live;
    struct world_thread threads[WORLD_THREADS]; /* open, slot and half */
    uint64_t damages;
    uint64_t sets;           /* chunks of live sets */
    uint64_t marks;
    uint64_t lost;
    uint64_t records;
    uint64_t first_ordinal;  /* of kind alloc */
    uint64_t missing;        /* chunks */
    bool ended;
};

/* Goes through `count` files, one after the other, as one trace. */
void world_read(struct world_read *r, const char *const *paths, size_t count);

/* Fails the test where they are not the same. */
void world_compare(const struct world_live *a, const struct world_live *b);

#endif
