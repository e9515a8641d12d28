/*
 * monitor.h - events by sys.monitoring (CPython 3.12 and later): a tool id,
 * and C functions that are called at events.
 *
 * All code of the interpreter is seen, in all threads, whenever they were
 * started; a program's debugger and profiler are not in the way.
 */
#ifndef REC_MONITOR_H
#define REC_MONITOR_H

#include "cpython.h"

#if CPY_HAS_MONITORING

/* Of sys.monitoring.events, by name; ends with a NULL name. */
struct rec_monitor_hook {
    const char *event;
    vectorcallfunc function;
};

/* One tool. */
struct rec_monitor {
    int tool;                 /* 0: none is held */
    uint32_t events;
    const struct rec_monitor_hook *hooks;
};

/* sys.monitoring.DISABLE, which a hook returns so as not to be called at this
 * place again, and sys.monitoring.MISSING. Kept for ever. */
extern PyObject *rec_monitor_disable, *rec_monitor_missing;

/* A hook that does nothing. */
PyObject *rec_monitor_pass(PyObject *self, PyObject *const *args, size_t n,
                           PyObject *names);

/* Takes tool id 3 or 4 and puts the hooks in. 0, or -1 with an exception and
 * nothing put in. With the GIL. */
int rec_monitor_install(struct rec_monitor *m,
                        const struct rec_monitor_hook *hooks);

/* Gives all of it back; an exception that is pending is left alone. Code
 * loses its instrumentation when it runs next. */
void rec_monitor_uninstall(struct rec_monitor *m);

/* False when the program took the tool id or the events away. */
bool rec_monitor_is_in(const struct rec_monitor *m);

#endif
#endif
