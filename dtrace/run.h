/*
 * run.h - a tracer that runs: dtrace or bpftrace with one of the scripts, on
 * a process that is there or on a program that is started for it.
 *
 * Messages are printed here. Threads: the main thread only.
 */
#ifndef DTRACE_RUN_H
#define DTRACE_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "scripts.h"

enum dt_tool { DT_TOOL_ANY, DT_TOOL_DTRACE, DT_TOOL_BPFTRACE };

struct dt_run {
    const struct dt_script *script;
    enum dt_tool tool;     /* ANY is settled by dt_run_check */
    uint64_t pid;          /* 0: `program` */
    char *const *program;  /* NULL at its end */
    bool no_sites;         /* leave the Python's probes out */
    /* set by dt_run_start */
    int out, err;          /* what the tracer prints */
    pid_t tracer;
    /* private */
    char folder[64];
    pid_t child;
    bool over;             /* the child has ended */
    uint64_t heard_ms;     /* when something was heard of the tracer */
    int gate;
};

/* Is everything there that it needs? PMT_EXIT_OK, or says what is missing. */
int dt_run_check(struct dt_run *run);

/* What dtrace needs of the system and does not find, as the end of a message;
 * "": nothing is known to be missing. */
const char *dt_run_lacks(void);

/* Starts the tracer. PMT_EXIT_OK, or a message. */
int dt_run_start(struct dt_run *run);

/* The tracer has printed its title, so its probes are in: the program that
 * waits may begin. Harmless when none does. */
void dt_run_go(struct dt_run *run);

/* Has the program that was started ended? Then the tracer is asked to end,
 * once it has nothing more to print. `heard`: it has just printed. */
void dt_run_look(struct dt_run *run, bool heard);

/* Waits for the tracer, and takes away what was made for it. Returns its wait
 * status. */
int dt_run_end(struct dt_run *run);

#endif
