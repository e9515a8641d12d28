/*
 * shares.h: what each of several processes had over time: resident set and
 * processor time, from samples. The data of stacked panels.
 *
 * The columns are those of series.h. Of the resident sets a column shows one
 * moment of each stream, the one at which all processes had most together, so
 * they add up to a total that was there; of processor time what was used in
 * it.
 *
 * A line is a process or, where there are many, all of one program; the
 * largest have lines of their own, the rest are one more line.
 *
 * Two passes, as of a series: the first knows the processes, the second fills
 * the columns. Never prints. Threads: one at a time.
 */
#ifndef PMT_SHARES_H
#define PMT_SHARES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "live.h"
#include "pmt/reader.h"
#include "process-list.h"

struct pmt_series;

/* More processes than this are shown by program, if those are fewer. */
#define PMT_SHARES_MANY 40

struct pmt_share {
    char *name;         /* raw bytes of the trace, with a NUL behind */
    uint64_t processes; /* that it is of */
    uint64_t most;      /* bytes: the largest resident set of one of them */
    uint64_t cpu_ns;    /* that was used while it was looked at, of all */
};

/* Numbers by column, one above the other. */
struct pmt_stack {
    uint64_t *values;   /* columns of `slots` */
    size_t slots;
};

struct pmt_shares {
    /* To be set before. */
    size_t lines_max;

    /* To be read after the first pass. */
    size_t processes;   /* that have samples, without samplers' own */
    struct pmt_share *lines; /* the largest first */
    size_t line_count;
    uint64_t others;    /* processes in the line of all others */
    uint64_t others_cpu_ns;
    size_t programs;    /* lines and others are programs; 0: processes */

    /* To be read after the second. With one process rss is empty and cpu has
     * two slots, user and system; else both have line_count + 1, the last one
     * being all others. */
    struct pmt_stack rss, cpu; /* bytes; ns in the column */
    bool has_cpu;
    uint64_t cpu_total_ns;

    /* private */
    struct share_stream *streams;
    size_t stream_count;
};

/* Kinds that have to do with it, in both passes. */
uint64_t pmt_shares_kinds(void);

/* The first pass: takes the event last read. Behind the last event,
 * pmt_shares_rank(). PMT_OK or PMT_ERR_MEMORY. */
int pmt_shares_meet(struct pmt_shares *s, struct pmt_reader *r,
                    const struct pmt_event *event);
int pmt_shares_rank(struct pmt_shares *s);

/* The second, over the same trace. Behind it, pmt_shares_finish(). */
int pmt_shares_take(struct pmt_shares *s, const struct pmt_series *series,
                    struct pmt_reader *r, const struct pmt_event *event);
void pmt_shares_finish(struct pmt_shares *s, const struct pmt_series *series,
                       const struct pmt_live_sets *live);

/* Are the rows of a chunk of samples with this pid of the one process, or of
 * the stream's own, so that its figures are curves by themselves? */
bool pmt_shares_is_single(const struct pmt_shares *s,
                          const struct pmt_stream *stream, uint64_t pid);

/* Accepts a zeroed one. */
void pmt_shares_release(struct pmt_shares *s);

#endif
