/*
 * pending.c - work that needs the GIL (pending.h).
 */
#include "pending.h"

#include <errno.h>
#include <sched.h>

#include "cpython-pending.h"
#include "recording.h"

/* Guarded by the GIL. */
static void (*work)(void);

/* Atomic. */
static uint32_t wanted;      /* the work is to be done */
static uint32_t outstanding; /* Python has been asked and has not called */
static uint32_t ended;       /* Python ends */
static uint32_t inside;      /* the draining thread is in ask_python() */

void rec_pending_do(void)
{
    int saved = errno;

    if (work != NULL && !__atomic_load_n(&ended, __ATOMIC_ACQUIRE) &&
        __atomic_load_n(&wanted, __ATOMIC_ACQUIRE) &&
        __atomic_exchange_n(&wanted, 0, __ATOMIC_ACQ_REL))
        work();
    errno = saved;
}

static int called(void *unused)
{
    (void)unused;
    __atomic_store_n(&outstanding, 0, __ATOMIC_RELEASE);
    rec_pending_do();
    return 0;
}

static void ask_python(void)
{
    __atomic_store_n(&inside, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&ended, __ATOMIC_SEQ_CST)) {
        /* Its memory is being freed. */
    } else if (__atomic_exchange_n(&outstanding, 1, __ATOMIC_ACQ_REL)) {
        cpy_pending_nudge();
    } else if (cpy_pending_add(called) != 0) {
        __atomic_store_n(&outstanding, 0, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&inside, 0, __ATOMIC_SEQ_CST);
}

void rec_pending_ask(void)
{
    __atomic_store_n(&wanted, 1, __ATOMIC_RELEASE);
    ask_python();
}

void rec_pending_tick(void)
{
    if (__atomic_load_n(&wanted, __ATOMIC_ACQUIRE))
        ask_python();
}

static int restart(void *unused)
{
    int saved = errno;

    (void)unused;
    rec_recording_ensure(true);
    errno = saved;
    return 0;
}

void rec_pending_restart(void)
{
    cpy_pending_prepare();
    if (!__atomic_load_n(&ended, __ATOMIC_SEQ_CST))
        cpy_pending_add(restart);
}

void rec_pending_open(void (*function)(void))
{
    cpy_pending_prepare();
    work = function;
    __atomic_store_n(&wanted, 0, __ATOMIC_RELEASE);
}

void rec_pending_shut(void)
{
    work = NULL;
    __atomic_store_n(&wanted, 0, __ATOMIC_RELEASE);
}

void rec_pending_forked(void)
{
    wanted = outstanding = inside = 0;
}

void rec_pending_end(void)
{
    __atomic_store_n(&ended, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&inside, __ATOMIC_SEQ_CST))
        sched_yield();
}
