/*
 * cpython-hooks.c - the hooks of a thread (sys.setprofile and sys.settrace) in
 * CPython up to 3.11, and what a frame is about to do when they are called
 * (cpython.h).
 */
#include "cpython.h"

#if !CPY_HAS_MONITORING

#include <opcode.h>

#if PY_VERSION_HEX < 0x03090000
#define Py_BUILD_CORE 1
#include <internal/pycore_pystate.h>
#undef Py_BUILD_CORE
#endif

/* The code unit at a byte offset, as opcode and argument. */
static const unsigned char *unit_at(const PyCodeObject *code, int offset)
{
#if PY_VERSION_HEX >= 0x030b0000
    return (const unsigned char *)code->co_code_adaptive + offset;
#else
    return (const unsigned char *)PyBytes_AS_STRING(code->co_code) + offset;
#endif
}

enum cpy_entry cpy_entry_of(const cpy_frame *f)
{
    const PyCodeObject *code = cpy_frame_code(f);
    int offset = cpy_frame_offset(f, code);
#if PY_VERSION_HEX >= 0x030b0000
    const unsigned char *unit;

    if (offset < 0)
        return CPY_ENTRY_THROW;
    unit = unit_at(code, offset);
    if (unit[0] != RESUME && unit[0] != RESUME_QUICK)
        return CPY_ENTRY_THROW;
    return (unit[1] & 3) == 0 ? CPY_ENTRY_CALL : CPY_ENTRY_RESUME;
#else
    return offset < 0 ? CPY_ENTRY_CALL : CPY_ENTRY_RESUME;
#endif
}

bool cpy_frame_yields(const cpy_frame *f)
{
    const PyCodeObject *code = cpy_frame_code(f);
    int offset = cpy_frame_offset(f, code);

    /* YIELD_FROM, where there is one, steps back by one instruction, which
     * is never RETURN_VALUE. */
    return offset < 0 || unit_at(code, offset)[0] != RETURN_VALUE;
}

Py_tracefunc cpy_get_hook(const PyThreadState *ts, bool trace,
                          PyObject **object)
{
    *object = trace ? ts->c_traceobj : ts->c_profileobj;
    return trace ? ts->c_tracefunc : ts->c_profilefunc;
}

#if PY_VERSION_HEX >= 0x03090000

int cpy_set_hook(PyThreadState *ts, bool trace, Py_tracefunc function,
                 PyObject *object)
{
    return trace ? _PyEval_SetTrace(ts, function, object)
                 : _PyEval_SetProfile(ts, function, object);
}

#else

/* What PyEval_SetProfile() and PyEval_SetTrace() do, for any thread. */
int cpy_set_hook(PyThreadState *ts, bool trace, Py_tracefunc function,
                 PyObject *object)
{
    PyObject *before = trace ? ts->c_traceobj : ts->c_profileobj;

    Py_XINCREF(object);
    if (trace) {
        _PyRuntime.ceval.tracing_possible +=
            (function != NULL) - (ts->c_tracefunc != NULL);
        ts->c_tracefunc = function;
        ts->c_traceobj = object;
    } else {
        ts->c_profilefunc = function;
        ts->c_profileobj = object;
    }
    ts->use_tracing = ts->c_tracefunc != NULL || ts->c_profilefunc != NULL;
    Py_XDECREF(before);
    return 0;
}

#endif
#endif
