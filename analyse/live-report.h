/*
 * live-report.h: what `pmt live` shows of a live set, as text or JSON.
 *
 * Writes to the stream it is given and nowhere else. Threads: one at a time.
 */
#ifndef PMT_LIVE_REPORT_H
#define PMT_LIVE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/json.h"
#include "cli/moment.h"
#include "group.h"
#include "live.h"

/* The sets of one kind of all streams, added up. */
struct pmt_live_total {
    struct pmt_live_level now;   /* time unused */
    struct pmt_live_level peak;  /* of the streams' own peaks */
    struct pmt_live_counts counts;
    uint64_t now_ns;     /* the moment: the latest record of any stream, or
                            the end when that is the moment */
    uint64_t peak_ns;    /* of the stream, when there is one */
    uint64_t loss_ns;    /* earliest, when approximate */
    uint64_t lost;       /* events, by the trace's count */
    uint64_t missing;    /* chunks */
    size_t streams;      /* that have such records */
    size_t incomplete;   /* of them without an end */
    size_t inferring;    /* of them with object:destroy-unreliable */
    bool approximate;
    bool sized;          /* sizes are in the records; else from the type */
};

struct pmt_live_report {
    const char *name;                /* of the trace */
    const struct pmt_moment *moment; /* as asked for */
    const struct pmt_live_sets *live;
    enum pmt_live_which which;
    enum pmt_group_by by;
    enum pmt_group_sort sort;
    uint64_t top;                    /* rows at most */
    bool stacks;                     /* callers below each row */
};

/* The groups of the report's sets, largest first. */
struct pmt_live_rows {
    struct pmt_grouping grouping;
    uint32_t *order; /* numbers of groups */
    size_t count;    /* of them */
    size_t shown;    /* the first of them */
};

/* PMT_OK, or PMT_ERR_MEMORY with nothing to release. */
int pmt_live_rows_make(struct pmt_live_rows *rows,
                       const struct pmt_live_report *report);
void pmt_live_rows_release(struct pmt_live_rows *rows);

void pmt_live_total_of(struct pmt_live_total *total,
                       const struct pmt_live_report *report);

/* Both return PMT_OK or PMT_ERR_MEMORY, then having written nothing. */
int pmt_live_report_text(const struct pmt_live_report *report, FILE *file);
int pmt_live_report_json(const struct pmt_live_report *report,
                         struct pmt_json *json);

#endif
