/*
 * heap.c - the mode `heap` (heap.h).
 *
 * All is read inside rec_enter(): what the reading allocates is not recorded
 * by the other modes. The functions of gc and sys are C functions, called
 * with the collector switched off, so that no code of the program runs.
 */
#include "heap.h"

#include "figures.h"
#include "gc.h"
#include "libc-heap.h"
#include "pending.h"
#include "pmt/record.h"
#include "pymalloc.h"
#include "cpython-lists.h"
#include "thread.h"

/* C functions of Python, NULL where there are none. Set once, with the
 * GIL. */
static struct functions {
    PyObject *get_stats, *get_count, *get_threshold;
    PyObject *isenabled, *disable, *enable;
    PyObject *allocated_blocks, *interned;
} functions;

static struct rec_figures figures; /* guarded by the GIL */
static uint64_t due_ns;            /* the draining thread's */

/* Readings at marks, which a program may set at any rate: so many at once,
 * and one more each so great a part of heap_ms. Guarded by the GIL. */
#define AT_MARKS 100u
static struct {
    unsigned left;
    uint64_t earned_ns;            /* when `left` was raised */
} at_marks;

/* ---- what Python knows ---------------------------------------------------- */

static PyObject *c_function(PyObject *module, const char *name)
{
    PyObject *function = PyObject_GetAttrString(module, name);

    if (function == NULL)
        PyErr_Clear();
    else if (!PyCFunction_Check(function))
        Py_CLEAR(function); /* the program's own, in its place */
    return function;
}

static int find_functions(void)
{
    struct functions *f = &functions;
    PyObject *gc, *sys;

    if (f->get_stats != NULL)
        return 0;
    gc = PyImport_ImportModule("gc");
    sys = gc != NULL ? PyImport_ImportModule("sys") : NULL;
    if (sys == NULL) {
        Py_XDECREF(gc);
        return -1;
    }
    f->get_stats = c_function(gc, "get_stats");
    f->get_count = c_function(gc, "get_count");
    f->get_threshold = c_function(gc, "get_threshold");
    f->isenabled = c_function(gc, "isenabled");
    f->disable = c_function(gc, "disable");
    f->enable = c_function(gc, "enable");
    f->allocated_blocks = c_function(sys, "getallocatedblocks");
    f->interned = c_function(sys, "getunicodeinternedsize");
    Py_DECREF(gc);
    Py_DECREF(sys);
    return 0;
}

/* The result of a function, or NULL without an exception. */
static PyObject *result_of(PyObject *function)
{
    PyObject *result =
        function != NULL ? PyObject_CallObject(function, NULL) : NULL;

    if (result == NULL)
        PyErr_Clear();
    return result;
}

static void add_number(const char *name, const char *unit, bool counter,
                       PyObject *number)
{
    long long value;

    if (number == NULL || !PyLong_Check(number))
        return;
    value = PyLong_AsLongLong(number);
    if (value == -1 && PyErr_Occurred())
        PyErr_Clear();
    else
        rec_figures_add(&figures, name, unit, counter, value);
}

static void add_result(const char *name, const char *unit,
                       PyObject *function)
{
    PyObject *result = result_of(function);

    add_number(name, unit, false, result);
    Py_XDECREF(result);
}

/* A number for each generation. */
static void add_tuple(const char *what, const char *unit, PyObject *function)
{
    PyObject *result = result_of(function);
    Py_ssize_t n = result != NULL && PyTuple_Check(result)
                       ? PyTuple_GET_SIZE(result)
                       : 0;
    char name[64];

    for (Py_ssize_t i = 0; i < n; i++) {
        snprintf(name, sizeof name, "gc.%d.%s", (int)i, what);
        add_number(name, unit, false, PyTuple_GET_ITEM(result, i));
    }
    Py_XDECREF(result);
}

/* What gc.get_stats() says of one generation. Numbers that are float are
 * seconds: 3.15 has one. */
static void add_generation(int generation, PyObject *dict)
{
    PyObject *key, *value;
    Py_ssize_t at = 0;
    char name[128], word[64];

    while (PyDict_Check(dict) && PyDict_Next(dict, &at, &key, &value)) {
        size_t n = cpy_text(key, word, sizeof word - 1);
        bool collections = n == 11 && memcmp(word, "collections", 11) == 0;

        word[n] = '\0';
        snprintf(name, sizeof name, "gc.%d.%s", generation, word);
        if (PyFloat_Check(value))
            rec_figures_add(&figures, name, "ns", true,
                            (int64_t)(PyFloat_AS_DOUBLE(value) * 1e9));
        else
            add_number(name, collections ? "collections" : "objects", true,
                       value);
    }
}

static void add_stats(void)
{
    PyObject *list = result_of(functions.get_stats);

    for (Py_ssize_t i = 0;
         list != NULL && PyList_Check(list) && i < PyList_GET_SIZE(list); i++)
        add_generation((int)i, PyList_GET_ITEM(list, i));
    Py_XDECREF(list);
}

static void add_python(void)
{
    PyObject *enabled = result_of(functions.isenabled);
    bool was_enabled = enabled != NULL && PyObject_IsTrue(enabled) == 1;

    Py_XDECREF(enabled);
    if (was_enabled)
        Py_XDECREF(result_of(functions.disable));
    add_result("python.allocated_blocks", "blocks",
               functions.allocated_blocks);
    add_result("python.interned_strings", "strings", functions.interned);
    rec_figures_add(&figures, "gc.enabled", "bool", false, was_enabled);
    add_tuple("count", "objects", functions.get_count);
    add_tuple("threshold", "objects", functions.get_threshold);
    add_stats();
    if (was_enabled)
        Py_XDECREF(result_of(functions.enable));
    rec_figures_write(&figures);
}

/* ---- one moment -------------------------------------------------------------- */

/* False where nothing is being recorded, or there was no room. */
static bool read_all(void)
{
    struct rec_thread *t = rec_enter();
    PyObject *type, *error, *traceback;

    if (t == NULL)
        return false;
    PyErr_Fetch(&type, &error, &traceback); /* the program's; left alone */
    figures.kind = PMT_KIND_HEAP;
    figures.time = rec_now();
    figures.used = 0;
    figures.lost = false;
    rec_pymalloc_figures(&figures);
    rec_libc_figures(&figures);
    add_python();
    PyErr_Restore(type, error, traceback);
    rec_leave(t);
    return !figures.lost;
}

static void moment(void)
{
    read_all();
}

/* A reading takes the program some 0.2 ms, and the writer some more. */
static bool may_read_at_mark(void)
{
    uint64_t every = (uint64_t)rec_set.heap_ms * 1000000u / AT_MARKS;
    uint64_t now, earned;

    if (every == 0)
        return true;
    now = pmt_clock_mono_ns();
    earned = (now - at_marks.earned_ns) / every;
    if (earned >= AT_MARKS - at_marks.left) {
        at_marks.left = AT_MARKS;
        at_marks.earned_ns = now;
    } else {
        at_marks.left += (unsigned)earned;
        at_marks.earned_ns += earned * every;
    }
    if (at_marks.left == 0)
        return false;
    at_marks.left--;
    return true;
}

static void at_mark(void)
{
    if (may_read_at_mark())
        read_all();
}

static void begin(void)
{
    moment();
    rec_recording_wake(); /* for the first tick */
}

/* ---- the mode ------------------------------------------------------------------ */

static int install(bool floor)
{
    if (find_functions() != 0 || cpy_free_lists_check() < 0 ||
        rec_gc_install(floor) != 0)
        return -1;
    due_ns = 0;
    at_marks.left = AT_MARKS;
    at_marks.earned_ns = pmt_clock_mono_ns();
    if (!floor)
        rec_pending_open(moment);
    return 0;
}

static void uninstall(void)
{
    rec_pending_shut();
    rec_gc_uninstall();
}

static void tick(uint64_t now_ns)
{
    uint64_t every = (uint64_t)rec_set.heap_ms * 1000000u;

    if (every == 0)
        return;
    if (due_ns == 0)
        due_ns = now_ns + every;
    if (now_ns >= due_ns) {
        due_ns = due_ns + every > now_ns ? due_ns + every : now_ns + every;
        rec_pending_ask();
    } else {
        rec_pending_tick();
    }
    rec_recording_wake_by(due_ns);
}

PyDoc_STRVAR(heap_doc,
"heap() -> bool\n\nWrites a record of the allocators' figures now, in any mode.\n"
"False: nothing is being recorded, or there was no room.");

static PyObject *heap(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    if (find_functions() != 0)
        return NULL;
    return PyBool_FromLong(read_all());
}

static PyMethodDef methods[] = {{"heap", heap, METH_NOARGS, heap_doc},
                                {NULL, NULL, 0, NULL}};

const struct rec_mode rec_mode_heap = {.name = "heap",
                                       .bit = REC_MODE_HEAP,
                                       .install = install,
                                       .begin = begin,
                                       .end = moment,
                                       .moment = at_mark,
                                       .uninstall = uninstall,
                                       .tick = tick,
                                       .methods = methods};
