/* kinds.c: the table of kinds; see kinds.h. The first that fits a trace is
 * drawn when none is asked for. */
#include "kinds.h"

const struct pmt_plot_kind *const pmt_plot_kinds[] = {
    &pmt_plot_live, &pmt_plot_tree, &pmt_plot_heap, &pmt_plot_rss,
    &pmt_plot_rate, &pmt_plot_sizes, &pmt_plot_ages, &pmt_plot_growth,
    &pmt_plot_flow, &pmt_plot_diff,
    NULL,
};

const char *const pmt_plot_kind_names[] = {
    "live", "tree", "heap", "rss", "rate", "sizes", "ages", "growth", "flow",
    "diff",
    NULL,
};
