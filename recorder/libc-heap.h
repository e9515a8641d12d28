/*
 * libc-heap.h - what the C library's allocator says of itself, as figures.
 * glibc only; elsewhere nothing is added.
 *
 *   glibc.mallinfo.FIELD          mallinfo2(3), or mallinfo(3) before 2.33
 *   glibc.arenas                  malloc_info(3): how many there are
 *   glibc.arena.N.{current,max}   bytes of arena N from the system
 *   glibc.{current,max}           of all arenas
 *   glibc.{fast,rest,mmap}.{chunks,bytes}   free chunks; mapped blocks
 *   glibc.address_space.{total,mprotect}
 */
#ifndef REC_LIBC_HEAP_H
#define REC_LIBC_HEAP_H

#include "figures.h"

/* Arenas with figures of their own; all count in the totals. */
#define REC_LIBC_ARENAS 32

/* Adds the figures of this moment. One thread at a time. Walks the free
 * chunks of each arena under its lock. */
void rec_libc_figures(struct rec_figures *f);

#endif
