/*
 * sampler.h - watches processes from outside: reads their figures at absolute
 * ticks into a trace, finds the processes that they make, and learns how they
 * end. One thread. Knows nothing of Python.
 */
#ifndef REC_SAMPLER_H
#define REC_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "proc.h"
#include "sampler-trace.h"

/* What a viewer may keep with a process. */
#define SAMPLER_SLOTS 8

/* One process that is watched. */
struct sampled {
    struct rec_proc proc;
    pid_t pid, parent;
    uint64_t started_ns;       /* 0: not known */
    uint64_t image;            /* of rec_proc, when it was last told of */
    uint64_t program;          /* a hash of what runs in it, as told */
    bool missed;               /* was not there at the last look */
    unsigned told;             /* groups that are denied, and told */
    int descriptor;            /* of the process; -1: none */
    bool tried;                /* to have one */
    bool named;                /* given by the user */
    bool has_status;           /* how it ended is known before it is gone: */
    int status;
    uint8_t status_how;        /* enum pmt_process_how */
    uint64_t looks;            /* taken of it */
    int64_t slots[SAMPLER_SLOTS];
    uint64_t shown_ns;
};

/* Who wants to see what is written; each may be NULL. */
struct sampler_view {
    void (*process)(void *to, const struct sampled *p,
                    const struct pmt_process *record,
                    const struct rec_proc_about *about, uint64_t time_ns);
    void (*sample)(void *to, struct sampled *p,
                   const struct rec_proc_reading *reading, uint64_t time_ns);
    void (*look_end)(void *to, uint64_t time_ns, size_t processes);
};

struct sampler_options {
    uint64_t interval_ns;      /* 1 ms at least */
    uint64_t duration_ns;      /* 0: until all have ended */
    unsigned groups;           /* enum rec_proc_group */
    size_t maps;               /* mappings told apart, at most */
    bool tree;                 /* the processes that they make too */
    bool own;                  /* the program is a child of this process, and
                                * so are those whose parents ended */
    int events;                /* of sampler_events_open(), or -1; borrowed */
    struct sampler_trace *trace; /* NULL: none is written */
    const struct sampler_view *view; /* NULL: none */
    void *to;
};

struct sampler;

/* What is counted in all. */
struct sampler_counts {
    uint64_t looks, missed_ticks, samples, started, ended, lost_events;
};

/* 0 or an errno. */
int sampler_new(struct sampler **out, const struct sampler_options *options);
void sampler_free(struct sampler *s); /* NULL is allowed */

/* Watches `pid`, and with `tree` what it has made. `started`: this process has
 * just started it. ESRCH: there is none. */
int sampler_add(struct sampler *s, pid_t pid, bool started);

enum sampler_end {
    SAMPLER_ENDED,             /* all processes, or the program itself */
    SAMPLER_TIME,              /* the duration is over */
    SAMPLER_STOPPED            /* by a signal */
};

/*
 * Samples until the end. SIGCHLD and the signals that end it are to be
 * blocked: they are taken from `signals`, a signalfd(2), and given to
 * `on_signal`, which says whether to stop.
 */
typedef bool sampler_on_signal(void *to, int signal, bool from_terminal);
enum sampler_end sampler_run(struct sampler *s, int signals,
                             sampler_on_signal *on_signal, void *to);

/* Waits for a signal and takes it as sampler_run() does. */
void sampler_wait(struct sampler *s, int signals,
                  sampler_on_signal *on_signal, void *to);

/* The wait status of the program that sampler_add() was told of as started;
 * false: it has not ended yet. */
bool sampler_program_status(const struct sampler *s, int *status);

void sampler_counts(const struct sampler *s, struct sampler_counts *out);

#endif
