/* manual.h: manual pages in roff (man macros), from the tables in options.h. */
#ifndef PMT_CLI_MANUAL_H
#define PMT_CLI_MANUAL_H

#include <stdio.h>

#include "options.h"

/* pmt-NAME.1; for the command named "pmt" itself, pmt.1 with a list of
 * `commands` (ends with NULL; not used for others, may be NULL). */
void pmt_manual_print(const struct pmt_command *command,
                      const struct pmt_command *const *commands, FILE *file);

#endif
