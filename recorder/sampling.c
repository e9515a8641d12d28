/*
 * sampling.c - which allocations are recorded when only a sample is
 * (sampling.h).
 */
#include "sampling.h"

#include <math.h>

/* Larger requests can't be had. */
#define SIZE_LIMIT (UINT64_C(1) << 62)

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

int64_t rec_sample_gap(uint64_t *state, uint64_t mean)
{
    /* Above 0, at most 1. */
    double u = (double)((next_random(state) >> 11) + 1) * 0x1p-53;
    double gap = ceil(-log(u) * (double)mean);

    return gap < 1 ? 1 : (int64_t)gap;
}

bool rec_sample_is_hit(int64_t *left, uint64_t *state, uint64_t mean,
                       uint64_t size)
{
    if (*left <= 0)
        *left = rec_sample_gap(state, mean);
    if (size == 0)
        size = 1;
    if (size < SIZE_LIMIT && *left > (int64_t)size) {
        *left -= (int64_t)size;
        return false;
    }
    *left = rec_sample_gap(state, mean);
    return true;
}
