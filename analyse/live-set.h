/*
 * live-set.h: the live set of one stream and one kind of record, kept up
 * record by record (spec 7.11, 8.1, 8.3), with what had to be assumed.
 *
 * Never prints and reads no file: live.h feeds it chunks. Sums of bytes are
 * modulo 2^64.
 *
 * Threads: one at a time per set.
 */
#ifndef PMT_LIVE_SET_H
#define PMT_LIVE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "id-map.h"
#include "live-table.h"
#include "pmt/record.h"
#include "sampling.h"

/* What happened so far. All are numbers of events; of a sampled set those of
 * the sample, but for `bytes`. */
struct pmt_live_counts {
    uint64_t created;      /* malloc, calloc, realloc of NULL; create */
    uint64_t destroyed;    /* free, destroy, of a block that was live */
    uint64_t resized;      /* realloc; its realloc_free is not counted */
    uint64_t undone;       /* realloc_undo: a realloc that failed */
    uint64_t bytes;        /* of all blocks created or resized */
    /* Releases of an address that was not live: before anything was lost the
     * block was made before recording began; later it may have been lost. */
    uint64_t unknown_before_loss, unknown_after_loss;
    /* Acquisitions of a live address, so the old block's release was not
     * seen: as the interpreter is known to miss some, or for no known
     * reason. */
    uint64_t inferred, unseen;
    uint64_t filtered;     /* events not recorded, as asked for (7.1 gap) */
    uint64_t states;       /* live sets in the trace that were taken over */
    /* Of all of these, how many of the last live set are missing. */
    uint64_t parts_missing;
};

/* A state of the set: how much was live. */
struct pmt_live_level {
    uint64_t step;         /* records and parts of live sets so far */
    uint64_t time;         /* tick of the last of them */
    uint64_t count;        /* blocks that are in the trace */
    uint64_t bytes;        /* of a sampled set an estimate of all */
    uint64_t weight;       /* of a sampled set: all blocks, as pmt_weight */
};

/* The estimates of a sampled set's numbers of events, as pmt_weight. */
struct pmt_live_weights {
    uint64_t created, destroyed, resized;
};

/* Called for each block that becomes live (sign 1) or is no longer (-1), at
 * `time` (tick). It must not call into the set. */
typedef void pmt_live_watch(void *context, const struct pmt_block *block,
                            int sign, uint64_t time);

/* Why a block came or went. */
enum pmt_live_why {
    PMT_LIVE_CREATED,
    PMT_LIVE_DESTROYED,
    PMT_LIVE_RESIZED,  /* either end of a realloc, or of one that failed */
    PMT_LIVE_GONE,     /* its address was used again: inferred or unseen */
    PMT_LIVE_RELOADED, /* a live set in the trace */
    PMT_LIVE_UNDONE    /* what came last is taken back: *_undo_end() */
};

/* The same as a watch, with the set itself: `why`, `now` (without the block
 * that comes or goes) and `sample_bytes` can be read. */
struct pmt_live_set;
typedef void pmt_live_observe(void *context, const struct pmt_live_set *set,
                              const struct pmt_block *block, int sign);

/* What happened since the program last acquired a block, or since most lived,
 * to be taken back when that was the end. */
struct pmt_live_tail {
    struct pmt_live_tail_event *events;
    size_t count, capacity;
    uint64_t from;         /* nothing is noted before this step */
    uint64_t step, time;   /* of that last acquisition; 0: there was none */
    uint64_t live, live_bytes; /* blocks then */
    bool given_up;         /* too much has happened since then */
};

/* The last realloc_free of each thread, for realloc_undo. */
struct pmt_live_pending {
    struct pmt_live_pending_slot *slots;
    uint32_t count, capacity; /* a power of 2 */
    uint64_t key;
};

struct pmt_live_set {
    /* To be set before the first record, after init. */
    bool infer;            /* hook object:destroy-unreliable (8.1) */
    uint64_t sample_bytes; /* hook alloc:sampled:N (8.1); 0: not sampled */
    uint64_t until_time;   /* tick: later records are not taken */
    uint64_t until_step;   /* steps behind this one are not taken */
    pmt_live_watch *watch; /* NULL: none */
    void *watch_context;
    pmt_live_observe *observe; /* NULL: none */
    void *observe_context;
    /* Of the stacks that the program made: 1. NULL: no tail is kept.
     * Borrowed. */
    const struct pmt_id_map *program;
    /* A tail is kept instead of what came behind the most that lived lately:
     * what a program lets go of at its end, most often when its main function
     * returns. */
    bool wind_down;

    /* To be read. */
    enum pmt_live_why why; /* in a call of `observe` */
    uint64_t undone_time;  /* with UNDONE: tick of what is taken back */
    bool ended;            /* the end of the interpreter was taken back */
    bool wound_down;       /* the same of the program's */
    enum pmt_kind kind;    /* PMT_KIND_ALLOC or PMT_KIND_OBJECT */
    struct pmt_live_table table;
    struct pmt_live_level now;
    /* The first moment of the greatest bytes (alloc) or count (object). */
    struct pmt_live_level peak;
    struct pmt_live_counts counts;
    struct pmt_live_weights weights;
    bool lossy;            /* events were lost since the set was known */
    uint64_t loss_time;    /* tick: nothing was lost before */

    /* Private. */
    struct pmt_live_pending pending;
    struct pmt_live_tail tail;
    uint32_t next_part, parts;
};

/* An empty set without limits. `kind` is PMT_KIND_ALLOC or _OBJECT. */
void pmt_live_set_init(struct pmt_live_set *set, enum pmt_kind kind);

/* Gives back all memory; accepts a zeroed set. */
void pmt_live_set_release(struct pmt_live_set *set);

/* Columns of alloc records as a reader gives them (pmt_reader_column). */
struct pmt_live_columns {
    const uint64_t *time, *op, *address;
    const uint64_t *size, *stack, *thread; /* NULL: all are 0 */
    const uint32_t *link;                  /* pmt_reader_links(), or NULL */
};

/*
 * Takes `n` records in their order. Returns PMT_OK, or PMT_ERR_MEMORY: the
 * set is then as after some of them, and of no further use but to release.
 */
int pmt_live_set_columns(struct pmt_live_set *set,
                         const struct pmt_live_columns *columns, size_t n);

/* The same of records. */
int pmt_live_set_allocs(struct pmt_live_set *set,
                        const struct pmt_alloc *records, size_t n);

/*
 * The same for objects. links: as above. sizes: bytes of each record's object, or NULL; then
 * type_sizes gives the bytes of an object by the id of its type.
 */
int pmt_live_set_objects(struct pmt_live_set *set,
                         const struct pmt_object *records,
                         const uint32_t *links, const uint64_t *sizes,
                         size_t n,
                         const struct pmt_id_map *type_sizes);

/*
 * Takes one part of a live set of this kind (7.11) at tick `time`: part 0
 * forgets all that was known; behind the last one nothing is lossy any more.
 * type_sizes: as above for objects without sizes; NULL: the sizes in `live`
 * are used. Same returns.
 */
int pmt_live_set_part(struct pmt_live_set *set, uint64_t time,
                      const struct pmt_live *live, size_t n, uint32_t part,
                      uint32_t parts, const struct pmt_id_map *type_sizes);

/* What came and went so far, and the peak, count no more: to be called before
 * part 0 of a live set. */
void pmt_live_set_begin_anew(struct pmt_live_set *set);

/* Events were lost at or after tick `time`, and before what is taken next.
 * Nothing happens once `until_step` is reached. */
void pmt_live_set_lost(struct pmt_live_set *set, uint64_t time);

/*
 * When the set ends with the end of the interpreter, or with `wind_down` of the
 * program (a good part of what lived when the tail began is no more), takes
 * that back: the set is as it was then. Needs one of the two. Numbers of events
 * stay. PMT_OK or PMT_ERR_MEMORY.
 */
int pmt_live_set_undo_end(struct pmt_live_set *set);

/* Blocks of a level of the set: of a sampled one an estimate of all. */
static inline uint64_t
pmt_live_set_blocks(const struct pmt_live_set *set,
                    const struct pmt_live_level *level)
{
    return set->sample_bytes ? pmt_weight_blocks(level->weight)
                             : level->count;
}

/* Bytes of memory held. */
uint64_t pmt_live_set_memory(const struct pmt_live_set *set);

#endif
