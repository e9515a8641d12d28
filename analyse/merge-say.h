/*
 * merge-say.h: what a merge has to say on standard error, of its report.
 *
 * Threads: the main thread only.
 */
#ifndef PMT_MERGE_SAY_H
#define PMT_MERGE_SAY_H

#include "merge.h"

/* Chunks that are damaged in all inputs, or in none. */
void pmt_merge_warn_missing(const struct pmt_merge_report *report);

/* Chunks and streams that are there, and not taken. */
void pmt_merge_warn_left_out(const struct pmt_merge_report *report);

/* With -v: what was there twice, and how well clocks compare. */
void pmt_merge_note(const struct pmt_merge_report *report);

#endif
