/* test-cli-options.c: reading a command line by its table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli-capture.h"
#include "cli-sample.h"

#define MOST 16

static struct sample_options opt;
static char why[PMT_WHY_SIZE];
static char *args[MOST + 1];
static int count;

/* Parse the words (until NULL) by `command`. */
static enum pmt_parsed parse_by(const struct pmt_command *command,
                                const char *const *words)
{
    int argc = 0;

    pmt_options_release(command, &opt.common);
    memset(&opt, 0, sizeof opt);
    memset(why, 0, sizeof why);
    count = -1;
    for (; words[argc]; argc++)
        args[argc] = (char *)words[argc];
    args[argc] = NULL;
    return pmt_options_read(command, argc, args, &opt.common, &count, why);
}

#define PARSE(...)                                                             \
    parse_by(&sample_command, (const char *const[]){__VA_ARGS__, NULL})

#define GOOD(...) assert_int_equal(PARSE(__VA_ARGS__), PMT_PARSED_OK)

#define BAD(message, ...)                                                      \
    do {                                                                       \
        assert_int_equal(PARSE(__VA_ARGS__), PMT_PARSED_WRONG);                \
        assert_string_equal(why, message);                                     \
    } while (0)

static void test_presets(void **state)
{
    (void)state;
    GOOD("a");
    assert_int_equal(opt.top, 20);
    assert_int_equal(opt.by, SAMPLE_BY_SITE);
    assert_int_equal(opt.kinds, SAMPLE_KIND_CALL | SAMPLE_KIND_GC);
    assert_int_equal(opt.limit, 1536);
    assert_int_equal(opt.every, 200000000);
    assert_true(opt.recent);
    assert_false(opt.wall);
    assert_int_equal(opt.common.progress, PMT_PROGRESS_AUTO);
    assert_false(opt.common.quiet);
}

static void test_values(void **state)
{
    (void)state;
    GOOD("-n5", "a");
    assert_int_equal(opt.top, 5);
    GOOD("-n", "6", "a");
    assert_int_equal(opt.top, 6);
    GOOD("--top=7", "a");
    assert_int_equal(opt.top, 7);
    GOOD("--top", "8", "a");
    assert_int_equal(opt.top, 8);
    GOOD("--top=7", "-n", "9", "a");
    assert_int_equal(opt.top, 9);
    GOOD("--limit=256M", "--every=2h", "--by", "file", "--filter=", "a");
    assert_int_equal(opt.limit, 256 << 20);
    assert_int_equal(opt.every, 7200000000000);
    assert_int_equal(opt.by, SAMPLE_BY_FILE);
    assert_string_equal(opt.filter, "");
    GOOD("--kind=alloc,gc", "-P", "http", "a");
    assert_int_equal(opt.kinds, SAMPLE_KIND_ALLOC | SAMPLE_KIND_GC);
    assert_int_equal(opt.port, 80);
    GOOD("-Ia", "--include", "b", "--inc=c=d", "a");
    assert_int_equal(opt.include.count, 3);
    assert_string_equal(opt.include.items[0], "a");
    assert_string_equal(opt.include.items[1], "b");
    assert_string_equal(opt.include.items[2], "c=d");
}

static void test_flags(void **state)
{
    (void)state;
    GOOD("-fdvdvd", "a");
    assert_true(opt.force);
    assert_int_equal(opt.depth, 3);
    assert_int_equal(opt.common.verbose, 2);
    GOOD("-xdn3", "a");
    assert_true(opt.json);
    assert_int_equal(opt.depth, 1);
    assert_int_equal(opt.top, 3);
    GOOD("--wall", "--no-recent", "a");
    assert_true(opt.wall);
    assert_false(opt.recent);
    GOOD("--wall", "--no-wall", "--no-r", "--rec", "a");
    assert_false(opt.wall);
    assert_true(opt.recent);
    GOOD("-q", "--progress=always", "a");
    assert_true(opt.common.quiet);
    assert_int_equal(opt.common.progress, PMT_PROGRESS_NEVER);
}

static void test_abbreviations(void **state)
{
    (void)state;
    GOOD("--to", "3", "a");
    assert_int_equal(opt.top, 3);
    GOOD("--secret", "a");
    assert_true(opt.json);
    BAD("--ver is ambiguous: --version or --verbose", "--ver", "a");
}

static void test_operands(void **state)
{
    (void)state;
    GOOD("a", "-n3", "-", "-d", "b");
    assert_int_equal(count, 3);
    assert_string_equal(args[0], "a");
    assert_string_equal(args[1], "-");
    assert_string_equal(args[2], "b");
    assert_null(args[3]);
    assert_int_equal(opt.top, 3);
    GOOD("--", "-n3", "--", "--top");
    assert_int_equal(count, 3);
    assert_string_equal(args[1], "--");
    assert_int_equal(opt.top, 20);
    GOOD("-o", "-", "");
    assert_int_equal(count, 1);
    assert_string_equal(args[0], "");
    assert_string_equal(opt.output, "-");
}

static void test_wrapper(void **state)
{
    (void)state;
    assert_int_equal(parse_by(&sample_wrapper,
                              (const char *const[]){"-n3", "x.py", "-n4", "--",
                                                    NULL}),
                     PMT_PARSED_OK);
    assert_int_equal(count, 3);
    assert_string_equal(args[1], "-n4");
    assert_string_equal(args[2], "--");
    assert_int_equal(opt.top, 3);
    assert_int_equal(parse_by(&sample_wrapper,
                              (const char *const[]){"-n3", "--", "x.py", "--",
                                                    NULL}),
                     PMT_PARSED_OK);
    assert_int_equal(count, 2);
    assert_string_equal(args[0], "x.py");
    assert_string_equal(args[1], "--");
}

static void test_mistakes(void **state)
{
    (void)state;
    BAD("unknown option --fliter (did you mean --filter?)", "--fliter=3", "a");
    BAD("unknown option --secre", "--secre", "a"); /* hidden: not named */
    BAD("unknown option --zzzzzz", "--zzzzzz", "a");
    BAD("unknown option -Z", "-dZ", "a");
    BAD("--top needs a value (N)", "a", "--top");
    BAD("-n needs a value (N)", "a", "-dn");
    BAD("--json takes no value", "--json=1", "a");
    BAD("--no-wall takes no value", "--no-wall=1", "a");
    BAD("--top 0: must be at least 1", "--to=0", "a");
    BAD("-n 1001: must be at most 1000", "-n1001", "a");
    BAD("-n x: not a whole number", "-nx", "a");
    BAD("--by speed: must be type, site or file", "--by=speed", "a");
    BAD("--kind call,: must be call, alloc or gc", "--kind=call,", "a");
    BAD("--limit 10q: not a size (try 64k, 256M or 1.5G)", "--limit", "10q",
        "a");
    BAD("--every x: not a duration (try 10, 1.5s, 200ms or 5m)", "--every=x",
        "a");
    BAD("--port ftp: not a port", "--port=ftp", "a");
    BAD("no trace given (try -h)", "-d");
    BAD("unexpected operand d", "a", "b", "c", "d");
}

static void test_help_and_version(void **state)
{
    (void)state;
    assert_int_equal(PARSE("-vh"), PMT_PARSED_HELP);
    assert_int_equal(PARSE("--hel"), PMT_PARSED_HELP);
    assert_int_equal(PARSE("a", "--version", "--nonsense"), PMT_PARSED_VERSION);
    assert_int_equal(PARSE("--", "-h"), PMT_PARSED_OK);
}

static int run_sample(void *words)
{
    char **argv = words;
    int argc = 0;

    while (argv[argc])
        argc++;
    return sample_command.run(&sample_command, argc, argv);
}

static void test_parse_exits(void **state)
{
    struct capture got;

    (void)state;
    capture_run(&got, run_sample,
                (char *[]){(char *)"-n\x1b[31m", (char *)"a", NULL});
    assert_int_equal(got.status, 2);
    assert_string_equal(got.out, "");
    assert_string_equal(got.err, "pmt: -n \\x1b[31m: not a whole number\n");
    capture_run(&got, run_sample, (char *[]){(char *)"-V", NULL});
    assert_int_equal(got.status, 0);
    assert_string_equal(got.out, "pmt " PMT_BUILD_VERSION "\n");
    capture_run(&got, run_sample,
                (char *[]){(char *)"-n4", (char *)"a", (char *)"b", NULL});
    assert_int_equal(got.status, 1);
    assert_string_equal(got.out, "2 operands, top 4\n");
    assert_string_equal(got.err, "");
}

/* ---- pmt_command_sound() ---- */

/* Is a table with this one row refused for a reason with `part` in it? */
static void assert_refused(struct pmt_option row, const char *part)
{
    const struct pmt_option rows[] = {row, PMT_OPT_LAST};
    struct pmt_command command = sample_command;

    command.options = rows;
    why[0] = '\0';
    assert_false(pmt_command_sound(&command, why));
    if (!strstr(why, part))
        fail_msg("\"%s\" does not say \"%s\"", why, part);
}

static void test_check(void **state)
{
    const struct pmt_option good = PMT_OPT_INT('n', "top", "N",
                                               struct sample_options, top,
                                               "help");
    struct pmt_option row;
    struct pmt_command command = sample_command;

    (void)state;
    assert_true(pmt_command_sound(&sample_command, why));

#define REFUSED(part, ...)                                                     \
    do {                                                                       \
        row = good;                                                            \
        __VA_ARGS__;                                                           \
        assert_refused(row, part);                                             \
    } while (0)

    REFUSED("letter means something else", row.letter = 'o');
    REFUSED("there twice", row.letter = 0, row.name = "progress");
    REFUSED("another letter", row.name = "json");
    REFUSED("another letter", row.name = "force");
    REFUSED("no help", row.help = NULL);
    REFUSED("full stop", row.help = "Help.");
    REFUSED("lower case", row.name = "Top");
    REFUSED("capitals", row.arg = "n");
    REFUSED("do not agree", row.arg = NULL);
    REFUSED("not a whole number", row.preset = "x");
    REFUSED("at least 5", row.preset = "4", row.low = 5);
    REFUSED("choices", row.kind = PMT_OPTION_CHOICE);
    REFUSED("neither name", row.name = NULL, row.letter = 0);

    command.summary = NULL;
    assert_false(pmt_command_sound(&command, why));
    assert_string_equal(why, "no summary");
    command = sample_command;
    command.examples = (const char *const[]){"pmt sample", NULL, NULL};
    assert_false(pmt_command_sound(&command, why));
    command = sample_command;
    command.usage = (const char *const[]){
        "FILE FILE FILE FILE FILE FILE FILE FILE FILE FILE FILE FILE FILE FIL",
        NULL};
    assert_false(pmt_command_sound(&command, why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_presets),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_abbreviations),
        cmocka_unit_test(test_operands),
        cmocka_unit_test(test_wrapper),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_help_and_version),
        cmocka_unit_test(test_parse_exits),
        cmocka_unit_test(test_check),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
