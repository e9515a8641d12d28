/*
 * control.c - recordings and the hooks of their modes (control.h).
 */
#include "control.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "dump.h"
#include "pending.h"
#include "rss.h"
#include "sample-mode.h"
#include "sample-thread.h"
#include "say.h"
#include "thread.h"

#define DEPTH_MAX 64
#define CHECK_NS UINT64_C(1000000000)

/* Traces that children left are finished: how often, for how long about, and
 * none that is larger. The same at the end of a recording. */
#define TIDY_EVERY_NS UINT64_C(5000000000)
#define TIDY_SOON_NS UINT64_C(100000000)
#define TIDY_BUDGET_NS UINT64_C(50000000)
#define TIDY_BYTES (4u << 20)
#define TIDY_LATE_NS UINT64_C(2000000000)
#define TIDY_END_NS UINT64_C(800000000)
#define TIDY_END_BYTES (32u << 20)

/* Held while recordings begin, end or pause: some of that goes on without
 * the GIL. */
static pthread_mutex_t changing = PTHREAD_MUTEX_INITIALIZER;
static pthread_t changer;
static pid_t changer_pid;      /* 0: nobody */

/* Guarded by `changing`. */
static unsigned modes_in;      /* modes whose hooks were put in; atomic */
static unsigned outer_modes[DEPTH_MAX]; /* of the recordings around it */
static int depth;              /* recordings that run, the kept ones too */
static unsigned inherited;     /* modes whose hooks the parent had put in, in
                                * a child that records nothing yet */

/* Guarded by the GIL. */
static bool exit_prepared;
static bool say_at_exit;

/* The draining thread's while it runs. */
static bool vanished_said;
static uint64_t checked_ns, tidy_ns;
static enum rec_tidied tidied; /* also of whoever ends a recording */

PyObject *rec_raise(const struct pmt_error *err, const char *path)
{
    if (err->code == PMT_ERR_IO) {
        errno = err->sys_errno;
        return PyErr_SetFromErrnoWithFilename(PyExc_OSError, path);
    }
    if (err->code == PMT_ERR_MEMORY)
        return PyErr_NoMemory();
    PyErr_Format(err->code == PMT_ERR_ARGUMENT ? PyExc_ValueError
                                               : PyExc_RuntimeError,
                 "%s", err->message);
    return NULL;
}

/* ---- one change at a time ------------------------------------------------------- */

/* -1 with an exception when this thread is at it already: something called
 * meanwhile, such as a signal handler, wants to as well. */
static int begin_change(void)
{
    if (changer_pid == getpid() && pthread_equal(changer, pthread_self())) {
        PyErr_SetString(PyExc_RuntimeError,
                        "a recording is just being started or stopped");
        return -1;
    }
    Py_BEGIN_ALLOW_THREADS
    pthread_mutex_lock(&changing);
    Py_END_ALLOW_THREADS
    changer = pthread_self();
    changer_pid = getpid();
    return 0;
}

static void end_change(void)
{
    changer_pid = 0;
    pthread_mutex_unlock(&changing);
}

/* ---- the modes ------------------------------------------------------------------- */

/* Calls the function that is `offset` bytes into each mode. */
static void call_each(unsigned modes, size_t offset)
{
    for (int i = 0; rec_modes[i] != NULL; i++) {
        const struct rec_mode *m = rec_modes[i];
        void (*const *function)(void) =
            (void (*const *)(void))(const void *)((const char *)m + offset);

        if ((modes & m->bit) && *function != NULL)
            (*function)();
    }
}

#define CALL_EACH(modes, member) \
    call_each(modes, offsetof(struct rec_mode, member))

static void uninstall(void)
{
    unsigned modes = modes_in;

    __atomic_store_n(&modes_in, 0, __ATOMIC_RELEASE);
    CALL_EACH(modes, uninstall);
    rec_dump_uninstall();
}

/* Takes out all but the hooks that may stay in. */
static void uninstall_but(unsigned kept)
{
    unsigned modes = modes_in & ~kept;

    __atomic_store_n(&modes_in, modes_in & kept, __ATOMIC_RELEASE);
    CALL_EACH(modes, uninstall);
}

/* The modes whose hooks may stay in, since they are those of the recording
 * that the parent of this process made, and do the same. */
static unsigned may_stay(const struct rec_settings *s)
{
    unsigned modes = 0;

    if (s->modes != rec_set.modes || s->c_calls != rec_set.c_calls ||
        s->opcodes != rec_set.opcodes || s->rss_us != rec_set.rss_us ||
        s->rss_trigger != rec_set.rss_trigger ||
        strcmp(s->files, rec_set.files) != 0)
        return 0;
    for (int i = 0; rec_modes[i] != NULL; i++)
        if (rec_modes[i]->renew != NULL)
            modes |= rec_modes[i]->bit;
    return modes & inherited;
}

static int install(unsigned modes, bool floor)
{
    for (int i = 0; rec_modes[i] != NULL; i++) {
        const struct rec_mode *m = rec_modes[i];

        if (!(modes & m->bit))
            continue;
        if (modes_in & m->bit) {
            m->renew();
            continue;
        }
        if (m->needs != NULL)
            PyErr_Format(PyExc_ValueError, "mode %s needs %s", m->name,
                         m->needs);
        if (m->needs != NULL || m->install(floor) != 0) {
            uninstall();
            return -1;
        }
        __atomic_store_n(&modes_in, modes_in | m->bit, __ATOMIC_RELEASE);
    }
    if (!floor && rec_dump_install() != 0) {
        PyErr_Format(PyExc_ValueError, "signal %u can't be used",
                     (unsigned)rec_set.dump_signal);
        uninstall();
        return -1;
    }
    return 0;
}

void rec_control_moment(void)
{
    CALL_EACH(modes_in, moment);
    rec_sample_moment();
}

/* The draining thread's look at the hooks, once a second. */
static void check_hooks(unsigned modes)
{
    for (int i = 0; rec_modes[i] != NULL && !vanished_said; i++) {
        const struct rec_mode *m = rec_modes[i];

        if ((modes & m->bit) && m->is_called != NULL && !m->is_called()) {
            vanished_said = true;
            rec_mark_own("pmtrace: the hooks were replaced; nothing is "
                         "recorded from here on");
        }
    }
}

/* By the draining thread. */
static void tidy(uint64_t now_ns)
{
    struct rec_family family;

    if (!rec_set.children || now_ns < tidy_ns)
        return;
    tidy_ns = now_ns + TIDY_EVERY_NS;
    rec_recording_family(&family);
    if (!rec_tidy_is_due(&family) && tidied == REC_TIDY_DONE)
        return;
    tidied = rec_tidy(&family, TIDY_BUDGET_NS, TIDY_BYTES);
    if (tidied == REC_TIDY_MORE)
        tidy_ns = now_ns + TIDY_SOON_NS;
}

void rec_control_tidy(void)
{
    struct rec_family family;

    if (rec_set.children && rec_recording_family_now(&family))
        rec_tidy(&family, TIDY_LATE_NS, TIDY_BYTES);
}

/* Ends the innermost recording. Without the GIL, but where Python is not any
 * more. */
static int close_and_tidy(struct pmt_error *err)
{
    bool children = rec_set.children;
    struct rec_family family;
    int result;

    rec_recording_family(&family);
    result = rec_recording_close(err);
    if (children && (rec_tidy_is_due(&family) || tidied != REC_TIDY_DONE))
        rec_tidy(&family, TIDY_END_NS, TIDY_END_BYTES);
    tidied = REC_TIDY_DONE;
    return result;
}

/* By the draining thread. */
static void tick(uint64_t now_ns)
{
    unsigned modes = __atomic_load_n(&modes_in, __ATOMIC_ACQUIRE);

    for (int i = 0; rec_modes[i] != NULL; i++)
        if ((modes & rec_modes[i]->bit) && rec_modes[i]->tick != NULL)
            rec_modes[i]->tick(now_ns);
    if (now_ns - checked_ns >= CHECK_NS) {
        checked_ns = now_ns;
        check_hooks(modes);
    }
    rec_sampling_tick();
    tidy(now_ns);
}

/* ---- the end of the process, and forks ------------------------------------------ */

/* What was recorded. */
static void say(const struct rec_stats *s)
{
    char parts[64] = "", let_go[64] = "", dumps[64] = "";

    if (s->parts > 1)
        snprintf(parts, sizeof parts, " in %llu parts",
                 (unsigned long long)s->parts);
    if (s->let_go > 0)
        snprintf(let_go, sizeof let_go, ", %llu records let go",
                 (unsigned long long)s->let_go);
    if (s->dumps > 0)
        snprintf(dumps, sizeof dumps, ", %llu dump%s",
                 (unsigned long long)s->dumps, s->dumps == 1 ? "" : "s");
    rec_say("%s: %llu records, %llu bytes%s%s%s", s->path,
            (unsigned long long)s->records,
            (unsigned long long)(s->parts > 1 ? s->disk_bytes
                                              : s->trace_bytes),
            parts, let_go, dumps);
}

/* Ends recordings that were to last as long as the process. One line tells
 * what went wrong. */
static void at_exit(void)
{
    struct rec_stats stats;
    bool said = false;

    while (rec_phase() == REC_PHASE_RUNNING) {
        struct pmt_error err = {0};
        uint32_t serial = rec_recording_serial();
        int result = close_and_tidy(&err);

        rec_recording_stats(serial, &stats);
        if (result != PMT_OK && !said)
            rec_say("%s: %s", stats.path, err.message);
        else if (result == PMT_OK && stats.dumps_failed > 0 && !said)
            rec_say("%s: %llu dumps could not be made; marks in the trace "
                    "tell why", stats.path,
                    (unsigned long long)stats.dumps_failed);
        else if (result == PMT_OK && say_at_exit)
            say(&stats);
        said = said || result != PMT_OK || stats.dumps_failed > 0;
    }
}

/* The end of Python, after all modules are taken down; and the end of the C
 * program, where Python is not. */
static int prepare_exit(void)
{
    rec_say_prepare();
    if (exit_prepared)
        return 0;
    if (Py_AtExit(at_exit) != 0) {
        PyErr_SetString(PyExc_RuntimeError,
                        "Py_AtExit has no room for the recorder");
        return -1;
    }
    atexit(at_exit);
    exit_prepared = true;
    return 0;
}

void rec_control_forked(void)
{
    pthread_mutex_init(&changing, NULL);
    changer_pid = 0;
    depth = 0;
    tidied = REC_TIDY_DONE;
    inherited = modes_in;
    rec_pending_forked();
    rec_rss_forked();
    rec_sampling_forked();
}

void rec_control_unhook(void)
{
    inherited = 0;
    uninstall();
}

int rec_control_at_exit(void)
{
    rec_pending_end();
    if (rec_phase() != REC_PHASE_RUNNING)
        return 0;
    if (begin_change() != 0)
        return -1;
    rec_mark_own("pmtrace: exit"); /* the specification, 7.8 */
    CALL_EACH(modes_in, end);
    if (cpy_exit_is_delicate()) {
        rec_mark_own("pmtrace: other threads run still, so recording ends "
                     "before Python takes down its modules");
        Py_BEGIN_ALLOW_THREADS
        at_exit();
        Py_END_ALLOW_THREADS
    }
    end_change();
    return 0;
}

void rec_control_verbose(bool on)
{
    say_at_exit = on;
}

/* ---- start, stop, pause ----------------------------------------------------------- */

/* Puts the hooks back in of the recording that goes on. */
static void install_again(unsigned modes)
{
    PyObject *type, *error, *traceback;

    PyErr_Fetch(&type, &error, &traceback);
    vanished_said = install(modes, false) != 0;
    PyErr_Clear();
    PyErr_Restore(type, error, traceback);
}

/* Ends the innermost recording, of which the modes were told, and lets the
 * one around it go on. */
static int close_one(struct pmt_error *err)
{
    int result;

    Py_BEGIN_ALLOW_THREADS
    result = close_and_tidy(err);
    Py_END_ALLOW_THREADS
    uninstall();
    depth--;
    if (depth > 0) {
        install_again(outer_modes[depth - 1]);
        rec_recording_go();
        if (vanished_said)
            rec_mark_own("pmtrace: the hooks could not be put in again; "
                         "nothing is recorded from here on");
    }
    return result;
}

static int open_one(const struct rec_config *config)
{
    unsigned kept = may_stay(&config->settings);
    struct pmt_error err = {0};
    int result;

    if (depth == DEPTH_MAX) {
        PyErr_Format(PyExc_RuntimeError,
                     "%d recordings run inside each other already", depth);
        return -1;
    }
    Py_BEGIN_ALLOW_THREADS
    rec_recording_set_tick(tick);
    rec_recording_set_leave(rec_sampling_leave);
    result = rec_recording_open(config, &err);
    if (result != PMT_OK)
        rec_recording_go(); /* the one around it, if it was suspended */
    Py_END_ALLOW_THREADS
    if (result != PMT_OK) {
        rec_raise(&err, config->path);
        return -1;
    }
    vanished_said = false;
    checked_ns = 0;
    if (depth > 0)
        outer_modes[depth - 1] = modes_in;
    depth++;
    uninstall_but(kept);
    inherited = 0;
    return 0;
}

int rec_control_start(const struct rec_config *config)
{
    PyObject *type, *error, *traceback;
    int result = -1;

    if (prepare_exit() != 0 || rec_child_prepare() != 0 || begin_change() != 0)
        return -1;
    if (open_one(config) == 0) {
        result = install(config->settings.modes, false);
        if (result == 0) {
            rec_recording_go();
            CALL_EACH(modes_in, begin);
        } else {
            PyErr_Fetch(&type, &error, &traceback);
            rec_recording_discard();
            close_one(NULL);
            PyErr_Restore(type, error, traceback);
        }
    }
    end_change();
    return result;
}

int rec_control_stop(void)
{
    struct pmt_error err = {0};
    int result = PMT_OK;
    uint32_t serial;

    if (rec_phase() == REC_PHASE_FORKED)
        return 0;
    if (begin_change() != 0)
        return -1;
    serial = rec_recording_serial();
    if (serial != 0) {
        CALL_EACH(modes_in, end);
        result = close_one(&err);
    } else {
        uninstall(); /* the exit functions ended it */
        depth = 0;
    }
    end_change();
    if (result != PMT_OK) {
        struct rec_stats stats;

        rec_recording_stats(serial, &stats);
        rec_raise(&err, stats.path);
        return -1;
    }
    return 0;
}

int rec_control_pause(uint32_t serial, bool suspend)
{
    bool done;

    if (begin_change() != 0)
        return -1;
    Py_BEGIN_ALLOW_THREADS
    done = suspend ? rec_recording_suspend(serial)
                   : rec_recording_resume(serial);
    Py_END_ALLOW_THREADS
    end_change();
    return done;
}

int rec_control_floor(unsigned modes)
{
    if (rec_phase() != REC_PHASE_NONE) {
        PyErr_SetString(PyExc_RuntimeError, "a recording runs");
        return -1;
    }
    uninstall();
    return install(modes, true);
}
