/*
 * family.c: `pmt` itself: the options before a command, `pmt help`, and the
 * texts that are made from the tables of all commands.
 */
#include "family.h"

#include <stdio.h>
#include <string.h>

#include "cli/completion.h"
#include "cli/errors.h"
#include "cli/help.h"
#include "cli/manual.h"
#include "cli/suggest.h"
#include "cli/version.h"
#include "commands.h"

struct family_options {
    struct pmt_common common;
    const char *manual;
    int shell;
    bool list;
};

enum { SHELL_NONE, SHELL_BASH, SHELL_ZSH };
static const char *const shells[] = {"none", "bash", "zsh", NULL};

static const struct pmt_option options[] =
    {PMT_OPT_FLAG(0, "list-commands", struct family_options, list,
                  "print the names of the commands, one a line"),
     PMT_OPT_STRING(0, "make-man", "COMMAND", struct family_options, manual,
                    "print a manual page in roff", .hidden = true),
     PMT_OPT_CHOICE(0, "make-completion", "SHELL", struct family_options, shell,
                    shells, "print a completion script", .hidden = true,
                    .preset = "none"),
     PMT_OPT_LAST};

const struct pmt_command *pmt_command_find(const char *name)
{
    for (size_t i = 0; pmt_commands[i]; i++) {
        if (!strcmp(pmt_commands[i]->name, name))
            return pmt_commands[i];
    }
    return NULL;
}

int pmt_command_unknown(const char *name)
{
    const char *best = NULL;
    size_t distance = 0;

    for (size_t i = 0; pmt_commands[i]; i++)
        pmt_suggest_offer(name, pmt_commands[i]->name, &best, &distance);
    if (best)
        return pmt_fail("unknown command %s (did you mean %s?)", name, best);
    return pmt_fail("unknown command %s (try pmt help)", name);
}

int pmt_command_start(const struct pmt_command *command, int argc, char **argv)
{
    static char name[64];

    snprintf(name, sizeof name, "pmt-%s", command->name);
    pmt_errors_name(name);
    return command->run(command, argc, argv);
}

static void print_commands(FILE *file)
{
    fputs("\nCommands:\n", file);
    pmt_help_list(pmt_commands, file);
    fputs("\n`pmt help COMMAND` says how to use one.\n", file);
}

static int help(const struct pmt_command *family, int argc, char **argv)
{
    const struct pmt_command *command = family;

    if (argc > 1)
        return pmt_fail("unexpected operand %s", argv[1]);
    if (argc == 1 && strcmp(argv[0], "help") != 0 &&
        strcmp(argv[0], family->name) != 0) {
        command = pmt_command_find(argv[0]);
        if (!command)
            return pmt_command_unknown(argv[0]);
    }
    pmt_help_print(command, stdout);
    if (command == family)
        print_commands(stdout);
    return PMT_EXIT_OK;
}

static int make_manual(const struct pmt_command *family, const char *name)
{
    const struct pmt_command *command = strcmp(name, family->name)
                                            ? pmt_command_find(name)
                                            : family;

    if (!command)
        return pmt_command_unknown(name);
    pmt_manual_print(command, pmt_commands, stdout);
    return PMT_EXIT_OK;
}

/* What is made from the tables for packagers and shells. */
static int make_texts(const struct family_options *opt)
{
    if (opt->shell == SHELL_BASH)
        pmt_completion_bash(pmt_commands, stdout);
    if (opt->shell == SHELL_ZSH)
        pmt_completion_zsh(pmt_commands, stdout);
    for (size_t i = 0; opt->list && pmt_commands[i]; i++)
        puts(pmt_commands[i]->name);
    return PMT_EXIT_OK;
}

static int start(const struct pmt_command *family, int argc, char **argv)
{
    const struct pmt_command *command;

    if (argc == 0) {
        pmt_help_usage(family, stderr);
        print_commands(stderr);
        return PMT_EXIT_TROUBLE;
    }
    if (!strcmp(argv[0], "help"))
        return help(family, argc - 1, argv + 1);
    command = pmt_command_find(argv[0]);
    return command ? pmt_command_start(command, argc - 1, argv + 1)
                   : pmt_command_unknown(argv[0]);
}

static int run(const struct pmt_command *family, int argc, char **argv)
{
    struct family_options opt = {0};
    char why[PMT_WHY_SIZE];
    int count = 0;

    switch (pmt_options_read(family, argc, argv, &opt.common, &count, why)) {
    case PMT_PARSED_HELP:
        return help(family, 0, NULL);
    case PMT_PARSED_VERSION:
        printf("pmt %s\n", PMT_VERSION);
        return PMT_EXIT_OK;
    case PMT_PARSED_WRONG:
        return pmt_fail("%s", why);
    case PMT_PARSED_OK:
        break;
    }
    if (opt.manual)
        return make_manual(family, opt.manual);
    if (opt.list || opt.shell != SHELL_NONE)
        return make_texts(&opt);
    return start(family, count, argv);
}

const struct pmt_command pmt_command_family = {
    .name = "pmt",
    .summary = "record and analyse what a Python program does with memory",
    .usage = (const char *const[]){"COMMAND [options] [operands]",
                                   "help [COMMAND]",
                                   "[-h | -V | --list-commands]", NULL},
    .description =
        (const char *const[]){
            "pmtrace records what a Python process does with memory into a "
            "compressed trace, a .pmt file, and analyses such files "
            "afterwards. `pmt COMMAND` and `pmt-COMMAND` are the same.",
            "In every command `-` is standard input or output, and nothing is "
            "overwritten without -f. Where a command takes a trace it may "
            "take a moment in it after an @: a.pmt@12.5s, a.pmt@mark:NAME, "
            "a.pmt@peak, a.pmt@end.",
            NULL},
    .exit_status =
        (const char *const[]){
            "success", "the answer is \"no\": see the command",
            "trouble: bad usage, unreadable input, or output that could not "
            "be written"},
    .options = options,
    .operands_max = -1,
    .operand = "command",
    .stops_at_operand = true,
    .no_common = true,
    .run = run,
};
