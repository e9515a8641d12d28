/*
 * reader-state.h - what recovery needs of a reader: private to libpmt.
 */
#ifndef PMT_READER_STATE_H
#define PMT_READER_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "pmt/journal.h"
#include "pmt/reader.h"
#include "resume.h"

/* As pmt_reader_open, with a journal to finish the trace from, which is taken
 * over (also on failure) and may be closed (fd -1, header NULL). The file
 * that the journal belongs to begins at byte `last_part_at` of the source. */
int pmt_reader_open_both(struct pmt_reader **out, struct pmt_source *source,
                         uint64_t last_part_at, struct pmt_journal *journal,
                         const struct pmt_reader_options *options,
                         struct pmt_error *err);

/* Bytes of the file that belong to no sound frame. */
uint64_t pmt_reader_bytes_dropped(const struct pmt_reader *r);

/* What the journal gave, once the reader is through; zero before. */
struct pmt_tail_report;
const struct pmt_tail_report *
pmt_reader_tail_report(const struct pmt_reader *r);

/* NULL when the reader does not know the stream. Borrowed until the next
 * pmt_reader_next. */
const struct pmt_resume_point *
pmt_reader_resume_point(struct pmt_reader *r, const struct pmt_stream *s);

/* Stream `i` in the order met, or NULL. */
struct pmt_stream *pmt_reader_stream(struct pmt_reader *r, size_t i);

/* The bytes of the data frame of the last event, borrowed until the next
 * pmt_reader_next. NULL: could not be read. */
const uint8_t *pmt_reader_frame(struct pmt_reader *r,
                                const struct pmt_event *event,
                                struct pmt_error *err);

#endif
