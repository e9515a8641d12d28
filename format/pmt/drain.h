/*
 * drain.h - moves what is in a journal into a trace.
 *
 * The recorder's background thread owns a drain while the process lives;
 * pmt-recover and every reader use the same code on the journal of a dead
 * one. Not thread-safe: one thread at a time calls into a drain. No call
 * needs the GIL or touches Python.
 */
#ifndef PMT_DRAIN_H
#define PMT_DRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "pmt/error.h"
#include "pmt/journal.h"
#include "pmt/writer.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pmt_drain;

/*
 * A drain of a living journal into the open, empty file `trace_fd` (not
 * owned; written by pwrite(2)). Writes the stream header at once. `info` and `options` are copied.
 */
int pmt_drain_new(struct pmt_drain **out, struct pmt_journal *j,
                  int trace_fd, const struct pmt_stream_info *info,
                  const struct pmt_writer_options *options,
                  struct pmt_error *err);

/*
 * Takes all records whose time lies before the call, in order of time over
 * all threads, and writes each chunk that is complete. With `flush`, writes
 * what is left as well. Frees segments that are emptied and written.
 *
 * PMT_ERR_IO (disk full): the file is cut back to its last whole chunk, and
 * what could not be written stays in the journal; the next pass tries again.
 * Meanwhile no segment is freed: when the journal is full the producers
 * count what they drop, which the trace then shows as lost by cause `io`.
 */
int pmt_drain_pass(struct pmt_drain *d, bool flush, struct pmt_error *err);

/* Records taken so far that are not in the trace yet. */
uint64_t pmt_drain_unwritten(const struct pmt_drain *d);

/* The last pass, when all producers have stopped; the end of the stream; the
 * index. After PMT_OK the journal file may be removed; after an error it
 * holds what is missing, and should stay. */
int pmt_drain_finish(struct pmt_drain *d, struct pmt_error *err);

/* NULL is allowed. Does not close the journal or the file. */
void pmt_drain_free(struct pmt_drain *d);

/* Bytes of memory a drain holds now, and the most it held. */
void pmt_drain_memory(const struct pmt_drain *d, uint64_t *now_bytes,
                      uint64_t *peak_bytes);

#ifdef __cplusplus
}
#endif
#endif
