/* diff-options.h: what `pmt diff` was asked for; for cmd-diff.c and
 * diff-run.c. */
#ifndef PMT_DIFF_OPTIONS_H
#define PMT_DIFF_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/options.h"
#include "diff.h"

/* By what values are divided. */
enum pmt_diff_per_kind {
    PMT_DIFF_PER_NOTHING, PMT_DIFF_PER_SECOND, PMT_DIFF_PER_MARK,
    PMT_DIFF_PER_CALL
};
struct pmt_diff_per {
    enum pmt_diff_per_kind kind;
    const char *name;      /* of the mark or function; borrowed from argv */
};

enum pmt_diff_kind {
    PMT_DIFF_KIND_ANY, PMT_DIFF_KIND_ALLOC, PMT_DIFF_KIND_OBJECT,
    PMT_DIFF_KIND_HEAP, PMT_DIFF_KIND_SAMPLE
};

struct pmt_diff_options {
    struct pmt_common common; /* must come first */
    const char *output;
    const char *from;
    struct pmt_option_list maps, include, exclude;
    struct pmt_diff_per per;
    struct pmt_diff_limit limit;
    int64_t top;
    int by, kind;             /* by: -1 where not given */
    bool all, cumulative, every_frame, all_frames, match_lines, recursive;
    bool force, json, strict;
};

/* Compares the 2 or 3 operands and prints to `file`. *printed: something was.
 * An exit status; TROUBLE: it has said why. */
int pmt_diff_run(const struct pmt_diff_options *opt, char *const *operands,
                 int count, FILE *file, bool *printed);

#endif
