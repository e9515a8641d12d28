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
 * Most blocks live for a moment and their addresses are used again at once. So
 * records are taken in runs (pmt_live_table_take): the place of each record's
 * address is found for many of them at a time, and a block that is released
 * keeps its place in the chain, not live, until PMT_LIVE_RUN records are over.
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
    /* Type id of an object, else 0. Of a place that is not in use 1: it is
     * still in a chain. */
    uint32_t type : 24;
    uint32_t domain : 7;  /* of a block: enum pmt_domain, or a later one */
    uint32_t free : 1;    /* the place is not in use */
    uint32_t next;        /* place of the next in the chain; private */
};

/* Domains that a block can have; the last is for all that pass it. */
#define PMT_BLOCK_DOMAINS 128

#define PMT_NO_BLOCK UINT32_MAX

/* Records after which places that are not in use leave their chains: more
 * find their block again without a look, fewer stay in the caches. */
#define PMT_LIVE_RUN 4096

/* The records of a chunk that are to be taken. */
struct pmt_live_records {
    const void *addresses; /* of the first, and so many bytes further each */
    size_t stride;
    /* By record: the number, from 1, of an earlier one with the same address;
     * 0: none is known. NULL: of none. */
    const uint32_t *links;
    size_t count;
};

struct pmt_live_run {
    uint32_t places[PMT_LIVE_RUN];  /* by record, from the first one taken */
    uint32_t touched[PMT_LIVE_RUN]; /* places that the run has met */
    size_t touched_count, taken;
};

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
    struct pmt_live_run *run; /* NULL: none yet */
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

/*
 * Finds the places of the addresses of records `first` up to *end, which it
 * sets, at most `count`: run->places, from the first one on. Where the address
 * is not live it gets a place as well: its block has `free` set. There the
 * caller may write a block, all but `next`, and add one to `count`. Good until
 * any other function is called but pmt_live_table_go(). PMT_OK or
 * PMT_ERR_MEMORY.
 */
int pmt_live_table_take(struct pmt_live_table *table,
                        const struct pmt_live_records *records, size_t first,
                        size_t *end);

/* The block at a place of the run is no longer live. */
static inline void pmt_live_table_go(struct pmt_live_table *table,
                                     struct pmt_block *at)
{
    at->free = 1;
    at->type = 1;
    table->count--;
}

/* The block in place *at or after it, and *at behind that; NULL at the end.
 * Start with *at = 0. */
const struct pmt_block *
pmt_live_table_next(const struct pmt_live_table *table, uint32_t *at);

#endif
