/*
 * test-dtrace-digits.c - numbers of lines as strtoull(3) reads them, with any
 * bytes behind them, each in a block that ends where the line does.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dtrace/digits.h"

static uint32_t next_random(void)
{
    static uint64_t state = 7;

    state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(state >> 33);
}

/* What it should give, from the digits that `set` has. */
static const char *expected(const char *p, size_t n, const char *set,
                            uint64_t *value)
{
    char text[64] = "";
    size_t digits = 0;

    while (digits < n && p[digits] && strchr(set, p[digits]))
        digits++;
    memcpy(text, p, digits);
    errno = 0;
    *value = strtoull(text, NULL, strlen(set) == 16 ? 16 : 10);
    return digits == 0 || errno || (strlen(set) == 16 && digits > 16)
               ? NULL
               : p + digits;
}

static void check(const char *text, size_t n)
{
    char *block = malloc(n + 2), *p = block + 2; /* a sanitizer sees its end */
    uint64_t value, right;
    const char *end, *right_end;

    assert_non_null(block);
    memcpy(block, "0x", 2);
    memcpy(p, text, n);
    right_end = expected(p, n, "0123456789", &right);
    end = dt_read_decimal(p, p + n, &value);
    assert_ptr_equal(end, right_end);
    if (end)
        assert_int_equal(value, right);
    right_end = expected(p, n, "0123456789abcdef", &right);
    end = dt_read_hexadecimal(p, p + n, &value);
    assert_ptr_equal(end, right_end);
    if (end)
        assert_int_equal(value, right);
    free(block);
}

static void test_lengths(void **state)
{
    static const char digits[] = "0123456789abcdef";
    char text[40];

    (void)state;
    for (unsigned base = 10; base <= 16; base += 6)
        for (size_t n = 0; n < 30; n++)
            for (int times = 0; times < 300; times++) {
                for (size_t i = 0; i < sizeof text; i++)
                    text[i] = digits[next_random() % base];
                for (size_t more = 0; more < 10; more++) {
                    text[n] = (char)next_random(); /* any byte */
                    check(text, n + more);
                }
            }
}

/* Each byte that there is, in each place. */
static void test_bytes(void **state)
{
    (void)state;
    for (size_t n = 1; n < 20; n++)
        for (size_t at = 0; at < n; at++)
            for (unsigned byte = 0; byte < 256; byte++) {
                char text[] = "12345678901234567890";

                text[at] = (char)byte;
                check(text, n);
            }
}

static void test_greatest(void **state)
{
    static const char *const texts[] = {
        "18446744073709551615", "18446744073709551616", "9999999999999999999",
        "18446744073709551609", "99999999999999999999", "10000000000000000000",
        "000000000000000000000000018446744073709551615", "00000000000000000000",
        "000000000000000000000000018446744073709551616", "ffffffffffffffff",
        "10000000000000000", "0000000000000000", "ABCDEF", "12345678",
        "1234567", "123456789012345678901234567890",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[64];
        int n = snprintf(text, sizeof text, "%s\t) ........", texts[i]);

        check(text, (size_t)n);
        check(text, strlen(texts[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_greatest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
