/* options.c: reading a command line by its table; see options.h. */
#include "options.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "errors.h"
#include "help.h"
#include "output.h"
#include "store.h"
#include "suggest.h"
#include "version.h"

/* ---- the rows ---- */

/* In the order of enum pmt_progress_when. */
static const char *const progress_names[] = {"auto", "always", "never", NULL};

/* -h and -V have no field: meeting them ends the parsing. */
static const struct pmt_option common_rows[] = {
    {.letter = 'h',
     .name = "help",
     .kind = PMT_OPTION_FLAG,
     .help = "print this help"},
    {.letter = 'V',
     .name = "version",
     .kind = PMT_OPTION_FLAG,
     .help = "print the version of pmtrace"},
    {.letter = 'q',
     .name = "quiet",
     .kind = PMT_OPTION_FLAG,
     .offset = offsetof(struct pmt_common, quiet),
     .help = "print no warnings and no progress"},
    {.letter = 'v',
     .name = "verbose",
     .kind = PMT_OPTION_COUNT,
     .offset = offsetof(struct pmt_common, verbose),
     .help = "say more about what is done; may be repeated"},
    {.name = "progress",
     .arg = "WHEN",
     .kind = PMT_OPTION_CHOICE,
     .offset = offsetof(struct pmt_common, progress),
     .choices = progress_names,
     .preset = "auto",
     .help = "show progress on standard error: always, never, or when it is a "
             "terminal and the work takes over a second"},
    {.name = "jobs",
     .arg = "N",
     .kind = PMT_OPTION_INT,
     .offset = offsetof(struct pmt_common, jobs),
     .preset = "0",
     .help = "use N processors: with 1 a trace is read and worked on in turn, "
             "with more it is read ahead; 0 for as many as there are"},
};

enum { ROW_HELP, ROW_VERSION, ROW_QUIET, COMMON_ROWS = 6 };

static const struct pmt_option common_heading = PMT_OPT_HEADING(
    "Common options");

const struct pmt_option *pmt_options_next(const struct pmt_command *command,
                                          size_t *at)
{
    size_t own = 0, common = command->no_common ? ROW_QUIET : COMMON_ROWS;
    size_t index = (*at)++;

    while (command->options && command->options[own].kind != PMT_OPTION_LAST)
        own++;
    if (index < own)
        return &command->options[index];
    index -= own;
    if (own > 0 && index == 0)
        return &common_heading;
    index -= own > 0;
    return index < common ? &common_rows[index] : NULL;
}

/* ---- looking up ---- */

struct reader {
    const struct pmt_command *command;
    struct pmt_common *common;
    int argc;
    char **argv;
    int next; /* the argument to read next */
    char *why;
};

static const struct pmt_option *find_letter(const struct pmt_command *command,
                                            char letter)
{
    const struct pmt_option *option;
    size_t at = 0;

    while ((option = pmt_options_next(command, &at))) {
        if (option->letter == letter)
            return option;
    }
    return NULL;
}

/* Long options matching what was typed, each with its "no-" form. */
struct match {
    const struct pmt_option *option;
    bool negated, exact;
    int count;
    char names[200]; /* of those that begin so: "--progress, --process" */
};

static void match_name(struct match *match, const struct pmt_option *option,
                       bool negated, const char *typed, size_t length)
{
    const char *no = negated ? "no-" : "";
    char name[80];

    snprintf(name, sizeof name, "%s%s", no, option->name);
    if (match->exact || strncmp(name, typed, length) != 0)
        return;
    match->exact = name[length] == '\0';
    if (option->hidden && !match->exact)
        return;
    if (match->count++ == 0 || match->exact) {
        match->option = option;
        match->negated = negated;
    }
    if (match->exact)
        match->count = 1;
    snprintf(match->names + strlen(match->names),
             sizeof match->names - strlen(match->names), "%s--%s",
             match->names[0] ? " or " : "", name);
}

static void match_all(const struct pmt_command *command, const char *typed,
                      size_t length, struct match *match)
{
    const struct pmt_option *option;
    size_t at = 0;

    memset(match, 0, sizeof *match);
    while ((option = pmt_options_next(command, &at))) {
        if (!option->name)
            continue;
        match_name(match, option, false, typed, length);
        if (option->kind == PMT_OPTION_NEGATABLE)
            match_name(match, option, true, typed, length);
    }
}

/* ---- mistakes ---- */

static enum pmt_parsed unknown_long(const struct reader *reader,
                                    const char *typed, size_t length)
{
    const struct pmt_option *option;
    const char *best = NULL;
    size_t at = 0, distance = 0;
    char name[80];

    snprintf(name, sizeof name, "%.*s", (int)length, typed);
    while ((option = pmt_options_next(reader->command, &at))) {
        if (option->name && !option->hidden)
            pmt_suggest_offer(name, option->name, &best, &distance);
    }
    snprintf(reader->why, PMT_WHY_SIZE, "unknown option --%s%s%s%s", name,
             best ? " (did you mean --" : "", best ? best : "",
             best ? "?)" : "");
    return PMT_PARSED_WRONG;
}

/* ---- reading ---- */

/* Store one option, `shown` as the user wrote it. value: NULL when none was
 * attached; then the next argument is it, if the option takes one. */
static enum pmt_parsed apply(struct reader *reader,
                             const struct pmt_option *option, bool negated,
                             const char *shown, const char *value)
{
    char reason[160];

    if (option == &common_rows[ROW_HELP])
        return PMT_PARSED_HELP;
    if (option == &common_rows[ROW_VERSION])
        return PMT_PARSED_VERSION;
    if (pmt_option_takes_value(option) && !value) {
        if (reader->next >= reader->argc) {
            snprintf(reader->why, PMT_WHY_SIZE, "%s needs a value (%s)", shown,
                     option->arg);
            return PMT_PARSED_WRONG;
        }
        value = reader->argv[reader->next++];
    }
    if (!pmt_option_store(option, value, negated,
                          (char *)reader->common + option->offset, reason,
                          sizeof reason)) {
        snprintf(reader->why, PMT_WHY_SIZE, "%s %.200s: %s", shown,
                 value ? value : "", reason);
        return PMT_PARSED_WRONG;
    }
    return PMT_PARSED_OK;
}

/* --name, --name=VALUE; typed: what follows the dashes. */
static enum pmt_parsed read_long(struct reader *reader, const char *typed)
{
    size_t length = strcspn(typed, "=");
    const char *value = typed[length] ? typed + length + 1 : NULL;
    struct match match;
    char shown[90];

    match_all(reader->command, typed, length, &match);
    if (match.count == 0)
        return unknown_long(reader, typed, length);
    if (match.count > 1) {
        snprintf(reader->why, PMT_WHY_SIZE, "--%.*s is ambiguous: %s",
                 (int)length, typed, match.names);
        return PMT_PARSED_WRONG;
    }
    snprintf(shown, sizeof shown, "--%s%s", match.negated ? "no-" : "",
             match.option->name);
    if (value && !pmt_option_takes_value(match.option)) {
        snprintf(reader->why, PMT_WHY_SIZE, "%s takes no value", shown);
        return PMT_PARSED_WRONG;
    }
    return apply(reader, match.option, match.negated, shown, value);
}

/* -abc, -n5; letters: what follows the dash. */
static enum pmt_parsed read_letters(struct reader *reader, const char *letters)
{
    for (; *letters; letters++) {
        const struct pmt_option *option = find_letter(reader->command,
                                                      *letters);
        char shown[] = {'-', *letters, '\0'};
        enum pmt_parsed parsed;

        if (!option) {
            snprintf(reader->why, PMT_WHY_SIZE, "unknown option %s", shown);
            return PMT_PARSED_WRONG;
        }
        if (pmt_option_takes_value(option))
            return apply(reader, option, false, shown,
                         letters[1] ? letters + 1 : NULL);
        parsed = apply(reader, option, false, shown, NULL);
        if (parsed != PMT_PARSED_OK)
            return parsed;
    }
    return PMT_PARSED_OK;
}

static void apply_presets(const struct pmt_command *command,
                          struct pmt_common *common)
{
    const struct pmt_option *option;
    size_t at = 0;
    char reason[160];

    while ((option = pmt_options_next(command, &at))) {
        bool stored = !option->preset ||
                      pmt_option_store(option, option->preset, false,
                                       (char *)common + option->offset, reason,
                                       sizeof reason);
        assert(stored); /* pmt_command_sound() says why not */
        (void)stored;
    }
}

static enum pmt_parsed check_operands(const struct reader *reader, int count)
{
    const struct pmt_command *command = reader->command;
    const char *operand = command->operand ? command->operand : "trace";

    if (count < command->operands_min && count == 0) {
        snprintf(reader->why, PMT_WHY_SIZE, "no %s given (try -h)", operand);
        return PMT_PARSED_WRONG;
    }
    if (count < command->operands_min) {
        snprintf(reader->why, PMT_WHY_SIZE, "%s: %d given, %d needed (try -h)",
                 operand, count, command->operands_min);
        return PMT_PARSED_WRONG;
    }
    if (command->operands_max >= 0 && count > command->operands_max) {
        snprintf(reader->why, PMT_WHY_SIZE, "unexpected operand %.200s",
                 reader->argv[command->operands_max]);
        return PMT_PARSED_WRONG;
    }
    return PMT_PARSED_OK;
}

enum pmt_parsed pmt_options_read(const struct pmt_command *command, int argc,
                                 char **argv, struct pmt_common *common,
                                 int *operand_count, char *why)
{
    struct reader reader = {.command = command,
                            .common = common,
                            .argc = argc,
                            .argv = argv,
                            .why = why};
    enum pmt_parsed parsed;
    bool only_operands = false;
    int count = 0;

    apply_presets(command, common);
    while (reader.next < argc) {
        char *arg = argv[reader.next++];

        /* "-" and "-@MOMENT" are standard input. */
        if (only_operands || arg[0] != '-' || !arg[1] || arg[1] == '@') {
            argv[count++] = arg;
            only_operands |= command->stops_at_operand;
            continue;
        }
        if (!strcmp(arg, "--")) {
            only_operands = true;
            continue;
        }
        parsed = arg[1] == '-' ? read_long(&reader, arg + 2)
                               : read_letters(&reader, arg + 1);
        if (parsed != PMT_PARSED_OK)
            return parsed;
    }
    argv[count] = NULL;
    if (common->quiet)
        common->progress = PMT_PROGRESS_NEVER;
    *operand_count = count;
    return check_operands(&reader, count);
}

int pmt_options_parse(const struct pmt_command *command, int argc, char **argv,
                      struct pmt_common *common)
{
    char why[PMT_WHY_SIZE];
    int count = 0;

    switch (pmt_options_read(command, argc, argv, common, &count, why)) {
    case PMT_PARSED_OK:
        break;
    case PMT_PARSED_HELP:
        pmt_help_print(command, stdout);
        exit(pmt_output_finish(PMT_EXIT_OK));
    case PMT_PARSED_VERSION:
        printf("pmt %s\n", PMT_VERSION);
        exit(pmt_output_finish(PMT_EXIT_OK));
    case PMT_PARSED_WRONG:
        pmt_die("%s", why);
    }
    pmt_errors_levels(common->quiet, common->verbose);
    return count;
}

void pmt_options_release(const struct pmt_command *command,
                         struct pmt_common *common)
{
    const struct pmt_option *option;
    size_t at = 0;

    while ((option = pmt_options_next(command, &at))) {
        if (option->kind == PMT_OPTION_LIST) {
            struct pmt_option_list *list = (void *)((char *)common +
                                                    option->offset);

            free(list->items);
            *list = (struct pmt_option_list){0};
        }
    }
}
