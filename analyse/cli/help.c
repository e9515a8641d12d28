/* help.c: see help.h. */
#include "help.h"

#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "text.h"

#define WIDTH 80
/* Where the text of an option begins; a longer form gets a line of its own. */
#define TEXT_COLUMN 26

static void spaces(FILE *file, size_t count)
{
    fprintf(file, "%*s", (int)count, "");
}

void pmt_help_wrap(FILE *file, const char *text, size_t indent, size_t used,
                   size_t width)
{
    size_t column = used;
    bool first = true; /* on this line: no space before it */

    while (*text) {
        size_t length = strcspn(text, " \n");
        char *word = strndup(text, length);
        size_t wide = word ? pmt_text_width(word) : length;

        if (!first && column + 1 + wide > width) {
            putc('\n', file);
            spaces(file, indent);
            column = indent;
            first = true;
        }
        if (!first)
            putc(' ', file);
        fwrite(text, 1, length, file);
        column += wide + !first;
        first = false;
        free(word);
        text += length;
        text += strspn(text, " \n");
    }
    putc('\n', file);
}

static void print_paragraph(FILE *file, const char *text, size_t indent)
{
    if (*text == ' ') {
        fprintf(file, "%s\n", text);
    } else {
        spaces(file, indent);
        pmt_help_wrap(file, text, indent, indent, WIDTH);
    }
}

void pmt_help_usage(const struct pmt_command *command, FILE *file)
{
    char *name = pmt_describe_name(command);

    for (size_t i = 0; command->usage && command->usage[i]; i++)
        fprintf(file, "%s %s %s\n", i ? "      " : "usage:", name,
                command->usage[i]);
    free(name);
}

static void print_option(const struct pmt_option *option, FILE *file)
{
    char *form = pmt_describe_form(option);
    char *help = pmt_describe_help(option);
    /* Long forms stand below each other, with or without a letter. */
    size_t indent = option->letter ? 2 : 6;
    size_t used = indent + pmt_text_width(form);

    spaces(file, indent);
    fputs(form, file);
    if (used + 2 > TEXT_COLUMN) {
        putc('\n', file);
        used = 0;
    }
    spaces(file, TEXT_COLUMN - used);
    pmt_help_wrap(file, help, TEXT_COLUMN, TEXT_COLUMN, WIDTH);
    free(form);
    free(help);
}

static void print_options(const struct pmt_command *command, FILE *file)
{
    const struct pmt_option *option;
    bool titled = false;
    size_t at = 0;

    while ((option = pmt_options_next(command, &at))) {
        if (option->hidden)
            continue;
        if (option->kind == PMT_OPTION_HEADING) {
            fprintf(file, "\n%s:\n", option->help);
            titled = true;
            continue;
        }
        if (!titled)
            fprintf(file, "\nOptions:\n");
        titled = true;
        print_option(option, file);
    }
}

static void print_examples(const struct pmt_command *command, FILE *file)
{
    if (!command->examples)
        return;
    fprintf(file, "\nExamples:\n");
    for (size_t i = 0; command->examples[i]; i += 2) {
        fprintf(file, "  %s\n", command->examples[i]);
        print_paragraph(file, command->examples[i + 1], 6);
    }
}

static void print_exit_status(const struct pmt_command *command, FILE *file)
{
    fprintf(file, "\nExit status:\n");
    for (int status = 0; status <= 2; status++) {
        const char *text = pmt_describe_exit(command, status);

        if (text) {
            fprintf(file, "  %d  ", status);
            pmt_help_wrap(file, text, 5, 5, WIDTH);
        }
    }
}

void pmt_help_print(const struct pmt_command *command, FILE *file)
{
    pmt_help_usage(command, file);
    for (size_t i = 0; command->description && command->description[i]; i++) {
        putc('\n', file);
        print_paragraph(file, command->description[i], 0);
    }
    print_options(command, file);
    print_examples(command, file);
    print_exit_status(command, file);
}

void pmt_help_list(const struct pmt_command *const *commands, FILE *file)
{
    for (; *commands; commands++)
        fprintf(file, "  %-10s %s\n", (*commands)->name, (*commands)->summary);
}
