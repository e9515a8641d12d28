/*
 * writer-private.h - the inside of a writer, for the files writer*.c only.
 */
#ifndef PMT_WRITER_PRIVATE_H
#define PMT_WRITER_PRIVATE_H

#include "chunk-out.h"
#include "defs.h"
#include "encode.h"
#include "pmt/journal.h" /* PMT_LOSS_CAUSES */
#include "pmt/writer.h"

struct pmt_writer {
    struct pmt_chunk_out out;
    struct pmt_body body;
    struct pmt_encoder *encoder;
    struct pmt_defs *defs;
    uint32_t chunk_records, epoch_chunks;
    uint32_t alloc_model;      /* spec 7.2 */

    uint64_t stream_key;
    uint64_t seq;
    uint32_t epoch, epoch_used; /* record chunks in this epoch */
    uint64_t ordinals[PMT_KIND_KNOWN];
    uint64_t records;
    uint64_t lost[PMT_LOSS_CAUSES], lost_written[PMT_LOSS_CAUSES];
    uint64_t lost_total;
    uint64_t lost_time;
    uint64_t last_time;

    struct pmt_alloc_stage allocs;
    struct pmt_object_stage objects;
    struct pmt_staged_mark *marks;
    size_t mark_count, mark_room;
    struct pmt_buffer mark_text;
    struct pmt_anchor *anchors;
    size_t anchor_count, anchor_room;
};

/* The result of a definition as an error that names the id. */
int pmt_writer_defined(int rc, uint32_t id, struct pmt_error *err);

#endif
