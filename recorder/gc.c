/*
 * gc.c - the mode `gc` (gc.h).
 *
 * The entry in gc.callbacks is a C function: it has no frame and is in no
 * traceback. It is called with the GIL by the thread that collects, with
 * "start" or "stop" and a dict.
 */
#include "gc.h"

#include "pending.h"
#include "thread.h"

#define COUNT_MAX ((1u << 24) - 1) /* what a record can hold */

/* All guarded by the GIL. One collection at a time in an interpreter; the
 * list is that of one interpreter. */
static PyObject *callbacks; /* gc.callbacks; a strong reference while in */
static PyObject *entry;     /* ours; made once */
static unsigned installs;
static uint64_t started_ns; /* 0: no collection was seen to start */

static uint32_t number_of(PyObject *info, const char *key, uint32_t max)
{
    PyObject *value = PyDict_Check(info) ? PyDict_GetItemString(info, key)
                                         : NULL;
    long n = value != NULL && PyLong_Check(value) ? PyLong_AsLong(value) : 0;

    if (PyErr_Occurred())
        PyErr_Clear();
    return n < 0 ? 0 : (unsigned long)n > max ? max : (uint32_t)n;
}

static void note(PyObject *phase, PyObject *info)
{
    bool stop = PyUnicode_CompareWithASCIIString(phase, "stop") == 0;
    struct rec_thread *t = rec_enter();
    uint64_t now = pmt_clock_mono_ns(), duration = 0;
    uint32_t generation, collected, uncollectable;

    if (t == NULL) {
        started_ns = 0;
        return;
    }
    if (stop && started_ns != 0)
        duration = now - started_ns;
    generation = number_of(info, "generation", 127);
    collected = number_of(info, "collected", UINT32_MAX);
    uncollectable = number_of(info, "uncollectable", COUNT_MAX);
    rec_append(t, rec_now(),
               (uint64_t)PMT_RAW_GC << PMT_RAW_ADDRESS_BITS |
                   (duration & PMT_RAW_ADDRESS_MASK),
               stop ? collected : 0,
               (uint32_t)stop | generation << 1 |
                   (stop ? uncollectable << 8 : 0));
    rec_leave(t);
    started_ns = stop ? 0 : now;
}

static PyObject *called(PyObject *self, PyObject *args)
{
    PyObject *phase, *info;

    (void)self;
    if (PyTuple_GET_SIZE(args) == 2) {
        phase = PyTuple_GET_ITEM(args, 0);
        info = PyTuple_GET_ITEM(args, 1);
        if (PyUnicode_Check(phase))
            note(phase, info);
        rec_pending_do();
    }
    Py_RETURN_NONE;
}

static PyMethodDef definition = {"pmtrace", called, METH_VARARGS,
                                 "Records a garbage collection."};

static int put_in(bool floor)
{
    PyObject *module = PyImport_ImportModule("gc"), *list;

    (void)floor;
    if (module == NULL)
        return -1;
    list = PyObject_GetAttrString(module, "callbacks");
    Py_DECREF(module);
    if (list == NULL)
        return -1;
    if (entry == NULL)
        entry = PyCFunction_New(&definition, NULL);
    if (!PyList_Check(list))
        PyErr_SetString(PyExc_TypeError, "gc.callbacks is no list");
    if (PyErr_Occurred() || PyList_Append(list, entry) != 0) {
        Py_DECREF(list);
        return -1;
    }
    callbacks = list;
    started_ns = 0;
    return 0;
}

static void take_out(void)
{
    Py_ssize_t i = PyList_GET_SIZE(callbacks);

    while (i-- > 0)
        if (PyList_GET_ITEM(callbacks, i) == entry &&
            PySequence_DelItem(callbacks, i) != 0)
            PyErr_Clear();
    Py_CLEAR(callbacks);
}

int rec_gc_install(bool floor)
{
    if (installs == 0 && put_in(floor) != 0)
        return -1;
    installs++;
    return 0;
}

void rec_gc_uninstall(void)
{
    if (installs > 0 && --installs == 0)
        take_out();
}

const struct rec_mode rec_mode_gc = {.name = "gc", .bit = REC_MODE_GC,
                                     .install = rec_gc_install,
                                     .uninstall = rec_gc_uninstall};
