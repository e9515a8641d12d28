/*
 * live-map.h - what is live of a stream while it is written, kept up from its
 * records in their order (spec 7.11, 8.3): private to libpmt.
 *
 * Two sets, of blocks (alloc) and of objects. A block takes 40 bytes in an
 * array that grows by an eighth, and 4 to 8 in a table of chains; a reader of
 * the whole stream comes to the same sets. Records are taken in batches, so
 * that what they need is fetched ahead.
 *
 * When memory can't be had a set is given up for good: it is not known from
 * then on, and says so. Nothing here fails.
 *
 * Threads: one at a time per map.
 */
#ifndef PMT_LIVE_MAP_H
#define PMT_LIVE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pmt/record.h"

/* A block or an object that is live. */
struct pmt_kept {
    uint64_t address;
    uint64_t size;        /* bytes; 0 of an object */
    uint64_t time;        /* tick at which it was made */
    uint32_t stack;
    uint32_t thread;
    uint32_t type : 24;   /* of an object, else 0 */
    uint32_t domain : 7;  /* of a block */
    uint32_t free : 1;    /* the place is not in use */
    uint32_t next;        /* place of the next in the chain; of a record that
                           * waits in a batch, its op */
};

/* Sorts by address, in place; the order of equal addresses is any. */
void pmt_kept_sort(struct pmt_kept *blocks, size_t count);

enum pmt_kept_kind {
    PMT_KEPT_ALLOC,
    PMT_KEPT_OBJECT,
    PMT_KEPT_KINDS
};

struct pmt_live_map;

/* NULL: no memory. */
struct pmt_live_map *pmt_live_map_new(void);
void pmt_live_map_free(struct pmt_live_map *m); /* NULL is allowed */

/* Takes a record that was written with `time`. */
void pmt_live_map_alloc(struct pmt_live_map *m, uint64_t time,
                        const struct pmt_alloc *record);
void pmt_live_map_object(struct pmt_live_map *m, uint64_t time,
                         const struct pmt_object *record);

/* True while some thread's last record of kind alloc is a realloc_free: its
 * block is in no set. */
bool pmt_live_map_in_realloc(const struct pmt_live_map *m);

/* Did records of this kind come? */
bool pmt_live_map_seen(const struct pmt_live_map *m, enum pmt_kept_kind kind);

/* All that is live, in the order of addresses: *count of them, borrowed until
 * the next record. NULL: it is not known, for want of memory. Gives memory
 * back that is no longer needed. */
const struct pmt_kept *pmt_live_map_sorted(struct pmt_live_map *m,
                                           enum pmt_kept_kind kind,
                                           size_t *count);

/* Was a set given up? */
bool pmt_live_map_broken(const struct pmt_live_map *m,
                         enum pmt_kept_kind kind);

/* Blocks and objects live now, but for the last batch; bytes held. */
uint64_t pmt_live_map_count(const struct pmt_live_map *m);
uint64_t pmt_live_map_memory(const struct pmt_live_map *m);

#endif
