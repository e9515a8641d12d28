/*
 * heading.h: what every chart says of the trace that it is of: program, pid,
 * host, how long, what was recorded, sampling, losses; and its marks.
 *
 * From labels, stream headers and marks alone: no other chunk is
 * decompressed. Threads: the main thread only.
 */
#ifndef PMT_HEADING_H
#define PMT_HEADING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "figure.h"
#include "live-exit.h"
#include "open.h"

/* Marks that are kept, at least half as many of more: every second, fourth,
 * ...; the others are counted. */
#define PMT_HEADING_MARKS 200

/* A mark, on the time axis. */
struct pmt_heading_mark {
    double ns;
    char *text;          /* raw bytes, a NUL behind; owned */
};

struct pmt_heading {
    char *path;          /* to be opened again; owned */
    char *shown;         /* for messages; owned: the path as it was given, or
                            "standard input" */
    const char *name;    /* its last part, for titles; raw bytes */
    int spool;           /* what came through a pipe; -1: none */
    struct pmt_instant until; /* the operand's moment: charts end here */
    bool until_exit;     /* no moment: what is live is what was live where the
                            interpreter began to end, as in `pmt live` */
    struct pmt_live_exits exits; /* where, if its recorder said so */
    uint64_t kinds;      /* bits of the kinds there are records of */
    size_t streams;
    char *program;       /* of the first stream: "pid 7: python3 a.py"; raw
                            bytes; owned */
    char *host;          /* owned; raw; "" where not known or several */
    /* Time axes count from when the first stream began, on its wall clock; a
     * stream's begin is its start_real_ns less this. */
    int64_t origin_real_ns;
    uint64_t span_ns;    /* of the axis: up to the last record or `until` */
    uint64_t lost;       /* events */
    struct pmt_health *health; /* owned: what was wrong with it; as a chart's
                            own pass found it, before the chart is filled */
    uint64_t sample_bytes; /* of sampled allocations; 0: all */
    bool filtered;
    struct pmt_heading_mark *marks;
    size_t mark_count;
    uint64_t marks_dropped;
};

/* Opens FILE or FILE@MOMENT and reads them; a pipe is copied (spool.h). PMT_EXIT_OK, or PMT_EXIT_TROUBLE
 * after saying why. Release it whatever is returned. */
int pmt_heading_read(struct pmt_heading *heading, const char *operand,
                     const struct pmt_common *common);
/* Accepts a zeroed one. */
void pmt_heading_release(struct pmt_heading *heading);

/* Sets title ("a.pmt: WHAT"), subtitle, marks and the wall clock of time 0. */
void pmt_heading_apply(const struct pmt_heading *heading, const char *what,
                       struct pmt_plot_figure *figure);

/* Opens the trace once more, as pmt_trace_open(). */
int pmt_heading_open(const struct pmt_heading *heading, struct pmt_trace *in,
                     const struct pmt_common *common,
                     const struct pmt_reader_options *options);

/* Where what is live stops, for live.h: where the interpreter began to end.
 * NULL: at the moment that was given. Borrowed. */
const struct pmt_live_exits *
pmt_heading_exits(const struct pmt_heading *heading);

/* The subtitle alone, on the heap; NULL: no memory. */
char *pmt_heading_line(const struct pmt_heading *heading);

#endif
