/*
 * resume.h - where a stream stands: what a writer that goes on with it must
 * know. Kept by the reader, used by the journal's tail.
 */
#ifndef PMT_RESUME_H
#define PMT_RESUME_H

#include <stdbool.h>
#include <stdint.h>

#include "pmt/record.h"

struct pmt_resume_point {
    bool has_seq;
    uint64_t seq;       /* next */
    uint32_t epoch;     /* greatest */
    uint64_t lost_by[8]; /* of loss records, by cause */
    uint64_t ordinal[PMT_KIND_KNOWN]; /* next, by kind */
    uint64_t records;   /* met, and those let go before the first (5.3) */
    bool begun_late;    /* the first header was that of a later part, */
    bool before_known;  /* which says how many records were before it */
    uint32_t met;       /* bits of the kinds of records met */
    uint64_t lost;      /* greatest seen in an envelope */
    uint64_t last_time; /* greatest t1 */
    uint64_t rss;       /* of the last record that has it; 0: none has */
    uint64_t rss_time;  /* t1 of its chunk */
    bool ended;
};

#endif
