/*
 * sample-thread.c - the thread that reads figures of this process
 * (sample-thread.h).
 */
#include "sample-thread.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "figures.h"
#include "pmt/journal.h"
#include "pmt/record.h"
#include "proc.h"
#include "prompt.h"
#include "recording.h"
#include "thread.h"

#define STACK_BYTES (256u * 1024u)
#define SLACK_NS 1000UL        /* how much later the kernel may wake it */
#define MS_NS UINT64_C(1000000)
#define USUAL (REC_PROC_MEMORY | REC_PROC_CPU | REC_PROC_STATUS)
#define MAPS_MAX 24            /* names of mappings in a sample */
#define MARKS_NS (100 * MS_NS) /* that samples at marks may take at once, */
#define MARKS_SHARE 50u        /* and of the time */

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
        if (ms > 0)
            *groups |= (uint32_t)wish ? (uint32_t)wish : USUAL;
    }
    return every;
}

bool rec_sampling_is_wanted(void)
{
    uint32_t groups;

    return wanted(&groups) != 0;
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

/* What one sample is read into, and the record made of it. */
struct sample {
    struct rec_proc process;
    struct rec_proc_reading reading;
    struct rec_figures figures;
};

/* Held while one is read, so that times and counters rise together. */
static pthread_mutex_t reading = PTHREAD_MUTEX_INITIALIZER;

static void add(void *to, const struct rec_proc_figure *f)
{
    rec_figures_add(to, f->name, f->unit, f->counter, f->value);
}

static void begin_record(struct rec_figures *figures)
{
    figures->kind = PMT_KIND_SAMPLE;
    figures->time = rec_now();
    figures->used = 0;
    figures->lost = false;
}

static int64_t time_ns(struct timeval t)
{
    return t.tv_sec * INT64_C(1000000000) + t.tv_usec * INT64_C(1000);
}

/* A process is told more about itself: processor time in microseconds, and
 * switches of context of all its threads. */
static void put_usage(struct rec_proc_reading *r)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return;
    for (size_t i = 0; i < r->count; i++) {
        struct rec_proc_figure *f = &r->figures[i];

        if (strcmp(f->name, "cpu_user") == 0)
            f->value = time_ns(usage.ru_utime);
        else if (strcmp(f->name, "cpu_system") == 0)
            f->value = time_ns(usage.ru_stime);
        else if (strcmp(f->name, "ctx_voluntary") == 0)
            f->value = usage.ru_nvcsw;
        else if (strcmp(f->name, "ctx_involuntary") == 0)
            f->value = usage.ru_nivcsw;
    }
}

static void read_and_write(struct sample *s, uint32_t groups)
{
    struct rec_proc_reading *r = &s->reading;

    rec_proc_begin_look();
    s->process.groups = groups;
    begin_record(&s->figures);
    if (rec_proc_read(&s->process, r) == 0) {
        put_usage(r);
        for (size_t i = 0; i < r->count; i++)
            add(&s->figures, &r->figures[i]);
    }
    rec_figures_write(&s->figures);
    if (groups & REC_PROC_MAPS) {
        begin_record(&s->figures);
        rec_proc_read_maps(&s->process, MAPS_MAX, add, &s->figures);
        rec_figures_write(&s->figures);
    }
}

/* With `reading`. */
static void sample_now(uint32_t groups)
{
    struct sample *s = malloc(sizeof *s);

    if (s != NULL) {
        /* Its files would be the program's descriptors. */
        rec_proc_init(&s->process, 0, groups, false);
        read_and_write(s, groups);
        rec_proc_release(&s->process);
        rec_proc_end_look();
    }
    free(s);
}

void rec_sampling_now(void)
{
    int saved = errno;
    uint32_t groups;

    if (wanted(&groups) == 0 || !is_recording())
        return;
    pthread_mutex_lock(&reading);
    sample_now(groups);
    pthread_mutex_unlock(&reading);
    errno = saved;
}

void rec_sampling_at_mark(void)
{
    static uint64_t used_ns, at_ns, of_ns; /* guarded by the GIL */
    uint64_t now = pmt_clock_mono_ns(), earned = (now - at_ns) / MARKS_SHARE;
    uint64_t since = __atomic_load_n(&since_ns, __ATOMIC_RELAXED);
    int saved = errno;
    uint32_t groups;

    if (wanted(&groups) == 0 || !is_recording())
        return;
    if (of_ns != since) /* others are wanted than before */
        used_ns = 0;
    of_ns = since;
    used_ns -= earned < used_ns ? earned : used_ns;
    at_ns = now;
    if (used_ns > MARKS_NS || pthread_mutex_trylock(&reading) != 0)
        return;
    sample_now(groups);
    pthread_mutex_unlock(&reading);
    used_ns += pmt_clock_mono_ns() - now;
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
    static struct sample sample;
    uint64_t due = 0, every = 0;

    (void)unused;
    rec_proc_init(&sample.process, 0, 0, rec_recording_is_apart());
    pthread_setname_np(pthread_self(), "pmtrace-sample");
    rec_be_prompt();
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
        if (is_recording()) {
            pthread_mutex_lock(&reading);
            read_and_write(&sample, groups);
            pthread_mutex_unlock(&reading);
        }
        due = next_tick(clock_now(), every); /* those that are over are left
                                              * out */
    }
    rec_proc_release(&sample.process);
    rec_proc_end_look();
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
    pthread_mutex_init(&reading, NULL);
}
