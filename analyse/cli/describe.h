/* describe.h: how a row of the table reads; the same in -h and the manual. */
#ifndef PMT_CLI_DESCRIBE_H
#define PMT_CLI_DESCRIBE_H

#include "options.h"

/* "-n, --top=N", "--[no-]wall", "-x": a new string; free() it. */
char *pmt_describe_form(const struct pmt_option *option);

/* The help text with the choices and the default: "show the N largest
 * (default: 20)". A new string; free() it. */
char *pmt_describe_help(const struct pmt_option *option);

/* The command as a user types it: "pmt live", or "pmt" for "pmt" itself. A
 * new string; free() it. */
char *pmt_describe_name(const struct pmt_command *command);

/* What exit status `status` (0, 1 or 2) means for the command; NULL when it
 * is never returned. Borrowed. */
const char *pmt_describe_exit(const struct pmt_command *command, int status);

#endif
