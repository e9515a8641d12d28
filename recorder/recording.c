/*
 * recording.c - the beginning and the end of a recording, the thread that
 * drains it, and forks (recording.h).
 *
 * The draining thread has all signals blocked, never takes the GIL and never
 * calls Python's allocators but to see whether the hooks are still there.
 */
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "define.h"
#include "pmt/drain.h"
#include "table.h"
#include "tables.h"
#include "thread.h"

#define PASS_NS UINT64_C(100000000)    /* longest wait between passes */
#define FLUSH_NS UINT64_C(1000000000)  /* between writes of what is left */
#define DRAIN_STACK_BYTES (512u * 1024u)

struct rec_hot rec_hot;
struct rec_settings rec_set;
struct pmt_journal rec_journal;
uint32_t rec_serial;

static pthread_mutex_t tables_lock = PTHREAD_MUTEX_INITIALIZER;

/* Guarded by `life`. */
static pthread_mutex_t life = PTHREAD_MUTEX_INITIALIZER;
static int phase;                      /* atomic; enum rec_phase */
static bool stuck;                     /* a hook did not end in time */
static int trace_fd = -1;
static struct pmt_drain *drain;        /* the draining thread's */
static pthread_t drainer;
static char trace_path[4096], journal_path[4096 + 16];

/* Between the draining thread and the rest; atomic. */
static sem_t wake;
static uint32_t asleep, wanted, stopping, passes;
static uint64_t unwritten, drain_bytes;
static int last_error, last_errno;
static void (*tick)(uint64_t now_ns);

static struct rec_stats last_stats;    /* of the last one, when it ended */
static bool prepared;
static bool fork_locked;               /* between the handlers of a fork */

enum rec_phase rec_phase(void)
{
    return (enum rec_phase)__atomic_load_n(&phase, __ATOMIC_ACQUIRE);
}

void rec_lock(void)
{
    pthread_mutex_lock(&tables_lock);
}

void rec_unlock(void)
{
    pthread_mutex_unlock(&tables_lock);
}

void rec_recording_set_tick(void (*function)(uint64_t now_ns))
{
    tick = function;
}

/* ---- the draining thread ------------------------------------------------------ */

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

/* Sleeps until woken, PASS_NS at most; not at all when `wanted` is no longer
 * `seen`. */
static void sleep_a_while(uint32_t seen)
{
    struct timespec until;
    uint64_t ns;

    clock_gettime(CLOCK_MONOTONIC, &until);
    ns = (uint64_t)until.tv_nsec + PASS_NS;
    until.tv_sec += (time_t)(ns / 1000000000u);
    until.tv_nsec = (long)(ns % 1000000000u);
    __atomic_store_n(&asleep, 1, __ATOMIC_SEQ_CST);
    if (!__atomic_load_n(&stopping, __ATOMIC_SEQ_CST) &&
        __atomic_load_n(&wanted, __ATOMIC_SEQ_CST) == seen)
        sem_clockwait(&wake, CLOCK_MONOTONIC, &until);
    __atomic_store_n(&asleep, 0, __ATOMIC_SEQ_CST);
}

/* What others may want to know of the drain. */
static void publish(int result, const struct pmt_error *err)
{
    uint64_t now = 0, peak = 0;

    pmt_drain_memory(drain, &now, &peak);
    __atomic_store_n(&drain_bytes, now, __ATOMIC_RELAXED);
    __atomic_store_n(&unwritten, pmt_drain_unwritten(drain),
                     __ATOMIC_RELAXED);
    if (result < 0) {
        __atomic_store_n(&last_errno, err->sys_errno, __ATOMIC_RELAXED);
        __atomic_store_n(&last_error, result, __ATOMIC_RELAXED);
    }
}

/*
 * Segments that were given up are free only when what is in them is written,
 * and a chunk is written when it is full. Many threads that end give up many
 * segments with little in them: then what there is must be written.
 */
static bool is_short_of_segments(void)
{
    uint32_t count = rec_journal.header->segment_count, full = 0;

    for (uint32_t i = 0; i < count; i++)
        full += __atomic_load_n(&pmt_journal_segment(&rec_journal, i)->state,
                                __ATOMIC_RELAXED) == PMT_SEGMENT_FULL;
    return full > count / 4;
}

static void *drain_main(void *unused)
{
    uint64_t flushed = pmt_clock_mono_ns();
    uint32_t seen = 0;

    (void)unused;
    pthread_setname_np(pthread_self(), "pmtrace");
    while (!__atomic_load_n(&stopping, __ATOMIC_ACQUIRE)) {
        struct pmt_error err = {0};
        uint64_t now;
        bool flush;

        sleep_a_while(seen);
        seen = __atomic_load_n(&wanted, __ATOMIC_SEQ_CST);
        now = pmt_clock_mono_ns();
        flush = now - flushed >= FLUSH_NS;
        publish(pmt_drain_pass(drain, flush, &err), &err);
        if (!flush && is_short_of_segments())
            publish(pmt_drain_pass(drain, true, &err), &err);
        __atomic_fetch_add(&passes, 1, __ATOMIC_RELEASE);
        if (flush)
            flushed = now;
        if (tick != NULL)
            tick(now);
    }
    return NULL;
}

static int start_drainer(struct pmt_error *err)
{
    pthread_attr_t attr;
    sigset_t all, before;
    int failed;

    stopping = passes = asleep = wanted = 0;
    unwritten = drain_bytes = 0;
    last_error = last_errno = 0;
    sem_init(&wake, 0, 0);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, DRAIN_STACK_BYTES);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&drainer, &attr, drain_main, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (failed)
        return pmt_error_set_errno(err, failed, PMT_NO_OFFSET,
                                   "cannot start a thread");
    return PMT_OK;
}

static void stop_drainer(void)
{
    __atomic_store_n(&stopping, 1, __ATOMIC_SEQ_CST);
    sem_post(&wake);
    pthread_join(drainer, NULL);
    sem_destroy(&wake);
}

/* ---- the files ------------------------------------------------------------------- */

/* Removes an old file in the way of a new one, if it is one. */
static int clear_path(const char *path, bool force, struct pmt_error *err)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return PMT_OK;
    if (!force || (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)))
        return pmt_error_set_errno(err, EEXIST, PMT_NO_OFFSET,
                                   "cannot create the trace");
    if (unlink(path) != 0)
        return pmt_error_set_errno(err, errno, PMT_NO_OFFSET,
                                   "cannot replace the trace");
    return PMT_OK;
}

static int make_trace(const struct rec_config *c, struct pmt_error *err)
{
    struct pmt_journal other = {0};
    int result;

    if (strlen(c->path) >= sizeof trace_path)
        return pmt_error_set_errno(err, ENAMETOOLONG, PMT_NO_OFFSET,
                                   "cannot create the trace");
    strcpy(trace_path, c->path);
    snprintf(journal_path, sizeof journal_path, "%s%s", trace_path,
             PMT_JOURNAL_SUFFIX);
    result = pmt_journal_open(&other, journal_path, NULL);
    if (result == PMT_OK)
        pmt_journal_close(&other);
    if (result == PMT_ERR_BUSY)
        return pmt_error_set_errno(err, EBUSY, PMT_NO_OFFSET,
                                   "another process is recording into it");
    result = clear_path(trace_path, c->settings.force, err);
    if (result == PMT_OK)
        result = clear_path(journal_path, c->settings.force, err);
    if (result != PMT_OK)
        return result;
    trace_fd = open(trace_path,
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                    0600);
    if (trace_fd < 0)
        return pmt_error_set_errno(err, errno, PMT_NO_OFFSET,
                                   "cannot create the trace");
    return PMT_OK;
}

static void drop_files(bool keep_trace)
{
    if (rec_journal.fd >= 0 && rec_journal.header != NULL)
        unlink(journal_path);
    pmt_journal_close(&rec_journal);
    memset(&rec_journal, 0, sizeof rec_journal);
    rec_journal.fd = -1;
    if (trace_fd >= 0) {
        close(trace_fd);
        if (!keep_trace)
            unlink(trace_path);
    }
    trace_fd = -1;
}

/* ---- forks ------------------------------------------------------------------------- */

/*
 * The journal is not mapped in a child (MADV_DONTFORK), so that a child that
 * would store into it ends at once instead of spoiling the parent's. It
 * records nothing.
 */
static void before_fork(void)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    fork_locked = pthread_mutex_timedlock(&tables_lock, &until) == 0;
}

static void after_fork(void)
{
    if (fork_locked)
        pthread_mutex_unlock(&tables_lock);
}

static void after_fork_in_child(void)
{
    rec_hot.active = 0;
    pthread_mutex_init(&tables_lock, NULL);
    pthread_mutex_init(&life, NULL);
    rec_threads_forked();
    if (phase != REC_PHASE_RUNNING)
        return;
    phase = REC_PHASE_FORKED;
    if (trace_fd >= 0)
        close(trace_fd);
    if (rec_journal.fd >= 0)
        close(rec_journal.fd);
    trace_fd = rec_journal.fd = -1;
}

/* ---- begin ------------------------------------------------------------------------ */

static int make_drain(const struct rec_config *c, struct pmt_error *err)
{
    const struct pmt_writer_options options = {
        .level = c->settings.level,
        .chunk_records = c->settings.chunk_records};
    struct pmt_stream_info info = c->info;
    const struct pmt_journal_header *h = rec_journal.header;

    if (getrandom(info.uuid, sizeof info.uuid, 0) !=
        (ssize_t)sizeof info.uuid)
        return pmt_error_set_errno(err, errno, PMT_NO_OFFSET, "getrandom");
    info.uuid[6] = (uint8_t)((info.uuid[6] & 0x0f) | 0x40);
    info.uuid[8] = (uint8_t)((info.uuid[8] & 0x3f) | 0x80);
    info.tick_ns = c->settings.tick_ns;
    info.start_mono_ns = h->start_mono_ns;
    info.start_real_ns = h->start_real_ns;
    return pmt_drain_new(&drain, &rec_journal, trace_fd, &info, &options,
                         err);
}

static int make_tables(struct pmt_error *err)
{
    int failed;

    rec_lock();
    rec_threads_reset();
    failed = rec_tables_start() != 0 || rec_define_start() != 0;
    rec_unlock();
    if (failed)
        return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                             "no memory for the recorder's tables");
    return PMT_OK;
}

static void unmake_tables(void)
{
    rec_lock();
    rec_define_stop();
    rec_tables_stop();
    rec_unlock();
}

static int open_all(const struct rec_config *c, struct pmt_error *err)
{
    int result = make_trace(c, err);

    if (result != PMT_OK)
        return result;
    result = pmt_journal_create(&rec_journal, journal_path, c->settings.segments,
                                c->settings.tick_ns, 1, err);
    if (result == PMT_OK) {
        madvise(rec_journal.header, rec_journal.bytes, MADV_DONTFORK);
        rec_hot.clock = rec_journal.header->clock;
        rec_set = c->settings;
        rec_hot.frames = c->settings.frames;
        rec_hot.object_frames = c->settings.object_frames;
        rec_hot.deaths = 0;
        rec_hot.wait = c->settings.wait;
        rec_serial++;
        result = make_drain(c, err);
    }
    if (result == PMT_OK)
        result = make_tables(err);
    if (result == PMT_OK)
        result = start_drainer(err);
    if (result != PMT_OK) {
        unmake_tables();
        pmt_drain_free(drain);
        drain = NULL;
        drop_files(false);
    }
    return result;
}

/* Once a process. */
static int prepare(struct pmt_error *err)
{
    if (prepared)
        return PMT_OK;
    if (rec_threads_prepare() != 0 ||
        pthread_atfork(before_fork, after_fork, after_fork_in_child) != 0)
        return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                             "no memory for the recorder");
    prepared = true;
    return PMT_OK;
}

int rec_recording_open(const struct rec_config *config,
                       struct pmt_error *err)
{
    int result;

    pthread_mutex_lock(&life);
    if (phase == REC_PHASE_FORKED) {
        result = pmt_error_set(err, PMT_ERR_BUSY, PMT_NO_OFFSET,
                               "the process this one was forked from is "
                               "being recorded");
    } else if (phase != REC_PHASE_NONE) {
        result = pmt_error_set(err, PMT_ERR_BUSY, PMT_NO_OFFSET,
                               "this process is being recorded already");
    } else if (stuck) {
        result = pmt_error_set(err, PMT_ERR_BUSY, PMT_NO_OFFSET,
                               "the last recording could not be left");
    } else if ((result = prepare(err)) == PMT_OK) {
        result = open_all(config, err);
        if (result == PMT_OK)
            __atomic_store_n(&phase, REC_PHASE_RUNNING, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&life);
    return result;
}

void rec_recording_go(void)
{
    __atomic_store_n(&rec_hot.active, 1, __ATOMIC_SEQ_CST);
}

/* ---- end -------------------------------------------------------------------------- */

/*
 * Where a hook did not end in time, it may still store into its segment or
 * look into a table: the tables are kept, and pages without a file are put
 * where the journal was.
 */
static void leave_behind(void)
{
    void *at = rec_journal.header;
    size_t bytes = rec_journal.bytes;

    if (rec_journal.fd >= 0)
        unlink(journal_path);
    if (mmap(at, bytes, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1,
             0) == at) {
        if (rec_journal.fd >= 0)
            close(rec_journal.fd);
        rec_journal.fd = -1;
    }
    close(trace_fd);
    trace_fd = -1;
}

/* What is known now; `life` is held and a recording runs. */
static void count_unlocked(struct rec_stats *stats)
{
    struct stat st;

    memset(stats, 0, sizeof *stats);
    rec_lock();
    rec_threads_count(stats);
    rec_tables_count(stats);
    rec_unlock();
    for (int i = 0; i < PMT_LOSS_CAUSES; i++)
        stats->lost[i] = __atomic_load_n(&rec_journal.header->lost[i],
                                         __ATOMIC_RELAXED);
    strcpy(stats->path, trace_path);
    stats->anonymous = rec_journal.fd < 0;
    stats->memory_bytes = rec_journal.bytes + rec_memory_bytes() +
                          __atomic_load_n(&drain_bytes, __ATOMIC_RELAXED);
    if (fstat(trace_fd, &st) == 0)
        stats->trace_bytes = (uint64_t)st.st_size;
    stats->unwritten = __atomic_load_n(&unwritten, __ATOMIC_RELAXED);
    stats->error = __atomic_load_n(&last_error, __ATOMIC_RELAXED);
    stats->error_errno = __atomic_load_n(&last_errno, __ATOMIC_RELAXED);
}

static int close_all(struct pmt_error *err)
{
    bool quiet;
    int result;

    __atomic_store_n(&rec_hot.active, 0, __ATOMIC_SEQ_CST);
    quiet = rec_threads_quiesce();
    stop_drainer();
    rec_lock();
    if (quiet)
        rec_threads_detach();
    rec_define_stop();
    rec_unlock();
    result = pmt_drain_finish(drain, err);
    publish(result, err);
    count_unlocked(&last_stats);
    pmt_drain_free(drain);
    drain = NULL;
    stuck = !quiet;
    if (quiet)
        unmake_tables();
    if (result != PMT_OK) {
        /* The journal stays beside the trace, for pmt recover. */
        pmt_journal_close(&rec_journal);
        close(trace_fd);
        trace_fd = -1;
    } else if (quiet) {
        drop_files(true);
    } else {
        leave_behind();
    }
    return result;
}

int rec_recording_close(struct pmt_error *err)
{
    struct pmt_error own = {0};
    int result = PMT_OK;

    if (rec_phase() == REC_PHASE_FORKED)
        return PMT_OK;
    pthread_mutex_lock(&life);
    if (phase == REC_PHASE_RUNNING) {
        result = close_all(err != NULL ? err : &own);
        __atomic_store_n(&phase, REC_PHASE_NONE, __ATOMIC_RELEASE);
    }
    pthread_mutex_unlock(&life);
    return result;
}

/* ---- figures ------------------------------------------------------------------------ */

void rec_recording_stats(struct rec_stats *stats)
{
    if (rec_phase() == REC_PHASE_FORKED) {
        memset(stats, 0, sizeof *stats);
        return;
    }
    pthread_mutex_lock(&life);
    if (phase == REC_PHASE_RUNNING)
        count_unlocked(stats);
    else
        *stats = last_stats;
    pthread_mutex_unlock(&life);
}
