/* test-names.c: words for numbers, as the specification spells them, and
 * times and ids as text. Names out of tables are test-dump.py's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "names.h"
#include "pmt/record.h"

static void test_words(void **state)
{
    (void)state;
    assert_string_equal(pmt_kind_name(PMT_KIND_STREAM), "stream");
    assert_string_equal(pmt_kind_name(PMT_KIND_ALLOC), "alloc");
    assert_string_equal(pmt_kind_name(PMT_KIND_END), "end");
    assert_null(pmt_kind_name(0));
    assert_null(pmt_kind_name(PMT_KIND_KNOWN));
    assert_null(pmt_kind_name(UINT32_MAX));
    assert_string_equal(pmt_alloc_op_name(PMT_ALLOC_REALLOC_UNDO),
                        "realloc_undo");
    assert_null(pmt_alloc_op_name(6));
    assert_string_equal(pmt_domain_name(PMT_DOMAIN_NATIVE), "native");
    assert_null(pmt_domain_name(4));
    assert_string_equal(pmt_object_op_name(PMT_OBJECT_DESTROY), "destroy");
    assert_string_equal(pmt_what_name(PMT_KIND_CALL, 8), "throw");
    assert_string_equal(pmt_what_name(PMT_KIND_LINE, 4), "opcode");
    assert_null(pmt_what_name(PMT_KIND_LINE, 5));
    assert_null(pmt_what_name(PMT_KIND_ALLOC, 0));
    assert_string_equal(pmt_loss_cause_name(5), "damaged");
    assert_null(pmt_loss_cause_name(UINT64_MAX));
    assert_string_equal(pmt_gc_op_name(1), "stop");
    assert_string_equal(pmt_clock_name(0), "monotonic");
}

static void test_wall(void **state)
{
    char text[PMT_WALL_SIZE];

    (void)state;
    /* date -u -d @N */
    assert_string_equal(pmt_name_wall(text, 0), "1970-01-01T00:00:00.000000Z");
    assert_string_equal(pmt_name_wall(text, 1763697440123456789),
                        "2025-11-21T03:57:20.123456Z");
    assert_string_equal(pmt_name_wall(text, -1),
                        "1969-12-31T23:59:59.999999Z");
    assert_string_equal(pmt_name_wall(text, INT64_MAX),
                        "2262-04-11T23:47:16.854775Z");
    assert_string_equal(pmt_name_wall(text, INT64_MIN),
                        "1677-09-21T00:12:43.145224Z");
}

static void test_ids(void **state)
{
    static const uint8_t uuid[16] = {0x1a, 0x2b, 0, 0, 5, 6, 7, 8,
                                     9, 10, 11, 12, 13, 14, 15, 0xff};
    char text[PMT_UUID_SIZE], key[PMT_KEY_SIZE];

    (void)state;
    assert_string_equal(pmt_name_uuid(text, uuid),
                        "1a2b0000-0506-0708-090a-0b0c0d0e0fff");
    assert_string_equal(pmt_name_key(key, 0x1a2b), "0000000000001a2b");
    assert_string_equal(pmt_name_key(key, UINT64_MAX), "ffffffffffffffff");
}

/* Without a table everything is unknown, but for none; a buffer too small
 * gets what fits. */
static void test_unknown(void **state)
{
    char text[PMT_NAME_SIZE];

    (void)state;
    assert_int_equal(pmt_name_site(text, sizeof text, NULL, 0), 10);
    assert_string_equal(text, "(no stack)");
    assert_int_equal(pmt_name_site(text, sizeof text, NULL, 7), 17);
    assert_string_equal(text, "(unknown stack 7)");
    assert_int_equal(pmt_name_type(text, 6, NULL, 7), 16);
    assert_string_equal(text, "(unkn");
    assert_int_equal(pmt_name_thread(text, sizeof text, NULL, 0), 11);
    assert_string_equal(text, "(no thread)");
    strcpy(text, "kept");
    assert_int_equal(pmt_name_code(text, 0, NULL, 0), 9);
    assert_string_equal(text, "kept");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_wall),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
