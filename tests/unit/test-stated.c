/* test-stated.c: which entries were stated, and in which epoch. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "pmt/error.h"
#include "stated.h"

static void test_epochs(void **state)
{
    struct pmt_stated s = {0};
    bool same;

    (void)state;
    assert_false(pmt_stated_in(&s, PMT_KIND_STACKS, 1, 0));
    assert_int_equal(pmt_stated_add(&s, PMT_KIND_STACKS, 1, 0, 77, &same),
                     PMT_OK);
    assert_true(same);
    assert_true(pmt_stated_in(&s, PMT_KIND_STACKS, 1, 0));
    assert_false(pmt_stated_in(&s, PMT_KIND_STACKS, 1, 1));
    assert_false(pmt_stated_in(&s, PMT_KIND_STACKS, 2, 0));
    assert_false(pmt_stated_in(&s, PMT_KIND_CODES, 1, 0));
    assert_int_equal(pmt_stated_add(&s, PMT_KIND_STACKS, 1, 1, 77, &same),
                     PMT_OK);
    assert_true(same);
    assert_true(pmt_stated_in(&s, PMT_KIND_STACKS, 1, 1));
    assert_int_equal(pmt_stated_add(&s, PMT_KIND_STACKS, 1, 1, 75, &same),
                     PMT_OK);
    assert_false(same);
    pmt_stated_release(&s);
    assert_false(pmt_stated_in(&s, PMT_KIND_STACKS, 1, 1));
}

static void test_far_apart(void **state)
{
    static const uint32_t ids[] = {1, 31, 32, 33, 4095, 65536,
                                   (1u << 24) - 1};
    struct pmt_stated s = {0};
    bool same;

    (void)state;
    for (size_t i = sizeof ids / sizeof *ids; i-- > 0;) {
        assert_false(pmt_stated_in(&s, PMT_KIND_CLASSES, ids[i], UINT32_MAX));
        assert_int_equal(pmt_stated_add(&s, PMT_KIND_CLASSES, ids[i],
                                        UINT32_MAX, 0, &same), PMT_OK);
        assert_true(same);
    }
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        assert_true(pmt_stated_in(&s, PMT_KIND_CLASSES, ids[i], UINT32_MAX));
        assert_false(pmt_stated_in(&s, PMT_KIND_CLASSES, ids[i] + 2, 0));
    }
    assert_false(pmt_stated_in(&s, PMT_KIND_CLASSES, UINT64_MAX, 0));
    pmt_stated_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_epochs),
        cmocka_unit_test(test_far_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
