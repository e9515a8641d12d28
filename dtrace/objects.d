#!/usr/sbin/dtrace -Cs
/*
 * objects.d - every call of CPython's allocators, with the Python line.
 *
 * One line an event: of malloc, calloc and realloc when they return, of free
 * when it is called.
 *
 * USAGE: dtrace -C -I . -s objects.d -p PID
 *        dtrace -C -I . -s objects.d -c 'python3 app.py'
 *        dtrace ... | pmt dtrace convert - -o x.pmt
 *        pmt dtrace run --script objects -p PID -o x.pmt
 *
 *        -D WITH_PYMALLOC      look at pymalloc's own functions, _PyObject_*,
 *                              which serve mem and obj, told as obj
 *        -D WITHOUT_PYMALLOC   at _PyMem_Raw*, which serve all three in a build
 *                              without pymalloc, told as raw
 *        -D NO_PYTHON          without Python sites
 *        Without the first two: at PyMem_Raw*, PyMem_* and PyObject_*, which
 *        every build has. What the interpreter calls without going through
 *        these, since the compiler put it in place, is not seen: a build with
 *        optimisation at link time may have few of them.
 *
 * FIELDS, by tabs: TIME PID TID, EVENT and what it was given and gave, and
 * LINE FUNCTION FILE of the Python line that runs (0 and two empty fields: none,
 * or not seen yet). D is the domain: raw, mem or obj.
 *        D:malloc SIZE BLOCK
 *        D:calloc COUNT SIZE BLOCK
 *        D:realloc OLD SIZE BLOCK TOOK    TOOK: ns in the call
 *        D:free BLOCK
 * TIME is in ns on the monotonic clock: of free when it is called, of the
 * others when they return. At the end @events and @nested: lines that
 * were printed, so that lost ones are known, and calls inside calls, which are
 * no events.
 *
 * NEEDS: DTrace with the pid provider; for the sites a Python that was
 * configured with --with-dtrace (python3 -m sysconfig | grep WITH_DTRACE).
 *
 * EXAMPLE: examples/objects.d.txt
 */
#pragma D option quiet
#pragma D option bufsize=16m
#pragma D option dynvarsize=16m
#pragma D option switchrate=20
#pragma D option zdefs

#include "site.inc"

self int inside;

dtrace:::BEGIN
{
    printf("# pmt-dtrace 1 objects dtrace\n");
    printf("# clock %d %d.%09d\n", timestamp, walltimestamp / 1000000000,
        walltimestamp % 1000000000);
}

/*
 * The functions of one domain: their names; what tells them apart from the
 * others while one runs; where their first and second argument are; and what
 * is printed of each. No # and ##: the cpp of macOS does without.
 */
#define FUNCTIONS(MALLOC, CALLOC, REALLOC, FREE, MARK, FIRST, SECOND,        \
                  OF_MALLOC, OF_CALLOC, OF_REALLOC, OF_FREE)                  \
pid$target::MALLOC:entry,                                                     \
pid$target::CALLOC:entry,                                                     \
pid$target::REALLOC:entry                                                     \
/self->inside/                                                                \
{                                                                             \
    @nested = count();                                                        \
}                                                                             \
                                                                              \
pid$target::MALLOC:entry                                                      \
/!self->inside/                                                               \
{                                                                             \
    self->inside = MARK + 1;                                                  \
    self->size = FIRST;                                                       \
}                                                                             \
                                                                              \
pid$target::CALLOC:entry                                                      \
/!self->inside/                                                               \
{                                                                             \
    self->inside = MARK + 2;                                                  \
    self->count = FIRST;                                                      \
    self->size = SECOND;                                                      \
}                                                                             \
                                                                              \
pid$target::REALLOC:entry                                                     \
/!self->inside/                                                               \
{                                                                             \
    self->inside = MARK + 3;                                                  \
    self->old = FIRST;                                                        \
    self->size = SECOND;                                                      \
    self->since = timestamp;                                                  \
}                                                                             \
                                                                              \
pid$target::MALLOC:return                                                     \
/self->inside == MARK + 1/                                                    \
{                                                                             \
    printf(OF_MALLOC, timestamp, pid, tid, self->size, arg1);                 \
    PRINT_SITE;                                                               \
    @events = count();                                                        \
    self->inside = 0;                                                         \
}                                                                             \
                                                                              \
pid$target::CALLOC:return                                                     \
/self->inside == MARK + 2/                                                    \
{                                                                             \
    printf(OF_CALLOC, timestamp, pid, tid, self->count, self->size, arg1);    \
    PRINT_SITE;                                                               \
    @events = count();                                                        \
    self->inside = 0;                                                         \
}                                                                             \
                                                                              \
pid$target::REALLOC:return                                                    \
/self->inside == MARK + 3/                                                    \
{                                                                             \
    printf(OF_REALLOC, timestamp, pid, tid, self->old, self->size, arg1,      \
        timestamp - self->since);                                             \
    PRINT_SITE;                                                               \
    @events = count();                                                        \
    self->inside = 0;                                                         \
}                                                                             \
                                                                              \
pid$target::FREE:entry                                                        \
/!self->inside/                                                               \
{                                                                             \
    printf(OF_FREE, timestamp, pid, tid, FIRST);                              \
    PRINT_SITE;                                                               \
    @events = count();                                                        \
}

#if defined(WITH_PYMALLOC)

FUNCTIONS(_PyObject_Malloc, _PyObject_Calloc, _PyObject_Realloc,
    _PyObject_Free, 10, arg1, arg2,
    "%d\t%d\t%d\tobj:malloc\t%d\t0x%x\t",
    "%d\t%d\t%d\tobj:calloc\t%d\t%d\t0x%x\t",
    "%d\t%d\t%d\tobj:realloc\t0x%x\t%d\t0x%x\t%d\t",
    "%d\t%d\t%d\tobj:free\t0x%x\t")

#elif defined(WITHOUT_PYMALLOC)

FUNCTIONS(_PyMem_RawMalloc, _PyMem_RawCalloc, _PyMem_RawRealloc,
    _PyMem_RawFree, 10, arg1, arg2,
    "%d\t%d\t%d\traw:malloc\t%d\t0x%x\t",
    "%d\t%d\t%d\traw:calloc\t%d\t%d\t0x%x\t",
    "%d\t%d\t%d\traw:realloc\t0x%x\t%d\t0x%x\t%d\t",
    "%d\t%d\t%d\traw:free\t0x%x\t")

#else

FUNCTIONS(PyMem_RawMalloc, PyMem_RawCalloc, PyMem_RawRealloc,
    PyMem_RawFree, 10, arg0, arg1,
    "%d\t%d\t%d\traw:malloc\t%d\t0x%x\t",
    "%d\t%d\t%d\traw:calloc\t%d\t%d\t0x%x\t",
    "%d\t%d\t%d\traw:realloc\t0x%x\t%d\t0x%x\t%d\t",
    "%d\t%d\t%d\traw:free\t0x%x\t")

FUNCTIONS(PyMem_Malloc, PyMem_Calloc, PyMem_Realloc,
    PyMem_Free, 20, arg0, arg1,
    "%d\t%d\t%d\tmem:malloc\t%d\t0x%x\t",
    "%d\t%d\t%d\tmem:calloc\t%d\t%d\t0x%x\t",
    "%d\t%d\t%d\tmem:realloc\t0x%x\t%d\t0x%x\t%d\t",
    "%d\t%d\t%d\tmem:free\t0x%x\t")

FUNCTIONS(PyObject_Malloc, PyObject_Calloc, PyObject_Realloc,
    PyObject_Free, 30, arg0, arg1,
    "%d\t%d\t%d\tobj:malloc\t%d\t0x%x\t",
    "%d\t%d\t%d\tobj:calloc\t%d\t%d\t0x%x\t",
    "%d\t%d\t%d\tobj:realloc\t0x%x\t%d\t0x%x\t%d\t",
    "%d\t%d\t%d\tobj:free\t0x%x\t")

#endif

dtrace:::END
{
    printa("@events: %@d\n", @events);
    printa("@nested: %@d\n", @nested);
    printf("# end\n");
}
