/*
 * estimate.h: between which two numbers the truth lies of which a sample of
 * allocations gives an estimate (sampling.h).
 *
 * The limits are those of an interval of 95 %, and they keep what that says
 * whatever the number of samples and whatever the sizes: none is below what
 * the sample itself shows, and none asks that many blocks were sampled. How
 * they are found and what they assume is told in estimate.c.
 *
 * Never prints. Threads: one at a time per set of samples.
 */
#ifndef PMT_ESTIMATE_H
#define PMT_ESTIMATE_H

#include <stddef.h>
#include <stdint.h>

/* low <= the estimate <= high; UINT64_MAX at most. */
struct pmt_range {
    uint64_t low, high;
};

/* Recorded blocks of one group, one rate and nearly one size. */
struct pmt_sample_class {
    uint64_t sample_bytes;     /* N of their stream, from 1 up */
    uint64_t count, bytes;     /* of all of them */
    uint32_t group;            /* of the caller's numbering */
    uint32_t size_class;       /* private */
};

/* Zeroed is an empty one. Memory: 32 bytes for each group, rate and size that
 * blocks have, sizes that differ by less than 1.6 % taken for one. */
#define PMT_SAMPLES_UNSEEN UINT32_MAX

struct pmt_samples {
    struct pmt_sample_class *classes;
    size_t count, capacity;
};

void pmt_samples_release(struct pmt_samples *samples);

/* Adds `count` blocks of `bytes` in all, each taken to have the mean size;
 * count 0: something was sampled at this rate, of which nothing may have been
 * seen, which goes to the group PMT_SAMPLES_UNSEEN by custom. PMT_OK or
 * PMT_ERR_MEMORY. */
int pmt_samples_add(struct pmt_samples *samples, uint32_t group,
                    uint64_t sample_bytes, uint64_t count, uint64_t bytes);

/* Brings the classes into the order of their groups. */
void pmt_samples_sort(struct pmt_samples *samples);

/* The classes of a group, after the sort; *count of them. Borrowed. */
const struct pmt_sample_class *
pmt_samples_of(const struct pmt_samples *samples, uint32_t group,
               size_t *count);

/* What the blocks of which these are a sample were, and their bytes: classes
 * of one group, or sorted as those of one. Of none: 0 to 0. */
void pmt_samples_range(const struct pmt_sample_class *classes, size_t count,
                       struct pmt_range *blocks, struct pmt_range *bytes);

/* The most bytes that a group can have had of which no block is in the
 * sample, as sure as the upper limits above. */
uint64_t pmt_samples_unseen(uint64_t sample_bytes);

#endif
