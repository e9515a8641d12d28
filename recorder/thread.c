/*
 * thread.c - the threads that record: their structs, their segments, and how
 * they are stopped (thread.h).
 */
#include "thread.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "define.h"
#include "table.h"

#define SLAB_BYTES 65536u

__thread struct rec_thread *rec_self
    __attribute__((tls_model("initial-exec")));

__thread int64_t rec_sample_left
    __attribute__((tls_model("initial-exec")));

/* See rec_probe_begin(). */
static __thread bool probing, probed;

/* Set once, by rec_threads_prepare(). */
static pthread_key_t end_key;

/* Guarded by rec_lock. */
static struct rec_thread *all_threads, *free_threads;
static struct rec_thread *slab, *slab_end;
static uint64_t births;
/* The same, of one recording. */
static uint32_t next_id;
static uint64_t ended_records, ended_unstacked;

/* What of a struct rec_thread is of one recording. */
#define OWN_BYTES offsetof(struct rec_thread, guard)

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
        t->birth = ++births;
        t->ident = (uint64_t)pthread_self();
        t->native_id = (int)syscall(SYS_gettid);
        t->sample_left = &rec_sample_left;
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

bool rec_thread_introduce(struct rec_thread *t)
{
    char name[17];
    size_t n;

    if (t->id != 0)
        return true;
    n = own_name(name);
    if (rec_define_thread(next_id + 1, (uint64_t)t->native_id, t->ident,
                          name, n) != 0)
        return false;
    t->name = rec_hash_bytes(0, name, n);
    t->id = ++next_id;
    return true;
}

/* Tells the stream the name of a thread, if it is another one. */
static void rename_unlocked(struct rec_thread *t, const char *name, size_t n)
{
    uint64_t hash = rec_hash_bytes(0, name, n);

    if (t->id != 0 && hash != t->name &&
        rec_define_thread(t->id, (uint64_t)t->native_id, t->ident, name,
                          n) == 0)
        t->name = hash;
}

void rec_thread_give(struct rec_thread *t)
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
    char name[17];
    size_t n;

    if (rec_phase() == REC_PHASE_FORKED || rec_self != t)
        return;
    n = own_name(name);
    rec_lock();
    rec_self = NULL;
    if (!t->named && n > 0) /* CPython 3.14 gives threads their names */
        rename_unlocked(t, name, n);
    rec_thread_give(t);
    ended_records += t->records - t->notes;
    ended_unstacked += t->unstacked;
    for (link = &all_threads; *link != NULL; link = &(*link)->next)
        if (*link == t) {
            *link = t->next;
            break;
        }
    t->birth = 0;
    t->next_free = free_threads;
    free_threads = t;
    rec_unlock();
}

int rec_threads_prepare(void)
{
    return pthread_key_create(&end_key, thread_ended) == 0 ? 0 : -1;
}

/* ---- keeping threads out --------------------------------------------------- */

enum { PRIVATE_EXPEDITED = 1 << 3, REGISTER = 1 << 4 };

/* A barrier on every processor that runs this process. */
static void barrier_everywhere(void)
{
    if (syscall(SYS_membarrier, REGISTER, 0, 0) == 0 &&
        syscall(SYS_membarrier, PRIVATE_EXPEDITED, 0, 0) == 0)
        return;
    /* Not to be had: a switch of context is one as well, and none of the
     * hooks' few instructions takes this long without. */
    nanosleep(&(struct timespec){0, 20000000}, NULL);
}

void rec_threads_ready(void)
{
    syscall(SYS_membarrier, REGISTER, 0, 0);
}

struct rec_thread *rec_enter_held(struct rec_thread *t)
{
    int saved = errno;
    uint32_t active;

    do {
        rec_lock(); /* who holds us holds the lock */
        rec_unlock();
        __atomic_store_n(&t->guard, 1, __ATOMIC_RELAXED);
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        active = __atomic_load_n(&rec_hot.active, __ATOMIC_ACQUIRE);
        if (active != REC_ACTIVE)
            __atomic_store_n(&t->guard, 0, __ATOMIC_RELEASE);
    } while (active == REC_HELD);
    errno = saved;
    return active == REC_ACTIVE ? t : NULL;
}

/* Nobody comes into a hook now. */
static unsigned give_idle(bool only_idle)
{
    unsigned given = 0;

    for (struct rec_thread *t = all_threads; t != NULL; t = t->next) {
        if (__atomic_load_n(&t->guard, __ATOMIC_ACQUIRE) ||
            t->segment == NULL)
            continue;
        if (!only_idle || t->idle_cursor == t->cursor) {
            rec_thread_give(t);
            given++;
        } else {
            t->idle_cursor = t->cursor;
        }
    }
    return given;
}

unsigned rec_threads_reclaim(bool only_idle)
{
    uint32_t active = REC_ACTIVE, held = REC_HELD;
    unsigned given;

    if (!__atomic_compare_exchange_n(&rec_hot.active, &active, REC_HELD,
                                     false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_SEQ_CST))
        return 0;
    barrier_everywhere();
    given = give_idle(true);
    if (given == 0 && !only_idle)
        given = give_idle(false);
    __atomic_compare_exchange_n(&rec_hot.active, &held, REC_ACTIVE, false,
                                __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return given;
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

/* ---- begin and end of a recording ------------------------------------------ */

void rec_threads_detach(void)
{
    for (struct rec_thread *t = all_threads; t != NULL; t = t->next)
        rec_thread_give(t);
}

static void count(struct rec_stats *stats)
{
    stats->records = ended_records;
    stats->unstacked = ended_unstacked;
    stats->threads = next_id;
    for (struct rec_thread *t = all_threads; t != NULL; t = t->next) {
        stats->records += t->records -
                          __atomic_load_n(&t->notes, __ATOMIC_RELAXED);
        stats->unstacked += t->unstacked;
        if (t->segment != NULL)
            stats->records += __atomic_load_n(&t->segment->head,
                                              __ATOMIC_RELAXED) /
                              sizeof(struct pmt_raw);
    }
}

/* The thread may be counting down just now. */
static void clear_own(struct rec_thread *t)
{
    memset(t, 0, OWN_BYTES);
    __atomic_store_n(t->sample_left, 0, __ATOMIC_RELAXED);
}

static void stop(void)
{
    next_id = 0;
    ended_records = ended_unstacked = 0;
    for (struct rec_thread *t = all_threads; t != NULL; t = t->next)
        clear_own(t);
}

static const struct rec_saved state[] = {
    REC_SAVED(next_id), REC_SAVED(ended_records), REC_SAVED(ended_unstacked),
    {NULL, 0}};

const struct rec_part rec_part_threads = {.stop = stop, .count = count,
                                          .saved = state};

/* What was kept of one thread. */
struct kept {
    struct rec_thread *thread;
    uint64_t birth;            /* it may have ended, and be another one */
    unsigned char own[OWN_BYTES];
};

struct kept_block {
    size_t bytes, count;
    struct kept kept[];
};

void *rec_threads_save(void)
{
    struct kept_block *block;
    size_t bytes = sizeof *block;

    for (struct rec_thread *t = all_threads; t != NULL; t = t->next)
        bytes += sizeof(struct kept);
    block = rec_pages_new(bytes);
    if (block == NULL)
        return NULL;
    block->bytes = bytes;
    for (struct rec_thread *t = all_threads; t != NULL; t = t->next) {
        struct kept *k = &block->kept[block->count++];

        k->thread = t;
        k->birth = t->birth;
        memcpy(k->own, t, OWN_BYTES);
        clear_own(t);
    }
    return block;
}

void rec_threads_restore(void *kept)
{
    struct kept_block *block = kept;

    /* What is left until a random point is as random as the whole. */
    for (struct rec_thread *t = all_threads; t != NULL; t = t->next)
        __atomic_store_n(t->sample_left, 0, __ATOMIC_RELAXED);
    for (size_t i = 0; i < block->count; i++) {
        const struct kept *k = &block->kept[i];
        struct rec_thread own;

        if (k->thread->birth == k->birth) {
            memcpy(k->thread, k->own, OWN_BYTES);
        } else {
            memcpy(&own, k->own, OWN_BYTES);
            ended_records += own.records - own.notes;
            ended_unstacked += own.unstacked;
        }
    }
    rec_pages_free(block, block->bytes);
}

void rec_threads_forked(void)
{
    rec_self = NULL;
    all_threads = free_threads = NULL;
    slab = slab_end = NULL;
}

/* ---- names ------------------------------------------------------------------ */

void rec_thread_name(uint64_t ident, const char *name, size_t bytes)
{
    rec_lock();
    for (struct rec_thread *t = all_threads; t != NULL; t = t->next)
        if (t->ident == ident) {
            rename_unlocked(t, name, bytes);
            t->named = true;
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
    id = rec_hot.active && rec_thread_introduce(t) ? t->id : 0;
    rec_unlock();
    return id;
}
