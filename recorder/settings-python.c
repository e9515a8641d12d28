/*
 * settings-python.c - settings from a Python dict.
 */
#include "settings-python.h"

#include <stddef.h>
#include <string.h>

#include "cpython.h"

enum kind { U32, I32, U64, GLOBS };

#define ROW(member, kind) {#member, offsetof(struct rec_settings, member), kind}

static const struct row {
    const char *name;
    size_t offset;
    enum kind kind;
} rows[] = {
    ROW(modes, U32),         ROW(force, U32),
    ROW(wait, U32),          ROW(segments, U32),
    ROW(tick_ns, U32),       ROW(level, I32),
    ROW(chunk_records, U32), ROW(frames, U32),
    ROW(object_frames, U32), ROW(c_calls, U32),
    ROW(opcodes, U32),       ROW(rss_trigger, U64),
    ROW(rss_us, U32),        ROW(types, GLOBS),
    ROW(files, GLOBS),       ROW(builtins, U32),
    ROW(min_block, U64),     ROW(max_block, U64),
    ROW(domains, U32),       ROW(sample_bytes, U64),
    ROW(track, U32),         ROW(count_types, U32),
    ROW(rss_ms, U32),        ROW(heap_ms, U32),
    ROW(sample_ms, U32),     ROW(sample_groups, U32),
    ROW(snapshot_ms, U32),   ROW(snapshot_marks, U32),
    ROW(snapshot_signal, U32), ROW(snapshot_records, U32),
    ROW(object_rss, U32),    ROW(max_size, U64),
    ROW(max_age, U32),       ROW(dump_signal, U32),
    ROW(dump_max, U32),      ROW(dump_rss, U64),
    ROW(dump_marks, GLOBS),  ROW(children, U32),
};

static int set_globs(char *to, const char *name, PyObject *value)
{
    Py_ssize_t n;
    const char *text = PyUnicode_AsUTF8AndSize(value, &n);

    if (text == NULL)
        return -1;
    if (n >= REC_GLOBS_MAX) {
        PyErr_Format(PyExc_ValueError, "%s is longer than %d bytes", name,
                     REC_GLOBS_MAX - 1);
        return -1;
    }
    memcpy(to, text, (size_t)n + 1);
    return 0;
}

static int set_number(const struct row *row, void *to, PyObject *value)
{
    long long low = row->kind == I32 ? INT32_MIN : 0;
    long long high = row->kind == I32   ? INT32_MAX
                     : row->kind == U32 ? (long long)UINT32_MAX
                                        : INT64_MAX;
    long long n = PyLong_AsLongLong(value);

    if (n == -1 && PyErr_Occurred())
        return -1;
    if (n < low || n > high) {
        PyErr_Format(PyExc_ValueError, "%s is out of range", row->name);
        return -1;
    }
    if (row->kind == U64)
        *(uint64_t *)to = (uint64_t)n;
    else if (row->kind == U32)
        *(uint32_t *)to = (uint32_t)n;
    else
        *(int32_t *)to = (int32_t)n;
    return 0;
}

int rec_settings_from_dict(struct rec_settings *s, PyObject *dict)
{
    memset(s, 0, sizeof *s);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        PyObject *value = PyDict_GetItemString(dict, rows[i].name);
        void *to = (char *)s + rows[i].offset;
        int failed;

        if (value == NULL)
            continue;
        failed = rows[i].kind == GLOBS
                     ? set_globs(to, rows[i].name, value)
                     : set_number(&rows[i], to, value);
        if (failed)
            return -1;
    }
    return 0;
}
