/*
 * dump.c - dumps (dump.h).
 */
#include "dump.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "define.h"
#include "filter.h"
#include "proc.h"
#include "running.h"
#include "signals.h"
#include "thread.h"

#define LOCK_TRIES 100               /* 20 ms in all */
#define LOCK_PAUSE_NS 200000
#define RSS_NS UINT64_C(100000000)
#define WAIT_NS 50000000L
#define NUMBERS_MAX 1000000u
#define SUFFIX ".pmt"

/* Somebody waits for one. */
struct request {
    const char *path;        /* NULL: named after the trace */
    char made[REC_PATH_MAX];
    struct pmt_error err;
    int result;
    uint32_t serial;
    bool taken;              /* the draining thread is at it */
    bool done;
    struct request *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t finished = PTHREAD_COND_INITIALIZER;
static struct request *first;          /* guarded by `lock` */

/* Of one recording; atomic where others than the draining thread look. */
static uint32_t marked;                /* a mark asked for one */
static uint32_t made;                  /* how many */
static uint32_t failed;                /* of those that nobody waited for */
static uint32_t own;                   /* not by rec_dump_ask(), tried */
static uint32_t last_number;           /* in a name */
static uint64_t rss_read_ns;
static bool rss_over;                  /* was over the limit, and has not
                                        * fallen far enough since */
static bool full_said;                 /* that there are dump_max */
static char left[REC_PATH_MAX + 256];  /* a mark still to be set */

static void stop(void)
{
    marked = made = failed = own = last_number = 0;
    rss_read_ns = 0;
    rss_over = full_said = false;
    left[0] = '\0';
}

static void count(struct rec_stats *stats)
{
    stats->dumps = __atomic_load_n(&made, __ATOMIC_RELAXED);
    stats->dumps_failed = __atomic_load_n(&failed, __ATOMIC_RELAXED);
}

static const struct rec_saved state[] = {
    REC_SAVED(marked),      REC_SAVED(made),        REC_SAVED(failed),
    REC_SAVED(own),         REC_SAVED(last_number), REC_SAVED(rss_read_ns),
    REC_SAVED(rss_over),    REC_SAVED(full_said),   REC_SAVED(left),
    {NULL, 0}};

const struct rec_part rec_part_dump = {
    .stop = stop, .count = count, .saved = state};

/* ---- who asks ------------------------------------------------------------- */

int rec_dump_install(void)
{
    if (rec_set.dump_signal == 0)
        return 0;
    return rec_signal_catch(REC_SIGNAL_DUMP, (int)rec_set.dump_signal);
}

void rec_dump_uninstall(void)
{
    rec_signal_release(REC_SIGNAL_DUMP);
}

void rec_dump_at_mark(const char *text, size_t n)
{
    if (rec_set.dump_marks[0] == '\0' ||
        !rec_globs_match(rec_set.dump_marks, text, n))
        return;
    __atomic_store_n(&marked, 1, __ATOMIC_RELEASE);
    rec_recording_wake();
}

/* True when it has just got over the limit. */
static bool is_rss_over(uint64_t now_ns)
{
    uint64_t bytes;

    if (rec_set.dump_rss == 0 || now_ns - rss_read_ns < RSS_NS)
        return false;
    rss_read_ns = now_ns;
    bytes = rec_proc_rss_once();
    if (bytes > rec_set.dump_rss && !rss_over) {
        rss_over = true;
        return true;
    }
    if (bytes <= rec_set.dump_rss - rec_set.dump_rss / 10)
        rss_over = false;
    return false;
}

/* ---- the draining thread -------------------------------------------------- */

/* Whoever has the lock gives it back soon, the thread whose mark asked for the
 * dump too; but one may be waiting for this thread. */
static bool lock_soon(void)
{
    const struct timespec pause = {0, LOCK_PAUSE_NS};

    for (int i = 0; i < LOCK_TRIES; i++) {
        if (rec_trylock())
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

/* Sets the mark that is left; it stays left where the lock can't be had. */
static void set_mark(void)
{
    if (left[0] == '\0' ||
        !__atomic_load_n(&rec_hot.active, __ATOMIC_ACQUIRE) || !lock_soon())
        return;
    if (rec_define_mark(0, rec_now(), left, strlen(left)) == 0)
        left[0] = '\0';
    rec_unlock();
}

/* A name after the trace's that nothing has. False: none was found. */
static bool find_name(char *name, size_t size)
{
    const char *trace = rec_running.trace_path;
    size_t n = strlen(trace), suffix = sizeof SUFFIX - 1;
    struct stat st;

    if (n > suffix && strcmp(trace + n - suffix, SUFFIX) == 0)
        n -= suffix;
    while (last_number < NUMBERS_MAX) {
        int length = snprintf(name, size, "%.*s-dump-%u" SUFFIX, (int)n,
                              trace, ++last_number);

        if (length < 0 || (size_t)length >= size)
            return false;
        if (lstat(name, &st) != 0)
            return true;
    }
    return false;
}

/* Makes one; a mark before it says why, and so is in it. */
static int make(const char *path, const char *cause, char *name, size_t size,
                struct pmt_error *err)
{
    int result;

    do {
        if (path == NULL && !find_name(name, size))
            result = pmt_error_set_errno(err, ENAMETOOLONG, PMT_NO_OFFSET,
                                         "no name for the dump");
        else if (path != NULL && strlen(path) >= size)
            result = pmt_error_set_errno(err, ENAMETOOLONG, PMT_NO_OFFSET,
                                         "the dump's name is too long");
        else {
            if (path != NULL)
                strcpy(name, path);
            set_mark(); /* what is left goes first */
            snprintf(left, sizeof left, "pmtrace: dump, %s: %s", cause, name);
            set_mark();
            result = pmt_drain_dump(rec_running.drain, name, NULL, err);
        }
    } while (path == NULL && result == PMT_ERR_IO &&
             err->sys_errno == EEXIST && last_number < NUMBERS_MAX);
    if (result == PMT_OK) {
        __atomic_add_fetch(&made, 1, __ATOMIC_RELAXED);
        return result;
    }
    set_mark();
    snprintf(left, sizeof left, "pmtrace: no dump: %s: %s", name,
             err->sys_errno != 0 ? strerrordesc_np(err->sys_errno)
                                 : err->message);
    set_mark();
    return result;
}

/* For what nobody waits for. */
static void make_own(const char *cause)
{
    static char name[REC_PATH_MAX];
    struct pmt_error err = {0};

    if (own >= rec_set.dump_max) {
        if (!full_said)
            snprintf(left, sizeof left, "pmtrace: no dump, %s: there were "
                     "%u (dump_max)", cause, own);
        full_said = true;
        set_mark();
        return;
    }
    own++;
    if (make(NULL, cause, name, sizeof name, &err) != PMT_OK)
        __atomic_add_fetch(&failed, 1, __ATOMIC_RELAXED);
}

/* The first request, with those that it serves too taken with it. */
static struct request *take(void)
{
    struct request *r;

    pthread_mutex_lock(&lock);
    r = first;
    while (r != NULL && r->taken)
        r = r->next;
    for (struct request *o = r; o != NULL; o = o->next)
        if (o == r || (r->path == NULL && o->path == NULL &&
                       o->serial == r->serial))
            o->taken = true;
    pthread_mutex_unlock(&lock);
    return r;
}

/* What became of it, to all that were taken. */
static void answer(const char *name, int result, const struct pmt_error *err)
{
    pthread_mutex_lock(&lock);
    for (struct request *r = first; r != NULL; r = r->next) {
        if (!r->taken || r->done)
            continue;
        strcpy(r->made, name);
        r->result = result;
        r->err = *err;
        r->done = true;
    }
    pthread_cond_broadcast(&finished);
    pthread_mutex_unlock(&lock);
}

void rec_dump_work(uint64_t now_ns)
{
    static char name[REC_PATH_MAX];
    bool over = is_rss_over(now_ns);
    bool signal = rec_signal_take(REC_SIGNAL_DUMP);
    bool mark = __atomic_exchange_n(&marked, 0, __ATOMIC_ACQUIRE);
    struct request *r;

    set_mark();
    if (over || signal || mark)
        make_own(over ? "resident set" : signal ? "signal" : "mark");
    while ((r = take()) != NULL) {
        struct pmt_error err = {0};
        int result = PMT_ERR_IO;

        name[0] = '\0';
        if (r->serial != rec_serial)
            pmt_error_set_errno(&err, ESRCH, PMT_NO_OFFSET,
                                "the recording has ended");
        else
            result = make(r->path, "call", name, sizeof name, &err);
        answer(name, result, &err);
    }
}

/* ---- who waits ------------------------------------------------------------ */

static void remove_request(struct request *r)
{
    struct request **at = &first;

    while (*at != NULL && *at != r)
        at = &(*at)->next;
    if (*at != NULL)
        *at = r->next;
}

static void wait_a_while(void)
{
    struct timespec until;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += WAIT_NS;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_cond_clockwait(&finished, &lock, CLOCK_MONOTONIC, &until);
}

/* The recording may end, or its thread be ended for a fork, at any time. */
static void wait_for(struct request *r)
{
    while (!r->done) {
        wait_a_while();
        if (r->done || r->taken)
            continue;
        pthread_mutex_unlock(&lock);
        rec_recording_ensure(true);
        bool ended = rec_recording_serial() != r->serial;
        pthread_mutex_lock(&lock);
        if (ended && !r->taken) {
            r->result = pmt_error_set_errno(&r->err, ESRCH, PMT_NO_OFFSET,
                                            "the recording has ended");
            return;
        }
    }
}

int rec_dump_ask(uint32_t serial, const char *path, char *name, size_t size,
                 struct pmt_error *err)
{
    struct request r = {.path = path, .serial = serial};
    struct request **at = &first;

    pthread_mutex_lock(&lock);
    while (*at != NULL)
        at = &(*at)->next;
    *at = &r;
    pthread_mutex_unlock(&lock);
    rec_recording_wake();
    pthread_mutex_lock(&lock);
    wait_for(&r);
    remove_request(&r);
    pthread_mutex_unlock(&lock);
    snprintf(name, size, "%s", r.made);
    *err = r.err;
    return r.result;
}

void rec_dump_forked(void)
{
    pthread_mutex_init(&lock, NULL);
    pthread_cond_init(&finished, NULL);
    first = NULL;
}
