/*
 * object.c - the mode `object` (object.h).
 *
 * CREATE comes before the object's fields are filled: only its address and
 * type are used. DESTROY comes before anything of it is taken down. The
 * tracer is called with the GIL, must not make objects or run Python code,
 * and must leave a pending exception alone.
 */
#include "object.h"

#include "choice.h"
#include "cpython.h"
#include "live-table.h"
#include "names.h"
#include "rss.h"
#include "stacks.h"
#include "thread.h"
#include "types.h"

#if CPY_HAS_REFTRACER

/* With a filter by file: the objects that were recorded. */
static struct rec_live objects;

/* Guarded by the GIL. */
static PyRefTracer other;  /* was in before ours */
static void *other_data;
static bool removed;       /* 3.15 said so */
static PyRefTracer chosen; /* ours that is in, or NULL */
static bool reads_rss;     /* rec_rss_install() was called */
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

/* ---- filters ------------------------------------------------------------------ */

/*
 * Types that are not wanted, by their address: most events of a recording of
 * few types are of these, and end here. Types of types are never among them.
 * Never freed, so that no rec_enter() is needed.
 */
#define QUICK_BITS 8
static uintptr_t quick[1u << QUICK_BITS]; /* atomic */

static inline uintptr_t *quick_place(const void *type)
{
    uintptr_t a = (uintptr_t)type;

    return &quick[(a >> 5 ^ a >> (5 + QUICK_BITS)) &
                  ((1u << QUICK_BITS) - 1)];
}

static inline bool is_passed_over(const void *type)
{
    return __atomic_load_n(quick_place(type), __ATOMIC_RELAXED) ==
           (uintptr_t)type;
}

static void pass_over(const void *type, bool over)
{
    uintptr_t *place = quick_place(type);

    if (over)
        __atomic_store_n(place, (uintptr_t)type, __ATOMIC_RELAXED);
    else if (is_passed_over(type))
        __atomic_store_n(place, 0, __ATOMIC_RELAXED);
}

static void forget_passed_over(void)
{
    for (size_t i = 0; i < sizeof quick / sizeof *quick; i++)
        __atomic_store_n(&quick[i], 0, __ATOMIC_RELAXED);
}

static bool is_created_in_wanted_file(struct rec_thread *t,
                                      const PyObject *object)
{
    const struct rec_live_block block = {
        .address = (uint64_t)(uintptr_t)object};
    struct rec_live_block old;
    uint32_t site;

    if (!rec_file_wanted(t, cpy_thread_holding(), true, &site)) {
        /* The end of one that was here may not have been reported. */
        if (rec_live_maybe(&objects, object))
            rec_live_take(&objects, object, &old);
        return false;
    }
    if (rec_live_add(&objects, &block))
        return true;
    pmt_journal_lose(&rec_journal, PMT_LOSS_MEMORY, 1);
    return false;
}

/* True when the event is wanted. Of objects from files that are not wanted,
 * nothing is. */
static bool is_wanted(struct rec_thread *t, const PyObject *object,
                      uint64_t type, bool create)
{
    struct rec_live_block block;

    if (type & REC_TYPE_UNWANTED) {
        if (!(type & REC_TYPE_OF_TYPES))
            pass_over(Py_TYPE((PyObject *)(uintptr_t)object), true);
        return false;
    }
    if (!rec_choice.files)
        return true;
    return create ? is_created_in_wanted_file(t, object)
                  : rec_live_maybe(&objects, object) &&
                        rec_live_take(&objects, object, &block);
}

static void count_type(uint32_t id, bool create)
{
    struct rec_type_name *name = rec_type_name(id);

    if (name != NULL)
        __atomic_fetch_add(create ? &name->created : &name->destroyed, 1,
                           __ATOMIC_RELAXED);
}

static void note_wanted(struct rec_thread *t, PyObject *object, bool create)
{
    uint64_t type = rec_type(Py_TYPE(object)), now;
    uint32_t stack;

    if (REC_UNLIKELY((type & REC_TYPE_OF_TYPES) != 0)) {
        rec_type_forget(object);
        pass_over(object, false);
    }
    if (!is_wanted(t, object, type, create)) {
        t->skipped_objects++;
        return;
    }
    if (rec_set.count_types)
        count_type((uint32_t)type, create);
    stack = rec_stack(t, cpy_thread_holding(), rec_hot.object_frames, true);
    now = rec_now();
    if (rec_set.object_rss)
        rec_rss_at_event(t, now);
    rec_put_gap(t, now, PMT_KIND_OBJECT, &t->skipped_objects);
    rec_append(t, now,
               pmt_raw_word(create ? PMT_RAW_CREATE : PMT_RAW_DESTROY,
                            object),
               (uint32_t)type, stack);
}

static int choosing_tracer(PyObject *object, PyRefTracerEvent event,
                           void *data)
{
    struct rec_thread *t = rec_self;

    (void)data;
    if (REC_UNLIKELY((unsigned)event > 1)) {
        removed = true;
        return 0;
    }
    if (REC_UNLIKELY(other != NULL))
        other(object, event, other_data);
    if (REC_LIKELY(t != NULL && is_passed_over(Py_TYPE(object)))) {
        t->skipped_objects++;
        return 0;
    }
    t = rec_enter();
    if (REC_UNLIKELY(t == NULL))
        return 0;
    note_wanted(t, object, event == PyRefTracer_CREATE);
    rec_leave(t);
    return 0;
}

static bool wants_all(void)
{
    return rec_set.types[0] == '\0' && rec_set.files[0] == '\0' &&
           rec_set.builtins && !rec_set.count_types && !rec_set.object_rss;
}

/* ---- begin and end ------------------------------------------------------------- */

static int start_part(void)
{
    if (!(rec_set.modes & REC_MODE_OBJECT) || rec_set.files[0] == '\0')
        return 0;
    return rec_live_start(&objects, true, false);
}

static void stop_part(void)
{
    rec_live_stop(&objects);
}

/* Types may have died unseen. */
static void resumed(bool inner)
{
    (void)inner;
    forget_passed_over();
}

static const struct rec_saved state[] = {REC_SAVED(objects), {NULL, 0}};

const struct rec_part rec_part_object = {.start = start_part,
                                         .stop = stop_part,
                                         .resumed = resumed, .saved = state};

/* ---- in and out -------------------------------------------------------------- */

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

static bool is_ours(PyRefTracer which)
{
    return which == tracer || which == choosing_tracer ||
           which == passing_tracer || which == counting_tracer;
}

static int put_in(PyRefTracer which)
{
    void *data;
    PyRefTracer now = PyRefTracer_GetTracer(&data);

    if (is_ours(now))
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
    rec_choose();
    forget_passed_over();
    chosen = floor ? passing_tracer : wants_all() ? tracer : choosing_tracer;
    if (put_in(chosen) != 0)
        return -1;
    reads_rss = rec_set.object_rss && !floor;
    if (reads_rss)
        rec_rss_install(false);
    return 0;
}

static void uninstall(void)
{
    if (chosen != NULL)
        take_out(chosen);
    chosen = NULL;
    if (reads_rss)
        rec_rss_uninstall();
    reads_rss = false;
}

static bool is_called(void)
{
    PyRefTracer which = chosen;

    return !removed && which != NULL && cpy_reftracer_is(which);
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

const struct rec_part rec_part_object = {.saved = NULL};

const struct rec_mode rec_mode_object = {
    .name = "object", .bit = REC_MODE_OBJECT,
    .needs = "CPython 3.13 or later"};

#endif
