/*
 * kinds.h: the kinds of charts, and what each is asked for. A kind is one
 * file, plot/kind-NAME.c, that reads traces and fills a figure; cmd-plot.c
 * chooses the kind and draws the figure.
 *
 * Threads: the main thread only.
 */
#ifndef PMT_KINDS_H
#define PMT_KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/options.h"
#include "figure.h"
#include "group.h"
#include "heading.h"

/* Curves of a panel that can be told apart. */
#define PMT_PLOT_LINES PMT_FIGURE_COLOURS

/* Which records: -k. */
enum pmt_plot_records {
    PMT_PLOT_ANY,    /* what there is, blocks first */
    PMT_PLOT_ALLOC,
    PMT_PLOT_OBJECT,
};

/* What panels hold, as bits: --what. */
enum pmt_plot_what {
    PMT_PLOT_BYTES, PMT_PLOT_COUNT, PMT_PLOT_BOTH, PMT_PLOT_MEMORY,
    PMT_PLOT_GC, PMT_PLOT_CPU, PMT_PLOT_FAULTS, PMT_PLOT_VMS
};

/* All is borrowed from cmd-plot.c. */
struct pmt_plot_request {
    const struct pmt_common *common; /* for pmt_trace_open() */
    char *const *operands;           /* FILE or FILE@MOMENT */
    const struct pmt_heading *traces; /* one for each operand: open .path, end
                                         at .until */
    size_t count;                    /* of them, as many as the kind has */
    enum pmt_plot_records records;
    enum pmt_group_by by;            /* by_given only */
    bool by_given;
    size_t top;                      /* the N largest by themselves; 1 or
                                        more, up to PMT_PLOT_LINES */
    bool top_given;
    size_t columns;                  /* of a time axis: its pixels */
    uint32_t what;                   /* bits of enum pmt_plot_what; 0: not
                                        given */
    bool strict;                     /* for pmt_trace_close() */
};

struct pmt_plot_kind {
    const char *name;     /* "rate": plot/kind-rate.c */
    const char *summary;  /* for help: "allocations and frees a second" */
    size_t operands_min, operands_max;
    /* Is it the one for a trace with records of these kinds (bits of
     * PMT_KIND_...), when none is asked for? The first of the table that says
     * so is. NULL: only when asked for. */
    bool (*fits)(uint64_t kinds);
    /* Fills an empty figure. PMT_EXIT_OK; PMT_EXIT_NO: nothing to draw, or
     * damage, and what is sound is in the figure; PMT_EXIT_TROUBLE. Of all but
     * OK it has said why. Title, subtitle and marks are its own to set
     * pmt_heading_apply() does it, of traces[0]. */
    int (*make)(const struct pmt_plot_request *request,
                struct pmt_plot_figure *figure);
};

extern const struct pmt_plot_kind pmt_plot_live, pmt_plot_rss, pmt_plot_tree,
    pmt_plot_heap, pmt_plot_rate, pmt_plot_sizes, pmt_plot_ages,
    pmt_plot_growth, pmt_plot_flow, pmt_plot_diff;

extern const struct pmt_plot_kind *const pmt_plot_kinds[]; /* ends with NULL */
extern const char *const pmt_plot_kind_names[]; /* in the same order, NULL */

#endif
