/*
 * reader-ahead.c - the coming chunks of a reader, decoded by a thread
 * (pmt_reader_read_ahead).
 *
 * The thread has the reader's input and scan, and of all else reads only the
 * options and the refused streams; the reader has the rest. A chunk goes from
 * one to the other by a ring of slots, whose buffers are exchanged, so nothing
 * is copied. Behind a chunk whose events may change what the thread sees
 * (pmt_reader_waits_for), it waits until the reader asks for the next one;
 * until then the reader may use the scan.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "reader-private.h"

#define SLOTS 2

struct slot {
    struct pmt_scanned item;
    struct pmt_buffer content;
    struct pmt_chunk chunk;
    struct pmt_taken taken;
    uint64_t position;         /* where the scan stood behind it */
    bool last;                 /* `rc` is no PMT_OK: nothing follows */
    int rc;
    struct pmt_error err;
};

struct pmt_ahead {
    struct pmt_reader *reader;
    pthread_t thread;
    pthread_mutex_t lock;      /* of what follows */
    pthread_cond_t changed;
    uint64_t made, taken;      /* chunks; the next to be taken is in */
    bool pause;                /* slot `taken` modulo SLOTS */
    bool stop;
    struct slot slots[SLOTS];  /* each is one side's only, by the numbers */
};

/* The slot to fill next; NULL: stop. */
static struct slot *next_empty(struct pmt_ahead *a)
{
    struct slot *slot;

    pthread_mutex_lock(&a->lock);
    while (!a->stop && (a->pause || a->made - a->taken == SLOTS)) {
        pthread_cond_wait(&a->changed, &a->lock);
    }
    slot = a->stop ? NULL : &a->slots[a->made % SLOTS];
    pthread_mutex_unlock(&a->lock);
    return slot;
}

static void *run(void *context)
{
    struct pmt_ahead *a = context;
    struct pmt_reader *r = a->reader;
    struct slot *slot;
    bool last = false;

    while (!last && (slot = next_empty(a)) != NULL) {
        slot->rc = pmt_reader_take(r, &slot->item, &slot->content,
                                   &slot->chunk, &slot->taken, &slot->err);
        last = slot->last = slot->rc != PMT_OK;
        slot->position = pmt_scan_position(r->scan);
        pthread_mutex_lock(&a->lock);
        a->made++;
        a->pause = slot->taken.opened && pmt_reader_waits_for(&slot->chunk);
        pthread_cond_signal(&a->changed);
        pthread_mutex_unlock(&a->lock);
    }
    return NULL;
}

#define EXCHANGE(type, a, b)                                                  \
    do {                                                                      \
        type kept_ = (a);                                                     \
        (a) = (b);                                                            \
        (b) = kept_;                                                          \
    } while (0)

int pmt_ahead_next(struct pmt_reader *r, struct pmt_error *err)
{
    struct pmt_ahead *a = r->ahead;
    struct slot *slot;
    int rc;

    pthread_mutex_lock(&a->lock);
    /* All that was given has been used. */
    if (a->pause && a->made == a->taken) {
        a->pause = false;
        pthread_cond_signal(&a->changed);
    }
    while (a->made == a->taken) {
        pthread_cond_wait(&a->changed, &a->lock);
    }
    slot = &a->slots[a->taken % SLOTS];
    pthread_mutex_unlock(&a->lock);
    rc = slot->rc;
    if (slot->last) {
        if (err && rc < 0) {
            *err = slot->err;
        }
        r->ahead = NULL;
        pmt_ahead_free(a);
        return rc;
    }
    r->item = slot->item;
    r->taken = slot->taken;
    r->ahead_at = slot->position;
    EXCHANGE(struct pmt_buffer, r->content, slot->content);
    EXCHANGE(struct pmt_chunk, r->chunk, slot->chunk);
    pthread_mutex_lock(&a->lock);
    a->taken++;
    pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
    return rc;
}

void pmt_ahead_free(struct pmt_ahead *a)
{
    if (!a) {
        return;
    }
    pthread_mutex_lock(&a->lock);
    a->stop = true;
    pthread_cond_signal(&a->changed);
    pthread_mutex_unlock(&a->lock);
    pthread_join(a->thread, NULL);
    pthread_cond_destroy(&a->changed);
    pthread_mutex_destroy(&a->lock);
    for (unsigned i = 0; i < SLOTS; i++) {
        pmt_buffer_release(&a->slots[i].content);
        pmt_chunk_release(&a->slots[i].chunk);
    }
    free(a);
}

/* Signals are for the threads of the program. */
static int start(struct pmt_ahead *a)
{
    sigset_t all, old;
    int failed;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    failed = pthread_create(&a->thread, NULL, run, a);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return failed;
}

bool pmt_reader_read_ahead(struct pmt_reader *r)
{
    const struct pmt_reader_options *o = &r->options;
    struct pmt_ahead *a;

    /* A thread that waits for a pipe could not be ended. */
    if (r->ahead || !r->scan || r->in_journal || o->pass_over ||
        o->from_ns || o->to_ns || r->input.source.size == PMT_NO_OFFSET) {
        return r->ahead != NULL;
    }
    a = calloc(1, sizeof *a);
    if (!a) {
        return false;
    }
    a->reader = r;
    r->ahead_at = pmt_scan_position(r->scan);
    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->changed, NULL);
    /* What came of the first chunks may not have been used yet. */
    a->pause = r->opened || r->has_waiting;
    if (start(a)) {
        pthread_cond_destroy(&a->changed);
        pthread_mutex_destroy(&a->lock);
        free(a);
        return false;
    }
    r->ahead = a;
    return true;
}
