/*
 * cmd-sample.c - the command `pmt sample`: figures of processes by time, into
 * a trace.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/errors.h"
#include "cli/options.h"
#include "cmd-sample-view.h"
#include "sampler-events.h"
#include "sampler-program.h"
#include "sampler.h"

struct options {
    struct pmt_common common;
    uint64_t interval_ns, duration_ns;
    struct pmt_option_list pids;
    uint32_t groups;
    int64_t maps;
    bool tree, events, print, json, trace, force;
    const char *output;
};

#define UNLIMITED UINT64_MAX

static const char *const group_names[] = {
    "memory", "cpu", "status", "pss", "io", "files", "net", "cgroup", "maps",
    NULL};

#define O struct options
static const struct pmt_option options[] = {
    PMT_OPT_LIST('p', "pid", "PID", O, pids,
                 "sample this process; may be given again"),
    PMT_OPT_DURATION('i', "interval", "TIME", O, interval_ns,
                     "time between samples", .preset = "500ms"),
    PMT_OPT_NEGATABLE(0, "tree", O, tree,
                      "the processes that they make too"),
    PMT_OPT_DURATION(0, "duration", "TIME", O, duration_ns,
                     "end after this time"),
    PMT_OPT_SET('g', "groups", "GROUPS", O, groups, group_names,
                "the figures to read", .preset = "memory,cpu,status"),
    PMT_OPT_INT(0, "mappings", "N", O, maps,
                "with group maps: the N largest, the rest together",
                .preset = "40", .low = 2, .high = 4096),
    PMT_OPT_NEGATABLE(0, "events", O, events,
                      "learn of starts and ends from the system, where it "
                      "lets us",
                      .preset = "on"),
    PMT_OPT_HEADING("Output"),
    PMT_OPT_STRING('o', "output", "FILE", O, output,
                   "name of the trace; %p process, %h host, %t time; without "
                   "it NAME-%p.pmt"),
    PMT_OPT_FORCE(O, force),
    PMT_OPT_NEGATABLE(0, "trace", O, trace, "write a trace",
                      .preset = "on"),
    PMT_OPT_FLAG(0, "print", O, print, "print a table as it goes"),
    PMT_OPT_JSON(O, json),
    PMT_OPT_LAST};
#undef O

/* What runs; plain storage. */
struct run {
    const struct options *opt;
    pid_t *pids;
    size_t pid_count;
    struct sampler_program program;
    struct sampler_trace trace;
    struct sampler *sampler;
    struct sample_view view;
    int signals, events;
    bool ended;                /* the program is only waited for */
};

/* ---- what is given ----------------------------------------------------------- */

static int take_pids(struct run *r)
{
    const struct pmt_option_list *list = &r->opt->pids;

    r->pids = calloc(list->count + 1, sizeof *r->pids);
    if (r->pids == NULL)
        return pmt_fail("out of memory");
    for (size_t i = 0; i < list->count; i++) {
        pid_t parent;
        uint64_t started;
        char *end;
        long pid = strtol(list->items[i], &end, 10);

        if (*end != '\0' || pid <= 0 || pid > 0x7fffffff)
            return pmt_fail("%s: not a process id", list->items[i]);
        if (rec_proc_origin((pid_t)pid, &parent, &started) != 0)
            return pmt_fail("%ld: no such process", pid);
        r->pids[r->pid_count++] = (pid_t)pid;
    }
    return PMT_EXIT_OK;
}

static int check(const struct options *opt, int operands)
{
    if (operands == 0 && opt->pids.count == 0)
        return pmt_fail("no process and no program given");
    if (operands > 0 && opt->pids.count > 0)
        return pmt_fail("-p and a program can't be given together");
    if (opt->output != NULL && strcmp(opt->output, "-") == 0)
        return pmt_fail("-o -: what is sampled is kept in a file beside the "
                        "trace: it must have a name");
    if (opt->output != NULL && *opt->output == '\0')
        return pmt_fail("-o: the trace must have a name");
    if (opt->duration_ns == 0)
        return pmt_fail("the duration must be more than 0");
    if (opt->interval_ns < 1000000)
        return pmt_fail("the interval must be 1 ms or more");
    if (opt->print && opt->json)
        return pmt_fail("--print and --json can't be given together");
    return PMT_EXIT_OK;
}

/* ---- the trace's name --------------------------------------------------------- */

/* The last part of a program's path, what is odd in a file's name replaced. */
static void name_of(char *name, size_t size, const char *program)
{
    const char *slash = strrchr(program, '/');

    snprintf(name, size, "%s", slash != NULL ? slash + 1 : program);
    for (char *c = name; *c != '\0'; c++) {
        if (*c == '%' || *c == '/' || (unsigned char)*c <= ' ')
            *c = '_';
    }
}

static size_t put_letter(char *to, size_t size, char letter, pid_t pid)
{
    time_t now = time(NULL);
    struct tm tm;

    switch (letter) {
    case 'p':
        return (size_t)snprintf(to, size, "%ld", (long)pid);
    case 'h':
        return gethostname(to, size) == 0 ? strnlen(to, size) : 0;
    case 't':
        gmtime_r(&now, &tm);
        return strftime(to, size, "%Y%m%dT%H%M%SZ", &tm);
    case '%':
        return (size_t)snprintf(to, size, "%%");
    default:
        return 0;
    }
}

/* Replaces %p, %h, %t and %%. */
static int expand(char *path, size_t size, const char *given, pid_t pid)
{
    size_t used = 0;

    for (; *given != '\0'; given++) {
        size_t n = 1;

        if (used + 100 >= size)
            return pmt_fail("the name of the trace is too long");
        if (*given != '%') {
            path[used++] = *given;
            continue;
        }
        given++;
        n = put_letter(path + used, 80, *given, pid);
        if (n == 0)
            return pmt_fail("%%%.1s in the name of the trace; there are %%p "
                            "(process), %%h (host), %%t (time) and %%%%",
                            given);
        used += n < 80 ? n : 79;
    }
    path[used] = '\0';
    return PMT_EXIT_OK;
}

/* The trace's path: as given, or by the program's or process's name. */
static int find_path(struct run *r, char *const *argv, char *path,
                     size_t size)
{
    const char *given = r->opt->output != NULL ? r->opt->output : "";
    pid_t pid = r->program.pid ? r->program.pid : r->pids[0];
    struct rec_proc_about *about;
    char name[128], whole[SAMPLER_PATH_MAX];

    if (*given != '\0' && given[strlen(given) - 1] != '/')
        return expand(path, size, given, pid);
    about = calloc(1, sizeof *about);
    if (about != NULL && argv[0] == NULL &&
        rec_proc_about(pid, about) == 0)
        name_of(name, sizeof name, about->name);
    else
        name_of(name, sizeof name, argv[0] != NULL ? argv[0] : "sample");
    free(about);
    snprintf(whole, sizeof whole, "%s%s-%%p.pmt", given, name);
    return expand(path, size, whole, pid);
}

static int open_trace(struct run *r, char *const *argv)
{
    const struct options *opt = r->opt;
    const char *hooks[4] = {"sample"}, *settings[9] = {NULL};
    const struct sampler_about about = {hooks, settings};
    char path[SAMPLER_PATH_MAX], interval[32], groups[128] = "";
    struct pmt_error err;
    int status = find_path(r, argv, path, sizeof path), n = 1;

    if (status != PMT_EXIT_OK)
        return status;
    if (opt->tree)
        hooks[n++] = "sample:tree";
    if (r->events >= 0)
        hooks[n] = "sample:events";
    snprintf(interval, sizeof interval, "%llu",
             (unsigned long long)opt->interval_ns);
    for (int i = 0; group_names[i] != NULL; i++) {
        if (opt->groups >> i & 1)
            snprintf(groups + strlen(groups), sizeof groups - strlen(groups),
                     "%s%s", groups[0] ? "," : "", group_names[i]);
    }
    settings[0] = "interval_ns";
    settings[1] = interval;
    settings[2] = "groups";
    settings[3] = groups;
    settings[4] = "tree";
    settings[5] = opt->tree ? "on" : "off";
    if (sampler_trace_open(&r->trace, path, opt->force, &about, &err) < 0) {
        if (err.sys_errno == EEXIST)
            return pmt_fail("%s: exists; -f replaces it", path);
        return err.sys_errno != 0
                   ? pmt_fail_errno(err.sys_errno, "%s", path)
                   : pmt_fail("%s: %s", path, err.message);
    }
    pmt_note("%s: sampling", path);
    return PMT_EXIT_OK;
}

/* ---- signals ------------------------------------------------------------------ */

/* Those of the terminal reach the program by themselves; others are passed
 * on. Without a program they end the sampling. */
static bool on_signal(void *to, int signal, bool from_terminal)
{
    struct run *r = to;

    if (r->program.pid == 0)
        return signal != SIGUSR1 && signal != SIGUSR2 && signal != SIGQUIT;
    if (!from_terminal)
        kill(r->program.pid, signal);
    return false;
}

/* ---- the run ------------------------------------------------------------------ */

static int make_sampler(struct run *r)
{
    const struct options *opt = r->opt;
    const struct sampler_options o = {
        .interval_ns = opt->interval_ns,
        .duration_ns = opt->duration_ns == UNLIMITED ? 0
                                                     : opt->duration_ns,
        .groups = opt->groups,
        .maps = (size_t)opt->maps,
        .tree = opt->tree,
        .own = r->program.pid != 0,
        .events = r->events,
        .trace = opt->trace ? &r->trace : NULL,
        .view = opt->json    ? &sample_view_json
                : opt->print ? &sample_view_table
                             : NULL,
        .to = &r->view,
    };
    int error = sampler_new(&r->sampler, &o);

    return error ? pmt_fail_errno(error, "cannot sample") : PMT_EXIT_OK;
}

/* The program runs, or the processes are known. */
static int begin(struct run *r, char *const *argv)
{
    int error;

    if (r->program.pid != 0) {
        error = sampler_program_go(&r->program);
        if (error) {
            if (r->opt->trace)
                sampler_trace_drop(&r->trace);
            return pmt_fail_errno(error, "%s", argv[0]);
        }
        sampler_add(r->sampler, r->program.pid, true);
        return PMT_EXIT_OK;
    }
    for (size_t i = 0; i < r->pid_count; i++) {
        if (sampler_add(r->sampler, r->pids[i], false) != 0)
            pmt_warn("%ld: no such process any more", (long)r->pids[i]);
    }
    return PMT_EXIT_OK;
}

/* With -v, what was done. */
static void say_counts(const struct run *r)
{
    struct sampler_counts c;

    sampler_counts(r->sampler, &c);
    pmt_note("%llu looks, %llu samples, %llu processes started, %llu ended, "
             "%llu ticks missed",
             (unsigned long long)c.looks, (unsigned long long)c.samples,
             (unsigned long long)c.started, (unsigned long long)c.ended,
             (unsigned long long)c.missed_ticks);
    if (c.missed_ticks > 0)
        pmt_warn("%llu ticks were over before they could be sampled",
                 (unsigned long long)c.missed_ticks);
}

static int end(struct run *r)
{
    struct pmt_error err;

    say_counts(r);
    if (!r->opt->trace)
        return PMT_EXIT_OK;
    if (sampler_trace_finish(&r->trace, &err) < 0)
        return pmt_fail("%s: %s; what is missing is in %s", r->trace.path,
                        err.message, r->trace.journal_path);
    return PMT_EXIT_OK;
}

/* After the duration the program runs on: for its exit status. */
static int wait_for_program(struct run *r)
{
    int status;

    while (!sampler_program_status(r->sampler, &status))
        sampler_wait(r->sampler, r->signals, on_signal, r);
    return sampler_program_pass_on(status);
}

static int sample(struct run *r, char *const *argv)
{
    int status = PMT_EXIT_OK, error;

    if (argv[0] != NULL) {
        sampler_become_reaper();
        error = sampler_program_fork(&r->program, argv);
        if (error)
            return pmt_fail_errno(error, "%s", argv[0]);
    }
    r->events =
        r->opt->events && r->opt->tree ? sampler_events_open() : -1;
    if (r->opt->tree && r->events < 0 && r->opt->events)
        pmt_note("no process events: %s", strerror(errno));
    /* A program's own output is not to be mixed with ours. */
    sample_view_init(&r->view, r->program.pid ? stderr : stdout,
                     r->opt->groups);
    if (r->opt->trace)
        status = open_trace(r, argv);
    if (status == PMT_EXIT_OK)
        status = make_sampler(r);
    if (status == PMT_EXIT_OK)
        status = begin(r, argv);
    if (status != PMT_EXIT_OK)
        return status;
    sampler_run(r->sampler, r->signals, on_signal, r);
    status = end(r);
    if (r->program.pid != 0)
        return wait_for_program(r);
    return status;
}

static int run(const struct pmt_command *command, int argc, char **argv)
{
    struct options opt = {.duration_ns = UNLIMITED};
    struct run *r = calloc(1, sizeof *r);
    int operands = pmt_options_parse(command, argc, argv, &opt.common);
    int status = check(&opt, operands);

    if (r == NULL)
        return pmt_fail("out of memory");
    r->opt = &opt;
    r->events = r->signals = -1;
    if (operands == 0)
        argv[0] = NULL;
    if (status == PMT_EXIT_OK)
        status = take_pids(r);
    if (status == PMT_EXIT_OK) {
        r->signals = sampler_program_prepare(&r->program);
        status = r->signals < 0 ? pmt_fail_errno(errno, "signalfd")
                                : sample(r, argv);
    }
    sampler_free(r->sampler);
    if (r->events >= 0)
        close(r->events);
    if (r->signals >= 0)
        close(r->signals);
    free(r->pids);
    free(r);
    pmt_options_release(command, &opt.common);
    return status;
}

const struct pmt_command pmt_command_sample = {
    .name = "sample",
    .summary = "sample processes: memory, processor time, files, by time",
    .usage = (const char *const[]){"[options] -p PID [-p PID]...",
                                   "[options] [--] program [argument...]",
                                   NULL},
    .description =
        (const char *const[]){
            "Reads the figures of running processes, or of a program that it "
            "starts, at fixed times, and writes them into a trace. Any "
            "program will do; nothing is put into it.",
            "Groups of figures, cheap ones first: memory (resident, virtual, "
            "shared), cpu (time, page faults, threads, state), status (peak, "
            "swap, switches of context), io (bytes and calls), files (open "
            "files by kind), cgroup (memory of the control group), net "
            "(connections by state), pss (what it has alone and its part of "
            "what is shared), maps (mappings by file). The last two make the "
            "kernel walk the whole of the process's memory.",
            "With --tree the processes that they make are sampled too, from "
            "when they begin: the system tells of each start and end where "
            "it lets us (Linux: process events, for root or with "
            "CAP_NET_ADMIN), else they are looked for every 5 ms. How it was "
            "learnt is in the trace.",
            "A program's signals, terminal and exit status are its own: what "
            "ends it ends this command in the same way. SIGINT and SIGTERM "
            "end the sampling of processes that were running already; the "
            "trace is whole then. After SIGKILL the journal beside it has "
            "the samples up to the last interval.",
            "With a program, --print and --json go to standard error.", NULL},
    .examples =
        (const char *const[]){
            "pmt sample -- python3 app.py",
            "sample app.py twice a second into python3-PID.pmt",
            "pmt sample -i 0.1 --tree --print -o build.pmt make -j4",
            "sample make and all that it starts, and show it",
            "pmt sample --duration 1m -g memory,cpu,pss,files -p 4711",
            "one minute of a running process",
            NULL},
    .exit_status =
        (const char *const[]){"the processes were sampled", NULL,
                              "something went wrong; with a program, its own "
                              "exit status is passed on"},
    .options = options,
    .operands_min = 0,
    .operands_max = -1,
    .operand = "process",
    .stops_at_operand = true,
    .run = run,
};
