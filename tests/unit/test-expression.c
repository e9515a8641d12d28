/* test-expression.c: expressions of pmt filter as they are read and written,
 * what is wrong with others and where, and globs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "expression.h"

static char why[300];

/* `text` says the conditions that follow, up to NULL. */
static void says(const char *text, ...)
{
    struct pmt_expression x;
    char **texts;
    size_t count, i = 0;
    va_list args;
    const char *want;

    pmt_expression_init(&x);
    if (pmt_expression_add(&x, text, why, sizeof why))
        fail_msg("%s: %s", text, why);
    texts = pmt_expression_texts(&x, &count);
    va_start(args, text);
    while ((want = va_arg(args, const char *))) {
        assert_true(i < count);
        assert_string_equal(texts[i], want);
        free(texts[i++]);
    }
    va_end(args);
    assert_int_equal(i, count);
    free(texts);
    pmt_expression_release(&x);
}

static void wrong(const char *text, const char *reason)
{
    struct pmt_expression x;

    pmt_expression_init(&x);
    assert_int_equal(pmt_expression_add(&x, text, why, sizeof why), -1);
    assert_string_equal(why, reason);
    assert_int_equal(x.root, -1);
    pmt_expression_release(&x);
}

static void test_one_form(void **state)
{
    (void)state;
    says("type==dict", "type == dict", NULL);
    says("  type = \"dict\"  ", "type == dict", NULL);
    says("!type == dict", "not type == dict", NULL);
    says("! ! (type == dict)", "not not type == dict", NULL);
    says("size>=64k", "size >= 64k", NULL);
    says("file == \"a b\"", "file == \"a b\"", NULL);
    says("file == \"a\\\"b\"", "file == \"a\\\"b\"", NULL);
    says("file == a\\*b", "file == a\\*b", NULL);
    says("file == \"a\\*b\"", "file == a\\*b", NULL);
    says("process == dir\\", "process == dir\\", NULL);
    says("process == \"a dir\\\\\"", "process == \"a dir\\\\\"", NULL);
    says("text == \"\"", "text == \"\"", NULL);
    says("text == \"and\"", "text == \"and\"", NULL);
    says("stack contains main", "stack contains main", NULL);
    says("alive at mark:warm", "alive at mark:warm", NULL);
    says("time < 12.5s", "time < 12.5s", NULL);
}

static void test_precedence(void **state)
{
    (void)state;
    /* "and" at the top: several conditions, each once, sorted. */
    says("type == b and type == a and type == b", "type == a", "type == b",
         NULL);
    says("type == a or type == b and type == c",
         "type == a or type == b and type == c", NULL);
    says("(type == a || type == b) && type == c",
         "type == a or type == b", "type == c", NULL);
    says("not (type == a and type == b)", "not (type == a and type == b)",
         NULL);
    says("not type == a or type == b", "not type == a or type == b", NULL);
    says("type == c or (type == a or type == b) and type == d",
         "type == c or (type == a or type == b) and type == d", NULL);
}

static void test_wrong(void **state)
{
    (void)state;
    wrong("", "column 1: a test is missing");
    wrong("   ", "column 4: a test is missing");
    wrong("type", "column 5: == or != must stand behind \"type\"");
    wrong("type ==", "column 8: a value is missing");
    wrong("type == and", "column 9: a value is missing");
    wrong("typ == dict", "column 1: no field \"typ\" (did you mean type?)");
    wrong("kind == aloc",
          "column 9: no kind \"aloc\" (did you mean alloc?)");
    wrong("domain == objects",
          "column 11: no domain \"objects\"");
    wrong("type < dict", "column 6: \"type\" has no order: == or !=");
    wrong("size contains 3",
          "column 6: ==, !=, <, <=, > or >= must stand behind \"size\"");
    wrong("stack == main", "column 7: \"contains\" must stand behind \"stack\"");
    wrong("alive peak", "column 7: \"at\" must stand behind \"alive\"");
    wrong("time == 3s", "column 6: \"time\" takes <, <=, > or >=");
    wrong("(type == a", "column 11: \")\" is missing");
    wrong("type == a)", "column 10: \"and\" or \"or\" is missing");
    wrong("type == a type == b", "column 11: \"and\" or \"or\" is missing");
    wrong("type == a and", "column 14: a test is missing");
    wrong("type == \"a", "column 9: the quote is not closed");
    wrong("type == a & type == b",
          "column 11: \"&\" is no sign (&& and || are)");
    wrong("== dict", "column 1: a field is missing (kind, type, file, ...)");
    wrong("time < 3s or type == a",
          "column 1: \"time\" can only be joined by \"and\" to the rest");
    wrong("not time < 3s",
          "column 1: \"time\" can only be joined by \"and\" to the rest");
}

/* Those that begin so. */
static void wrong_number(const char *text, const char *column)
{
    struct pmt_expression x;

    pmt_expression_init(&x);
    assert_int_equal(pmt_expression_add(&x, text, why, sizeof why), -1);
    assert_int_equal(strncmp(why, column, strlen(column)), 0);
    assert_true(strlen(why) > strlen(column) + 3);
    pmt_expression_release(&x);
}

static void test_numbers(void **state)
{
    (void)state;
    wrong_number("size > many", "column 8: ");
    wrong_number("size > -1", "column 8: ");
    wrong_number("lived < 5 parsecs", "column 11: ");
    wrong_number("line == x", "column 9: ");
    wrong_number("pid == 99999999999999999999", "column 8: ");
    wrong_number("alive at noon", "column 10: ");
    wrong_number("time < ", "column 8: ");
}

static void test_limits(void **state)
{
    char text[4 * PMT_EXPRESSION_DEPTH];
    struct pmt_expression x;

    (void)state;
    memset(text, '(', PMT_EXPRESSION_DEPTH + 1);
    strcpy(text + PMT_EXPRESSION_DEPTH + 1, "size > 1");
    wrong(text, "column 201: nested deeper than 200");
    pmt_expression_init(&x);
    for (int i = 0; i < PMT_EXPRESSION_LIVES; i++)
        assert_int_equal(pmt_expression_add(&x, "lived < 1s", why, 300), 0);
    assert_int_equal(pmt_expression_add(&x, "lived < 1s", why, 300), -1);
    assert_string_equal(why, "more than 64 tests of lives");
    pmt_expression_release(&x);
}

static bool glob(const char *pattern, const char *text)
{
    return pmt_glob_match(pattern,
                          (struct pmt_text){text, (uint32_t)strlen(text)});
}

static void test_globs(void **state)
{
    (void)state;
    assert_true(glob("*", ""));
    assert_true(glob("", ""));
    assert_false(glob("", "a"));
    assert_true(glob("a*b*c", "axxbyybzc"));
    assert_false(glob("a*b*c", "axxbyybz"));
    assert_true(glob("?[a-c][!a-c]", "xbz"));
    assert_false(glob("?[a-c][!a-c]", "xbb"));
    assert_true(glob("[]]", "]"));
    assert_true(glob("[a", "[a"));
    assert_true(glob("\\*", "*"));
    assert_false(glob("\\*", "x"));
    assert_true(glob("*/json/*", "/usr/lib/json/decoder.py"));
    assert_true(glob("****a", "bbbba"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_form), cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_wrong),    cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_limits),   cmocka_unit_test(test_globs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
