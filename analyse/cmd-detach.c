/*
 * cmd-detach.c - the command `pmt detach`: ends the recording of a process.
 */
#include <stdlib.h>

#include "attach-run.h"
#include "cli/errors.h"
#include "commands.h"

static const struct pmt_option options[] = {PMT_ATTACH_WAIT, PMT_OPT_LAST};

static int run(const struct pmt_command *command, int argc, char **argv)
{
    struct pmt_record_options opt = {0};
    struct pmt_target target;
    char *package;
    int status;

    pmt_options_parse(command, argc, argv, &opt.common);
    status = pmt_attach_find(argv[0], &target, &package);
    if (status == PMT_EXIT_OK)
        status = pmt_attach_become(&target, package, "detach", &opt, "");
    free(package);
    return status;
}

const struct pmt_command pmt_command_detach = {
    .name = "detach",
    .summary = "end the recording of a process",
    .usage = (const char *const[]){"[options] PID", NULL},
    .description =
        (const char *const[]){
            "Ends the recording that `pmt attach`, `pmt record` or PMTRACE "
            "began in the process, CPython 3.14 or later: the trace is "
            "finished, and the process is as it was before. `pmt attach` may "
            "begin another one.",
            "A recording that the program itself began is left alone.", NULL},
    .examples = (const char *const[]){"pmt detach 4711",
                                      "record process 4711 no longer",
                                      "pmt detach --wait 5m 4711",
                                      "the same of one that sleeps most of "
                                      "the time",
                                      NULL},
    .exit_status =
        (const char *const[]){
            "the trace is finished",
            "the process is not being recorded, or by itself",
            "no such process, no permission, no answer, ..."},
    .see_also = (const char *const[]){"pmt-attach(1)", NULL},
    .options = options,
    .operands_min = 1,
    .operands_max = 1,
    .operand = "process",
    .run = run,
};
