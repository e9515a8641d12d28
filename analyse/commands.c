/* commands.c: the list in commands.h as an array. */
#include "commands.h"

#include <stddef.h>

#define PMT_COMMAND_ADDRESS(name) &pmt_command_##name,

const struct pmt_command *const pmt_commands[] = {
    PMT_COMMANDS(PMT_COMMAND_ADDRESS) NULL,
};
