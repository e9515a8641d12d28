/*
 * say.h - a line on standard error, where that harms nobody.
 */
#ifndef REC_SAY_H
#define REC_SAY_H

/* Notes what standard error is: to be called when a recording begins. */
void rec_say_prepare(void);

/*
 * Writes "pmtrace: ", the text, and a newline. Not where standard error is
 * another file than at the start, which may be the program's own, nor where
 * the write would have to wait; no signal comes of it. Cut after some 4 KiB.
 */
void rec_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
