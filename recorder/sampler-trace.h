/*
 * sampler-trace.h - the trace that a process sampler writes: one stream, by a
 * journal beside it, so that what was given to it is kept whatever happens to
 * the sampler. One thread. Knows nothing of Python.
 */
#ifndef REC_SAMPLER_TRACE_H
#define REC_SAMPLER_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pmt/drain.h"
#include "pmt/error.h"
#include "pmt/journal.h"
#include "pmt/record.h"
#include "proc.h"

#define SAMPLER_PATH_MAX 4096

/* Plain storage, zeroed. */
struct sampler_trace {
    char path[SAMPLER_PATH_MAX], journal_path[SAMPLER_PATH_MAX + 16];
    int fd;
    struct pmt_journal journal;
    struct pmt_drain *drain;
    struct pmt_segment *segment;
    uint64_t since_flush;      /* bytes of definitions */
    uint64_t flushed_ns, passed_ns;
    uint64_t lost;             /* records that found no room */
    char text[PMT_DEF_TEXT_MAX];
    size_t used;
};

/* What the stream's header says of the sampler: texts that end with NULL. */
struct sampler_about {
    const char *const *hooks;
    const char *const *settings; /* name, value, ... */
};

/*
 * Makes `path` and its journal; `force` replaces what is there. On an error
 * nothing is left. PMT_ERR_IO with EEXIST, with EBUSY where another process
 * records into it.
 */
int sampler_trace_open(struct sampler_trace *t, const char *path, bool force,
                       const struct sampler_about *about,
                       struct pmt_error *err);

/* A moment of the stream's clock, as the calls below take it. */
uint64_t sampler_trace_now(const struct sampler_trace *t);

/* Figures of `pid` (0: the sampler) at `moment`: begin, add, end. What passes
 * the limit of one definition goes into a further record of that moment. */
void sampler_trace_figure(struct sampler_trace *t, uint64_t moment,
                          pid_t pid, const struct rec_proc_figure *f);
void sampler_trace_figures_end(struct sampler_trace *t, uint64_t moment,
                               pid_t pid);

/* What was learnt of a process; `p->time` is such a moment, and the arguments
 * are those of `about` (NULL: none), not of `p`. */
void sampler_trace_process(struct sampler_trace *t,
                           const struct pmt_process *p,
                           const struct rec_proc_about *about);

/* After each look: what is in the journal goes into the trace, if it is time;
 * until then the journal keeps it.
 * An error of the disk is tried again at the next. */
int sampler_trace_pass(struct sampler_trace *t, bool flush,
                       struct pmt_error *err);

/* The end of the stream; the journal is removed. After an error it stays. */
int sampler_trace_finish(struct sampler_trace *t, struct pmt_error *err);

/* Removes the trace and its journal, for a program that could not start. */
void sampler_trace_drop(struct sampler_trace *t);

#endif
