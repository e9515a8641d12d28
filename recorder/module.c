/*
 * module.c - the extension module pmtrace._recorder: a thin binding. The
 * Python package around it (pmtrace/) checks arguments, runs the self-tests
 * and says what may be asked of it.
 */
#include "about.h"
#include "cpython.h"
#include "define.h"
#include "modes.h"
#include "recording.h"
#include "settings-python.h"
#include "stacks.h"
#include "thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HOOKS_MAX 16
#define SETTINGS_MAX 64 /* pairs */

/* All guarded by the GIL. */
static unsigned modes_in;   /* modes whose hooks were put in; atomic */
static bool exit_prepared;
static bool vanished_said;      /* the draining thread's while it runs */
static uint64_t checked_ns;      /* the same */
static bool say_at_exit;

/* ---- errors -------------------------------------------------------------------- */

static PyObject *raise_error(const struct pmt_error *err, const char *path)
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

/* ---- start ----------------------------------------------------------------------- */

/* Pointers to the strings of a tuple, which stays the caller's. */
static int strings_of(PyObject *tuple, const char **out, Py_ssize_t max)
{
    Py_ssize_t n = PyTuple_GET_SIZE(tuple);

    if (n > max) {
        PyErr_SetString(PyExc_ValueError, "too many strings");
        return -1;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        out[i] = PyUnicode_AsUTF8(PyTuple_GET_ITEM(tuple, i));
        if (out[i] == NULL)
            return -1;
    }
    return (int)n;
}

/* A mark of the recorder's own. */
static void mark_now(const char *text, size_t bytes)
{
    rec_lock();
    if (__atomic_load_n(&rec_hot.active, __ATOMIC_ACQUIRE))
        rec_define_mark(0, rec_now(), text, bytes);
    rec_unlock();
}

enum call { CALL_BEGIN, CALL_MOMENT, CALL_END };

static void call_each(unsigned modes, enum call which)
{
    for (int i = 0; rec_modes[i] != NULL; i++) {
        const struct rec_mode *m = rec_modes[i];
        void (*function)(void) = which == CALL_BEGIN    ? m->begin
                                 : which == CALL_MOMENT ? m->moment
                                                        : m->end;

        if ((modes & m->bit) && function != NULL)
            function();
    }
}

/* Ends a recording that was to last as long as the process. */
static void at_exit(void)
{
    struct pmt_error err = {0};
    struct rec_stats stats;
    bool runs = rec_phase() == REC_PHASE_RUNNING;

    if (rec_recording_close(&err) != PMT_OK) {
        rec_recording_stats(&stats);
        fprintf(stderr, "pmtrace: %s: %s\n", stats.path, err.message);
    } else if (runs && say_at_exit) {
        rec_recording_stats(&stats);
        fprintf(stderr, "pmtrace: %s: %llu records, %llu bytes\n",
                stats.path, (unsigned long long)stats.records,
                (unsigned long long)stats.trace_bytes);
    }
}

/* The end of Python, after all modules are taken down; and the end of the C
 * program, where Python is not. */
static int prepare_exit(void)
{
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

PyDoc_STRVAR(at_exit_doc,
"at_exit()\n\nTo be called last of all exit functions. Ends the recording here\n"
"where it would be dangerous to do so later.");

static PyObject *module_at_exit(PyObject *module, PyObject *unused)
{
    static const char early[] =
        "pmtrace: other threads run still, so recording ends before Python "
        "takes down its modules";

    (void)module;
    (void)unused;
    if (rec_phase() == REC_PHASE_RUNNING)
        call_each(modes_in, CALL_MOMENT);
    if (cpy_exit_is_delicate() && rec_phase() == REC_PHASE_RUNNING) {
        mark_now(early, sizeof early - 1);
        Py_BEGIN_ALLOW_THREADS
        at_exit();
        Py_END_ALLOW_THREADS
    }
    Py_RETURN_NONE;
}

/* The draining thread's look at the hooks, once a second. */
static void check_hooks(unsigned modes)
{
    static const char gone[] =
        "pmtrace: the hooks were replaced; nothing is recorded from here on";

    for (int i = 0; rec_modes[i] != NULL && !vanished_said; i++) {
        const struct rec_mode *m = rec_modes[i];

        if ((modes & m->bit) && m->is_called != NULL && !m->is_called()) {
            vanished_said = true;
            mark_now(gone, sizeof gone - 1);
        }
    }
}

/* By the draining thread. */
static void tick(uint64_t now_ns)
{
    unsigned modes = __atomic_load_n(&modes_in, __ATOMIC_ACQUIRE);

    for (int i = 0; rec_modes[i] != NULL; i++)
        if ((modes & rec_modes[i]->bit) && rec_modes[i]->tick != NULL)
            rec_modes[i]->tick(now_ns);
    if (now_ns - checked_ns >= 1000000000u) {
        checked_ns = now_ns;
        check_hooks(modes);
    }
}

static void uninstall(void)
{
    unsigned modes = modes_in;

    __atomic_store_n(&modes_in, 0, __ATOMIC_RELEASE);
    for (int i = 0; rec_modes[i] != NULL; i++)
        if (modes & rec_modes[i]->bit)
            rec_modes[i]->uninstall();
}

static int install(unsigned modes, bool floor)
{
    for (int i = 0; rec_modes[i] != NULL; i++) {
        const struct rec_mode *m = rec_modes[i];

        if (!(modes & m->bit))
            continue;
        if (m->needs != NULL)
            PyErr_Format(PyExc_ValueError, "mode %s needs %s", m->name,
                         m->needs);
        if (m->needs != NULL || m->install(floor) != 0) {
            uninstall();
            return -1;
        }
        __atomic_store_n(&modes_in, modes_in | m->bit, __ATOMIC_RELEASE);
    }
    return 0;
}

static int start(const struct rec_config *config)
{
    struct pmt_error err = {0};
    int result;

    if (prepare_exit() != 0)
        return -1;
    vanished_said = false;
    checked_ns = 0;
    rec_recording_set_tick(tick);
    Py_BEGIN_ALLOW_THREADS
    result = rec_recording_open(config, &err);
    Py_END_ALLOW_THREADS
    if (result != PMT_OK) {
        raise_error(&err, config->path);
        return -1;
    }
    if (install(config->settings.modes, false) != 0) {
        Py_BEGIN_ALLOW_THREADS
        rec_recording_close(NULL);
        Py_END_ALLOW_THREADS
        return -1;
    }
    rec_recording_go();
    call_each(modes_in, CALL_BEGIN);
    return 0;
}

PyDoc_STRVAR(start_doc,
"start(path, settings, hooks, texts)\n\n"
"Begins to record. `settings` is a dict of numbers and lists of globs (see\n"
"settings.h); `hooks` and `texts` are tuples of strings for the stream\n"
"header: names of hooks, and settings as pairs. Arguments are checked by the\n"
"caller.");

static PyObject *module_start(PyObject *module, PyObject *args)
{
    const char *hooks[HOOKS_MAX], *texts[2 * SETTINGS_MAX];
    static struct rec_config c;
    int hook_count, text_count, failed = 1;
    PyObject *path, *settings, *hook_tuple, *text_tuple;

    (void)module;
    if (!PyArg_ParseTuple(args, "O&O!O!O!", PyUnicode_FSConverter, &path,
                          &PyDict_Type, &settings, &PyTuple_Type,
                          &hook_tuple, &PyTuple_Type, &text_tuple))
        return NULL;
    memset(&c, 0, sizeof c);
    hook_count = strings_of(hook_tuple, hooks, HOOKS_MAX);
    text_count = strings_of(text_tuple, texts, 2 * SETTINGS_MAX);
    if (hook_count >= 0 && text_count >= 0 &&
        rec_settings_from_dict(&c.settings, settings) == 0) {
        c.path = PyBytes_AS_STRING(path);
        rec_about(&c.info);
        c.info.hooks = hooks;
        c.info.hook_count = (size_t)hook_count;
        c.info.settings = texts;
        c.info.setting_count = (size_t)text_count / 2;
        failed = start(&c);
    }
    Py_DECREF(path);
    if (failed)
        return NULL;
    Py_RETURN_NONE;
}

/* ---- stop, mark, names --------------------------------------------------------------- */

PyDoc_STRVAR(stop_doc,
"stop()\n\nEnds the recording and finishes the trace. OSError: it could not\n"
"be finished, and the journal is left beside it.");

static PyObject *module_stop(PyObject *module, PyObject *unused)
{
    struct pmt_error err = {0};
    struct rec_stats stats;
    int result;

    (void)module;
    (void)unused;
    if (rec_phase() == REC_PHASE_RUNNING)
        call_each(modes_in, CALL_END);
    Py_BEGIN_ALLOW_THREADS
    result = rec_recording_close(&err);
    Py_END_ALLOW_THREADS
    if (rec_phase() != REC_PHASE_FORKED)
        uninstall();
    if (result != PMT_OK) {
        rec_recording_stats(&stats);
        return raise_error(&err, stats.path);
    }
    Py_RETURN_NONE;
}

PyDoc_STRVAR(mark_doc,
"mark(text) -> bool\n\nPuts a message into the trace. False: nothing is being\n"
"recorded, or there was no room.");

static PyObject *module_mark(PyObject *module, PyObject *text)
{
    static char bytes[REC_TEXT_MAX + 4];
    uint32_t thread;
    uint64_t time;
    int failed = 1;
    size_t n;

    (void)module;
    if (!PyUnicode_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "a mark's text must be a str");
        return NULL;
    }
    time = rec_now();
    thread = rec_thread_self_id();
    rec_lock();
    if (__atomic_load_n(&rec_hot.active, __ATOMIC_ACQUIRE)) {
        n = cpy_text(text, bytes, sizeof bytes);
        failed = rec_define_mark(thread, time, bytes, n);
    }
    rec_unlock();
    if (failed == 0)
        call_each(modes_in, CALL_MOMENT);
    return PyBool_FromLong(failed == 0);
}

PyDoc_STRVAR(name_thread_doc,
"name_thread(ident, name)\n\nTells the stream the name of the thread with this\n"
"ident (threading.get_ident()).");

static PyObject *module_name_thread(PyObject *module, PyObject *args)
{
    unsigned long long ident;
    const char *name;
    Py_ssize_t bytes;

    (void)module;
    if (!PyArg_ParseTuple(args, "Ky#", &ident, &name, &bytes))
        return NULL;
    rec_thread_name(ident, name, (size_t)bytes);
    Py_RETURN_NONE;
}

static PyObject *module_verbose(PyObject *module, PyObject *arg)
{
    int on = PyObject_IsTrue(arg);

    (void)module;
    if (on < 0)
        return NULL;
    say_at_exit = on;
    Py_RETURN_NONE;
}

/* ---- figures ---------------------------------------------------------------------------- */

static PyObject *loss_dict(const struct rec_stats *s)
{
    static const char *const names[PMT_LOSS_CAUSES] = {
        "full", "reentrant", "memory", "io", "torn", "damaged"};
    PyObject *dict = PyDict_New();

    for (int i = 0; dict != NULL && i < PMT_LOSS_CAUSES; i++) {
        PyObject *n = PyLong_FromUnsignedLongLong(s->lost[i]);

        if (n == NULL || PyDict_SetItemString(dict, names[i], n) != 0)
            Py_CLEAR(dict);
        Py_XDECREF(n);
    }
    return dict;
}

PyDoc_STRVAR(stats_doc,
"stats() -> dict\n\nFigures of the recording that runs, or of the last one.");

static PyObject *module_stats(PyObject *module, PyObject *unused)
{
    struct rec_stats s;
    PyObject *lost;

    (void)module;
    (void)unused;
    Py_BEGIN_ALLOW_THREADS
    rec_recording_stats(&s);
    Py_END_ALLOW_THREADS
    lost = loss_dict(&s);
    if (lost == NULL)
        return NULL;
    return Py_BuildValue(
        "{s:N,s:K,s:N,s:K,s:K,s:K,s:K,s:K,s:K,s:K,s:K,s:N,s:s,s:i}", "path",
        PyUnicode_DecodeFSDefault(s.path), "records", s.records, "lost",
        lost, "unwritten", s.unwritten, "memory_bytes", s.memory_bytes,
        "trace_bytes", s.trace_bytes, "stacks", s.stacks, "codes", s.codes,
        "types", s.types, "threads", s.threads, "unstacked", s.unstacked,
        "journal_survives", PyBool_FromLong(!s.anonymous), "error",
        s.error != 0 ? pmt_status_name(s.error) : NULL, "errno",
        s.error_errno);
}

static PyObject *module_phase(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    return PyLong_FromLong((long)rec_phase());
}

/* ---- self-tests and floors ----------------------------------------------------------------- */

PyDoc_STRVAR(walk_doc,
"walk(limit) -> list of (code object, line)\n\nThe calling thread's frames as\n"
"the recorder reads them, the innermost first.");

static PyObject *module_walk(PyObject *module, PyObject *arg)
{
    PyThreadState *ts = cpy_thread_holding();
    unsigned long limit = PyLong_AsUnsignedLong(arg);
    const cpy_frame *f;
    PyObject *list;

    (void)module;
    if (limit == (unsigned long)-1 && PyErr_Occurred())
        return NULL;
    list = PyList_New(0);
    for (f = cpy_frame_top(ts); list != NULL && f != NULL && limit > 0;
         f = cpy_frame_previous(f)) {
        PyCodeObject *code;
        PyObject *item;

        if (cpy_frame_is_shim(f))
            continue;
        limit--;
        code = cpy_frame_code(f);
        if (!cpy_code_alive(code))
            continue;
        item = Py_BuildValue("(OI)", code,
                             cpy_code_line(code, cpy_frame_offset(f, code)));
        if (item == NULL || PyList_Append(list, item) != 0)
            Py_CLEAR(list);
        Py_XDECREF(item);
    }
    return list;
}

PyDoc_STRVAR(check_layout_doc,
"check_layout() -> str or None\n\nWhat differs between this interpreter and the\n"
"one the recorder was built for.");

static PyObject *module_check_layout(PyObject *module, PyObject *unused)
{
    const char *wrong = cpy_check_layout();

    (void)module;
    (void)unused;
    if (wrong == NULL && cpy_watch_start(rec_stacks_code_died) != 0)
        wrong = "the death of code objects can't be watched";
    if (wrong != NULL)
        return PyUnicode_FromString(wrong);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(floor_doc,
"_floor(modes)\n\nPuts in hooks that return at once, to measure what hooks cost\n"
"by themselves; 0 takes them out.");

static PyObject *module_floor(PyObject *module, PyObject *arg)
{
    unsigned long modes = PyLong_AsUnsignedLong(arg);

    (void)module;
    if (modes == (unsigned long)-1 && PyErr_Occurred())
        return NULL;
    if (rec_phase() != REC_PHASE_NONE) {
        PyErr_SetString(PyExc_RuntimeError, "a recording runs");
        return NULL;
    }
    uninstall();
    if (install((unsigned)modes, true) != 0)
        return NULL;
    Py_RETURN_NONE;
}

/* ---- the module ------------------------------------------------------------------------------- */

static PyMethodDef methods[] = {
    {"start", module_start, METH_VARARGS, start_doc},
    {"at_exit", module_at_exit, METH_NOARGS, at_exit_doc},
    {"stop", module_stop, METH_NOARGS, stop_doc},
    {"mark", module_mark, METH_O, mark_doc},
    {"name_thread", module_name_thread, METH_VARARGS, name_thread_doc},
    {"verbose", module_verbose, METH_O,
     "verbose(on): say at exit, on stderr, what was recorded"},
    {"stats", module_stats, METH_NOARGS, stats_doc},
    {"phase", module_phase, METH_NOARGS, "0 none, 1 runs, 2 forked from one"},
    {"walk", module_walk, METH_O, walk_doc},
    {"check_layout", module_check_layout, METH_NOARGS, check_layout_doc},
    {"_floor", module_floor, METH_O, floor_doc},
    {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_recorder",
    .m_doc = "The recorder itself; see the package pmtrace.", .m_size = -1,
    .m_methods = methods};

/* 3.8 does not export it by itself under -fvisibility=hidden. */
__attribute__((visibility("default"))) PyMODINIT_FUNC PyInit__recorder(void);

/* ((name, bit, what it needs or None), ...) */
static PyObject *modes_tuple(void)
{
    Py_ssize_t n = 0;
    PyObject *tuple;

    while (rec_modes[n] != NULL)
        n++;
    tuple = PyTuple_New(n);
    for (Py_ssize_t i = 0; tuple != NULL && i < n; i++) {
        PyObject *row = Py_BuildValue("(sIz)", rec_modes[i]->name,
                                      rec_modes[i]->bit, rec_modes[i]->needs);

        if (row == NULL)
            Py_CLEAR(tuple);
        else
            PyTuple_SET_ITEM(tuple, i, row);
    }
    return tuple;
}

static int add_all(PyObject *module)
{
    PyObject *modes;

    for (int i = 0; rec_modes[i] != NULL; i++)
        if (rec_modes[i]->methods != NULL &&
            PyModule_AddFunctions(module, rec_modes[i]->methods) != 0)
            return -1;
    modes = modes_tuple();
    if (modes == NULL || PyModule_AddObject(module, "MODES", modes) != 0) {
        Py_XDECREF(modes);
        return -1;
    }
    if (PyModule_AddIntConstant(module, "FRAMES_MAX", REC_FRAMES_MAX) != 0 ||
        PyModule_AddStringConstant(module, "VERSION", PMT_BUILD_VERSION) != 0)
        return -1;
    return 0;
}

PyMODINIT_FUNC PyInit__recorder(void)
{
    PyObject *module;

    if (cpy_prepare() != 0)
        return NULL;
    module = PyModule_Create(&definition);
    if (module != NULL && add_all(module) != 0)
        Py_CLEAR(module);
    return module;
}
