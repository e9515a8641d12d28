/*
 * thread.c - the threads that record: their structs, their segments, and how
 * they are stopped (thread.h).
 */
#include "thread.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "define.h"
#include "table.h"

#define SLAB_BYTES 65536u

/* Longest time without a free segment for anybody before a waiting thread
 * gives up, and between its looks. */
#define PATIENCE_NS UINT64_C(1000000000)
#define PAUSE_NS 200000

__thread struct rec_thread *rec_self
    __attribute__((tls_model("initial-exec")));

/* See rec_probe_begin(). */
static __thread bool probing, probed;

/* Set once, by rec_threads_prepare(). */
static pthread_key_t end_key;

/* Guarded by rec_lock. */
static struct rec_thread *all_threads, *free_threads;
static struct rec_thread *slab, *slab_end;
static uint32_t next_id;
static uint64_t ended_records, ended_unstacked;

/* ---- making and ending -------------------------------------------------- */

static struct rec_thread *new_unlocked(void)
{
    struct rec_thread *t = free_threads;

    if (t != NULL) {
        free_threads = t->next_free;
        return t;
    }
    if (slab == slab_end) {
        slab = rec_pages_new(SLAB_BYTES);
        if (slab == NULL) {
            slab_end = NULL;
            pmt_journal_lose(&rec_journal, PMT_LOSS_MEMORY, 1);
            return NULL;
        }
        slab_end = slab + SLAB_BYTES / sizeof *slab;
    }
    return slab++;
}

struct rec_thread *rec_thread_register(void)
{
    int saved = errno;
    struct rec_thread *t;

    if (probing) {
        probed = true;
        return NULL;
    }
    if (!__atomic_load_n(&rec_hot.active, __ATOMIC_ACQUIRE))
        return NULL;
    rec_lock();
    t = __atomic_load_n(&rec_hot.active, __ATOMIC_ACQUIRE) ? new_unlocked()
                                                           : NULL;
    if (t != NULL) {
        memset(t, 0, sizeof *t);
        t->ident = (uint64_t)pthread_self();
        t->native_id = (int)syscall(SYS_gettid);
        t->next = all_threads;
        all_threads = t;
    }
    rec_unlock();
    if (t != NULL) {
        rec_self = t;
        pthread_setspecific(end_key, t);
    }
    errno = saved;
    return t;
}

struct rec_thread *rec_probe_begin(void)
{
    struct rec_thread *self = rec_self;

    rec_self = NULL;
    probing = true;
    probed = false;
    return self;
}

bool rec_probe_end(struct rec_thread *self)
{
    probing = false;
    rec_self = self;
    return probed;
}

/* The comm of the calling thread. */
static size_t own_name(char name[17])
{
    memset(name, 0, 17);
    if (prctl(PR_GET_NAME, name, 0, 0, 0) != 0)
        return 0;
    return strlen(name);
}

/* Gives the thread an id in the stream that is being recorded. */
static bool introduce_unlocked(struct rec_thread *t)
{
    char name[17];
    size_t n;

    if (t->serial == rec_serial)
        return true;
    n = own_name(name);
    if (rec_define_thread(next_id + 1, (uint64_t)t->native_id, t->ident,
                          name, n) != 0)
        return false;
    t->id = ++next_id;
    t->serial = rec_serial;
    t->records = 0;
    t->unstacked = 0;
    return true;
}

static void give_unlocked(struct rec_thread *t)
{
    if (t->segment == NULL)
        return;
    t->records += (uint64_t)(t->cursor - t->segment->data) /
                  sizeof(struct pmt_raw);
    pmt_journal_give(t->segment);
    t->segment = NULL;
    t->cursor = t->limit = NULL;
}

/* pthread calls it when the thread ends; later events of the thread, if any,
 * register it anew. */
static void thread_ended(void *self)
{
    struct rec_thread *t = self, **link;

    if (rec_phase() == REC_PHASE_FORKED || rec_self != t)
        return;
    rec_lock();
    rec_self = NULL;
    if (t->serial == rec_serial) {
        give_unlocked(t);
        ended_records += t->records;
        ended_unstacked += t->unstacked;
    }
    for (link = &all_threads; *link != NULL; link = &(*link)->next)
        if (*link == t) {
            *link = t->next;
            break;
        }
    t->next_free = free_threads;
    free_threads = t;
    rec_unlock();
}

int rec_threads_prepare(void)
{
    return pthread_key_create(&end_key, thread_ended) == 0 ? 0 : -1;
}

/* ---- segments ------------------------------------------------------------- */

static bool take(struct rec_thread *t)
{
    struct pmt_segment *s;
    size_t fit;

    s = pmt_journal_take(&rec_journal, PMT_SEGMENT_RECORDS, t->id);
    if (s == NULL)
        return false;
    fit = pmt_segment_capacity(&rec_journal) / sizeof(struct pmt_raw);
    t->segment = s;
    t->cursor = s->data;
    t->limit = s->data + fit * sizeof(struct pmt_raw);
    t->gave_up = false;
    t->refused_pass = 0;
    return true;
}

/* True when the drain has segments to empty. Where it has none, all are held
 * by threads, and waiting for it would be in vain. */
static bool drain_has_work(void)
{
    for (uint32_t i = 0; i < rec_journal.header->segment_count; i++)
        if (__atomic_load_n(&pmt_journal_segment(&rec_journal, i)->state,
                            __ATOMIC_RELAXED) == PMT_SEGMENT_FULL)
            return true;
    return false;
}

/* Waits for a segment as long as the drain frees one now and then. */
static bool wait_and_take(struct rec_thread *t)
{
    const struct timespec pause = {0, PAUSE_NS};
    uint64_t since = pmt_clock_mono_ns(), now;
    uint64_t order = 0, last = 0;

    while (!take(t)) {
        rec_recording_wake();
        nanosleep(&pause, NULL);
        order = __atomic_load_n(&rec_journal.header->next_order,
                                __ATOMIC_RELAXED);
        now = pmt_clock_mono_ns();
        if (order != last) {
            last = order;
            since = now;
        } else if (now - since > PATIENCE_NS || !drain_has_work()) {
            if (take(t)) /* freed since the last look */
                break;
            t->gave_up = true;
            return false;
        }
    }
    return true;
}

unsigned char *rec_thread_room(struct rec_thread *t, size_t bytes,
                               unsigned records)
{
    uint32_t pass = rec_recording_passes() + 1;
    bool ready = t->serial == rec_serial;
    int saved = errno;

    (void)bytes; /* a fresh segment has room for any record */
    if (ready && t->segment == NULL && t->refused_pass == pass &&
        (!rec_hot.wait || t->gave_up)) {
        /* Only a pass of the drain makes segments free. */
        pmt_journal_lose(&rec_journal, PMT_LOSS_FULL, records);
        return NULL;
    }
    rec_lock();
    give_unlocked(t);
    ready = introduce_unlocked(t);
    rec_unlock();
    rec_recording_wake();
    ready = ready && (take(t) || (rec_hot.wait && !t->gave_up &&
                                  wait_and_take(t)));
    errno = saved;
    if (ready)
        return t->cursor;
    t->refused_pass = pass;
    pmt_journal_lose(&rec_journal, PMT_LOSS_FULL, records);
    return NULL;
}

/* ---- the end of a recording ----------------------------------------------- */

/* A barrier on every processor that runs this process. */
static void barrier_everywhere(void)
{
    enum { PRIVATE_EXPEDITED = 1 << 3, REGISTER = 1 << 4 };

    if (syscall(SYS_membarrier, REGISTER, 0, 0) == 0 &&
        syscall(SYS_membarrier, PRIVATE_EXPEDITED, 0, 0) == 0)
        return;
    /* Not to be had: a switch of context is one as well, and none of the
     * hooks' few instructions takes this long without. */
    nanosleep(&(struct timespec){0, 20000000}, NULL);
}

bool rec_threads_quiesce(void)
{
    const struct timespec pause = {0, 1000000};

    barrier_everywhere();
    for (int tries = 0; tries < 1000; tries++) {
        struct rec_thread *t;

        rec_lock();
        for (t = all_threads; t != NULL; t = t->next)
            if (t != rec_self && __atomic_load_n(&t->guard, __ATOMIC_ACQUIRE))
                break;
        rec_unlock();
        if (t == NULL)
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

void rec_threads_detach(void)
{
    for (struct rec_thread *t = all_threads; t != NULL; t = t->next)
        if (t->serial == rec_serial)
            give_unlocked(t);
}

void rec_threads_count(struct rec_stats *stats)
{
    stats->records = ended_records;
    stats->unstacked = ended_unstacked;
    stats->threads = next_id;
    for (struct rec_thread *t = all_threads; t != NULL; t = t->next) {
        if (t->serial != rec_serial)
            continue;
        stats->records += t->records;
        stats->unstacked += t->unstacked;
        if (t->segment != NULL)
            stats->records += __atomic_load_n(&t->segment->head,
                                              __ATOMIC_RELAXED) /
                              sizeof(struct pmt_raw);
    }
}

void rec_threads_reset(void)
{
    next_id = 0;
    ended_records = ended_unstacked = 0;
}

void rec_threads_forked(void)
{
    if (rec_self != NULL)
        rec_self->guard = 0;
    rec_self = NULL;
    all_threads = NULL;
}

/* ---- names ------------------------------------------------------------------ */

void rec_thread_name(uint64_t ident, const char *name, size_t bytes)
{
    rec_lock();
    for (struct rec_thread *t = all_threads; t != NULL && rec_hot.active;
         t = t->next)
        if (t->ident == ident && t->serial == rec_serial) {
            rec_define_thread(t->id, (uint64_t)t->native_id, ident, name,
                              bytes);
            break;
        }
    rec_unlock();
}

uint32_t rec_thread_self_id(void)
{
    struct rec_thread *t = rec_self;
    uint32_t id;

    if (t == NULL)
        t = rec_thread_register();
    if (t == NULL)
        return 0;
    rec_lock();
    id = rec_hot.active && introduce_unlocked(t) ? t->id : 0;
    rec_unlock();
    return id;
}
