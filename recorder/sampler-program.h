/*
 * sampler-program.h - a program that a sampler starts, and the signals
 * between the two. Knows nothing of Python.
 */
#ifndef REC_SAMPLER_PROGRAM_H
#define REC_SAMPLER_PROGRAM_H

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

/* Plain storage. */
struct sampler_program {
    pid_t pid;                 /* 0: none */
    int go, failed;            /* pipes */
    sigset_t mask;             /* as this process was given it */
    struct rlimit files;       /* the same */
};

/* Takes the signals that matter to a sampler away from their usual effect:
 * returns a signalfd(2) of them, not blocking, or -1 and errno. Raises the
 * limit of open files to what is allowed. `program` keeps what was. */
int sampler_program_prepare(struct sampler_program *p);

/* A child that waits for sampler_program_go() and then runs `argv` with the
 * signals, limits and terminal that this process was given. 0 or an errno. */
int sampler_program_fork(struct sampler_program *p, char *const *argv);

/* Lets it run: 0 when it does, else the errno of execvp(3); it has ended then
 * and was waited for. */
int sampler_program_go(struct sampler_program *p);

/* Ends this process as the program ended: by the same signal, without a core
 * of its own. Returns its exit code where there was none. */
int sampler_program_pass_on(int status);

#endif
