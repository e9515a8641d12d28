/*
 * commands.h: the commands of the family, in the order `pmt help` lists them.
 *
 * To add a command NAME:
 *  1. Write analyse/cmd-NAME.c with
 *         const struct pmt_command pmt_command_NAME = { .name = "NAME", … };
 *     and a static run function (cli/options.h says what they are; the
 *     algorithm goes into analyse/NAME.c, which never prints).
 *  2. Add one line X(NAME) to PMT_COMMANDS below. Dispatch, `pmt help`, the
 *     link pmt-NAME, the manual page and completion follow.
 *  3. Add tests/cli cases: silence is the default expectation.
 * These will complain if you get it wrong:
 *  - tests/unit/test-cli-commands.c: a letter that means something else
 *    elsewhere, a row without help, a preset that does not parse, an option
 *    that is missing in -h or in the manual page, a usage line over 80 columns.
 */
#ifndef PMT_COMMANDS_H
#define PMT_COMMANDS_H

#include "cli/options.h"

#define PMT_COMMANDS(X) \
    X(record) \
    X(attach) \
    X(detach) \
    X(sample) \
    X(info) \
    X(dump) \
    X(check) \
    X(recover) \
    X(merge) \
    X(archive) \
    X(filter) \
    X(diff) \
    X(live) \
    X(top) \
    X(plot) \
    X(dtrace)

#define PMT_COMMAND_DECLARE(name)                                             \
    extern const struct pmt_command pmt_command_##name;
PMT_COMMANDS(PMT_COMMAND_DECLARE)
#undef PMT_COMMAND_DECLARE

/* All of them; ends with NULL. */
extern const struct pmt_command *const pmt_commands[];

/* `pmt` itself: its name is "pmt", its options those before a command. */
extern const struct pmt_command pmt_command_family;

#endif
