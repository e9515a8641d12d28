/* rewrite.c - chunks as they are, headers and ends (pmt/rewrite.h). */
#include "rewrite-private.h"

#include <stdlib.h>
#include <string.h>

#include "crc32c.h"
#include "kinds.h"
#include "reader-private.h"

int pmt_rewriter_new(struct pmt_rewriter **out, const struct pmt_sink *sink,
                     int level, struct pmt_error *err)
{
    struct pmt_rewriter *w = calloc(1, sizeof *w);
    int rc = w ? pmt_encoder_new(&w->encoder) : PMT_ERR_MEMORY;

    *out = NULL;
    if (rc == PMT_OK) {
        rc = pmt_chunk_out_init(&w->out, sink, level, false, 0, err);
    } else {
        pmt_error_set_memory(err);
    }
    if (rc < 0) {
        pmt_rewriter_free(w);
        return rc;
    }
    *out = w;
    return PMT_OK;
}

void pmt_rewriter_free(struct pmt_rewriter *w)
{
    if (!w) {
        return;
    }
    pmt_chunk_out_release(&w->out);
    pmt_buffer_release(&w->body.bytes);
    pmt_encoder_free(w->encoder);
    pmt_addresser_free(w->addresser);
    free(w->values);
    free(w->addresses);
    for (unsigned i = 0; i < 3; i++) {
        free(w->slots64[i]);
    }
    free(w->slots);
    free(w->classes);
    free(w);
}

uint64_t pmt_rewriter_bytes(const struct pmt_rewriter *w)
{
    return w->out.offset;
}

int pmt_rewriter_write(struct pmt_rewriter *w,
                       const struct pmt_envelope *envelope,
                       struct pmt_error *err)
{
    bool records = envelope->kind < PMT_KIND_KNOWN &&
                   pmt_kind_rule(envelope->kind)->records;
    int rc = pmt_chunk_out_write(&w->out, envelope, records, &w->body, err);

    w->body.bytes.used = 0;
    w->body.entries = 0;
    return rc;
}

int pmt_rewriter_finish(struct pmt_rewriter *w, struct pmt_error *err)
{
    return w->out.index.used ? pmt_chunk_out_index(&w->out, err) : PMT_OK;
}

/* ---- as they are --------------------------------------------------------- */

/* The bytes of the event's frame, checked when it was passed over. */
static const uint8_t *frame_of(struct pmt_reader *r,
                               const struct pmt_event *event, int *rc,
                               struct pmt_error *err)
{
    const uint8_t *p = pmt_scan_frame(r->scan, &r->item, err);

    *rc = PMT_OK;
    if (!p) {
        *rc = r->input.rc < 0 ? r->input.rc : PMT_ERR_IO;
    } else if (event->type == PMT_EVENT_SKIPPED_CHUNK &&
               pmt_crc32c(0, p, r->item.frame_bytes) !=
                   r->item.entry.frame_crc) {
        *rc = pmt_error_set(err, PMT_ERR_CORRUPT, r->item.frame_offset,
                            "frame_crc is wrong");
        p = NULL;
    }
    return p;
}

int pmt_rewriter_copy(struct pmt_rewriter *w, struct pmt_reader *r,
                      const struct pmt_event *event, struct pmt_error *err)
{
    struct pmt_entry entry = pmt_entry_of(
        &event->envelope, event->content_bytes, event->frame_bytes);
    int rc;
    const uint8_t *p = frame_of(r, event, &rc, err);

    return p ? pmt_chunk_out_copy(&w->out, &entry, p, err) : rc;
}

int pmt_rewriter_hold(struct pmt_reader *r, const struct pmt_event *event,
                      struct pmt_held_chunk *held, struct pmt_error *err)
{
    int rc;
    const uint8_t *p = frame_of(r, event, &rc, err);

    if (!p) {
        return rc;
    }
    held->frame = malloc(event->frame_bytes);
    if (!held->frame) {
        return pmt_error_set_memory(err);
    }
    memcpy(held->frame, p, event->frame_bytes);
    held->envelope = event->envelope;
    held->content_bytes = event->content_bytes;
    held->frame_bytes = event->frame_bytes;
    return PMT_OK;
}

int pmt_rewriter_put(struct pmt_rewriter *w,
                     const struct pmt_held_chunk *held,
                     struct pmt_error *err)
{
    struct pmt_entry entry = pmt_entry_of(
        &held->envelope, held->content_bytes, held->frame_bytes);

    return pmt_chunk_out_copy(&w->out, &entry, held->frame, err);
}

void pmt_held_chunk_release(struct pmt_held_chunk *held)
{
    free(held->frame);
    memset(held, 0, sizeof *held);
}

/* ---- headers and ends ---------------------------------------------------- */

static int put_filter(struct pmt_body *body, const struct pmt_text *filter,
                      size_t count)
{
    struct pmt_buffer *b = &body->bytes;
    int rc = pmt_cbor_put_uint(b, 13);

    rc = rc < 0 ? rc : pmt_cbor_put_array(b, count);
    for (size_t i = 0; rc == PMT_OK && i < count; i++) {
        rc = pmt_cbor_put_text(b, filter[i].bytes, filter[i].length);
    }
    body->entries++;
    return rc;
}

int pmt_rewriter_header(struct pmt_rewriter *w, struct pmt_reader *r,
                        const struct pmt_event *event,
                        const struct pmt_text *filter, size_t count,
                        struct pmt_error *err)
{
    struct pmt_cbor_cursor c = r->chunk.body;
    struct pmt_body *body = &w->body;
    bool put = false;
    int rc = PMT_OK;

    /* Every pair but that of the filter, which takes its place by number. */
    for (uint64_t i = 0; rc == PMT_OK && i < r->chunk.body_entries; i++) {
        const uint8_t *from = c.at;
        struct pmt_cbor key, item;

        rc = pmt_cbor_next(&c, &key, err);
        rc = rc < 0 ? rc : pmt_cbor_skip(&c, &key, err);
        rc = rc < 0 ? rc : pmt_cbor_next(&c, &item, err);
        rc = rc < 0 ? rc : pmt_cbor_skip(&c, &item, err);
        if (rc == PMT_OK && !put &&
            (key.type != PMT_CBOR_UINT || key.value >= 13)) {
            rc = put_filter(body, filter, count);
            put = true;
        }
        if (rc == PMT_OK && (key.type != PMT_CBOR_UINT || key.value != 13)) {
            rc = pmt_buffer_append(&body->bytes, from,
                                   (size_t)(c.at - from));
            body->entries++;
        }
    }
    rc = rc < 0 || put ? rc : put_filter(body, filter, count);
    if (rc < 0) {
        body->bytes.used = 0;
        body->entries = 0;
        return rc == PMT_ERR_MEMORY ? pmt_error_set_memory(err) : rc;
    }
    return pmt_rewriter_write(w, &event->envelope, err);
}

int pmt_rewriter_end(struct pmt_rewriter *w, const struct pmt_event *event,
                     uint64_t time, struct pmt_error *err)
{
    struct pmt_envelope e = event->envelope;
    enum pmt_end_how how = event->end_clean  ? PMT_END_STOPPED
                           : event->end_dump ? PMT_END_DUMP
                                             : PMT_END_RECOVERED;

    e.t0 = e.t1 = time;
    if (pmt_encode_end(&w->body, event->end_chunks, event->end_records,
                       event->end_lost, how) < 0) {
        return pmt_error_set_memory(err);
    }
    return pmt_rewriter_write(w, &e, err);
}
