/*
 * cpython.c - what differs between CPython versions and is not needed by the
 * hot path: line numbers, names, the death of code objects, checks of layout.
 */
#include "cpython.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#if CPY_HAS_REFTRACER
#define Py_BUILD_CORE 1
#include <internal/pycore_runtime.h>
#undef Py_BUILD_CORE
#endif

#if PY_VERSION_HEX >= 0x030c0000
#define request_extra PyUnstable_Eval_RequestCodeExtraIndex
#define get_extra PyUnstable_Code_GetExtra
#define set_extra PyUnstable_Code_SetExtra
#else
#define request_extra _PyEval_RequestCodeExtraIndex
#define get_extra _PyCode_GetExtra
#define set_extra _PyCode_SetExtra
#endif

/* Set once by cpy_watch_start() and cpy_prepare(), with the GIL. */
static void (*code_died)(const void *code);
static PyInterpreterState *watched_interp;
static bool watch_by_extra;
static Py_ssize_t extra_index = -1;
static PyObject *module_key;
PyMethodDef *cpy_definition_of_new;

/* ---- versions and layouts ---------------------------------------------- */

const char *cpy_version(void)
{
    static char version[32];
    const char *full = Py_GetVersion();
    size_t n = strcspn(full, " ");

    if (n >= sizeof version)
        n = sizeof version - 1;
    memcpy(version, full, n);
    version[n] = '\0';
    return version;
}

unsigned long cpy_version_hex(void)
{
    unsigned major = 0, minor = 0, micro = 0;

    sscanf(Py_GetVersion(), "%u.%u.%u", &major, &minor, &micro);
    return (unsigned long)major << 24 | (unsigned long)minor << 16 |
           (unsigned long)micro << 8;
}

#if PY_VERSION_HEX >= 0x030d0000

static const char *check_version_layout(PyThreadState *ts)
{
    const _Py_DebugOffsets *o = &_PyRuntime.debug_offsets;

    (void)ts;
    if (memcmp(o->cookie, "xdebugpy", 8) != 0)
        return "the interpreter's table of offsets was not found";
    if (o->thread_state.current_frame !=
        offsetof(PyThreadState, current_frame))
        return "thread state";
    if (o->interpreter_frame.previous != offsetof(cpy_frame, previous) ||
        o->interpreter_frame.executable != offsetof(cpy_frame, f_executable) ||
        o->interpreter_frame.instr_ptr != offsetof(cpy_frame, instr_ptr) ||
        o->interpreter_frame.owner != offsetof(cpy_frame, owner))
        return "interpreter frame";
    if (o->code_object.co_code_adaptive !=
        offsetof(PyCodeObject, co_code_adaptive))
        return "code object";
    return NULL;
}

#elif PY_VERSION_HEX >= 0x030b0000

static const char *check_version_layout(PyThreadState *ts)
{
    PyFrameObject *frame = PyEval_GetFrame();

    if (frame == NULL || frame->f_frame != cpy_frame_top(ts))
        return "interpreter frame";
    return NULL;
}

#else

static const char *check_version_layout(PyThreadState *ts)
{
    if (PyEval_GetFrame() != cpy_frame_top(ts))
        return "frame";
    return NULL;
}

#endif

const char *cpy_check_layout(void)
{
    PyThreadState *ts = cpy_thread_holding();
    const cpy_frame *top;
    const char *wrong;

    if (cpy_version_hex() >> 16 != PY_VERSION_HEX >> 16)
        return "built for another version of Python";
    wrong = check_version_layout(ts);
    if (wrong != NULL)
        return wrong;
    top = cpy_frame_top(ts);
    if (top == NULL || cpy_frame_is_shim(top) ||
        !cpy_code_alive(cpy_frame_code(top)))
        return "frame";
    if (cpy_thread_any() != ts)
        return "thread state";
    return NULL;
}

/* ---- code objects -------------------------------------------------------- */

uint32_t cpy_code_line(PyCodeObject *code, int offset)
{
    int line;

    if (offset < 0)
        return cpy_code_first_line(code);
    line = PyCode_Addr2Line(code, offset);
#if PY_VERSION_HEX >= 0x030b0000
    /* A frame that is being set up. */
    if (line <= 0 &&
        offset < code->_co_firsttraceable * (int)sizeof(_Py_CODEUNIT))
        return cpy_code_first_line(code);
#endif
    return line > 0 ? (uint32_t)line : 0;
}

uint32_t cpy_code_first_line(const PyCodeObject *code)
{
    return code->co_firstlineno > 0 ? (uint32_t)code->co_firstlineno : 0;
}

PyObject *cpy_code_file(const PyCodeObject *code)
{
    return code->co_filename;
}

PyObject *cpy_code_function(const PyCodeObject *code)
{
#if PY_VERSION_HEX >= 0x030b0000
    return code->co_qualname;
#else
    return code->co_name;
#endif
}

/* ---- text ---------------------------------------------------------------- */

/* Writes one character; returns bytes written, 0 when there is no room. */
static size_t put_utf8(char *p, size_t room, uint32_t c)
{
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[5] = {0, 0, 0xc0, 0xe0, 0xf0};

    if (n > room)
        return 0;
    for (size_t i = n; i > 1; i--) {
        p[i - 1] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    p[0] = (char)(lead[n == 1 ? 0 : n] | c);
    return n;
}

size_t cpy_text(PyObject *text, char *buffer, size_t cap)
{
    Py_ssize_t length;
    size_t used = 0;

    if (text == NULL || !PyUnicode_Check(text))
        return 0;
#if PY_VERSION_HEX < 0x030c0000
    if (!PyUnicode_IS_READY(text))
        return 0;
#endif
    length = PyUnicode_GET_LENGTH(text);
    for (Py_ssize_t i = 0; i < length; i++) {
        size_t n = put_utf8(buffer + used, cap - used,
                            (uint32_t)PyUnicode_READ_CHAR(text, i));

        if (n == 0)
            break;
        used += n;
    }
    return used;
}

/* ---- the death of code objects ------------------------------------------- */

static void extra_freed(void *code)
{
    if (code != NULL)
        code_died(code);
}

#if PY_VERSION_HEX >= 0x030c0000

static int code_event(PyCodeEvent event, PyCodeObject *code)
{
    if (event == PY_CODE_EVENT_DESTROY)
        code_died(code);
    return 0;
}

static bool add_watcher(void)
{
    if (PyCode_AddWatcher(code_event) >= 0)
        return true;
    PyErr_Clear(); /* all eight are taken */
    return false;
}

#else

static bool add_watcher(void)
{
    return false;
}

#endif

int cpy_watch_start(void (*died)(const void *code))
{
    PyThreadState *ts = cpy_thread_holding();

    if (code_died != NULL)
        return ts->interp == watched_interp ? 0 : -1;
    code_died = died;
    if (!add_watcher()) {
        extra_index = request_extra(extra_freed);
        if (extra_index < 0) {
            code_died = NULL;
            return -1;
        }
        watch_by_extra = true;
    }
    watched_interp = ts->interp;
    return 0;
}

bool cpy_can_watch(const PyThreadState *ts)
{
    return ts != NULL && ts->interp == watched_interp &&
           (!watch_by_extra || cpy_thread_holding() == ts);
}

/* The head of what co_extra points to (CPython 3.8 to 3.11,
 * Include/internal/pycore_code.h: _PyCodeObjectExtra), which one call of
 * PyMem_Realloc() made. */
struct code_extra {
    Py_ssize_t slots;
    void *slot[1];
};

int cpy_watch_code(PyCodeObject *code, void **block, size_t *bytes)
{
    PyObject *type, *error, *traceback;
    void *before = code->co_extra;
    void *value = NULL;
    int result = 0;

    *block = NULL;
    if (!watch_by_extra)
        return 0;
    PyErr_Fetch(&type, &error, &traceback); /* the program's; left alone */
    if (get_extra((PyObject *)code, extra_index, &value) != 0 ||
        value != code)
        result = set_extra((PyObject *)code, extra_index, code);
    PyErr_Restore(type, error, traceback);
    if (before == NULL && code->co_extra != NULL) {
        const struct code_extra *extra = code->co_extra;

        *block = code->co_extra;
        *bytes = sizeof *extra +
                 (size_t)(extra->slots - 1) * sizeof extra->slot[0];
    }
    return result == 0 ? 0 : -1;
}

/* Exported by all of 3.8 to 3.15, declared for all only up to 3.12. */
#if PY_VERSION_HEX >= 0x030d0000
extern const char *_PyMem_GetCurrentAllocatorName(void);
#endif
#pragma weak _PyMem_GetCurrentAllocatorName

bool cpy_is_plain_pymalloc(void)
{
    const char *name = _PyMem_GetCurrentAllocatorName != NULL
                           ? _PyMem_GetCurrentAllocatorName()
                           : NULL;

    return name != NULL && strcmp(name, "pymalloc") == 0;
}

bool cpy_exit_is_delicate(void)
{
#if PY_VERSION_HEX < 0x030b0000
    PyThreadState *ts = cpy_thread_holding();

    return PyThreadState_Next(PyInterpreterState_ThreadHead(ts->interp)) !=
           NULL;
#else
    return false;
#endif
}

/* ---- types ---------------------------------------------------------------- */

int cpy_prepare(void)
{
    if (module_key == NULL)
        module_key = PyUnicode_InternFromString("__module__");
    /* Its hash is computed now, so that a lookup need not. */
    if (module_key == NULL || PyObject_Hash(module_key) == -1)
        return -1;
    if (cpy_definition_of_new == NULL) {
        PyObject *function =
            PyObject_GetAttrString((PyObject *)&PyBaseObject_Type, "__new__");

        if (function == NULL)
            return -1;
        cpy_definition_of_new = cpy_definition(function);
        Py_DECREF(function);
    }
    return 0;
}

PyObject *cpy_type_module(PyTypeObject *type)
{
    if (type->tp_dict == NULL || !PyDict_Check(type->tp_dict))
        return NULL;
    return PyDict_GetItemWithError(type->tp_dict, module_key);
}

size_t cpy_type_name(PyTypeObject *type, char *buffer, size_t cap)
{
    size_t used = 0, n;
    PyObject *qualname;

    if (PyType_HasFeature(type, Py_TPFLAGS_HEAPTYPE)) {
        qualname = ((PyHeapTypeObject *)type)->ht_qualname;
        if (qualname != NULL && PyUnicode_Check(qualname)) {
            used = cpy_text(cpy_type_module(type), buffer, cap);
            if (used == 8 && memcmp(buffer, "builtins", 8) == 0)
                used = 0;
            if (used > 0 && used < cap)
                buffer[used++] = '.';
            return used + cpy_text(qualname, buffer + used, cap - used);
        }
    }
    if (type->tp_name == NULL)
        return 0;
    n = strlen(type->tp_name);
    if (n > cap)
        n = cap;
    memcpy(buffer, type->tp_name, n);
    return n;
}

#if CPY_HAS_REFTRACER

bool cpy_reftracer_is(PyRefTracer tracer)
{
#ifdef Py_DEBUG
    (void)tracer;
    return true;
#else
    void *data;

    return PyRefTracer_GetTracer(&data) == tracer;
#endif
}

#endif
