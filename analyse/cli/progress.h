/*
 * progress.h: how far the work is, on stderr.
 *
 *     struct pmt_progress progress;
 *     pmt_progress_start(&progress, "reading a.pmt", total, PMT_PROGRESS_BYTES,
 *                        opt.common.progress);
 *     while (…)
 *         pmt_progress_update(&progress, done);
 *     pmt_progress_stop(&progress);
 *
 * "auto" draws when stderr is a terminal and one second has passed, then at
 * most ten times a second, and leaves no trace of itself at the end. "always"
 * draws from the start, whatever stderr is, and leaves the last state.
 *
 * Threads: the main thread only. One at a time.
 */
#ifndef PMT_CLI_PROGRESS_H
#define PMT_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "options.h" /* enum pmt_progress_when */

enum pmt_progress_unit {
    PMT_PROGRESS_BYTES,
    PMT_PROGRESS_COUNT,
};

struct pmt_progress {
    const char *title;
    uint64_t total, done;
    enum pmt_progress_unit unit;
    enum pmt_progress_when when;
    bool drawn;
    uint64_t start_ns, next_ns; /* monotonic clock */
};

/* title: borrowed until stop, escaped when drawn. total: in `unit`, 0 when
 * not known. when: an enum pmt_progress_when, as in struct pmt_common. */
void pmt_progress_start(struct pmt_progress *progress, const char *title,
                        uint64_t total, enum pmt_progress_unit unit, int when);

/* done: so far, from 0 to total. Cheap enough for every chunk, not for every
 * record: it reads the clock. */
void pmt_progress_update(struct pmt_progress *progress, uint64_t done);

void pmt_progress_stop(struct pmt_progress *progress);

#endif
