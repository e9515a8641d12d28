/*
 * diff-figures.h: the figures of a trace at a moment (spec 7.6): of heap and
 * of sample.
 *
 * The value of a figure is its last one not after the moment; of several
 * processes, or streams, the sum of these. Of a process that a sampler did not
 * meet when it last looked only what is counted is in the sum: it has ended,
 * and holds nothing. What is no amount is left out: the
 * state of a process, and how nice each of several is. Of a gauge of bytes
 * among samples there is also the highest value so far, where it is of one
 * process: "rss (highest)".
 *
 * Never prints. Memory grows with the figures and processes. Threads: one at
 * a time.
 */
#ifndef PMT_DIFF_FIGURES_H
#define PMT_DIFF_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diff.h"
#include "intern.h"
#include "pmt/reader.h"

/* Zeroed is empty; no field is for the caller. */
struct pmt_diff_figures {
    struct pmt_intern keys;  /* kind, stream, process, unit and name */
    struct pmt_figure_now *figures; /* by number of the key */
    size_t capacity;
    unsigned char *key;
    size_t key_capacity;
};

void pmt_diff_figures_release(struct pmt_diff_figures *figures);

/* Takes the records last read, of kind heap or sample, or process, up to tick
 * `until`. PMT_OK or PMT_ERR_MEMORY. */
int pmt_diff_figures_take(struct pmt_diff_figures *figures, struct pmt_reader *r,
                     const struct pmt_event *event, uint64_t until);

/* Has it any of that kind? */
bool pmt_diff_figures_have(const struct pmt_diff_figures *figures, enum pmt_kind kind);

/* Adds those of a kind to a run. PMT_OK or PMT_ERR_MEMORY. */
int pmt_diff_figures_add(const struct pmt_diff_figures *figures, enum pmt_kind kind,
                    struct pmt_diff *diff, enum pmt_diff_side side,
                    size_t run);

#endif
