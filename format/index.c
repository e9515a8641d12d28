/* index.c - the indexes of a trace, read from its end (spec 3.2). */
#include "pmt/index.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "frame.h"
#include "label.h"
#include "region.h"

void pmt_index_release(struct pmt_index *index)
{
    free(index->entries);
    memset(index, 0, sizeof *index);
}

static int read_all(struct pmt_source *s, uint64_t offset, uint8_t *p,
                    size_t n, struct pmt_error *err)
{
    while (n) {
        int64_t got = s->read_at(s->context, offset, p, n, err);

        if (got < 0) {
            return (int)got;
        }
        if (!got) {
            return pmt_error_set(err, PMT_ERR_IO, offset,
                                 "the file became shorter");
        }
        p += got;
        offset += (uint64_t)got;
        n -= (size_t)got;
    }
    return PMT_OK;
}

static int reserve(struct pmt_index *index, size_t more)
{
    size_t want = index->count + more;
    void *p;

    if (want <= index->capacity) {
        return PMT_OK;
    }
    p = realloc(index->entries, want * sizeof *index->entries);
    if (!p) {
        return PMT_ERR_MEMORY;
    }
    index->entries = p;
    index->capacity = want;
    return PMT_OK;
}

static int corrupt(uint64_t offset, struct pmt_error *err)
{
    return pmt_error_set(err, PMT_ERR_CORRUPT, offset, "index is damaged");
}

/* Puts the entries of one index before those of the regions behind it. */
static int take_entries(struct pmt_index *index, const uint8_t *body,
                        const struct pmt_trailer *t, uint64_t start,
                        uint64_t index_offset, struct pmt_error *err)
{
    if (reserve(index, t->count) < 0) {
        return pmt_error_set_memory(err);
    }
    if (index->count) {
        memmove(index->entries + t->count, index->entries,
                index->count * sizeof *index->entries);
    }
    for (uint32_t i = 0; i < t->count; i++) {
        const uint8_t *p = body + (size_t)i * t->entry_size;
        struct pmt_entry *e = &index->entries[i];
        uint64_t offset = pmt_get_u64le(p);

        memset(e, 0, sizeof *e);
        if (pmt_label_decode(p + 8, e) != PMT_LABEL_SOUND ||
            offset > t->region_length ||
            e->frame_bytes > t->region_length - offset) {
            return corrupt(index_offset, err);
        }
        e->offset = start + offset;
    }
    index->count += t->count;
    return PMT_OK;
}

/* The index that ends at `*end`; moves `*end` to the start of its region.
 * PMT_END: none ends there. */
static int read_one(struct pmt_index *index, struct pmt_source *s,
                    uint64_t *end, struct pmt_error *err)
{
    uint8_t trailer[PMT_INDEX_TRAILER];
    struct pmt_trailer t;
    uint8_t *frame;
    uint64_t body, at;
    int rc;

    if (*end < PMT_SKIPPABLE_HEADER + PMT_INDEX_TRAILER) {
        return PMT_END;
    }
    rc = read_all(s, *end - sizeof trailer, trailer, sizeof trailer, err);
    if (rc < 0) {
        return rc;
    }
    if (!pmt_trailer_decode(trailer, &t)) {
        return PMT_END;
    }
    body = (uint64_t)t.count * t.entry_size + PMT_INDEX_TRAILER;
    if (t.entry_size < PMT_INDEX_ENTRY || body > PMT_INDEX_BODY_MAX ||
        body + PMT_SKIPPABLE_HEADER > *end) {
        return corrupt(*end - sizeof trailer, err);
    }
    at = *end - body - PMT_SKIPPABLE_HEADER;
    frame = malloc((size_t)body + PMT_SKIPPABLE_HEADER);
    if (!frame) {
        return pmt_error_set_memory(err);
    }
    rc = read_all(s, at, frame, (size_t)body + PMT_SKIPPABLE_HEADER, err);
    if (rc == PMT_OK &&
        (pmt_get_u32le(frame) != PMT_INDEX_MAGIC ||
         pmt_get_u32le(frame + 4) != body ||
         t.region_length > at ||
         !pmt_index_sound(frame + PMT_SKIPPABLE_HEADER, (size_t)body))) {
        rc = corrupt(at, err);
    }
    rc = rc < 0 ? rc
                : take_entries(index, frame + PMT_SKIPPABLE_HEADER, &t,
                               at - t.region_length, at, err);
    free(frame);
    *end = at - t.region_length;
    return rc;
}

int pmt_index_read(struct pmt_index *index, struct pmt_source *source,
                   struct pmt_error *err)
{
    uint64_t end = source->size;
    int rc = PMT_OK;

    memset(index, 0, sizeof *index);
    if (end == PMT_NO_OFFSET || !end) {
        return PMT_END;
    }
    while (rc == PMT_OK && end) {
        rc = read_one(index, source, &end, err);
    }
    if (rc != PMT_OK) {
        pmt_index_release(index);
    }
    return rc;
}
