/*
 * test-cli-completion.c: the completion scripts, run by real shells. Each case
 * is a command line as typed and the words that bash must offer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli-capture.h"
#include "cli-sample.h"
#include "cli/completion.h"

static const struct pmt_command other = {
    .name = "other",
    .summary = "be another: it's [here]",
    .options = (const struct pmt_option[]){PMT_OPT_LAST},
};

static const struct pmt_command *const commands[] = {&sample_command, &other,
                                                     NULL};

static int make_scripts(void **state)
{
    FILE *file = fopen("pmt.bash", "w");

    (void)state;
    pmt_completion_bash(commands, file);
    fclose(file);
    file = fopen("_pmt", "w");
    pmt_completion_zsh(commands, file);
    fclose(file);
    capture_write("alpha.pmt", "");
    capture_write("al ien.pmt", "");
    return system("mkdir -p alfolder");
}

/* Complete the last of `words` (shell syntax, "=" a word of its own). */
static const char *complete(const char *words)
{
    char script[1024];

    snprintf(script, sizeof script,
             ". ./pmt.bash\n"
             "compopt() { :; }\n"
             "COMP_WORDS=(%s)\n"
             "COMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n"
             "_pmt\n"
             "printf '%%s|' \"${COMPREPLY[@]}\" >out\n",
             words);
    capture_write("case.sh", script);
    assert_int_equal(system("bash ./case.sh 2>err"), 0);
    assert_string_equal(capture_read("err"), "");
    return capture_read("out");
}

static void test_bash(void **state)
{
    (void)state;
    if (system("command -v bash >/dev/null 2>&1"))
        skip();
    assert_string_equal(complete("pmt ''"), "sample|other|help|-h|-V|");
    assert_string_equal(complete("pmt s"), "sample|");
    assert_string_equal(complete("pmt help o"), "other|");
    assert_string_equal(complete("pmt sample --b"), "--by=|");
    assert_string_equal(complete("pmt sample --no"), "--no-wall|--no-recent|");
    assert_string_equal(complete("pmt-sample --pro"), "--progress=|");
    assert_string_equal(complete("/usr/bin/pmt-sample --pro"), "--progress=|");
    assert_string_equal(complete("pmt sample --by = ''"), "type|site|file|");
    assert_string_equal(complete("pmt sample --by ="), "type|site|file|");
    assert_string_equal(complete("pmt sample --by s"), "site|");
    assert_string_equal(complete("pmt sample -b f"), "file|");
    assert_string_equal(complete("pmt sample --kind call,a"), "call,alloc|");
    assert_string_equal(complete("pmt sample --progress = al"), "always|");
    assert_string_equal(complete("pmt sample -n al"), "|");
    assert_string_equal(complete("pmt sample alp"), "alpha.pmt|");
    assert_string_equal(complete("pmt sample -o al\\ "), "al ien.pmt|");
    assert_string_equal(complete("pmt sample --secre"), "|");
    assert_string_equal(complete("pmt other --b"), "|");
}

/* zsh, where it is installed, reads its script without complaint. */
static void test_zsh(void **state)
{
    const char *script = capture_read("_pmt");

    (void)state;
    assert_non_null(strstr(script, "#compdef pmt pmt-sample pmt-other\n"));
    assert_non_null(
        strstr(script, "'(-b --by)--by=[count by KEY]:KEY:(type site file)'"));
    assert_non_null(strstr(script,
                           "'*-I+[read what was made by FILE; may be "
                           "repeated]:FILE:_files'"));
    assert_null(strstr(script, "secret"));
    if (system("command -v zsh >/dev/null 2>&1"))
        skip();
    assert_int_equal(system("zsh -n ./_pmt 2>err"), 0);
    assert_string_equal(capture_read("err"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bash),
        cmocka_unit_test(test_zsh),
    };

    capture_enter_scratch();
    return cmocka_run_group_tests(tests, make_scripts, NULL);
}
