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

/*
 * The same for commands that open a trace by its name: *again (free() it) is
 * `path` itself where that can be opened again, else that of a copy, which is
 * made once, however often it is asked for, and kept until the process ends.
 * PMT_EXIT_OK, or PMT_EXIT_TROUBLE after saying why.
 */
int pmt_spool_once(const char *path, char **again);

/* What such a copy is of, for messages: "standard input", the pipe. NULL: the
 * path is of no copy. */
const char *pmt_spool_name(const char *path);

#endif
