/*
 * fork.c - what becomes of a recording when the process forks (running.h).
 *
 * The parent goes on. A child records nothing: neither the journal nor the
 * tables are mapped in it (MADV_DONTFORK), so that a child that would store
 * into them ends at once instead of spoiling the parent's. A child that
 * Python knows of may then begin a recording of its own (control.c).
 */
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "dump.h"
#include "parts.h"
#include "running.h"
#include "table.h"
#include "thread.h"
#include "tidy.h"

/* Between the handlers of one fork. */
static __thread bool life_held, lock_held;
static __thread uint64_t rate;         /* of the counter; 0: not known */

static bool lock_for_a_second(pthread_mutex_t *lock)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    return pthread_mutex_timedlock(lock, &until) == 0;
}

static void before_fork(void)
{
    life_held = lock_for_a_second(&rec_life);
    rate = 0;
    if (life_held) {
        rec_drainer_pause();
        if (rec_phase_now == REC_PHASE_RUNNING)
            rate = rec_journal.header->raw_per_ns_q32;
    }
    lock_held = rec_lock_for_fork();
}

static void after_fork(void)
{
    rec_drainer_forked_here();
    rec_tidy_forked(false);
    if (lock_held)
        rec_unlock();
    if (life_held)
        pthread_mutex_unlock(&rec_life);
    /* CPython's look at the threads is still to come. */
    rec_thread_trap();
}

static void after_fork_in_child(void)
{
    bool clean = life_held && lock_held;

    rec_hot.active = REC_INACTIVE;
    rec_lock_forked();
    pthread_mutex_init(&rec_life, NULL);
    rec_threads_forked();
    rec_drainer_forked();
    rec_tidy_forked(true);
    rec_parts_forked();
    rec_nest_forked();
    rec_dump_forked();
    rec_pages_forked();
    if (rec_phase_now != REC_PHASE_RUNNING)
        return;
    rec_phase_now = REC_PHASE_FORKED;
    rec_recording_forked(clean);
    pmt_journal_forked(rate);
    rec_files_forked(&rec_running.trace, &rec_journal);
}

int rec_fork_prepare(void)
{
    return pthread_atfork(before_fork, after_fork, after_fork_in_child) == 0
               ? 0
               : -1;
}
