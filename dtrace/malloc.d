#!/usr/sbin/dtrace -Cs
/*
 * malloc.d - every malloc and free of a Python process, with the Python line
 *            that caused it.
 *
 * One line an event: of malloc, calloc, realloc, posix_memalign,
 * aligned_alloc and memalign when they return, of free when it is called. So
 * the time of each is one at which the block was the caller's, and lines put
 * in order of their times are never in contradiction.
 *
 * USAGE: dtrace -C -I . -s malloc.d -p PID
 *        dtrace -C -I . -s malloc.d -c 'python3 app.py'
 *        dtrace ... | pmt dtrace convert - -o x.pmt
 *        pmt dtrace run --script malloc -p PID -o x.pmt
 *
 *        -D LIBC=NAME     the library that is looked at: libc.so* without it;
 *                         libsystem_malloc.dylib on macOS, libjemalloc.so*
 *        -D NO_PYTHON     without Python sites, for a Python without probes
 *
 * FIELDS, by tabs:
 *        TIME    ns on the monotonic clock
 *        PID TID process and thread
 *        EVENT   and what it was given and gave:
 *                malloc SIZE BLOCK
 *                calloc COUNT SIZE BLOCK
 *                realloc OLD SIZE BLOCK TOOK    TOOK: ns in the call
 *                memalign ALIGN SIZE BLOCK
 *                free BLOCK
 *        LINE FUNCTION FILE    of the Python line that runs; 0 and two empty
 *                fields when there is none, or none was seen yet
 * At the end @events and @nested: lines that were printed, so that lost ones
 * are known, and calls inside calls, which are no events.
 *
 * NEEDS: DTrace with the pid provider; for the sites a Python that was
 * configured with --with-dtrace (python3 -m sysconfig | grep WITH_DTRACE).
 *
 * EXAMPLE: examples/malloc.d.txt
 */
#pragma D option quiet
#pragma D option bufsize=16m
#pragma D option dynvarsize=16m
#pragma D option switchrate=20

#ifndef LIBC
#define LIBC libc.so*
#endif
#include "site.inc"

self int inside;       /* the function that the thread is in */

enum { MALLOC = 1, CALLOC, REALLOC, MEMALIGN };

dtrace:::BEGIN
{
    printf("# pmt-dtrace 1 malloc dtrace\n");
    printf("# clock %d %d.%09d\n", timestamp, walltimestamp / 1000000000,
        walltimestamp % 1000000000);
}

/* ---- calls: only the outermost one is an event --------------------------- */

pid$target:LIBC:malloc:entry,
pid$target:LIBC:calloc:entry,
pid$target:LIBC:realloc:entry,
pid$target:LIBC:posix_memalign:entry,
pid$target:LIBC:aligned_alloc:entry,
pid$target:LIBC:memalign:entry
/self->inside/
{
    @nested = count();
}

pid$target:LIBC:malloc:entry
/!self->inside/
{
    self->inside = MALLOC;
    self->size = arg0;
}

pid$target:LIBC:calloc:entry
/!self->inside/
{
    self->inside = CALLOC;
    self->count = arg0;
    self->size = arg1;
}

pid$target:LIBC:realloc:entry
/!self->inside/
{
    self->inside = REALLOC;
    self->old = arg0;
    self->size = arg1;
    self->since = timestamp;
}

pid$target:LIBC:aligned_alloc:entry,
pid$target:LIBC:memalign:entry
/!self->inside/
{
    self->inside = MEMALIGN;
    self->align = arg0;
    self->size = arg1;
}

pid$target:LIBC:posix_memalign:entry
/!self->inside/
{
    self->inside = MEMALIGN;
    self->where = arg0;
    self->align = arg1;
    self->size = arg2;
}

/* ---- returns ------------------------------------------------------------- */

pid$target:LIBC:malloc:return
/self->inside == MALLOC/
{
    printf("%d\t%d\t%d\tmalloc\t%d\t0x%x\t", timestamp, pid, tid,
        self->size, arg1);
    PRINT_SITE;
    @events = count();
    self->inside = 0;
}

pid$target:LIBC:calloc:return
/self->inside == CALLOC/
{
    printf("%d\t%d\t%d\tcalloc\t%d\t%d\t0x%x\t", timestamp, pid, tid,
        self->count, self->size, arg1);
    PRINT_SITE;
    @events = count();
    self->inside = 0;
}

pid$target:LIBC:realloc:return
/self->inside == REALLOC/
{
    printf("%d\t%d\t%d\trealloc\t0x%x\t%d\t0x%x\t%d\t", timestamp, pid, tid,
        self->old, self->size, arg1, timestamp - self->since);
    PRINT_SITE;
    @events = count();
    self->inside = 0;
}

/* One that failed gave no block, whatever is where it would be. */
pid$target:LIBC:posix_memalign:return
/self->inside == MEMALIGN/
{
    this->block = arg1 ? 0 : *(uintptr_t *)copyin(self->where, 8);
    printf("%d\t%d\t%d\tmemalign\t%d\t%d\t0x%x\t", timestamp, pid, tid,
        self->align, self->size, this->block);
    PRINT_SITE;
    @events = count();
    self->inside = 0;
}

pid$target:LIBC:aligned_alloc:return,
pid$target:LIBC:memalign:return
/self->inside == MEMALIGN/
{
    printf("%d\t%d\t%d\tmemalign\t%d\t%d\t0x%x\t", timestamp, pid, tid,
        self->align, self->size, arg1);
    PRINT_SITE;
    @events = count();
    self->inside = 0;
}

pid$target:LIBC:free:entry
/!self->inside/
{
    printf("%d\t%d\t%d\tfree\t0x%x\t", timestamp, pid, tid, arg0);
    PRINT_SITE;
    @events = count();
}

dtrace:::END
{
    printa("@events: %@d\n", @events);
    printa("@nested: %@d\n", @nested);
    printf("# end\n");
}
