/*
 * heap.h - the mode `heap`: figures of the allocators and of the garbage
 * collector at the start, at an interval, at marks, at the end of Python's
 * exit functions and when asked for by heap(). It has the mode `gc` in it.
 *
 * Several records of one time, one for each source: pymalloc.h,
 * libc-heap.h, and of Python itself:
 *
 *   python.allocated_blocks           sys.getallocatedblocks()
 *   python.interned_strings           sys.getunicodeinternedsize(), 3.12 on
 *   gc.GENERATION.{collections,collected,uncollectable,...}  gc.get_stats()
 *   gc.GENERATION.{count,threshold}   gc.get_count(), gc.get_threshold()
 *   gc.enabled                        gc.isenabled()
 */
#ifndef REC_HEAP_H
#define REC_HEAP_H

#include "modes.h"

extern const struct rec_mode rec_mode_heap;

#endif
