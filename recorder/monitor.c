/*
 * monitor.c - events by sys.monitoring (monitor.h).
 *
 * There is no C function to register with: sys.monitoring's are called. What
 * is registered are static objects of a type of our own with a vectorcall
 * slot, which is called some ns faster than a built-in function.
 */
#include "monitor.h"

#include <stddef.h>

#if CPY_HAS_MONITORING

#define HOOKS_MAX 16
#define TOOL_NAME "pmtrace"

static const int tool_ids[] = {3, 4};

struct callback {
    PyObject_HEAD
    vectorcallfunc function;
};

static PyTypeObject callback_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "pmtrace._recorder.hook",
    .tp_basicsize = sizeof(struct callback),
    .tp_vectorcall_offset = offsetof(struct callback, function),
    .tp_call = PyVectorcall_Call,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL |
                Py_TPFLAGS_DISALLOW_INSTANTIATION,
};

PyObject *rec_monitor_disable, *rec_monitor_missing;

PyObject *rec_monitor_pass(PyObject *self, PyObject *const *args, size_t n,
                           PyObject *names)
{
    (void)self;
    (void)args;
    (void)n;
    (void)names;
    Py_RETURN_NONE;
}

/* Guarded by the GIL. One for each function, for as long as the process
 * lives: our own reference is never given up. */
static struct callback callbacks[2 * HOOKS_MAX];
static size_t callback_count;

static PyObject *callback_for(vectorcallfunc function)
{
    struct callback *c;

    for (size_t i = 0; i < callback_count; i++)
        if (callbacks[i].function == function)
            return (PyObject *)&callbacks[i];
    if (callback_count == sizeof callbacks / sizeof *callbacks) {
        PyErr_SetString(PyExc_SystemError, "too many hooks");
        return NULL;
    }
    c = &callbacks[callback_count++];
    PyObject_Init((PyObject *)c, &callback_type);
    c->function = function;
    return (PyObject *)c;
}

static PyObject *monitoring(void)
{
    PyObject *module = PySys_GetObject("monitoring"); /* borrowed */

    if (module == NULL)
        PyErr_SetString(PyExc_RuntimeError, "sys.monitoring is not there");
    return module;
}

/* Drops the result of a call. */
static int done(PyObject *result)
{
    Py_XDECREF(result);
    return result != NULL ? 0 : -1;
}

static int prepare(PyObject *module)
{
    if (PyType_Ready(&callback_type) != 0)
        return -1;
    if (rec_monitor_disable == NULL)
        rec_monitor_disable = PyObject_GetAttrString(module, "DISABLE");
    if (rec_monitor_missing == NULL)
        rec_monitor_missing = PyObject_GetAttrString(module, "MISSING");
    return rec_monitor_disable != NULL && rec_monitor_missing != NULL ? 0
                                                                      : -1;
}

/* ---- tool ids --------------------------------------------------------------- */

static int take_tool(struct rec_monitor *m, PyObject *module)
{
    PyObject *names[2] = {NULL, NULL};

    for (int i = 0; i < 2 && m->tool == 0; i++) {
        names[i] = PyObject_CallMethod(module, "get_tool", "i", tool_ids[i]);
        if (names[i] == NULL)
            break;
        if (names[i] == Py_None &&
            done(PyObject_CallMethod(module, "use_tool_id", "is", tool_ids[i],
                                     TOOL_NAME)) == 0)
            m->tool = tool_ids[i];
    }
    if (m->tool == 0 && !PyErr_Occurred())
        PyErr_Format(PyExc_RuntimeError,
                     "the tool ids 3 and 4 of sys.monitoring are taken, by "
                     "%R and %R", names[0], names[1]);
    Py_XDECREF(names[0]);
    Py_XDECREF(names[1]);
    return m->tool != 0 ? 0 : -1;
}

/* ---- events ------------------------------------------------------------------ */

/* The bit of an event in the running interpreter: 3.14 split one. */
static int bit_of(PyObject *module, const char *event, uint32_t *bit)
{
    PyObject *events = PyObject_GetAttrString(module, "events");
    PyObject *number =
        events != NULL ? PyObject_GetAttrString(events, event) : NULL;

    Py_XDECREF(events);
    if (number == NULL)
        return -1;
    *bit = (uint32_t)PyLong_AsUnsignedLongMask(number);
    Py_DECREF(number);
    return 0;
}

static int put_in(struct rec_monitor *m, PyObject *module)
{
    for (int i = 0; m->hooks[i].event != NULL; i++) {
        PyObject *callback = callback_for(m->hooks[i].function);
        uint32_t bit;

        if (callback == NULL ||
            bit_of(module, m->hooks[i].event, &bit) != 0 ||
            done(PyObject_CallMethod(module, "register_callback", "iIO",
                                     m->tool, bit, callback)) != 0)
            return -1;
        m->events |= bit;
    }
    return done(PyObject_CallMethod(module, "set_events", "iI", m->tool,
                                    m->events));
}

int rec_monitor_install(struct rec_monitor *m,
                        const struct rec_monitor_hook *hooks)
{
    PyObject *module = monitoring();

    m->tool = 0;
    m->events = 0;
    m->hooks = hooks;
    if (module == NULL || prepare(module) != 0 || take_tool(m, module) != 0)
        return -1;
    if (put_in(m, module) == 0)
        return 0;
    rec_monitor_uninstall(m);
    return -1;
}

/* Whether the tool id bears our name. */
static bool holds_tool(const struct rec_monitor *m, PyObject *module)
{
    PyObject *name = PyObject_CallMethod(module, "get_tool", "i", m->tool);
    bool ours = name != NULL && PyUnicode_Check(name) &&
                PyUnicode_CompareWithASCIIString(name, TOOL_NAME) == 0;

    Py_XDECREF(name);
    return ours;
}

void rec_monitor_uninstall(struct rec_monitor *m)
{
    PyObject *error = PyErr_GetRaisedException();
    PyObject *module = monitoring();

    if (m->tool != 0 && module != NULL && holds_tool(m, module)) {
        PyErr_Clear();
        done(PyObject_CallMethod(module, "set_events", "ii", m->tool, 0));
        for (int i = 0; m->hooks[i].event != NULL; i++) {
            uint32_t bit;

            PyErr_Clear();
            if (bit_of(module, m->hooks[i].event, &bit) == 0)
                done(PyObject_CallMethod(module, "register_callback", "iIO",
                                         m->tool, bit, Py_None));
        }
        PyErr_Clear();
        done(PyObject_CallMethod(module, "free_tool_id", "i", m->tool));
    }
    m->tool = 0;
    PyErr_SetRaisedException(error);
}

bool rec_monitor_is_in(const struct rec_monitor *m)
{
    PyObject *error = PyErr_GetRaisedException();
    PyObject *module = monitoring(), *events = NULL;
    bool in = false;

    if (m->tool != 0 && module != NULL && holds_tool(m, module)) {
        events = PyObject_CallMethod(module, "get_events", "i", m->tool);
        in = events != NULL &&
             (PyLong_AsUnsignedLongMask(events) & m->events) != 0;
        Py_XDECREF(events);
    }
    PyErr_SetRaisedException(error);
    return in;
}

#endif
