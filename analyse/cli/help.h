/* help.h: the text of -h, from the tables in options.h. */
#ifndef PMT_CLI_HELP_H
#define PMT_CLI_HELP_H

#include <stdio.h>

#include "options.h"

/* Everything about a command, at most 80 columns wide. */
void pmt_help_print(const struct pmt_command *command, FILE *file);

/* The usage lines only: "usage: pmt live [options] FILE…". */
void pmt_help_usage(const struct pmt_command *command, FILE *file);

/* One line for each of `commands` (ends with NULL): name and summary. */
void pmt_help_list(const struct pmt_command *const *commands, FILE *file);

/*
 * `text` in lines of at most `width` columns, each after `indent` spaces;
 * `used` columns of the first line are already taken and include its indent.
 */
void pmt_help_wrap(FILE *file, const char *text, size_t indent, size_t used,
                   size_t width);

#endif
