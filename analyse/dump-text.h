/*
 * dump-text.h: between the dump-text*.c files; nobody else's. Each prints one
 * field; those of a table begin with a tab.
 */
#ifndef PMT_DUMP_TEXT_H
#define PMT_DUMP_TEXT_H

#include "dump.h"

/* ---- dump-text-fields.c ---- */
void pmt_put(struct pmt_dump *d, const char *text);
void pmt_put_tab(struct pmt_dump *d);
void pmt_put_u64(struct pmt_dump *d, uint64_t value);
void pmt_put_i64(struct pmt_dump *d, int64_t value);
void pmt_put_hex(struct pmt_dump *d, uint64_t value);
void pmt_put_seconds(struct pmt_dump *d, uint64_t ns);
void pmt_put_text(struct pmt_dump *d, struct pmt_text text);
/* The name, or the number when there is none. */
void pmt_put_name(struct pmt_dump *d, const char *name, uint64_t number);
/* A tab, the key and "=". */
void pmt_put_key(struct pmt_dump *d, const char *key);
/* The site of a stack and, as the filter says, its callers. */
void pmt_put_stack(struct pmt_dump *d, const struct pmt_stream *s,
                   uint64_t id);
void pmt_put_thread(struct pmt_dump *d, const struct pmt_stream *s,
                    uint64_t id);
void pmt_put_type(struct pmt_dump *d, const struct pmt_stream *s,
                  uint64_t id);
/* The stream and, with `kind`, "-" for the time, and the kind. */
void pmt_put_begin(struct pmt_dump *d, const struct pmt_event *event,
                   const char *kind);

/* ---- dump-text-records.c ---- */
/* The lines of a chunk of records or anchors. */
void pmt_put_records(struct pmt_dump *d, const struct pmt_event *event);

#endif
