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
    free(table->run);
    memset(table, 0, sizeof *table);
}

static size_t bucket_count(const struct pmt_live_table *table)
{
    return table->bucket_bits ? (size_t)1 << table->bucket_bits : 0;
}

/* Where the chain of `address` begins. */
static inline uint32_t *bucket_of(const struct pmt_live_table *table,
                                  uint64_t address)
{
    unsigned __int128 product =
        (unsigned __int128)(address ^ table->key[0]) * table->key[1];
    uint64_t hash = (uint64_t)product ^ (uint64_t)(product >> 64);

    return &table->buckets[hash >> (64 - table->bucket_bits)];
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
    if (table->run)
        table->run->touched_count = 0;
}

uint64_t pmt_live_table_memory(const struct pmt_live_table *table)
{
    return table->capacity * (uint64_t)sizeof *table->blocks +
           bucket_count(table) * sizeof *table->buckets +
           (table->run ? sizeof *table->run : 0);
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

static bool is_chained(const struct pmt_block *block)
{
    return !block->free || block->type;
}

static void chain(struct pmt_live_table *table, uint32_t place)
{
    struct pmt_block *block = &table->blocks[place];
    uint32_t *bucket = bucket_of(table, block->address);

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
        if (is_chained(&table->blocks[place]))
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
    size_t held = table->run ? table->run->touched_count : 0;
    uint64_t need = (uint64_t)table->count + held + more;
    int status = PMT_OK;

    if (more > PLACES_MAX)
        return PMT_ERR_MEMORY;
    if (need > table->capacity)
        status = grow_blocks(table, need);
    if (!status && need > bucket_count(table))
        status = grow_buckets(table, need);
    return status;
}

/* The place of `address`, whose chain begins in `bucket`; given to it now if it
 * had none: there is room. */
static uint32_t hold(struct pmt_live_table *table, uint32_t *bucket,
                     uint64_t address)
{
    uint32_t place, first = *bucket;
    struct pmt_block *block;

    for (place = first; place != PMT_NO_BLOCK;
         place = table->blocks[place].next)
        if (table->blocks[place].address == address)
            return place;
    place = table->free_list;
    if (place != PMT_NO_BLOCK)
        table->free_list = table->blocks[place].next;
    else
        place = table->used++;
    block = &table->blocks[place];
    block->address = address;
    block->free = 1;
    block->type = 1;
    block->next = first;
    *bucket = place;
    return place;
}

bool pmt_live_table_put(struct pmt_live_table *table,
                        const struct pmt_block *block, struct pmt_block *old)
{
    uint32_t *bucket = bucket_of(table, block->address);
    struct pmt_block *at = &table->blocks[hold(table, bucket, block->address)];
    uint32_t next = at->next;
    bool was = !at->free;

    if (was)
        *old = *at;
    *at = *block;
    at->free = 0;
    at->next = next;
    table->count += !was;
    return was;
}

struct pmt_block *pmt_live_table_find(struct pmt_live_table *table,
                                      uint64_t address)
{
    uint32_t place;

    if (!table->count)
        return NULL;
    for (place = *bucket_of(table, address);
         place != PMT_NO_BLOCK; place = table->blocks[place].next)
        if (table->blocks[place].address == address)
            return table->blocks[place].free ? NULL : &table->blocks[place];
    return NULL;
}

/* Takes the place of `address`, which has one, out of its chain. */
static void let_go(struct pmt_live_table *table, uint32_t place)
{
    struct pmt_block *block = &table->blocks[place];
    uint32_t *link = bucket_of(table, block->address);

    while (*link != place)
        link = &table->blocks[*link].next;
    *link = block->next;
    block->free = 1;
    block->type = 0;
    block->next = table->free_list;
    table->free_list = place;
}

bool pmt_live_table_remove(struct pmt_live_table *table, uint64_t address,
                           struct pmt_block *block)
{
    const struct pmt_block *at = pmt_live_table_find(table, address);

    if (!at)
        return false;
    *block = *at;
    let_go(table, (uint32_t)(at - table->blocks));
    table->count--;
    return true;
}

/* ---- a run of records -------------------------------------------------- */

/* How far ahead of a record the first block of its chain is fetched
 * (measured: docs/benchmarks.md). */
#define AHEAD 8

static void end_run(struct pmt_live_table *table)
{
    struct pmt_live_run *run = table->run;

    for (size_t i = 0; i < run->touched_count; i++) {
        const struct pmt_block *block = &table->blocks[run->touched[i]];

        /* One may be there twice. */
        if (block->free && is_chained(block))
            let_go(table, run->touched[i]);
    }
    run->touched_count = 0;
    run->taken = 0;
}

/* Brings the first block of a chain near; it may lie in two lines of the
 * cache. */
static inline void fetch_block(const struct pmt_live_table *table,
                               uint32_t place)
{
    if (place != PMT_NO_BLOCK) {
        __builtin_prefetch(&table->blocks[place].address);
        __builtin_prefetch(&table->blocks[place].next);
    }
}

static inline uint64_t address_of(const struct pmt_live_records *records,
                                  size_t i)
{
    const char *at = (const char *)records->addresses + i * records->stride;

    return *(const uint64_t *)(const void *)at;
}

/* The places of the `n` records noted in `touched`, which become them. All
 * buckets are asked for before the first is looked into; meanwhile their
 * numbers are where the places will be. */
static void find_places(struct pmt_live_table *table,
                        const struct pmt_live_records *records, size_t first,
                        uint32_t *touched, size_t n)
{
    uint32_t *places = table->run->places;

    for (size_t i = 0; i < n; i++) {
        uint32_t *bucket =
            bucket_of(table, address_of(records, first + touched[i]));

        __builtin_prefetch(bucket);
        places[touched[i]] = (uint32_t)(bucket - table->buckets);
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t record = touched[i];

        if (i + AHEAD < n)
            fetch_block(table, table->buckets[places[touched[i + AHEAD]]]);
        touched[i] = hold(table, &table->buckets[places[record]],
                          address_of(records, first + record));
        places[record] = touched[i];
    }
}

int pmt_live_table_take(struct pmt_live_table *table,
                        const struct pmt_live_records *records, size_t first,
                        size_t *end)
{
    struct pmt_live_run *run = table->run;
    size_t n = records->count - first, unknown = 0;
    const uint32_t *links = NULL;
    uint32_t *touched;

    if (!run && !(run = table->run = calloc(1, sizeof *run)))
        return PMT_ERR_MEMORY;
    if (run->taken == PMT_LIVE_RUN)
        end_run(table);
    if (n > PMT_LIVE_RUN - run->taken)
        n = PMT_LIVE_RUN - run->taken;
    if (pmt_live_table_reserve(table, n))
        return PMT_ERR_MEMORY;
    touched = run->touched + run->touched_count;
    if (records->links)
        links = records->links + first;
    for (uint32_t i = 0; i < n; i++) {
        touched[unknown] = i;
        unknown += !links || links[i] <= first;
    }
    find_places(table, records, first, touched, unknown);
    for (size_t i = 0; links && i < n; i++)
        if (links[i] > first)
            run->places[i] = run->places[links[i] - 1 - first];
    run->touched_count += unknown;
    run->taken += n;
    *end = first + n;
    return PMT_OK;
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
