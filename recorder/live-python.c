/*
 * live-python.c - what Python may ask of the live set (live-python.h).
 *
 * What is asked for is copied inside a hook (rec_enter() keeps a recording
 * from ending meanwhile) into memory of our own; objects are made of it
 * outside, where they are recorded as all others.
 *
 * Over 500 lines: each question is two functions, the copy and the objects,
 * which are read together.
 */
#include "live-python.h"

#include <string.h>

#include "choice.h"
#include "define.h"
#include "modes.h"
#include "names.h"
#include "snapshot.h"
#include "stacks.h"
#include "thread.h"
#include "tracked.h"
#include "types.h"

/* Python's header before an object that the garbage collector knows. */
#define GC_HEAD (2 * sizeof(uintptr_t))

/* ---- begin and end of a question --------------------------------------------- */

/* As rec_enter(), where the live set is tracked; else NULL and a
 * RuntimeError. */
static struct rec_thread *enter_tracked(void)
{
    struct rec_thread *t = rec_enter();

    if (t != NULL && rec_wants_tracking() && rec_set.sample_bytes == 0)
        return t;
    if (t != NULL)
        rec_leave(t);
    PyErr_SetString(PyExc_RuntimeError,
                    "the live set is not being tracked: that needs mode "
                    "snapshot, or mode alloc with track");
    return NULL;
}

/* Memory for a copy that grows. */
struct buffer {
    char *bytes;
    size_t used, size;
};

static bool buffer_reserve(struct buffer *b, size_t more)
{
    size_t size = b->size != 0 ? b->size : 65536;
    char *bigger;

    if (b->size - b->used >= more)
        return true;
    while (size - b->used < more)
        size *= 2;
    bigger = rec_pages_new(size);
    if (bigger == NULL)
        return false;
    if (b->bytes != NULL) {
        memcpy(bigger, b->bytes, b->used);
        rec_pages_free(b->bytes, b->size);
    }
    b->bytes = bigger;
    b->size = size;
    return true;
}

static bool buffer_put(struct buffer *b, const void *bytes, size_t n)
{
    if (!buffer_reserve(b, n))
        return false;
    if (n > 0)
        memcpy(b->bytes + b->used, bytes, n);
    b->used += n;
    return true;
}

static void buffer_release(struct buffer *b)
{
    if (b->bytes != NULL)
        rec_pages_free(b->bytes, b->size);
    memset(b, 0, sizeof *b);
}

/* ---- figures ------------------------------------------------------------------- */

PyDoc_STRVAR(traced_memory_doc,
"traced_memory() -> (bytes, peak)\n\nOf the blocks that are live.");

static PyObject *traced_memory(PyObject *module, PyObject *unused)
{
    struct rec_thread *t = enter_tracked();
    uint64_t now, peak;

    (void)module;
    (void)unused;
    if (t == NULL)
        return NULL;
    rec_live_figures(&rec_blocks, &now, &peak);
    rec_leave(t);
    return Py_BuildValue("(KK)", (unsigned long long)now,
                         (unsigned long long)peak);
}

static PyObject *reset_peak(PyObject *module, PyObject *unused)
{
    struct rec_thread *t = enter_tracked();

    (void)module;
    (void)unused;
    if (t == NULL)
        return NULL;
    rec_live_reset_peak(&rec_blocks);
    rec_leave(t);
    Py_RETURN_NONE;
}

static PyObject *clear_traces(PyObject *module, PyObject *unused)
{
    struct rec_thread *t = enter_tracked();

    (void)module;
    (void)unused;
    if (t == NULL)
        return NULL;
    rec_live_clear(&rec_blocks);
    rec_leave(t);
    Py_RETURN_NONE;
}

/* ---- where an object comes from --------------------------------------------------- */

/* Where the block begins that holds an object. */
static const void *block_of(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    size_t before = PyType_IS_GC(type) ? GC_HEAD : 0;

#if defined(Py_TPFLAGS_PREHEADER)
    if (PyType_HasFeature(type, Py_TPFLAGS_PREHEADER))
        before += 2 * sizeof(PyObject *);
#elif defined(Py_TPFLAGS_MANAGED_DICT)
    if (PyType_HasFeature(type, Py_TPFLAGS_MANAGED_DICT))
        before += 2 * sizeof(PyObject *);
#endif
    return (const char *)object - before;
}

/* A frame in a copy; the texts follow. */
struct frame_copy {
    uint32_t line, file_bytes, function_bytes;
};

static bool copy_frame(struct buffer *b, const struct rec_stack_name *node)
{
    static const struct rec_code_name unknown = {"", "", 0, 0};
    const struct rec_code_name *code = rec_code_name(node->code);
    struct frame_copy frame = {.line = node->line};

    if (code == NULL)
        code = &unknown;
    frame.file_bytes = code->file_bytes;
    frame.function_bytes = code->function_bytes;
    return buffer_put(b, &frame, sizeof frame) &&
           buffer_put(b, code->file, code->file_bytes) &&
           buffer_put(b, code->function, code->function_bytes);
}

/* The frames of a stack, the innermost first. */
static bool copy_stack(struct buffer *b, uint32_t stack)
{
    const struct rec_stack_name *node;
    bool done = true;

    rec_lock();
    while (done && (node = rec_stack_name(stack)) != NULL) {
        done = copy_frame(b, node);
        stack = node->parent;
    }
    rec_unlock();
    return done;
}

static PyObject *text_of(const char *bytes, size_t n)
{
    return PyUnicode_DecodeUTF8(bytes, (Py_ssize_t)n, "surrogatepass");
}

static PyObject *frames_of(const struct buffer *b)
{
    PyObject *list = PyList_New(0);

    for (size_t at = 0; list != NULL && at < b->used;) {
        const char *text = b->bytes + at + sizeof(struct frame_copy);
        struct frame_copy frame;
        PyObject *item;

        memcpy(&frame, b->bytes + at, sizeof frame);
        item = Py_BuildValue(
            "(NIN)", text_of(text, frame.file_bytes), frame.line,
            text_of(text + frame.file_bytes, frame.function_bytes));
        if (item == NULL || PyList_Append(list, item) != 0)
            Py_CLEAR(list);
        Py_XDECREF(item);
        at += sizeof frame + frame.file_bytes + frame.function_bytes;
    }
    if (list != NULL && PyList_Reverse(list) != 0)
        Py_CLEAR(list);
    return list;
}

PyDoc_STRVAR(object_traceback_doc,
"object_traceback(object) -> [(file, line, function), ...] or None\n\n"
"Where the block that holds the object was allocated, the outermost frame\n"
"first. None: it is not known.");

static PyObject *object_traceback(PyObject *module, PyObject *object)
{
    struct rec_thread *t = enter_tracked();
    struct buffer b = {NULL, 0, 0};
    struct rec_live_block block;
    bool found, done = true;
    PyObject *list;

    (void)module;
    if (t == NULL)
        return NULL;
    found = rec_live_get(&rec_blocks, block_of(object), &block) &&
            !block.forgotten;
    if (found)
        done = copy_stack(&b, block.stack);
    rec_leave(t);
    if (!done) {
        buffer_release(&b);
        return PyErr_NoMemory();
    }
    if (!found)
        Py_RETURN_NONE;
    list = frames_of(&b);
    buffer_release(&b);
    return list;
}

/* ---- counts by type ------------------------------------------------------------------ */

/* A type in a copy; its name follows. */
struct type_copy {
    uint64_t created, destroyed;
    uint32_t bytes;
};

static bool copy_types(struct buffer *b)
{
    struct rec_stats stats;
    bool done = true;

    rec_lock();
    rec_part_types.count(&stats);
    for (uint32_t id = 1; done && id <= stats.types; id++) {
        const struct rec_type_name *name = rec_type_name(id);
        struct type_copy copy = {0, 0, 0};

        if (name == NULL)
            continue;
        copy.created = __atomic_load_n(&name->created, __ATOMIC_RELAXED);
        copy.destroyed = __atomic_load_n(&name->destroyed, __ATOMIC_RELAXED);
        copy.bytes = name->bytes;
        done = buffer_put(b, &copy, sizeof copy) &&
               buffer_put(b, name->name, name->bytes);
    }
    rec_unlock();
    return done;
}

/* Adds one type to those of the same name. */
static int add_type(PyObject *dict, const struct type_copy *type,
                    PyObject *name)
{
    unsigned long long created = type->created, destroyed = type->destroyed;
    PyObject *old, *item;
    int result = -1;

    old = name != NULL ? PyDict_GetItemWithError(dict, name) : NULL;
    if (old != NULL) {
        created += PyLong_AsUnsignedLongLong(PyTuple_GET_ITEM(old, 1));
        destroyed += PyLong_AsUnsignedLongLong(PyTuple_GET_ITEM(old, 2));
    }
    if (PyErr_Occurred())
        return -1;
    item = Py_BuildValue("(LKK)", (long long)(created - destroyed), created,
                         destroyed);
    if (item != NULL)
        result = PyDict_SetItem(dict, name, item);
    Py_XDECREF(item);
    return result;
}

static PyObject *types_of(const struct buffer *b)
{
    PyObject *dict = PyDict_New();

    for (size_t at = 0; dict != NULL && at < b->used;) {
        struct type_copy type;
        PyObject *name;

        memcpy(&type, b->bytes + at, sizeof type);
        name = text_of(b->bytes + at + sizeof type, type.bytes);
        if (add_type(dict, &type, name) != 0)
            Py_CLEAR(dict);
        Py_XDECREF(name);
        at += sizeof type + type.bytes;
    }
    return dict;
}

PyDoc_STRVAR(live_counts_doc,
"live_counts() -> {type name: (live, created, destroyed)}\n\n"
"Since the recording began; objects made before it count only when they are\n"
"destroyed. Needs mode object and the setting count_types.");

static PyObject *live_counts(PyObject *module, PyObject *unused)
{
    struct rec_thread *t = rec_enter();
    struct buffer b = {NULL, 0, 0};
    PyObject *dict;
    bool done;

    (void)module;
    (void)unused;
    if (t == NULL || !rec_names_types() ||
        !(rec_set.modes & REC_MODE_OBJECT)) {
        if (t != NULL)
            rec_leave(t);
        PyErr_SetString(PyExc_RuntimeError,
                        "types are not being counted: that needs mode object "
                        "with count_types");
        return NULL;
    }
    done = copy_types(&b);
    rec_leave(t);
    dict = done ? types_of(&b) : PyErr_NoMemory();
    buffer_release(&b);
    return dict;
}

/* ---- snapshots --------------------------------------------------------------------------- */

/* Writes all of one and frees it. */
static bool write_all(struct rec_snapshot *s, const char *name,
                      size_t name_bytes, const char *values,
                      size_t value_bytes)
{
    bool done;

    while (rec_snapshot_write(s, name, name_bytes, values, value_bytes))
        continue;
    done = !s->failed;
    rec_snapshot_release(s);
    return done;
}

bool rec_live_snapshot(const char *name)
{
    struct rec_thread *t = rec_enter();
    struct rec_snapshot s;
    bool done;

    if (t == NULL)
        return false;
    rec_snapshot_begin(&s);
    rec_snapshot_add_live(&s);
    done = write_all(&s, name, strlen(name), NULL, 0);
    rec_leave(t);
    return done;
}

/* Appends a text without control characters; -1 with an exception. */
static int put_text(struct buffer *b, PyObject *text)
{
    Py_ssize_t n;
    const char *bytes = PyUnicode_AsUTF8AndSize(text, &n);

    if (bytes == NULL)
        return -1;
    for (Py_ssize_t i = 0; i < n; i++)
        if ((unsigned char)bytes[i] < 0x20 || bytes[i] == 0x7f) {
            PyErr_SetString(PyExc_ValueError,
                            "a control character in a value's title or unit");
            return -1;
        }
    if (buffer_put(b, bytes, (size_t)n))
        return 0;
    PyErr_NoMemory();
    return -1;
}

/* The lines of PMT_DEF_SNAPSHOT for ((title, unit, value), ...). */
static int put_values(struct buffer *b, PyObject *values)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(values); i++) {
        PyObject *title, *unit;
        char number[32];
        long long value;
        int n;

        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(values, i), "UUL", &title,
                              &unit, &value))
            return -1;
        n = snprintf(number, sizeof number, "\t%lld\n", value);
        if (put_text(b, title) != 0 || !buffer_put(b, "\t", 1) ||
            put_text(b, unit) != 0 || !buffer_put(b, number, (size_t)n)) {
            if (!PyErr_Occurred())
                PyErr_NoMemory();
            return -1;
        }
    }
    if (b->used <= REC_TEXT_MAX / 2)
        return 0;
    PyErr_SetString(PyExc_ValueError, "too many values, or too long ones");
    return -1;
}

/* Arguments that both functions share: a name, maybe with surrogates, and
 * values. */
static int put_both(struct buffer *name, struct buffer *lines, PyObject *text,
                    PyObject *values)
{
    const size_t room = REC_TEXT_MAX / 2 + 4;

    if (put_values(lines, values) != 0)
        return -1;
    if (!buffer_reserve(name, room)) {
        PyErr_NoMemory();
        return -1;
    }
    name->used = cpy_text(text, name->bytes, room);
    return 0;
}

PyDoc_STRVAR(snapshot_doc,
"snapshot(name, values) -> bool\n\nWrites the live set, summed by stack.\n"
"`values` is a tuple of (title, unit, int). False: there was no room.");

static PyObject *snapshot(PyObject *module, PyObject *args)
{
    struct buffer name = {NULL, 0, 0}, lines = {NULL, 0, 0};
    struct rec_thread *t = NULL;
    PyObject *text, *values;
    struct rec_snapshot s;
    bool done = false;

    (void)module;
    if (!PyArg_ParseTuple(args, "UO!", &text, &PyTuple_Type, &values))
        return NULL;
    if (put_both(&name, &lines, text, values) == 0)
        t = enter_tracked();
    if (t != NULL) {
        rec_snapshot_begin(&s);
        rec_snapshot_add_live(&s);
        done = write_all(&s, name.bytes, name.used, lines.bytes, lines.used);
        rec_leave(t);
    }
    buffer_release(&name);
    buffer_release(&lines);
    return t != NULL ? PyBool_FromLong(done) : NULL;
}

/* The stack of ((file, line), ...), the innermost first; 0 where it can't be
 * kept. -1 with an exception when it is not that. */
static int64_t stack_of_frames(PyObject *frames)
{
    const char *files[REC_FRAMES_MAX];
    unsigned lines[REC_FRAMES_MAX];
    Py_ssize_t count = PyTuple_GET_SIZE(frames), bytes;
    uint32_t stack = 0;

    if (count > REC_FRAMES_MAX)
        count = REC_FRAMES_MAX;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *file;

        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(frames, i), "UI", &file,
                              &lines[i]))
            return -1;
        files[i] = PyUnicode_AsUTF8AndSize(file, &bytes);
        if (files[i] == NULL)
            return -1;
    }
    rec_lock();
    while (count-- > 0)
        stack = rec_stack_named(stack, files[count], strlen(files[count]),
                                lines[count]);
    rec_unlock();
    return stack;
}

static int add_rows(struct rec_snapshot *s, PyObject *rows)
{
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(rows); i++) {
        PyObject *row = PySequence_Fast_GET_ITEM(rows, i), *frames;
        unsigned long long size, count;
        unsigned domain;
        int64_t stack;

        if (!PyArg_ParseTuple(row, "O!KKI", &PyTuple_Type, &frames, &size,
                              &count, &domain))
            return -1;
        stack = stack_of_frames(frames);
        if (stack < 0)
            return -1;
        rec_snapshot_add(s, (uint32_t)stack,
                         domain <= PMT_DOMAIN_OBJ ? domain
                                                  : PMT_DOMAIN_NATIVE,
                         count, size);
    }
    return 0;
}

PyDoc_STRVAR(snapshot_rows_doc,
"snapshot_rows(name, rows, values) -> bool\n\nWrites a snapshot of what is known\n"
"from elsewhere. Each row is (((file, line), ...), bytes, blocks, domain),\n"
"the innermost frame first; `values` as in snapshot(). False: there was no\n"
"room, or nothing is being recorded.");

static PyObject *snapshot_rows(PyObject *module, PyObject *args)
{
    struct buffer name = {NULL, 0, 0}, lines = {NULL, 0, 0};
    PyObject *text, *values, *rows, *list;
    struct rec_thread *t = NULL;
    struct rec_snapshot s;
    bool done = false;

    (void)module;
    if (!PyArg_ParseTuple(args, "UOO!", &text, &rows, &PyTuple_Type, &values))
        return NULL;
    list = PySequence_Fast(rows, "rows must be a sequence");
    if (list == NULL)
        return NULL;
    memset(&s, 0, sizeof s);
    if (put_both(&name, &lines, text, values) == 0 && (t = rec_enter())) {
        rec_snapshot_begin(&s);
        if (add_rows(&s, list) == 0)
            done = write_all(&s, name.bytes, name.used, lines.bytes,
                             lines.used);
        rec_snapshot_release(&s);
        rec_leave(t);
    }
    buffer_release(&name);
    buffer_release(&lines);
    Py_DECREF(list);
    return PyErr_Occurred() ? NULL : PyBool_FromLong(done);
}

PyMethodDef rec_live_methods[] = {
    {"traced_memory", traced_memory, METH_NOARGS, traced_memory_doc},
    {"reset_peak", reset_peak, METH_NOARGS,
     "reset_peak(): the peak of traced_memory() is what is live now"},
    {"clear_traces", clear_traces, METH_NOARGS,
     "clear_traces(): forgets the blocks that are live now"},
    {"object_traceback", object_traceback, METH_O, object_traceback_doc},
    {"live_counts", live_counts, METH_NOARGS, live_counts_doc},
    {"snapshot", snapshot, METH_VARARGS, snapshot_doc},
    {"snapshot_rows", snapshot_rows, METH_VARARGS, snapshot_rows_doc},
    {NULL, NULL, 0, NULL}};
