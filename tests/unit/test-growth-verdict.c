/* test-growth-verdict.c: what courses made by hand are called: each shape by
 * the words of growth-verdict.c, at several heights. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "growth-verdict.h"

#define BINS 64

/* The level in bin `i`, 0 to about 1. */
typedef double shape(size_t i);

static double steady(size_t i)
{
    return (double)(i + 1) / BINS;
}

static double faster(size_t i)
{
    return steady(i) * steady(i);
}

static double filling(size_t i)
{
    return 1 - exp(-(double)i / 30);
}

static double filled(size_t i)
{
    return 1 - exp(-(double)i / 8); /* 98 % by the middle */
}

static double full(size_t i)
{
    return i == 0 ? 0.95 : 1;
}

static double one_go(size_t i)
{
    return i < 30 ? 0 : 1;
}

static double teeth(size_t i)
{
    return (double)(i % 16 + 1) / 16;
}

static double fell(size_t i)
{
    return i < 10 ? steady(6 * i) : 0.1;
}

/* What lives was born as the level rose; of a level that falls at the last
 * rise. */
static void make(struct pmt_growth_course *c, shape *level, double bytes)
{
    double born = 0;

    memset(c, 0, sizeof *c);
    c->bins = BINS;
    for (size_t i = 0; i < BINS; i++) {
        double low = level(i), before = i ? level(i - 1) : 0;

        c->bytes_low[i] = low * bytes;
        c->bytes_high[i] = low * bytes;
        c->count_low[i] = floor(low * bytes / 100);
        c->seconds[i] = 0.5 * (double)(i + 1);
        c->born[i] = low > before ? (low - before) * bytes / 100 : 0;
        born += c->born[i];
    }
    c->records = 0.1;
    c->samples = born;
    c->turned_over = 0.2;
}

static enum pmt_growth_kind kind_of(shape *level, double bytes)
{
    struct pmt_growth_course course;
    struct pmt_growth_verdict verdict;

    make(&course, level, bytes);
    pmt_growth_judge(&course, &verdict);
    assert_true(verdict.confidence >= 0 && verdict.confidence <= 1);
    assert_true(verdict.from <= verdict.to && verdict.to <= BINS);
    return verdict.kind;
}

static void test_shapes(void **state)
{
    static const struct {
        const char *name;
        shape *level;
        enum pmt_growth_kind kind;
    } cases[] = {
        {"steady", steady, PMT_GROWTH_LEAK},
        {"ever faster", faster, PMT_GROWTH_LEAK},
        {"ever more slowly", filling, PMT_GROWTH_FILLING},
        {"filled by the middle", filled, PMT_GROWTH_PLATEAU},
        {"in one go at the beginning", full, PMT_GROWTH_ONE_OFF},
        {"in one go", one_go, PMT_GROWTH_ONE_OFF},
        {"up and down four times", teeth, PMT_GROWTH_SAW_TOOTH},
        {"fell and stays", fell, PMT_GROWTH_SHRINKING},
    };
    static const double heights[] = {100e3, 10e6, 3e9};
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t h = 0; h < sizeof heights / sizeof *heights; h++) {
            enum pmt_growth_kind kind = kind_of(cases[i].level, heights[h]);

            if (kind == cases[i].kind)
                continue;
            wrong++;
            print_error("%s to %.0f bytes: %s\n", cases[i].name, heights[h],
                        pmt_growth_kind_names[kind]);
        }
    assert_int_equal(wrong, 0);
}

/* A rate is the slope: the course grows by `bytes` in 32 s. */
static void test_rate(void **state)
{
    struct pmt_growth_course course;
    struct pmt_growth_verdict verdict;

    (void)state;
    make(&course, steady, 64e6);
    pmt_growth_judge(&course, &verdict);
    assert_int_equal(verdict.kind, PMT_GROWTH_LEAK);
    assert_true(fabs(verdict.bytes.value - 2e6) < 0.05 * 2e6);
    assert_true(fabs(verdict.blocks.value - 2e4) < 0.05 * 2e4);
    assert_true(verdict.bytes.low <= verdict.bytes.value &&
                verdict.bytes.value <= verdict.bytes.high);
    assert_true(verdict.confidence > 0.5);
}

/* Growth of which the old is all gone is a cache; so is none that is short. */
static void test_evidence(void **state)
{
    struct pmt_growth_course course;
    struct pmt_growth_verdict verdict;

    (void)state;
    make(&course, steady, 10e6);
    for (size_t i = 0; i < BINS - 8; i++)
        course.born[i] = 0;
    course.born[BINS - 1] = 1e5;
    course.turned_over = 1;
    pmt_growth_judge(&course, &verdict);
    assert_int_not_equal(verdict.kind, PMT_GROWTH_LEAK);

    make(&course, steady, 10e6);
    course.bins = 4;
    pmt_growth_judge(&course, &verdict);
    assert_int_equal(verdict.kind, PMT_GROWTH_SHORT);

    memset(&course, 0, sizeof course);
    pmt_growth_judge(&course, &verdict);
    assert_int_not_equal(verdict.kind, PMT_GROWTH_LEAK);
    assert_true(verdict.kind < PMT_GROWTH_KINDS);
}

/* Cycles wait for a collection: the level goes up and down by more than it
 * grew, or by less. So is a leak of next to nothing not worth the word. */
static void test_swing(void **state)
{
    static const struct {
        double bytes, swing;
        enum pmt_growth_kind kind;
    } cases[] = {{100e3, 120e3, PMT_GROWTH_SHORT},
                 {100e3, 50e3, PMT_GROWTH_LEAK},
                 {10e6, 50e3, PMT_GROWTH_LEAK},
                 {6e3, 0, PMT_GROWTH_SHORT},
                 {20e3, 0, PMT_GROWTH_LEAK}};
    struct pmt_growth_course course;
    struct pmt_growth_verdict verdict;

    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        make(&course, steady, cases[k].bytes);
        for (size_t i = 0; i < BINS; i++)
            course.bytes_high[i] += cases[k].swing;
        pmt_growth_judge(&course, &verdict);
        assert_int_equal(verdict.kind, cases[k].kind);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_swing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
