/* test-cli-text.c: numbers, names and columns for a person. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/listing.h"
#include "cli/text.h"

static char buffer[PMT_TEXT_SIZE];

static void test_size(void **state)
{
    (void)state;
    assert_string_equal(pmt_text_size(buffer, 0), "0 B");
    assert_string_equal(pmt_text_size(buffer, 1023), "1023 B");
    assert_string_equal(pmt_text_size(buffer, 1024), "1.0 KiB");
    assert_string_equal(pmt_text_size(buffer, 1536), "1.5 KiB");
    assert_string_equal(pmt_text_size(buffer, 1023 * 1024), "1023.0 KiB");
    assert_string_equal(pmt_text_size(buffer, 1024 * 1024 - 1), "1.0 MiB");
    assert_string_equal(pmt_text_size(buffer, 1610612736), "1.5 GiB");
    assert_string_equal(pmt_text_size(buffer, UINT64_C(1) << 60), "1.0 EiB");
    assert_string_equal(pmt_text_size(buffer, UINT64_C(3) << 59), "1.5 EiB");
    assert_string_equal(pmt_text_size(buffer, UINT64_MAX), "16.0 EiB");
    assert_string_equal(pmt_text_size_delta(buffer, 0), "0 B");
    assert_string_equal(pmt_text_size_delta(buffer, 1536), "+1.5 KiB");
    assert_string_equal(pmt_text_size_delta(buffer, -512), "-512 B");
    assert_string_equal(pmt_text_size_delta(buffer, INT64_MIN), "-8.0 EiB");
}

static void test_count(void **state)
{
    (void)state;
    assert_string_equal(pmt_text_count(buffer, 0), "0");
    assert_string_equal(pmt_text_count(buffer, 999), "999");
    assert_string_equal(pmt_text_count(buffer, 1000), "1,000");
    assert_string_equal(pmt_text_count(buffer, 1234567), "1,234,567");
    assert_string_equal(pmt_text_count(buffer, UINT64_MAX),
                        "18,446,744,073,709,551,615");
    assert_string_equal(pmt_text_count_delta(buffer, -1234), "-1,234");
    assert_string_equal(pmt_text_count_delta(buffer, 5), "+5");
    assert_string_equal(pmt_text_count_delta(buffer, 0), "0");
}

static void test_seconds(void **state)
{
    (void)state;
    assert_string_equal(pmt_text_seconds(buffer, 0), "0.000000 s");
    assert_string_equal(pmt_text_seconds(buffer, UINT64_C(12345678999)),
                        "12.345678 s");
}

/* What the terminal gets of `text`, and the same by the three functions. */
static void escapes_to(const char *text, const char *expected)
{
    char *whole = pmt_text_escaped(text), *written = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&written, &size);

    assert_string_equal(whole, expected);
    pmt_text_write(file, text, strlen(text));
    fclose(file);
    assert_string_equal(written, expected);
    free(whole);
    free(written);
}

static void test_escape(void **state)
{
    char small[8];

    (void)state;
    escapes_to("/usr/lib/x.py", "/usr/lib/x.py");
    escapes_to("a\\b", "a\\b");
    escapes_to("\x1b]0;owned\x07", "\\x1b]0;owned\\x07");
    escapes_to("a\nb\tc\r", "a\\x0ab\\x09c\\x0d");
    escapes_to("\x7f", "\\x7f");
    /* U+FFFE, U+FFFF, U+FDD0 and U+1FFFE are no characters, U+FFFD is. */
    escapes_to("\xEF\xBF\xBE\xEF\xBF\xBF\xEF\xB7\x90",
               "\\ufffe\\uffff\\ufdd0");
    escapes_to("\xF0\x9F\xBF\xBE\xEF\xBF\xBD",
               "\\U0001fffe\xEF\xBF\xBD");
    escapes_to(
        "\xC2\x9B"
        "31m",
        "\\xc2\\x9b31m"); /* C1: CSI */
    escapes_to("caf\xC3\xA9 \xF0\x9F\x98\x80", "caf\xC3\xA9 \xF0\x9F\x98\x80");
    escapes_to("caf\xE9", "caf\\xe9");             /* Latin-1 */
    escapes_to("\xC0\xAF", "\\xc0\\xaf");          /* overlong */
    escapes_to("\xED\xA0\x80", "\\xed\\xa0\\x80"); /* surrogate */
    escapes_to("\xE2\x82", "\\xe2\\x82");          /* cut */
    escapes_to(
        "a\xE2\x80\xAE"
        "b",
        "a\\u202eb");                              /* RLO */
    escapes_to("\xE2\x81\xA6", "\\u2066");         /* LRI */
    escapes_to("\xE2\x80\xA8", "\\u2028");         /* line separator */
    escapes_to("\xF3\xA0\x81\x81", "\\U000e0041"); /* tag */

    /* NUL is a control character; nothing is cut in two. */
    assert_int_equal(pmt_text_escape(small, sizeof small, "ab\0", 3), 6);
    assert_string_equal(small, "ab\\x00");
    assert_int_equal(pmt_text_escape(small, 7,
                                     "abcd\x01"
                                     "e",
                                     6),
                     9);
    assert_string_equal(small, "abcd");
    assert_int_equal(pmt_text_escape(small, 3, "a\xC3\xA9z", 4), 4);
    assert_string_equal(small, "a");
    assert_int_equal(pmt_text_escape(NULL, 0, "\n", 1), 4);
}

static void shortens_to(const char *text, size_t width, const char *expected)
{
    char *got = pmt_text_shortened(text, width);

    assert_string_equal(got, expected);
    free(got);
}

#define GAP "\xE2\x80\xA6"

static void test_width(void **state)
{
    (void)state;
    assert_int_equal(pmt_text_width("abc"), 3);
    assert_int_equal(pmt_text_width("caf\xC3\xA9"), 4);
    assert_int_equal(pmt_text_width("e\xCC\x81"), 1); /* e + accent */
    assert_int_equal(pmt_text_width("\xE6\xBC\xA2\xE5\xAD\x97"), 4); /* kanji */
}

static void test_shorten(void **state)
{
    (void)state;
    shortens_to("abcdef", 6, "abcdef");
    /* Four marks stand on one character, the others would cover lines. */
    shortens_to("e\xCC\x81\xCC\x81\xCC\x81\xCC\x81z", 6,
                "e\xCC\x81\xCC\x81\xCC\x81\xCC\x81z");
    shortens_to("e\xCC\x81\xCC\x81\xCC\x81\xCC\x81\xCC\x81z", 6,
                "e\xCC\x81\xCC\x81\xCC\x81\xCC\x81" GAP "z");
    shortens_to("abcdef", 4, "a" GAP "ef");
    shortens_to("abcdefghij", 3, "a" GAP "j");
    /* Sixteen: the gap, ten from the end, five from the beginning. */
    shortens_to("/usr/lib/python3.11/json/decoder.py", 16,
                "/usr/" GAP "decoder.py");
    /* A wide character that does not fit whole is left out. */
    shortens_to("\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2", 4,
                GAP "\xE6\xBC\xA2");
    shortens_to("\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2\xE6\xBC\xA2", 6,
                "\xE6\xBC\xA2" GAP "\xE6\xBC\xA2");
}

static char *print(const struct pmt_listing *list, size_t width)
{
    static char *text;
    size_t size = 0;
    FILE *file;

    free(text);
    text = NULL;
    file = open_memstream(&text, &size);
    pmt_listing_print_width(list, file, width);
    fclose(file);
    return text;
}

static void test_listing(void **state)
{
    static const struct pmt_listing_column columns[] = {
        {.title = "objects", .right = true},
        {.title = "site", .shrinks = true},
        {.title = "bytes", .right = true},
        {.title = "note"},
    };
    struct pmt_listing *list = pmt_listing_new(columns, 4);

    (void)state;
    assert_string_equal(print(list, 0), "objects  site  bytes  note\n");
    pmt_listing_count(list, 1234567);
    pmt_listing_text(list, "caf\xC3\xA9.py:12");
    pmt_listing_size(list, 1536);
    pmt_listing_text(list, NULL);
    pmt_listing_printf(list, "%d", 7);
    pmt_listing_text(list, "/a/very/long/path/to/a\x1b.py");
    pmt_listing_size(list, 0);
    pmt_listing_text(list, "last");
    pmt_listing_seconds(list, 1000000);
    assert_string_equal(
        print(list, 0),
        "   objects  site                             bytes  note\n"
        " 1,234,567  caf\xC3\xA9.py:12                     1.5 KiB\n"
        "         7  /a/very/long/path/to/a\\x1b.py      0 B  last\n"
        "0.001000 s\n");
    assert_string_equal(print(list, 40),
                        "   objects  site             bytes  note\n"
                        " 1,234,567  caf\xC3\xA9.py:12     1.5 KiB\n"
                        "         7  /a/v" GAP
                        "a\\x1b.py      0 B  last\n"
                        "0.001000 s\n");
    pmt_listing_free(list);
    pmt_listing_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_size),    cmocka_unit_test(test_count),
        cmocka_unit_test(test_seconds), cmocka_unit_test(test_escape),
        cmocka_unit_test(test_width),   cmocka_unit_test(test_shorten),
        cmocka_unit_test(test_listing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
