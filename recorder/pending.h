/*
 * pending.h - work that needs the GIL, asked for by a thread that must not
 * take it: by the draining thread, at intervals.
 *
 * Python calls it between two instructions of the program (cpython-pending.h)
 * and is asked for one call at a time; or it is done sooner where a hook has
 * the GIL in any case. It may only run C, must raise nothing and must leave a
 * pending exception alone.
 */
#ifndef REC_PENDING_H
#define REC_PENDING_H

/* From here on `work` may be asked for. With the GIL. */
void rec_pending_open(void (*work)(void));

/* From here on it is not done any more. With the GIL. */
void rec_pending_shut(void);

/* Asks for it. By the draining thread. */
void rec_pending_ask(void);

/* To be called at each tick: asks again where it could not be asked. By the
 * draining thread. */
void rec_pending_tick(void);

/* Does it now if it has been asked for. With the GIL, where `work` may be
 * done. */
void rec_pending_do(void);

/* Has the draining thread started again, if it was ended for a fork, when
 * Python next runs code: not before it has counted the threads. With the
 * GIL. */
void rec_pending_restart(void);

/* In the child of a fork: nothing is asked for. */
void rec_pending_forked(void);

/* Python ends: nothing is asked of it any more, for good. With the GIL. */
void rec_pending_end(void);

#endif
