/*
 * test-recorder-filter.c: lists of globs, and single globs against the C
 * library's fnmatch().
 *
 * LINK: recorder/filter.c
 */
#include <fnmatch.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recorder/filter.h"

static bool match(const char *globs, const char *text)
{
    return rec_globs_match(globs, text, strlen(text));
}

static void test_lists(void **state)
{
    (void)state;
    assert_true(match("", "x"));
    assert_true(match("", ""));
    assert_true(match("a,b", "b"));
    assert_false(match("a,b", "c"));
    assert_false(match("a,b", "ab"));
    assert_true(match("a, b", "b"));
    assert_true(match("*,!b*", "a"));
    assert_false(match("*,!b*", "bc"));
    assert_false(match("!b*,*", "bc")); /* whatever the order */
    assert_true(match("!b", "a"));
    assert_false(match("!b", "b"));
    assert_false(match("!a,!b", "a"));
    assert_true(match("!a,!b", "c"));
    assert_true(match(",", "c"));
    assert_false(match("a,", "c"));
    assert_true(match("\\!a", "!a"));
}

static void test_globs(void **state)
{
    (void)state;
    assert_true(match("*/x.py", "/a/b/x.py"));
    assert_false(match("*/x.py", "x.py"));
    assert_true(match("collections.*", "collections.Counter"));
    assert_true(match("caf?", "caf\xc3\xa9"));
    assert_false(match("caf??", "caf\xc3\xa9"));
    assert_true(match("[\xc3\xa0-\xc3\xbf]", "\xc3\xa9"));
    assert_true(match("?", "\xff"));       /* not UTF-8: a byte */
    assert_true(match("a\\*", "a*"));
    assert_false(match("a\\*", "ab"));
    assert_true(match("[", "["));
    assert_true(match("a[b", "a[b"));
    assert_true(match("[]]", "]"));
    assert_true(rec_globs_match("ab", "abc", 2));
    assert_true(rec_globs_match("a?b", "a\0b", 3));
}

/* Many small random globs and texts, of few letters so that many match. */
static void test_against_fnmatch(void **state)
{
    static const char letters[] = "aab**?[]!^-\\/.";
    unsigned seen[2] = {0, 0};

    (void)state;
    srandom(1);
    for (int i = 0; i < 300000; i++) {
        char glob[7], text[5];
        size_t n = 1 + (size_t)random() % (sizeof glob - 1), m;
        int wanted;

        for (size_t k = 0; k < n; k++)
            glob[k] = letters[(size_t)random() % (sizeof letters - 1)];
        glob[n] = '\0';
        m = (size_t)random() % sizeof text;
        for (size_t k = 0; k < m; k++)
            text[k] = "aaab[]-!/."[(size_t)random() % 10];
        text[m] = '\0';
        if (glob[0] == '!' || strstr(glob, "[.") || strstr(glob, "\\]") ||
            glob[n - 1] == '\\' || strstr(glob, "\\-") || strstr(glob, "[["))
            continue;
        /* Where a bracket is not closed, or a range is the wrong way round,
         * C libraries differ. */
        if (strchr(glob, '[') && (!strchr(strchr(glob, '['), ']') ||
                                  strchr(glob, '-')))
            continue;
        wanted = fnmatch(glob, text, 0) == 0;
        if (match(glob, text) != wanted)
            fail_msg("%s %s: fnmatch says %d", glob, text, wanted);
        seen[wanted]++;
    }
    assert_true(seen[0] > 10000 && seen[1] > 10000);
}

/* A text in which many stars fail late takes no time to speak of. */
static void test_bounded(void **state)
{
    static char text[20000];

    (void)state;
    memset(text, 'a', sizeof text);
    assert_false(rec_globs_match("*a*a*a*a*a*a*a*a*b", text, sizeof text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists), cmocka_unit_test(test_globs),
        cmocka_unit_test(test_against_fnmatch),
        cmocka_unit_test(test_bounded)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
