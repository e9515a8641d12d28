/*
 * fork.c - what becomes of a recording when the process forks (running.h).
 *
 * The parent goes on. A child records nothing: the journal is not mapped in
 * it (MADV_DONTFORK), so that a child that would store into it ends at once
 * instead of spoiling the parent's.
 */
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "running.h"
#include "thread.h"

/* Between the handlers of one fork. */
static __thread bool life_held, lock_held;

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
    if (life_held)
        rec_drainer_pause();
    lock_held = rec_lock_for_fork();
}

static void after_fork(void)
{
    rec_drainer_forked_here();
    if (lock_held)
        rec_unlock();
    if (life_held)
        pthread_mutex_unlock(&rec_life);
    /* CPython's look at the threads is still to come. */
    rec_thread_trap();
}

static void after_fork_in_child(void)
{
    rec_hot.active = REC_INACTIVE;
    rec_lock_forked();
    pthread_mutex_init(&rec_life, NULL);
    rec_threads_forked();
    rec_drainer_forked();
    if (rec_phase_now != REC_PHASE_RUNNING)
        return;
    rec_phase_now = REC_PHASE_FORKED;
    rec_nest_forked();
    if (rec_running.trace_fd >= 0)
        close(rec_running.trace_fd);
    if (rec_journal.fd >= 0)
        close(rec_journal.fd);
    rec_running.trace_fd = rec_journal.fd = -1;
}

int rec_fork_prepare(void)
{
    return pthread_atfork(before_fork, after_fork, after_fork_in_child) == 0
               ? 0
               : -1;
}
