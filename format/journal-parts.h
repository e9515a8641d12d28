/*
 * journal-parts.h - the inside of a journal's reader, for the files
 * journal-read.c, journal-define.c and journal-record.c only.
 */
#ifndef PMT_JOURNAL_PARTS_H
#define PMT_JOURNAL_PARTS_H

#include "journal-read.h"

/* ---- journal-define.c ---- */

/* Takes a definition, which begins where the cursor stands and whose sizes
 * were checked. PMT_ERR_MEMORY; any other error means that it is not usable,
 * or was taken before. */
int pmt_journal_take_definition(struct pmt_journal_reader *r,
                                const struct pmt_segment_cursor *c,
                                const struct pmt_def *d);

/* Gives the first definition that waits to the writer. */
int pmt_journal_give_waiting(struct pmt_journal_reader *r,
                             struct pmt_error *err);

void pmt_journal_drop_waiting(struct pmt_journal_reader *r);

/* ---- journal-record.c ---- */

/* Gives the record at `raw` (and the one behind it that holds its size, of
 * `left` bytes) to the writer. Returns the bytes used, or an error. */
int pmt_journal_take_record(struct pmt_journal_reader *r,
                            struct pmt_lane *lane,
                            const struct pmt_segment_cursor *c,
                            const struct pmt_raw *raw, uint64_t left);

#endif
