/*
 * encode.h - bodies of chunks from definitions and records (spec 5 to 7).
 */
#ifndef PMT_ENCODE_H
#define PMT_ENCODE_H

#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "chunk-out.h"
#include "defs.h"
#include "live-map.h"
#include "pmt/record.h"
#include "pmt/writer.h"
#include "stage.h"

/* Work space for the columns of one chunk. */
struct pmt_encoder;

int pmt_encoder_new(struct pmt_encoder **out);
void pmt_encoder_free(struct pmt_encoder *e);
uint64_t pmt_encoder_memory(const struct pmt_encoder *e);

/* Every one of these but pmt_encode_part appends to an empty `body` and returns PMT_OK or
 * PMT_ERR_MEMORY. `n` is at most PMT_CHUNK_RECORDS_MAX. */

/* All of a stream's header but the part; then that, which may be 0, and how
 * many records of each kind are before it. */
int pmt_encode_stream(struct pmt_body *body,
                      const struct pmt_stream_info *info);
int pmt_encode_part(struct pmt_body *body, uint32_t part,
                    const uint64_t before[PMT_KIND_KNOWN]);

/* Who wrote the end (5.2). */
enum pmt_end_how {
    PMT_END_RECOVERED,
    PMT_END_STOPPED,
    PMT_END_DUMP
};
int pmt_encode_end(struct pmt_body *body, uint64_t chunks, uint64_t records,
                   uint64_t lost, enum pmt_end_how how);

/* Entries `ids` of a table; kind_of tells the kind of its chunk. */
enum pmt_kind pmt_table_kind(enum pmt_def_table table);
int pmt_encode_table(struct pmt_encoder *e, struct pmt_body *body,
                     const struct pmt_defs *defs, enum pmt_def_table table,
                     const uint32_t *ids, size_t n);

struct pmt_anchor {
    uint64_t time, mono_ns;
    int64_t real_ns;
    uint32_t uncertainty_ns;
};
int pmt_encode_anchors(struct pmt_encoder *e, struct pmt_body *body,
                       const struct pmt_anchor *anchors, size_t n);

/* Addresses by `model` (spec 7.2); `align` goes into the envelope. */
int pmt_encode_allocs(struct pmt_encoder *e, struct pmt_body *body,
                      struct pmt_alloc_stage *stage, uint32_t model,
                      uint32_t *align);
int pmt_encode_objects(struct pmt_encoder *e, struct pmt_body *body,
                       struct pmt_object_stage *stage, uint32_t *align);
/* call and line. The stage's rss0 goes into the envelope of these and of
 * objects. */
int pmt_encode_calls(struct pmt_body *body, struct pmt_call_stage *stage);

int pmt_encode_gcs(struct pmt_encoder *e, struct pmt_body *body,
                   const struct pmt_gc *gcs, size_t n);
int pmt_encode_snapshot(struct pmt_encoder *e, struct pmt_body *body,
                        const struct pmt_text *name,
                        const struct pmt_value *values, size_t value_count,
                        const struct pmt_snapshot_entry *rows, size_t n);

struct pmt_staged_mark {
    uint64_t time;
    uint32_t thread;
    uint32_t text_start, text_bytes; /* in `text` */
};
int pmt_encode_marks(struct pmt_encoder *e, struct pmt_body *body,
                     const struct pmt_staged_mark *marks, size_t n,
                     const char *text);

struct pmt_staged_loss {
    uint64_t time;
    uint64_t events;
    uint32_t cause;
};
int pmt_encode_losses(struct pmt_encoder *e, struct pmt_body *body,
                      const struct pmt_staged_loss *losses, size_t n);

/* Part `part` of `parts` of a live set of `kind` at `time`, sorted by
 * address. */
int pmt_encode_live(struct pmt_encoder *e, struct pmt_body *body,
                    uint64_t time, enum pmt_kind kind,
                    const struct pmt_kept *live, size_t n, uint32_t part,
                    uint32_t parts);

#endif
