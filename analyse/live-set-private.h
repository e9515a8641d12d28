/*
 * live-set-private.h: what live-set.c and live-tail.c share. What is done for
 * each record is inline.
 */
#ifndef PMT_LIVE_SET_PRIVATE_H
#define PMT_LIVE_SET_PRIVATE_H

#include "live-set.h"

/* ---- live-tail.c --------------------------------------------------------- */

/* A block came or went: is noted, where it may be of the end. */
void pmt_live_tail_note(struct pmt_live_set *set, const struct pmt_block *block,
                        int sign);

/* Before records are taken: they are noted, if any are; of `n` allocs only
 * those that may be of the end. */
void pmt_live_tail_open(struct pmt_live_set *set);
void pmt_live_tail_skip(struct pmt_live_set *set,
                        const struct pmt_live_columns *c, size_t n);

/* ---- a block comes or goes ------------------------------------------------ */

static inline void pmt_live_level_add(struct pmt_live_set *set,
                                      const struct pmt_block *block)
{
    set->now.count++;
    if (!set->sample_bytes) {
        set->now.bytes += block->size;
    } else {
        struct pmt_weight weight = pmt_sampling_weigh(set->sample_bytes,
                                                      block->size);

        set->now.bytes += weight.bytes;
        set->now.weight += weight.blocks;
    }
}

static inline void pmt_live_level_remove(struct pmt_live_set *set,
                                         const struct pmt_block *block)
{
    set->now.count--;
    if (!set->sample_bytes) {
        set->now.bytes -= block->size;
    } else {
        struct pmt_weight weight = pmt_sampling_weigh(set->sample_bytes,
                                                      block->size);

        set->now.bytes -= weight.bytes;
        set->now.weight -= weight.blocks;
    }
}

/* Tells who wants to know. */
static inline void pmt_live_set_tell(struct pmt_live_set *set,
                                     const struct pmt_block *block, int sign)
{
    if (set->now.step >= set->tail.from)
        pmt_live_tail_note(set, block, sign);
    if (set->watch)
        set->watch(set->watch_context, block, sign, set->now.time);
    if (set->observe)
        set->observe(set->observe_context, set, block, sign);
}

#endif
