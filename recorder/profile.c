/*
 * profile.c - events by profile and trace functions (profile.h).
 *
 * New threads are met by standing in for _thread.start_new_thread: what it is
 * given is wrapped in a callable that puts the hooks in, in the new thread,
 * and then calls it.
 */
#include "profile.h"

#include <stddef.h>
#include <string.h>

#if !CPY_HAS_MONITORING

/* All guarded by the GIL. [0] profile, [1] trace. */
static Py_tracefunc ours[2];

/* The functions below ours. A thread state's memory may be used again: the
 * object tells. */
#define BELOW_MAX 64
static struct below {
    const PyThreadState *ts;
    PyObject *object;         /* kept by the thread state */
    Py_tracefunc function;
} below[2][BELOW_MAX];
static size_t below_count[2];

/* ---- threads that run --------------------------------------------------------- */

static struct below *find_below(bool trace, const PyThreadState *ts)
{
    for (size_t i = 0; i < below_count[trace]; i++)
        if (below[trace][i].ts == ts)
            return &below[trace][i];
    return NULL;
}

int rec_profile_below(bool trace, PyObject *object, PyFrameObject *frame,
                      int event, PyObject *arg)
{
    struct below *b = find_below(trace, cpy_thread_holding());

    return b != NULL && b->object == object
               ? b->function(object, frame, event, arg)
               : 0;
}

static int put_in(PyThreadState *ts, bool trace)
{
    PyObject *object;
    Py_tracefunc there = cpy_get_hook(ts, trace, &object);
    struct below *b = find_below(trace, ts);

    if (there == ours[trace])
        return 0;
    if (there != NULL && object != NULL) {
        if (b == NULL && below_count[trace] < BELOW_MAX)
            b = &below[trace][below_count[trace]++];
        if (b == NULL)
            return 0; /* too many: the program keeps its own */
        *b = (struct below){ts, object, there};
    } else if (there != NULL) {
        return 0; /* without an object ours could not tell it */
    }
    return cpy_set_hook(ts, trace, ours[trace], object);
}

static void take_out(PyThreadState *ts, bool trace)
{
    PyObject *object;
    struct below *b = find_below(trace, ts);

    if (cpy_get_hook(ts, trace, &object) != ours[trace])
        return;
    if (cpy_set_hook(ts, trace,
                     object != NULL && b != NULL && b->object == object
                         ? b->function
                         : NULL,
                     object) != 0)
        PyErr_Clear();
}

static PyThreadState *first_thread(void)
{
    return PyInterpreterState_ThreadHead(cpy_thread_holding()->interp);
}

bool rec_profile_is_in(bool trace)
{
    PyObject *object;

    for (PyThreadState *ts = first_thread(); ts != NULL;
         ts = PyThreadState_Next(ts))
        if (cpy_frame_top(ts) != NULL &&
            cpy_get_hook(ts, trace, &object) != ours[trace])
            return false;
    return true;
}

/* ---- threads to come ------------------------------------------------------------ */

/* Stands for the function that a new thread is to run. It is called by the
 * vectorcall protocol, which counts as no level of recursion. */
struct boot {
    PyObject_HEAD
    PyObject *function;
    vectorcallfunc call;
};

static void boot_dealloc(PyObject *self)
{
    Py_XDECREF(((struct boot *)self)->function);
    PyObject_Free(self);
}

static PyObject *boot_call(PyObject *self, PyObject *const *args, size_t n,
                           PyObject *names)
{
    PyThreadState *ts = cpy_thread_holding();

    for (int trace = 0; trace < 2; trace++)
        if (ours[trace] != NULL && put_in(ts, trace) != 0)
            PyErr_Clear();
    return _PyObject_Vectorcall(((struct boot *)self)->function, args, n,
                                names);
}

static PyObject *boot_repr(PyObject *self)
{
    return PyObject_Repr(((struct boot *)self)->function);
}

static PyObject *boot_attribute(PyObject *self, PyObject *name)
{
    return PyObject_GetAttr(((struct boot *)self)->function, name);
}

static PyTypeObject boot_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "pmtrace._recorder.boot",
    .tp_basicsize = sizeof(struct boot),
    .tp_dealloc = boot_dealloc,
    .tp_call = PyVectorcall_Call,
    .tp_vectorcall_offset = offsetof(struct boot, call),
    .tp_repr = boot_repr,
    .tp_str = boot_repr,
    .tp_getattro = boot_attribute,
    .tp_flags = Py_TPFLAGS_DEFAULT | _Py_TPFLAGS_HAVE_VECTORCALL,
};

static PyObject *original;    /* _thread.start_new_thread */
static PyObject *stand_in;

/* start_new_thread(function, args[, kwargs]) */
static PyObject *start_thread(PyObject *self, PyObject *args)
{
    struct boot *boot;
    PyObject *wrapped, *result;
    Py_ssize_t n = PyTuple_GET_SIZE(args);

    (void)self;
    if ((ours[0] == NULL && ours[1] == NULL) || n < 2 || n > 3 ||
        !PyCallable_Check(PyTuple_GET_ITEM(args, 0)))
        return PyObject_CallObject(original, args);
    boot = PyObject_New(struct boot, &boot_type);
    if (boot == NULL)
        return NULL;
    boot->call = boot_call;
    boot->function = PyTuple_GET_ITEM(args, 0);
    Py_INCREF(boot->function);
    wrapped = PyTuple_New(n);
    if (wrapped == NULL) {
        Py_DECREF(boot);
        return NULL;
    }
    PyTuple_SET_ITEM(wrapped, 0, (PyObject *)boot);
    for (Py_ssize_t i = 1; i < n; i++) {
        Py_INCREF(PyTuple_GET_ITEM(args, i));
        PyTuple_SET_ITEM(wrapped, i, PyTuple_GET_ITEM(args, i));
    }
    result = PyObject_CallObject(original, wrapped);
    Py_DECREF(wrapped);
    return result;
}

static PyMethodDef start_thread_def = {"start_new_thread", start_thread,
                                       METH_VARARGS, NULL};

/* Where the function is found. */
static const struct {
    const char *module, *name;
    bool import;
} places[] = {{"_thread", "start_new_thread", true},
              {"_thread", "start_new", true},
              {"threading", "_start_new_thread", false}};

/* Sets all places that hold `old` to `new`. */
static int exchange(PyObject *old, PyObject *new)
{
    PyObject *modules = PyImport_GetModuleDict();

    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        PyObject *module = PyDict_GetItemString(modules, places[i].module);
        PyObject *value;

        if (module == NULL || !PyModule_Check(module))
            continue;
        value = PyDict_GetItemString(PyModule_GetDict(module),
                                     places[i].name);
        if (value == old &&
            PyObject_SetAttrString(module, places[i].name, new) != 0)
            return -1;
    }
    return 0;
}

static int stand_in_for_start(void)
{
    PyObject *module = PyImport_ImportModule("_thread"), *name;

    if (module == NULL || PyType_Ready(&boot_type) != 0) {
        Py_XDECREF(module);
        return -1;
    }
    if (stand_in == NULL) {
        name = PyUnicode_FromString("_thread");
        original = PyObject_GetAttrString(module, "start_new_thread");
        if (name != NULL && original != NULL) {
            if (PyCFunction_Check(original))
                start_thread_def.ml_doc =
                    ((PyCFunctionObject *)original)->m_ml->ml_doc;
            stand_in = PyCFunction_NewEx(&start_thread_def, NULL, name);
        }
        Py_XDECREF(name);
    }
    Py_DECREF(module);
    if (stand_in == NULL)
        return -1;
    return exchange(original, stand_in);
}

/* ---- both ------------------------------------------------------------------------- */

int rec_profile_install(bool trace, Py_tracefunc function)
{
    ours[trace] = function;
    below_count[trace] = 0;
    if (stand_in_for_start() != 0) {
        rec_profile_uninstall(trace);
        return -1;
    }
    for (PyThreadState *ts = first_thread(); ts != NULL;
         ts = PyThreadState_Next(ts))
        if (put_in(ts, trace) != 0) {
            rec_profile_uninstall(trace);
            return -1;
        }
    return 0;
}

void rec_profile_uninstall(bool trace)
{
    PyObject *type, *error, *traceback;

    if (ours[trace] == NULL)
        return;
    PyErr_Fetch(&type, &error, &traceback);
    for (PyThreadState *ts = first_thread(); ts != NULL;
         ts = PyThreadState_Next(ts))
        take_out(ts, trace);
    ours[trace] = NULL;
    if (ours[!trace] == NULL && stand_in != NULL &&
        exchange(stand_in, original) != 0)
        PyErr_Clear();
    PyErr_Restore(type, error, traceback);
}

#endif
