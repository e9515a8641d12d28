/* test-estimate.c: the limits of estimates from samples hold the truth as
 * often as they say, for sites of many shapes, each sampled over and over by
 * the rule of the specification (8.1); and are no wider than need be.
 *
 * PMT_ESTIMATE_RUNS=100000 takes as many samples of each shape and prints what
 * came of each: how docs/live.md was measured. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "estimate.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define N 524288.0

static uint64_t random_state = 0x2545f4914f6cdd1d;

/* Above 0, at most 1. */
static double random_1(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (double)((random_state >> 11) + 1) * 0x1p-53;
}

/* How many of `count` blocks of `size` are in a sample. */
static uint64_t draw(double count, double size, double rate)
{
    double p = -expm1(-(size < 1 ? 1 : size) / rate), at = 0;
    uint64_t drawn = 0;

    for (; p < 1; drawn++) {
        at += floor(log(random_1()) / log1p(-p)) + 1;
        if (at > count)
            return drawn;
    }
    return (uint64_t)count;
}

struct part {
    double count, size;
};

struct outcome {
    double bytes, blocks;      /* share of samples whose limits hold them */
    double half;               /* half the width, of the bytes */
};

static struct outcome sample_often(const struct part *parts, size_t count,
                                   int runs)
{
    double all_bytes = 0, all_blocks = 0, seen;
    struct outcome outcome = {0, 0, 0};

    for (size_t i = 0; i < count; i++) {
        all_bytes += parts[i].count * parts[i].size;
        all_blocks += parts[i].count;
    }
    for (int run = 0; run < runs; run++) {
        struct pmt_samples samples = {0};
        struct pmt_range bytes, blocks;

        seen = 0;
        pmt_samples_add(&samples, 0, (uint64_t)N, 0, 0);
        for (size_t i = 0; i < count; i++) {
            uint64_t drawn = draw(parts[i].count, parts[i].size, N);

            seen += (double)drawn * parts[i].size;
            if (drawn)
                pmt_samples_add(&samples, 0, (uint64_t)N, drawn,
                                drawn * (uint64_t)parts[i].size);
        }
        pmt_samples_sort(&samples);
        pmt_samples_range(samples.classes, samples.count, &blocks, &bytes);
        pmt_samples_release(&samples);
        assert_true((double)bytes.low >= seen);
        outcome.bytes += (double)bytes.low <= all_bytes &&
                         all_bytes <= (double)bytes.high;
        outcome.blocks += (double)blocks.low <= all_blocks &&
                          all_blocks <= (double)blocks.high;
        outcome.half += (double)(bytes.high - bytes.low) / 2 / all_bytes;
    }
    outcome.bytes /= runs;
    outcome.blocks /= runs;
    outcome.half /= runs;
    return outcome;
}

static int runs_of(int usual)
{
    const char *text = getenv("PMT_ESTIMATE_RUNS");

    return text ? atoi(text) : usual;
}

static void show(const char *what, double bytes,
                 const struct outcome *outcome)
{
    if (getenv("PMT_ESTIMATE_RUNS"))
        printf("%-28s %8.2f N: bytes %.4f, +- %.3f; blocks %.4f\n", what,
               bytes, outcome->bytes, outcome->half, outcome->blocks);
}

/* Blocks of one size, from far below the sampling rate to far above. */
static void test_one_size(void **state)
{
    static const double sizes[] = {32, 56, 1000, N / 10, N / 2, N,
                                   2 * N, 4 * N, 6 * N, 10 * N};
    static const double sums[] = {0.3, 1, 2, 4, 5.2, 6, 10, 20, 100, 1000};
    char what[64];

    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++) {
        for (size_t k = 0; k < COUNT(sums); k++) {
            struct part part = {round(sums[k] * N / sizes[i]), sizes[i]};
            struct outcome outcome;

            part.size = floor(part.size);
            if (part.count < 1)
                continue;
            outcome = sample_often(&part, 1, runs_of(400));
            snprintf(what, sizeof what, "%.0f of %.0f", part.count,
                     part.size);
            show(what, part.count * part.size / N, &outcome);
            assert_true(outcome.bytes >= 0.97);
            assert_true(outcome.blocks >= 0.97);
        }
    }
}

/* A sample says nothing of blocks of which it has none, so among others of
 * other sizes only bytes are certain. */
static void check_mixture(const char *what, const struct part *parts,
                          size_t count, double factor)
{
    struct part some[32];
    struct outcome outcome;
    char text[64];
    double bytes = 0;

    for (size_t i = 0; i < count; i++) {
        some[i] = (struct part){ceil(parts[i].count * factor),
                                floor(parts[i].size)};
        bytes += some[i].count * some[i].size;
    }
    outcome = sample_often(some, count, runs_of(400));
    snprintf(text, sizeof text, "%s, %g", what, factor);
    show(text, bytes / N, &outcome);
    assert_true(outcome.bytes >= 0.97);
    if (factor >= 100)
        assert_true(outcome.blocks >= 0.97);
}

static void test_mixtures(void **state)
{
    static const struct part large_and_small[] = {{0.01, 4 * N},
                                                  {N / 32, 32}};
    static const struct part one_huge[] = {{0.001, 300 * N}, {N / 56, 56}};
    static const struct part tenths[] = {{10, N / 10}, {N / 100, 100}};
    static const struct part large[] = {{1, N}, {1, 2 * N}, {1, 3 * N},
                                        {0.5, 5 * N}, {1000, N / 1000}};
    static const double factors[] = {0.3, 1, 3, 10, 100, 1000};
    struct part wide[24];

    (void)state;
    for (size_t i = 0; i < COUNT(wide); i++) {
        wide[i].size = floor(16 * pow(1.6, (double)i));
        wide[i].count = N / 24 / wide[i].size;
    }
    for (size_t i = 0; i < COUNT(factors); i++) {
        check_mixture("4 N and 32", large_and_small, 2, factors[i]);
        check_mixture("300 N and 56", one_huge, 2, factors[i]);
        check_mixture("N/10 and 100", tenths, 2, factors[i]);
        check_mixture("large ones", large, 5, factors[i]);
        check_mixture("16 to 788,000", wide, 24, factors[i]);
    }
}

static void range_of(uint64_t rate, uint64_t count, uint64_t size,
                     struct pmt_range *blocks, struct pmt_range *bytes)
{
    struct pmt_samples samples = {0};

    pmt_samples_add(&samples, 0, rate, count, count * size);
    pmt_samples_sort(&samples);
    pmt_samples_range(samples.classes, samples.count, blocks, bytes);
    pmt_samples_release(&samples);
}

/* The chance of at most k of a Poisson distribution. */
static double at_most(uint64_t k, double mean)
{
    double sum = 0;

    for (uint64_t i = 0; i <= k; i++)
        sum += exp((double)i * log(mean) - mean - lgamma((double)i + 1));
    return sum;
}

/* Of small blocks, numbers have a Poisson distribution: what lies behind a
 * limit has at most a 40th of it, and the limits are not far out. */
static void test_exact_limits(void **state)
{
    static const uint64_t counts[] = {1, 2, 5, 10, 30, 100, 1000};

    (void)state;
    for (size_t i = 0; i < COUNT(counts); i++) {
        uint64_t k = counts[i];
        struct pmt_range blocks, bytes;
        double above, below;

        range_of(1u << 20, k, 16, &blocks, &bytes);
        above = at_most(k, (double)bytes.high / 0x1p20);
        below = 1 - at_most(k - 1, (double)bytes.low / 0x1p20);
        assert_true(above < 0.0075 && above > 0.002);
        assert_true(below < 0.0075 && below > 0.002);
        assert_true(fabs((double)blocks.high * 16 / (double)bytes.high - 1) <
                    0.01);
    }
}

/* What is certain is exact. */
static void test_certain(void **state)
{
    struct pmt_range blocks, bytes;
    struct pmt_samples samples = {0};

    (void)state;
    range_of(1, 1000, 4096, &blocks, &bytes);
    assert_int_equal(blocks.low, 1000);
    assert_int_equal(blocks.high, 1001); /* rounded up */
    assert_int_equal(bytes.low, 4096000);
    assert_in_range(bytes.high, 4096000, 4096006);
    pmt_samples_range(NULL, 0, &blocks, &bytes);
    assert_int_equal(blocks.high, 0);
    assert_int_equal(bytes.high, 0);
    /* Blocks of no bytes are no bytes. */
    range_of(64, 10, 0, &blocks, &bytes);
    assert_int_equal(bytes.low, 0);
    assert_true(blocks.low > 200 && blocks.high < 2000);
    /* Nothing was seen: 200 times as likely of nothing. */
    assert_in_range(pmt_samples_unseen(1000000), 5298317, 5298318);
    pmt_samples_add(&samples, PMT_SAMPLES_UNSEEN, 1000000, 0, 0);
    pmt_samples_range(samples.classes, samples.count, &blocks, &bytes);
    assert_int_equal(bytes.low, 0);
    assert_in_range(bytes.high, 5298317, 5312000);
    pmt_samples_release(&samples);
}

/* Two streams of the same, at rates that differ: the sum is better known than
 * either, and no worse than if their limits were added. */
static void test_two_rates(void **state)
{
    struct pmt_samples samples = {0};
    struct pmt_range one, two, both, blocks;

    (void)state;
    range_of(1 << 20, 100, 64, &blocks, &one);
    range_of(1 << 16, 1600, 64, &blocks, &two);
    pmt_samples_add(&samples, 7, 1 << 20, 100, 6400);
    pmt_samples_add(&samples, 7, 1 << 16, 1000, 64000);
    pmt_samples_add(&samples, 7, 1 << 16, 600, 38400);
    pmt_samples_sort(&samples);
    assert_int_equal(samples.count, 2);
    pmt_samples_range(samples.classes, samples.count, &blocks, &both);
    assert_true(both.low > one.low + two.low);
    assert_true(both.high < one.high + two.high);
    assert_true(both.high - both.low > one.high - one.low);
    pmt_samples_release(&samples);
}

/* Many groups come back as they went in. */
static void test_groups(void **state)
{
    struct pmt_samples samples = {0};
    const struct pmt_sample_class *classes;
    size_t count;

    (void)state;
    for (uint32_t i = 0; i < 30000; i++)
        assert_int_equal(pmt_samples_add(&samples, i * 7919 % 300, 4096,
                                         1 + i % 2, (1 + i % 2) * 100),
                         0);
    pmt_samples_sort(&samples);
    assert_int_equal(samples.count, 300);
    for (uint32_t i = 0; i < 300; i++) {
        classes = pmt_samples_of(&samples, i, &count);
        assert_int_equal(count, 1);
        assert_int_equal(classes->group, i);
        assert_int_equal(classes->bytes, classes->count * 100);
    }
    pmt_samples_of(&samples, 300, &count);
    assert_int_equal(count, 0);
    pmt_samples_release(&samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_size),
        cmocka_unit_test(test_mixtures),
        cmocka_unit_test(test_exact_limits),
        cmocka_unit_test(test_certain),
        cmocka_unit_test(test_two_rates),
        cmocka_unit_test(test_groups),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
