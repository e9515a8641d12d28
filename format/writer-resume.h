/*
 * writer-resume.h - what it takes to go on with a stream that has a
 * beginning: private to libpmt, for recovery.
 */
#ifndef PMT_WRITER_RESUME_H
#define PMT_WRITER_RESUME_H

#include "defs.h"
#include "pmt/reader.h"
#include "pmt/writer.h"

/* Takes over all tables of a stream that was read, under their ids. They
 * count as not stated in the epoch that begins. */
int pmt_writer_load_tables(struct pmt_writer *w, const struct pmt_stream *s,
                           struct pmt_error *err);

/* One more than the greatest id in the table of `kind`; 0: no table. */
uint32_t pmt_writer_table_end(const struct pmt_writer *w, enum pmt_kind kind);

/* Records that can be staged before the writer flushes by itself. */
uint32_t pmt_writer_room(const struct pmt_writer *w);

/* One entry of it (defs-load.c): nothing when the stream does not have it. */
int pmt_defs_load(struct pmt_defs *d, enum pmt_def_table table, uint32_t id,
                  const struct pmt_stream *s);

bool pmt_defs_is_stated(enum pmt_def_table table, uint32_t id,
                        const struct pmt_stream *s);

/* Under the id that it has in the stream (defs.c). */
int pmt_defs_load_string(struct pmt_defs *d, uint32_t id, const char *bytes,
                         size_t n);
int pmt_defs_load_class(struct pmt_defs *d, uint32_t id,
                        const uint64_t fields[PMT_DEF_FIELDS]);

/* What is defined so far is not new: pmt_defs_want_new passes it over. */
void pmt_defs_forget_new(struct pmt_defs *d);

#endif
