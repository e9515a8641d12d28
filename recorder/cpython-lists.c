/*
 * cpython-lists.c - the lists of free objects (cpython-lists.h).
 */
#include "cpython-lists.h"

/* Exported by all versions, not in the headers of all. */
PyAPI_FUNC(int) _PyObject_DebugMallocStats(FILE *out);
PyAPI_FUNC(const char *) _PyMem_GetCurrentAllocatorName(void);

void cpy_print_allocator(FILE *out)
{
    _PyObject_DebugMallocStats(out);
}

const char *cpy_allocator_name(void)
{
    return _PyMem_GetCurrentAllocatorName();
}

#if PY_VERSION_HEX < 0x030d0000

/* Each is there in some versions. */
#define PRINTER(name) \
    PyAPI_FUNC(void) name(FILE *out) __attribute__((weak))

PRINTER(_PyCFunction_DebugMallocStats);
PRINTER(_PyDict_DebugMallocStats);
PRINTER(_PyFloat_DebugMallocStats);
PRINTER(_PyFrame_DebugMallocStats);
PRINTER(_PyList_DebugMallocStats);
PRINTER(_PyMethod_DebugMallocStats);
PRINTER(_PyTuple_DebugMallocStats);

int cpy_free_lists_check(void)
{
    return 0;
}

void cpy_free_lists(FILE *out, cpy_list_taker *take)
{
    void (*const printers[])(FILE *) = {
        _PyCFunction_DebugMallocStats, _PyDict_DebugMallocStats,
        _PyFloat_DebugMallocStats,     _PyFrame_DebugMallocStats,
        _PyList_DebugMallocStats,      _PyMethod_DebugMallocStats,
        _PyTuple_DebugMallocStats};

    (void)take;
    for (size_t i = 0; i < sizeof printers / sizeof *printers; i++)
        if (printers[i] != NULL)
            printers[i](out);
}

#else

#define Py_BUILD_CORE 1
#include <internal/pycore_dict.h>
#include <internal/pycore_interp.h>
#undef Py_BUILD_CORE

/* What the lines of sys._debugmallocstats() count in for each object. */
#if PY_VERSION_HEX >= 0x030f0000
#define HEAD_BYTES ((Py_ssize_t)sizeof(PyGC_Head))
#else
#define HEAD_BYTES 0
#endif

static bool checked;

static int64_t bytes_of(const PyTypeObject *type, Py_ssize_t items)
{
    Py_ssize_t head = PyType_IS_GC((PyTypeObject *)(uintptr_t)type)
                          ? HEAD_BYTES
                          : 0;

    return head + type->tp_basicsize + items * type->tp_itemsize;
}

static void *lists(void)
{
    return &cpy_thread_holding()->interp->object_state.freelists;
}

#if PY_VERSION_HEX >= 0x030e0000

#define SIZE(list) ((list).size > 0 ? (list).size : 0)
#define TUPLES PyTuple_MAXSAVESIZE
#define TUPLE_SIZE(l, i) SIZE((l)->tuples[i])
#define TOP(list) ((list).freelist)
#define TOP_TUPLE(l, i) ((l)->tuples[i].freelist)
typedef struct _Py_freelists all_lists;

static void take_others(const all_lists *l, cpy_list_taker *take)
{
    take("PyLongObject", SIZE(l->ints), -1);
#if PY_VERSION_HEX >= 0x030f0000
    take("PyComplexObject", SIZE(l->complexes), -1);
    take("PyBytesWriter", SIZE(l->bytes_writers), -1);
#endif
    take("list_iterator", SIZE(l->list_iters), -1);
    take("tuple_iterator", SIZE(l->tuple_iters), -1);
    take("PySliceObject", SIZE(l->slices), -1);
    take("range", SIZE(l->ranges), -1);
    take("range_iterator", SIZE(l->range_iters), -1);
    take("PyContext", SIZE(l->contexts), -1);
    take("async_generator_wrapped_value", SIZE(l->async_gens), -1);
    take("async_generator_asend", SIZE(l->async_gen_asends), -1);
    take("FutureIter", SIZE(l->futureiters), -1);
    take("object_stack_chunk", SIZE(l->object_stack_chunks), -1);
    take("PyUnicodeWriter", SIZE(l->unicode_writers), -1);
    take("PyCFunctionObject", SIZE(l->pycfunctionobject), -1);
    take("PyCMethodObject", SIZE(l->pycmethodobject), -1);
    take("PyMethodObject", SIZE(l->pymethodobjects), -1);
}

#else

#define SIZE(list) ((list).numfree > 0 ? (list).numfree : 0)
#define TUPLES PyTuple_NFREELISTS
#define TUPLE_SIZE(l, i) ((l)->tuples.numfree[i])
#define TOP_TUPLE(l, i) ((void *)(l)->tuples.items[i])
typedef struct _Py_object_freelists all_lists;

static void take_others(const all_lists *l, cpy_list_taker *take)
{
    take("PySliceObject", l->slices.slice_cache != NULL, -1);
    take("PyContext", SIZE(l->contexts), -1);
    take("async_generator_wrapped_value", SIZE(l->async_gens), -1);
    take("async_generator_asend", SIZE(l->async_gen_asends), -1);
    take("object_stack_chunk", SIZE(l->object_stacks), -1);
}

#endif

void cpy_free_lists(FILE *out, cpy_list_taker *take)
{
    const all_lists *l = lists();
    int64_t n;

    (void)out;
    if (!checked)
        return;
    n = SIZE(l->dicts);
    take("PyDictObject", n, n * bytes_of(&PyDict_Type, 0));
    n = SIZE(l->dictkeys);
    take("PyDictKeysObject", n, n * (int64_t)sizeof(PyDictKeysObject));
    n = SIZE(l->floats);
    take("PyFloatObject", n, n * bytes_of(&PyFloat_Type, 0));
    n = SIZE(l->lists);
    take("PyListObject", n, n * bytes_of(&PyList_Type, 0));
    for (int i = 0; i < TUPLES; i++) {
        char name[32];

        n = TUPLE_SIZE(l, i);
        snprintf(name, sizeof name, "PyTupleObject.%d", i + 1);
        take(name, n, n * bytes_of(&PyTuple_Type, i + 1));
    }
    take_others(l, take);
}

/* ---- are they where they are looked for? ------------------------------------ */

/* True when a list's last object is the one just freed. */
#if PY_VERSION_HEX >= 0x030e0000
#define IS_LAST(list, object) (TOP(list) == (object))
#define IS_LAST_FLOAT IS_LAST
#else
#define IS_LAST(list, object)                                                \
    ((list).numfree > 0 &&                                                   \
     (size_t)(list).numfree <= sizeof (list).items / sizeof *(list).items && \
     (void *)(list).items[(list).numfree - 1] == (object))
#define IS_LAST_FLOAT(list, object) ((void *)(list).items == (object))
#endif

int cpy_free_lists_check(void)
{
    const all_lists *l = lists();
    PyObject *objects[4] = {PyFloat_FromDouble(1.5), PyList_New(0),
                            PyDict_New(), PyTuple_New(TUPLES)};
    void *at[4];
    bool whole = true;

    for (int i = 0; i < 4; i++) {
        at[i] = objects[i];
        whole = whole && at[i] != NULL;
        Py_XDECREF(objects[i]);
    }
    if (!whole)
        return -1;
    checked = IS_LAST_FLOAT(l->floats, at[0]) && IS_LAST(l->lists, at[1]) &&
              IS_LAST(l->dicts, at[2]) && TOP_TUPLE(l, TUPLES - 1) == at[3];
    return checked;
}

#endif
