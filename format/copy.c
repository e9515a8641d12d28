/* copy.c - chunks from trace to trace as they are (pmt/copy.h). */
#include "pmt/copy.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "chunk-out.h"
#include "crc32c.h"
#include "label.h"
#include "reader-state.h"

struct pmt_copier {
    struct pmt_chunk_out out;
};

int pmt_copier_new(struct pmt_copier **out, const struct pmt_sink *sink,
                   struct pmt_error *err)
{
    struct pmt_copier *c = calloc(1, sizeof *c);
    int rc;

    *out = NULL;
    if (!c) {
        return pmt_error_set_memory(err);
    }
    rc = pmt_chunk_out_init(&c->out, sink, 1, false, 0, err);
    if (rc < 0) {
        free(c);
        return rc;
    }
    *out = c;
    return PMT_OK;
}

void pmt_copier_free(struct pmt_copier *c)
{
    if (c) {
        pmt_chunk_out_release(&c->out);
        free(c);
    }
}

uint64_t pmt_copier_offset(const struct pmt_copier *c)
{
    return c->out.offset;
}

/* Is there room in the index for one more? */
static int make_room(struct pmt_copier *c, struct pmt_error *err)
{
    return c->out.index.used <
                   (size_t)PMT_COPY_REGION_CHUNKS * PMT_INDEX_ENTRY
               ? PMT_OK
               : pmt_chunk_out_index(&c->out, err);
}

int pmt_copier_labelled(struct pmt_copier *c, const void *bytes, size_t n,
                        struct pmt_error *err)
{
    const uint8_t *p = bytes;
    struct pmt_chunk_out *out = &c->out;
    struct pmt_entry entry;
    uint8_t offset[8];
    int rc;

    if (n < PMT_LABEL_BYTES || pmt_get_u32le(p) != PMT_LABEL_MAGIC ||
        pmt_get_u32le(p + 4) != PMT_LABEL_BODY ||
        pmt_label_decode(p + PMT_SKIPPABLE_HEADER, &entry) !=
            PMT_LABEL_SOUND ||
        entry.frame_bytes != n - PMT_LABEL_BYTES) {
        return pmt_error_set(err, PMT_ERR_CORRUPT, PMT_NO_OFFSET,
                             "label is damaged");
    }
    if (pmt_crc32c(0, p + PMT_LABEL_BYTES, entry.frame_bytes) !=
        entry.frame_crc) {
        return pmt_error_set(err, PMT_ERR_CORRUPT, PMT_NO_OFFSET,
                             "checksum differs");
    }
    rc = make_room(c, err);
    if (rc < 0) {
        return rc;
    }
    pmt_put_le(offset, out->offset - out->region_start, 8);
    if (pmt_buffer_reserve(&out->index, PMT_INDEX_ENTRY) < 0) {
        return pmt_error_set_memory(err);
    }
    rc = out->sink.write(out->sink.context, p, n, err);
    if (rc < 0) {
        return rc;
    }
    out->offset += n;
    pmt_buffer_append(&out->index, offset, sizeof offset);
    pmt_buffer_append(&out->index, p + PMT_SKIPPABLE_HEADER, PMT_LABEL_BODY);
    return PMT_OK;
}

int pmt_copier_frame(struct pmt_copier *c, struct pmt_entry *entry,
                     const void *frame, struct pmt_error *err)
{
    int rc = make_room(c, err);

    return rc < 0 ? rc : pmt_chunk_out_copy(&c->out, entry, frame, err);
}

int pmt_copier_finish(struct pmt_copier *c, struct pmt_error *err)
{
    return c->out.index.used ? pmt_chunk_out_index(&c->out, err) : PMT_OK;
}

int pmt_event_entry(struct pmt_reader *r, const struct pmt_event *event,
                    struct pmt_entry *entry, const uint8_t **frame,
                    struct pmt_error *err)
{
    struct pmt_error why;

    *entry = pmt_entry_of(&event->envelope, event->content_bytes,
                          event->frame_bytes);
    entry->offset = event->offset;
    *frame = pmt_reader_frame(r, event, &why);
    if (!*frame) {
        return pmt_error_set(err, why.code, why.offset, "%s", why.message);
    }
    entry->frame_crc = pmt_crc32c(0, *frame, entry->frame_bytes);
    return PMT_OK;
}
