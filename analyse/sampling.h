/*
 * sampling.h: estimates from sampled allocations (spec 8.1, the hook
 * alloc:sampled:N).
 *
 * Each acquiring call of size s was recorded with probability
 * p = 1 - exp(-max(s, 1) / N), independent of all others. So a recorded block
 * stands for 1/p blocks and s/p bytes. How far a sum of these may be from the
 * truth: estimate.h.
 *
 * Threads: any.
 */
#ifndef PMT_SAMPLING_H
#define PMT_SAMPLING_H

#include <stdint.h>

#include "pmt/reader.h"

/* Blocks are counted in parts of one, so that what is added can be taken
 * away again to the last bit. */
#define PMT_WEIGHT_BITS 16
#define PMT_WEIGHT_ONE (UINT64_C(1) << PMT_WEIGHT_BITS)

/* What one recorded block stands for. */
struct pmt_weight {
    uint64_t blocks; /* in units of 1 / PMT_WEIGHT_ONE */
    uint64_t bytes;
};

/* N of the stream's hook, up to 2^40; 0: it is not sampled. */
uint64_t pmt_sampling_of(const struct pmt_stream *s);
uint64_t pmt_sampling_in(const struct pmt_stream_header *header);

/* sample_bytes: N; 0: the block stands for itself alone. */
struct pmt_weight pmt_sampling_weigh(uint64_t sample_bytes, uint64_t size);

/* The same for `count` recorded blocks of `bytes` in all, of which no more is
 * known: each is taken to be of the mean size. What that makes of bytes is
 * right but for a few percent, of blocks rather too little. */
struct pmt_weight pmt_sampling_weigh_sum(uint64_t sample_bytes,
                                         uint64_t count, uint64_t bytes);

/* Whole blocks, rounded. */
static inline uint64_t pmt_weight_blocks(uint64_t weight)
{
    return (weight + PMT_WEIGHT_ONE / 2) >> PMT_WEIGHT_BITS;
}

#endif
