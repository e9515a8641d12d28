/*
 * sampler-find.c - which processes begin and end (sampler-private.h).
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pmt/journal.h"
#include "sampler-events.h"
#include "sampler-private.h"

#define PIDS_MAX 131072u
#define NEW_MAX 4096           /* pids gone through one by one */
#define SCAN_ALL_NS UINT64_C(5000000000)

/* ---- beginnings -------------------------------------------------------------- */

void sampler_find_descendants(struct sampler *s, struct sampled *p)
{
    size_t max = 4096;
    pid_t *pids = malloc(max * sizeof *pids);
    ssize_t n = pids != NULL ? rec_proc_children(p->pid, pids, max) : -1;

    for (ssize_t i = 0; i < n; i++) {
        struct sampled *child =
            sampler_watch(s, pids[i], p->pid, PMT_PROCESS_FOUND,
                          PMT_HOW_CHILDREN);

        if (child != NULL)
            sampler_find_descendants(s, child);
    }
    free(pids);
    if (n < 0)
        sampler_find_all(s);
}

/* Whether a process with this parent is one to watch. One whose parent ended
 * has become this process's. */
static bool is_wanted(const struct sampler *s, pid_t parent)
{
    return sampler_find(s, parent) != NULL ||
           (s->o.own && parent == getpid());
}

/* Looks at a pid that may be new; true: it is now watched. */
static bool find_pid(struct sampler *s, pid_t pid)
{
    uint64_t started_ns;
    pid_t parent;

    return sampler_find(s, pid) == NULL && pid != getpid() &&
           rec_proc_origin(pid, &parent, &started_ns) == 0 &&
           is_wanted(s, parent) && rec_proc_is_process(pid) &&
           sampler_watch(s, pid, parent, PMT_PROCESS_STARTED,
                         PMT_HOW_LOOK) != NULL;
}

void sampler_find_all(struct sampler *s)
{
    pid_t *pids = malloc(PIDS_MAX * sizeof *pids);
    ssize_t n = pids != NULL ? rec_proc_all(pids, PIDS_MAX) : 0;
    bool found = true;

    s->scanned_ns = pmt_clock_mono_ns();
    /* Again, for pids that are smaller than their parents'. */
    for (int round = 0; found && round < 8; round++) {
        found = false;
        for (ssize_t i = 0; i < n; i++)
            found |= find_pid(s, pids[i]);
    }
    free(pids);
}

void sampler_find_new(struct sampler *s)
{
    pid_t last = rec_proc_last_pid(), from = s->last_pid;

    if (last == from && last != 0)
        return;
    sampler_set_moment(s);
    s->last_pid = last;
    if (last < from || last - from > NEW_MAX || last == 0 ||
        pmt_clock_mono_ns() - s->scanned_ns > SCAN_ALL_NS) {
        sampler_find_all(s);
        return;
    }
    for (pid_t pid = from + 1; pid <= last; pid++)
        find_pid(s, pid);
}

/* ---- ends -------------------------------------------------------------------- */

static void set_status(struct sampled *p, int status, unsigned how)
{
    p->has_status = true;
    p->status = status;
    p->status_how = (uint8_t)how;
}

/* Whether the last thread has ended: the first may end before. */
static bool has_ended(const struct sampled *p)
{
    struct pollfd ask = {.fd = p->descriptor, .events = POLLIN};

    return p->descriptor < 0 || poll(&ask, 1, 0) == 1;
}

void sampler_take_end(struct sampler *s, struct sampled *p)
{
    int status;

    if (!p->has_status) {
        if (sampler_descriptor_status(p->descriptor, &status) ||
            rec_proc_zombie_status(p->pid, &status))
            set_status(p, status, PMT_HOW_DESCRIPTOR);
    }
    sampler_end_of(s, p, PMT_PROCESS_EXITED,
                   p->has_status ? p->status_how : PMT_HOW_DESCRIPTOR);
}

static bool ended_lately(const struct sampler *s, pid_t pid)
{
    for (size_t i = 0; i < sizeof s->ended / sizeof *s->ended; i++) {
        if (s->ended[i] == pid)
            return true;
    }
    return false;
}

void sampler_reap(struct sampler *s)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct sampled *p = sampler_find(s, pid);

        if (pid == s->program) {
            s->program_ended = true;
            s->program_status = status;
        }
        sampler_set_moment(s);
        if (p == NULL && s->o.tree && s->o.own && s->o.events < 0 &&
            !ended_lately(s, pid)) /* one that was too short to be met */
            p = sampler_watch(s, pid, getpid(), PMT_PROCESS_STARTED,
                              PMT_HOW_WAIT);
        if (p == NULL)
            continue;
        set_status(p, status, PMT_HOW_WAIT);
        sampler_end_of(s, p, PMT_PROCESS_EXITED, PMT_HOW_WAIT);
    }
}

/* ---- events ------------------------------------------------------------------ */

static void take_exec(struct sampler *s, struct sampled *p)
{
    /* The event of one that was met after it is no news. */
    if (rec_proc_about(p->pid, &s->about) == 0 &&
        (p->looks > 0 || p->program != sampler_hash(&s->about)))
        sampler_tell(s, p, PMT_PROCESS_EXEC, PMT_HOW_EVENT, &s->about, NULL);
    p->image = 0; /* is taken as it is at the next look */
}

/* The process that is watched still has its pid. */
static bool is_same(const struct sampled *p)
{
    uint64_t started_ns;
    pid_t parent;

    return rec_proc_origin(p->pid, &parent, &started_ns) == 0 &&
           started_ns == p->started_ns;
}

static void take_event(void *to, const struct sampler_event *event)
{
    struct sampler *s = to;
    struct sampled *p = sampler_find(s, event->pid);

    sampler_set_moment(s);
    switch (event->type) {
    case SAMPLER_EVENT_FORK:
        if (sampler_find(s, event->parent) == NULL || !s->o.tree)
            break;
        if (p != NULL && is_same(p))
            break; /* it was found before its event was read */
        if (p != NULL)
            sampler_end_of(s, p, PMT_PROCESS_VANISHED, PMT_HOW_EVENT);
        sampler_watch(s, event->pid, event->parent, PMT_PROCESS_STARTED,
                      PMT_HOW_EVENT);
        break;
    case SAMPLER_EVENT_EXEC:
        if (p != NULL)
            take_exec(s, p);
        break;
    case SAMPLER_EVENT_EXIT:
        /* Our own children tell it by wait. */
        if (p == NULL || p->pid == s->program)
            break;
        if (!p->has_status)
            set_status(p, event->status, PMT_HOW_EVENT);
        if (has_ended(p))
            sampler_end_of(s, p, PMT_PROCESS_EXITED, p->status_how);
        break;
    case SAMPLER_EVENT_LOST:
        s->counts.lost_events++;
        if (s->o.tree)
            sampler_find_all(s);
        break;
    }
}

void sampler_take_events(struct sampler *s)
{
    sampler_events_read(s->o.events, take_event, s);
}
