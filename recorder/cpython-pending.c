/*
 * cpython-pending.c - calls with the GIL asked for from without
 * (cpython-pending.h).
 */
#include "cpython-pending.h"

#if PY_VERSION_HEX < 0x030c0000

#define Py_BUILD_CORE 1
#if PY_VERSION_HEX >= 0x03090000
#include <internal/pycore_interp.h>
#include <internal/pycore_runtime.h>
#else
#include <internal/pycore_pystate.h>
#endif
#undef Py_BUILD_CORE

#if PY_VERSION_HEX >= 0x03090000
#define PENDING (&main_thread->interp->ceval.pending)
#define EVAL_BREAKER (&main_thread->interp->ceval.eval_breaker)
#else
#define PENDING (&_PyRuntime.ceval.pending)
#define EVAL_BREAKER (&_PyRuntime.ceval.eval_breaker)
#endif

/* The state of the main thread, which lives as long as Python does. Set with
 * the GIL. */
static PyThreadState *main_thread;

void cpy_pending_prepare(void)
{
    PyInterpreterState *interp = PyInterpreterState_Main();
    PyThreadState *ts = PyInterpreterState_ThreadHead(interp);

    while (ts != NULL && ts->thread_id != _PyRuntime.main_thread)
        ts = PyThreadState_Next(ts);
    main_thread = ts;
}

/* Only it calls. Another thread that was told to look would look in vain
 * before each few instructions. */
static bool main_thread_runs(void)
{
    return _Py_atomic_load_relaxed(&_PyRuntime.gilstate.tstate_current) ==
           (uintptr_t)main_thread;
}

static void tell(void)
{
    if (main_thread_runs())
        _Py_atomic_store_relaxed(EVAL_BREAKER, 1);
}

int cpy_pending_add(int (*function)(void *))
{
    struct _pending_calls *p;
    int next, failed = -1;

    if (main_thread == NULL)
        return -1;
#if PY_VERSION_HEX < 0x03090000
    /* Here the other threads are told as well. */
    if (!main_thread_runs())
        return -1;
#endif
    p = PENDING;
    PyThread_acquire_lock(p->lock, WAIT_LOCK);
    next = (p->last + 1) % NPENDINGCALLS;
    if (next != p->first) {
        p->calls[p->last].func = function;
        p->calls[p->last].arg = NULL;
        p->last = next;
        failed = 0;
    }
    PyThread_release_lock(p->lock);
    if (failed == 0) {
        /* Not the other way round: what is told when there is nothing to do
         * is told for good. */
        tell();
        _Py_atomic_store_relaxed(&p->calls_to_do, 1);
    }
    return failed;
}

/* A thread that takes the GIL looks by itself (from 3.9 on). */
void cpy_pending_nudge(void)
{
    if (main_thread != NULL && _Py_atomic_load_relaxed(&PENDING->calls_to_do))
        tell();
}

#else

PyAPI_FUNC(int) _PyEval_AddPendingCall(PyInterpreterState *interp,
                                       int (*function)(void *), void *arg,
                                       int flags)
    __attribute__((weak));

static PyInterpreterState *interpreter;

void cpy_pending_prepare(void)
{
    interpreter = PyInterpreterState_Main();
}

int cpy_pending_add(int (*function)(void *))
{
    int failed;

    if (interpreter == NULL)
        return -1;
    /* Without a flag: by any thread. */
    failed = _PyEval_AddPendingCall != NULL
                 ? _PyEval_AddPendingCall(interpreter, function, NULL, 0)
                 : Py_AddPendingCall(function, NULL);
    return failed == 0 ? 0 : -1;
}

void cpy_pending_nudge(void)
{
}

#endif
