/* growth-private.h: what growth.c and growth-rows.c share. */
#ifndef PMT_GROWTH_PRIVATE_H
#define PMT_GROWTH_PRIVATE_H

#include "growth.h"

/* Ages by powers of 2 of a tick. */
#define AGES 48

/* The level in a bin. Blocks are in units of 1 / PMT_WEIGHT_ONE. */
struct bin {
    uint64_t bytes_low, bytes_high, count_low;
};

/* The course of a group; bins up to `at` are in use. */
struct course {
    struct bin bins[PMT_GROWTH_BINS];
    unsigned shift;            /* log2 of the records in a bin */
    size_t at;
    uint32_t gone_by_age[AGES]; /* destroyed blocks */
    uint64_t born[PMT_GROWTH_BINS]; /* live at the moment, by birth */
    uint64_t alive_by_age[AGES];
};

/* A group in a stream. */
struct series {
    struct course *course;     /* NULL: it never was large */
    uint64_t bytes, weight;    /* live */
    uint64_t peak;
    uint64_t created, destroyed, resized; /* records */
    uint64_t last_freed;       /* tick + 1; 0: nothing was */
    uint64_t freed_before;     /* the same, as it was when the program last
                                  acquired a block */
    uint64_t imported;         /* live bytes at the moment */
    uint64_t vote;             /* of the stacks that made them, by bytes: what */
    uint32_t voted;            /* has more than half is the one that is left */
    uint32_t samples;          /* live */
    uint32_t group;
};

/* Full collections, in ticks; when there are too many every second goes. */
#define COLLECTIONS_MAX 4096

struct pmt_growth_stream {
    struct pmt_growth *growth;
    const struct pmt_stream *stream;
    size_t place;
    uint32_t tick_ns;
    struct pmt_id_map own;     /* stack of the own site * 2 + imported + 1 */
    struct pmt_id_map slots;   /* of a group in `series`, plus 1 */
    struct series *series;
    size_t count, capacity;
    unsigned shift;            /* log2 of the records in a bin */
    size_t at;                 /* bin now */
    uint64_t time[PMT_GROWTH_BINS]; /* tick of the last record in a bin */
    uint64_t steps;            /* of them none that an import made */
    uint64_t imported;         /* the others */
    bool cut;                  /* the program's end was taken back */
    uint64_t *collections;
    size_t collection_count;
};

/* growth.c: brings the course up to the bin that its stream is at, with a
 * level that has not changed since. */
void pmt_growth_roll(const struct pmt_growth_stream *s, struct series *series,
                     uint64_t bytes, uint64_t weight);

/* Where the block was made, as its group has it. */
struct pmt_block pmt_growth_owned(struct pmt_growth_stream *s,
                                  const struct pmt_block *block,
                                  bool *imported);

/* The series of a group, made when it is new; NULL: no memory. */
struct series *pmt_growth_series(struct pmt_growth_stream *s, uint32_t group);

/* log2 of an age in ticks. */
unsigned pmt_growth_age_class(uint64_t ticks);

#endif
