/*
 * cmd-record.c - the command `pmt record`: runs a program in this process's
 * place, with an environment in which Python starts the recorder.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/errors.h"
#include "commands.h"
#include "record-options.h"

#define O struct pmt_record_options
static const struct pmt_option options[] = {
    PMT_OPT_STRING('o', "output", "FILE", O, output,
                   "name of the trace; %p process, %h host, %t time; of a "
                   "folder, with / at its end, a name in it; without it "
                   "PROGRAM-%p.pmt"),
    PMT_OPT_FORCE(O, force),
    PMT_RECORD_ROWS_WHAT(O),
    PMT_OPT_NEGATABLE(0, "children", O, children,
                      "the processes that it starts too, each into a trace "
                      "of its own",
                      .preset = "on"),
    PMT_RECORD_ROWS(O),
    PMT_OPT_LAST};
#undef O

/* ---- checks ---------------------------------------------------------------- */

/*
 * The program as execvp() finds it; a script in this folder is found without
 * "./", as the usage has it. What can't be run is told before anything else.
 * On the heap in *name.
 */
static int find_program(const char *given, char **name)
{
    char *file = pmt_record_locate(given);
    size_t n = strlen(given);
    bool here = file == NULL && access(given, F_OK) == 0;
    struct stat st;
    int failed;

    *name = malloc(n + 3);
    if (*name == NULL) {
        free(file);
        return pmt_fail("out of memory");
    }
    snprintf(*name, n + 3, "%s%s", here ? "./" : "", given);
    if (file != NULL || here)
        failed = access(file != NULL ? file : *name, X_OK) ? errno
                 : stat(file != NULL ? file : *name, &st) == 0 &&
                         S_ISDIR(st.st_mode)
                     ? EISDIR
                     : 0;
    else
        failed = ENOENT;
    free(file);
    if (failed == EACCES && n > 3 && strcmp(given + n - 3, ".py") == 0)
        return pmt_fail("%s can't be run by its name; try `pmt record -- "
                        "python3 %s`",
                        given, given);
    return failed ? pmt_fail_errno(failed, "%s", given) : PMT_EXIT_OK;
}

static int check_program(const char *package, char *const *argv,
                         const struct pmt_program *p)
{
    if (!p->is_python)
        return PMT_EXIT_OK;
    if (p->blocked && (p->blocked == 'S' ||
                       !pmt_record_has_starter(package, argv[0])))
        return pmt_fail("%s's option -%c keeps the recorder out; leave it "
                        "out",
                        argv[0], p->blocked);
    if (p->major != 0 &&
        (p->major < 3 || (p->major == 3 && p->minor < 8)))
        return pmt_fail("%s is CPython %d.%d; 3.8 or later can be recorded",
                        argv[0], p->major, p->minor);
    if (p->major != 0 &&
        !pmt_record_has_extension(package, p->major, p->minor))
        return pmt_fail("the recorder is not built for CPython %d.%d: run "
                        "`make PYTHON=python%d.%d` in pmtrace's source, or "
                        "the `pmt` that pip put beside that Python",
                        p->major, p->minor, p->major, p->minor);
    return PMT_EXIT_OK;
}

static int check_modes(uint32_t modes, const struct pmt_program *p)
{
    if ((modes & PMT_RECORD_OBJECT) && p->major == 3 && p->minor < 13)
        return pmt_fail("mode object needs CPython 3.13 or later; this is "
                        "%d.%d",
                        p->major, p->minor);
    return PMT_EXIT_OK;
}

/* ---- the command -------------------------------------------------------------- */

/* Sets the environment from the options. */
static int hand_over(struct pmt_record_options *opt, const char *package,
                     const char *output)
{
    char *text = pmt_record_settings(options, opt, output,
                                     opt->common.verbose > 0);
    int failed = text == NULL ? ENOMEM
                              : pmt_record_set_environment(package, text);

    free(text);
    if (failed)
        return pmt_fail_errno(failed, "cannot set the environment");
    return PMT_EXIT_OK;
}

/* `argv` can be run. */
static int start(struct pmt_record_options *opt, const char *package,
                 char **argv)
{
    struct pmt_program program;
    const char *given = opt->output != NULL ? opt->output : "";
    char name[PATH_MAX + 160], *output;
    int status;

    pmt_record_examine(argv, &program);
    if (*given == '\0' || given[strlen(given) - 1] == '/') {
        snprintf(name, sizeof name, "%s%s-%%p.pmt", given,
                 program.stem[0] != '\0' ? program.stem : "python");
        given = name;
    }
    output = pmt_record_absolute(given);
    if (output == NULL)
        return pmt_fail("out of memory");
    status = check_program(package, argv, &program);
    if (opt->modes & PMT_RECORD_OBJECT && program.is_interpreter && program.major == 0)
        pmt_record_ask_version(argv[0], &program);
    if (status == PMT_EXIT_OK)
        status = check_modes(opt->modes, &program);
    if (status == PMT_EXIT_OK)
        status = pmt_record_check_output(output, opt->force);
    if (status == PMT_EXIT_OK)
        status = hand_over(opt, package, output);
    free(output);
    if (status != PMT_EXIT_OK)
        return status;
    if (!program.is_python)
        pmt_warn("%s is not Python: only a Python that it starts is "
                 "recorded",
                 argv[0]);
    execvp(argv[0], argv);
    return pmt_fail_errno(errno, "%s", argv[0]);
}

static int run(const struct pmt_command *command, int argc, char **argv)
{
    struct pmt_record_options opt = {0};
    char *package, *name;
    int status;

    status = pmt_record_parse(command, argc, argv, &opt);
    if (status != PMT_EXIT_OK)
        return status;
    package = pmt_record_find_package();
    if (package == NULL)
        return pmt_fail("the recorder's Python package was not found; "
                        "%s can name its folder",
                        PMT_RECORD_PACKAGE);
    status = find_program(argv[0], &name);
    if (status == PMT_EXIT_OK) {
        argv[0] = name;
        status = start(&opt, package, argv);
    }
    free(name);
    free(package);
    return status;
}

const struct pmt_command pmt_command_record = {
    .name = "record",
    .summary = "run a Python program and record it into a trace",
    .usage =
        (const char *const[]){"[options] [--] python3 [argument...]",
                              "[options] [--] script.py [argument...]", NULL},
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
            "nothing under -S: with these it can't be recorded, but under -I "
            "and -E it can where pip installed pmtrace for it. The processes "
            "that it forks and the Pythons that it starts are recorded too, "
            "each into a trace of its own, named by %p or with its number "
            "before .pmt. Of a program that is not Python only the Pythons "
            "that it starts are recorded. A script that is given without "
            "python3 must be executable, and name Python in its first line.",
            "Modes: alloc records malloc, calloc, realloc and free in "
            "Python's three domains; object the creation and destruction of "
            "objects (CPython 3.13 or later); call calls and returns of "
            "Python and C functions; line lines, calls, returns and "
            "exceptions; snapshot the live set, summed by stack; heap the "
            "allocators' own figures; rss the resident set by time; gc the "
            "garbage collector's collections.",
            NULL},
    .examples =
        (const char *const[]){
            "pmt record -- python3 app.py --port 80",
            "record app.py into app-PID.pmt",
            "pmt record -o x.pmt --mode=object python3.13 -m unittest",
            "record each object that is made and destroyed",
            "pmt record --mode=object --types='Conn*,Query' python3.13 app.py",
            "only objects of some types",
            "pmt record --always --max-age=2h -- python3 app.py",
            "sampled, the newest two hours in at most 256 MiB: for a program "
            "that runs for weeks",
            "pmt record --mode=call --rss-trigger=4K python3 app.py",
            "only calls during which the process grew or shrank",
            "pmt record --mode=snapshot --snapshot-ms=60000 "
            "--snapshot-signal=USR1 ./app.py",
            "what is alive, every minute and at kill -USR1", NULL},
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
