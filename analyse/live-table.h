/*
 * live-table.h: the blocks that are live, found by address.
 *
 * Chained hashing over one array: a block is 40 bytes and a bucket 4, with
 * one to two buckets a block, so a table takes 44 to 48 bytes a block and,
 * for the moment in which the buckets double, 52. The array grows through
 * realloc, which moves pages and does not copy them; places of released
 * blocks are used again, so memory follows the largest live set.
 *
 * Addresses come out of a trace and may be chosen to collide: the hash is
 * keyed by a random number per table. Nothing that can be seen depends on it:
 * a walk goes by place, and places are given out in the order of the trace.
 *
 * Threads: one at a time per table.
 */
#ifndef PMT_LIVE_TABLE_H
#define PMT_LIVE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A block or an object that is live. */
struct pmt_block {
    uint64_t address;
    uint64_t size;        /* bytes */
    uint64_t time;        /* tick at which it was made */
    uint32_t stack;       /* stack id; 0: no Python frame */
    uint32_t thread;      /* thread id */
    uint32_t type : 24;   /* type id of an object, else 0 */
    uint32_t domain : 7;  /* of a block: enum pmt_domain, or a later one */
    uint32_t free : 1;    /* the place is not in use */
    uint32_t next;        /* place of the next in the chain; private */
};

/* Domains that a block can have; the last is for all that pass it. */
#define PMT_BLOCK_DOMAINS 128

#define PMT_NO_BLOCK UINT32_MAX

/* Zeroed is an empty table; no field is for the caller. */
struct pmt_live_table {
    struct pmt_block *blocks; /* by place */
    uint32_t *buckets;        /* place of the first block of each chain */
    uint64_t key[2];          /* of the hash */
    uint32_t count;           /* live */
    uint32_t used;            /* places ever used */
    uint32_t capacity;        /* places there are */
    uint32_t free_list;       /* first free place below `used` */
    unsigned bucket_bits;     /* 0: no buckets yet */
};

/* Gives back all memory; leaves an empty table. */
void pmt_live_table_release(struct pmt_live_table *table);

/* Forgets all blocks but keeps the memory. */
void pmt_live_table_clear(struct pmt_live_table *table);

/* Bytes of memory held. Pages of `blocks` never used are counted as well. */
uint64_t pmt_live_table_memory(const struct pmt_live_table *table);

/*
 * Makes room for `more` blocks, so that so many puts cannot fail.
 * PMT_OK, or PMT_ERR_MEMORY with the table as it was. Moves blocks: pointers
 * to them end here.
 */
int pmt_live_table_reserve(struct pmt_live_table *table, size_t more);

/*
 * Adds a copy of `block` (its `free` and `next` are not read); there must be
 * room. Returns true when a block with that address was there: it is replaced
 * and left in *old.
 */
bool pmt_live_table_put(struct pmt_live_table *table,
                        const struct pmt_block *block, struct pmt_block *old);

/* The block at `address`, or NULL. Borrowed until the next put or remove;
 * all but address, free and next may be changed. */
struct pmt_block *pmt_live_table_find(struct pmt_live_table *table,
                                      uint64_t address);

/* Removes the block at `address` into *block. False: there is none. */
bool pmt_live_table_remove(struct pmt_live_table *table, uint64_t address,
                           struct pmt_block *block);

/* The block in place *at or after it, and *at behind that; NULL at the end.
 * Start with *at = 0. */
const struct pmt_block *
pmt_live_table_next(const struct pmt_live_table *table, uint32_t *at);

/* ---- fetching ahead ---------------------------------------------------- */

static inline uint64_t pmt_live_hash(const struct pmt_live_table *table,
                                     uint64_t address)
{
    unsigned __int128 product =
        (unsigned __int128)(address ^ table->key[0]) * table->key[1];

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint32_t *
pmt_live_table_bucket(const struct pmt_live_table *table, uint64_t address)
{
    return &table->buckets[pmt_live_hash(table, address) >>
                           (64 - table->bucket_bits)];
}

/* Brings the bucket of `address` near; a table with room only. */
static inline void
pmt_live_table_prefetch_bucket(const struct pmt_live_table *table,
                               uint64_t address)
{
    __builtin_prefetch(pmt_live_table_bucket(table, address));
}

/* The same for the first block of its chain, once the bucket is near; it may
 * lie in two lines of the cache. */
static inline void
pmt_live_table_prefetch_block(const struct pmt_live_table *table,
                              uint64_t address)
{
    uint32_t place = *pmt_live_table_bucket(table, address);

    if (place != PMT_NO_BLOCK) {
        __builtin_prefetch(&table->blocks[place].address);
        __builtin_prefetch(&table->blocks[place].next);
    }
}

#endif
