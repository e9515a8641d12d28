/* live-table.c: see live-table.h. */
#include "live-table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "pmt/error.h"

#define FIRST_BUCKET_BITS 10
#define LAST_BUCKET_BITS 32
#define PLACES_MAX (UINT32_MAX - 1) /* PMT_NO_BLOCK is no place */

_Static_assert(sizeof(struct pmt_block) == 40, "40 bytes a block");

void pmt_live_table_release(struct pmt_live_table *table)
{
    free(table->blocks);
    free(table->buckets);
    memset(table, 0, sizeof *table);
}

static size_t bucket_count(const struct pmt_live_table *table)
{
    return table->bucket_bits ? (size_t)1 << table->bucket_bits : 0;
}

static void empty_buckets(struct pmt_live_table *table)
{
    if (table->buckets)
        memset(table->buckets, 0xff,
               bucket_count(table) * sizeof *table->buckets);
}

void pmt_live_table_clear(struct pmt_live_table *table)
{
    empty_buckets(table);
    table->count = 0;
    table->used = 0;
    table->free_list = PMT_NO_BLOCK;
}

uint64_t pmt_live_table_memory(const struct pmt_live_table *table)
{
    return table->capacity * (uint64_t)sizeof *table->blocks +
           bucket_count(table) * sizeof *table->buckets;
}

/* Without random bytes the hash still spreads; it is then only not secret. */
static void choose_key(struct pmt_live_table *table)
{
    uint64_t key[2] = {0x9e3779b97f4a7c15u, 0xd6e8feb86659fd93u};
    uint64_t random[2];

    if (getrandom(random, sizeof random, GRND_NONBLOCK) ==
        (ssize_t)sizeof random) {
        key[0] ^= random[0];
        key[1] ^= random[1];
    }
    table->key[0] = key[0];
    table->key[1] = key[1] | UINT64_C(1) << 63 | 1;
}

static void chain(struct pmt_live_table *table, uint32_t place)
{
    struct pmt_block *block = &table->blocks[place];
    uint32_t *bucket = pmt_live_table_bucket(table, block->address);

    block->next = *bucket;
    *bucket = place;
}

static int grow_buckets(struct pmt_live_table *table, uint64_t blocks)
{
    unsigned bits = table->bucket_bits ? table->bucket_bits
                                       : FIRST_BUCKET_BITS;
    uint32_t *buckets;
    uint32_t place;

    while (bits < LAST_BUCKET_BITS && UINT64_C(1) << bits < blocks)
        bits++;
    if (bits == table->bucket_bits)
        return PMT_OK;
    buckets = malloc(((size_t)1 << bits) * sizeof *buckets);
    if (!buckets)
        return PMT_ERR_MEMORY;
    if (!table->bucket_bits) {
        choose_key(table);
        table->free_list = PMT_NO_BLOCK;
    }
    free(table->buckets);
    table->buckets = buckets;
    table->bucket_bits = bits;
    empty_buckets(table);
    for (place = 0; place < table->used; place++)
        if (!table->blocks[place].free)
            chain(table, place);
    return PMT_OK;
}

static int grow_blocks(struct pmt_live_table *table, uint64_t need)
{
    uint64_t capacity = table->capacity + (uint64_t)table->capacity / 4;
    struct pmt_block *blocks;

    if (need > PLACES_MAX)
        return PMT_ERR_MEMORY;
    if (capacity < need)
        capacity = need;
    if (capacity > PLACES_MAX)
        capacity = PLACES_MAX;
    blocks = realloc(table->blocks, capacity * sizeof *blocks);
    if (!blocks)
        return PMT_ERR_MEMORY;
    table->blocks = blocks;
    table->capacity = (uint32_t)capacity;
    return PMT_OK;
}

int pmt_live_table_reserve(struct pmt_live_table *table, size_t more)
{
    uint64_t need = (uint64_t)table->count + more;
    int status = PMT_OK;

    if (more > PLACES_MAX)
        return PMT_ERR_MEMORY;
    if (need > table->capacity)
        status = grow_blocks(table, need);
    if (!status && need > bucket_count(table))
        status = grow_buckets(table, need);
    return status;
}

bool pmt_live_table_put(struct pmt_live_table *table,
                        const struct pmt_block *block, struct pmt_block *old)
{
    uint32_t *bucket = pmt_live_table_bucket(table, block->address);
    uint32_t place, first = *bucket;

    for (place = first; place != PMT_NO_BLOCK;
         place = table->blocks[place].next)
        if (table->blocks[place].address == block->address)
            break;
    if (place != PMT_NO_BLOCK) {
        *old = table->blocks[place];
        table->blocks[place] = *block;
        table->blocks[place].free = 0;
        table->blocks[place].next = old->next;
        return true;
    }
    place = table->free_list;
    if (place != PMT_NO_BLOCK)
        table->free_list = table->blocks[place].next;
    else
        place = table->used++;
    table->blocks[place] = *block;
    table->blocks[place].free = 0;
    table->blocks[place].next = first;
    *bucket = place;
    table->count++;
    return false;
}

struct pmt_block *pmt_live_table_find(struct pmt_live_table *table,
                                      uint64_t address)
{
    uint32_t place;

    if (!table->count)
        return NULL;
    for (place = *pmt_live_table_bucket(table, address);
         place != PMT_NO_BLOCK; place = table->blocks[place].next)
        if (table->blocks[place].address == address)
            return &table->blocks[place];
    return NULL;
}

bool pmt_live_table_remove(struct pmt_live_table *table, uint64_t address,
                           struct pmt_block *block)
{
    uint32_t *link, place;

    if (!table->count)
        return false;
    for (link = pmt_live_table_bucket(table, address);
         *link != PMT_NO_BLOCK; link = &table->blocks[*link].next)
        if (table->blocks[*link].address == address)
            break;
    place = *link;
    if (place == PMT_NO_BLOCK)
        return false;
    *block = table->blocks[place];
    *link = block->next;
    table->blocks[place].free = 1;
    table->blocks[place].next = table->free_list;
    table->free_list = place;
    table->count--;
    return true;
}

const struct pmt_block *
pmt_live_table_next(const struct pmt_live_table *table, uint32_t *at)
{
    while (*at < table->used) {
        const struct pmt_block *block = &table->blocks[(*at)++];

        if (!block->free)
            return block;
    }
    return NULL;
}
