/*
 * growth-report.h: what `pmt live --growth` shows, as text or JSON.
 *
 * Writes to the stream it is given and nowhere else. Threads: one at a time.
 */
#ifndef PMT_GROWTH_REPORT_H
#define PMT_GROWTH_REPORT_H

#include <stdint.h>
#include <stdio.h>

#include "cli/json.h"
#include "cli/moment.h"
#include "growth.h"

struct pmt_growth_report {
    const char *name;                /* of the trace */
    const struct pmt_moment *moment; /* as asked for */
    const struct pmt_live_sets *live;
    const struct pmt_growth *growth; /* finished */
    uint64_t top;                    /* rows at most */
    bool evidence;                   /* of all rows, not of growing ones */
};

void pmt_growth_report_text(const struct pmt_growth_report *report,
                            FILE *file);
void pmt_growth_report_json(const struct pmt_growth_report *report,
                            struct pmt_json *json);

#endif
