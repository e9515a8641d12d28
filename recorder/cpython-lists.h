/*
 * cpython-lists.h - the lists of free objects that CPython keeps, and what
 * sys._debugmallocstats() says of them: the differences between versions.
 */
#ifndef REC_CPYTHON_LISTS_H
#define REC_CPYTHON_LISTS_H

#include "cpython.h"

#include <stdio.h>

/* Takes what is known of one list: a name, how many objects there are, and
 * the bytes that sys._debugmallocstats() gives for them, or -1 where it does
 * not know the list. */
typedef void cpy_list_taker(const char *name, int64_t objects, int64_t bytes);

/*
 * With the GIL. Up to 3.12 lines are printed to `out` as
 * sys._debugmallocstats() prints them, and `take` is not called; from 3.13 on
 * the lists are read and nothing is printed.
 */
void cpy_free_lists(FILE *out, cpy_list_taker *take);

/*
 * Finds out whether the lists are where this was compiled to look for them,
 * by freeing objects and looking for them there; true from 3.13 on where they
 * are, and else nothing is ever taken. With the GIL, before the function
 * above. Allocates. -1 with an exception, 0, or 1.
 */
int cpy_free_lists_check(void);

/* Prints pymalloc's or mimalloc's figures; nothing where neither serves
 * CPython's domain `obj` without a hook before it. With the GIL. */
void cpy_print_allocator(FILE *out);

/* The name of the allocators in use, or NULL where they are hooked. */
const char *cpy_allocator_name(void);

#endif
