/* extents.c: see extents.h. */
#include "extents.h"

#include <stdlib.h>

struct extent {
    uint64_t start;  /* in the concatenation */
    uint64_t offset; /* in the base */
    uint64_t length;
};

struct pmt_extents {
    struct pmt_source *base;
    struct extent *items;
    size_t count, capacity;
    uint64_t length;
};

struct pmt_extents *pmt_extents_new(struct pmt_source *base)
{
    struct pmt_extents *e = calloc(1, sizeof *e);

    if (e != NULL)
        e->base = base;
    return e;
}

void pmt_extents_free(struct pmt_extents *e)
{
    if (e != NULL)
        free(e->items);
    free(e);
}

int pmt_extents_add(struct pmt_extents *e, uint64_t offset, uint64_t length)
{
    if (e->count == e->capacity) {
        size_t capacity = e->capacity ? 2 * e->capacity : 16;
        struct extent *items =
            reallocarray(e->items, capacity, sizeof *items);

        if (items == NULL)
            return PMT_ERR_MEMORY;
        e->items = items;
        e->capacity = capacity;
    }
    e->items[e->count++] = (struct extent){e->length, offset, length};
    e->length += length;
    return PMT_OK;
}

/* The piece that byte `offset` of the concatenation is in. */
static const struct extent *find(const struct pmt_extents *e, uint64_t offset)
{
    size_t low = 0, high = e->count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (e->items[middle].start <= offset)
            low = middle;
        else
            high = middle;
    }
    return &e->items[low];
}

static int64_t read_at(void *context, uint64_t offset, void *buffer, size_t n,
                       struct pmt_error *err)
{
    struct pmt_extents *e = context;
    const struct extent *piece;
    uint64_t inside;

    if (offset >= e->length)
        return 0;
    piece = find(e, offset);
    inside = offset - piece->start;
    if (n > piece->length - inside)
        n = (size_t)(piece->length - inside);
    return e->base->read_at(e->base->context, piece->offset + inside, buffer,
                            n, err);
}

void pmt_extents_source(struct pmt_extents *e, struct pmt_source *source)
{
    *source = (struct pmt_source){
        .context = e,
        .read_at = read_at,
        .size = e->length,
    };
}

uint64_t pmt_extents_origin(const struct pmt_extents *e, uint64_t offset)
{
    const struct extent *piece;

    if (e->count == 0)
        return offset;
    piece = find(e, offset);
    return piece->offset + (offset - piece->start);
}
