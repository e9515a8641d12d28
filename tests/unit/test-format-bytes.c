/* test-format-bytes.c: numbers, checksums, text and CBOR items in bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bytes.h"
#include "cbor-item.h"
#include "crc32c.h"
#include "format-sample.h"
#include "utf8.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- ULEB128, zigzag -------------------------------------------------------- */

static void test_uleb(void **state)
{
    /* Values and bytes by the definition of LEB128 (DWARF 5, 7.6). */
    static const struct {
        uint64_t v;
        size_t n;
        uint8_t bytes[10];
    } known[] = {
        {0, 1, {0}},
        {127, 1, {0x7f}},
        {128, 2, {0x80, 1}},
        {624485, 3, {0xe5, 0x8e, 0x26}},
        {UINT64_C(1) << 63, 10,
         {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1}},
        {UINT64_MAX, 10,
         {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(known); i++) {
        uint8_t out[PMT_ULEB_MAX];
        uint64_t v = 77;

        assert_int_equal(pmt_put_uleb(out, known[i].v) - out, known[i].n);
        assert_memory_equal(out, known[i].bytes, known[i].n);
        assert_ptr_equal(pmt_get_uleb(out, out + known[i].n, &v),
                         out + known[i].n);
        assert_true(v == known[i].v);
        for (size_t n = 0; n < known[i].n; n++) {
            assert_null(pmt_get_uleb(out, out + n, &v)); /* cut off */
        }
    }
}

static void test_uleb_refused(void **state)
{
    static const uint8_t padded[10] = {0x81, 0x80, 0x80, 0x80, 0x80,
                                       0x80, 0x80, 0x80, 0x80, 0};
    static const uint8_t too_great[10] = {0x80, 0x80, 0x80, 0x80, 0x80,
                                          0x80, 0x80, 0x80, 0x80, 2};
    static const uint8_t eleven[11] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                                       0x80, 0x80, 0x80, 0x80, 0};
    uint64_t v;

    (void)state;
    /* The shortest form is not required (spec 4.3), ten bytes are the most. */
    assert_ptr_equal(pmt_get_uleb(padded, padded + 10, &v), padded + 10);
    assert_int_equal(v, 1);
    assert_null(pmt_get_uleb(too_great, too_great + 10, &v));
    assert_null(pmt_get_uleb(eleven, eleven + 11, &v));
}

static void test_zigzag(void **state)
{
    static const int64_t values[] = {0, -1, 1, -2, 2, INT64_MAX, INT64_MIN};
    static const uint64_t coded[] = {0, 1, 2, 3, 4, UINT64_MAX - 1,
                                     UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < COUNT(values); i++) {
        assert_true(pmt_zigzag((uint64_t)values[i]) == coded[i]);
        assert_true(pmt_unzigzag(coded[i]) == (uint64_t)values[i]);
    }
}

static void test_little_endian(void **state)
{
    uint8_t p[8];

    (void)state;
    pmt_put_le(p, UINT64_C(0x0807060504030201), 8);
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(p[i], i + 1);
    }
    assert_int_equal(pmt_get_u32le(p), 0x04030201);
    assert_int_equal(pmt_get_le(p, 3), 0x030201);
    assert_true(pmt_get_u64le(p) == UINT64_C(0x0807060504030201));
}

/* ---- CRC-32C ----------------------------------------------------------------- */

static void test_crc(void **state)
{
    /* RFC 3720, B.4. */
    static const uint8_t read_command[48] = {
        0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0x14, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x18,
        0x28, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0};
    uint8_t p[32];

    (void)state;
    memset(p, 0, sizeof p);
    assert_int_equal(pmt_crc32c(0, p, 32), 0x8a9136aa);
    memset(p, 0xff, sizeof p);
    assert_int_equal(pmt_crc32c(0, p, 32), 0x62a8ab43);
    for (unsigned i = 0; i < 32; i++) {
        p[i] = (uint8_t)i;
    }
    assert_int_equal(pmt_crc32c(0, p, 32), 0x46dd794e);
    for (unsigned i = 0; i < 32; i++) {
        p[i] = (uint8_t)(31 - i);
    }
    assert_int_equal(pmt_crc32c(0, p, 32), 0x113fdb5c);
    assert_int_equal(pmt_crc32c(0, read_command, 48), 0xd9963a56);
    assert_int_equal(pmt_crc32c(0, "123456789", 9), 0xe3069283);
    assert_int_equal(pmt_crc32c(0, p, 0), 0);
}

/* Bit by bit, from the polynomial. */
static uint32_t slow_crc(const uint8_t *p, size_t n)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (unsigned bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
        }
    }
    return ~crc;
}

static void test_crc_in_pieces(void **state)
{
    uint8_t p[300];
    uint64_t seed = 4;

    (void)state;
    for (size_t i = 0; i < sizeof p; i++) {
        p[i] = (uint8_t)sample_next(&seed);
    }
    for (size_t n = 0; n <= sizeof p; n += 7) {
        for (size_t at = 0; at < 9 && at <= n; at++) {
            uint32_t crc = pmt_crc32c(0, p, at);

            assert_int_equal(pmt_crc32c(crc, p + at, n - at),
                             slow_crc(p, n));
        }
    }
}

/* ---- UTF-8 --------------------------------------------------------------------- */

static void test_utf8(void **state)
{
    /* After Markus Kuhn's UTF-8 decoder stress test: first and last of each
     * length, overlong forms, surrogates, impossible and lone bytes. */
    static const char *const good[] = {
        "",         "\x01",         "\x7f",     "\xc2\x80",
        "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbd", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf", "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"};
    static const char *const bad[] = {
        "\x80",             "\xbf",             "\xc0",
        "\xc3",             "\xe1\x80",         "\xf1\x80\x80",
        "\xc0\xaf",         "\xc1\xbf",         "\xe0\x80\xaf",
        "\xe0\x9f\xbf",     "\xf0\x80\x80\xaf", "\xf0\x8f\xbf\xbf",
        "\xed\xa0\x80",     "\xed\xbf\xbf",     "\xed\xa0\x80\xed\xb0\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80",
        "\xfc\x84\x80\x80\x80\x80", "\xfe",     "\xff",
        "\xc3(",            "\xe2\x82(",        "a\x80z"};

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        if (!pmt_utf8_valid(good[i], strlen(good[i]))) {
            fail_msg("good text %zu is refused", i);
        }
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (pmt_utf8_valid(bad[i], strlen(bad[i]))) {
            fail_msg("bad text %zu is taken", i);
        }
    }
    assert_true(pmt_utf8_valid("a\0b", 3));
}

/* Every code point, written by hand, is taken; every surrogate is not. */
static void test_utf8_all(void **state)
{
    (void)state;
    for (uint32_t c = 0x800; c < 0x110000; c++) {
        char p[4] = {(char)(0xe0 | c >> 12), (char)(0x80 | (c >> 6 & 63)),
                     (char)(0x80 | (c & 63)), 0};
        size_t n = 3;

        if (c >= 0x10000) {
            p[0] = (char)(0xf0 | c >> 18);
            p[1] = (char)(0x80 | (c >> 12 & 63));
            p[2] = (char)(0x80 | (c >> 6 & 63));
            p[3] = (char)(0x80 | (c & 63));
            n = 4;
        }
        assert_int_equal(pmt_utf8_valid(p, n), c < 0xd800 || c > 0xdfff);
    }
}

/* ---- CBOR ------------------------------------------------------------------------ */

/* What comes of going through all of `bytes` as one item. */
static int whole_item(const void *bytes, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);
    struct pmt_cbor_cursor c;
    struct pmt_cbor item;
    struct pmt_error err = {0};
    int rc;

    memcpy(copy, bytes, n);
    pmt_cbor_begin(&c, copy, n, 99);
    rc = pmt_cbor_next(&c, &item, &err);
    rc = rc < 0 ? rc : pmt_cbor_skip(&c, &item, &err);
    if (rc < 0) {
        assert_int_equal(err.code, rc);
        assert_int_equal(err.offset, 99);
        assert_true(err.message[0] != 0);
    } else {
        assert_ptr_equal(c.at, copy + n);
    }
    free(copy);
    return rc;
}

#define ITEM(bytes) whole_item(bytes, sizeof(bytes) - 1)

static void test_cbor_good(void **state)
{
    (void)state;
    assert_int_equal(ITEM("\x00"), PMT_OK);
    assert_int_equal(ITEM("\x1b\xff\xff\xff\xff\xff\xff\xff\xff"), PMT_OK);
    assert_int_equal(ITEM("\x3b\xff\xff\xff\xff\xff\xff\xff\xff"), PMT_OK);
    assert_int_equal(ITEM("\x18\x01"), PMT_OK); /* not the shortest */
    assert_int_equal(ITEM("\xa2\x01\x63" "abc" "\x20\x41\xff"), PMT_OK);
    assert_int_equal(ITEM("\xc1\xfb\x3f\xf0\0\0\0\0\0\0"), PMT_OK);
    assert_int_equal(ITEM("\x83\xf4\xf6\xf9\x3c\x00"), PMT_OK);
    assert_int_equal(ITEM("\x80"), PMT_OK);
}

static void test_cbor_bad(void **state)
{
    (void)state;
    assert_int_equal(ITEM(""), PMT_ERR_CORRUPT);
    assert_int_equal(ITEM("\x18"), PMT_ERR_CORRUPT);
    assert_int_equal(ITEM("\x1c"), PMT_ERR_CORRUPT);
    assert_int_equal(ITEM("\x42" "a"), PMT_ERR_CORRUPT);
    assert_int_equal(ITEM("\x82\x01"), PMT_ERR_CORRUPT);
    assert_int_equal(ITEM("\xa1\x01"), PMT_ERR_CORRUPT);
    assert_int_equal(ITEM("\xc1"), PMT_ERR_CORRUPT);
    assert_int_equal(ITEM("\x61\xff"), PMT_ERR_CORRUPT);
    /* Indefinite lengths, and the end of one. */
    assert_int_equal(ITEM("\x9f\x01\xff"), PMT_ERR_CORRUPT);
    assert_int_equal(ITEM("\xbf\xff"), PMT_ERR_CORRUPT);
    assert_int_equal(ITEM("\x5f\x41" "a" "\xff"), PMT_ERR_CORRUPT);
    assert_int_equal(ITEM("\x7f\xff"), PMT_ERR_CORRUPT);
    assert_int_equal(ITEM("\xff"), PMT_ERR_CORRUPT);
}

/* Sizes that can't be: nothing of that size is allocated, or this would not
 * end, or end badly. */
static void test_cbor_claims(void **state)
{
    (void)state;
    assert_true(ITEM("\x9a\x10\x00\x00\x00") < 0);
    assert_true(ITEM("\x9b\x10\0\0\0\0\0\0\0") < 0);
    assert_true(ITEM("\xbb\x10\0\0\0\0\0\0\0\x01\x01") < 0);
    assert_true(ITEM("\xbb\xff\xff\xff\xff\xff\xff\xff\xff\x01\x01") < 0);
    assert_true(ITEM("\x5b\x00\x00\x00\x02\x54\x0b\xe4\x00" "abc") < 0);
    assert_true(ITEM("\x7b\xff\xff\xff\xff\xff\xff\xff\xff") < 0);
}

/* Eight levels, the innermost of which holds an item (spec 10). */
static void test_cbor_nesting(void **state)
{
    uint8_t *deep = malloc(10001);

    (void)state;
    for (unsigned levels = 1; levels <= 10; levels++) {
        memset(deep, 0x81, levels);
        deep[levels] = 0x01;
        assert_int_equal(whole_item(deep, levels + 1),
                         levels <= 8 ? PMT_OK : PMT_ERR_LIMIT);
        memset(deep, 0xc1, levels); /* tags */
        assert_int_equal(whole_item(deep, levels + 1),
                         levels <= 8 ? PMT_OK : PMT_ERR_LIMIT);
    }
    memset(deep, 0x81, 10000);
    deep[10000] = 0x01;
    assert_int_equal(whole_item(deep, 10001), PMT_ERR_LIMIT);
    free(deep);
}

/* 2^20 items in all; a text of 65536 bytes. */
static void test_cbor_limits(void **state)
{
    size_t most = 1u << 20;
    uint8_t *p = calloc(1, most + 16);

    (void)state;
    p[0] = 0x9a;
    pmt_put_le(p + 1, 0, 4);
    p[2] = 0x0f, p[3] = 0xff, p[4] = 0xff; /* 2^20 - 1 and the array */
    assert_int_equal(whole_item(p, 5 + most - 1), PMT_OK);
    p[2] = 0x10, p[3] = 0, p[4] = 0;
    assert_int_equal(whole_item(p, 5 + most), PMT_ERR_LIMIT);

    memset(p, 'a', most);
    p[0] = 0x7a;
    p[1] = 0, p[2] = 1, p[3] = 0, p[4] = 0;
    assert_int_equal(whole_item(p, 5 + 65536), PMT_OK);
    p[4] = 1;
    assert_int_equal(whole_item(p, 5 + 65537), PMT_ERR_LIMIT);
    p[0] = 0x5a; /* any byte string may be longer */
    assert_int_equal(whole_item(p, 5 + 65537), PMT_OK);
    free(p);
}

static void test_cbor_written(void **state)
{
    /* RFC 8949, appendix A. */
    struct pmt_buffer b = {NULL, 0, 0};

    (void)state;
    pmt_cbor_put_uint(&b, 1000000);
    pmt_cbor_put_int(&b, -1);
    pmt_cbor_put_int(&b, -1000);
    pmt_cbor_put_int(&b, INT64_MIN);
    pmt_cbor_put_bytes(&b, "\1\2\3\4", 4);
    pmt_cbor_put_text(&b, "\xc3\xbc", 2);
    pmt_cbor_put_text(&b, "\xff", 1);
    pmt_cbor_put_array(&b, 25);
    pmt_cbor_put_map(&b, 0);
    pmt_cbor_put_tag(&b, 55799);
    assert_int_equal(b.used, 5 + 1 + 3 + 9 + 5 + 3 + 2 + 2 + 1 + 3);
    assert_memory_equal(b.bytes,
                        "\x1a\x00\x0f\x42\x40" "\x20" "\x39\x03\xe7"
                        "\x3b\x7f\xff\xff\xff\xff\xff\xff\xff"
                        "\x44\1\2\3\4" "\x62\xc3\xbc" "\x41\xff" "\x98\x19"
                        "\xa0" "\xd9\xd9\xf7", b.used);
    pmt_buffer_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uleb),
        cmocka_unit_test(test_uleb_refused),
        cmocka_unit_test(test_zigzag),
        cmocka_unit_test(test_little_endian),
        cmocka_unit_test(test_crc),
        cmocka_unit_test(test_crc_in_pieces),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_utf8_all),
        cmocka_unit_test(test_cbor_good),
        cmocka_unit_test(test_cbor_bad),
        cmocka_unit_test(test_cbor_claims),
        cmocka_unit_test(test_cbor_nesting),
        cmocka_unit_test(test_cbor_limits),
        cmocka_unit_test(test_cbor_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
