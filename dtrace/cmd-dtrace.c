/*
 * cmd-dtrace.c - the command `pmt dtrace`: the output of D and bpftrace
 * scripts as a trace.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/errors.h"
#include "cli/options.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/version.h"
#include "cli/xalloc.h"
#include "convert.h"
#include "report.h"
#include "run.h"
#include "scripts.h"
#include "system.h"

struct dtrace_options {
    struct pmt_common common; /* must come first */
    const char *output, *script;
    int64_t pid;
    int tool;
    bool force, json, strict, this_boot, no_sites;
};
#define O struct dtrace_options

static const char *const tools[] = {"any", "dtrace", "bpftrace", NULL};

static const struct pmt_option options[] = {
    PMT_OPT_STRING('o', "output", "FILE", O, output,
                   "write the trace to FILE; - is standard output"),
    PMT_OPT_FORCE(O, force),
    PMT_OPT_FLAG(0, "json", O, json,
                 "print what was done as one JSON object, on stderr"),
    PMT_OPT_FLAG(0, "strict", O, strict,
                 "status 1 also when a line was not used, or events were "
                 "lost"),
    PMT_OPT_HEADING("Options of convert"),
    PMT_OPT_FLAG(0, "this-boot", O, this_boot,
                 "the log was made on this machine since it was started: put "
                 "its times on the clock of other traces"),
    PMT_OPT_HEADING("Options of run"),
    PMT_OPT_STRING('s', "script", "NAME", O, script,
                   "what to watch, see `pmt dtrace scripts`",
                   .preset = "malloc"),
    PMT_OPT_INT('p', "pid", "PID", O, pid, "the process to watch", .low = 1),
    PMT_OPT_CHOICE(0, "tool", "TOOL", O, tool, tools,
                   "dtrace or bpftrace; any: what is there",
                   .preset = "any"),
    PMT_OPT_FLAG(0, "no-sites", O, no_sites,
                 "do without the Python's probes: no Python lines"),
    PMT_OPT_LAST};
#undef O

/* ---- convert -------------------------------------------------------------------- */

/* Ctrl-C in a pipeline is meant for the tracer, which then says how much it
 * lost: what it prints until it ends belongs to the log. */
static void leave_interrupts(int fd)
{
    struct stat st;

    if (fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode))
        signal(SIGINT, SIG_IGN);
}

static int read_log(struct dt_convert *c, int fd, const char *name,
                    uint64_t size, int when)
{
    static char block[1 << 18];
    struct pmt_progress progress;
    struct pmt_error err;
    uint64_t done = 0;
    ssize_t n;
    int status = PMT_EXIT_OK;

    pmt_progress_start(&progress, name, size, PMT_PROGRESS_BYTES, when);
    while (status == PMT_EXIT_OK) {
        n = read(fd, block, sizeof block);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            status = pmt_fail_errno(errno, "%s", name);
        if (n <= 0)
            break;
        if (dt_convert_feed(c, block, (size_t)n, &err) < 0)
            status = pmt_fail("%s: %s", name, err.message);
        pmt_progress_update(&progress, done += (uint64_t)n);
    }
    pmt_progress_stop(&progress);
    return status;
}

/* Ends the trace, and says what became of the log. */
static int finish(struct dt_convert *c, const struct dtrace_options *opt,
                  const char *name, struct pmt_output *out)
{
    const struct dt_report *r = dt_convert_report(c);
    struct pmt_error err;
    bool any;
    int status;

    if (dt_convert_finish(c, &any, &err) < 0) {
        pmt_output_abandon(out);
        return pmt_fail("%s: %s", name, err.message);
    }
    if (opt->json)
        dt_report_json(name, r, dt_convert_processes(c));
    else
        dt_report_text(name, r, dt_convert_processes(c));
    if (!any) {
        pmt_output_abandon(out);
        pmt_fail("%s: no event in it", name);
        return PMT_EXIT_NO;
    }
    status = pmt_output_commit(out);
    if (status == PMT_EXIT_OK && opt->strict &&
        (r->unused > 0 || r->lost > 0 || r->totals.late > 0))
        return PMT_EXIT_NO;
    return status;
}

static int begin(const struct dtrace_options *opt,
                 const struct dt_options *about, struct pmt_output *out,
                 struct dt_convert **c)
{
    struct pmt_sink sink;
    struct pmt_error err;

    if (!opt->output)
        return pmt_fail("no output given: use -o FILE");
    if (pmt_output_open(out, opt->output,
                        PMT_OUTPUT_BINARY | PMT_OUTPUT_PRIVATE |
                            (opt->force ? PMT_OUTPUT_FORCE : 0)))
        return PMT_EXIT_TROUBLE;
    pmt_sink_to_fd(&sink, out->fd);
    if (dt_convert_new(c, &sink, about, &err) < 0) {
        pmt_output_abandon(out);
        return pmt_fail("%s", err.message);
    }
    return PMT_EXIT_OK;
}

static int convert(const struct dtrace_options *opt, const char *path)
{
    struct dt_options about = {.producer = "pmt dtrace " PMT_VERSION};
    bool piped = strcmp(path, "-") == 0;
    const char *name = piped ? "standard input" : path;
    int fd = piped ? 0 : open(path, O_RDONLY | O_CLOEXEC);
    struct pmt_output out;
    struct dt_convert *c;
    struct stat st = {0};
    int status;

    if (fd < 0)
        return pmt_fail_errno(errno, "%s", path);
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        close(fd);
        return pmt_fail("%s: is a folder", path);
    }
    if (opt->this_boot)
        dt_system_boot_id(about.boot_id);
    status = begin(opt, &about, &out, &c);
    if (status == PMT_EXIT_OK) {
        leave_interrupts(fd);
        status = read_log(c, fd, name,
                          S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0,
                          opt->common.progress);
        if (status == PMT_EXIT_OK)
            status = finish(c, opt, name, &out);
        else
            pmt_output_abandon(&out);
        dt_convert_free(c);
    }
    if (!piped)
        close(fd);
    return status;
}

/* ---- run ------------------------------------------------------------------------- */

static volatile sig_atomic_t tracer_to_stop;

/* The tracer ends, and says how much it lost; so does the log. */
static void stop_tracer(int signal_number)
{
    (void)signal_number;
    if (tracer_to_stop > 0)
        kill((pid_t)tracer_to_stop, SIGINT);
}

/* What the tracer says on stderr, line by line: losses count, the rest is
 * passed on. */
struct said {
    char line[1024];
    size_t used;
};

static void hear(struct dt_convert *c, struct said *said, const char *bytes,
                 size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] != '\n') {
            if (said->used + 1 < sizeof said->line)
                said->line[said->used++] = bytes[i];
            continue;
        }
        said->line[said->used] = '\0';
        if (said->used > 0 &&
            !dt_convert_said(c, said->line, said->used))
            pmt_warn("%s", said->line);
        said->used = 0;
    }
}

/* Until both of the tracer's outputs are at their end. */
static int follow(struct dt_run *run, struct dt_convert *c)
{
    static char block[1 << 16];
    struct pollfd fds[2] = {{.fd = run->out, .events = POLLIN},
                            {.fd = run->err, .events = POLLIN}};
    struct said said = {.used = 0};
    struct pmt_error err;
    bool begun = false, heard;
    int status = PMT_EXIT_OK;

    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
        if (poll(fds, 2, 100) < 0 && errno != EINTR)
            return pmt_fail_errno(errno, "cannot wait for the tracer");
        heard = false;
        for (int i = 0; i < 2; i++) {
            ssize_t n;

            if (fds[i].fd < 0 || !(fds[i].revents & (POLLIN | POLLHUP)))
                continue;
            n = read(fds[i].fd, block, sizeof block);
            heard |= n > 0;
            if (n <= 0) {
                fds[i].fd = -1;
            } else if (i == 1) {
                hear(c, &said, block, (size_t)n);
            } else {
                if (status == PMT_EXIT_OK &&
                    dt_convert_feed(c, block, (size_t)n, &err) < 0) {
                    status = pmt_fail("%s", err.message);
                    stop_tracer(0);
                }
                /* bpftrace prints a line before the probes are in. */
                if (!begun && dt_convert_report(c)->titled) {
                    pmt_note("watching");
                    begun = true;
                    dt_run_go(run);
                }
            }
            fds[i].revents = 0;
        }
        dt_run_look(run, heard);
    }
    return status;
}

static int watch(struct dt_run *run, struct dt_convert *c)
{
    struct sigaction stop = {.sa_handler = stop_tracer};
    const char *name = run->tool == DT_TOOL_DTRACE ? "dtrace" : "bpftrace";
    int status = dt_run_start(run), ended;

    if (status != PMT_EXIT_OK)
        return status;
    tracer_to_stop = run->tracer;
    signal(SIGINT, SIG_IGN); /* the tracer has it too */
    sigaction(SIGTERM, &stop, NULL);
    sigaction(SIGHUP, &stop, NULL);
    status = follow(run, c);
    tracer_to_stop = 0;
    ended = dt_run_end(run);
    if (status == PMT_EXIT_OK && dt_convert_processes(c) == 0 &&
        !(WIFEXITED(ended) && WEXITSTATUS(ended) == 0))
        return pmt_fail("%s failed and has told nothing%s", name,
                        run->tool == DT_TOOL_DTRACE ? dt_run_lacks() : "");
    return status;
}

static int run_tracer(const struct dtrace_options *opt, char **program)
{
    struct dt_options about = {.producer = "pmt dtrace " PMT_VERSION,
                               .has_clocks = true};
    struct dt_run run = {.script = dt_scripts_find(opt->script),
                         .tool = (enum dt_tool)opt->tool,
                         .pid = (uint64_t)opt->pid, .program = program,
                         .no_sites = opt->no_sites};
    char executable[4096];
    struct pmt_output out;
    struct dt_convert *c;
    int status;

    if (!run.script)
        return pmt_fail("no script %s; `pmt dtrace scripts` lists them",
                        opt->script);
    if ((run.pid != 0) == (program[0] != NULL))
        return pmt_fail("%s", run.pid ? "give -p PID or a program, not both"
                                      : "give -p PID or a program");
    status = dt_run_check(&run);
    if (status != PMT_EXIT_OK)
        return status;
    dt_system_boot_id(about.boot_id);
    dt_system_clocks(&about.mono_ns, &about.real_ns, &about.uncertainty_ns);
    about.pid = run.pid;
    if (run.pid && dt_system_executable(run.pid, executable,
                                        sizeof executable))
        about.executable = executable;
    status = begin(opt, &about, &out, &c);
    if (status != PMT_EXIT_OK)
        return status;
    status = watch(&run, c);
    if (status == PMT_EXIT_OK)
        status = finish(c, opt, opt->script, &out);
    else
        pmt_output_abandon(&out);
    dt_convert_free(c);
    return status;
}

/* ---- scripts --------------------------------------------------------------------- */

static int list_scripts(void)
{
    const struct dt_script *s;

    for (size_t i = 0; (s = dt_scripts_at(i)) != NULL; i++)
        printf("%-10s %s\n", s->name, s->summary);
    return PMT_EXIT_OK;
}

/* malloc.d, malloc.bt or site.inc, as it stands. */
static int print_script(const char *file)
{
    const char *dot = strrchr(file, '.');
    char *name = pmt_xasprintf("%.*s", (int)(dot ? dot - file : 0), file);
    const struct dt_script *s = dt_scripts_find(name);
    size_t n;
    const char *bytes = NULL;
    struct pmt_output out;

    free(name);
    if (strcmp(file, "site.inc") == 0) {
        bytes = dt_scripts_site(&n);
    } else if (s && strcmp(dot, ".d") == 0) {
        bytes = s->d;
        n = (size_t)(s->d_end - s->d);
    } else if (s && strcmp(dot, ".bt") == 0) {
        bytes = s->bt;
        n = (size_t)(s->bt_end - s->bt);
    }
    if (!bytes)
        return pmt_fail("no script %s; `pmt dtrace scripts` lists them: "
                        "NAME.d or NAME.bt",
                        file);
    if (pmt_output_open(&out, NULL, 0))
        return PMT_EXIT_TROUBLE;
    fwrite(bytes, 1, n, out.file);
    return pmt_output_commit(&out);
}

/* ---- the command ------------------------------------------------------------------ */

static int run(const struct pmt_command *command, int argc, char **argv)
{
    struct dtrace_options opt = {0};
    int count = pmt_options_parse(command, argc, argv, &opt.common);

    if (strcmp(argv[0], "convert") == 0) {
        if (count != 2)
            return pmt_fail(count < 2 ? "no log given: a file, or - for "
                                        "standard input"
                                      : "one log at a time");
        return convert(&opt, argv[1]);
    }
    if (strcmp(argv[0], "run") == 0)
        return run_tracer(&opt, argv + 1);
    if (strcmp(argv[0], "scripts") == 0)
        return count > 2    ? pmt_fail("unexpected operand %s", argv[2])
               : count == 1 ? list_scripts()
                            : print_script(argv[1]);
    return pmt_fail("%s is not convert, run or scripts", argv[0]);
}

const struct pmt_command pmt_command_dtrace = {
    .name = "dtrace",
    .summary = "make a trace of what D and bpftrace scripts print",
    .usage =
        (const char *const[]){
            "convert [options] -o FILE LOG",
            "run [options] -o FILE -p PID",
            "run [options] -o FILE -- program [argument...]",
            "scripts [NAME.d | NAME.bt | site.inc]", NULL},
    .description =
        (const char *const[]){
            "convert reads the log of one of pmtrace's D scripts or of its "
            "bpftrace twin, or of one of pymemtrace's D scripts, and writes "
            "a trace: blocks as records of kind alloc, calls as call, tables "
            "as snapshots. - is standard input, which may still be written. "
            "Lines that can't be used are counted by cause on stderr, with "
            "the first line numbers; -v says what was found.",
            "A log of pymemtrace has no times: the trace then counts lines. "
            "Each process in a log becomes a stream.",
            "run runs dtrace or bpftrace, whichever is there, with one of "
            "the scripts on a process or a program, and converts what it "
            "prints. It needs root, and for the Python lines a Python that "
            "was configured with --with-dtrace: python3 -m sysconfig | grep "
            "DTRACE tells. Ctrl-C ends it.",
            "scripts lists the scripts, or prints one to be run by hand.",
            NULL},
    .examples =
        (const char *const[]){
            "pmt dtrace scripts malloc.bt > malloc.bt",
            "print a script, to be run by hand",
            "pmt dtrace run --script malloc -p 4711 -o x.pmt",
            "every malloc and free of a process, until Ctrl-C",
            "bpftrace -p 4711 malloc.bt 4711 | pmt dtrace convert - -o x.pmt",
            "the same by hand", NULL},
    .exit_status =
        (const char *const[]){
            "FILE is a trace, though some lines may not have been used",
            "there was no event; or --strict, and a line was not used or "
            "events were lost",
            "trouble: no tracer, no rights, a Python without probes, no "
            "space"},
    .options = options,
    .operands_min = 1,
    .operands_max = -1,
    .operand = "convert, run or scripts",
    .run = run,
};
