/*
 * cmd-attach.c - the command `pmt attach`: has a process that runs already
 * recorded.
 */
#include <stdio.h>
#include <stdlib.h>

#include "attach-run.h"
#include "cli/errors.h"
#include "commands.h"

#define O struct pmt_record_options
static const struct pmt_option attach_options[] = {
    PMT_OPT_STRING('o', "output", "FILE", O, output,
                   "name of the trace; %p process, %h host, %t time; "
                   "without it PROGRAM-%p.pmt in this folder"),
    PMT_OPT_FORCE(O, force),
    PMT_ATTACH_WAIT,
    PMT_RECORD_ROWS_WHAT(O),
    PMT_OPT_NEGATABLE(0, "children", O, children,
                      "the processes that it starts from now on too, each "
                      "into a trace of its own"),
    PMT_RECORD_ROWS(O),
    PMT_OPT_LAST};
#undef O

/* The trace's whole name, with a percent sign doubled, so that it stays what
 * it is. NULL: it can't be made, which was said. */
static char *trace_name(const struct pmt_record_options *opt,
                        const struct pmt_target *t)
{
    char wrong, standard[160], *given, *absolute, *whole = NULL;

    snprintf(standard, sizeof standard, "%s-%%p.pmt",
             t->stem[0] != '\0' ? t->stem : "python");
    given = pmt_target_name(t, opt->output ? opt->output : standard);
    absolute = given != NULL ? pmt_record_absolute(given) : NULL;
    free(given);
    if (absolute == NULL) {
        pmt_fail("out of memory");
        return NULL;
    }
    if (pmt_record_check_output(absolute, opt->force) == PMT_EXIT_OK) {
        given = pmt_record_expand(absolute, &wrong);
        whole = given != NULL ? pmt_record_escape(given) : NULL;
        free(given);
        if (whole == NULL)
            pmt_fail("out of memory");
    }
    free(absolute);
    return whole;
}

/* ---- the commands ---------------------------------------------------------- */

static int attach(const struct pmt_target *t, const char *package,
                  struct pmt_record_options *opt)
{
    char *name = trace_name(opt, t), *settings;
    int status;

    if (name == NULL)
        return PMT_EXIT_TROUBLE;
    settings = pmt_record_settings(attach_options, opt, name, false);
    status = settings == NULL ? pmt_fail("out of memory")
                              : pmt_attach_become(t, package, "attach", opt,
                                               settings);
    free(settings);
    free(name);
    return status;
}

static int run(const struct pmt_command *command, int argc,
                      char **argv)
{
    struct pmt_record_options opt = {0};
    struct pmt_target target;
    char *package = NULL;
    int status = pmt_record_parse(command, argc, argv, &opt);

    if (status == PMT_EXIT_OK)
        status = pmt_attach_find(argv[0], &target, &package);
    if (status == PMT_EXIT_OK)
        status = attach(&target, package, &opt);
    free(package);
    return status;
}

const struct pmt_command pmt_command_attach = {
    .name = "attach",
    .summary = "record a Python process that runs already",
    .usage = (const char *const[]){"[options] PID", NULL},
    .description =
        (const char *const[]){
            "Has the process, CPython 3.14 or later, begin to record itself "
            "into a trace, as `pmt record` would have from its start. It goes "
            "on until `pmt detach` or its own end, and this command does not "
            "wait for that. The trace belongs to the user of the process.",
            "What was there before is unknown: its release is counted, but "
            "of what size it was, or where it was made, is not in the trace. "
            "A mark, `pmtrace: attached`, says so.",
            "The process answers when its main thread next runs Python: at "
            "once where it works, later where it sleeps or is in C code. After "
            "--wait this command gives up, and nothing is changed in the "
            "process.",
            "It takes the right to trace the process: the same user (and "
            "kernel.yama.ptrace_scope 0), or root or CAP_SYS_PTRACE. A process "
            "started with PYTHON_DISABLE_REMOTE_DEBUG lets nobody in.",
            NULL},
    .examples =
        (const char *const[]){
            "pmt attach 4711", "record process 4711 from now on",
            "pmt attach --always -o /var/tmp/%h-%p.pmt 4711",
            "sampled, in at most 256 MiB", NULL},
    .exit_status =
        (const char *const[]){
            "it is being recorded", NULL,
            "it is not: no such process, no permission, no answer, ..."},
    .see_also = (const char *const[]){"pmt-detach(1)", "pmt-record(1)", NULL},
    .options = attach_options,
    .operands_min = 1,
    .operands_max = 1,
    .operand = "process",
    .run = run,
};
