/*
 * diff-noise.h: which rows of numbers changed by more than runs of the same
 * code differ from each other.
 *
 * A permutation test. If the two sides are runs of the same code, it makes no
 * difference which runs are called A and which B; so the runs are dealt out
 * anew 9,999 times, and a row counts as changed when hardly any deal makes any
 * row differ as much, measured in standard deviations of the row's own runs.
 * Taking the largest of all rows in each deal allows for their number (maxT,
 * Westfall and Young): a comparison of two sets of the same code calls any of
 * its rows changed in 1 of 1,000 cases at most, whatever their distributions
 * and however they hang together. Values far from a row's others (more than 5
 * robust standard deviations) count as no farther than that.
 *
 * With fewer than 8 runs a side, which have too few different deals, there is
 * no such test. Then the band is what the runs themselves span: the nearest runs of
 * the two sides must lie farther apart than the spans of both together, and
 * the limit. With one run a side that is the limit alone.
 *
 * The deals are the same each time. Never prints. Threads: any.
 */
#ifndef PMT_DIFF_NOISE_H
#define PMT_DIFF_NOISE_H

#include <stdbool.h>
#include <stddef.h>

struct pmt_noise {
    size_t runs[2];             /* of A and B, 1 or more each */
    size_t rows;
    const long double *values;  /* of each row its runs: those of A, of B */
    const long double *limits;  /* of each row: growth up to this is none;
                                 * NULL: 0. INFINITY: the row is not looked
                                 * at */
    bool both;                  /* also what fell; not with limits */
};

/* Runs a side that the test needs, where both have as many. */
#define PMT_NOISE_RUNS 8

/* Sets changed[i] of each row. PMT_OK or PMT_ERR_MEMORY. */
int pmt_noise_test(const struct pmt_noise *noise, bool *changed);

/* Are there enough runs for the test? */
bool pmt_noise_tests(size_t runs_a, size_t runs_b);

#endif
