/*
 * child.c - what is done when Python forks (child.h).
 *
 * The package's function (pmtrace/_children.py) begins the child's recording.
 * The program sees nothing of it: no trace or profile function is called, and
 * no signal handler runs in it.
 */
#include "child.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "control.h"
#include "pending.h"
#include "sample-thread.h"
#include "tidy.h"

/* Guarded by the GIL. */
static bool prepared;
static PyObject *in_child; /* strong; NULL: none was given */

/* Calls a function of ours that the program is not to notice; whatever it
 * raises is dropped. Takes the arguments over; NULL: there are none. */
static void call_quietly(PyObject *function, PyObject *args)
{
    PyObject *type, *error, *traceback, *result;
    int saved = errno;
    sigset_t all, before;

    PyErr_Fetch(&type, &error, &traceback);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    cpy_quiet_begin();
    result = PyObject_CallObject(function, args);
    Py_XDECREF(result);
    PyErr_Clear();
    Py_XDECREF(args);
    cpy_quiet_end();
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    PyErr_Restore(type, error, traceback);
    errno = saved;
}

/* ---- forks ----------------------------------------------------------------- */

/* The draining thread, which is ended before a fork, starts again when
 * CPython has had its look at the threads. */
static PyObject *after_in_parent(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    rec_recording_ensure(false);
    if (rec_sampling_is_wanted()) /* there need be no other event */
        rec_pending_restart();
    if (rec_tidy_is_late()) {
        Py_BEGIN_ALLOW_THREADS
        rec_control_tidy();
        Py_END_ALLOW_THREADS
    }
    Py_RETURN_NONE;
}

static PyObject *after_in_child(PyObject *module, PyObject *unused)
{
    bool forked = rec_phase() == REC_PHASE_FORKED, can;
    uint32_t suspends;

    (void)module;
    (void)unused;
    rec_control_forked();
    can = rec_recording_child(&suspends);
    if (forked && in_child != NULL)
        call_quietly(in_child, Py_BuildValue("(iI)", (int)can, suspends));
    if (can && rec_phase() == REC_PHASE_NONE)
        rec_control_unhook();
    Py_RETURN_NONE;
}

int rec_child_prepare(void)
{
    static PyMethodDef parent = {"_pmtrace_after_fork", after_in_parent,
                                 METH_NOARGS, NULL},
                       child = {"_pmtrace_in_child", after_in_child,
                                METH_NOARGS, NULL};
    PyObject *os, *add = NULL, *none = NULL, *words = NULL, *done = NULL;

    if (prepared)
        return 0;
    os = PyImport_ImportModule("os");
    if (os != NULL)
        add = PyObject_GetAttrString(os, "register_at_fork");
    none = PyTuple_New(0);
    words = Py_BuildValue("{s:N,s:N}", "after_in_parent",
                          PyCFunction_New(&parent, NULL), "after_in_child",
                          PyCFunction_New(&child, NULL));
    if (add != NULL && words != NULL && none != NULL)
        done = PyObject_Call(add, none, words);
    prepared = done != NULL;
    Py_XDECREF(done);
    Py_XDECREF(add);
    Py_XDECREF(os);
    Py_XDECREF(none);
    Py_XDECREF(words);
    return prepared ? 0 : -1;
}

/* ---- for the package ---------------------------------------------------------- */

PyDoc_STRVAR(on_fork_doc,
"on_fork(function)\n\nHas function(can, suspends) called in the child of a fork of\n"
"Python's when the parent was recording: `can` is 0 where nothing can be\n"
"recorded, `suspends` is how often the parent's recording was suspended. The\n"
"program sees nothing of the call, and what it raises is dropped.");

static PyObject *on_fork(PyObject *module, PyObject *function)
{
    (void)module;
    Py_INCREF(function);
    Py_XSETREF(in_child, function);
    Py_RETURN_NONE;
}

/* What quiet() gave was called. */
static PyObject *quiet_called(PyObject *function, PyObject *args)
{
    (void)args;
    call_quietly(function, NULL);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(quiet_doc,
"quiet(function) -> callable\n\nCalls the function, without arguments whatever it\n"
"is called with, and without the program seeing anything of it; what it raises\n"
"is dropped.");

static PyObject *quiet(PyObject *module, PyObject *function)
{
    static PyMethodDef method = {"_pmtrace", quiet_called, METH_VARARGS,
                                 NULL};

    (void)module;
    return PyCFunction_New(&method, function);
}

PyDoc_STRVAR(setenv_doc,
"setenv(name, value)\n\nSets a variable of the C environment, without os.environ\n"
"and without an audit event. Both are bytes; None: takes it out.");

static PyObject *set_variable(PyObject *module, PyObject *args)
{
    const char *name, *text = NULL;
    PyObject *value;

    (void)module;
    if (!PyArg_ParseTuple(args, "yO", &name, &value))
        return NULL;
    if (value != Py_None && (text = PyBytes_AsString(value)) == NULL)
        return NULL;
    if ((text != NULL ? setenv(name, text, 1) : unsetenv(name)) != 0)
        return PyErr_SetFromErrno(PyExc_OSError);
    Py_RETURN_NONE;
}

PyMethodDef rec_child_methods[] = {
    {"on_fork", on_fork, METH_O, on_fork_doc},
    {"quiet", quiet, METH_O, quiet_doc},
    {"setenv", set_variable, METH_VARARGS, setenv_doc},
    {NULL, NULL, 0, NULL}};
