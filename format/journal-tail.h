/*
 * journal-tail.h - the chunks that a dead process left in its journal.
 */
#ifndef PMT_JOURNAL_TAIL_H
#define PMT_JOURNAL_TAIL_H

#include <stdint.h>

#include "pmt/io.h"
#include "pmt/journal.h"
#include "pmt/reader.h"
#include "resume.h"

/* Key of the stream that a journal belongs to. */
uint64_t pmt_journal_stream_key(const struct pmt_journal *j);

/* Bytes of the trace of `size` bytes that are whole as far as the journal
 * knows: a write that was cut short does not count, its records are in the
 * journal. */
uint64_t pmt_journal_trace_end(const struct pmt_journal *j, uint64_t size);

struct pmt_tail_report {
    uint64_t records;      /* taken from the journal */
    uint64_t lost;         /* counted as lost by the process itself */
    uint64_t damaged;      /* definitions or records that could not be used */
    uint64_t last_time;    /* tick */
};

/*
 * Appends to `out` the chunks with everything in journal `j` that is not in
 * the trace, as the continuation of stream `s` at `at`. Changes the journal
 * in memory. Nothing is appended when there is nothing.
 */
int pmt_journal_tail(struct pmt_journal *j, const struct pmt_stream *s,
                     const struct pmt_resume_point *at,
                     struct pmt_buffer *out, struct pmt_tail_report *report,
                     struct pmt_error *err);

#endif
