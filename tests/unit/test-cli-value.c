/* test-cli-value.c: numbers with units, and slips of the finger. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/suggest.h"
#include "cli/value.h"

#define UNTOUCHED UINT64_C(0xABCDEF)

static char why[200];

static void size_is(const char *text, uint64_t expected)
{
    uint64_t value = UNTOUCHED;

    assert_true(pmt_value_size(text, &value, why, sizeof why));
    assert_int_equal(value, expected);
}

static void not_size(const char *text)
{
    uint64_t value = UNTOUCHED;

    assert_false(pmt_value_size(text, &value, why, sizeof why));
    assert_int_equal(value, UNTOUCHED);
}

/* Expected values are those of `date -u +%s -d ...`. */
static void wall_is(const char *text, int64_t expected)
{
    int64_t value = 0;

    assert_true(pmt_value_wall(text, &value, why, sizeof why));
    assert_int_equal(value, expected);
}

static void not_wall(const char *text)
{
    int64_t value = (int64_t)UNTOUCHED;

    assert_false(pmt_value_wall(text, &value, why, sizeof why));
    assert_int_equal(value, UNTOUCHED);
}

static void test_wall(void **state)
{
    (void)state;
    wall_is("2026-11-21T03:57:20Z", INT64_C(1795233440000000000));
    wall_is("2026-11-21T03:57:20.1234567899Z", INT64_C(1795233440123456789));
    wall_is("2026-11-21 03:57:20", INT64_C(1795233440000000000));
    wall_is("2026-11-21T04:57:20+01:00", INT64_C(1795233440000000000));
    wall_is("2026-11-20T22:27:20-0530", INT64_C(1795233440000000000));
    wall_is("2026-11-21T03:57", INT64_C(1795233420000000000));
    wall_is("2026-11-21", INT64_C(1795219200000000000));
    wall_is("2024-02-29", INT64_C(1709164800000000000));
    wall_is("2000-03-01", INT64_C(951868800000000000));
    wall_is("2100-03-01", INT64_C(4107542400000000000));
    wall_is("1970-01-01T00:00:00Z", 0);
    wall_is("1795233440.5", INT64_C(1795233440500000000));
    wall_is("0", 0);
    not_wall("");
    not_wall("2026-11-21T");
    not_wall("2026-11-21T03");
    not_wall("2026-02-29");
    not_wall("2026-13-01");
    not_wall("2026-11-21T24:00");
    not_wall("2026-11-21T03:57:20.Z");
    not_wall("2026-11-21T03:57:20+1");
    not_wall("2026-11-21T03:57:20Zx");
    not_wall("1969-12-31");
    not_wall("1970-01-01T00:00+01:00");
    not_wall("2263-01-01");
    not_wall("9999999999999");
    not_wall("-5");
    not_wall("5s");
}

static void test_size(void **state)
{
    (void)state;
    size_is("0", 0);
    size_is("10", 10);
    size_is("10B", 10);
    size_is("64k", 65536);
    size_is("64K", 65536);
    size_is("64KiB", 65536);
    size_is("256M", 268435456);
    size_is("1.5G", 1610612736);
    size_is("0.001k", 1); /* 1.024 bytes: the fraction is cut */
    size_is("1.9", 1);
    size_is("256m", 268435456);
    size_is("3g", UINT64_C(3221225472));
    size_is("2TiB", UINT64_C(2199023255552));
    size_is("18446744073709551615", UINT64_MAX);
    size_is("16383.9999999999999999999999999P", UINT64_MAX);
    not_size("18446744073709551616");
    assert_string_equal(why, "larger than 2^64 bytes");
    not_size("16384P");
    not_size("99999999999999999999999999999999999999999999999999");
    not_size("");
    not_size("k");
    not_size(".5k");
    not_size("1.k");
    not_size("-1");
    not_size("+1");
    not_size(" 1");
    not_size("1 k");
    not_size("1e3");
    not_size("0x10");
    not_size("1kb");
    not_size("1s");
    assert_string_equal(why, "not a size (try 64k, 256M or 1.5G)");
}

static void duration_is(const char *text, uint64_t expected)
{
    uint64_t value = UNTOUCHED;

    assert_true(pmt_value_duration(text, &value, why, sizeof why));
    assert_int_equal(value, expected);
}

static void test_duration(void **state)
{
    uint64_t value = UNTOUCHED;

    (void)state;
    duration_is("10", UINT64_C(10000000000));
    duration_is("1.5s", 1500000000);
    duration_is("200ms", 200000000);
    duration_is("3us", 3000);
    duration_is("3\xC2\xB5s", 3000);
    duration_is("7ns", 7);
    duration_is("5m", UINT64_C(300000000000));
    duration_is("2h", UINT64_C(7200000000000));
    duration_is("1d", UINT64_C(86400000000000));
    duration_is("12.345678901", UINT64_C(12345678901));
    duration_is("0.0000000019", 1);
    assert_false(pmt_value_duration("600y", &value, why, sizeof why));
    assert_false(pmt_value_duration("5k", &value, why, sizeof why));
    assert_false(pmt_value_duration("300000d", &value, why, sizeof why));
    assert_string_equal(why, "longer than 2^64 ns");
    assert_int_equal(value, UNTOUCHED);
}

static void test_int(void **state)
{
    int64_t value = 42;

    (void)state;
    assert_true(pmt_value_int("-5", -5, 5, &value, why, sizeof why));
    assert_int_equal(value, -5);
    assert_true(pmt_value_int("007", 0, 9, &value, why, sizeof why));
    assert_int_equal(value, 7);
    assert_true(pmt_value_int("-9223372036854775808", INT64_MIN, 0, &value, why,
                              sizeof why));
    assert_true(value == INT64_MIN);
    value = 42;
    assert_false(pmt_value_int("6", -5, 5, &value, why, sizeof why));
    assert_string_equal(why, "must be at most 5");
    assert_false(pmt_value_int("-6", -5, 5, &value, why, sizeof why));
    assert_string_equal(why, "must be at least -5");
    assert_false(pmt_value_int("9223372036854775808", 0, INT64_MAX, &value, why,
                               sizeof why));
    assert_string_equal(why, "must be at most 9223372036854775807");
    assert_false(pmt_value_int("", 0, 9, &value, why, sizeof why));
    assert_false(pmt_value_int("-", -9, 9, &value, why, sizeof why));
    assert_false(pmt_value_int("--1", -9, 9, &value, why, sizeof why));
    assert_false(pmt_value_int("+1", 0, 9, &value, why, sizeof why));
    assert_false(pmt_value_int(" 1", 0, 9, &value, why, sizeof why));
    assert_false(pmt_value_int("1 ", 0, 9, &value, why, sizeof why));
    assert_false(pmt_value_int("0x1", 0, 9, &value, why, sizeof why));
    assert_int_equal(value, 42);
}

/* Known distances, with a swap of neighbours counting one. */
static void test_distance(void **state)
{
    (void)state;
    assert_int_equal(pmt_suggest_distance("", ""), 0);
    assert_int_equal(pmt_suggest_distance("", "abc"), 3);
    assert_int_equal(pmt_suggest_distance("kitten", "sitting"), 3);
    assert_int_equal(pmt_suggest_distance("sunday", "saturday"), 3);
    assert_int_equal(pmt_suggest_distance("ab", "ba"), 1);
    assert_int_equal(pmt_suggest_distance("ca", "abc"), 3);
    assert_int_equal(pmt_suggest_distance("lvie", "live"), 1);
}

static const char *nearest(const char *typed)
{
    static const char *const names[] = {"live",   "info", "diff",
                                        "filter", "dump", "top"};
    const char *best = NULL;
    size_t distance = 0;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        pmt_suggest_offer(typed, names[i], &best, &distance);
    return best;
}

static void test_suggest(void **state)
{
    char longest[400];

    (void)state;
    assert_string_equal(nearest("lvie"), "live");
    assert_string_equal(nearest("fliter"), "filter");
    assert_string_equal(nearest("diffs"), "diff");
    assert_null(nearest("x"));
    assert_null(nearest("frobnicate"));
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_null(nearest(longest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_wall),    cmocka_unit_test(test_duration),
        cmocka_unit_test(test_int),     cmocka_unit_test(test_distance),
        cmocka_unit_test(test_suggest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
