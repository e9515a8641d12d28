/*
 * diff-read.h: from traces to the two sides of a diff.
 *
 * Each trace is read once, up to its moment, and forgotten but for what the
 * tables of the diff keep. Never prints. Memory: the live set and the tables
 * of one trace (of two, when both are moments of a sampled one), and the rows.
 * Threads: the main thread only.
 */
#ifndef PMT_DIFF_READ_H
#define PMT_DIFF_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diff.h"
#include "live.h"
#include "open.h"
#include "pmt/error.h"
#include "top-pattern.h"

/* What can be compared. */
enum pmt_diff_what {
    PMT_DIFF_BLOCKS,   /* live blocks, of alloc records or of a snapshot */
    PMT_DIFF_OBJECTS,  /* live objects */
    PMT_DIFF_HEAP,     /* figures of allocators */
    PMT_DIFF_PROCESS,  /* figures of processes */
    PMT_DIFF_WHATS
};
#define PMT_DIFF_ANY ((1u << PMT_DIFF_WHATS) - 1)

/* When a stream came to a moment. */
struct pmt_diff_moment {
    uint64_t stream_key;
    uint64_t ns;           /* since it began */
};
struct pmt_diff_moments {
    struct pmt_diff_moment *moments;
    size_t count, capacity;
};

/* Of three moments: only what was made behind `after` and not behind `until`,
 * of the streams that are in `until`; one that is not in `after` began behind
 * it. */
struct pmt_diff_window {
    struct pmt_diff_moments after, until;
};

/* What was found in a run. */
struct pmt_diff_found {
    bool has[PMT_DIFF_WHATS];
    bool snapshot;         /* blocks are of a snapshot */
    bool approximate;      /* events were lost, or chunks are missing */
    bool exit;             /* live sets end where an interpreter began to */
    uint64_t span_ns;      /* up to the moment, of the longest stream */
    uint64_t counted;      /* marks or calls that were asked for */
    uint64_t born;         /* with a window: streams that all three have */
};

struct pmt_diff_reading {
    /* To be set on a zeroed one. */
    unsigned wanted;       /* bits of enum pmt_diff_what */
    struct pmt_diff *tables[PMT_DIFF_WHATS]; /* of what is wanted; borrowed */
    bool cumulative, every_frame; /* as group.h */
    struct pmt_patterns patterns; /* only stacks that these want; include,
                            * exclude and all_frames are to be set */
    const char *mark;      /* marks of this text are counted; or NULL */
    const char *function;  /* calls of this function are; or NULL */
    const struct pmt_diff_window *window; /* NULL: no such limit */
    const struct pmt_instant *from; /* only what was made behind it; NULL: no
                            * such limit; of each trace its own */
    bool residue;          /* both sides are of the same streams */
    const struct pmt_live_exits *exits; /* live sets stop where the interpreter
                            * began to end (live.h), of each trace its own;
                            * NULL: do not */

    /* Private: what is live on side A, by stream, of sampled ones. */
    struct pmt_diff_kept *kept;
    size_t kept_count;
};

void pmt_diff_reading_release(struct pmt_diff_reading *reading);

/* Which live sets are read for it (live.h). */
unsigned pmt_diff_live(const struct pmt_diff_reading *reading);

/* What a reader may pass over for this: for its options. */
uint64_t pmt_diff_skip_kinds(const struct pmt_diff_reading *reading);

/*
 * Reads `in` to its end and adds what is there at `until` to run `run` of a
 * side. Several traces may be one run: `found` is added to. PMT_OK, or
 * negative with `err` filled; then the tables are only to be released.
 */
int pmt_diff_read(struct pmt_diff_reading *reading, struct pmt_trace *in,
                  const struct pmt_instant *until, enum pmt_diff_side side,
                  size_t run, struct pmt_diff_found *found,
                  struct pmt_error *err);

/* When the streams of `in` came to `until`; reads it to its end. */
int pmt_diff_find_moments(struct pmt_trace *in,
                          const struct pmt_instant *until,
                          struct pmt_diff_moments *moments,
                          struct pmt_error *err);
uint64_t pmt_diff_moments_skip_kinds(void);
void pmt_diff_window_release(struct pmt_diff_window *window);

#endif
