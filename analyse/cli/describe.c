/* describe.c: see describe.h. */
#include "describe.h"

#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "xalloc.h"

char *pmt_describe_form(const struct pmt_option *option)
{
    bool value = pmt_option_takes_value(option);
    const char *no = option->kind == PMT_OPTION_NEGATABLE ? "[no-]" : "";
    char letter[] = {'-', option->letter, '\0'};

    if (!option->name)
        return pmt_xasprintf("%s%s%s", letter, value ? " " : "",
                             value ? option->arg : "");
    return pmt_xasprintf("%s%s--%s%s%s%s", option->letter ? letter : "",
                         option->letter ? ", " : "", no, option->name,
                         value ? "=" : "", value ? option->arg : "");
}

/* "one of a, b, c", or "" when the option has no choices. */
static char *choices_text(const struct pmt_option *option)
{
    char *text = pmt_xstrdup("");

    for (size_t i = 0; option->choices && option->choices[i]; i++) {
        const char *first = option->kind == PMT_OPTION_SET
                                ? "one or more, with commas, of "
                                : "one of ";
        char *longer = pmt_xasprintf("%s%s%s", text, i ? ", " : first,
                                     option->choices[i]);

        free(text);
        text = longer;
    }
    return text;
}

char *pmt_describe_help(const struct pmt_option *option)
{
    char *choices = choices_text(option);
    const char *between = *choices && option->preset ? "; " : "";
    char *text;

    if (!*choices && !option->preset)
        text = pmt_xstrdup(option->help);
    else
        text = pmt_xasprintf("%s (%s%s%s%s)", option->help, choices, between,
                             option->preset ? "default: " : "",
                             option->preset ? option->preset : "");
    free(choices);
    return text;
}

char *pmt_describe_name(const struct pmt_command *command)
{
    bool family = !strcmp(command->name, "pmt");

    return pmt_xasprintf("pmt%s%s", family ? "" : " ",
                         family ? "" : command->name);
}

const char *pmt_describe_exit(const struct pmt_command *command, int status)
{
    static const char *const usual[] = {
        "success",
        NULL,
        "trouble: bad usage, unreadable input, or output that could not be "
        "written",
    };

    return command->exit_status ? command->exit_status[status] : usual[status];
}
