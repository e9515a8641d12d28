/*
 * trace-maker.h: random valid traces, for tests of laws: what holds for all of
 * them. One seed makes one trace, the same everywhere.
 *
 * They have one to three streams of records of every kind, stacks, threads,
 * types (some of one name), labels, marks of few names, losses, blocks whose
 * release or whose making is missing, realloc that fails, several epochs,
 * small chunks; some are in parts, some have no end.
 *
 * `test-trace-maker SEED COUNT FOLDER` writes traces SEED, SEED + 1, ... to
 * FOLDER/SEED.pmt, for tests that are no C.
 */
#ifndef TRACE_MAKER_H
#define TRACE_MAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "pmt/error.h"
#include "pmt/io.h"

/* The zero value means random, or all, in every field. */
struct trace_plan {
    uint64_t seed;
    uint32_t streams;  /* 1 or more */
    uint32_t records;  /* of each stream, about */
    uint64_t kinds;    /* bit PMT_KIND_x: only these; 0: a random choice */
    bool exact;        /* nothing lost, all releases and makings there */
    bool one_part;
    bool whole;        /* every stream has its end */
    /* UUIDs are those of this seed; traces made of other seeds with it have
     * the same streams, with other records. 0: of `seed`. */
    uint64_t uuid_seed;
};

/* Appends the trace to `out`, which may be zeroed. PMT_OK or negative. */
int trace_make(struct pmt_buffer *out, const struct trace_plan *plan,
               struct pmt_error *err);

/* The next of a series of random numbers; below a limit of 1 or more. */
uint64_t trace_random(uint64_t *seed);
uint64_t trace_below(uint64_t *seed, uint64_t limit);

#endif
