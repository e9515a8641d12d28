/*
 * profile.h - events by profile and trace functions (up to CPython 3.11): one
 * in each thread, those that run already and those to come.
 *
 * A function that the program has set is called after ours, with its own
 * object, and sys.getprofile() or sys.gettrace() gives that object still.
 * Where there was none they give None. When the program sets another one
 * later, ours is gone in that thread, as any would be.
 */
#ifndef REC_PROFILE_H
#define REC_PROFILE_H

#include "cpython.h"

#if !CPY_HAS_MONITORING

/* Puts `function` in as the profile function, or with `trace` as the trace
 * function. 0, or -1 with an exception and nothing put in. With the GIL. */
int rec_profile_install(bool trace, Py_tracefunc function);

/* Takes it out wherever it is still in. */
void rec_profile_uninstall(bool trace);

/* True when no thread that runs has lost it. */
bool rec_profile_is_in(bool trace);

/* Calls the function of the program that was there before, for an `object`
 * that is not NULL. */
int rec_profile_below(bool trace, PyObject *object, PyFrameObject *frame,
                      int event, PyObject *arg);

#endif
#endif
