/*
 * sampling.h - which allocations are recorded when only a sample is.
 *
 * Points are strewn over the bytes that a thread asks for, one in
 * `sample_bytes` bytes on average, each independent of all others (a Poisson
 * process). A block is recorded when at least one point falls into it. So a
 * request for s bytes is recorded with the probability 1 - exp(-max(s, 1) /
 * sample_bytes), whatever else is requested. Gaps between points have an
 * exponential distribution: it is enough to count down the bytes to the next
 * one.
 *
 * Knows nothing of Python.
 */
#ifndef REC_SAMPLING_H
#define REC_SAMPLING_H

#include <stdbool.h>
#include <stdint.h>

/* The bytes from one point up to and with the next, at least 1; moves on the
 * state of the random numbers. mean: 1 to 2^40. */
int64_t rec_sample_gap(uint64_t *state, uint64_t mean);

/* Counts down `left` by the bytes of a request, whose size is `size`; 0 in
 * `left`: nothing was drawn yet. True: it is to be recorded. */
bool rec_sample_is_hit(int64_t *left, uint64_t *state, uint64_t mean,
                       uint64_t size);

#endif
