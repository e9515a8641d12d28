/*
 * counter.c - the tests' own account of CPython's allocators: a log of every
 * call, kept independently of the recorder, in the order of each thread.
 *
 * Its wrappers lie above the recorder's. As in a trace, a call made inside
 * another one is part of that one; free(NULL) and a malloc that fails are
 * nothing. Uses only libc's allocator, and no file of the recorder.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The operations of the trace (spec 7.5), and what only the log has. */
enum { FREE, MALLOC, CALLOC, REALLOC_FREE, REALLOC, REALLOC_UNDO, MARK };

/* Read by support.py: struct "=QQIHH". */
struct entry {
    uint64_t address;
    uint64_t size;
    uint32_t thread;
    uint16_t op;
    uint16_t domain;
};

static PyMemAllocatorEx below[3];
static const PyMemAllocatorDomain domains[3] = {
    PYMEM_DOMAIN_RAW, PYMEM_DOMAIN_MEM, PYMEM_DOMAIN_OBJ};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry *entries;
static size_t count, room;
static int running;
static __thread int inside;
static __thread uint32_t self;

static void note(int op, int domain, const void *p, uint64_t size)
{
    if (self == 0)
        self = (uint32_t)syscall(SYS_gettid);
    pthread_mutex_lock(&lock);
    if (count == room) {
        room = room ? 2 * room : 1 << 16;
        entries = realloc(entries, room * sizeof *entries);
        if (entries == NULL)
            abort();
    }
    entries[count++] = (struct entry){(uintptr_t)p, size, self,
                                      (uint16_t)op, (uint16_t)domain};
    pthread_mutex_unlock(&lock);
}

/* True when this call is to be logged; then leave() must follow. */
static int enter(void)
{
    if (inside || !__atomic_load_n(&running, __ATOMIC_SEQ_CST))
        return 0;
    inside = 1;
    return 1;
}

static void leave(void)
{
    inside = 0;
}

static void *log_malloc(void *ctx, size_t size)
{
    PyMemAllocatorEx *b = ctx;
    int logged = enter();
    void *p = b->malloc(b->ctx, size);

    if (logged) {
        if (p != NULL)
            note(MALLOC, (int)(b - below), p, size);
        leave();
    }
    return p;
}

static void *log_calloc(void *ctx, size_t n, size_t size)
{
    PyMemAllocatorEx *b = ctx;
    int logged = enter();
    void *p = b->calloc(b->ctx, n, size);

    if (logged) {
        if (p != NULL)
            note(CALLOC, (int)(b - below), p, n * size);
        leave();
    }
    return p;
}

static void *log_realloc(void *ctx, void *old, size_t size)
{
    PyMemAllocatorEx *b = ctx;
    int logged = enter();
    void *p;

    if (logged && old != NULL)
        note(REALLOC_FREE, (int)(b - below), old, 0);
    p = b->realloc(b->ctx, old, size);
    if (logged) {
        if (p != NULL)
            note(REALLOC, (int)(b - below), p, size);
        else if (old != NULL)
            note(REALLOC_UNDO, (int)(b - below), old, 0);
        leave();
    }
    return p;
}

static void log_free(void *ctx, void *p)
{
    PyMemAllocatorEx *b = ctx;
    int logged = enter();

    if (logged && p != NULL)
        note(FREE, (int)(b - below), p, 0);
    b->free(b->ctx, p);
    if (logged)
        leave();
}

static PyObject *install(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    for (int i = 0; i < 3; i++) {
        PyMemAllocatorEx ours = {&below[i], log_malloc, log_calloc,
                                 log_realloc, log_free};

        PyMem_GetAllocator(domains[i], &below[i]);
        PyMem_SetAllocator(domains[i], &ours);
    }
    Py_RETURN_NONE;
}

static PyObject *start(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    __atomic_store_n(&running, 1, __ATOMIC_SEQ_CST);
    Py_RETURN_NONE;
}

static PyObject *stop(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    __atomic_store_n(&running, 0, __ATOMIC_SEQ_CST);
    Py_RETURN_NONE;
}

/* Lets at least 5 microseconds pass. */
static void pause_a_little(void)
{
    struct timespec begin, now;

    clock_gettime(CLOCK_MONOTONIC, &begin);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - begin.tv_sec) * 1000000000L + now.tv_nsec -
               begin.tv_nsec < 5000);
}

/* mark(function, text, number): notes MARK with the number, and calls
 * function(text) when no block was made or given back just before or after. */
static PyObject *mark(PyObject *module, PyObject *args)
{
    PyObject *function, *text, *result;
    unsigned number;

    (void)module;
    if (!PyArg_ParseTuple(args, "OOI", &function, &text, &number))
        return NULL;
    note(MARK, 0, NULL, number);
    pause_a_little();
    result = PyObject_CallFunctionObjArgs(function, text, NULL);
    pause_a_little();
    return result;
}

static PyObject *write_log(PyObject *module, PyObject *args)
{
    const char *path;
    size_t done = 0;
    FILE *file;

    (void)module;
    if (!PyArg_ParseTuple(args, "s", &path))
        return NULL;
    file = fopen(path, "wb");
    if (file != NULL) {
        done = fwrite(entries, sizeof *entries, count, file);
        if (fclose(file) != 0)
            done = count + 1;
    }
    if (done != count)
        return PyErr_SetFromErrnoWithFilename(PyExc_OSError, path);
    return PyLong_FromSize_t(count);
}

/* ---- calls that Python code can't make at will ------------------------- */

static const size_t sizes[] = {0, 1, 16, 511, 512, 513, 1000, 5000, 200000};
#define SIZES (sizeof sizes / sizeof *sizes)

static void calls_of(void *(*m)(size_t), void *(*c)(size_t, size_t),
                     void *(*r)(void *, size_t), void (*f)(void *))
{
    f(NULL);
    for (size_t i = 0; i < SIZES; i++) {
        void *p = m(sizes[i]);

        f(c(sizes[i], 3));
        f(c(0, sizes[i]));
        for (size_t j = 0; j < SIZES && p != NULL; j++) {
            void *q = r(p, sizes[j]);

            p = q != NULL ? q : p;
        }
        /* Too much: fails, and the block stays as it is. */
        if (r(p, PY_SSIZE_T_MAX / 2) != NULL)
            abort();
        if (m(PY_SSIZE_T_MAX / 2) != NULL)
            abort();
        if (i % 2)
            f(p);
        f(r(NULL, sizes[i]));
    }
}

static PyObject *calls(PyObject *module, PyObject *unused)
{
    (void)module;
    (void)unused;
    calls_of(PyMem_RawMalloc, PyMem_RawCalloc, PyMem_RawRealloc,
             PyMem_RawFree);
    calls_of(PyMem_Malloc, PyMem_Calloc, PyMem_Realloc, PyMem_Free);
    calls_of(PyObject_Malloc, PyObject_Calloc, PyObject_Realloc,
             PyObject_Free);
    Py_RETURN_NONE;
}

/* raw_calls(n): blocks of the raw domain without the GIL, n rounds; about
 * one in ten stays. */
static PyObject *raw_calls(PyObject *module, PyObject *args)
{
    unsigned n;

    (void)module;
    if (!PyArg_ParseTuple(args, "I", &n))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    for (unsigned i = 0; i < n; i++) {
        void *p = PyMem_RawMalloc(10 + i % 700), *q;

        q = PyMem_RawRealloc(p, 20 + i % 3000);
        p = q != NULL ? q : p;
        if (i % 10)
            PyMem_RawFree(p);
    }
    Py_END_ALLOW_THREADS
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"install", install, METH_NOARGS, "Puts the wrappers on top."},
    {"start", start, METH_NOARGS, "Begins to log."},
    {"stop", stop, METH_NOARGS, "Ends it."},
    {"mark", mark, METH_VARARGS, "mark(function, text, number)"},
    {"write_log", write_log, METH_VARARGS, "write_log(path) -> entries"},
    {"calls", calls, METH_NOARGS, "Every call of every domain."},
    {"raw_calls", raw_calls, METH_VARARGS, "raw_calls(n), without the GIL"},
    {NULL, NULL, 0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "counter", .m_size = -1,
    .m_methods = methods};

__attribute__((visibility("default"))) PyMODINIT_FUNC PyInit_counter(void);

PyMODINIT_FUNC PyInit_counter(void)
{
    return PyModule_Create(&definition);
}
