/*
 * filter.h: some of the records of a trace as a trace (spec 5.4).
 *
 *     struct pmt_filter filter;
 *     struct pmt_reader_options options = {0};
 *
 *     pmt_filter_init(&filter, &expression, rewriter);
 *     filter.window... = ...;
 *     pmt_filter_options(&filter, &options);      // and open `in` with them
 *     while (pmt_trace_next(&in, &event, &err) == PMT_OK)
 *         pmt_filter_take(&filter, in.reader, &event, &err);
 *     pmt_filter_finish(&filter, &err);
 *     pmt_filter_release(&filter);
 *
 * Records of kind alloc and object are about a block: a release is kept when
 * its block was, and a release of a block that is not known only where the
 * kind is kept whatever its records have. Table entries, clock anchors and
 * loss records are not asked; tables are left out where nothing needs them.
 *
 * A window of time opens with the live sets as they are there; so what comes
 * before it is gone through, unless no_carry is set.
 *
 * Never prints. Memory: the blocks that are kept and live, the tables, and by
 * `alive` and `lived` a bit for each block ever made and each such test.
 * Threads: one at a time.
 */
#ifndef PMT_FILTER_H
#define PMT_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "expression.h"
#include "id-map.h"
#include "live-table.h"
#include "open.h"
#include "pmt/reader.h"
#include "pmt/rewrite.h"

/* Index of what is kept up of blocks and of objects. */
enum pmt_filter_which { PMT_FILTER_BLOCKS, PMT_FILTER_OBJECTS,
                        PMT_FILTER_SETS };

/* The last realloc_free of a thread. */
struct pmt_filter_pending {
    struct pmt_block block;  /* `free`: none */
    uint64_t released;       /* tick */
    bool kept, before;       /* the window */
};

/* What is live of one kind in a stream, as far as it is kept; with tests of
 * lives all of it. */
struct pmt_filter_set {
    struct pmt_live_table table;
    struct pmt_live_table before; /* amid a live set: what was before it */
    bool seen;               /* records or a live set before the window */
    bool carried;            /* the window is open */
    struct pmt_id_map threads; /* number of a pending, plus 1 */
    struct pmt_filter_pending *pending;
    size_t pending_count, pending_room;
    size_t open;             /* of these kept ones from before the window */
    uint64_t made;           /* blocks made, and rows of live sets, so far */
};

/* What the tests of lives say of the blocks of a set, by the order in which
 * they were made. */
struct pmt_filter_bits {
    uint64_t *words;
    size_t count;
};
struct pmt_filter_lives {
    struct pmt_filter_bits tests[PMT_EXPRESSION_LIVES];
    uint64_t passed;         /* bit by test: its moment has passed */
    uint64_t *same;          /* pairs: block number, the number it had before */
    size_t same_count, same_room, same_at;
};

struct pmt_filter_stream {
    const struct pmt_stream *stream; /* borrowed from the reader */
    uint64_t key;
    uint32_t tick_ns;
    uint64_t from, to;       /* ticks, both in */
    enum pmt_certainty kinds[PMT_KIND_KNOWN];
    struct pmt_filter_set sets[PMT_FILTER_SETS];
    struct pmt_filter_lives *lives;  /* by which; NULL: none */
    struct pmt_held_chunk *held;     /* in order, not yet needed */
    size_t held_count, held_room;
    struct pmt_id_map destroys;      /* type to a class of its destruction */
    uint32_t any_destroy;
    bool sized;              /* objects have sizes of their own */
    bool epoch_used;         /* its tables are written */
    bool ended;
    struct pmt_envelope last;
};

/* One bound of a window. */
struct pmt_filter_bound {
    struct pmt_instant instant;
    enum pmt_relation relation; /* BELOW, UP_TO, ABOVE, FROM */
};

struct pmt_filter {
    /* To be set after init. */
    struct pmt_expression *x;        /* borrowed */
    struct pmt_rewriter *out;        /* borrowed; NULL: only counts */
    const struct pmt_filter_bound *bounds; /* borrowed */
    size_t bound_count;
    const struct pmt_instant *alive; /* moments of `alive`, by test life;
                                      * borrowed */
    bool no_carry;
    struct pmt_filter *lives;        /* a first pass over the same trace;
                                      * borrowed; NULL: no test of lives */
    bool first_pass;                 /* this is one */

    /* To be read. */
    uint64_t kept[PMT_KIND_KNOWN], seen[PMT_KIND_KNOWN]; /* records */
    uint64_t carried;                /* rows of live sets that were put in */
    uint64_t chunks_copied, chunks_cut; /* as they were; with fewer records */
    uint64_t releases_put_in;
    bool carry_lossy;                /* events were lost before a window */
    uint64_t not_understood;         /* chunks that were left out for it */

    /* Private. */
    struct pmt_filter_stream *streams; /* by pmt_stream_index */
    size_t stream_count;
    struct pmt_text *texts;          /* of the expression, and the stream's */
    size_t text_count, text_room;
    char **own_texts;
    size_t own_count;
    uint8_t *keep;
    struct pmt_replacement *with;
    size_t with_count;
};

void pmt_filter_init(struct pmt_filter *f, struct pmt_expression *x,
                     struct pmt_rewriter *out);
void pmt_filter_release(struct pmt_filter *f);

/* What the reader may pass over: sets pass_over; `f` must not move. */
void pmt_filter_options(struct pmt_filter *f,
                        struct pmt_reader_options *options);

/* PMT_OK, or negative with `err` filled. */
int pmt_filter_take(struct pmt_filter *f, struct pmt_reader *r,
                    const struct pmt_event *event, struct pmt_error *err);

/* Behind the last event: what is still to be written, and the index. */
int pmt_filter_finish(struct pmt_filter *f, struct pmt_error *err);

/* Records kept, of all kinds but live sets. */
uint64_t pmt_filter_count(const struct pmt_filter *f);

#endif
