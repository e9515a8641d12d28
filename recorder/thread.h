/*
 * thread.h - a thread's own buffer: the hot path's only store.
 *
 * Each thread that makes an event has one struct rec_thread, found by one
 * thread-local pointer. It owns one segment of the journal and appends
 * records to it. Nobody else writes to it while `guard` is set.
 */
#ifndef REC_THREAD_H
#define REC_THREAD_H

#include "recording.h"

#define REC_LIKELY(x) __builtin_expect(!!(x), 1)
#define REC_UNLIKELY(x) __builtin_expect(!!(x), 0)

struct rec_thread {
    unsigned char *cursor;        /* where the next record goes */
    unsigned char *limit;         /* no whole record fits from here on */
    struct pmt_segment *segment;  /* NULL: none is owned */
    uint32_t guard;               /* atomic; 1 inside a hook */
    uint32_t id;                  /* thread id in this recording's stream */
    uint32_t serial;              /* rec_serial that `id` is of */
    uint32_t refused_pass;        /* pass in which no segment was free + 1 */
    bool gave_up;                 /* waited for a segment in vain */
    uint64_t records;             /* in segments that were given up */
    uint64_t unstacked;
    uint64_t ident;               /* pthread_self() */
    int native_id;
    struct rec_thread *next;      /* list of all; guarded by rec_lock */
    struct rec_thread *next_free;
};

extern __thread struct rec_thread *rec_self
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

/*
 * Begins an event. NULL: it is not to be recorded, because nothing is being
 * recorded or the thread is inside a hook already. Must be followed by
 * rec_leave().
 */
static inline struct rec_thread *rec_enter(void)
{
    struct rec_thread *t = rec_self;

    if (REC_UNLIKELY(t == NULL)) {
        t = rec_thread_register();
        if (t == NULL)
            return NULL;
    }
    if (REC_UNLIKELY(t->guard))
        return NULL;
    /* rec_recording_close() clears `active`, makes every processor pass a
     * memory barrier (membarrier), then waits for `guard`. */
    __atomic_store_n(&t->guard, 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    if (REC_UNLIKELY(!__atomic_load_n(&rec_hot.active, __ATOMIC_RELAXED))) {
        __atomic_store_n(&t->guard, 0, __ATOMIC_RELEASE);
        return NULL;
    }
    return t;
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

/* Appends one record. */
static inline void rec_append(struct rec_thread *t, uint64_t time,
                              uint64_t word, uint32_t a, uint32_t b)
{
    unsigned char *p = t->cursor;

    if (REC_UNLIKELY(p == t->limit)) {
        p = rec_thread_room(t, sizeof(struct pmt_raw), 1);
        if (p == NULL)
            return;
    }
    rec_put(p, time, word, a, b);
    rec_commit(t, p + sizeof(struct pmt_raw));
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
}

/* ---- for recording.c ------------------------------------------------------- */

/* Waits until no other thread is inside a hook, at most about a second.
 * `active` is 0 already. False when one stayed. Takes the lock. */
bool rec_threads_quiesce(void);

/* All that follow: with rec_lock held. */

/* Takes all segments from all threads. */
void rec_threads_detach(void);

/* Adds up what all threads have appended. */
void rec_threads_count(struct rec_stats *stats);

/* Begins to number threads and records anew. */
void rec_threads_reset(void);

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
