/* test-cli-family.c: `pmt` before it knows which command. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli-capture.h"
#include "cli/output.h"
#include "cli/version.h"
#include "commands.h"
#include "family.h"

static struct capture got;

static int run_family(void *words)
{
    char **argv = words;
    int argc = 0;

    while (argv[argc])
        argc++;
    return pmt_output_finish(
        pmt_command_family.run(&pmt_command_family, argc, argv));
}

/* Run `pmt WORD [SECOND]`. */
static int run(const char *word, const char *second)
{
    char *words[] = {(char *)word, (char *)second, NULL};

    capture_run(&got, run_family, words);
    return got.status;
}

static void test_alone(void **state)
{
    (void)state;
    assert_int_equal(run(NULL, NULL), 2);
    assert_string_equal(got.out, "");
    assert_memory_equal(got.err, "usage: pmt COMMAND ", 19);
    assert_non_null(strstr(got.err, "\nCommands:\n"));
}

static void test_help(void **state)
{
    char by_help[8192];

    (void)state;
    assert_int_equal(run("help", NULL), 0);
    assert_string_equal(got.err, "");
    assert_non_null(strstr(got.out, "\nCommands:\n"));
    assert_true(got.out_size < sizeof by_help);
    strcpy(by_help, got.out);
    assert_int_equal(run("-h", NULL), 0);
    assert_string_equal(got.out, by_help);
    assert_int_equal(run("--help", NULL), 0);
    assert_string_equal(got.out, by_help);
    assert_int_equal(run("help", "pmt"), 0);
    assert_string_equal(got.out, by_help);
    for (size_t i = 0; pmt_commands[i]; i++) {
        const char *name = pmt_commands[i]->name;

        assert_non_null(strstr(by_help, pmt_commands[i]->summary));
        assert_int_equal(run("help", name), 0);
        assert_non_null(strstr(got.out, name));
        assert_ptr_equal(pmt_command_find(name), pmt_commands[i]);
    }
}

static void test_version(void **state)
{
    (void)state;
    assert_int_equal(run("-V", NULL), 0);
    assert_string_equal(got.out, "pmt " PMT_VERSION "\n");
}

static void test_mistakes(void **state)
{
    (void)state;
    assert_int_equal(run("nonesuch\x1b", NULL), 2);
    assert_string_equal(got.err,
                        "pmt: unknown command nonesuch\\x1b (try pmt help)\n");
    assert_int_equal(run("help", "nonesuch"), 2);
    assert_string_equal(got.err,
                        "pmt: unknown command nonesuch (try pmt help)\n");
    assert_int_equal(run("--make-man", "nonesuch"), 2);
    assert_int_equal(run("--make-completion", "tcsh"), 2);
    assert_int_equal(run("--verion", NULL), 2);
    assert_string_equal(
        got.err, "pmt: unknown option --verion (did you mean --version?)\n");
    assert_string_equal(got.out, "");
}

static void test_made_texts(void **state)
{
    (void)state;
    assert_int_equal(run("--make-man", "pmt"), 0);
    assert_memory_equal(got.out, ".TH PMT 1 ", 10);
    assert_int_equal(run("--make-completion=bash", NULL), 0);
    assert_non_null(strstr(got.out, "complete -F _pmt pmt"));
    assert_int_equal(run("--make-completion=zsh", NULL), 0);
    assert_memory_equal(got.out, "#compdef pmt", 12);
    assert_int_equal(run("--list-commands", NULL), 0);
    for (size_t i = 0; pmt_commands[i]; i++)
        assert_non_null(strstr(got.out, pmt_commands[i]->name));
}

static int run_into_full(void *words)
{
    int full = open("/dev/full", O_WRONLY);

    if (full < 0 || dup2(full, STDOUT_FILENO) < 0)
        return 1;
    return run_family(words);
}

static void test_no_room(void **state)
{
    char *words[] = {(char *)"-h", NULL};

    (void)state;
    capture_run(&got, run_into_full, words);
    assert_int_equal(got.status, 2);
    assert_string_equal(got.err,
                        "pmt: standard output: No space left on device\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alone),      cmocka_unit_test(test_help),
        cmocka_unit_test(test_version),    cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_made_texts), cmocka_unit_test(test_no_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
