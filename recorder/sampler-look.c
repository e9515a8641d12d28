/*
 * sampler-look.c - a look: figures of all that are watched
 * (sampler-private.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pmt/journal.h"
#include "sampler-private.h"

/* ---- what may not be read ---------------------------------------------------- */

static void tell_denied(struct sampler *s, struct sampled *p)
{
    unsigned fresh = p->proc.denied & ~p->told;

    for (unsigned i = 0; i < REC_PROC_GROUPS; i++) {
        char note[128];

        if (!(fresh >> i & 1))
            continue;
        snprintf(note, sizeof note, "%s: %s", rec_proc_group_names[i],
                 strerror(p->proc.why[i]));
        sampler_tell(s, p, PMT_PROCESS_DENIED, PMT_HOW_LOOK, NULL, note);
    }
    p->told = p->proc.denied;
}

/* ---- one process ------------------------------------------------------------- */

/* Another program than at the last look, where no event told. */
static void check_program(struct sampler *s, struct sampled *p)
{
    if (p->image != 0 && p->proc.image != 0 && p->image != p->proc.image &&
        rec_proc_about(p->pid, &s->about) == 0)
        sampler_tell(s, p, PMT_PROCESS_EXEC, PMT_HOW_LOOK, &s->about, NULL);
    p->image = p->proc.image;
}

struct mappings_of {
    struct sampler *s;
    pid_t pid;
};

static void take_mapping(void *to, const struct rec_proc_figure *figure)
{
    struct mappings_of *m = to;

    sampler_trace_figure(m->s->o.trace, m->s->moment, m->pid, figure);
}

static void look_at_maps(struct sampler *s, struct sampled *p)
{
    struct mappings_of to = {s, p->pid};
    int rc;

    if (s->o.trace == NULL || p->proc.denied & REC_PROC_MAPS ||
        p->proc.state == 'Z')
        return;
    rc = rec_proc_read_maps(&p->proc, s->o.maps, take_mapping, &to);
    sampler_trace_figures_end(s->o.trace, s->moment, p->pid);
    if (rc != 0 && rc != ESRCH && rc != ENOMEM) {
        p->proc.denied |= REC_PROC_MAPS;
        p->proc.why[8] = rc; /* maps is the last group */
    }
}

/* False: it is gone. */
static bool look_at(struct sampler *s, struct sampled *p)
{
    const struct rec_proc_reading *r = &s->reading;

    if (rec_proc_read(&p->proc, &s->reading) != 0 ||
        (p->started_ns != 0 && p->proc.started_ns != p->started_ns))
        return false;
    p->started_ns = p->proc.started_ns;
    p->parent = p->proc.parent;
    check_program(s, p);
    if (s->o.trace != NULL) {
        for (size_t i = 0; i < r->count; i++)
            sampler_trace_figure(s->o.trace, s->moment, p->pid,
                                 &r->figures[i]);
        sampler_trace_figures_end(s->o.trace, s->moment, p->pid);
    }
    if (s->o.view != NULL && s->o.view->sample != NULL)
        s->o.view->sample(s->o.to, p, r, s->time_ns);
    p->looks++;
    s->counts.samples++;
    return true;
}

/* ---- all --------------------------------------------------------------------- */

/* The sampler's own figures. */
static void look_at_self(struct sampler *s, uint64_t late_ns,
                         uint64_t begun_ns)
{
    const struct rec_proc_figure more[] = {
        {"late", "ns", false, (int64_t)late_ns},
        {"look", "ns", false, (int64_t)(pmt_clock_mono_ns() - begun_ns)},
        {"ticks_missed", "count", true, (int64_t)s->counts.missed_ticks},
        {"processes", "count", false, (int64_t)s->count}};
    static const char *const wanted[] = {"rss", "cpu_user", "cpu_system"};

    if (s->o.trace == NULL || rec_proc_read(&s->self, &s->reading) != 0)
        return;
    for (size_t i = 0; i < s->reading.count; i++) {
        for (size_t k = 0; k < 3; k++) {
            if (strcmp(s->reading.figures[i].name, wanted[k]) == 0)
                sampler_trace_figure(s->o.trace, s->moment, 0,
                                     &s->reading.figures[i]);
        }
    }
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        sampler_trace_figure(s->o.trace, s->moment, 0, &more[i]);
    sampler_trace_figures_end(s->o.trace, s->moment, 0);
}

/* It was not there. Who is told of ends, or is its parent, learns more. */
static void has_gone(struct sampler *s, struct sampled *p)
{
    if (p->pid == s->program)
        return;
    if (s->o.events >= 0 && !p->missed)
        p->missed = true; /* its exit event is on the way */
    else if (p->descriptor >= 0)
        sampler_take_end(s, p);
    else
        sampler_end_of(s, p,
                       p->has_status ? PMT_PROCESS_EXITED
                                     : PMT_PROCESS_VANISHED,
                       p->has_status ? p->status_how : PMT_HOW_LOOK);
}

void sampler_look(struct sampler *s, uint64_t late_ns)
{
    uint64_t begun_ns = pmt_clock_mono_ns();

    sampler_set_moment(s);
    rec_proc_begin_look();
    for (size_t i = s->count; i-- > 0;) { /* some may go */
        struct sampled *p = s->list[i];

        if (!look_at(s, p))
            has_gone(s, p);
    }
    for (size_t i = 0; i < s->count; i++) {
        if (s->o.groups & REC_PROC_MAPS)
            look_at_maps(s, s->list[i]);
        if (s->list[i]->proc.denied != s->list[i]->told)
            tell_denied(s, s->list[i]);
    }
    look_at_self(s, late_ns, begun_ns);
    s->counts.looks++;
    if (s->o.view != NULL && s->o.view->look_end != NULL)
        s->o.view->look_end(s->o.to, s->time_ns, s->count);
    if (s->o.trace != NULL)
        sampler_trace_pass(s->o.trace, false, NULL);
}
