/* diff-pass.h: a trace that is being read for a diff; for diff-read.c and
 * diff-prune.c. */
#ifndef PMT_DIFF_PASS_H
#define PMT_DIFF_PASS_H

#include "diff-figures.h"
#include "diff-read.h"
#include "live.h"
#include "snapshots.h"
#include "top-pattern.h"

struct pmt_diff_pass {
    struct pmt_diff_reading *reading;
    const struct pmt_instant *until;
    enum pmt_diff_side side;
    size_t run;
    struct pmt_diff_found *found;
    struct pmt_live_sets live;
    struct pmt_snapshots snapshots;
    struct pmt_diff_figures figures;
    struct pmt_patterns patterns;
};

/* Takes out of what was read all that is not asked for. PMT_OK or
 * PMT_ERR_MEMORY. */
int pmt_diff_prune(struct pmt_diff_pass *pass);

#endif
