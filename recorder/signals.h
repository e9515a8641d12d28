/*
 * signals.h - signals by which the program's user asks the recorder for
 * something: a snapshot, a dump.
 *
 * The program's own handler goes on being called, and is given back. What a
 * signal asks for is done by the draining thread.
 */
#ifndef REC_SIGNALS_H
#define REC_SIGNALS_H

#include <stdbool.h>

enum rec_signal { REC_SIGNAL_SNAPSHOT, REC_SIGNAL_DUMP, REC_SIGNALS };

/* Has the signal of this number ask for it. 0, or -1: that signal can't be
 * used. */
int rec_signal_catch(enum rec_signal what, int number);

/* Puts back what was there, if ours is still the handler; nothing where no
 * signal was caught. */
void rec_signal_release(enum rec_signal what);

/* Whether it came since this was last called. Any thread. */
bool rec_signal_take(enum rec_signal what);

#endif
