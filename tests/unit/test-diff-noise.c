/* test-diff-noise.c: two sets of runs of the same code are told apart as
 * seldom as diff-noise.h says, whatever the numbers look like, and a change of
 * one line is found. Numbers are drawn; what they are is known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "diff-noise.h"

#define ROWS 60u
#define RUNS_MAX 24u

static uint64_t state = 0x2545f4914f6cdd1d;

/* From 0 to below 1. */
static double draw(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) * 0x1p-53;
}

static double bell(void)
{
    double sum = 0;

    for (int i = 0; i < 12; i++)
        sum += draw();
    return sum - 6;
}

/* Shapes of what runs of a program differ by. */
static double value_of(unsigned row)
{
    switch (row % 6) {
    case 0:
        return 1000;                              /* always the same */
    case 1:
        return 100000 + 250 * bell();
    case 2:
        return draw() < 0.5 ? 5000 : 9000;        /* a table grew or not */
    case 3:
        return draw() < 0.05 ? 700000 : 0;        /* seldom, and then much */
    case 4:
        return floor(64 / (draw() + 0.01));       /* a long tail */
    default:
        return 4096 * floor(4 * draw());
    }
}

static long double values[ROWS * RUNS_MAX];
static bool changed[ROWS];

static struct pmt_noise make_runs(size_t a, size_t b)
{
    for (unsigned row = 0; row < ROWS; row++)
        for (size_t i = 0; i < a + b; i++)
            values[row * (a + b) + i] = value_of(row);
    return (struct pmt_noise){.runs = {a, b}, .rows = ROWS, .values = values};
}

static bool any_changed(const struct pmt_noise *noise)
{
    bool any = false;

    assert_int_equal(pmt_noise_test(noise, changed), 0);
    for (unsigned row = 0; row < ROWS; row++)
        any |= changed[row];
    return any;
}

/* Of 400 comparisons of the same, 1 of 1,000 is to be wrong: more than 4 of
 * 400 would be so once in 10,000 times. */
static void test_the_same(void **unused)
{
    int wrong = 0;

    (void)unused;
    for (int i = 0; i < 400; i++) {
        size_t runs = 8 + (size_t)i % 4;
        struct pmt_noise noise = make_runs(runs, 8 + (size_t)i % 3);

        noise.both = i % 2;
        wrong += any_changed(&noise);
    }
    assert_true(wrong <= 4);
}

/* A row grew by 1 %, which its runs differ by a quarter of; the others did not
 * change. */
static void test_one_percent(void **unused)
{
    int found = 0, wrong = 0;

    (void)unused;
    for (int i = 0; i < 50; i++) {
        struct pmt_noise noise = make_runs(10, 10);

        for (size_t run = 10; run < 20; run++)
            values[1 * 20 + run] += 1000;
        any_changed(&noise);
        found += changed[1];
        for (unsigned row = 0; row < ROWS; row++)
            wrong += row != 1 && changed[row];
    }
    assert_true(found >= 45);
    assert_true(wrong <= 1);
}

/* Always the same, and then always a little more. */
static void test_exact(void **unused)
{
    long double limits[ROWS];
    struct pmt_noise noise = make_runs(8, 8);

    (void)unused;
    for (size_t run = 8; run < 16; run++)
        values[0 * 16 + run] += 16;
    for (unsigned row = 0; row < ROWS; row++)
        limits[row] = 0;
    noise.limits = limits;
    any_changed(&noise);
    assert_true(changed[0]);
    limits[0] = 15;
    any_changed(&noise);
    assert_true(changed[0]);
    limits[0] = 16;
    any_changed(&noise);
    assert_false(changed[0]);
    limits[0] = INFINITY;
    any_changed(&noise);
    assert_false(changed[0]);
    /* What fell did not grow, but changed. */
    noise = make_runs(8, 8);
    for (size_t run = 8; run < 16; run++)
        values[run] -= 16;
    any_changed(&noise);
    assert_false(changed[0]);
    noise.both = true;
    any_changed(&noise);
    assert_true(changed[0]);
}

static bool judged(const long double *runs, size_t a, size_t b, long double l)
{
    struct pmt_noise noise = {.runs = {a, b}, .rows = 1, .values = runs,
                              .limits = &l};
    bool over = false;

    assert_int_equal(pmt_noise_test(&noise, &over), 0);
    return over;
}

static void test_few_runs(void **unused)
{
    (void)unused;
    assert_true(judged((long double[]){100, 106}, 1, 1, 5));
    assert_false(judged((long double[]){100, 105}, 1, 1, 5));
    /* Spans of 2 and 3 and the limit: more than 10 must lie between. */
    assert_true(judged((long double[]){100, 102, 113, 116}, 2, 2, 5));
    assert_false(judged((long double[]){100, 102, 112, 115}, 2, 2, 5));
    assert_true(judged((long double[]){7, 7, 7, 8, 8, 8}, 3, 3, 0));
    assert_false(judged((long double[]){7, 7, 8, 8, 8, 8}, 3, 3, 0));
    assert_false(pmt_noise_tests(7, 8));
    assert_false(pmt_noise_tests(1, 50));
    assert_true(pmt_noise_tests(PMT_NOISE_RUNS, PMT_NOISE_RUNS));
    assert_true(pmt_noise_tests(10, 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same),
        cmocka_unit_test(test_one_percent),
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_few_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
