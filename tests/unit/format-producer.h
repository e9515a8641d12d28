/*
 * format-producer.h - records into a journal as the recorder puts them there,
 * and what came of them out of a trace. Record `i` of thread t is a malloc of
 * i + 1 bytes at an address that tells both, so that each can be known again.
 */
#ifndef PMT_FORMAT_PRODUCER_H
#define PMT_FORMAT_PRODUCER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pmt/drain.h"
#include "pmt/journal.h"
#include "pmt/reader.h"

struct producer {
    struct pmt_journal *journal;
    struct pmt_segment *segment; /* NULL: none is held */
    uint32_t thread;
    uint64_t made;               /* records, those lost too */
    uint64_t lost;
};

/* Commits one record, or counts it as lost and returns false. `op` is a PMT_
 * ALLOC_ value. */
bool producer_put(struct producer *p, unsigned op, uint64_t address,
                  uint32_t size, uint32_t stack);

/* The next record of the thread's own. */
bool producer_next(struct producer *p);

/* Gives up the segment. */
void producer_stop(struct producer *p);

static inline uint64_t producer_address(uint32_t thread, uint64_t i)
{
    return (uint64_t)thread << 40 | i << 4;
}

/* What a trace holds of the producers' own records. */
struct produced {
    uint64_t records;        /* alloc records in all */
    uint64_t next[8];        /* by thread: how many came, in order from 0 */
    uint64_t lost;           /* events of loss records */
    uint64_t lost_by[8];     /* the same by cause */
    uint64_t end_lost;       /* of the end chunk */
    uint64_t damages;
    bool ended;              /* an end chunk came */
    int rc;                  /* of opening, or of the last read */
};

/* Goes through a trace; fails the test when a record of a thread is missing
 * before another of it, doubled, or not what was put in. `path` is a file
 * with its journal beside it, unless `source` is not NULL. */
void produced_read(struct produced *p, const char *path,
                   struct pmt_source *source);

/* A new name in the folder for temporary files; borrowed until the next. */
const char *temporary_path(const char *name);

#endif
