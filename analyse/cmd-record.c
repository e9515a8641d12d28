/*
 * cmd-record.c - the command `pmt record`: runs a program in this process's
 * place, with an environment in which Python starts the recorder.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/errors.h"
#include "commands.h"
#include "record.h"

struct record_options {
    struct pmt_common common; /* must come first */
    const char *output;
    bool force;
    uint32_t modes;
    int64_t frames, object_frames, tick_ns, level, chunk_records, segments;
    int when_full;
};

static const char *const mode_names[] = {"alloc", "object", NULL};
static const char *const when_full_names[] = {"drop", "wait", NULL};

static const struct pmt_option options[] = {
    PMT_OPT_STRING('o', "output", "FILE", struct record_options, output,
                   "name of the trace; %p process, %h host, %t time; "
                   "without it PROGRAM-%p.pmt"),
    PMT_OPT_FORCE(struct record_options, force),
    PMT_OPT_SET(0, "mode", "MODE,...", struct record_options, modes,
                mode_names, "what to record: allocations, objects, or both",
                .preset = "alloc"),
    PMT_OPT_INT(0, "frames", "N", struct record_options, frames,
                "Python frames kept with an alloc record", .preset = "32",
                .low = 0, .high = 1024),
    PMT_OPT_INT(0, "object-frames", "N", struct record_options,
                object_frames, "Python frames kept with an object record",
                .preset = "1", .low = 0, .high = 1024),
    PMT_OPT_CHOICE(0, "when-full", "WHAT", struct record_options, when_full,
                   when_full_names,
                   "drop events or wait when no buffer is free",
                   .preset = "wait"),
    PMT_OPT_INT(0, "tick", "NS", struct record_options, tick_ns,
                "resolution of time in the trace", .preset = "100", .low = 1,
                .high = 1000000000),
    PMT_OPT_INT(0, "level", "N", struct record_options, level,
                "compression level of zstd", .preset = "1", .low = -7,
                .high = 19),
    PMT_OPT_INT(0, "chunk-records", "N", struct record_options,
                chunk_records, "most records in a chunk", .preset = "65536",
                .low = 1, .high = 65536),
    PMT_OPT_INT(0, "segments", "N", struct record_options, segments,
                "buffers of 128 KiB, one of which each thread holds",
                .preset = "128", .low = 4, .high = 65536),
    PMT_OPT_LAST};

/* ---- checks ---------------------------------------------------------------- */

static int check_program(const char *package, char *const *argv,
                         const struct pmt_program *p)
{
    if (!p->is_python)
        return PMT_EXIT_OK;
    if (p->blocked)
        return pmt_fail("%s's option -%c keeps the recorder out; leave it "
                        "away",
                        argv[0], p->blocked);
    if (p->major != 0 &&
        (p->major < 3 || (p->major == 3 && p->minor < 8)))
        return pmt_fail("%s is CPython %d.%d; 3.8 or later can be recorded",
                        argv[0], p->major, p->minor);
    if (p->major != 0 &&
        !pmt_record_has_extension(package, p->major, p->minor))
        return pmt_fail("the recorder is not built for CPython %d.%d: run "
                        "`make PYTHON=python%d.%d` in pmtrace's source",
                        p->major, p->minor, p->major, p->minor);
    return PMT_EXIT_OK;
}

static int check_modes(uint32_t modes, const struct pmt_program *p)
{
    if ((modes & 2) && p->major == 3 && p->minor < 13)
        return pmt_fail("mode object needs CPython 3.13 or later; this is "
                        "%d.%d",
                        p->major, p->minor);
    return PMT_EXIT_OK;
}

/* Whether the trace could be made, as far as it can be known here. */
static int check_output(const char *name, bool force)
{
    char wrong, *path = pmt_record_expand(name, &wrong), *slash;
    int status = PMT_EXIT_OK;
    struct stat st;

    if (path == NULL)
        return pmt_fail("%%%c in the name of the trace; there are %%p "
                        "(process), %%h (host), %%t (time) and %%%%",
                        wrong);
    if (!force && lstat(path, &st) == 0)
        status = pmt_fail("%s: is there already (-f replaces it)", path);
    else if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        status = pmt_fail("%s: is not a regular file", path);
    slash = strrchr(path, '/');
    if (status == PMT_EXIT_OK && slash != NULL) {
        slash[slash == path] = '\0';
        if (access(path, W_OK | X_OK) != 0)
            status = pmt_fail_errno(errno, "%s", path);
    }
    free(path);
    return status;
}

/* ---- the command -------------------------------------------------------------- */

/* Sets the environment from the options. */
static int hand_over(const struct record_options *opt, const char *package,
                     const char *output)
{
    char modes[64] = "", numbers[6][24];
    const int64_t values[6] = {opt->frames, opt->object_frames, opt->tick_ns,
                               opt->level, opt->chunk_records,
                               opt->segments};
    int failed;

    for (int i = 0; mode_names[i] != NULL; i++)
        if (opt->modes & 1u << i) {
            if (modes[0] != '\0')
                strcat(modes, ",");
            strcat(modes, mode_names[i]);
        }
    for (int i = 0; i < 6; i++)
        snprintf(numbers[i], sizeof numbers[i], "%lld", (long long)values[i]);
    const struct pmt_setting settings[] = {
        {"mode", modes},
        {"frames", numbers[0]},
        {"object_frames", numbers[1]},
        {"tick_ns", numbers[2]},
        {"level", numbers[3]},
        {"chunk_records", numbers[4]},
        {"segments", numbers[5]},
        {"when_full", when_full_names[opt->when_full]},
        {"force", opt->force ? "1" : "0"},
        {"verbose", opt->common.verbose > 0 ? "1" : "0"},
        {"out", output}};
    failed = pmt_record_set_environment(package, settings,
                                        sizeof settings / sizeof *settings);
    if (failed)
        return pmt_fail_errno(failed, "cannot set the environment");
    return PMT_EXIT_OK;
}

static int start(const struct record_options *opt, const char *package,
                 char **argv)
{
    struct pmt_program program;
    char name[160], *output;
    int status;

    pmt_record_examine(argv, &program);
    snprintf(name, sizeof name, "%s-%%p.pmt",
             program.stem[0] != '\0' ? program.stem : "python");
    output = pmt_record_absolute(opt->output != NULL ? opt->output : name);
    if (output == NULL)
        return pmt_fail("out of memory");
    status = check_program(package, argv, &program);
    if (status == PMT_EXIT_OK)
        status = check_modes(opt->modes, &program);
    if (status == PMT_EXIT_OK)
        status = check_output(output, opt->force);
    if (status == PMT_EXIT_OK)
        status = hand_over(opt, package, output);
    free(output);
    if (status != PMT_EXIT_OK)
        return status;
    execvp(argv[0], argv);
    return pmt_fail_errno(errno, "%s", argv[0]);
}

static int run(const struct pmt_command *command, int argc, char **argv)
{
    struct record_options opt = {0};
    char *package;
    int status;

    pmt_options_parse(command, argc, argv, &opt.common);
    if (opt.output != NULL && opt.output[0] == '\0')
        return pmt_fail("the trace needs a name");
    if (opt.output != NULL && strcmp(opt.output, "-") == 0)
        return pmt_fail("a trace can't be recorded to standard output");
    package = pmt_record_find_package();
    if (package == NULL)
        return pmt_fail("the recorder's Python package was not found; "
                        "%s can name its folder",
                        PMT_RECORD_PACKAGE);
    status = start(&opt, package, argv);
    free(package);
    return status;
}

const struct pmt_command pmt_command_record = {
    .name = "record",
    .summary = "run a Python program and record it into a trace",
    .usage =
        (const char *const[]){"[options] [--] python3 [argument...]", NULL},
    .description =
        (const char *const[]){
            "Runs the program in the place of this command, with the recorder "
            "in the Python that it starts. Its output, its exit status, "
            "sys.argv and tracebacks are what they are without the recorder.",
            "The trace is written while the program runs. Beside it lies a "
            "journal, FILE.journal, which is removed at the end. When the "
            "process is killed the journal stays, and `pmt recover` or any "
            "reader takes the last events from it.",
            "Python ignores the environment under -I and -E, and starts "
            "nothing under -S: with these it can't be recorded. The child of "
            "a fork is not recorded.",
            NULL},
    .examples =
        (const char *const[]){
            "pmt record -- python3 app.py --port 80",
            "record app.py into app-PID.pmt",
            "pmt record -o x.pmt --mode=object python3.13 -m unittest",
            "record each object that is made and destroyed", NULL},
    .exit_status =
        (const char *const[]){
            "that of the program", "that of the program",
            "that of the program, or it could not be recorded"},
    .options = options,
    .operands_min = 1,
    .operands_max = -1,
    .operand = "program",
    .stops_at_operand = true,
    .run = run,
};
