/*
 * cli-capture.h: run a function as if it were a process: its standard output,
 * its standard error and how it ended.
 */
#ifndef CLI_CAPTURE_H
#define CLI_CAPTURE_H

#include <stddef.h>

struct capture {
    char out[65536], err[65536]; /* NUL after what was written; cut if more */
    size_t out_size, err_size;
    int status; /* of exit(), or -1 */
    int signal; /* that ended it, or 0 */
};

/* Calls function(argument) in a forked child and exits with what it returns. */
void capture_run(struct capture *capture, int (*function)(void *),
                 void *argument);

/* A new empty folder for this test program, removed with what is in it at
 * exit; also its working directory from now on. */
void capture_enter_scratch(void);

/* The whole of a file as text in a static buffer; NULL if it is not there. */
const char *capture_read(const char *path);

/* Make a file with this text. */
void capture_write(const char *path, const char *text);

/* How many files are in the working directory, hidden ones too. */
int capture_count_files(void);

#endif
