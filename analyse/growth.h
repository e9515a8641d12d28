/*
 * growth.h: how the live bytes and blocks of each type, site, ... went, from
 * the beginning of a stream to a moment, and what that looks like: a leak, a
 * cache that fills, a plateau, ...
 *
 *     struct pmt_growth growth;
 *
 *     pmt_growth_init(&growth, PMT_LIVE_BLOCKS, PMT_BY_OWN);
 *     pmt_growth_attach(&growth, 1, &live);       // before the first event
 *     … pmt_live_sets_take(&live, …); pmt_growth_take(&growth, …);
 *     code = pmt_growth_finish(&growth, &live);   // verdicts: growth.rows
 *
 * One pass. Of each group in each stream the course of its level is kept in
 * PMT_GROWTH_BINS bins at most: stretches of equally many records of the
 * stream, which double when it gets longer. Groups that never were large keep
 * no course; when there are too many, what counts as large doubles. So
 * memory depends on neither the length of the trace nor the number of groups,
 * but for some 100 bytes of each.
 *
 * Never prints. Threads: one at a time.
 */
#ifndef PMT_GROWTH_H
#define PMT_GROWTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "group.h"
#include "growth-verdict.h"
#include "live-match.h"
#include "live.h"

/* Groups with a course, over all streams, at most; 2.8 KB each. */
#define PMT_GROWTH_COURSES 8192

/* What is said of a group. Figures are sums over the streams; what can't be
 * added up is of the stream that says most. */
struct pmt_growth_row {
    uint32_t group;             /* of `grouping` */
    struct pmt_growth_verdict verdict;
    double score;               /* leaked bytes a second by confidence */
    uint64_t count, bytes;      /* live at the moment; estimates when sampled */
    uint64_t peak_bytes;
    uint64_t created, destroyed, resized; /* records of the trace */
    uint64_t from_ns, to_ns;    /* what the verdict looked at */
    uint64_t last_freed_ns;     /* 0: nothing was */
    uint64_t half_life_ns;      /* at this age half of them were gone; 0: more
                                   than half of them live on */
    uint32_t through;           /* a stack of `through_stream` of the inner
                                   site of most of the bytes that live; 0: it
                                   is the site itself */
    const struct pmt_stream *through_stream; /* also of the figures above */
    double imported;            /* share of live bytes that imports made */
    size_t streams, leaking;    /* in which it is; is a leak */
    bool estimated;
};

/* Zeroed but by init: empty. */
struct pmt_growth {
    /* To be set after init. */
    struct pmt_match *match; /* NULL: all blocks; borrowed */

    /* To be read after finish. */
    struct pmt_grouping grouping;
    struct pmt_growth_row *rows;   /* leaks first, by score; then by what may
                                      be one, and by bytes */
    size_t row_count;
    uint64_t small;        /* groups that never had a course but live blocks, */
    uint64_t small_bytes;  /* of which no one ever had more than this, */
    uint64_t small_live;   /* and which have this together */
    uint64_t full_collections; /* by gc records up to the moment */

    /* Private. */
    enum pmt_live_which which;
    struct pmt_live_sets *live;
    struct pmt_growth *next;       /* attached with it */
    struct pmt_growth_stream **streams;
    size_t stream_count;
    size_t courses;
    uint64_t large_bytes, large_count;
    bool failed;
};

void pmt_growth_init(struct pmt_growth *growth, enum pmt_live_which which,
                     enum pmt_group_by by);
void pmt_growth_release(struct pmt_growth *growth);

/* Takes over the `begin` of `live`, for `count` of them, one a kind; they must
 * stay where they are. */
void pmt_growth_attach(struct pmt_growth *growths, size_t count,
                       struct pmt_live_sets *live);

/* Collections of garbage, of which the reader must not skip the records. Other
 * events are ignored. Behind pmt_live_sets_take() of the same event. */
int pmt_growth_take(struct pmt_growth *growth, struct pmt_reader *r,
                    const struct pmt_event *event);

/* Makes the rows. PMT_OK or PMT_ERR_MEMORY. */
int pmt_growth_finish(struct pmt_growth *growth);

/* The course of a row, after finish: of `row->through_stream`, which its
 * verdict is of. False: there is none. */
bool pmt_growth_course_of(const struct pmt_growth *growth,
                          const struct pmt_growth_row *row,
                          struct pmt_growth_course *course);

/* Bytes of memory that courses and series take. */
uint64_t pmt_growth_memory(const struct pmt_growth *growth);

#endif
