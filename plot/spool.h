/*
 * spool.h: a trace that comes through a pipe, kept to be read more than once.
 *
 * In a file without a name in TMPDIR, or /tmp: it takes the room of the trace,
 * compressed as it came, and is gone with its descriptor, however the program
 * ends. Memory does not grow with it.
 *
 * Threads: the main thread only.
 */
#ifndef PMT_SPOOL_H
#define PMT_SPOOL_H

/* Copies all of `path` ("-": standard input), up to its end. Returns a
 * descriptor, to be closed when it is no longer read, and sets *again (free()
 * it) to the path that opens it; or -1 after saying why. `shown` names it in
 * messages. */
int pmt_spool(const char *path, const char *shown, char **again);

#endif
