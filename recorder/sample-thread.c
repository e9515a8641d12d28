/*
 * sample-thread.c - the thread that reads figures of this process
 * (sample-thread.h).
 */
#include "sample-thread.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "figures.h"
#include "pmt/journal.h"
#include "pmt/record.h"
#include "proc.h"
#include "recording.h"
#include "thread.h"

#define STACK_BYTES (256u * 1024u)
#define SLACK_NS 1000UL        /* how much later the kernel may wake it */
#define MS_NS UINT64_C(1000000)

/* ms << 32 | groups; 0: nothing is wanted. Atomic. */
static uint64_t wishes[REC_SAMPLING_WHO];
/* When that last changed: ticks are whole intervals later. Atomic. */
static uint64_t since_ns;

/* Between the thread and the rest; atomic. */
static sem_t wake;
static bool wake_made;
static uint32_t ending;

/* The draining thread's: one at a time. */
static pthread_t sampler;
static bool runs;

/* The kernel's: what stands in for libc's (libfaketime) may say another time
 * than the semaphore goes by. */
static uint64_t clock_now(void)
{
    struct timespec now;

    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- what is wanted -------------------------------------------------------- */

static uint64_t wish_of(enum rec_sampling_who who)
{
    return __atomic_load_n(&wishes[who], __ATOMIC_ACQUIRE);
}

/* The shortest interval, 0 for none, and all groups. */
static uint32_t wanted(uint32_t *groups)
{
    uint32_t every = 0;

    *groups = 0;
    for (int who = 0; who < REC_SAMPLING_WHO; who++) {
        uint64_t wish = wish_of((enum rec_sampling_who)who);
        uint32_t ms = (uint32_t)(wish >> 32);

        if (ms > 0 && (every == 0 || ms < every))
            every = ms;
        *groups |= (uint32_t)wish;
    }
    return every;
}

bool rec_sampling_is_wanted(enum rec_sampling_who who)
{
    return wish_of(who) >> 32 != 0;
}

void rec_sampling_want(enum rec_sampling_who who, uint32_t every_ms,
                       uint32_t groups)
{
    uint64_t wish = every_ms ? (uint64_t)every_ms << 32 | groups : 0;

    if (__atomic_load_n(&wishes[who], __ATOMIC_SEQ_CST) == wish)
        return;
    __atomic_store_n(&since_ns, clock_now(), __ATOMIC_SEQ_CST);
    __atomic_store_n(&wishes[who], wish, __ATOMIC_SEQ_CST);
    /* The draining thread starts the thread, or tells it, or ends it. */
    rec_recording_wake();
}

/* ---- one sample ------------------------------------------------------------ */

static bool is_recording(void)
{
    return __atomic_load_n(&rec_hot.active, __ATOMIC_ACQUIRE) != REC_INACTIVE;
}

static void read_and_write(struct rec_figures *figures, uint32_t groups)
{
    figures->kind = PMT_KIND_SAMPLE;
    figures->time = rec_now();
    figures->used = 0;
    figures->lost = false;
    (void)groups;
    rec_figures_add(figures, "rss", "bytes", false,
                    (int64_t)rec_proc_rss_once());
    rec_figures_write(figures);
}

void rec_sampling_now(void)
{
    struct rec_figures *figures;
    int saved = errno;
    uint32_t groups;

    if (wanted(&groups) == 0 || !is_recording())
        return;
    figures = malloc(sizeof *figures);
    if (figures != NULL)
        read_and_write(figures, groups);
    free(figures);
    errno = saved;
}

/* ---- the thread ------------------------------------------------------------ */

/* Sleeps until `due` or until woken. */
static void sleep_until(uint64_t due)
{
    struct timespec until = {(time_t)(due / 1000000000u),
                             (long)(due % 1000000000u)};

    sem_clockwait(&wake, CLOCK_MONOTONIC, &until);
}

/* The first tick behind `now`. */
static uint64_t next_tick(uint64_t now, uint64_t every)
{
    uint64_t since = __atomic_load_n(&since_ns, __ATOMIC_SEQ_CST);

    return now < since ? since
                       : since + ((now - since) / every + 1) * every;
}

static void *sample_main(void *unused)
{
    static struct rec_figures figures;
    uint64_t due = 0, every = 0;

    (void)unused;
    pthread_setname_np(pthread_self(), "pmtrace-sample");
    prctl(PR_SET_TIMERSLACK, SLACK_NS, 0, 0, 0);
    while (!__atomic_load_n(&ending, __ATOMIC_ACQUIRE)) {
        uint32_t groups;
        uint64_t ns = wanted(&groups) * MS_NS, now = clock_now();

        if (ns == 0)
            break;
        if (ns != every)
            due = next_tick(now, ns);
        every = ns;
        if (now < due) {
            sleep_until(due);
            continue;
        }
        if (is_recording())
            read_and_write(&figures, groups);
        due = next_tick(clock_now(), every); /* those that are over are left
                                              * out */
    }
    return NULL;
}

static void start(void)
{
    pthread_attr_t attr;

    if (!wake_made)
        sem_init(&wake, 0, 0);
    wake_made = true;
    __atomic_store_n(&ending, 0, __ATOMIC_RELEASE);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    runs = pthread_create(&sampler, &attr, sample_main, NULL) == 0;
    pthread_attr_destroy(&attr);
}

void rec_sampling_leave(void)
{
    if (!runs)
        return;
    __atomic_store_n(&ending, 1, __ATOMIC_SEQ_CST);
    sem_post(&wake);
    pthread_join(sampler, NULL);
    runs = false;
}

void rec_sampling_tick(void)
{
    static uint64_t told;
    uint32_t groups;
    uint64_t every = wanted(&groups);

    if (every == 0)
        rec_sampling_leave();
    else if (!runs)
        start();
    else if (every != told)
        sem_post(&wake);
    told = every;
}

void rec_sampling_forked(void)
{
    runs = wake_made = false;
}
