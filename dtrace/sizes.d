#!/usr/sbin/dtrace -Cs
/*
 * sizes.d - how much memory is asked for, by size and Python line.
 *
 * Nothing is printed until the end: the tracer only counts.
 *
 * USAGE: dtrace -C -I . -s sizes.d -p PID
 *        dtrace -C -I . -s sizes.d -c 'python3 app.py'
 *        dtrace ... | pmt dtrace convert - -o x.pmt
 *        pmt dtrace run --script sizes -p PID -o x.pmt
 *
 *        -D LIBC=NAME     the library that is looked at: libc.so* without it
 *        -D NO_PYTHON     without Python sites, for a Python without probes
 *
 * FIELDS, at the end, two lines for a range of sizes and a site:
 *        @blocks[PID, SIZE, LINE, FUNCTION, FILE]: COUNT
 *        @bytes[PID, SIZE, LINE, FUNCTION, FILE]: SUM
 * SIZE is the smallest of the range, a power of 2 (64: 64 to 127 bytes), or 0;
 * LINE FUNCTION FILE are those of the Python line that asked (0 and two empty
 * texts: none, or not seen yet). COUNT and SUM are of what was asked for with
 * malloc, calloc, realloc, posix_memalign, aligned_alloc and memalign.
 *
 * NEEDS: DTrace with the pid provider; for the sites a Python that was
 * configured with --with-dtrace (python3 -m sysconfig | grep WITH_DTRACE).
 *
 * EXAMPLE: examples/sizes.d.txt
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

/* Counts by the greatest power of 2 that is not above what was asked for. */
#define COUNT_SIZE(value) \
    this->asked = (uint64_t)(value); \
    this->left = this->asked; \
    this->log = 0; \
    this->step = this->left >> 32 ? 32 : 0; \
    this->log += this->step; \
    this->left >>= this->step; \
    this->step = this->left >> 16 ? 16 : 0; \
    this->log += this->step; \
    this->left >>= this->step; \
    this->step = this->left >> 8 ? 8 : 0; \
    this->log += this->step; \
    this->left >>= this->step; \
    this->step = this->left >> 4 ? 4 : 0; \
    this->log += this->step; \
    this->left >>= this->step; \
    this->step = this->left >> 2 ? 2 : 0; \
    this->log += this->step; \
    this->left >>= this->step; \
    this->log += this->left >> 1 ? 1 : 0; \
    this->size = this->asked ? (uint64_t)1 << this->log : 0; \
    @blocks[pid, this->size, SITE_KEYS] = count(); \
    @bytes[pid, this->size, SITE_KEYS] = sum(this->asked)

dtrace:::BEGIN
{
    printf("# pmt-dtrace 1 sizes dtrace\n");
    printf("# clock %d %d.%09d\n", timestamp, walltimestamp / 1000000000,
        walltimestamp % 1000000000);
}

pid$target:LIBC:malloc:entry
/!self->inside/
{
    self->inside = 1;
    COUNT_SIZE(arg0);
}

pid$target:LIBC:malloc:return
/self->inside == 1/
{
    self->inside = 0;
}

pid$target:LIBC:calloc:entry
/!self->inside/
{
    self->inside = 2;
    COUNT_SIZE(arg0 * arg1);
}

pid$target:LIBC:calloc:return
/self->inside == 2/
{
    self->inside = 0;
}

pid$target:LIBC:realloc:entry
/!self->inside/
{
    self->inside = 3;
    COUNT_SIZE(arg1);
}

pid$target:LIBC:realloc:return
/self->inside == 3/
{
    self->inside = 0;
}

pid$target:LIBC:posix_memalign:entry
/!self->inside/
{
    self->inside = 4;
    COUNT_SIZE(arg2);
}

pid$target:LIBC:posix_memalign:return
/self->inside == 4/
{
    self->inside = 0;
}

pid$target:LIBC:aligned_alloc:entry
/!self->inside/
{
    self->inside = 5;
    COUNT_SIZE(arg1);
}

pid$target:LIBC:aligned_alloc:return
/self->inside == 5/
{
    self->inside = 0;
}

pid$target:LIBC:memalign:entry
/!self->inside/
{
    self->inside = 6;
    COUNT_SIZE(arg1);
}

pid$target:LIBC:memalign:return
/self->inside == 6/
{
    self->inside = 0;
}

dtrace:::END
{
    printa("@blocks[%d, %d, %d, %s, %s]: %@d\n", @blocks);
    printa("@bytes[%d, %d, %d, %s, %s]: %@d\n", @bytes);
    printf("# end\n");
}
