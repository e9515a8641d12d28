/* blocks.c - a hash table with linear probing (blocks.h). */
#include "blocks.h"

#include <stdlib.h>

#include "pmt/error.h"
#include "sites.h"

#define PLACES_FIRST 16

static size_t place_of(const struct dt_blocks *b, uint64_t address)
{
    uint64_t h = (address ^ b->key) * UINT64_C(0x9e3779b97f4a7c15);

    return (size_t)(h >> 32) & b->mask;
}

/* The place of `address`, or the free one where it would be. */
static size_t find(const struct dt_blocks *b, uint64_t address)
{
    size_t i = place_of(b, address);

    while (b->places[i].address != 0 && b->places[i].address != address)
        i = (i + 1) & b->mask;
    return i;
}

static int grow(struct dt_blocks *b)
{
    struct dt_blocks more = *b;
    size_t places = b->places ? (b->mask + 1) * 2 : PLACES_FIRST;

    more.places = calloc(places, sizeof *more.places);
    if (!more.places)
        return PMT_ERR_MEMORY;
    more.mask = places - 1;
    if (!b->places)
        more.key = dt_secret();
    for (size_t i = 0; b->places && i <= b->mask; i++)
        if (b->places[i].address != 0)
            more.places[find(&more, b->places[i].address)] = b->places[i];
    free(b->places);
    *b = more;
    return PMT_OK;
}

int dt_blocks_add(struct dt_blocks *b, uint64_t address, uint64_t size,
                  uint64_t *was)
{
    size_t i;

    if (b->count * 4 >= (b->places ? b->mask + 1 : 0) * 3 && grow(b) < 0)
        return PMT_ERR_MEMORY;
    i = find(b, address);
    if (b->places[i].address == address) {
        *was = b->places[i].size;
        b->places[i].size = size;
        return 1;
    }
    b->places[i] = (struct dt_block){address, size};
    b->count++;
    return 0;
}

bool dt_blocks_remove(struct dt_blocks *b, uint64_t address, uint64_t *size)
{
    size_t hole, i;

    if (!b->count)
        return false;
    hole = find(b, address);
    if (b->places[hole].address != address)
        return false;
    *size = b->places[hole].size;
    /* What stands behind moves up as far as its own place allows. */
    for (i = (hole + 1) & b->mask; b->places[i].address != 0;
         i = (i + 1) & b->mask) {
        size_t home = place_of(b, b->places[i].address);

        if (((i - home) & b->mask) >= ((i - hole) & b->mask)) {
            b->places[hole] = b->places[i];
            hole = i;
        }
    }
    b->places[hole].address = 0;
    b->count--;
    return true;
}

void dt_blocks_release(struct dt_blocks *b)
{
    free(b->places);
    *b = (struct dt_blocks){0};
}
