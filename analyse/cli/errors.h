/*
 * errors.h: what a command says on stderr, and its exit status.
 *
 * Every message is one line, "pmt-live: a.pmt: not a trace". Say the cause,
 * lower case, no full stop. Bytes in the message that could drive a terminal
 * (control characters, bidi overrides, invalid UTF-8) are printed escaped, so
 * a path or a name out of a trace can be passed as it is.
 *
 * Threads: call these from the main thread only.
 */
#ifndef PMT_CLI_ERRORS_H
#define PMT_CLI_ERRORS_H

#include <stdbool.h>

enum pmt_exit {
    PMT_EXIT_OK = 0,      /* done */
    PMT_EXIT_NO = 1,      /* done, and the answer is "no" */
    PMT_EXIT_TROUBLE = 2, /* not done: bad usage, bad input, no space, … */
};

/* The name in front of every message; `name` is borrowed for good and not
 * NULL. "pmt" until this is called. */
void pmt_errors_name(const char *name);

/* The name that was set; never NULL. */
const char *pmt_errors_get_name(void);

/* quiet: drop warnings (-q). verbose: print notes, 0 none (-v counts). */
void pmt_errors_levels(bool quiet, int verbose);

/* Print "NAME: MESSAGE". Always returns PMT_EXIT_TROUBLE, so that a command
 * can write: return pmt_fail("%s: no such mark", name); */
int pmt_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same, then ": " and the text of `errnum` (an errno value). */
int pmt_fail_errno(int errnum, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* pmt_fail(), then exit(PMT_EXIT_TROUBLE). Temporary outputs are removed. */
_Noreturn void pmt_die(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Print "NAME: warning: MESSAGE", unless -q. */
void pmt_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Print "NAME: MESSAGE" only under -v. */
void pmt_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Called before each line is printed; the progress bar uses it to get out of
 * the way. NULL for none. */
void pmt_errors_before(void (*hook)(void));

#endif
