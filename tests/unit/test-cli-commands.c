/*
 * test-cli-commands.c: the commands there are. Every rule that commands.h
 * promises is checked on every one of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/help.h"
#include "cli/manual.h"
#include "cli/text.h"
#include "commands.h"

typedef void each(const struct pmt_command *command);

static void for_each(each *function)
{
    function(&pmt_command_family);
    for (size_t i = 0; pmt_commands[i]; i++)
        function(pmt_commands[i]);
}

static void sound(const struct pmt_command *command)
{
    char why[PMT_WHY_SIZE];

    if (!pmt_command_sound(command, why))
        fail_msg("%s: %s", command->name ? command->name : "?", why);
    if (command->summary[strlen(command->summary) - 1] == '.')
        fail_msg("%s: the summary ends with a full stop", command->name);
    if (strlen(command->summary) > 66)
        fail_msg("%s: the summary is over 66 columns", command->name);
}

static void test_sound(void **state)
{
    (void)state;
    for_each(sound);
}

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; pmt_commands[i]; i++) {
        const char *name = pmt_commands[i]->name;

        assert_true(strspn(name, "abcdefghijklmnopqrstuvwxyz") == strlen(name));
        assert_string_not_equal(name, "help");
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(name, pmt_commands[j]->name);
    }
}

/* The words of `text` that are long options, each with a newline. Roff's
 * "\-" counts as "-". Two texts that name the same options in the same order
 * give the same list. */
static char *long_options(const char *text, const char *after)
{
    char *list = NULL;
    size_t size;
    FILE *file = open_memstream(&list, &size);
    char *plain = strdup(text), *at = plain;

    for (const char *from = text; *from; from++) {
        if (!(from[0] == '\\' && from[1] == '-'))
            *at++ = *from;
    }
    *at = '\0';
    /* Only where options are described: at the start of a line. */
    for (at = plain; (at = strstr(at, "\n")); at++) {
        const char *line = at + 1;
        const char *end = line + strcspn(line, "\n");
        const char *dashes = strstr(line, "--");

        if (strncmp(line, after, strlen(after)) != 0 || !dashes ||
            dashes > end || dashes - line > 8)
            continue;
        fprintf(file, "%.*s\n", (int)strcspn(dashes, " =\\\n"), dashes);
    }
    fclose(file);
    free(plain);
    return list;
}

static void same_options(const struct pmt_command *command)
{
    char *help = NULL, *manual = NULL, *in_help, *in_manual;
    size_t size;
    FILE *file = open_memstream(&help, &size);

    pmt_help_print(command, file);
    fclose(file);
    file = open_memstream(&manual, &size);
    pmt_manual_print(command, pmt_commands, file);
    fclose(file);
    in_help = long_options(help, "  ");
    in_manual = long_options(manual, "\\fB");
    assert_string_equal(in_help, in_manual);
    assert_non_null(strstr(in_help, "--help\n--version\n"));
    free(in_help);
    free(in_manual);
    free(help);
    free(manual);
}

static void test_help_is_manual(void **state)
{
    (void)state;
    for_each(same_options);
}

static void fits(const struct pmt_command *command)
{
    char *help = NULL;
    size_t size;
    FILE *file = open_memstream(&help, &size);

    pmt_help_print(command, file);
    fclose(file);
    for (char *line = strtok(help, "\n"); line; line = strtok(NULL, "\n")) {
        if (pmt_text_width(line) > 80)
            fail_msg("%s -h is over 80 columns: %s", command->name, line);
    }
    free(help);
}

static void test_help_fits(void **state)
{
    (void)state;
    for_each(fits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sound),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_help_is_manual),
        cmocka_unit_test(test_help_fits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
