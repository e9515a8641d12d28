/*
 * sampler-private.h - the inside of a sampler, for sampler*.c only.
 */
#ifndef REC_SAMPLER_PRIVATE_H
#define REC_SAMPLER_PRIVATE_H

#include "pmt/record.h"
#include "sampler.h"

struct sampler {
    struct sampler_options o;
    int epoll, tick, scan;     /* descriptors; scan -1: nothing to look for */
    struct sampled **list;     /* by rising pid */
    size_t count, room;
    unsigned files_left;       /* descriptors that may still be kept open */
    pid_t program;             /* started by this process; 0: none */
    bool program_ended;
    int program_status;
    pid_t last_pid;            /* when it was looked for new ones last */
    uint64_t scanned_ns;       /* when all processes were gone through */
    uint64_t begun_boot_ns;    /* since the system's start */
    pid_t ended[256];          /* the last that were told to have ended */
    unsigned ended_next;
    uint64_t begun_ns, due_ns; /* of the monotonic clock */
    uint64_t moment;           /* of the look, in the trace's clock */
    uint64_t time_ns;          /* the same since the sampler began */
    struct rec_proc self;
    struct sampler_counts counts;
    struct rec_proc_reading reading;
    struct rec_proc_about about;
};

/* ---- sampler.c: who is watched ---- */

struct sampled *sampler_find(const struct sampler *s, pid_t pid);

/* Watches a process: tells of it with `op` and `how`. NULL: no memory, or it
 * is watched already. */
struct sampled *sampler_watch(struct sampler *s, pid_t pid, pid_t parent,
                              unsigned op, unsigned how);

/* It has ended (EXITED, VANISHED): tells of it and forgets it. */
void sampler_end_of(struct sampler *s, struct sampled *p, unsigned op,
                    unsigned how);

/* Of the executable and the arguments. */
uint64_t sampler_hash(const struct rec_proc_about *about);

/* The moment of what comes now. */
void sampler_set_moment(struct sampler *s);

/* Writes a record of the process; `about` may be NULL. */
void sampler_tell(struct sampler *s, struct sampled *p, unsigned op,
                  unsigned how, const struct rec_proc_about *about,
                  const char *note);

/* ---- sampler-find.c: which processes there are ---- */

/* What `p` has made up to now. */
void sampler_find_descendants(struct sampler *s, struct sampled *p);
/* What was made since the last time, where no events tell. */
void sampler_find_new(struct sampler *s);
/* All processes are gone through, after events were lost. */
void sampler_find_all(struct sampler *s);
/* Events that wait. */
void sampler_take_events(struct sampler *s);
/* A child of this process has ended: waits for all that have. */
void sampler_reap(struct sampler *s);
/* A descriptor says that `p` has ended. */
void sampler_take_end(struct sampler *s, struct sampled *p);

/* ---- sampler-look.c: figures ---- */

/* One look at all; `late_ns` after it was due. */
void sampler_look(struct sampler *s, uint64_t late_ns);

#endif
