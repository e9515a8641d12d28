/*
 * pmt.c: the main of the command family. `pmt live` and `pmt-live` are the
 * same: the name it was called by says which command, if any.
 */
#include <string.h>

#include "cli/output.h"
#include "commands.h"
#include "family.h"

int main(int argc, char **argv)
{
    const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
    const char *name = slash ? slash + 1 : argc > 0 ? argv[0] : "pmt";
    const struct pmt_command *command = &pmt_command_family;
    int status;

    pmt_output_guard();
    if (argc > 0) {
        argc--;
        argv++;
    }
    if (!strncmp(name, "pmt-", 4)) {
        command = pmt_command_find(name + 4);
        status = command ? pmt_command_start(command, argc, argv)
                         : pmt_command_unknown(name + 4);
    } else {
        status = command->run(command, argc, argv);
    }
    return pmt_output_finish(status);
}
