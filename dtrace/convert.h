/*
 * convert.h - the text that D and bpftrace scripts print becomes a trace.
 *
 * Reads the lines of our scripts (docs/dtrace.md has their grammar) and those
 * of pymemtrace's as they are. What a line says is taken as it is said, and
 * what no line says is not put in: each line that is not used is counted by
 * its cause. Each process of a log becomes a stream.
 *
 * Memory grows with the live blocks, the sites and the processes, not with
 * the log. Threads: one at a time.
 */
#ifndef DTRACE_CONVERT_H
#define DTRACE_CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pmt/error.h"
#include "pmt/io.h"
#include "stream.h"

/* Why a line, or half of one, was not used. */
enum dt_cause {
    DT_CUT,          /* the log ends within the line */
    DT_LONG,         /* over DT_LINE_MAX bytes */
    DT_UNKNOWN,      /* of no script that is known */
    DT_FIELD,        /* ours, but a field is missing, too many or no number */
    DT_BEGINNING,    /* half a line: its end never came */
    DT_ENDING,       /* half a line: its beginning never came */
    DT_EITHER,       /* half a line: more than one other half fits it */
    DT_NO_RESULT,    /* a realloc that does not tell the new block */
    DT_RSS_ALONE,    /* a resident set size of no call, or none */
    DT_TABLE,        /* of a table: no number, or its caller is not told */
    DT_PROCESS,      /* the process is not told, and it may be several */
    DT_PROCESSES,    /* of too many processes */
    DT_CAUSES
};
#define DT_CAUSE_LINES 5 /* line numbers that are kept of each */

struct dt_unused {
    uint64_t count;
    uint64_t lines[DT_CAUSE_LINES]; /* from 1 */
};

struct dt_report {
    /* Every line is one of these three. */
    uint64_t lines;
    uint64_t used;         /* lines that tell events */
    uint64_t other;        /* titles, tables, blank lines, what tools say */
    uint64_t unused;       /* lines of which nothing could be used */
    struct dt_unused causes[DT_CAUSES];
    uint64_t events;       /* that were told */
    uint64_t null_frees;   /* free(NULL): nothing was given back */
    uint64_t failed;       /* calls that gave no block */
    uint64_t unreadable;   /* sites whose names are no text: left out */
    uint64_t unstated;     /* sites, threads, sizes beyond what it holds */
    uint64_t lost;         /* events that the tracer says were lost */
    uint64_t nested;       /* calls inside calls, as the scripts count them */
    uint64_t table_rows;   /* of tables that became snapshots */
    bool timed;            /* the log has times */
    bool titled;           /* the title of one of our scripts was there */
    struct dt_totals totals; /* over all processes */
};

struct dt_options {
    uint8_t boot_id[16];   /* all zero: not known, unless the log says it */
    bool has_clocks;       /* two clocks were read at one moment: */
    uint64_t mono_ns;
    int64_t real_ns;
    uint32_t uncertainty_ns;
    const char *producer;  /* "pmt dtrace 0.1.0"; borrowed */
    /* May be NULL; of the process `pid`, if it is in the log. Borrowed. */
    uint64_t pid;
    const char *executable;
    uint32_t chunk_records; /* of the writer; 0: its default */
    bool count_only;       /* write nothing: only the report is wanted */
};

#define DT_LINE_MAX 65536u
#define DT_STREAMS_MAX 1024u

struct dt_convert;

/* `sink` and `options` are copied. */
int dt_convert_new(struct dt_convert **out, const struct pmt_sink *sink,
                   const struct dt_options *options, struct pmt_error *err);
/* NULL is allowed. */
void dt_convert_free(struct dt_convert *c);

/* The next bytes of the log, cut anywhere. */
int dt_convert_feed(struct dt_convert *c, const void *bytes, size_t n,
                    struct pmt_error *err);

/* A line that the tracer said beside the log, without its end. True: it told
 * of lost events, which are counted, or says nothing of the process. */
bool dt_convert_said(struct dt_convert *c, const char *line, size_t n);

/* The log is over: writes all that is left. *any: is there a stream? A log
 * without one has written nothing. No call but report and free may follow. */
int dt_convert_finish(struct dt_convert *c, bool *any, struct pmt_error *err);

/* Whole after finish, and good until free. */
const struct dt_report *dt_convert_report(const struct dt_convert *c);

/* How many processes the log had so far. */
size_t dt_convert_processes(const struct dt_convert *c);

/* "a half line whose end never came": for a message. */
const char *dt_cause_text(enum dt_cause cause);
/* "beginning": for JSON. */
const char *dt_cause_name(enum dt_cause cause);

#endif
