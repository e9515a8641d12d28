/* top-options.h: what `pmt top` was asked for; for cmd-top.c and top-run.c. */
#ifndef PMT_TOP_OPTIONS_H
#define PMT_TOP_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/options.h"
#include "inputs.h"
#include "tables.h"

/* No key given: objects by type and blocks by site. No order given: by bytes,
 * or what is shown. */
#define PMT_TOP_BY_KIND (-1)
#define PMT_TOP_SORT_SHOWN (-1)

enum pmt_top_kind {
    PMT_TOP_ANY, PMT_TOP_ALLOC, PMT_TOP_OBJECT, PMT_TOP_CALL, PMT_TOP_LINE
};


struct pmt_top_options {
    struct pmt_common common; /* must come first */
    const char *output, *from, *to;
    struct pmt_option_list include, exclude;
    uint64_t every_ns;        /* 0: one moment */
    int64_t top, within;
    uint32_t show;            /* of enum pmt_top_show */
    int by;                   /* enum pmt_group_by, or PMT_TOP_BY_KIND */
    int kind;                 /* enum pmt_top_kind */
    int sort;                 /* enum pmt_top_sort, or PMT_TOP_SORT_SHOWN */
    bool force, json, stacks, strict, cumulative, all_frames, recursive;
    bool high_water, every_frame, first;
    bool each;                /* a table of each trace */
};

/* Which sets (live.h) the options ask for: a type is what objects have, a
 * domain what blocks have. 0: the options contradict each other. */
unsigned pmt_top_wanted(const struct pmt_top_options *opt);

/* One trace, to the tables. An exit status; it has said why. */
int pmt_top_run(const struct pmt_top_options *opt,
                const struct pmt_input *input, struct pmt_tables *tables);

#endif
