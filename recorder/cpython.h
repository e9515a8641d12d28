/*
 * cpython.h - the differences between CPython versions, and nothing else.
 *
 * The only files that test PY_VERSION_HEX are this one and cpython.c. What
 * the hot path needs (reading a thread's frames) is inline here; all else is
 * in cpython.c. Frames are read as raw memory: no reference is counted, no
 * object is made, nothing of Python is called, so all of it may be done
 * inside an allocator hook, and with or without the GIL as long as the frames
 * are the calling thread's own.
 *
 * Layouts are those of the headers compiled with; they are fixed inside a
 * minor version. cpy_check_layout() compares them with the interpreter that
 * runs, and pmtrace/_selftest.py compares whole walks.
 */
#ifndef REC_CPYTHON_H
#define REC_CPYTHON_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdbool.h>
#include <stdint.h>

#if PY_VERSION_HEX < 0x03080000
#error "pmtrace needs CPython 3.8 or later"
#endif
#ifdef Py_GIL_DISABLED
#error "pmtrace does not know free-threaded builds of CPython"
#endif
#ifdef PYPY_VERSION
#error "pmtrace needs CPython"
#endif

#if PY_VERSION_HEX >= 0x030b0000
#define Py_BUILD_CORE 1
#if PY_VERSION_HEX >= 0x030e0000
#include <internal/pycore_interpframe.h>
#include <internal/pycore_interpframe_structs.h>
#else
#include <internal/pycore_frame.h>
#endif
#undef Py_BUILD_CORE
#else
#include <frameobject.h>
#endif

#if PY_VERSION_HEX >= 0x030d0000
#define CPY_HAS_REFTRACER 1
#else
#define CPY_HAS_REFTRACER 0
#endif

/* sys.monitoring. Before, hooks are put into each thread: cpy_set_hook(). */
#if PY_VERSION_HEX >= 0x030c0000
#define CPY_HAS_MONITORING 1
#else
#define CPY_HAS_MONITORING 0
#endif

#if PY_VERSION_HEX >= 0x030b0000
typedef struct _PyInterpreterFrame cpy_frame;
#else
typedef struct _frame cpy_frame;
#endif

/* The frame that `ts` executes, or NULL. `ts` is the calling thread's. */
static inline const cpy_frame *cpy_frame_top(const PyThreadState *ts)
{
#if PY_VERSION_HEX >= 0x030d0000
    return ts->current_frame;
#elif PY_VERSION_HEX >= 0x030b0000
    return ts->cframe->current_frame;
#else
    return ts->frame;
#endif
}

/* The frame that called this one, or NULL. */
static inline const cpy_frame *cpy_frame_previous(const cpy_frame *f)
{
#if PY_VERSION_HEX >= 0x030b0000
    return f->previous;
#else
    return f->f_back;
#endif
}

/* True for the frames that 3.12 and later put between an evaluation loop and
 * the C code that called it. They run no code. */
static inline bool cpy_frame_is_shim(const cpy_frame *f)
{
#if PY_VERSION_HEX >= 0x030c0000
    return f->owner >= 3;
#else
    (void)f;
    return false;
#endif
}

/* A number that tells this code object and this instruction from all others
 * as long as the code object lives. */
static inline uint64_t cpy_frame_key(const cpy_frame *f)
{
#if PY_VERSION_HEX >= 0x030d0000
    return (uint64_t)(uintptr_t)f->instr_ptr;
#elif PY_VERSION_HEX >= 0x030b0000
    return (uint64_t)(uintptr_t)f->prev_instr;
#else
    return (uint64_t)(uintptr_t)f->f_code +
           (uint64_t)(unsigned)f->f_lasti * UINT64_C(0x9e3779b97f4a7c15);
#endif
}

/* The code object, borrowed; NULL when the frame has none. */
static inline PyCodeObject *cpy_frame_code(const cpy_frame *f)
{
#if PY_VERSION_HEX >= 0x030e0000
    return (PyCodeObject *)(void *)(f->f_executable.bits &
                                    ~(uintptr_t)Py_TAG_BITS);
#elif PY_VERSION_HEX >= 0x030d0000
    return (PyCodeObject *)(void *)f->f_executable;
#else
    return f->f_code;
#endif
}

/* Bytes from the start of the code to the frame's instruction; negative
 * before the first. `code` is cpy_frame_code(f), a real code object. */
static inline int cpy_frame_offset(const cpy_frame *f,
                                   const PyCodeObject *code)
{
#if PY_VERSION_HEX >= 0x030d0000
    return (int)((const char *)f->instr_ptr - code->co_code_adaptive);
#elif PY_VERSION_HEX >= 0x030b0000
    return (int)((const char *)f->prev_instr - code->co_code_adaptive);
#elif PY_VERSION_HEX >= 0x030a0000
    (void)code;
    return f->f_lasti < 0 ? -1 : f->f_lasti * 2;
#else
    (void)code;
    return f->f_lasti;
#endif
}

/* True for a frame that Python shows to nobody (_PyFrame_IsIncomplete()): one
 * whose code has not begun yet, while what it needs is made by its caller, or
 * that of the interpreter's own code around an __init__. `offset` and `code`
 * are those above. */
static inline bool cpy_frame_is_hidden(const cpy_frame *f,
                                       const PyCodeObject *code, int offset)
{
#if PY_VERSION_HEX >= 0x030b0000
    return f->owner != FRAME_OWNED_BY_GENERATOR &&
           offset < code->_co_firsttraceable * (int)sizeof(_Py_CODEUNIT);
#else
    (void)f;
    (void)code;
    (void)offset;
    return false;
#endif
}

/* The thread state of the calling thread, which holds the GIL; or NULL. */
static inline PyThreadState *cpy_thread_holding(void)
{
#if PY_VERSION_HEX >= 0x030d0000
    return PyThreadState_GetUnchecked();
#else
    return _PyThreadState_UncheckedGet();
#endif
}

/* The thread state of the calling thread, with or without the GIL; or NULL
 * when Python does not know the thread. (Without the GIL the function above
 * gives another thread's state up to 3.11.) */
static inline PyThreadState *cpy_thread_any(void)
{
    return PyGILState_GetThisThreadState();
}

/* True when `code` is a code object that is not being destroyed. 3.11 frees
 * the parts of a code object while its last frame is still the current
 * one. */
static inline bool cpy_code_alive(const PyCodeObject *code)
{
    return code != NULL && Py_REFCNT((PyObject *)(uintptr_t)code) > 0 &&
           Py_TYPE((PyObject *)(uintptr_t)code) == &PyCode_Type;
}

/* True when the calling thread holds the GIL in the interpreter where
 * cpy_watch_start() was called, so that cpy_watch_code() is possible and
 * means something. */
bool cpy_can_watch(const PyThreadState *ts);

/*
 * Compares the layouts compiled in with the running interpreter. Needs the
 * GIL and a running Python function. Returns NULL when they agree, else what
 * does not, in a static string.
 */
const char *cpy_check_layout(void);

/* Source line of the instruction at byte `offset`; the first line of the code
 * before the first instruction, 0 where there is none. Allocates nothing. */
uint32_t cpy_code_line(PyCodeObject *code, int offset);

uint32_t cpy_code_first_line(const PyCodeObject *code);
PyObject *cpy_code_file(const PyCodeObject *code);
/* The qualified name from 3.11 on, else the plain name. */
PyObject *cpy_code_function(const PyCodeObject *code);

/*
 * Copies a str as UTF-8 into buffer[cap], cut between characters where it
 * does not fit. Surrogates are written as three bytes each. Returns the
 * number of bytes; 0 for anything that is not a str. Allocates nothing, runs
 * nothing, needs no GIL if the str can't be freed meanwhile.
 */
size_t cpy_text(PyObject *text, char *buffer, size_t cap);

/*
 * Code objects die and their memory is used again. From cpy_watch_start() on,
 * `died(code)` is called (GIL held) when a watched code object dies, before
 * its memory can be used again; it is never switched off. With code watchers
 * (3.12) every code object is watched; before, those given to
 * cpy_watch_code(), which may allocate through Python's allocators and
 * needs cpy_can_watch(). Both return 0, or -1 when it can't be done, with no
 * exception set.
 */
int cpy_watch_start(void (*died)(const void *code));
/* `block` gets the memory that this took from the mem domain and that goes
 * with the code object, NULL where there is none; `bytes` its size. */
int cpy_watch_code(PyCodeObject *code, void **block, size_t *bytes);

/*
 * True when the domains mem and obj are CPython's pymalloc and raw is malloc()
 * of the C library, and no hooks are over them. pymalloc passes a request for
 * more than 512 bytes, and the release of an address that is not in its
 * arenas, on to the raw domain (Objects/obmalloc.c: _PyObject_Free). With the
 * GIL.
 */
bool cpy_is_plain_pymalloc(void);

/*
 * True when the end of Python must not be held up: up to 3.10 a thread that
 * waits for the GIL looks every 5 ms into the interpreter's state, which is
 * freed before the Py_AtExit callbacks run. With the GIL.
 */
bool cpy_exit_is_delicate(void);

/* The name of a type, as "module.qualname" for heap types and tp_name for
 * static ones; into buffer[cap], returns the number of bytes. */
size_t cpy_type_name(PyTypeObject *type, char *buffer, size_t cap);

/* What __module__ is in the dict of a heap type: any object, borrowed, or
 * NULL. */
PyObject *cpy_type_module(PyTypeObject *type);

/* To be called once with the GIL before the functions above. */
int cpy_prepare(void);

/* "3.13.0", of the running interpreter. */
const char *cpy_version(void);

/* The version number of the running interpreter as in PY_VERSION_HEX. */
unsigned long cpy_version_hex(void);

#if CPY_HAS_REFTRACER
/* True when `tracer` is the process's tracer. Needs no GIL in a release
 * build; says true, without looking, in a debug build of Python. */
bool cpy_reftracer_is(PyRefTracer tracer);
#endif

/* ---- events of calls and lines ------------------------------------------- */

/* The definition of a C function: of its PyMethodDef there is one as long as
 * the process lives, for all but a few made at run time. NULL for all that
 * sys.setprofile() does not report as a C function. */
static inline PyMethodDef *cpy_definition(PyObject *callable)
{
    if (PyCFunction_Check(callable))
        return ((PyCFunctionObject *)callable)->m_ml;
    if (Py_TYPE(callable) == &PyMethodDescr_Type)
        return ((PyMethodDescrObject *)callable)->d_method;
    return NULL;
}

/*
 * The qualified name of a C function and its module, each into a buffer of
 * `cap` bytes; the lengths are put into *name_bytes and *module_bytes. A
 * method is named after the class that defines it. Allocates nothing.
 */
void cpy_function_name(PyObject *callable, char *name, size_t *name_bytes,
                       char *module, size_t *module_bytes, size_t cap);

/* The definition that all __new__ of C types share; after cpy_prepare(). */
extern PyMethodDef *cpy_definition_of_new;

/* Between these no trace, profile or monitoring function is called for what
 * this thread runs. They nest. */
static inline void cpy_quiet_begin(void)
{
#if PY_VERSION_HEX >= 0x030b0000
    PyThreadState_EnterTracing(PyThreadState_Get());
#else
    PyThreadState_Get()->tracing++;
#endif
}

static inline void cpy_quiet_end(void)
{
#if PY_VERSION_HEX >= 0x030b0000
    PyThreadState_LeaveTracing(PyThreadState_Get());
#else
    PyThreadState_Get()->tracing--;
#endif
}

#if CPY_HAS_MONITORING

/* A number that sys.monitoring gives: not negative, below 2^30. */
static inline uint32_t cpy_small_int(PyObject *number)
{
    return (uint32_t)((PyLongObject *)(void *)number)->long_value.ob_digit[0];
}

/* The byte offset in the calling thread's current frame if it executes `code`,
 * else `offset`. */
static inline int cpy_top_offset(const PyCodeObject *code, int offset)
{
    const cpy_frame *f = cpy_frame_top(cpy_thread_holding());

    return f != NULL && cpy_frame_code(f) == code ? cpy_frame_offset(f, code)
                                                  : offset;
}

#else

/* How a frame is entered or left. */
enum cpy_entry { CPY_ENTRY_CALL, CPY_ENTRY_RESUME, CPY_ENTRY_THROW };

static inline const cpy_frame *cpy_frame_of(PyFrameObject *frame)
{
#if PY_VERSION_HEX >= 0x030b0000
    return frame->f_frame;
#else
    return frame;
#endif
}

/* Up to 3.10 a throw into a generator can't be told from a resumption (or,
 * where it has not begun, from a call). */
enum cpy_entry cpy_entry_of(const cpy_frame *f);

/* True when a frame that is left with a value yields it. */
bool cpy_frame_yields(const cpy_frame *f);

/* A thread's profile function, or with `trace` its trace function; and the
 * object that goes with it, borrowed. */
Py_tracefunc cpy_get_hook(const PyThreadState *ts, bool trace,
                          PyObject **object);

/* Sets it, in any thread of this interpreter. 0, or -1 with an exception
 * (that of an audit hook). */
int cpy_set_hook(PyThreadState *ts, bool trace, Py_tracefunc function,
                 PyObject *object);

/* The line that a trace function finds in the frame, where it is not that of
 * the instruction: up to 3.9 it is that of the last line event. Else 0. */
static inline uint32_t cpy_traced_line(const PyFrameObject *frame)
{
#if PY_VERSION_HEX < 0x030a0000
    return frame->f_lineno > 0 ? (uint32_t)frame->f_lineno : 0;
#else
    (void)frame;
    return 0;
#endif
}

/* Asks for an event at each opcode of the frame. */
static inline void cpy_ask_opcodes(PyFrameObject *frame)
{
    frame->f_trace_opcodes = 1;
}

#endif

#endif
