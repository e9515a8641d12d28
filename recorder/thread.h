/*
 * thread.h - a thread's own buffer: the hot path's only store.
 *
 * Each thread that makes an event has one struct rec_thread, found by one
 * thread-local pointer. It owns one segment of the journal and appends
 * records to it. Nobody else writes to it while `guard` is set.
 */
#ifndef REC_THREAD_H
#define REC_THREAD_H

#include "parts.h"
#include "recording.h"

#define REC_LIKELY(x) __builtin_expect(!!(x), 1)
#define REC_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* Values of rec_hot.active. */
enum {
    REC_INACTIVE = 0,             /* events are not recorded */
    REC_ACTIVE = 1,
    REC_HELD = 2                  /* whoever comes waits a moment */
};

/* Events of one kind that were passed over since the last record (event.h). */
struct rec_past {
    uint64_t time, word;          /* of the event before; word 0: none */
    uint32_t a, b;
    uint64_t skipped;             /* before that one */
    uint64_t skipped_after;       /* and after it */
};

/* All before `guard` is of the recording that runs: it is zero at the start
 * of a recording (or of the thread), and is kept while another one inside it
 * runs. */
struct rec_thread {
    unsigned char *cursor;        /* where the next record goes */
    unsigned char *limit;         /* no whole record fits from here on */
    struct pmt_segment *segment;  /* NULL: none is owned */
    uint32_t id;                  /* thread id in the stream, or 0 */
    uint32_t refused_pass;        /* pass in which no segment was free + 1 */
    bool gave_up;                 /* waited for a segment in vain */
    uint64_t records;             /* in segments that were given up, with */
    uint64_t notes;               /* what is no record of its own: atomic */
    uint64_t unstacked;
    unsigned char *idle_cursor;   /* at the last look for idle threads */
    uint64_t name;                /* hash of the name in the stream */
    bool named;                   /* by rec_thread_name() */
    uint64_t skipped_allocs, skipped_objects; /* events seen and not recorded
                                   * since the last of the kind; choice.h */
    uint64_t sample_state;        /* of random numbers; 0: none yet */
    struct rec_past past[2];      /* call, line */

    uint32_t guard;               /* atomic; 1 inside a hook */
    uint64_t birth;               /* serial number of the thread, from 1 */
    uint64_t ident;               /* pthread_self() */
    int native_id;
    struct rec_thread *next;      /* list of all; guarded by rec_lock */
    struct rec_thread *next_free;
    int64_t *sample_left;         /* its rec_sample_left */

    /* The label (label.h): the id of its stack in the recording of this
     * serial number, and the thread state and its context that it is of. */
    uint32_t label, label_serial;
    uint64_t label_state, label_version;
};

extern __thread struct rec_thread *rec_self
    __attribute__((tls_model("initial-exec")));

/* Bytes to the thread's next sample (sampling.h); 0: none was drawn yet, as
 * at the start of a recording. */
extern __thread int64_t rec_sample_left
    __attribute__((tls_model("initial-exec")));

/* Makes the calling thread's struct; NULL while nothing is recorded, or
 * without memory (the event is counted as lost). */
struct rec_thread *rec_thread_register(void);

/*
 * Gives up the full segment and takes another, with room for `bytes`. Where
 * that can't be, waits or counts `records` events lost, and returns NULL.
 */
unsigned char *rec_thread_room(struct rec_thread *t, size_t bytes,
                               unsigned records);

/* Waits until threads are let in again; then as rec_enter(). */
struct rec_thread *rec_enter_held(struct rec_thread *t);

/*
 * Begins an event. NULL: it is not to be recorded, because nothing is being
 * recorded or the thread is inside a hook already. Must be followed by
 * rec_leave().
 */
static inline struct rec_thread *rec_enter(void)
{
    struct rec_thread *t = rec_self;
    uint32_t active;

    if (REC_UNLIKELY(t == NULL)) {
        t = rec_thread_register();
        if (t == NULL)
            return NULL;
    }
    if (REC_UNLIKELY(t->guard))
        return NULL;
    /* Whoever wants threads to stay out clears `active`, makes every
     * processor pass a memory barrier (membarrier), then looks at `guard`. */
    __atomic_store_n(&t->guard, 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    active = __atomic_load_n(&rec_hot.active, __ATOMIC_ACQUIRE);
    if (REC_LIKELY(active == REC_ACTIVE))
        return t;
    __atomic_store_n(&t->guard, 0, __ATOMIC_RELEASE);
    return active == REC_HELD ? rec_enter_held(t) : NULL;
}

static inline void rec_leave(struct rec_thread *t)
{
    __atomic_store_n(&t->guard, 0, __ATOMIC_RELEASE);
}

/* The time of an event. */
static inline uint64_t rec_now(void)
{
    return pmt_clock_raw(rec_hot.clock);
}

static inline void rec_put(unsigned char *p, uint64_t time, uint64_t word,
                           uint32_t a, uint32_t b)
{
    struct pmt_raw *raw = (struct pmt_raw *)(void *)p;

    raw->time = time;
    raw->word = word;
    raw->a = a;
    raw->b = b;
}

/* Makes all records before `end` count. */
static inline void rec_commit(struct rec_thread *t, unsigned char *end)
{
    t->cursor = end;
    __atomic_store_n(&t->segment->head, (uint64_t)(end - t->segment->data),
                     __ATOMIC_RELEASE);
}

/* Appends one record. False: it was dropped. */
static inline bool rec_append(struct rec_thread *t, uint64_t time,
                              uint64_t word, uint32_t a, uint32_t b)
{
    unsigned char *p = t->cursor;

    if (REC_UNLIKELY(p == t->limit)) {
        p = rec_thread_room(t, sizeof(struct pmt_raw), 1);
        if (p == NULL)
            return false;
    }
    rec_put(p, time, word, a, b);
    rec_commit(t, p + sizeof(struct pmt_raw));
    return true;
}

/* One that was appended is no record of its own. */
static inline void rec_was_note(struct rec_thread *t)
{
    __atomic_store_n(&t->notes, t->notes + 1, __ATOMIC_RELAXED);
}

/* Appends an alloc record of any size. */
static inline void rec_append_size(struct rec_thread *t, uint64_t time,
                                   uint64_t word, uint64_t size, uint32_t b)
{
    unsigned char *p;

    if (REC_LIKELY(size < UINT32_MAX)) {
        rec_append(t, time, word, (uint32_t)size, b);
        return;
    }
    p = t->cursor;
    if (t->limit - p < 2 * (ptrdiff_t)sizeof(struct pmt_raw)) {
        p = rec_thread_room(t, 2 * sizeof(struct pmt_raw), 1);
        if (p == NULL)
            return;
    }
    rec_put(p, time, word, UINT32_MAX, b);
    rec_put(p + sizeof(struct pmt_raw), size,
            pmt_raw_word(PMT_RAW_SIZE, NULL), 0, 0);
    rec_commit(t, p + 2 * sizeof(struct pmt_raw));
    rec_was_note(t);
}

/* ---- for room.c, recording.c and their like ------------------------------------------------------- */

/* Waits until no other thread is inside a hook, at most about a second.
 * `active` is 0 already. False when one stayed. Takes the lock. */
bool rec_threads_quiesce(void);

/* All that follow: with rec_lock held. */

/* Gives the thread an id in the stream; false when there is no room for its
 * definition. By the thread itself. */
bool rec_thread_introduce(struct rec_thread *t);

/* Gives up its segment, if it has one. */
void rec_thread_give(struct rec_thread *t);

/* Takes all segments from all threads. */
void rec_threads_detach(void);

/*
 * Takes the segments from threads that are not inside a hook: from those
 * that have appended nothing since the last call, or, where there is none of
 * these and not `only_idle`, from all. Threads that come into a hook
 * meanwhile wait, for as long as a membarrier and a walk over the threads
 * take. Returns how many segments were given up. By a thread inside a hook
 * or one that never records.
 */
unsigned rec_threads_reclaim(bool only_idle);

extern const struct rec_part rec_part_threads;

/* Keeps what all threads hold of the recording, and zeroes it; NULL without
 * memory. And puts it back. */
void *rec_threads_save(void);
void rec_threads_restore(void *block);

/* Lets the next event of the calling thread come by rec_thread_room(). Not
 * inside a hook. */
void rec_thread_trap(void);

/* Before the first thread of ours: what takes the kernel some 10 ms where
 * there are several threads. */
void rec_threads_ready(void);

/* Forgets all threads: in the child of a fork, where there is one. */
void rec_threads_forked(void);

/* Once a process. 0 or -1. */
int rec_threads_prepare(void);

/* ---- is a hook still called? -------------------------------------------------- */

/* Between these two calls the calling thread's events are not recorded; the
 * second says whether there were any. */
struct rec_thread *rec_probe_begin(void);
bool rec_probe_end(struct rec_thread *self);

/* ---- names ------------------------------------------------------------------ */

/* Gives a thread another name, if its ident is known. Takes the lock. */
void rec_thread_name(uint64_t ident, const char *name, size_t bytes);

/* The id of the calling thread in the stream, 0 when it has none. */
uint32_t rec_thread_self_id(void);

#endif
