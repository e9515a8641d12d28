/*
 * diff-report.h: what `pmt diff` shows of a table, as text or JSON.
 *
 * Writes to the stream it is given and nowhere else. Threads: one at a time.
 */
#ifndef PMT_DIFF_REPORT_H
#define PMT_DIFF_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/json.h"
#include "diff-read.h"
#include "diff.h"

struct pmt_diff_report {
    const struct pmt_diff *diff;   /* finished */
    enum pmt_diff_what what;
    const char *names[3];          /* of the sides, as typed; [2] NULL: two */
    const struct pmt_diff_found *found[PMT_DIFF_SIDES];
    const char *per;               /* "second", "call of f"; NULL: no such */
    const struct pmt_diff_limit *limit; /* NULL: none */
    size_t over;                   /* rows, with the sum, that pass it */
    uint64_t top;                  /* rows at most, but for those over */
    bool all;                      /* those that did not change too */
    bool cumulative;
};

/* Rows to show, the first of diff->order, but for those over the limit. */
size_t pmt_diff_shown(const struct pmt_diff_report *report);
/* Is row `i` of the order shown? */
bool pmt_diff_shows(const struct pmt_diff_report *report, size_t i);

/* Nothing where nothing changed, if not all is asked for. */
void pmt_diff_report_text(const struct pmt_diff_report *report, FILE *file);
void pmt_diff_report_json(const struct pmt_diff_report *report,
                          struct pmt_json *json);

#endif
