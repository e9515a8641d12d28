/*
 * test-cli-help.c: the help and the manual page of a table have each of its
 * options, fit the screen, and say what groff can set.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "cli-capture.h"
#include "cli-sample.h"
#include "cli/help.h"
#include "cli/manual.h"
#include "cli/text.h"

static char *help_text, *manual_text;

static int render(void **state)
{
    size_t size;
    FILE *file = open_memstream(&help_text, &size);

    (void)state;
    pmt_help_print(&sample_command, file);
    fclose(file);
    file = open_memstream(&manual_text, &size);
    pmt_manual_print(&sample_command, NULL, file);
    fclose(file);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    free(help_text);
    free(manual_text);
    return 0;
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is missing in:\n%s", part, text);
}

/* Written by hand from the rows of cli-sample.c and the common ones: how each
 * must read in the help, and in roff. */
static const struct {
    const char *help, *manual;
} forms[] = {
    {"  -n, --top=N ", "\\fB\\-n, \\-\\-top=N\\fR\n"},
    {"  -b, --by=KEY ", "\\fB\\-b, \\-\\-by=KEY\\fR\n"},
    {"      --kind=KINDS ", "\\fB\\-\\-kind=KINDS\\fR\n"},
    {"      --filter=EXPR ", "\\fB\\-\\-filter=EXPR\\fR\n"},
    {"  -I, --include=FILE ", "\\fB\\-I, \\-\\-include=FILE\\fR\n"},
    {"      --limit=SIZE ", "\\fB\\-\\-limit=SIZE\\fR\n"},
    {"      --every=TIME ", "\\fB\\-\\-every=TIME\\fR\n"},
    {"      --[no-]wall ", "\\fB\\-\\-[no\\-]wall\\fR\n"},
    {"  -r, --[no-]recent ", "\\fB\\-r, \\-\\-[no\\-]recent\\fR\n"},
    {"  -d, --deeper ", "\\fB\\-d, \\-\\-deeper\\fR\n"},
    {"  -P, --port=PORT ", "\\fB\\-P, \\-\\-port=PORT\\fR\n"},
    {"  -x ", "\\fB\\-x\\fR\n"},
    {"  -o, --output=FILE ", "\\fB\\-o, \\-\\-output=FILE\\fR\n"},
    {"  -f, --force ", "\\fB\\-f, \\-\\-force\\fR\n"},
    {"      --json ", "\\fB\\-\\-json\\fR\n"},
    {"  -h, --help ", "\\fB\\-h, \\-\\-help\\fR\n"},
    {"  -V, --version ", "\\fB\\-V, \\-\\-version\\fR\n"},
    {"  -q, --quiet ", "\\fB\\-q, \\-\\-quiet\\fR\n"},
    {"  -v, --verbose ", "\\fB\\-v, \\-\\-verbose\\fR\n"},
    {"      --progress=WHEN ", "\\fB\\-\\-progress=WHEN\\fR\n"},
    {"      --jobs=N ", "\\fB\\-\\-jobs=N\\fR\n"},
};

static void test_every_option(void **state)
{
    size_t rows = 0, at = 0;
    const struct pmt_option *option;

    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        assert_has(help_text, forms[i].help);
        assert_has(manual_text, forms[i].manual);
    }
    /* No row was forgotten above, but the hidden one. */
    while ((option = pmt_options_next(&sample_command, &at)))
        rows += option->kind != PMT_OPTION_HEADING && !option->hidden;
    assert_int_equal(rows, sizeof forms / sizeof *forms);
    assert_null(strstr(help_text, "secret"));
    assert_null(strstr(manual_text, "secret"));
}

static void test_help(void **state)
{
    (void)state;
    assert_has(help_text,
               "usage: pmt sample [options] FILE...\n"
               "       pmt sample --port=PORT FILE\n\n.a par");
    assert_has(help_text, "\n  pmt sample \\n verbatim\n  second line\n");
    assert_has(help_text, "show the N largest (default: 20)\n");
    assert_has(help_text, "(one of type, site, file; default: site)\n");
    assert_has(help_text, "\nFilters:\n      --filter=EXPR ");
    assert_has(help_text, "\nCommon options:\n  -h, --help ");
    assert_has(help_text,
               "\nExamples:\n  pmt sample -n5 a.pmt\n"
               "      the five largest of a.pmt\n");
    assert_has(help_text,
               "\nExit status:\n  0  shown\n  1  nothing to show\n"
               "  2  trouble\n");
}

static void test_help_width(void **state)
{
    char *copy = strdup(help_text);

    (void)state;
    for (char *line = strtok(copy, "\n"); line; line = strtok(NULL, "\n")) {
        size_t length = strlen(line);

        if (pmt_text_width(line) > 80)
            fail_msg("over 80 columns: %s", line);
        assert_int_not_equal(line[length - 1], ' ');
    }
    free(copy);
}

static void test_manual(void **state)
{
    (void)state;
    assert_has(manual_text, ".TH PMT-SAMPLE 1 \"\" \"pmtrace ");
    assert_has(manual_text,
               "\npmt\\-sample \\- show how the front end looks\n");
    assert_has(manual_text, ".PP\n\\&.a paragraph"); /* not a request */
    assert_has(manual_text, "\\(aqx\\ey\\(aq");
    assert_has(manual_text, ".SH SEE ALSO\n\\fBpmt\\fR(1),\npmt(5)\n");
}

/* groff, where it is installed, finds nothing to warn of, and what it prints
 * has each option. */
static void test_groff(void **state)
{
    FILE *page;
    int status;

    (void)state;
    if (system("command -v groff >/dev/null 2>&1"))
        skip();
    page = fopen("sample.1", "w");
    fputs(manual_text, page);
    fclose(page);
    status = system("LC_ALL=C groff -man -Tascii -ww -b sample.1 >out 2>err");
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_string_equal(capture_read("err"), "");
    assert_has(capture_read("out"), "'x\\y'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_option), cmocka_unit_test(test_help),
        cmocka_unit_test(test_help_width),   cmocka_unit_test(test_manual),
        cmocka_unit_test(test_groff),
    };

    capture_enter_scratch();
    return cmocka_run_group_tests(tests, render, drop);
}
