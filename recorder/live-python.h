/*
 * live-python.h - what Python may ask of the live set while it is being
 * recorded.
 */
#ifndef REC_LIVE_PYTHON_H
#define REC_LIVE_PYTHON_H

#include "cpython.h"

/* snapshot, snapshot_rows, traced_memory, reset_peak, clear_traces,
 * object_traceback, live_counts. */
extern PyMethodDef rec_live_methods[];

/* Writes a snapshot of the live set. False: there is none, or no room. With
 * the GIL; leaves a pending exception alone. */
bool rec_live_snapshot(const char *name);

#endif
