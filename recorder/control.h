/*
 * control.h - recordings begun and ended together with the hooks of their
 * modes, as Python asks for it.
 *
 * All of it with the GIL, by one thread at a time: another one waits, and one
 * that is at it already gets a RuntimeError.
 */
#ifndef REC_CONTROL_H
#define REC_CONTROL_H

#include "modes.h"
#include "recording.h"

/* Raises the exception for `err`; returns NULL. */
PyObject *rec_raise(const struct pmt_error *err, const char *path);

/* Begins a recording, inside the one that runs if there is one. 0, or -1
 * with an exception: then nothing is left of it. */
int rec_control_start(const struct rec_config *config);

/* Ends the innermost recording; does nothing where there is none, and in a
 * forked child. The same returns. */
int rec_control_stop(void);

/* suspend(), resume() of a recording (recording.h). 1, 0 when there was
 * nothing to do, -1. */
int rec_control_pause(uint32_t serial, bool suspend);

/* Last of all exit functions of Python. 0 or -1. */
int rec_control_at_exit(void);

/* Says at exit, on stderr, what was recorded. */
void rec_control_verbose(bool on);

/* Finishes traces that children left. Any thread, without the GIL. */
void rec_control_tidy(void);

/* In the child of a fork in which Python goes on: nobody is at it, and no
 * recording runs. The hooks are still in. */
void rec_control_forked(void);

/* Takes the hooks out that are in. */
void rec_control_unhook(void);

/* Something happened of which modes are told; see modes.h. */
void rec_control_moment(void);

/* Puts in hooks that return at once, of these modes; 0 takes them out. */
int rec_control_floor(unsigned modes);

#endif
