/*
 * blocks.h - the blocks that are live while a log is read: address and size.
 *
 * 16 bytes a place, between 3/8 and 3/4 of the places in use. Threads: one at
 * a time.
 */
#ifndef DTRACE_BLOCKS_H
#define DTRACE_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dt_block {
    uint64_t address; /* 0: free place */
    uint64_t size;
};

/* Zeroed is empty; no field but `count` is for the caller. */
struct dt_blocks {
    struct dt_block *places;
    size_t count, mask; /* mask + 1 places, a power of 2 */
    uint64_t key;
};

/* The block at `address`, which is not 0, is live with `size` bytes. *was is
 * the size of the one that was live there; returns 1 when there was one, 0
 * when there was none, PMT_ERR_MEMORY. */
int dt_blocks_add(struct dt_blocks *b, uint64_t address, uint64_t size,
                  uint64_t *was);

/* Takes the block out. False: there is none. */
bool dt_blocks_remove(struct dt_blocks *b, uint64_t address, uint64_t *size);

/* It will be asked for soon. */
static inline void dt_blocks_expect(const struct dt_blocks *b,
                                    uint64_t address)
{
    if (b->places) {
        uint64_t h = (address ^ b->key) * UINT64_C(0x9e3779b97f4a7c15);

        __builtin_prefetch(&b->places[(h >> 32) & b->mask], 1);
    }
}

void dt_blocks_release(struct dt_blocks *b);

#endif
