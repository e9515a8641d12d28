/* test-clock-line.c: ticks of a trace out of raw times of a clock, before and
 * behind the place where the line begins. Worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "format/journal-read.h"

/* A tick is 1,000 of the clock's units: 2^32 / 1,000, rounded up. */
#define THOUSANDTH UINT64_C(4294968)

static void test_behind(void **state)
{
    const struct pmt_clock_line line = {.raw = 1000000,
                                        .tick = 500,
                                        .ticks_per_raw_q32 = THOUSANDTH};

    (void)state;
    assert_int_equal(pmt_clock_line_tick(&line, 1000000), 500);
    assert_int_equal(pmt_clock_line_tick(&line, 1000999), 500);
    assert_int_equal(pmt_clock_line_tick(&line, 1001000), 501);
    assert_int_equal(pmt_clock_line_tick(&line, 2000000), 1500);
}

static void test_fraction(void **state)
{
    const struct pmt_clock_line line = {
        .raw = 1000000,
        .tick = 500,
        .ticks_per_raw_q32 = THOUSANDTH,
        .fraction_q32 = UINT64_C(1) << 31, /* half a tick */
    };

    (void)state;
    assert_int_equal(pmt_clock_line_tick(&line, 1000499), 500);
    assert_int_equal(pmt_clock_line_tick(&line, 1000500), 501);
    assert_int_equal(pmt_clock_line_tick(&line, 1001500), 502);
}

/* What a process that died left unwritten may be older than the anchor: it
 * keeps its distance, and is never before the stream's beginning. */
static void test_before(void **state)
{
    const struct pmt_clock_line line = {.raw = 1000000,
                                        .tick = 500,
                                        .ticks_per_raw_q32 = THOUSANDTH};

    (void)state;
    assert_int_equal(pmt_clock_line_tick(&line, 999000), 499);
    assert_int_equal(pmt_clock_line_tick(&line, 900000), 400);
    assert_int_equal(pmt_clock_line_tick(&line, 500000), 0);
    assert_int_equal(pmt_clock_line_tick(&line, 0), 0);
    for (uint64_t raw = 1, last = 0; raw < 1100000; raw += 77) {
        uint64_t tick = pmt_clock_line_tick(&line, raw);

        assert_true(tick >= last);
        last = tick;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_behind),
        cmocka_unit_test(test_fraction),
        cmocka_unit_test(test_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
