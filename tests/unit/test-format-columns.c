/*
 * test-format-columns.c: every codec of a column there and back, and what is
 * no column (spec 4.3); addresses in both models (spec 7.2).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "address.h"
#include "column.h"
#include "format-sample.h"

#define ROWS 1000u
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- codecs ------------------------------------------------------------------- */

/* Reads the column that `b` holds: key, then column. */
static int get(const struct pmt_buffer *b, size_t rows, uint64_t *out,
               enum pmt_codec *codec)
{
    struct pmt_cbor_cursor c;
    struct pmt_cbor key, head;
    struct pmt_column_view view;

    pmt_cbor_begin(&c, b->bytes, b->used, 0);
    assert_int_equal(pmt_cbor_next(&c, &key, NULL), PMT_OK);
    assert_int_equal(key.value, 7);
    assert_int_equal(pmt_cbor_next(&c, &head, NULL), PMT_OK);
    memset(&view, 0, sizeof view);
    view.id = 7;
    assert_int_equal(pmt_column_parse(&c, &head, &view, NULL), PMT_OK);
    assert_ptr_equal(c.at, c.end);
    *codec = view.codec;
    return pmt_column_decode(&view, rows, out, 0, NULL);
}

static void there_and_back(const uint64_t *values, size_t rows,
                           enum pmt_codec codec, enum pmt_codec as)
{
    struct pmt_buffer b = {NULL, 0, 0};
    uint64_t out[ROWS];
    enum pmt_codec got;

    assert_int_equal(pmt_column_put(&b, 7, values, rows, codec, 0), 1);
    assert_int_equal(get(&b, rows, out, &got), PMT_OK);
    assert_int_equal(got, as);
    assert_memory_equal(out, values, rows * sizeof *out);
    pmt_buffer_release(&b);
}

static void test_codecs(void **state)
{
    static const unsigned bits[] = {1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 47,
                                    56, 57, 63, 64};
    uint64_t values[ROWS];
    uint64_t seed = 7;

    (void)state;
    for (size_t b = 0; b < COUNT(bits); b++) {
        for (size_t rows = 2; rows <= ROWS; rows += 1 + rows / 2) {
            for (size_t i = 0; i < rows; i++) {
                values[i] = sample_next(&seed) >> (64 - bits[b]);
            }
            values[0] = 0;
            values[1] = UINT64_MAX >> (64 - bits[b]);
            there_and_back(values, rows, PMT_CODEC_ULEB, PMT_CODEC_ULEB);
            there_and_back(values, rows, PMT_CODEC_PLANES,
                           PMT_CODEC_PLANES);
            there_and_back(values, rows, PMT_CODEC_RUNS, PMT_CODEC_RUNS);
            if (bits[b] <= 8) {
                there_and_back(values, rows, PMT_CODEC_FIXED,
                               PMT_CODEC_FIXED);
            }
        }
    }
    for (size_t i = 0; i < ROWS; i++) {
        values[i] = 77;
    }
    there_and_back(values, ROWS, PMT_CODEC_ULEB, PMT_CODEC_CONSTANT);
    there_and_back(values, 1, PMT_CODEC_RUNS, PMT_CODEC_CONSTANT);
}

static void test_absent(void **state)
{
    static const uint64_t zeros[4];
    struct pmt_buffer b = {NULL, 0, 0};

    (void)state;
    assert_int_equal(pmt_column_put(&b, 7, zeros, 4, PMT_CODEC_ULEB, 1), 0);
    assert_int_equal(pmt_column_put(&b, 7, zeros, 0, PMT_CODEC_ULEB, 0), 0);
    assert_int_equal(b.used, 0);
}

/* What comes of a column in bytes, of `rows` rows. */
static int decode(const void *bytes, size_t n, size_t rows, uint64_t *out)
{
    uint8_t *copy = malloc(n);
    struct pmt_cbor_cursor c;
    struct pmt_cbor head;
    struct pmt_column_view view;
    struct pmt_error err = {0};
    int rc;

    memcpy(copy, bytes, n);
    memset(&view, 0, sizeof view);
    pmt_cbor_begin(&c, copy, n, 0);
    rc = pmt_cbor_next(&c, &head, &err);
    rc = rc < 0 ? rc : pmt_column_parse(&c, &head, &view, &err);
    rc = rc < 0 ? rc : pmt_column_decode(&view, rows, out, 5, &err);
    assert_int_equal(err.code, rc < 0 ? rc : 0);
    free(copy);
    return rc;
}

#define COLUMN(bytes, rows) decode(bytes, sizeof(bytes) - 1, rows, out)

/* Bytes made by hand from the text of the spec. */
static void test_by_hand(void **state)
{
    uint64_t out[8];

    (void)state;
    assert_int_equal(COLUMN("\x18\x63", 2), PMT_OK); /* constant */
    assert_int_equal(out[1], 99);
    assert_int_equal(COLUMN("\x43\x01\x80\x01", 2), PMT_OK); /* uleb */
    assert_int_equal(out[1], 128);
    assert_int_equal(COLUMN("\xd8\x40\x42\x01\xff", 2), PMT_OK); /* u8 */
    assert_int_equal(out[1], 255);
    assert_int_equal(COLUMN("\xd8\x45\x44\x01\x00\x02\x01", 2), PMT_OK);
    assert_int_equal(out[1], 0x102);
    assert_int_equal(COLUMN("\xd8\x46\x44\x01\x02\x03\x04", 1), PMT_OK);
    assert_int_equal(out[0], 0x04030201);
    assert_int_equal(COLUMN("\xd8\x47\x48\x01\0\0\0\0\0\0\x80", 1), PMT_OK);
    assert_true(out[0] == UINT64_C(0x8000000000000001));
    assert_int_equal(COLUMN("\x82\x03\x44\x01\x02\x0a\x0b", 2), PMT_OK);
    assert_int_equal(out[0], 0x0a01); /* planes */
    assert_int_equal(out[1], 0x0b02);
    assert_int_equal(COLUMN("\x82\x04\x44\x02\x07\x00\x09", 4), PMT_OK);
    assert_int_equal(out[2], 7); /* runs: three of 7, one of 9 */
    assert_int_equal(out[3], 9);
    assert_int_equal(COLUMN("\x40", 0), PMT_OK);
    assert_int_equal(COLUMN("\x82\x04\x40", 0), PMT_OK);
}

static void test_refused(void **state)
{
    uint64_t out[8];

    (void)state;
    /* uleb: too few, too many, cut off, too great. */
    assert_int_equal(COLUMN("\x42\x01\x02", 3), PMT_ERR_CORRUPT);
    assert_int_equal(COLUMN("\x43\x01\x02\x03", 2), PMT_ERR_CORRUPT);
    assert_int_equal(COLUMN("\x42\x01\x80", 2), PMT_ERR_CORRUPT);
    assert_int_equal(COLUMN("\x4a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02",
                            1), PMT_ERR_CORRUPT);
    assert_int_equal(COLUMN("\x41\x00", 0), PMT_ERR_CORRUPT);
    /* fixed: not rows times the width. */
    assert_int_equal(COLUMN("\xd8\x40\x43\x01\x02\x03", 2), PMT_ERR_CORRUPT);
    assert_int_equal(COLUMN("\xd8\x47\x47\1\2\3\4\5\6\7", 1),
                     PMT_ERR_CORRUPT);
    /* planes: no plane, nine planes, a part of one. */
    assert_int_equal(COLUMN("\x82\x03\x40", 2), PMT_ERR_CORRUPT);
    assert_int_equal(COLUMN("\x82\x03\x49\1\2\3\4\5\6\7\x08\x09", 1),
                     PMT_ERR_CORRUPT);
    assert_int_equal(COLUMN("\x82\x03\x43\1\2\3", 2), PMT_ERR_CORRUPT);
    /* runs: a sum below and above, a length of 2^64, half a pair. */
    assert_int_equal(COLUMN("\x82\x04\x42\x01\x07", 3), PMT_ERR_CORRUPT);
    assert_int_equal(COLUMN("\x82\x04\x42\x03\x07", 3), PMT_ERR_CORRUPT);
    assert_int_equal(COLUMN("\x82\x04\x4b\xff\xff\xff\xff\xff\xff\xff\xff"
                            "\xff\x01\x07", 3), PMT_ERR_CORRUPT);
    assert_int_equal(COLUMN("\x82\x04\x41\x02", 3), PMT_ERR_CORRUPT);
    /* A codec of a later version. */
    assert_int_equal(COLUMN("\x82\x05\x41\x02", 3), PMT_ERR_UNSUPPORTED);
}

static void test_sums(void **state)
{
    uint64_t a[3] = {5, 0, 7};
    uint64_t b[3] = {1, 4, UINT64_MAX};

    (void)state;
    pmt_column_undelta(a, 3, 100);
    assert_int_equal(a[0], 105);
    assert_int_equal(a[1], 105);
    assert_int_equal(a[2], 112);
    pmt_column_unzigzag(b, 3, 10); /* -1, +2, -2^63 */
    assert_int_equal(b[0], 9);
    assert_int_equal(b[1], 11);
    assert_true(b[2] == (UINT64_C(1) << 63) + 11);
}

/* ---- addresses ------------------------------------------------------------------ */

#define RECORDS 5000u

struct addresses {
    uint64_t address[RECORDS], out[RECORDS];
    uint32_t links[RECORDS];
    uint8_t slot[RECORDS];
    uint16_t class_[RECORDS];
    uint64_t release[65536], acquire[65536], explicit_[65536];
    struct pmt_address_columns columns;
    struct pmt_addresser *addresser;
};

static int begin(void **state)
{
    struct addresses *a = calloc(1, sizeof *a);

    a->columns.release = a->release;
    a->columns.acquire = a->acquire;
    a->columns.explicit_ = a->explicit_;
    *state = a;
    return pmt_addresser_new(&a->addresser);
}

static int finish(void **state)
{
    struct addresses *a = *state;

    pmt_addresser_free(a->addresser);
    free(a);
    return 0;
}

static void fill(struct addresses *a, uint64_t seed)
{
    struct pmt_alloc records[RECORDS];

    sample_allocs(&seed, 0, records, RECORDS);
    for (size_t i = 0; i < RECORDS; i++) {
        a->address[i] = records[i].address;
        a->slot[i] = PMT_SLOT_ACQUIRE;
        if (pmt_alloc_has_size(records[i].op)) {
            a->slot[i] = PMT_SLOT_ACQUIRE_SIZED;
            a->class_[i] = (uint16_t)pmt_size_class(records[i].size,
                                                    records[i].domain);
        } else if (pmt_alloc_releases(records[i].op)) {
            a->slot[i] = PMT_SLOT_RELEASE;
        }
    }
}

static void back(struct addresses *a, unsigned model, size_t rows)
{
    size_t explicits = 0;

    pmt_addresses_encode(a->addresser, model, a->address, a->slot, a->class_,
                         rows, &a->columns);
    assert_int_equal(a->columns.releases + a->columns.acquires, rows);
    memset(a->out, 0xaa, sizeof a->out);
    assert_int_equal(pmt_addresses_decode(a->addresser, model, &a->columns,
                                          a->slot, a->class_, rows, a->out,
                                          a->links, 0, NULL), PMT_OK);
    assert_memory_equal(a->out, a->address, rows * sizeof *a->out);
    /* A writer tells an address outright only when it is new. */
    for (size_t i = 0; i < rows; i++) {
        explicits += a->links[i] == 0;
        assert_true(a->links[i] <= i);
        assert_true(a->links[i] == 0 ||
                    a->address[a->links[i] - 1] == a->address[i]);
    }
    assert_int_equal(explicits, a->columns.explicits);
}

static void test_addresses(void **state)
{
    struct addresses *a = *state;

    for (uint64_t seed = 1; seed <= 20; seed++) {
        fill(a, seed);
        for (unsigned model = 0; model <= 1; model++) {
            back(a, model, RECORDS);
            back(a, model, seed);
        }
    }
}

/* Any addresses, those of no allocator too. */
static void test_wild_addresses(void **state)
{
    static const uint64_t some[] = {0, 1, UINT64_MAX, UINT64_C(1) << 63, 16};
    struct addresses *a = *state;
    uint64_t seed = 3;

    for (unsigned round = 0; round < 20; round++) {
        fill(a, round);
        for (size_t i = 0; i < RECORDS; i++) {
            uint64_t any = sample_next(&seed);

            a->address[i] = any % 3 ? some[any % 5] : any;
        }
        back(a, round % 2, RECORDS);
    }
}

/* The prediction is worth something: most acquisitions are told by 1. */
static void test_prediction(void **state)
{
    struct addresses *a = *state;

    for (size_t i = 0; i < 1000; i++) {
        a->address[i] = 4096 + 16 * (i / 2 % 3);
        a->slot[i] = i % 2 ? PMT_SLOT_RELEASE : PMT_SLOT_ACQUIRE_SIZED;
        a->class_[i] = (uint16_t)(1 + i / 2 % 3);
    }
    back(a, 1, 1000);
    for (size_t i = 3; i < a->columns.acquires; i++) {
        assert_int_equal(a->acquire[i], 1);
    }
    assert_int_equal(a->columns.explicits, 3);
}

static int decode_one(struct addresses *a, unsigned model, size_t rows)
{
    struct pmt_error err = {0};
    int rc = pmt_addresses_decode(a->addresser, model, &a->columns, a->slot,
                                  a->class_, rows, a->out, a->links, 11,
                                  &err);

    assert_int_equal(err.code, rc);
    assert_true(rc == PMT_OK || err.offset == 11);
    return rc;
}

static void test_hostile_addresses(void **state)
{
    struct addresses *a = *state;

    a->columns.align = 0;
    memset(a->slot, PMT_SLOT_ACQUIRE_SIZED, sizeof a->slot);
    for (unsigned model = 0; model <= 1; model++) {
        a->columns.explicits = 1;
        a->acquire[0] = 0;
        a->acquire[1] = 2 + model; /* record 0 */
        assert_int_equal(decode_one(a, model, 2), PMT_ERR_CORRUPT);
        a->acquire[1] = UINT64_MAX;
        assert_int_equal(decode_one(a, model, 2), PMT_ERR_CORRUPT);
        a->acquire[1] = (UINT64_C(1) << 32) + 1 + model; /* 1, cut to 32 */
        assert_int_equal(decode_one(a, model, 2), PMT_ERR_CORRUPT);
        a->acquire[1] = 0; /* a second explicit one, which is not there */
        assert_int_equal(decode_one(a, model, 2), PMT_ERR_CORRUPT);
        a->acquire[1] = 1 + model;
        assert_int_equal(decode_one(a, model, 2), PMT_OK);
        a->columns.explicits = 2; /* one too many */
        assert_int_equal(decode_one(a, model, 2), PMT_ERR_CORRUPT);
    }
    a->columns.explicits = 1;
    a->acquire[1] = 1; /* predicted, but nothing was given back */
    assert_int_equal(decode_one(a, 1, 2), PMT_ERR_CORRUPT);
    a->slot[1] = PMT_SLOT_ACQUIRE; /* has no size: is never predicted */
    assert_int_equal(decode_one(a, 1, 2), PMT_ERR_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codecs),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_sums),
        cmocka_unit_test_setup_teardown(test_addresses, begin, finish),
        cmocka_unit_test_setup_teardown(test_wild_addresses, begin, finish),
        cmocka_unit_test_setup_teardown(test_prediction, begin, finish),
        cmocka_unit_test_setup_teardown(test_hostile_addresses, begin,
                                        finish),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
