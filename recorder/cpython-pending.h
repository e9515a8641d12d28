/*
 * cpython-pending.h - how a thread without the GIL has a C function called
 * with it: the differences between CPython versions.
 *
 * Py_AddPendingCall() itself is not used. 3.8 raises an exception without the
 * GIL when Python ends; 3.9 reads another thread's state, which may be freed
 * meanwhile; and 3.9 to 3.11 work out from the calling thread's place whether
 * anything is to be done, so that the main thread is not told, and may not
 * be told of a signal either.
 */
#ifndef REC_CPYTHON_PENDING_H
#define REC_CPYTHON_PENDING_H

#include "cpython.h"

/* Before the functions below; with the GIL. */
void cpy_pending_prepare(void);

/*
 * Has `function` called once, with the GIL, between two instructions of
 * Python code: from 3.12 on of any thread, before of the main thread. Any
 * thread, with or without the GIL, until Python's exit functions have run.
 * 0, or -1: not now; to be tried again.
 */
int cpy_pending_add(int (*function)(void *));

/* To be called every now and then until the function has been called. As
 * above. */
void cpy_pending_nudge(void);

#endif
