/*
 * room.c - where a thread's next records go: segments of the journal, when to
 * wait for one, and when not (thread.h).
 */
#include <errno.h>
#include <time.h>

#include "thread.h"

/* Longest time without a free segment for anybody before a waiting thread
 * gives up, and between its looks. */
#define PATIENCE_NS UINT64_C(1000000000)
#define PAUSE_NS 200000
/* The same while all segments are held by threads that are inside a hook. */
#define VAIN_NS UINT64_C(50000000)

static unsigned char *end_of(const struct pmt_segment *s)
{
    size_t fit = pmt_segment_capacity(&rec_journal) / sizeof(struct pmt_raw);

    return (unsigned char *)s->data + fit * sizeof(struct pmt_raw);
}

static bool take(struct rec_thread *t)
{
    struct pmt_segment *s;

    s = pmt_journal_take(&rec_journal, PMT_SEGMENT_RECORDS, t->id);
    if (s == NULL)
        return false;
    t->segment = s;
    t->cursor = s->data;
    t->limit = end_of(s);
    t->idle_cursor = NULL;
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

/* Takes segments from threads that don't need theirs now. */
static unsigned reclaim(void)
{
    unsigned given;

    rec_lock();
    given = rec_threads_reclaim(false);
    rec_unlock();
    if (given > 0)
        rec_recording_wake();
    return given;
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
        } else if (now - since > PATIENCE_NS ||
                   (!drain_has_work() && reclaim() == 0 &&
                    now - since > VAIN_NS)) {
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
    int saved = errno;
    bool ready;

    if (t->segment != NULL &&
        end_of(t->segment) - t->cursor >= (ptrdiff_t)bytes) {
        /* It was rec_thread_trap(). */
        t->limit = rec_recording_ensure(false) ? end_of(t->segment)
                                               : t->cursor + bytes;
        errno = saved;
        return t->cursor;
    }
    if (t->segment == NULL && t->refused_pass == pass &&
        (!rec_hot.wait || t->gave_up)) {
        /* Only a pass of the drain makes segments free. */
        pmt_journal_lose(&rec_journal, PMT_LOSS_FULL, records);
        return NULL;
    }
    rec_lock();
    rec_thread_give(t);
    ready = rec_thread_introduce(t);
    rec_unlock();
    rec_recording_ensure(true);
    rec_recording_wake();
    if (ready && !take(t)) {
        reclaim();
        ready = take(t) || (rec_hot.wait && !t->gave_up && wait_and_take(t));
    }
    errno = saved;
    if (ready)
        return t->cursor;
    t->refused_pass = pass;
    pmt_journal_lose(&rec_journal, PMT_LOSS_FULL, records);
    return NULL;
}

void rec_thread_trap(void)
{
    struct rec_thread *t = rec_self;

    if (t != NULL && t->guard == 0 && t->segment != NULL)
        t->limit = t->cursor;
}
