/* reader-take.c - a frame, as far as it can be taken without its stream: in
 * the reader's own course, or by the thread that reads ahead. */
#include <string.h>

#include "reader-private.h"

/* Does a label say what its chunk says? */
static bool label_agrees(const struct pmt_entry *l,
                         const struct pmt_envelope *e, size_t content_bytes)
{
    uint32_t kind = e->kind < 0xffff ? e->kind : 0xffff;
    uint32_t lost = e->lost < UINT32_MAX ? (uint32_t)e->lost : UINT32_MAX;

    return l->kind == kind && l->stream_key == e->stream_key &&
           l->seq == (uint32_t)e->seq && l->count == e->count &&
           l->t0 == e->t0 && l->t1 == e->t1 && l->epoch == e->epoch &&
           l->lost == lost && l->content_bytes == content_bytes;
}

/* May the chunk be passed over, by its label and the options? */
static bool skips(struct pmt_reader *r, const struct pmt_scanned *item)
{
    const struct pmt_reader_options *o = &r->options;
    const struct pmt_entry *l = &item->entry;
    const struct pmt_stream_slot *slot;
    uint64_t tick_ns;

    if (!pmt_scan_can_skip(item) || l->kind >= PMT_KIND_KNOWN) {
        return false;
    }
    if (o->skip_kinds >> l->kind & 1) {
        return true;
    }
    if (o->pass_over) {
        struct pmt_envelope label = pmt_reader_envelope(l);

        slot = pmt_reader_find(r, l->stream_key);
        if (slot && slot->stream->header.major &&
            o->pass_over(o->pass_over_context, slot->stream, &label)) {
            return true;
        }
    }
    if ((!o->from_ns && !o->to_ns) || l->kind < PMT_KIND_CALL ||
        l->kind == PMT_KIND_END || l->kind == PMT_KIND_LIVE_SET) {
        return false;
    }
    slot = pmt_reader_find(r, l->stream_key);
    tick_ns = slot ? slot->stream->header.tick_ns : 1;
    /* In ticks, so that a great time does not wrap. */
    return l->t1 < o->from_ns / tick_ns ||
           (o->to_ns && l->t0 > o->to_ns / tick_ns);
}

/* The part of pmt_reader_take behind the scan. */
static void take_chunk(struct pmt_reader *r, struct pmt_scanned *item,
                       struct pmt_buffer *content, struct pmt_chunk *chunk,
                       struct pmt_taken *taken)
{
    int rc = pmt_scan_content(r->scan, item, content, &taken->why);

    if (rc == PMT_OK) {
        taken->content_bytes = (uint32_t)content->used;
        rc = pmt_chunk_open(chunk, content, item->frame_offset,
                            taken->version, &taken->why);
        taken->opened = rc == PMT_OK;
        if (rc == PMT_OK && pmt_reader_knows(chunk) &&
            chunk->envelope.kind != PMT_KIND_STREAM &&
            !pmt_reader_is_refused(r, chunk->envelope.stream_key)) {
            rc = pmt_chunk_decode(chunk, &taken->why);
        }
        if (rc == PMT_ERR_CORRUPT || rc == PMT_ERR_LIMIT) {
            pmt_scan_note_damage(r->scan, item->frame_offset);
        }
    }
    taken->rc = rc;
    taken->label_differs =
        taken->opened && item->has_label &&
        (rc == PMT_OK || rc == PMT_ERR_UNSUPPORTED) &&
        !label_agrees(&item->entry, &chunk->envelope, content->used);
    if (taken->label_differs && !pmt_reader_waits_for(chunk) &&
        !pmt_reader_is_refused(r, chunk->envelope.stream_key)) {
        pmt_scan_note_damage(r->scan, item->offset);
    }
}

int pmt_reader_take(struct pmt_reader *r, struct pmt_scanned *item,
                    struct pmt_buffer *content, struct pmt_chunk *chunk,
                    struct pmt_taken *taken, struct pmt_error *err)
{
    int rc = pmt_scan_next(r->scan, item, err);

    memset(taken, 0, sizeof *taken);
    if (rc != PMT_OK || item->type != PMT_SCAN_FRAME) {
        return rc;
    }
    taken->skip = skips(r, item);
    if (!taken->skip) {
        take_chunk(r, item, content, chunk, taken);
    }
    return rc;
}
