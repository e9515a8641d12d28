/*
 * recording.c - the beginning and the end of a recording, and its pauses
 * (recording.h).
 *
 * Over 500 lines, since all of it is about the one state that rec_life
 * guards.
 */
#include "recording.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "define.h"
#include "parts.h"
#include "running.h"
#include "table.h"
#include "thread.h"

#define PAIRS_MAX 256
#define ENDED_MAX 16

struct rec_hot rec_hot;
struct rec_settings rec_set;
struct pmt_journal rec_journal = {.fd = -1};
uint32_t rec_serial;

pthread_mutex_t rec_life = PTHREAD_MUTEX_INITIALIZER;
struct rec_running rec_running = {.trace.fd = -1};
int rec_phase_now;

static pthread_mutex_t tables_lock = PTHREAD_MUTEX_INITIALIZER;

/* Guarded by rec_life. */
static bool stuck;                     /* a hook did not end in time */
static bool prepared;
static uint32_t last_serial, last_ended;
static struct rec_stats ended[ENDED_MAX]; /* figures of the last ones, by
                                           * serial number */
static uint32_t ended_serial[ENDED_MAX];

enum rec_phase rec_phase(void)
{
    return (enum rec_phase)__atomic_load_n(&rec_phase_now, __ATOMIC_ACQUIRE);
}

static void set_phase(enum rec_phase phase)
{
    __atomic_store_n(&rec_phase_now, (int)phase, __ATOMIC_RELEASE);
}

static void set_active(uint32_t active)
{
    __atomic_store_n(&rec_hot.active, active, __ATOMIC_SEQ_CST);
}

void rec_hot_set(const struct rec_hot *hot)
{
    memcpy((char *)&rec_hot + sizeof rec_hot.active,
           (const char *)hot + sizeof hot->active,
           sizeof *hot - sizeof hot->active);
}

/* ---- the lock ------------------------------------------------------------------ */

void rec_lock(void)
{
    pthread_mutex_lock(&tables_lock);
}

bool rec_trylock(void)
{
    return pthread_mutex_trylock(&tables_lock) == 0;
}

void rec_unlock(void)
{
    pthread_mutex_unlock(&tables_lock);
}

bool rec_lock_for_fork(void)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    return pthread_mutex_timedlock(&tables_lock, &until) == 0;
}

void rec_lock_forked(void)
{
    pthread_mutex_init(&tables_lock, NULL);
}

void rec_mark_own(const char *text)
{
    rec_lock();
    if (__atomic_load_n(&rec_hot.active, __ATOMIC_ACQUIRE))
        rec_define_mark(0, rec_now(), text, strlen(text));
    rec_unlock();
}

/* ---- the child of a fork ----------------------------------------------------- */

/* What rec_recording_child() gives. */
static struct {
    bool clean;
    uint32_t suspends;
} forked;

void rec_recording_forked(bool clean)
{
    forked.clean = clean;
    forked.suspends = rec_running.suspends;
}

bool rec_recording_child(uint32_t *suspends)
{
    *suspends = forked.suspends;
    if (rec_phase() != REC_PHASE_FORKED || !forked.clean)
        return false;
    pmt_drain_free(rec_running.drain);
    memset(&rec_running, 0, sizeof rec_running);
    memset(&rec_journal, 0, sizeof rec_journal);
    rec_journal.fd = rec_running.trace.fd = -1;
    stuck = false;
    set_phase(REC_PHASE_NONE);
    return true;
}

/* ---- begin ------------------------------------------------------------------------ */

static void set_up(const struct rec_files *f, const struct rec_config *c)
{
    const struct rec_hot hot = {.clock = f->journal.header->clock,
                                .frames = c->settings.frames,
                                .object_frames = c->settings.object_frames,
                                .wait = c->settings.wait};

    memset(&rec_running, 0, sizeof rec_running);
    rec_running.trace = f->trace;
    memcpy(rec_running.uuid, f->uuid, sizeof f->uuid);
    strcpy(rec_running.trace_path, f->trace_path);
    strcpy(rec_running.journal_path, f->journal_path);
    rec_journal = f->journal;
    rec_set = c->settings;
    rec_hot_set(&hot);
    rec_serial = ++last_serial;
    rec_running.suspends = c->suspends;
}

/* `outer`: the UUID of the stream that this one takes over from, or NULL. */
static int make_drain(const struct rec_config *c, const uint8_t *outer,
                      struct pmt_error *err)
{
    const struct pmt_writer_options options = {
        .level = c->settings.level,
        .chunk_records = c->settings.chunk_records};
    const struct pmt_drain_target target = {
        .fd = rec_running.trace.fd,
        .path = rec_running.trace_path,
        .max_bytes = c->settings.max_size,
        .max_age_ns = c->settings.max_age * UINT64_C(1000000000)};
    const struct pmt_journal_header *h = rec_journal.header;
    const char *pairs[2 * PAIRS_MAX];
    struct pmt_stream_info info = c->info;
    char text[33];

    memcpy(info.uuid, rec_running.uuid, sizeof info.uuid);
    info.tick_ns = c->settings.tick_ns;
    info.start_mono_ns = h->start_mono_ns;
    info.start_real_ns = h->start_real_ns;
    if (outer != NULL && info.setting_count < PAIRS_MAX) {
        rec_uuid_text(outer, text);
        for (size_t i = 0; i < 2 * info.setting_count; i++)
            pairs[i] = info.settings[i];
        pairs[2 * info.setting_count] = "outer";
        pairs[2 * info.setting_count + 1] = text;
        info.setting_count++;
        info.settings = pairs;
    }
    return pmt_drain_new(&rec_running.drain, &rec_journal, &target, &info,
                         &options, err);
}

static int make_tables(struct pmt_error *err)
{
    int failed;

    rec_lock();
    failed = rec_parts_start();
    rec_unlock();
    if (failed)
        return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                             "no memory for the recorder's tables");
    return PMT_OK;
}

static void unmake_tables(void)
{
    rec_lock();
    rec_parts_stop();
    rec_unlock();
}

static void forget_running(void)
{
    memset(&rec_journal, 0, sizeof rec_journal);
    rec_journal.fd = rec_running.trace.fd = -1;
}

/* Nothing else runs, or what runs is kept. */
static int begin(const struct rec_files *f, const struct rec_config *c,
                 const uint8_t *outer, struct pmt_error *err)
{
    int result;

    set_up(f, c);
    rec_threads_ready();
    result = make_drain(c, outer, err);
    if (result == PMT_OK)
        result = make_tables(err);
    if (result == PMT_OK)
        result = rec_drainer_start(err);
    if (result == PMT_OK)
        return PMT_OK;
    rec_drainer_end(REC_LAST_NOTHING, NULL);
    unmake_tables();
    pmt_drain_free(rec_running.drain);
    rec_running.drain = NULL;
    forget_running();
    return result;
}

static int open_all(const struct rec_config *c, struct pmt_error *err)
{
    bool inside = rec_phase_now == REC_PHASE_RUNNING;
    struct rec_files files;
    uint8_t outer[16];
    int result = rec_files_make(&files, c, err);

    if (result != PMT_OK)
        return result;
    if (inside) {
        memcpy(outer, rec_running.uuid, sizeof outer);
        result = rec_nest_enter(files.uuid, err);
    }
    if (result == PMT_OK) {
        result = begin(&files, c, inside ? outer : NULL, err);
        if (result != PMT_OK && inside)
            rec_nest_leave();
    }
    if (result != PMT_OK)
        rec_files_drop(&files, false);
    return result;
}

/* Signals wait for the milliseconds in which the trace has no header yet, and
 * its journal does not say whose it is: what a signal killed in between, as
 * multiprocessing's terminate() does, nobody could read or take away. Those
 * that a fault raises do not wait. */
static int open_undisturbed(const struct rec_config *c, struct pmt_error *err)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};
    sigset_t waiting, before;
    int result;

    sigfillset(&waiting);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(&waiting, faults[i]);
    pthread_sigmask(SIG_BLOCK, &waiting, &before);
    result = open_all(c, err);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}

/* Once a process. */
static int prepare(struct pmt_error *err)
{
    if (prepared)
        return PMT_OK;
    if (rec_threads_prepare() != 0 || rec_fork_prepare() != 0)
        return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                             "no memory for the recorder");
    prepared = true;
    return PMT_OK;
}

int rec_recording_open(const struct rec_config *config,
                       struct pmt_error *err)
{
    int result;

    pthread_mutex_lock(&rec_life);
    if (rec_phase_now == REC_PHASE_FORKED) {
        result = pmt_error_set(err, PMT_ERR_BUSY, PMT_NO_OFFSET,
                               "the process this one was forked from is "
                               "being recorded");
    } else if (stuck) {
        result = pmt_error_set(err, PMT_ERR_BUSY, PMT_NO_OFFSET,
                               "the last recording could not be left");
    } else if ((result = prepare(err)) == PMT_OK) {
        result = open_undisturbed(config, err);
        if (result == PMT_OK)
            set_phase(REC_PHASE_RUNNING);
    }
    pthread_mutex_unlock(&rec_life);
    return result;
}

/* All parts look anew at what they know by address. Nobody is in a hook. */
static void resume_parts(bool inner)
{
    rec_lock();
    rec_parts_resumed(inner);
    rec_unlock();
}

/* It begins so. */
static void mark_suspended(void)
{
    static const char text[] = "pmtrace: suspended";

    rec_lock();
    rec_define_mark(0, rec_now(), text, sizeof text - 1);
    rec_unlock();
}

void rec_recording_go(void)
{
    bool again;

    pthread_mutex_lock(&rec_life);
    again = rec_running.taken_over;
    rec_running.taken_over = false;
    if (rec_phase_now == REC_PHASE_RUNNING) {
        if (again) {
            resume_parts(true);
            rec_drainer_start(NULL);
        }
        if (rec_running.suspends == 0) {
            set_active(REC_ACTIVE);
            if (again)
                rec_mark_own("pmtrace: resumed");
        } else if (!again) {
            mark_suspended();
        }
    }
    pthread_mutex_unlock(&rec_life);
}

/* ---- pauses ----------------------------------------------------------------------- */

static bool suspend_now(void)
{
    if (rec_running.suspends++ == 0) {
        rec_mark_own("pmtrace: suspended");
        set_active(REC_INACTIVE);
        rec_threads_quiesce();
    }
    return true;
}

static bool resume_now(void)
{
    if (rec_running.suspends == 0)
        return false;
    if (--rec_running.suspends == 0 && !rec_running.taken_over) {
        rec_threads_quiesce();
        resume_parts(false);
        set_active(REC_ACTIVE);
        rec_mark_own("pmtrace: resumed");
    }
    return true;
}

static bool change_pause(uint32_t serial, bool suspend)
{
    bool done = false;

    pthread_mutex_lock(&rec_life);
    if (rec_phase_now != REC_PHASE_RUNNING)
        ;
    else if (serial == 0 || serial == rec_serial)
        done = suspend ? suspend_now() : resume_now();
    else
        done = rec_nest_suspend(serial, suspend ? 1 : -1);
    pthread_mutex_unlock(&rec_life);
    return done;
}

bool rec_recording_suspend(uint32_t serial)
{
    return change_pause(serial, true);
}

bool rec_recording_resume(uint32_t serial)
{
    return change_pause(serial, false);
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

    rec_files_remove_journal(rec_running.journal_path, &rec_journal);
    if (mmap(at, bytes, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1,
             0) == at) {
        rec_journal.header = NULL; /* not to be unmapped */
        pmt_journal_close(&rec_journal);
        rec_journal.header = at;
        rec_journal.bytes = bytes;
    }
    rec_file_close(&rec_running.trace);
}

/* The journal stays beside the trace, for pmt recover, unless it was all
 * written. */
static void drop_files(bool all_written)
{
    static struct rec_files f;

    f.trace = rec_running.trace;
    f.trace_made = true;
    f.journal = rec_journal;
    strcpy(f.trace_path, rec_running.trace_path);
    strcpy(f.journal_path, rec_running.journal_path);
    if (all_written || rec_running.discarded) {
        rec_files_drop(&f, !rec_running.discarded);
    } else {
        pmt_journal_close(&f.journal);
        rec_file_close(&f.trace);
    }
    forget_running();
}

static int close_all(struct pmt_error *err)
{
    bool quiet;
    int result;

    set_active(REC_INACTIVE);
    quiet = rec_threads_quiesce();
    rec_drainer_rest();
    rec_lock();
    if (quiet)
        rec_threads_detach();
    rec_define_stop();
    rec_unlock();
    result = rec_drainer_end(REC_LAST_FINISH, err);
    rec_count_now(&ended[rec_serial % ENDED_MAX]);
    ended_serial[rec_serial % ENDED_MAX] = last_ended = rec_serial;
    pmt_drain_free(rec_running.drain);
    rec_running.drain = NULL;
    stuck = !quiet;
    if (quiet)
        unmake_tables();
    if (result == PMT_OK && !quiet)
        leave_behind();
    else
        drop_files(result == PMT_OK);
    return result;
}

int rec_recording_close(struct pmt_error *err)
{
    struct pmt_error own = {0};
    int result = PMT_OK;

    if (rec_phase() == REC_PHASE_FORKED)
        return PMT_OK;
    pthread_mutex_lock(&rec_life);
    if (rec_phase_now == REC_PHASE_RUNNING) {
        result = close_all(err != NULL ? err : &own);
        if (stuck || !rec_nest_leave())
            set_phase(REC_PHASE_NONE);
    }
    pthread_mutex_unlock(&rec_life);
    return result;
}

/* ---- figures ------------------------------------------------------------------------ */

void rec_count_now(struct rec_stats *stats)
{
    memset(stats, 0, sizeof *stats);
    rec_lock();
    rec_parts_count(stats);
    rec_unlock();
    for (int i = 0; i < PMT_LOSS_CAUSES; i++)
        stats->lost[i] = __atomic_load_n(&rec_journal.header->lost[i],
                                         __ATOMIC_RELAXED);
    strcpy(stats->path, rec_running.trace_path);
    stats->anonymous = !rec_journal.has_file;
    stats->memory_bytes = rec_journal.bytes + rec_memory_bytes() +
                          __atomic_load_n(&rec_running.drain_bytes,
                                          __ATOMIC_RELAXED);
    stats->trace_bytes = __atomic_load_n(
        &rec_journal.header->committed_end, __ATOMIC_RELAXED);
    stats->unwritten = __atomic_load_n(&rec_running.unwritten,
                                       __ATOMIC_RELAXED);
    stats->parts = __atomic_load_n(&rec_running.parts, __ATOMIC_RELAXED);
    stats->disk_bytes = __atomic_load_n(&rec_running.disk_bytes,
                                        __ATOMIC_RELAXED);
    stats->let_go = __atomic_load_n(&rec_running.let_go, __ATOMIC_RELAXED);
    stats->live_blocks = __atomic_load_n(&rec_running.live_blocks,
                                         __ATOMIC_RELAXED);
    stats->error = __atomic_load_n(&rec_running.last_error,
                                   __ATOMIC_RELAXED);
    stats->error_errno = __atomic_load_n(&rec_running.last_errno,
                                         __ATOMIC_RELAXED);
}

/* Of the recordings that have ended. */
static void ended_stats(uint32_t serial, struct rec_stats *stats)
{
    uint32_t i = serial % ENDED_MAX;

    if (ended_serial[i] == serial)
        *stats = ended[i];
    else
        memset(stats, 0, sizeof *stats);
}

void rec_recording_stats(uint32_t serial, struct rec_stats *stats)
{
    bool runs;

    memset(stats, 0, sizeof *stats);
    if (rec_phase() == REC_PHASE_FORKED)
        return;
    pthread_mutex_lock(&rec_life);
    runs = rec_phase_now == REC_PHASE_RUNNING;
    if (runs && (serial == 0 || serial == rec_serial))
        rec_count_now(stats);
    else if (!runs || !rec_nest_stats(serial, stats))
        ended_stats(serial != 0 ? serial : last_ended, stats);
    pthread_mutex_unlock(&rec_life);
}

void rec_recording_discard(void)
{
    pthread_mutex_lock(&rec_life);
    rec_running.discarded = rec_phase_now == REC_PHASE_RUNNING;
    pthread_mutex_unlock(&rec_life);
}

uint32_t rec_recording_serial(void)
{
    uint32_t serial;

    pthread_mutex_lock(&rec_life);
    serial = rec_phase_now == REC_PHASE_RUNNING ? rec_serial : 0;
    pthread_mutex_unlock(&rec_life);
    return serial;
}

bool rec_recording_uuid(uint8_t uuid[16])
{
    bool runs;

    pthread_mutex_lock(&rec_life);
    runs = rec_phase_now == REC_PHASE_RUNNING;
    if (runs)
        memcpy(uuid, rec_running.uuid, 16);
    pthread_mutex_unlock(&rec_life);
    return runs;
}

void rec_recording_family(struct rec_family *out)
{
    static const uint8_t none[16];
    const struct pmt_journal_header *h = rec_journal.header;

    memset(out->session, 0, sizeof out->session);
    memset(out->parent, 0, sizeof out->parent);
    if (h != NULL)
        memcpy(out->parent, h->parent_uuid, sizeof out->parent);
    if (h != NULL && memcmp(h->parent_uuid, none, sizeof none) == 0)
        memcpy(out->session, h->session_uuid, sizeof out->session);
    memcpy(out->uuid, rec_running.uuid, sizeof out->uuid);
    strcpy(out->path, rec_running.trace_path);
}

bool rec_recording_family_now(struct rec_family *out)
{
    bool runs;

    if (pthread_mutex_trylock(&rec_life) != 0)
        return false;
    runs = rec_phase_now == REC_PHASE_RUNNING;
    if (runs)
        rec_recording_family(out);
    pthread_mutex_unlock(&rec_life);
    return runs;
}
