/* region.c - holding an index against the labels. */
#include "region.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "crc32c.h"
#include "label.h"
#include "pmt/error.h"

enum entry_type { ENTRY_LABEL, ENTRY_BARE_FRAME, ENTRY_OTHER };

struct pmt_region_entry {
    uint64_t offset;
    enum entry_type type;
    uint8_t body[PMT_LABEL_BODY];
};

void pmt_region_release(struct pmt_region *r)
{
    free(r->entries);
    memset(r, 0, sizeof *r);
}

static struct pmt_region_entry *append(struct pmt_region *r, uint64_t offset,
                                       enum entry_type type)
{
    if (r->count == r->room) {
        size_t room = r->room ? r->room * 2 : 64;
        void *p = realloc(r->entries, room * sizeof *r->entries);

        if (!p) {
            return NULL;
        }
        r->entries = p;
        r->room = room;
    }
    r->entries[r->count].offset = offset;
    r->entries[r->count].type = type;
    return &r->entries[r->count++];
}

int pmt_region_add(struct pmt_region *r, uint64_t offset, const uint8_t *body)
{
    struct pmt_region_entry *e;

    if (!body && r->label_waits) {
        r->label_waits = false;
        return PMT_OK;
    }
    r->label_waits = false;
    e = append(r, offset, body ? ENTRY_LABEL : ENTRY_BARE_FRAME);
    if (!e) {
        return PMT_ERR_MEMORY;
    }
    if (body) {
        memcpy(e->body, body, sizeof e->body);
    }
    return PMT_OK;
}

void pmt_region_label_waits(struct pmt_region *r)
{
    r->label_waits = true;
}

void pmt_region_start_at(struct pmt_region *r, uint64_t offset)
{
    /* Without memory for it an index is called corrupt at worst. */
    (void)append(r, offset, ENTRY_OTHER);
}

void pmt_region_damage(struct pmt_region *r, uint64_t offset)
{
    if (!r->damaged || offset > r->last_damage) {
        r->last_damage = offset;
    }
    r->damaged = true;
}

void pmt_region_end(struct pmt_region *r, uint64_t offset)
{
    r->count = 0;
    r->start = offset;
    r->label_waits = false;
}

/* The trailer of an index that is sound in itself, or false. */
static bool read_trailer(const uint8_t *body, size_t size,
                         struct pmt_trailer *t)
{
    size_t entries = size - PMT_INDEX_TRAILER;
    const uint8_t *trailer = body + entries;

    return pmt_trailer_decode(trailer, t) &&
           t->entry_size >= PMT_INDEX_ENTRY &&
           (uint64_t)t->count * t->entry_size == entries &&
           !pmt_get_u32le(trailer + 20) &&
           pmt_trailer_crc(pmt_crc32c(0, body, entries), trailer) == t->crc;
}

bool pmt_index_sound(const uint8_t *body, size_t size)
{
    struct pmt_trailer t;

    return size >= PMT_INDEX_TRAILER && read_trailer(body, size, &t);
}

const char *pmt_region_check(const struct pmt_region *r, const uint8_t *body,
                             size_t size, uint64_t offset)
{
    struct pmt_trailer t;
    uint64_t start;
    size_t first = 0;
    size_t listed = 0;

    if (!read_trailer(body, size, &t)) {
        return "index is damaged";
    }
    if (t.region_length > offset - r->start) {
        return "index has a region that is too long";
    }
    start = offset - t.region_length;
    if (r->damaged && r->last_damage >= start) {
        return NULL; /* what is missing can't be held against it */
    }
    while (first < r->count && r->entries[first].offset < start) {
        first++;
    }
    if (start != offset && start != r->start &&
        (first == r->count || r->entries[first].offset != start)) {
        return "index has a region that does not begin at a frame";
    }
    for (size_t i = first; i < r->count; i++) {
        const struct pmt_region_entry *e = &r->entries[i];
        const uint8_t *entry = body + listed * t.entry_size;

        if (e->type == ENTRY_OTHER) {
            continue;
        }
        if (e->type == ENTRY_BARE_FRAME || listed == t.count ||
            pmt_get_u64le(entry) != e->offset - start ||
            memcmp(entry + 8, e->body, sizeof e->body) != 0) {
            return "index differs from the labels";
        }
        listed++;
    }
    return listed == t.count ? NULL : "index lists more than there is";
}
