/* options-check.c: is a command's table sound? See pmt_command_sound(). */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "store.h"

/* The letters of the family. A row with the letter must have the name, and
 * the other way round; 0 is no letter. */
static const struct {
    char letter;
    const char *name;
} family[] = {
    {'h', "help"},  {'V', "version"}, {'o', "output"}, {'f', "force"},
    {'q', "quiet"}, {'v', "verbose"}, {0, "json"},     {0, "progress"},
    {0, "jobs"},
};

/* The name of a row for a message. */
static const char *row_name(const struct pmt_option *option)
{
    return option->name ? option->name : "(a letter only)";
}

static bool wrong(char *why, const struct pmt_option *option, const char *what)
{
    snprintf(why, PMT_WHY_SIZE, "option %s: %s", row_name(option), what);
    return false;
}

static bool check_family(const struct pmt_option *option, char *why)
{
    for (size_t i = 0; i < sizeof family / sizeof *family; i++) {
        bool letter = family[i].letter && option->letter == family[i].letter;
        bool name = option->name && !strcmp(option->name, family[i].name);

        if (letter && !name)
            return wrong(why, option, "its letter means something else");
        if (name && option->letter != family[i].letter)
            return wrong(why, option, "its name goes with another letter");
    }
    return true;
}

static bool needs_value(enum pmt_option_kind kind)
{
    return kind >= PMT_OPTION_STRING;
}

static bool check_preset(const struct pmt_option *option, char *why)
{
    union {
        bool flag;
        const char *string;
        int64_t i64;
        uint64_t u64;
        int number;
        uint32_t bits;
    } field = {.u64 = 0};
    char reason[160];

    if (!option->preset)
        return true;
    if (option->kind == PMT_OPTION_FLAG || option->kind == PMT_OPTION_COUNT ||
        option->kind == PMT_OPTION_LIST)
        return wrong(why, option, "its kind has no preset");
    if (option->kind == PMT_OPTION_CALLBACK)
        return true; /* the field may be anything */
    if (!pmt_option_store(option, option->preset, false, &field, reason,
                          sizeof reason))
        return wrong(why, option, reason);
    return true;
}

static bool check_row(const struct pmt_option *option, char *why)
{
    size_t choices = 0;
    const char *at;

    if (!option->help || !*option->help)
        return wrong(why, option, "no help");
    if (option->kind == PMT_OPTION_HEADING)
        return true;
    if (option->help[strlen(option->help) - 1] == '.')
        return wrong(why, option, "its help ends with a full stop");
    if (!option->name && !option->letter)
        return wrong(why, option, "neither name nor letter");
    if (option->name && strspn(option->name,
                               "abcdefghijklmnopqrstuvwxyz"
                               "0123456789-") != strlen(option->name))
        return wrong(why, option, "its name is not in lower case");
    if (option->letter && !isalnum((unsigned char)option->letter))
        return wrong(why, option, "its letter is not a letter");
    if (needs_value(option->kind) != pmt_option_takes_value(option))
        return wrong(why, option, "its kind and its value do not agree");
    for (at = option->arg; at && *at; at++) {
        if (islower((unsigned char)*at))
            return wrong(why, option,
                         "the name of its value is not in "
                         "capitals");
    }
    while (option->choices && option->choices[choices])
        choices++;
    if ((option->kind == PMT_OPTION_CHOICE || option->kind == PMT_OPTION_SET) &&
        (choices == 0 || choices > 32))
        return wrong(why, option, "it needs 1 to 32 choices");
    return check_family(option, why) && check_preset(option, why);
}

static bool check_twice(const struct pmt_command *command, size_t before,
                        const struct pmt_option *option, char *why)
{
    const struct pmt_option *other;
    size_t at = 0;

    while (at + 1 < before && (other = pmt_options_next(command, &at))) {
        if (option->letter && option->letter == other->letter)
            return wrong(why, option, "its letter is there twice");
        if (option->name && other->name && !strcmp(option->name, other->name))
            return wrong(why, option, "its name is there twice");
    }
    return true;
}

static bool check_texts(const struct pmt_command *command, char *why)
{
    const char *missing = !command->name      ? "name"
                          : !command->summary ? "summary"
                          : !command->usage   ? "usage"
                          : !command->options ? "option table"
                          : !command->run     ? "run function"
                                              : NULL;

    if (missing) {
        snprintf(why, PMT_WHY_SIZE, "no %s", missing);
        return false;
    }
    for (size_t i = 0; command->usage[i]; i++) {
        if (strlen("usage: pmt  ") + strlen(command->name) +
                strlen(command->usage[i]) >
            80) {
            snprintf(why, PMT_WHY_SIZE, "usage over 80 columns: %s",
                     command->usage[i]);
            return false;
        }
    }
    for (size_t i = 0; command->examples && command->examples[i]; i += 2) {
        if (!command->examples[i + 1]) {
            snprintf(why, PMT_WHY_SIZE, "an example without its meaning: %s",
                     command->examples[i]);
            return false;
        }
    }
    return true;
}

bool pmt_command_sound(const struct pmt_command *command, char *why)
{
    const struct pmt_option *option;
    size_t at = 0;

    if (!check_texts(command, why))
        return false;
    while ((option = pmt_options_next(command, &at))) {
        if (!check_row(option, why) || !check_twice(command, at, option, why))
            return false;
    }
    return true;
}
