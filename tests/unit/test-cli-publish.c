/* test-cli-publish.c: each way of giving a finished file its name. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli-capture.h"
#include "cli/publish.h"

static void test_publish(void **state)
{
    static const unsigned ways[] = {PMT_PUBLISH_RENAME, PMT_PUBLISH_LINK,
                                    PMT_PUBLISH_CLAIM};

    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        unlink("to");
        capture_write("from", "new");
        capture_write("there", "old");
        assert_int_equal(pmt_publish(AT_FDCWD, "from", "there", false, ways[i]),
                         EEXIST);
        assert_string_equal(capture_read("there"), "old");
        assert_string_equal(capture_read("from"), "new");
        assert_int_equal(pmt_publish(AT_FDCWD, "from", "to", false, ways[i]),
                         0);
        assert_string_equal(capture_read("to"), "new");
        assert_int_equal(capture_count_files(), 2);
        assert_int_equal(pmt_publish(AT_FDCWD, "from", "to2", false, ways[i]),
                         ENOENT);
        assert_int_equal(capture_count_files(), 2);
    }
    assert_int_equal(pmt_publish(AT_FDCWD, "to", "there", true,
                                 PMT_PUBLISH_ALL),
                     0);
    assert_string_equal(capture_read("there"), "new");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_publish),
    };

    capture_enter_scratch();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
