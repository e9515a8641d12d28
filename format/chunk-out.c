/* chunk-out.c - chunks into frames, frames into a sink. */
#include "chunk-out.h"

#include <string.h>

#include "bytes.h"
#include "crc32c.h"
#include "label.h"

int pmt_body_column(struct pmt_body *body, uint32_t id,
                    const uint64_t *values, size_t rows,
                    enum pmt_codec codec, bool may_be_absent)
{
    int rc = pmt_column_put(&body->bytes, id, values, rows, codec,
                            may_be_absent);

    if (rc < 0) {
        return rc;
    }
    body->entries += (size_t)rc;
    return PMT_OK;
}

int pmt_chunk_out_init(struct pmt_chunk_out *out, const struct pmt_sink *sink,
                       int level, bool no_labels, uint64_t offset,
                       struct pmt_error *err)
{
    memset(out, 0, sizeof *out);
    out->sink = *sink;
    out->no_labels = no_labels;
    out->offset = offset;
    return pmt_compressor_new(&out->compressor, level, err);
}

void pmt_chunk_out_to(struct pmt_chunk_out *out, const struct pmt_sink *sink,
                      uint64_t offset)
{
    out->sink = *sink;
    out->offset = offset;
    out->region_start = offset;
    out->index.used = 0;
}

void pmt_chunk_out_release(struct pmt_chunk_out *out)
{
    pmt_compressor_free(out->compressor);
    pmt_buffer_release(&out->index);
    pmt_buffer_release(&out->content);
    pmt_buffer_release(&out->frame);
    memset(out, 0, sizeof *out);
}

uint64_t pmt_chunk_out_memory(const struct pmt_chunk_out *out)
{
    return pmt_compressor_memory(out->compressor) + out->index.capacity +
           out->content.capacity + out->frame.capacity;
}

/* Key 15 and the body come last. */
static int put_envelope(struct pmt_buffer *b, const struct pmt_envelope *e,
                        bool with_ordinal, const struct pmt_body *body)
{
    const struct {
        uint32_t key;
        bool there;
        uint64_t value;
    } fields[] = {
        {0, true, e->kind},           {1, true, e->stream_key},
        {2, true, e->seq},            {3, true, e->count},
        {4, true, e->t0},             {5, true, e->t1},
        {7, true, e->epoch},          {8, with_ordinal, e->ordinal},
        {9, true, e->lost},           {10, e->rss0 != 0, e->rss0},
        {11, e->align != 0, e->align}, {12, e->model != 0, e->model},
    };
    size_t n = 1;
    int rc = PMT_OK;

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        n += fields[i].there;
    }
    b->used = 0;
    if (e->kind == PMT_KIND_STREAM) {
        rc = pmt_cbor_put_tag(b, 55799);
    }
    rc = rc < 0 ? rc : pmt_cbor_put_map(b, n);
    for (size_t i = 0; rc == PMT_OK && i < sizeof fields / sizeof *fields;
         i++) {
        if (fields[i].there) {
            rc = pmt_cbor_put_uint(b, fields[i].key);
            rc = rc < 0 ? rc : pmt_cbor_put_uint(b, fields[i].value);
        }
    }
    rc = rc < 0 ? rc : pmt_cbor_put_uint(b, 15);
    rc = rc < 0 ? rc : pmt_cbor_put_map(b, body->entries);
    return rc < 0 ? rc : pmt_buffer_append(b, body->bytes.bytes,
                                           body->bytes.used);
}

/* Puts the label at the start of out->frame, and an entry into the index. */
static int label_frame(struct pmt_chunk_out *out, struct pmt_entry *entry)
{
    uint8_t *p = out->frame.bytes;
    uint8_t offset[8];
    int rc;

    entry->offset = out->offset;
    entry->frame_crc = pmt_crc32c(0, p + PMT_LABEL_BYTES, entry->frame_bytes);
    pmt_put_le(p, PMT_LABEL_MAGIC, 4);
    pmt_put_le(p + 4, PMT_LABEL_BODY, 4);
    pmt_label_encode(p + PMT_SKIPPABLE_HEADER, entry);
    pmt_put_le(offset, entry->offset - out->region_start, 8);
    rc = pmt_buffer_append(&out->index, offset, sizeof offset);
    return rc < 0 ? rc
                  : pmt_buffer_append(&out->index, p + PMT_SKIPPABLE_HEADER,
                                      PMT_LABEL_BODY);
}

static int write_out(struct pmt_chunk_out *out, const uint8_t *p, size_t n,
                     struct pmt_error *err)
{
    int rc = out->sink.write(out->sink.context, p, n, err);

    if (rc == PMT_OK) {
        out->offset += n;
    }
    return rc;
}

/* out->frame holds room for a label and then a whole frame. */
static int write_frame(struct pmt_chunk_out *out, struct pmt_entry *entry,
                       struct pmt_error *err)
{
    size_t index_used = out->index.used;
    int rc;

    if (out->no_labels) {
        return write_out(out, out->frame.bytes + PMT_LABEL_BYTES,
                         entry->frame_bytes, err);
    }
    /* The limit of an index's body: begin another region in time. */
    if (index_used + PMT_INDEX_ENTRY + PMT_INDEX_TRAILER >
        PMT_INDEX_BODY_MAX) {
        struct pmt_buffer frame = out->frame;

        memset(&out->frame, 0, sizeof out->frame);
        rc = pmt_chunk_out_index(out, err);
        pmt_buffer_release(&out->frame);
        out->frame = frame;
        if (rc < 0) {
            return rc;
        }
        index_used = 0;
    }
    if (label_frame(out, entry) < 0) {
        out->index.used = index_used;
        return pmt_error_set_memory(err);
    }
    rc = write_out(out, out->frame.bytes,
                   PMT_LABEL_BYTES + (size_t)entry->frame_bytes, err);
    if (rc < 0) {
        out->index.used = index_used; /* what is not there is not listed */
    }
    return rc;
}

static int begin_frame(struct pmt_chunk_out *out, struct pmt_error *err)
{
    out->frame.used = 0;
    if (pmt_buffer_reserve(&out->frame, PMT_LABEL_BYTES) < 0) {
        return pmt_error_set_memory(err);
    }
    out->frame.used = PMT_LABEL_BYTES;
    return PMT_OK;
}

struct pmt_entry pmt_entry_of(const struct pmt_envelope *e,
                              uint32_t content_bytes, uint32_t frame_bytes)
{
    return (struct pmt_entry){
        .stream_key = e->stream_key,
        .t0 = e->t0,
        .t1 = e->t1,
        .kind = e->kind,
        .seq = (uint32_t)e->seq,
        .count = e->count,
        .content_bytes = content_bytes,
        .frame_bytes = frame_bytes,
        .epoch = e->epoch,
        .lost = e->lost < UINT32_MAX ? (uint32_t)e->lost : UINT32_MAX,
    };
}

int pmt_chunk_out_content(struct pmt_chunk_out *out,
                          const struct pmt_envelope *e,
                          const struct pmt_buffer *content,
                          struct pmt_error *err)
{
    struct pmt_entry entry;
    int rc = begin_frame(out, err);

    rc = rc < 0 ? rc : pmt_compress(out->compressor, content->bytes,
                                    content->used, &out->frame, err);
    if (rc < 0) {
        return rc;
    }
    entry = pmt_entry_of(e, (uint32_t)content->used,
                         (uint32_t)(out->frame.used - PMT_LABEL_BYTES));
    return write_frame(out, &entry, err);
}

int pmt_chunk_out_write(struct pmt_chunk_out *out,
                        const struct pmt_envelope *e, bool with_ordinal,
                        struct pmt_body *body, struct pmt_error *err)
{
    if (put_envelope(&out->content, e, with_ordinal, body) < 0) {
        return pmt_error_set_memory(err);
    }
    body->bytes.used = 0;
    body->entries = 0;
    return pmt_chunk_out_content(out, e, &out->content, err);
}

int pmt_chunk_out_copy(struct pmt_chunk_out *out, struct pmt_entry *entry,
                       const uint8_t *frame, struct pmt_error *err)
{
    int rc = begin_frame(out, err);

    if (rc < 0) {
        return rc;
    }
    if (pmt_buffer_append(&out->frame, frame, entry->frame_bytes) < 0) {
        return pmt_error_set_memory(err);
    }
    return write_frame(out, entry, err);
}

int pmt_chunk_out_index(struct pmt_chunk_out *out, struct pmt_error *err)
{
    uint8_t header[PMT_SKIPPABLE_HEADER];
    uint8_t trailer[PMT_INDEX_TRAILER];
    size_t body = out->index.used + PMT_INDEX_TRAILER;
    int rc;

    if (out->no_labels) {
        return PMT_OK;
    }
    pmt_put_le(header, PMT_INDEX_MAGIC, 4);
    pmt_put_le(header + 4, body, 4);
    pmt_trailer_encode(trailer, out->offset - out->region_start,
                       (uint32_t)(out->index.used / PMT_INDEX_ENTRY),
                       pmt_crc32c(0, out->index.bytes, out->index.used));
    out->frame.used = 0;
    if (pmt_buffer_append(&out->frame, header, sizeof header) < 0 ||
        pmt_buffer_append(&out->frame, out->index.bytes, out->index.used) <
            0 ||
        pmt_buffer_append(&out->frame, trailer, sizeof trailer) < 0) {
        return pmt_error_set_memory(err);
    }
    rc = write_out(out, out->frame.bytes, out->frame.used, err);
    if (rc == PMT_OK) {
        out->index.used = 0;
        out->region_start = out->offset;
    }
    return rc;
}
