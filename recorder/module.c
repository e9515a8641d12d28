/*
 * module.c - the extension module pmtrace._recorder: a thin binding. The
 * Python package around it (pmtrace/) checks arguments, runs the self-tests
 * and says what may be asked of it.
 */
#include "about.h"
#include "child.h"
#include "control.h"
#include "cpython.h"
#include "define.h"
#include "dump.h"
#include "label.h"
#include "modes.h"
#include "pymalloc.h"
#include "recording.h"
#include "settings-python.h"
#include "stacks.h"
#include "thread.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HOOKS_MAX 16
#define SETTINGS_MAX 64 /* pairs */

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

PyDoc_STRVAR(start_doc,
"start(path, settings, hooks, texts, parent=None, session=None, suspends=0)\n"
"-> serial number\n\n"
"Begins to record; a recording that runs is suspended until this one has\n"
"ended. `settings` is a dict of numbers and lists of globs (see\n"
"settings.h); `hooks` and `texts` are tuples of strings for the stream\n"
"header: names of hooks, and settings as pairs. `parent` and `session` are\n"
"UUIDs, of 16 bytes; the recording begins as after `suspends` calls of\n"
"suspend(). Arguments are checked by the caller.");

static bool set_uuid(uint8_t uuid[16], const char *bytes, Py_ssize_t n)
{
    if (bytes != NULL && n == 16)
        memcpy(uuid, bytes, 16);
    return bytes == NULL || n == 16;
}

static PyObject *module_start(PyObject *module, PyObject *args)
{
    const char *hooks[HOOKS_MAX], *texts[2 * SETTINGS_MAX];
    struct rec_config *c;
    int hook_count, text_count, failed = 1;
    PyObject *path, *settings, *hook_tuple, *text_tuple;
    const char *parent = NULL, *session = NULL;
    Py_ssize_t parent_bytes = 0, session_bytes = 0;
    unsigned suspends = 0;

    (void)module;
    if (!PyArg_ParseTuple(args, "O&O!O!O!|z#z#I", PyUnicode_FSConverter,
                          &path, &PyDict_Type, &settings, &PyTuple_Type,
                          &hook_tuple, &PyTuple_Type, &text_tuple, &parent,
                          &parent_bytes, &session, &session_bytes, &suspends))
        return NULL;
    c = calloc(1, sizeof *c); /* large, and threads may start at once */
    if (c == NULL) {
        Py_DECREF(path);
        return PyErr_NoMemory();
    }
    c->suspends = suspends;
    hook_count = strings_of(hook_tuple, hooks, HOOKS_MAX);
    text_count = strings_of(text_tuple, texts, 2 * SETTINGS_MAX);
    if (!set_uuid(c->info.parent_uuid, parent, parent_bytes) ||
        !set_uuid(c->info.session_uuid, session, session_bytes))
        PyErr_SetString(PyExc_ValueError, "a UUID has 16 bytes");
    else if (hook_count >= 0 && text_count >= 0 &&
             rec_settings_from_dict(&c->settings, settings) == 0) {
        c->path = PyBytes_AS_STRING(path);
        rec_about(&c->info);
        c->info.hooks = hooks;
        c->info.hook_count = (size_t)hook_count;
        c->info.settings = texts;
        c->info.setting_count = (size_t)text_count / 2;
        failed = rec_control_start(c);
    }
    free(c);
    Py_DECREF(path);
    if (failed)
        return NULL;
    return PyLong_FromUnsignedLong(rec_recording_serial());
}

PyDoc_STRVAR(uuid_doc,
"uuid() -> bytes or None\n\nThe UUID of the innermost recording's stream.");

static PyObject *module_uuid(PyObject *module, PyObject *unused)
{
    uint8_t uuid[16];

    (void)module;
    (void)unused;
    if (!rec_recording_uuid(uuid))
        Py_RETURN_NONE;
    return PyBytes_FromStringAndSize((const char *)uuid, sizeof uuid);
}

/* ---- stop, mark, names --------------------------------------------------------------- */

PyDoc_STRVAR(stop_doc,
"stop()\n\nEnds the innermost recording and finishes its trace; the one around\n"
"it goes on. OSError: it could not be finished, and the journal is left\n"
"beside it.");

static PyObject *module_stop(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    if (rec_control_stop() != 0)
        return NULL;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(suspend_doc,
"suspend(serial=0) -> bool\n\nRecords nothing until resume() was called as\n"
"often. A mark tells where. What is released meanwhile is not seen. `serial`:\n"
"what start() gave; 0: the innermost recording. False: it does not run.");

PyDoc_STRVAR(resume_doc,
"resume(serial=0) -> bool\n\nGoes on after suspend(). False: it was not\n"
"suspended.");

static PyObject *change_pause(PyObject *args, bool suspend)
{
    unsigned serial = 0;
    int done;

    if (!PyArg_ParseTuple(args, "|I", &serial))
        return NULL;
    done = rec_control_pause(serial, suspend);
    return done < 0 ? NULL : PyBool_FromLong(done);
}

static PyObject *module_suspend(PyObject *module, PyObject *args)
{
    (void)module;
    return change_pause(args, true);
}

static PyObject *module_resume(PyObject *module, PyObject *args)
{
    (void)module;
    return change_pause(args, false);
}

PyDoc_STRVAR(at_exit_doc,
"at_exit()\n\nTo be called last of all exit functions. Ends the recordings here\n"
"where it would be dangerous to do so later.");

static PyObject *module_at_exit(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    if (rec_control_at_exit() != 0)
        return NULL;
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
        if (failed == 0)
            rec_dump_at_mark(bytes, n);
    }
    rec_unlock();
    if (failed == 0)
        rec_control_moment();
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
    rec_control_verbose(on);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(dump_doc,
"dump(serial, path) -> str\n\nHas what is kept of the trace copied to a file,\n"
"and waits for it. `path` is absolute, or None: a name after the trace's.");

static PyObject *module_dump(PyObject *module, PyObject *args)
{
    PyObject *given, *path = NULL;
    struct pmt_error err = {0};
    char name[4096];
    unsigned serial;
    int result;

    (void)module;
    if (!PyArg_ParseTuple(args, "IO", &serial, &given) ||
        (given != Py_None && !PyUnicode_FSConverter(given, &path)))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    result = rec_dump_ask(serial, path ? PyBytes_AS_STRING(path) : NULL, name,
                          sizeof name, &err);
    Py_END_ALLOW_THREADS
    Py_XDECREF(path);
    if (result != PMT_OK)
        return rec_raise(&err, name);
    return PyUnicode_DecodeFSDefault(name);
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
"stats(serial=0) -> dict\n\nFigures of the recording that start() gave this\n"
"number; 0: of the innermost one that runs, or of the one that ended last.");

static PyObject *module_stats(PyObject *module, PyObject *args)
{
    unsigned serial = 0;
    struct rec_stats s;
    PyObject *lost;

    (void)module;
    if (!PyArg_ParseTuple(args, "|I", &serial))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    rec_recording_stats(serial, &s);
    Py_END_ALLOW_THREADS
    lost = loss_dict(&s);
    if (lost == NULL)
        return NULL;
    return Py_BuildValue(
        "{s:N,s:K,s:N,s:K,s:K,s:K,s:K,s:K,s:K,s:K,s:K,s:N,s:s,s:i,s:K,s:K,s:K,"
        "s:K,s:K,s:K}", "path",
        PyUnicode_DecodeFSDefault(s.path), "records", s.records, "lost",
        lost, "unwritten", s.unwritten, "memory_bytes", s.memory_bytes,
        "trace_bytes", s.trace_bytes, "stacks", s.stacks, "codes", s.codes,
        "types", s.types, "threads", s.threads, "unstacked", s.unstacked,
        "journal_survives", PyBool_FromLong(!s.anonymous), "error",
        s.error != 0 ? pmt_status_name(s.error) : NULL, "errno",
        s.error_errno, "parts", s.parts, "disk_bytes", s.disk_bytes,
        "let_go", s.let_go, "live_blocks", s.live_blocks, "dumps", s.dumps,
        "dumps_failed", s.dumps_failed);
}

static PyObject *module_is_main(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    return PyBool_FromLong(PyThreadState_Get()->interp ==
                           PyInterpreterState_Main());
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
    if (rec_control_floor((unsigned)modes) != 0)
        return NULL;
    Py_RETURN_NONE;
}

/* ---- the module ------------------------------------------------------------------------------- */

static PyMethodDef methods[] = {
    {"start", module_start, METH_VARARGS, start_doc},
    {"uuid", module_uuid, METH_NOARGS, uuid_doc},
    {"at_exit", module_at_exit, METH_NOARGS, at_exit_doc},
    {"stop", module_stop, METH_NOARGS, stop_doc},
    {"mark", module_mark, METH_O, mark_doc},
    {"name_thread", module_name_thread, METH_VARARGS, name_thread_doc},
    {"verbose", module_verbose, METH_O,
     "verbose(on): say at exit, on stderr, what was recorded"},
    {"suspend", module_suspend, METH_VARARGS, suspend_doc},
    {"resume", module_resume, METH_VARARGS, resume_doc},
    {"dump", module_dump, METH_VARARGS, dump_doc},
    {"stats", module_stats, METH_VARARGS, stats_doc},
    {"is_main", module_is_main, METH_NOARGS,
     "False in a sub-interpreter"},
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
    if (PyModule_AddFunctions(module, rec_label_methods) != 0 ||
        PyModule_AddFunctions(module, rec_child_methods) != 0)
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
    rec_pymalloc_prepare();
    module = PyModule_Create(&definition);
    if (module != NULL && add_all(module) != 0)
        Py_CLEAR(module);
    return module;
}
