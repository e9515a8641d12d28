/* test-cli-moment.c: FILE@MOMENT. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli-capture.h"
#include "cli/moment.h"

static char why[300];

/* Is `text` the moment given by the rest? name: NULL for none. */
static void moment_is(const char *text, enum pmt_moment_kind kind, uint64_t ns,
                      const char *name, uint64_t ordinal)
{
    struct pmt_moment moment;

    assert_int_equal(pmt_moment_parse(text, &moment, why, sizeof why), 0);
    assert_int_equal(moment.kind, kind);
    assert_int_equal(moment.ns, ns);
    assert_int_equal(moment.ordinal, ordinal);
    if (name)
        assert_string_equal(moment.name, name);
    else
        assert_null(moment.name);
    pmt_moment_release(&moment);
}

static void no_moment(const char *text, const char *reason)
{
    struct pmt_moment moment;

    assert_int_equal(pmt_moment_parse(text, &moment, why, sizeof why), -1);
    assert_string_equal(why, reason);
    assert_null(moment.name);
}

static void test_words(void **state)
{
    (void)state;
    moment_is("12.5s", PMT_MOMENT_TIME, UINT64_C(12500000000), NULL, 0);
    moment_is("3", PMT_MOMENT_TIME, UINT64_C(3000000000), NULL, 0);
    moment_is("1500ns", PMT_MOMENT_TIME, 1500, NULL, 0);
    moment_is("peak", PMT_MOMENT_PEAK, 0, NULL, 0);
    moment_is("end", PMT_MOMENT_END, 0, NULL, 0);
    moment_is("exit", PMT_MOMENT_EXIT, 0, NULL, 0);
    moment_is("mark:warm", PMT_MOMENT_MARK, 0, "warm", 0);
    moment_is("mark:warm#3", PMT_MOMENT_MARK, 0, "warm", 3);
    moment_is("mark:a#b", PMT_MOMENT_MARK, 0, "a#b", 0);
    moment_is("mark:a#", PMT_MOMENT_MARK, 0, "a#", 0);
    moment_is("mark:a#2#1", PMT_MOMENT_MARK, 0, "a#2", 1);
    moment_is("mark:x@y z", PMT_MOMENT_MARK, 0, "x@y z", 0);
    moment_is("wall:1795233440.5", PMT_MOMENT_WALL, 0, NULL, 0);
    no_moment("wall:", "not a wall clock time (try 2026-11-21T03:57:20Z or "
                       "seconds since 1970)");
    no_moment("mark:", "the name of the mark is missing");
    no_moment("mark:#2", "the name of the mark is missing");
    no_moment("mark:a#0", "the number of the mark must be at least 1");
    no_moment("12q", "not a duration (try 10, 1.5s, 200ms or 5m)");
    no_moment("pek",
              "unknown moment (try 12.5s, mark:NAME, mark:NAME#2, "
              "wall:DATE, peak, exit or end)");
    no_moment("-5s",
              "unknown moment (try 12.5s, mark:NAME, mark:NAME#2, "
              "wall:DATE, peak, exit or end)");
    no_moment("",
              "unknown moment (try 12.5s, mark:NAME, mark:NAME#2, "
              "wall:DATE, peak, exit or end)");
}

/* Does `operand` split into this file and this kind of moment? */
static void splits_to(const char *operand, const char *file,
                      enum pmt_moment_kind kind, const char *name)
{
    struct pmt_moment moment;
    char *path;

    assert_int_equal(pmt_moment_split(operand, &path, &moment, why, sizeof why),
                     0);
    assert_string_equal(path, file);
    assert_int_equal(moment.kind, kind);
    if (name)
        assert_string_equal(moment.name, name);
    free(path);
    pmt_moment_release(&moment);
}

static void test_split(void **state)
{
    struct pmt_moment moment;
    char *path;

    (void)state;
    capture_write("a.pmt", "");
    capture_write("b@peak", "");
    capture_write("user@host.pmt", "");
    splits_to("a.pmt", "a.pmt", PMT_MOMENT_NONE, NULL);
    splits_to("a.pmt@peak", "a.pmt", PMT_MOMENT_PEAK, NULL);
    splits_to("-@end", "-", PMT_MOMENT_END, NULL);
    splits_to("-", "-", PMT_MOMENT_NONE, NULL);
    splits_to("a.pmt@mark:me@home", "a.pmt", PMT_MOMENT_MARK, "me@home");
    splits_to("a.pmt@mark:x@peak", "a.pmt", PMT_MOMENT_MARK, "x@peak");
    /* A file of that name comes first. */
    splits_to("b@peak", "b@peak", PMT_MOMENT_NONE, NULL);
    splits_to("b@peak@end", "b@peak", PMT_MOMENT_END, NULL);
    splits_to("user@host.pmt@1s", "user@host.pmt", PMT_MOMENT_TIME, NULL);
    /* A shorter name that is a file too does not get in the way. */
    capture_write("user", "");
    splits_to("user@host.pmt@1s", "user@host.pmt", PMT_MOMENT_TIME, NULL);
    /* Files that are not there: opening them says so. */
    splits_to("none.pmt@peak", "none.pmt", PMT_MOMENT_PEAK, NULL);
    splits_to("no@one.pmt", "no@one.pmt", PMT_MOMENT_NONE, NULL);
    splits_to("@peak", "@peak", PMT_MOMENT_NONE, NULL);
    splits_to("", "", PMT_MOMENT_NONE, NULL);

    assert_int_equal(pmt_moment_split("a.pmt@pek", &path, &moment, why,
                                      sizeof why),
                     -1);
    assert_string_equal(why,
                        "a.pmt@pek: unknown moment (try 12.5s, mark:NAME, "
                        "mark:NAME#2, wall:DATE, peak, exit or end)");
}

/* Which of two moments is later, where that needs no trace; both ways. */
static void later(const char *a, const char *b, bool is)
{
    struct pmt_moment x, y;

    assert_int_equal(pmt_moment_parse(a, &x, why, sizeof why), 0);
    assert_int_equal(pmt_moment_parse(b, &y, why, sizeof why), 0);
    assert_int_equal(pmt_moment_is_later(&x, &y), is);
    assert_false(pmt_moment_is_later(&y, &x));
    pmt_moment_release(&x);
    pmt_moment_release(&y);
}

static void test_later(void **state)
{
    (void)state;
    later("2s", "1s", true);
    later("1001ms", "1s", true);
    later("1s", "1000ms", false);
    later("mark:a#2", "mark:a#1", true);
    later("mark:a#2", "mark:a", true);
    later("mark:a", "mark:a#1", false);
    later("mark:b#2", "mark:a#1", false);
    later("wall:2026-11-22", "wall:2026-11-21T23:59:59", true);
    later("wall:2026-11-22", "1s", false);
    later("end", "end", false);
    later("end", "1s", false);
    later("peak", "mark:a", false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_later),
    };

    capture_enter_scratch();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
