/*
 * live.h: the live sets of a trace at a moment: every stream, blocks and
 * objects, from the events of a reader (spec 7.11, 8.1 to 8.3).
 *
 *     struct pmt_live_sets live;
 *
 *     pmt_live_sets_init(&live, PMT_LIVE_ALLOC | PMT_LIVE_OBJECT);
 *     live.until = instant;                      // open.h; or leave: the end
 *     code = pmt_live_sets_read(&live, &in, &err);
 *     … live.streams[i].sets[PMT_LIVE_BLOCKS] …
 *     pmt_live_sets_release(&live);
 *
 * Memory grows with the live set and the tables, not with the trace. Never
 * prints. Threads: one at a time.
 */
#ifndef PMT_LIVE_H
#define PMT_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "live-set.h"
#include "open.h"
#include "pmt/error.h"
#include "pmt/reader.h"

/* Index of a set in a stream. */
enum pmt_live_which { PMT_LIVE_BLOCKS, PMT_LIVE_OBJECTS, PMT_LIVE_KINDS };

/* Which sets are wanted. */
#define PMT_LIVE_ALLOC (1u << PMT_LIVE_BLOCKS)
#define PMT_LIVE_OBJECT (1u << PMT_LIVE_OBJECTS)

struct pmt_live_stream {
    const struct pmt_stream *stream; /* borrowed from the reader */
    uint64_t key;
    uint32_t tick_ns;                /* 1 without a header */
    struct pmt_live_set sets[PMT_LIVE_KINDS];
    bool seen[PMT_LIVE_KINDS];       /* the stream has such records */
    uint64_t end_ns;      /* latest time of any chunk up to the moment, since
                             the stream began */
    /* What was before `begun_ns` was let go (5.3), so the trace begins there:
     * with the live set of that moment; `lost_before` events were lost. */
    bool begun_late;
    uint64_t begun_ns;
    uint64_t lost_before;
    uint64_t lost;        /* events lost up to there, by the trace's count */
    uint64_t missing;     /* chunks missing up to there */
    bool sized;           /* objects have sizes of their own (7.1) */
    bool ended;           /* an end chunk was met */
    bool past;            /* chunks behind the moment were met */
    /* With `exits`: the recorder says where the interpreter begins to end, so
     * nothing is guessed; and it did, here (UINT64_MAX: not). */
    bool exit_told;
    uint64_t exit_ns;
    /* Private: basic sizes by type id, below the one looked up next; the
     * stacks that the program made (1) or not (2), in the same way. */
    struct pmt_id_map type_sizes, program;
    uint32_t next_type, next_stack;
};

struct pmt_live_exits; /* live-exit.h */

struct pmt_live_sets {
    /* To be set after init, before the first event. */
    struct pmt_instant until;  /* records behind it are not taken */
    /* Steps (live-set.h) to stop behind, by stream in the order of `streams`
     * and kind, from pmt_live_sets_peaks; NULL: none. Borrowed. */
    const uint64_t (*until_steps)[PMT_LIVE_KINDS];
    size_t until_step_count;
    /* Stop, too, where the interpreter of a stream began to end: the sets that
     * did are `ended` behind finish. By what the recorder said; of streams
     * whose recorder says nothing by a guess. Borrowed; NULL: do not. */
    const struct pmt_live_exits *exits;
    /* With `exits`, instead of a guess: stop also where the program began
     * to let go of what it had; the sets that did are `wound_down`. */
    bool wind_down;
    /* What came and went is counted from the last live set on that the trace
     * states up to the moment: `begun_late` where there is one. */
    bool quick;
    /* Called for every stream when it is new, or starts again with the same
     * index, before its first record: may set `watch` and `until_step` of its
     * sets. NULL: none. */
    void (*begin)(void *context, struct pmt_live_stream *stream,
                  size_t index);
    void *begin_context;

    /* To be read. In the order in which streams were met; moved when a new
     * one is met. */
    struct pmt_live_stream *streams;
    size_t stream_count;

    /* Private. */
    size_t stream_capacity;
    size_t *places; /* of a stream in `streams`, by pmt_stream_index, plus 1 */
    size_t place_count;
    unsigned wanted;
    bool damaged; /* a chunk was lost and no gap in seq has told whose */
};

/* No stream, no limit. wanted: of PMT_LIVE_ALLOC and PMT_LIVE_OBJECT. */
void pmt_live_sets_init(struct pmt_live_sets *live, unsigned wanted);

/* Gives back all memory; accepts a zeroed one. */
void pmt_live_sets_release(struct pmt_live_sets *live);

/* What a reader may pass over for this: for its options. */
uint64_t pmt_live_sets_skip_kinds(unsigned wanted);

/* Takes the event last read from `r`. PMT_OK or PMT_ERR_MEMORY, with `err`
 * filled; then of no further use but to release. */
int pmt_live_sets_take(struct pmt_live_sets *live, struct pmt_reader *r,
                       const struct pmt_event *event, struct pmt_error *err);

/* To be called behind the last event: what was lost behind the last chunk of a
 * stream becomes known only now. */
void pmt_live_sets_finish(struct pmt_live_sets *live);

/* Where the streams begin, in all: two passes over a trace of which a recorder
 * let go of more between them differ in it. */
uint64_t pmt_live_sets_begun_ns(const struct pmt_live_sets *live);

/* Up to when a set of `stream` was taken, since it began: the moment, or what
 * the stream has come to. */
uint64_t pmt_live_sets_now_ns(const struct pmt_live_sets *live,
                              const struct pmt_live_stream *stream,
                              const struct pmt_live_set *set);

/* Takes all events of `in` to its end, and finishes. Same returns, and those
 * of pmt_trace_next but PMT_END. */
int pmt_live_sets_read(struct pmt_live_sets *live, struct pmt_trace *in,
                       struct pmt_error *err);

/* The steps at the peak of each set, for `until_steps` of another pass over
 * the same trace: stream_count entries, free() them. NULL: no memory. */
uint64_t (*pmt_live_sets_peaks(const struct pmt_live_sets *live))
    [PMT_LIVE_KINDS];

/* True when the set's numbers may be wrong: events were lost, are missing, or
 * a live set in the trace has not all its parts or, where earlier records were
 * let go, is not there. Not because they were let go. */
bool pmt_live_set_is_approximate(const struct pmt_live_set *set);

#endif
