/*
 * child.h - what is done when Python forks: in the parent, and in the child,
 * which may be recorded too.
 *
 * All of it with the GIL. What is done when C forks is in fork.c.
 */
#ifndef REC_CHILD_H
#define REC_CHILD_H

#include "cpython.h"

/* Has Python call us at forks; once a process. 0, or -1 with an exception. */
int rec_child_prepare(void);

/* Functions for the extension module; ends with a row of NULLs. */
extern PyMethodDef rec_child_methods[];

#endif
