/* family.h: finding and starting the commands of the family. */
#ifndef PMT_FAMILY_H
#define PMT_FAMILY_H

#include "cli/options.h"

/* The command called `name` ("live"), or NULL. */
const struct pmt_command *pmt_command_find(const char *name);

/* Say that there is no command `name`. Returns PMT_EXIT_TROUBLE. */
int pmt_command_unknown(const char *name);

/* Run a command under its name for messages; argv[0] is its first argument.
 * Returns its exit status. */
int pmt_command_start(const struct pmt_command *command, int argc, char **argv);

#endif
