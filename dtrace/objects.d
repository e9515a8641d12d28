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

#if defined(WITH_PYMALLOC)

/* ---- _PyObject_* */

pid$target::_PyObject_Malloc:entry,
pid$target::_PyObject_Calloc:entry,
pid$target::_PyObject_Realloc:entry
/self->inside/
{
    @nested = count();
}

pid$target::_PyObject_Malloc:entry
/!self->inside/
{
    self->inside = 11;
    self->size = arg1;
}

pid$target::_PyObject_Calloc:entry
/!self->inside/
{
    self->inside = 12;
    self->count = arg1;
    self->size = arg2;
}

pid$target::_PyObject_Realloc:entry
/!self->inside/
{
    self->inside = 13;
    self->old = arg1;
    self->size = arg2;
    self->since = timestamp;
}

pid$target::_PyObject_Malloc:return
/self->inside == 11/
{
    printf("%d\t%d\t%d\tobj:malloc\t%d\t0x%x\t", timestamp, pid, tid,
        self->size, arg1);
    PRINT_SITE;
    @events = count();
    self->inside = 0;
}

pid$target::_PyObject_Calloc:return
/self->inside == 12/
{
    printf("%d\t%d\t%d\tobj:calloc\t%d\t%d\t0x%x\t", timestamp, pid, tid,
        self->count, self->size, arg1);
    PRINT_SITE;
    @events = count();
    self->inside = 0;
}

pid$target::_PyObject_Realloc:return
/self->inside == 13/
{
    printf("%d\t%d\t%d\tobj:realloc\t0x%x\t%d\t0x%x\t%d\t", timestamp, pid,
        tid, self->old, self->size, arg1, timestamp - self->since);
    PRINT_SITE;
    @events = count();
    self->inside = 0;
}

pid$target::_PyObject_Free:entry
/!self->inside/
{
    printf("%d\t%d\t%d\tobj:free\t0x%x\t", timestamp, pid, tid, arg1);
    PRINT_SITE;
    @events = count();
}

#elif defined(WITHOUT_PYMALLOC)

/* ---- _PyMem_Raw* */

pid$target::_PyMem_RawMalloc:entry,
pid$target::_PyMem_RawCalloc:entry,
pid$target::_PyMem_RawRealloc:entry
/self->inside/
{
    @nested = count();
}

pid$target::_PyMem_RawMalloc:entry
/!self->inside/
{
    self->inside = 11;
    self->size = arg1;
}

pid$target::_PyMem_RawCalloc:entry
/!self->inside/
{
    self->inside = 12;
    self->count = arg1;
    self->size = arg2;
}

pid$target::_PyMem_RawRealloc:entry
/!self->inside/
{
    self->inside = 13;
    self->old = arg1;
    self->size = arg2;
    self->since = timestamp;
}

pid$target::_PyMem_RawMalloc:return
/self->inside == 11/
{
    printf("%d\t%d\t%d\traw:malloc\t%d\t0x%x\t", timestamp, pid, tid,
        self->size, arg1);
    PRINT_SITE;
    @events = count();
    self->inside = 0;
}

pid$target::_PyMem_RawCalloc:return
/self->inside == 12/
{
    printf("%d\t%d\t%d\traw:calloc\t%d\t%d\t0x%x\t", timestamp, pid, tid,
        self->count, self->size, arg1);
    PRINT_SITE;
    @events = count();
    self->inside = 0;
}

pid$target::_PyMem_RawRealloc:return
/self->inside == 13/
{
    printf("%d\t%d\t%d\traw:realloc\t0x%x\t%d\t0x%x\t%d\t", timestamp, pid,
        tid, self->old, self->size, arg1, timestamp - self->since);
    PRINT_SITE;
    @events = count();
    self->inside = 0;
}

pid$target::_PyMem_RawFree:entry
/!self->inside/
{
    printf("%d\t%d\t%d\traw:free\t0x%x\t", timestamp, pid, tid, arg1);
    PRINT_SITE;
    @events = count();
}

#else

/* ---- PyMem_Raw* */

pid$target::PyMem_RawMalloc:entry,
pid$target::PyMem_RawCalloc:entry,
pid$target::PyMem_RawRealloc:entry
/self->inside/
{
    @nested = count();
}

pid$target::PyMem_RawMalloc:entry
/!self->inside/
{
    self->inside = 11;
    self->size = arg0;
}

pid$target::PyMem_RawCalloc:entry
/!self->inside/
{
    self->inside = 12;
    self->count = arg0;
    self->size = arg1;
}

pid$target::PyMem_RawRealloc:entry
/!self->inside/
{
    self->inside = 13;
    self->old = arg0;
    self->size = arg1;
    self->since = timestamp;
}

pid$target::PyMem_RawMalloc:return
/self->inside == 11/
{
    printf("%d\t%d\t%d\traw:malloc\t%d\t0x%x\t", timestamp, pid, tid,
        self->size, arg1);
    PRINT_SITE;
    @events = count();
    self->inside = 0;
}

pid$target::PyMem_RawCalloc:return
/self->inside == 12/
{
    printf("%d\t%d\t%d\traw:calloc\t%d\t%d\t0x%x\t", timestamp, pid, tid,
        self->count, self->size, arg1);
    PRINT_SITE;
    @events = count();
    self->inside = 0;
}

pid$target::PyMem_RawRealloc:return
/self->inside == 13/
{
    printf("%d\t%d\t%d\traw:realloc\t0x%x\t%d\t0x%x\t%d\t", timestamp, pid,
        tid, self->old, self->size, arg1, timestamp - self->since);
    PRINT_SITE;
    @events = count();
    self->inside = 0;
}

pid$target::PyMem_RawFree:entry
/!self->inside/
{
    printf("%d\t%d\t%d\traw:free\t0x%x\t", timestamp, pid, tid, arg0);
    PRINT_SITE;
    @events = count();
}

/* ---- PyMem_* */

pid$target::PyMem_Malloc:entry,
pid$target::PyMem_Calloc:entry,
pid$target::PyMem_Realloc:entry
/self->inside/
{
    @nested = count();
}

pid$target::PyMem_Malloc:entry
/!self->inside/
{
    self->inside = 21;
    self->size = arg0;
}

pid$target::PyMem_Calloc:entry
/!self->inside/
{
    self->inside = 22;
    self->count = arg0;
    self->size = arg1;
}

pid$target::PyMem_Realloc:entry
/!self->inside/
{
    self->inside = 23;
    self->old = arg0;
    self->size = arg1;
    self->since = timestamp;
}

pid$target::PyMem_Malloc:return
/self->inside == 21/
{
    printf("%d\t%d\t%d\tmem:malloc\t%d\t0x%x\t", timestamp, pid, tid,
        self->size, arg1);
    PRINT_SITE;
    @events = count();
    self->inside = 0;
}

pid$target::PyMem_Calloc:return
/self->inside == 22/
{
    printf("%d\t%d\t%d\tmem:calloc\t%d\t%d\t0x%x\t", timestamp, pid, tid,
        self->count, self->size, arg1);
    PRINT_SITE;
    @events = count();
    self->inside = 0;
}

pid$target::PyMem_Realloc:return
/self->inside == 23/
{
    printf("%d\t%d\t%d\tmem:realloc\t0x%x\t%d\t0x%x\t%d\t", timestamp, pid,
        tid, self->old, self->size, arg1, timestamp - self->since);
    PRINT_SITE;
    @events = count();
    self->inside = 0;
}

pid$target::PyMem_Free:entry
/!self->inside/
{
    printf("%d\t%d\t%d\tmem:free\t0x%x\t", timestamp, pid, tid, arg0);
    PRINT_SITE;
    @events = count();
}

/* ---- PyObject_* */

pid$target::PyObject_Malloc:entry,
pid$target::PyObject_Calloc:entry,
pid$target::PyObject_Realloc:entry
/self->inside/
{
    @nested = count();
}

pid$target::PyObject_Malloc:entry
/!self->inside/
{
    self->inside = 31;
    self->size = arg0;
}

pid$target::PyObject_Calloc:entry
/!self->inside/
{
    self->inside = 32;
    self->count = arg0;
    self->size = arg1;
}

pid$target::PyObject_Realloc:entry
/!self->inside/
{
    self->inside = 33;
    self->old = arg0;
    self->size = arg1;
    self->since = timestamp;
}

pid$target::PyObject_Malloc:return
/self->inside == 31/
{
    printf("%d\t%d\t%d\tobj:malloc\t%d\t0x%x\t", timestamp, pid, tid,
        self->size, arg1);
    PRINT_SITE;
    @events = count();
    self->inside = 0;
}

pid$target::PyObject_Calloc:return
/self->inside == 32/
{
    printf("%d\t%d\t%d\tobj:calloc\t%d\t%d\t0x%x\t", timestamp, pid, tid,
        self->count, self->size, arg1);
    PRINT_SITE;
    @events = count();
    self->inside = 0;
}

pid$target::PyObject_Realloc:return
/self->inside == 33/
{
    printf("%d\t%d\t%d\tobj:realloc\t0x%x\t%d\t0x%x\t%d\t", timestamp, pid,
        tid, self->old, self->size, arg1, timestamp - self->since);
    PRINT_SITE;
    @events = count();
    self->inside = 0;
}

pid$target::PyObject_Free:entry
/!self->inside/
{
    printf("%d\t%d\t%d\tobj:free\t0x%x\t", timestamp, pid, tid, arg0);
    PRINT_SITE;
    @events = count();
}

#endif

dtrace:::END
{
    printa("@events: %@d\n", @events);
    printa("@nested: %@d\n", @nested);
    printf("# end\n");
}
