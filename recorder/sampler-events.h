/*
 * sampler-events.h - starts and ends of processes, as the system tells of
 * them: process events by Linux's connector, and descriptors of processes.
 * Where a system or its rights have neither, the sampler looks for itself.
 * Knows nothing of Python.
 */
#ifndef REC_SAMPLER_EVENTS_H
#define REC_SAMPLER_EVENTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum sampler_event_type {
    SAMPLER_EVENT_FORK,        /* `pid` was made by `parent` */
    SAMPLER_EVENT_EXEC,
    SAMPLER_EVENT_EXIT,        /* with `status`, as wait(2) gives it */
    SAMPLER_EVENT_LOST         /* some did not reach us */
};

struct sampler_event {
    enum sampler_event_type type;
    pid_t pid, parent;
    int status;
};

/* A descriptor on which events of all processes arrive, or -1 and errno: not
 * allowed, or not there. */
int sampler_events_open(void);

/* Gives each event that is there to `take`, in order. Does not wait. */
typedef void sampler_take_event(void *to, const struct sampler_event *event);
void sampler_events_read(int fd, sampler_take_event *take, void *to);

/* A descriptor of a process, readable when it has ended; -1: none. */
int sampler_descriptor_open(pid_t pid);
/* How the process of a descriptor ended, if the system tells (Linux 6.15):
 * true, and its wait status. */
bool sampler_descriptor_status(int fd, int *status);

/* From here on processes whose parent ended become this one's. */
void sampler_become_reaper(void);

#endif
