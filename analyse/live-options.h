/* live-options.h: what `pmt live` was asked for; for cmd-live.c and
 * live-run.c. */
#ifndef PMT_LIVE_OPTIONS_H
#define PMT_LIVE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"
#include "inputs.h"
#include "tables.h"

/* No key given: by type for objects, by site for blocks. */
#define PMT_LIVE_BY_KIND (-1)

/* The orders below it are those of enum pmt_group_sort. */
#define PMT_LIVE_SORT_AGE 2

enum pmt_live_kind {
    PMT_LIVE_ANY, PMT_LIVE_ONLY_BLOCKS, PMT_LIVE_ONLY_OBJECTS
};

struct pmt_live_options {
    struct pmt_common common; /* must come first */
    const char *output, *snapshot;
    int64_t top;
    const char *type, *site;
    int by;                   /* enum pmt_group_by, or PMT_LIVE_BY_KIND */
    int kind;                 /* enum pmt_live_kind */
    int sort;                 /* enum pmt_group_sort, or PMT_LIVE_SORT_AGE */
    bool force, growth, json, list, pairs, recursive, stacks, strict;
    bool survivors, quick;
};

/* How many views other than the live set are asked for. */
int pmt_live_views(const struct pmt_live_options *opt);

/* Which sets (live.h) the options ask for: a type is what objects have, a
 * domain what blocks have. 0: the options contradict each other. */
unsigned pmt_live_wanted(const struct pmt_live_options *opt);

/* One trace, to the tables. An exit status; it has said why. */
int pmt_live_run(const struct pmt_live_options *opt,
                 const struct pmt_input *input, struct pmt_tables *tables);

#endif
