/*
 * modes.h - the modes that can be recorded, as a table: what each puts in,
 * takes out and adds to the extension module.
 *
 * A mode is one row in modes.c, made of a `const struct rec_mode` in the
 * mode's own file.
 */
#ifndef REC_MODES_H
#define REC_MODES_H

#include "cpython.h"

/* What to record: a set of these. Numbers are those of pmtrace/_options.py
 * (MODES). */
enum {
    REC_MODE_ALLOC = 1,
    REC_MODE_OBJECT = 2,
    REC_MODE_CALL = 4,
    REC_MODE_LINE = 8,
    REC_MODE_SNAPSHOT = 16,
    REC_MODE_HEAP = 32,
    REC_MODE_RSS = 64,
    REC_MODE_GC = 128,
    REC_MODE_SAMPLE = 256
};

/* All functions are called with the GIL but where said otherwise. A member
 * that may be NULL does nothing then. */
struct rec_mode {
    const char *name;
    unsigned bit;
    /* NULL: this CPython can do it. Else which one can: "CPython 3.13 or
     * later". */
    const char *needs;
    /* Puts the hooks in; nothing is recorded before rec_recording_go().
     * rec_set holds the settings. `floor`: hooks that do nothing, to measure
     * what hooks cost by themselves. 0, or -1 with a Python exception and
     * nothing put in. */
    int (*install)(bool floor);
    /* May be NULL: the first records, right after rec_recording_go(). */
    void (*begin)(void);
    /* May be NULL: the last records, while all still runs: at stop, or when
     * Python's exit functions have run. Leaves a pending exception alone. */
    void (*end)(void);
    /* May be NULL: a mark was set; what is read at moments is read at this
     * one too. Leaves a pending exception alone. */
    void (*moment)(void);
    /* Takes out what is in still. Also after a failed or a `floor` install,
     * and after the recording has ended. */
    void (*uninstall)(void);
    /* May be NULL: in the child of a fork that records as its parent did, the
     * hooks stay in, as if they had been put in just now. Where it is NULL
     * they are taken out and put in again. */
    void (*renew)(void);
    /* May be NULL: true when the hooks are still called. Any thread, without
     * the GIL. */
    bool (*is_called)(void);
    /* May be NULL: called by the draining thread every 100 ms or oftener,
     * without the GIL; must not block or take it. */
    void (*tick)(uint64_t now_ns);
    /* May be NULL: functions for the extension module; ends with a row of
     * NULLs. */
    PyMethodDef *methods;
};

/* The modes by rising bit; ends with NULL. */
extern const struct rec_mode *const rec_modes[];

#endif
