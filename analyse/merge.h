/*
 * merge.h: traces into one, chunk by chunk as they are.
 *
 * What comes out follows from the set of chunks alone, not from the order or
 * the grouping of the inputs:
 *
 *  - Of each stream one cut is taken (merge-list.h): as recorded before
 *    filtered or archived, of filtered ones that with the fewest expressions.
 *  - Of the chunks of a stream with the same number one is taken; the others
 *    are duplicates, or differ and are counted so. An end gives way to any
 *    other chunk (a dump's end, where the recorder went on), and is dropped
 *    when a chunk of its stream follows it.
 *  - They are sorted by time on one clock, then by UUID, those of a stream
 *    by their number. Streams of one boot share the monotonic clock, as the
 *    one among them with the least uncertainty read it; others are compared by
 *    wall clock.
 *
 * Threads: the main thread only.
 */
#ifndef PMT_MERGE_H
#define PMT_MERGE_H

#include <stdint.h>

#include "cli/progress.h"
#include "merge-list.h"
#include "pmt/error.h"
#include "pmt/io.h"

struct pmt_merge_report {
    uint64_t inputs;
    uint64_t streams, chunks, records;   /* in the result */
    uint64_t bytes;
    uint64_t duplicates;   /* chunks that were there before */
    uint64_t differing;    /* of the same number, but not the same */
    uint64_t cuts;         /* streams left out for another cut of them, */
    uint64_t cut_chunks;   /* and their chunks */
    uint64_t ends;         /* ends of dumps, and of what goes on */
    uint64_t damaged;      /* chunks that no input has whole */
    uint64_t missing;      /* chunks that no input has */
    uint64_t clocks;       /* boots, and streams without one: 1 when the
                            * monotonic clock compares all */
    uint64_t uncertainty_ns; /* when clocks > 1: of times between them */
    uint64_t refused;      /* streams of a later version left out */
};

/* Puts the chunks into the order of the result and marks those that are not
 * in it; fills what is known by then of the report. PMT_ERR_MEMORY. */
int pmt_merge_plan(struct pmt_merge_list *list,
                   struct pmt_merge_report *report, struct pmt_error *err);

/* In a list that was planned: how many copies of chunk `i` stand there, one
 * behind the other, the first of them at `i`. 0: the result ends before it. */
size_t pmt_merge_copies(const struct pmt_merge_list *list, size_t i);

/* Copies them to `sink`, then an index. `progress` (may be NULL) has been
 * started with list->bytes. A chunk whose bytes are not what they were is
 * counted in report->damaged. PMT_ERR_IO of input (list->failing) or
 * output. */
int pmt_merge_copy(struct pmt_merge_list *list, const struct pmt_sink *sink,
                   struct pmt_progress *progress,
                   struct pmt_merge_report *report, struct pmt_error *err);

#endif
