/*
 * dump.h - dumps: copies of what is kept of the trace, as files of their own,
 * at a call, a signal, a mark, or when the resident set gets over a limit.
 *
 * The draining thread makes them, one at a time, without the GIL. What is
 * asked for meanwhile comes to one more. Knows nothing of Python.
 */
#ifndef REC_DUMP_H
#define REC_DUMP_H

#include "parts.h"

/* Catches the signal that rec_set names. 0, or -1: it can't be used. */
int rec_dump_install(void);
void rec_dump_uninstall(void);

/* A mark with this text was put into the stream; does nothing where no dump
 * is wanted at it. Any thread. */
void rec_dump_at_mark(const char *text, size_t n);

/*
 * Has one made of the recording with this serial number, and waits for it:
 * into `path`, absolute, or where it is NULL into one named after the trace.
 * made[size] gets its name. PMT_ERR_IO with errno; ESRCH: the recording has
 * ended. Call without the GIL, not from inside a hook.
 */
int rec_dump_ask(uint32_t serial, const char *path, char *made, size_t size,
                 struct pmt_error *err);

/* Makes those that are asked for. By the draining thread, after a pass. */
void rec_dump_work(uint64_t now_ns);

/* In the child of a fork. */
void rec_dump_forked(void);

extern const struct rec_part rec_part_dump;

#endif
