/*
 * object.c - the mode `object` (object.h).
 *
 * CREATE comes before the object's fields are filled: only its address and
 * type are used. DESTROY comes before anything of it is taken down. The
 * tracer is called with the GIL, must not make objects or run Python code,
 * and must leave a pending exception alone.
 */
#include "object.h"

#include "cpython.h"
#include "stacks.h"
#include "thread.h"
#include "types.h"

#if CPY_HAS_REFTRACER

/* Guarded by the GIL. */
static PyRefTracer other;  /* was in before ours */
static void *other_data;
static bool removed;       /* 3.15 said so */
static uint64_t created, destroyed;

static void note(struct rec_thread *t, PyObject *object, uint8_t tag)
{
    uint64_t type = rec_type(Py_TYPE(object));
    uint32_t stack = 0;

    if (REC_UNLIKELY((type & REC_TYPE_OF_TYPES) != 0))
        rec_type_forget(object);
    if (rec_hot.object_frames != 0)
        stack = rec_stack(t, cpy_thread_holding(), rec_hot.object_frames,
                          true);
    rec_append(t, rec_now(), pmt_raw_word(tag, object), (uint32_t)type,
               stack);
}

static int tracer(PyObject *object, PyRefTracerEvent event, void *data)
{
    struct rec_thread *t;

    (void)data;
    if (REC_UNLIKELY((unsigned)event > 1)) {
        /* 3.15: ours is being removed; there is no object. */
        removed = true;
        return 0;
    }
    if (REC_UNLIKELY(other != NULL))
        other(object, event, other_data);
    t = rec_enter();
    if (REC_UNLIKELY(t == NULL))
        return 0;
    note(t, object,
         event == PyRefTracer_CREATE ? PMT_RAW_CREATE : PMT_RAW_DESTROY);
    rec_leave(t);
    return 0;
}

static int passing_tracer(PyObject *object, PyRefTracerEvent event,
                          void *data)
{
    (void)object;
    (void)event;
    (void)data;
    return 0;
}

static int counting_tracer(PyObject *object, PyRefTracerEvent event,
                           void *data)
{
    (void)object;
    (void)data;
    if (event == PyRefTracer_CREATE)
        created++;
    else if (event == PyRefTracer_DESTROY)
        destroyed++;
    return 0;
}

static int put_in(PyRefTracer which)
{
    void *data;
    PyRefTracer now = PyRefTracer_GetTracer(&data);

    if (now == tracer || now == passing_tracer || now == counting_tracer)
        now = NULL;
    if (PyRefTracer_SetTracer(which, NULL) != 0)
        return -1;
    other = now;
    other_data = now != NULL ? data : NULL;
    removed = false;
    return 0;
}

static void take_out(PyRefTracer which)
{
    if (cpy_reftracer_is(which))
        PyRefTracer_SetTracer(other, other_data);
    other = NULL;
    other_data = NULL;
}

static int install(bool floor)
{
    return put_in(floor ? passing_tracer : tracer);
}

static void uninstall(void)
{
    void *data;

    take_out(PyRefTracer_GetTracer(&data) == passing_tracer ? passing_tracer
                                                            : tracer);
}

static bool is_called(void)
{
    return !removed && cpy_reftracer_is(tracer);
}

PyDoc_STRVAR(count_objects_doc,
"count_objects(function) -> (created, destroyed)\n\nCalls the function and counts\n"
"what the reference tracer reports meanwhile.");

static PyObject *count_objects(PyObject *module, PyObject *function)
{
    PyObject *result;

    (void)module;
    created = destroyed = 0;
    if (put_in(counting_tracer) != 0)
        return NULL;
    result = PyObject_CallObject(function, NULL);
    take_out(counting_tracer);
    if (result == NULL)
        return NULL;
    Py_DECREF(result);
    return Py_BuildValue("(KK)", (unsigned long long)created,
                         (unsigned long long)destroyed);
}

static PyMethodDef methods[] = {
    {"count_objects", count_objects, METH_O, count_objects_doc},
    {NULL, NULL, 0, NULL}};

const struct rec_mode rec_mode_object = {
    .name = "object", .bit = REC_MODE_OBJECT, .install = install,
    .uninstall = uninstall, .is_called = is_called, .methods = methods};

#else

const struct rec_mode rec_mode_object = {
    .name = "object", .bit = REC_MODE_OBJECT,
    .needs = "CPython 3.13 or later"};

#endif
