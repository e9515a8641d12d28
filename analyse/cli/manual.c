/* manual.c: see manual.h. */
#include "manual.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "version.h"

/* Text in which nothing is a request of roff and no hyphen is typographic. */
static void print_text(FILE *file, const char *text)
{
    bool line_start = true;

    for (; *text; text++) {
        if (line_start && (*text == '.' || *text == '\''))
            fputs("\\&", file);
        line_start = *text == '\n';
        if (*text == '\\')
            fputs("\\e", file);
        else if (*text == '-')
            fputs("\\-", file);
        else if (*text == '\'')
            fputs("\\(aq", file);
        else if (*text == '`')
            fputs("\\(ga", file);
        else if (*text == '^')
            fputs("\\(ha", file);
        else if (*text == '~')
            fputs("\\(ti", file);
        else
            putc(*text, file);
    }
}

static void print_line(FILE *file, const char *text)
{
    print_text(file, text);
    putc('\n', file);
}

static void print_upper(FILE *file, const char *text)
{
    for (; *text; text++)
        putc(toupper((unsigned char)*text), file);
}

/* "pmt-live", or "pmt". */
static char *page_name(const struct pmt_command *command)
{
    char *name = pmt_describe_name(command);
    char *space = strchr(name, ' ');

    if (space)
        *space = '-';
    return name;
}

static void print_synopsis(const struct pmt_command *command, FILE *file)
{
    char *name = pmt_describe_name(command);

    fputs(".SH SYNOPSIS\n.nf\n", file);
    for (size_t i = 0; command->usage && command->usage[i]; i++) {
        fputs("\\fB", file);
        print_text(file, name);
        fputs("\\fR ", file);
        print_line(file, command->usage[i]);
    }
    fputs(".fi\n", file);
    free(name);
}

static void print_description(const struct pmt_command *command, FILE *file)
{
    if (!command->description)
        return;
    fputs(".SH DESCRIPTION\n", file);
    for (size_t i = 0; command->description[i]; i++) {
        const char *text = command->description[i];

        fputs(".PP\n", file);
        if (*text == ' ')
            fputs(".nf\n", file);
        print_line(file, text);
        if (*text == ' ')
            fputs(".fi\n", file);
    }
}

static void print_options(const struct pmt_command *command, FILE *file)
{
    const struct pmt_option *option;
    size_t at = 0;

    fputs(".SH OPTIONS\n", file);
    while ((option = pmt_options_next(command, &at))) {
        char *form, *help;

        if (option->hidden)
            continue;
        if (option->kind == PMT_OPTION_HEADING) {
            fputs(".SS ", file);
            print_line(file, option->help);
            continue;
        }
        form = pmt_describe_form(option);
        help = pmt_describe_help(option);
        fputs(".TP\n\\fB", file);
        print_text(file, form);
        fputs("\\fR\n", file);
        print_line(file, help);
        free(form);
        free(help);
    }
}

static void print_examples(const struct pmt_command *command, FILE *file)
{
    if (!command->examples)
        return;
    fputs(".SH EXAMPLES\n", file);
    for (size_t i = 0; command->examples[i]; i += 2) {
        fputs(".TP\n\\fB", file);
        print_text(file, command->examples[i]);
        fputs("\\fR\n", file);
        print_line(file, command->examples[i + 1]);
    }
}

static void print_exit_status(const struct pmt_command *command, FILE *file)
{
    fputs(".SH EXIT STATUS\n", file);
    for (int status = 0; status <= 2; status++) {
        const char *text = pmt_describe_exit(command, status);

        if (text) {
            fprintf(file, ".TP\n\\fB%d\\fR\n", status);
            print_line(file, text);
        }
    }
}

/* pmt(1) names its commands; the others name pmt(1). */
static void print_see_also(const struct pmt_command *command,
                           const struct pmt_command *const *commands,
                           FILE *file)
{
    bool family = !strcmp(command->name, "pmt");
    const char *between = "";

    fputs(".SH SEE ALSO\n", file);
    if (!family) {
        fputs("\\fBpmt\\fR(1)", file);
        between = ",\n";
    }
    for (; family && commands && *commands; commands++) {
        fprintf(file, "%s\\fBpmt\\-%s\\fR(1)", between, (*commands)->name);
        between = ",\n";
    }
    for (size_t i = 0; command->see_also && command->see_also[i]; i++) {
        fputs(between, file);
        print_text(file, command->see_also[i]);
        between = ",\n";
    }
    putc('\n', file);
}

void pmt_manual_print(const struct pmt_command *command,
                      const struct pmt_command *const *commands, FILE *file)
{
    char *name = page_name(command);

    /* No date: the same source gives the same page. */
    fputs(".TH ", file);
    print_upper(file, name);
    fprintf(file, " 1 \"\" \"pmtrace %s\" \"pmtrace manual\"\n", PMT_VERSION);
    fputs(".SH NAME\n", file);
    print_text(file, name);
    fputs(" \\- ", file);
    print_line(file, command->summary);
    print_synopsis(command, file);
    print_description(command, file);
    if (!strcmp(command->name, "pmt") && commands) {
        fputs(".SH COMMANDS\n", file);
        for (size_t i = 0; commands[i]; i++) {
            fprintf(file, ".TP\n\\fB%s\\fR\n", commands[i]->name);
            print_line(file, commands[i]->summary);
        }
    }
    print_options(command, file);
    print_examples(command, file);
    print_exit_status(command, file);
    print_see_also(command, commands, file);
    free(name);
}
