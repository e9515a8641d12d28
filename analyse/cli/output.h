/*
 * output.h: the product of a command: standard output, or -o FILE.
 *
 * A file is written under a temporary name beside its own and gets its name
 * at pmt_output_commit(), so nobody ever sees half of it. An existing file is
 * only replaced with `force`, even if it appears while we write. Without
 * commit the temporary file is removed: by pmt_output_abandon(), at exit(),
 * and on SIGHUP, SIGINT, SIGPIPE and SIGTERM (unless they are ignored or the
 * command has a handler of its own when the output is opened).
 *
 * "-" is standard output; /dev/… and other things that are not regular files
 * are written directly. A symbolic link that is overwritten is replaced, not
 * followed.
 *
 *     struct pmt_output out;
 *     if (pmt_output_open(&out, opt.output, opt.force ? PMT_OUTPUT_FORCE : 0))
 *         return PMT_EXIT_TROUBLE;
 *     fprintf(out.file, …);
 *     return pmt_output_commit(&out);
 *
 * Write errors need no check on the way: commit reports the first. Failures
 * are printed here; the functions return PMT_EXIT_OK or PMT_EXIT_TROUBLE.
 *
 * Threads: one thread at a time.
 */
#ifndef PMT_CLI_OUTPUT_H
#define PMT_CLI_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

enum pmt_output_flags {
    PMT_OUTPUT_FORCE = 1,  /* -f: replace what exists */
    PMT_OUTPUT_BINARY = 2, /* refuse a terminal as standard output */
    PMT_OUTPUT_PRIVATE = 4 /* a new file is its owner's only: mode 0600 */
};

struct pmt_output {
    FILE *file;       /* write here; fully buffered, 64 KiB */
    int fd;           /* the same without a buffer: use one or the other */
    const char *path; /* for messages: "standard output", or the file */
    bool is_terminal;

    /* private */
    char *name, *temporary, *buffer;
    int directory, slot;
    unsigned flags;
};

/* path: NULL or "-" for standard output; copied. flags: of
 * enum pmt_output_flags. After a failure there is nothing to release. */
int pmt_output_open(struct pmt_output *out, const char *path, unsigned flags);

/* Before anything is committed: the file gets another name, in the same folder
 * (copied). Refused for what is written directly. */
int pmt_output_rename(struct pmt_output *out, const char *path);

/* Finish: write out what is buffered, check it all, give the file its name.
 * Closes `out` whatever it returns. */
int pmt_output_commit(struct pmt_output *out);

/* Close and remove the temporary file. Harmless after commit. */
void pmt_output_abandon(struct pmt_output *out);

/*
 * The last call of main(): checks that standard output took everything.
 * Returns `status`, or PMT_EXIT_TROUBLE after saying why not. When the reader
 * of a pipe has gone (| head -1) it says nothing and ends the process by
 * SIGPIPE, as if that had not been ignored.
 */
int pmt_output_finish(int status);

/* The first call of main(): if descriptor 0, 1 or 2 is closed, open something
 * there whose use fails, lest a trace be opened as "standard output". */
void pmt_output_guard(void);

#endif
