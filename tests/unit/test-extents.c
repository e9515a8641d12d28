/* test-extents.c: pieces of a source as one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "extents.h"

static const char text[] = "0123456789abcdef";

/* Reads all of `source`, `step` bytes at a time at most. */
static size_t read_all(struct pmt_source *source, char *buffer, size_t step)
{
    size_t at = 0;

    for (;;) {
        int64_t got = source->read_at(source->context, at, buffer + at, step,
                                      NULL);

        assert_true(got >= 0 && (size_t)got <= step);
        if (got == 0)
            return at;
        at += (size_t)got;
    }
}

static void test_pieces(void **state)
{
    struct pmt_source base, source;
    struct pmt_extents *e;

    (void)state;
    pmt_source_from_memory(&base, text, 16);
    e = pmt_extents_new(&base);
    assert_non_null(e);
    assert_int_equal(pmt_extents_add(e, 10, 3), PMT_OK);
    assert_int_equal(pmt_extents_add(e, 0, 1), PMT_OK);
    assert_int_equal(pmt_extents_add(e, 4, 4), PMT_OK);
    pmt_extents_source(e, &source);
    assert_int_equal(source.size, 8);
    for (size_t step = 1; step <= 8; step++) {
        char got[9] = "";

        assert_int_equal(read_all(&source, got, step), 8);
        assert_string_equal(got, "abc04567");
    }
    pmt_extents_free(e);
    pmt_source_close(&base);
}

static void test_none(void **state)
{
    struct pmt_source base, source;
    struct pmt_extents *e;
    char got[4];

    (void)state;
    pmt_source_from_memory(&base, text, 16);
    e = pmt_extents_new(&base);
    pmt_extents_source(e, &source);
    assert_int_equal(source.size, 0);
    assert_int_equal(read_all(&source, got, 4), 0);
    pmt_extents_free(e);
    pmt_extents_free(NULL);
    pmt_source_close(&base);
}

static void test_many(void **state)
{
    struct pmt_source base, source;
    struct pmt_extents *e;
    char got[1001] = "";

    (void)state;
    pmt_source_from_memory(&base, text, 16);
    e = pmt_extents_new(&base);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(pmt_extents_add(e, i * 7 % 16, 1), PMT_OK);
    pmt_extents_source(e, &source);
    assert_int_equal(read_all(&source, got, 13), 1000);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(got[i], text[i * 7 % 16]);
    pmt_extents_free(e);
    pmt_source_close(&base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
