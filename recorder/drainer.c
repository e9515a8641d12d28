/*
 * drainer.c - the thread that moves records from the journal into the trace
 * (running.h).
 *
 * It has all signals blocked, never takes the GIL and never calls Python's
 * allocators but to see whether the hooks are still there. It has descriptors
 * of its own, so that it alone writes, the end of the trace too. Before a
 * fork it is ended, since CPython (3.12 and later) counts the threads of a
 * process that forks; what is recorded meanwhile stays in the journal, and
 * rec_recording_ensure() starts it again.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "dump.h"
#include "running.h"
#include "thread.h"

#define PASS_NS UINT64_C(100000000)    /* longest wait between passes */
#define LEAST_NS UINT64_C(500000)      /* shortest, where none wakes it */
#define FLUSH_NS UINT64_C(1000000000)  /* between writes of what is left */
#define DRAIN_STACK_BYTES (512u * 1024u)
#define START_EVERY_NS UINT64_C(10000000) /* after forks, on average */
#define STARTS_MAX 64u                 /* in a row */
#define GONE_NS UINT64_C(100000000)    /* longest wait for a thread's end */
#define FORKED_NS UINT64_C(5000000)    /* no start so long after a fork */

enum task {
    DRAIN,
    REST,                              /* until there is another task */
    END                                /* and those after it, below */
};

/* Guarded by rec_life. */
static enum rec_last last_act;         /* at its end */
static pthread_t drainer;
static uint64_t flushed;
static uint64_t earned_ns;             /* when `starts` was raised */
static uint64_t forked_ns;             /* when the process last forked */
static uint32_t starts;                /* that may come at once */

/* Between the draining thread and the rest; atomic. */
static sem_t wake;
static sem_t held;                     /* posted when it has come to rest, and
                                        * when it has its file, if awaited */
static bool wake_made;
static uint32_t runs, paused;
static uint32_t asleep, wanted, passes;
static uint32_t task;                  /* enum task */
static uint32_t taken;                 /* a ring's file, by the thread */
static int drainer_tid;
static uint64_t due;                   /* the draining thread's */
static bool apart;                     /* it has descriptors of its own */
static int last_result;                /* of its last act */
static struct pmt_error last_error;
static void (*tick)(uint64_t now_ns);
static void (*leave)(void);

void rec_recording_set_tick(void (*function)(uint64_t now_ns))
{
    tick = function;
}

void rec_recording_set_leave(void (*function)(void))
{
    leave = function;
}

void rec_recording_wake_by(uint64_t mono_ns)
{
    if (mono_ns < due)
        due = mono_ns;
}

void rec_recording_wake(void)
{
    __atomic_fetch_add(&wanted, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&asleep, __ATOMIC_SEQ_CST) &&
        __atomic_exchange_n(&asleep, 0, __ATOMIC_SEQ_CST))
        sem_post(&wake);
}

uint32_t rec_recording_passes(void)
{
    return __atomic_load_n(&passes, __ATOMIC_ACQUIRE);
}

bool rec_recording_is_apart(void)
{
    return apart;
}

bool rec_recording_is_drainer(void)
{
    return __atomic_load_n(&runs, __ATOMIC_ACQUIRE) &&
           __atomic_load_n(&drainer_tid, __ATOMIC_RELAXED) ==
               (int)syscall(SYS_gettid);
}

/* ---- the thread --------------------------------------------------------------- */

/* How long to sleep. */
static uint64_t until_due(void)
{
    uint64_t now = pmt_clock_mono_ns();

    if (due > now + PASS_NS)
        return PASS_NS;
    return due > now + LEAST_NS ? due - now : LEAST_NS;
}

/* Sleeps until woken, or until it is time, PASS_NS at most; not at all when
 * `wanted` is no longer `seen`. */
static void sleep_a_while(uint32_t seen)
{
    struct timespec until;
    uint64_t ns;

    /* The kernel's: what stands in for libc's (libfaketime) may say another
     * time than the semaphore goes by. */
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &until);
    ns = (uint64_t)until.tv_nsec + until_due();
    until.tv_sec += (time_t)(ns / 1000000000u);
    until.tv_nsec = (long)(ns % 1000000000u);
    __atomic_store_n(&asleep, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&task, __ATOMIC_SEQ_CST) == DRAIN &&
        __atomic_load_n(&wanted, __ATOMIC_SEQ_CST) == seen)
        sem_clockwait(&wake, CLOCK_MONOTONIC, &until);
    __atomic_store_n(&asleep, 0, __ATOMIC_SEQ_CST);
}

void rec_drainer_publish(int result, const struct pmt_error *err)
{
    struct rec_running *r = &rec_running;
    struct pmt_ring_figures ring;
    uint64_t now = 0, peak = 0;

    pmt_drain_memory(r->drain, &now, &peak);
    __atomic_store_n(&r->drain_bytes, now, __ATOMIC_RELAXED);
    __atomic_store_n(&r->unwritten, pmt_drain_unwritten(r->drain),
                     __ATOMIC_RELAXED);
    pmt_drain_ring(r->drain, &ring);
    __atomic_store_n(&r->parts, ring.parts, __ATOMIC_RELAXED);
    __atomic_store_n(&r->disk_bytes, ring.bytes, __ATOMIC_RELAXED);
    __atomic_store_n(&r->let_go, ring.let_go, __ATOMIC_RELAXED);
    __atomic_store_n(&r->live_blocks, ring.live_blocks, __ATOMIC_RELAXED);
    if (result < 0) {
        __atomic_store_n(&r->last_errno, err->sys_errno, __ATOMIC_RELAXED);
        __atomic_store_n(&r->last_error, result, __ATOMIC_RELAXED);
    }
}

static uint32_t count_segments(enum pmt_segment_state state)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < rec_journal.header->segment_count; i++)
        count += __atomic_load_n(&pmt_journal_segment(&rec_journal, i)->state,
                                 __ATOMIC_RELAXED) == (uint32_t)state;
    return count;
}

/*
 * Segments that were given up are free only when what is in them is written,
 * and a chunk is written when it is full. Many threads that end give up many
 * segments with little in them: then what there is must be written. Before
 * that, where most are held by threads, idle ones are made to give theirs
 * up.
 */
static bool is_short_of_segments(void)
{
    uint32_t count = rec_journal.header->segment_count;

    if (count_segments(PMT_SEGMENT_FREE) < count / 4 &&
        count_segments(PMT_SEGMENT_ACTIVE) > count / 2 && rec_trylock()) {
        rec_threads_reclaim(true);
        rec_unlock();
    }
    return count_segments(PMT_SEGMENT_FULL) > count / 4;
}

/* Not while somebody has the lock: it may be waiting for this thread. */
static void tick_now(uint64_t now)
{
    uint64_t was_due = due;

    due = UINT64_MAX;
    if (tick == NULL ||
        __atomic_load_n(&rec_hot.active, __ATOMIC_ACQUIRE) == REC_INACTIVE)
        return;
    if (!rec_trylock()) {
        due = was_due;
        return;
    }
    rec_unlock();
    tick(now);
}

static void one_pass(void)
{
    struct pmt_error err = {0};
    uint64_t now = pmt_clock_mono_ns();
    bool flush = now - flushed >= FLUSH_NS;

    rec_drainer_publish(pmt_drain_pass(rec_running.drain, flush, &err), &err);
    if (!flush && is_short_of_segments())
        rec_drainer_publish(pmt_drain_pass(rec_running.drain, true, &err),
                            &err);
    __atomic_fetch_add(&passes, 1, __ATOMIC_RELEASE);
    if (flush)
        flushed = now;
    tick_now(now);
    rec_dump_work(now);
}

/* What is done at the end, by whoever drains. */
static void act_last(enum rec_last act)
{
    memset(&last_error, 0, sizeof last_error);
    last_result = PMT_OK;
    if (act == REC_LAST_FLUSH)
        last_result = pmt_drain_pass(rec_running.drain, true, &last_error);
    else if (act == REC_LAST_FINISH)
        last_result = pmt_drain_finish(rec_running.drain, &last_error);
    if (act != REC_LAST_NOTHING)
        rec_drainer_publish(last_result, &last_error);
}

/* Where the file can't be had, each pass tries again, and says why not. */
static void have_file(void)
{
    bool is_ours = rec_file_holds(&rec_running.trace);
    int spare = is_ours ? rec_running.trace.fd : -1;
    bool parted = rec_descriptors_part(spare);

    apart = parted;
    /* In a table of its own nobody can change what the number means. */
    if (parted && spare >= 0 && !rec_file_holds(&rec_running.trace)) {
        close(spare);
        spare = -1;
    }
    if (pmt_drain_open(rec_running.drain, spare, NULL) != PMT_OK ||
        spare < 0 || !rec_is_ring())
        return;
    if (parted)
        close(spare);
    __atomic_store_n(&taken, 1, __ATOMIC_RELEASE);
}

static void *drain_main(void *awaited)
{
    uint32_t seen = 0, now;

    __atomic_store_n(&drainer_tid, (int)syscall(SYS_gettid),
                     __ATOMIC_RELAXED);
    pthread_setname_np(pthread_self(), "pmtrace");
    have_file();
    if (awaited != NULL)
        sem_post(&held);
    while ((now = __atomic_load_n(&task, __ATOMIC_ACQUIRE)) != END) {
        if (now == REST) {
            sem_post(&held);
            while (__atomic_load_n(&task, __ATOMIC_ACQUIRE) == REST)
                sem_wait(&wake);
            continue;
        }
        sleep_a_while(seen);
        seen = __atomic_load_n(&wanted, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(&task, __ATOMIC_ACQUIRE) == DRAIN)
            one_pass();
    }
    if (leave != NULL)
        leave();
    if (last_act == REC_LAST_FINISH)
        rec_dump_work(pmt_clock_mono_ns());
    act_last(last_act);
    pmt_drain_leave(rec_running.drain);
    return NULL;
}

/* ---- start and stop ------------------------------------------------------------ */

/* The thread has the file of a ring: the descriptor in the program's table
 * would only keep the disk from having the room of a part that is removed. */
static void let_go_file(void)
{
    if (__atomic_exchange_n(&taken, 0, __ATOMIC_ACQUIRE))
        rec_file_close(&rec_running.trace);
}

static void make_semaphores(void)
{
    if (!wake_made) {
        sem_init(&wake, 0, 0);
        sem_init(&held, 0, 0);
    }
    wake_made = true;
}

/* After a fork it is not awaited: that would hold the program up. */
static int start(enum task first, struct pmt_error *err)
{
    bool await = !paused && first == DRAIN;
    pthread_attr_t attr;
    sigset_t all, before;
    int failed;

    if (runs)
        return PMT_OK;
    make_semaphores();
    if (!paused)
        flushed = pmt_clock_mono_ns();
    due = UINT64_MAX;
    rec_descriptors_prepare();
    __atomic_store_n(&taken, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&task, (uint32_t)first, __ATOMIC_SEQ_CST);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, DRAIN_STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&drainer, &attr, drain_main,
                            await ? &held : NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (failed) {
        __atomic_store_n(&paused, 1, __ATOMIC_RELEASE); /* to be tried again */
        return pmt_error_set_errno(err, failed, PMT_NO_OFFSET,
                                   "cannot start a thread");
    }
    while (await && sem_wait(&held) != 0)
        ;
    __atomic_store_n(&runs, 1, __ATOMIC_RELEASE);
    __atomic_store_n(&paused, 0, __ATOMIC_RELEASE);
    if (await && rec_is_ring())
        let_go_file();
    return PMT_OK;
}

int rec_drainer_start(struct pmt_error *err)
{
    return start(DRAIN, err);
}

void rec_drainer_rest(void)
{
    if (!runs)
        return;
    __atomic_store_n(&task, REST, __ATOMIC_SEQ_CST);
    sem_post(&wake);
    while (sem_wait(&held) != 0)
        ;
}

/* Without a thread: in the caller's, with the program's descriptors. */
static void act_here(enum rec_last act)
{
    struct rec_quiet quiet;

    rec_quiet_begin(&quiet);
    pmt_drain_open(rec_running.drain, rec_running.trace.fd, NULL);
    act_last(act);
    pmt_drain_leave(rec_running.drain);
    rec_quiet_end(&quiet);
}

int rec_drainer_end(enum rec_last act, struct pmt_error *err)
{
    last_act = act;
    if (!runs && act != REC_LAST_NOTHING)
        start(END, NULL);
    __atomic_store_n(&paused, 0, __ATOMIC_RELEASE);
    if (runs) {
        __atomic_store_n(&task, END, __ATOMIC_SEQ_CST);
        sem_post(&wake);
        pthread_join(drainer, NULL);
        __atomic_store_n(&runs, 0, __ATOMIC_RELEASE);
    } else if (act != REC_LAST_NOTHING) {
        act_here(act);
    }
    if (act == REC_LAST_NOTHING)
        return PMT_OK;
    if (err != NULL)
        *err = last_error;
    return last_result;
}

/* So that there is a descriptor of it when the thread, and its table, is gone.
 * A ring's file may be another one by now. */
static void keep_file(void)
{
    struct rec_running *r = &rec_running;
    int fd;

    if (!rec_is_ring()) {
        rec_file_regain(&r->trace,
                        __atomic_load_n(&drainer_tid, __ATOMIC_RELAXED),
                        r->trace_path);
        return;
    }
    rec_file_close(&r->trace);
    fd = open(r->trace_path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0)
        rec_file_take(&r->trace, fd, false);
}

/* A thread can be joined a little before the kernel stops to count it. */
void rec_drainer_pause(void)
{
    uint64_t begin = pmt_clock_mono_ns();
    int tid;

    if (!runs)
        return;
    keep_file();
    rec_drainer_end(REC_LAST_NOTHING, NULL);
    tid = __atomic_load_n(&drainer_tid, __ATOMIC_RELAXED);
    __atomic_store_n(&paused, 1, __ATOMIC_RELEASE);
    while (syscall(SYS_tgkill, getpid(), tid, 0) == 0 &&
           pmt_clock_mono_ns() - begin < GONE_NS)
        sched_yield();
}

void rec_drainer_forked_here(void)
{
    forked_ns = pmt_clock_mono_ns();
}

void rec_drainer_forked(void)
{
    wake_made = false;
    runs = paused = asleep = 0;
}

/* To end and start a thread takes some 100 us. So that a program which forks
 * all the time is not held up, only a few starts in a row come at once. */
static bool may_start(void)
{
    uint64_t now = pmt_clock_mono_ns();
    uint64_t earned = (now - earned_ns) / START_EVERY_NS;

    if (now - forked_ns < FORKED_NS)
        return false;
    if (earned > 0) {
        earned_ns = now;
        starts += earned < STARTS_MAX ? (uint32_t)earned : STARTS_MAX;
        starts = starts < STARTS_MAX ? starts : STARTS_MAX;
    }
    if (starts == 0)
        return false;
    starts--;
    return true;
}

bool rec_recording_ensure(bool now)
{
    bool is_there;

    if (__atomic_load_n(&taken, __ATOMIC_ACQUIRE) &&
        pthread_mutex_trylock(&rec_life) == 0) {
        let_go_file();
        pthread_mutex_unlock(&rec_life);
    }
    if (!__atomic_load_n(&paused, __ATOMIC_ACQUIRE))
        return true;
    if (pthread_mutex_trylock(&rec_life) != 0)
        return false;
    is_there = !paused || rec_phase_now != REC_PHASE_RUNNING ||
               ((now || may_start()) && rec_drainer_start(NULL) == PMT_OK);
    pthread_mutex_unlock(&rec_life);
    return is_there;
}
