/*
 * cmd-record.c - the command `pmt record`: runs a program in this process's
 * place, with an environment in which Python starts the recorder.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/errors.h"
#include "cli/value.h"
#include "commands.h"
#include "record.h"

/* Bits of mode_names. */
#define OBJECT 2u
#define SNAPSHOT 16u

/* Names are those of the settings (recorder/pmtrace/_options.py). */
struct record_options {
    struct pmt_common common; /* must come first */
    const char *output;
    bool force, always;
    uint32_t modes, domains;
    bool builtins, c_calls, children, collect, count_types, object_rss, opcodes,
        snapshot_marks, snapshot_records, track;
    int64_t chunk_records, dump_max, dump_signal, frames, heap_ms, level,
        max_age, object_frames, rss_ms, rss_us, segments, snapshot_ms,
        snapshot_signal, tick_ns;
    uint64_t dump_rss, max_block, max_size, min_block, rss_trigger,
        sample_bytes;
    const char *dump_marks, *files, *types;
    int when_full;
};

/* In the order of MODES in pmtrace/_options.py. */
static const char *const mode_names[] = {"alloc", "object",   "call", "line",
                                         "snapshot", "heap", "rss", "gc", NULL};
static const char *const domain_names[] = {"raw", "mem", "obj", NULL};
static const char *const when_full_names[] = {"drop", "wait", NULL};

#define DAY_MS 86400000

/* Least of --max-size, REC_RING_LEAST of recorder/settings.h. */
#define RING_LEAST (4u << 20)

/* What --always stands for, PRESETS of pmtrace/_options.py. */
static const char *const always[] = {
    "--mode=alloc,rss,heap", "--sample-bytes=512K", "--rss-ms=1000",
    "--heap-ms=60000",       "--when-full=drop",    "--max-size=256M",
    "--children"};
#define ALWAYS (sizeof always / sizeof *always)

static bool seconds(const char *value, void *store, char *why,
                    size_t why_size);
static bool signal_number(const char *value, void *store, char *why,
                          size_t why_size);

#define O struct record_options
static const struct pmt_option options[] = {
    PMT_OPT_STRING('o', "output", "FILE", O, output,
                   "name of the trace; %p process, %h host, %t time; "
                   "without it PROGRAM-%p.pmt"),
    PMT_OPT_FORCE(O, force),
    PMT_OPT_SET(0, "mode", "MODE,...", O, modes, mode_names,
                "what to record", .preset = "alloc"),
    PMT_OPT_FLAG(0, "always", O, always,
                 "sampled, with rss and heap, in at most 256M: for leaving "
                 "on; other options change it"),
    PMT_OPT_NEGATABLE(0, "children", O, children,
                      "the processes that it starts too, each into a trace "
                      "of its own",
                      .preset = "on"),
    PMT_OPT_NEGATABLE(0, "collect", O, collect,
                      "collect garbage before the end"),
    PMT_OPT_HEADING("Stacks"),
    PMT_OPT_INT(0, "frames", "N", O, frames,
                "Python frames kept with an alloc record", .preset = "32",
                .low = 0, .high = 1024),
    PMT_OPT_INT(0, "object-frames", "N", O, object_frames,
                "Python frames kept with an object record", .preset = "1",
                .low = 0, .high = 1024),
    PMT_OPT_HEADING("Which events"),
    PMT_OPT_STRING(0, "files", "GLOB,...", O, files,
                   "only where the innermost Python file matches; !GLOB "
                   "takes away"),
    PMT_OPT_STRING(0, "types", "GLOB,...", O, types,
                   "object: only types whose name matches; !GLOB takes away"),
    PMT_OPT_NEGATABLE(0, "builtins", O, builtins,
                      "object: types of the module builtins too",
                      .preset = "on"),
    PMT_OPT_SIZE(0, "min-block", "SIZE", O, min_block,
                 "alloc: only requests of so many bytes or more",
                 .preset = "0"),
    PMT_OPT_SIZE(0, "max-block", "SIZE", O, max_block,
                 "alloc: only requests of so many bytes or fewer; 0 for no "
                 "limit",
                 .preset = "0"),
    PMT_OPT_SET(0, "domains", "DOMAIN,...", O, domains, domain_names,
                "alloc: only these domains; all without it"),
    PMT_OPT_SIZE(0, "sample-bytes", "SIZE", O, sample_bytes,
                 "alloc: one sample in so many bytes; 0 for everything",
                 .preset = "0"),
    PMT_OPT_NEGATABLE(0, "c-calls", O, c_calls, "call: C functions too",
                      .preset = "on"),
    PMT_OPT_NEGATABLE(0, "opcodes", O, opcodes, "line: opcodes too"),
    PMT_OPT_SIZE(0, "rss-trigger", "SIZE", O, rss_trigger,
                 "call, line: only events where the resident set has moved "
                 "by so much, and the one before; 0 for every event",
                 .preset = "0"),
    PMT_OPT_HEADING("Figures"),
    PMT_OPT_INT(0, "rss-us", "N", O, rss_us,
                "at events, the resident set is read at most every N us; 0: "
                "not at events",
                .preset = "100", .low = 0, .high = 1000000000),
    PMT_OPT_INT(0, "rss-ms", "N", O, rss_ms, "rss: a record every N ms",
                .preset = "100", .low = 1, .high = 3600000),
    PMT_OPT_INT(0, "heap-ms", "N", O, heap_ms,
                "heap: a record every N ms; 0: at start, marks and end",
                .preset = "10000", .low = 0, .high = DAY_MS),
    PMT_OPT_INT(0, "snapshot-ms", "N", O, snapshot_ms,
                "snapshot: one every N ms; 0: none by time", .preset = "0",
                .low = 0, .high = DAY_MS),
    PMT_OPT_NEGATABLE(0, "snapshot-marks", O, snapshot_marks,
                      "snapshot: one at every mark"),
    PMT_OPT_CALLBACK(0, "snapshot-signal", "SIGNAL", O, snapshot_signal,
                     signal_number,
                     "snapshot: one at this signal, as USR1; 0: none",
                     .preset = "0"),
    PMT_OPT_NEGATABLE(0, "snapshot-records", O, snapshot_records,
                      "snapshot: the alloc records too"),
    PMT_OPT_NEGATABLE(0, "track", O, track,
                      "alloc: keep the live set in memory, for "
                      "get_traced_memory()"),
    PMT_OPT_NEGATABLE(0, "count-types", O, count_types,
                      "object: keep live counts by type, for "
                      "live_counts()"),
    PMT_OPT_NEGATABLE(0, "object-rss", O, object_rss,
                      "object: the resident set too, read as --rss-us says"),
    PMT_OPT_HEADING("The trace"),
    PMT_OPT_CHOICE(0, "when-full", "WHAT", O, when_full, when_full_names,
                   "drop events or wait when no buffer is free",
                   .preset = "wait"),
    PMT_OPT_INT(0, "tick", "NS", O, tick_ns,
                "resolution of time in the trace", .preset = "100", .low = 1,
                .high = 1000000000),
    PMT_OPT_INT(0, "level", "N", O, level, "compression level of zstd",
                .preset = "1", .low = -7, .high = 19),
    PMT_OPT_INT(0, "chunk-records", "N", O, chunk_records,
                "most records in a chunk", .preset = "65536", .low = 1,
                .high = 65536),
    PMT_OPT_INT(0, "segments", "N", O, segments,
                "buffers of 128 KiB, one of which each thread holds",
                .preset = "64", .low = 4, .high = 65536),
    PMT_OPT_HEADING("Flight recorder"),
    PMT_OPT_SIZE(0, "max-size", "SIZE", O, max_size,
                 "keep the newest so many bytes of trace, 4M or more; 0 for "
                 "all of it",
                 .preset = "0"),
    PMT_OPT_CALLBACK(0, "max-age", "TIME", O, max_age, seconds,
                     "keep the newest so much time, as 10m; 0 for all of it",
                     .preset = "0"),
    PMT_OPT_CALLBACK(0, "dump-signal", "SIGNAL", O, dump_signal,
                     signal_number,
                     "copy what is kept to a file at this signal, as USR1; "
                     "0: none",
                     .preset = "0"),
    PMT_OPT_STRING(0, "dump-marks", "GLOB,...", O, dump_marks,
                   "the same at marks whose text matches; !GLOB takes away"),
    PMT_OPT_SIZE(0, "dump-rss", "SIZE", O, dump_rss,
                 "the same when the resident set gets over so many bytes; "
                 "0: never",
                 .preset = "0"),
    PMT_OPT_INT(0, "dump-max", "N", O, dump_max,
                "at most so many of these files a process", .preset = "8",
                .low = 0, .high = 1000000),
    PMT_OPT_LAST};
#undef O

/* USR1, SIGUSR1 or 10. */
static bool signal_number(const char *value, void *store, char *why,
                          size_t why_size)
{
    const char *name = strncasecmp(value, "SIG", 3) == 0 ? value + 3 : value;
    int64_t *number = store;

    for (int i = 1; i < NSIG; i++) {
        const char *known = sigabbrev_np(i);

        if (known != NULL && strcasecmp(known, name) == 0) {
            *number = i;
            return true;
        }
    }
    if (pmt_value_int(value, 0, NSIG - 1, number, why, why_size))
        return true;
    snprintf(why, why_size, "not a signal");
    return false;
}

/* 90, 90s, 10m, 2h or 7d. */
static bool seconds(const char *value, void *store, char *why,
                    size_t why_size)
{
    const uint64_t second = 1000000000;
    uint64_t ns;

    if (!pmt_value_duration(value, &ns, why, why_size)) {
        snprintf(why, why_size, "not a time (try 90s, 10m, 2h or 7d)");
        return false;
    }
    if (ns > 3650 * 86400 * second || (ns > 0 && ns < second)) {
        snprintf(why, why_size, "not 0, or 1s to 3650d");
        return false;
    }
    *(int64_t *)store = (int64_t)(ns / second);
    return true;
}

static bool unusable(int64_t sig)
{
    return sig == SIGILL || sig == SIGBUS || sig == SIGFPE ||
           sig == SIGKILL || sig == SIGSEGV || sig == SIGSTOP;
}

/* ---- checks ---------------------------------------------------------------- */

static int check_program(const char *package, char *const *argv,
                         const struct pmt_program *p)
{
    if (!p->is_python)
        return PMT_EXIT_OK;
    if (p->blocked && (p->blocked == 'S' ||
                       !pmt_record_has_starter(package, argv[0])))
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
    if ((modes & OBJECT) && p->major == 3 && p->minor < 13)
        return pmt_fail("mode object needs CPython 3.13 or later; this is "
                        "%d.%d",
                        p->major, p->minor);
    return PMT_EXIT_OK;
}

/* What can be asked for together. */
static int check_settings(const struct record_options *opt)
{
    int64_t sig = opt->snapshot_signal, dump = opt->dump_signal;

    if (opt->max_block != 0 && opt->max_block < opt->min_block)
        return pmt_fail("--max-block is less than --min-block");
    if (opt->max_size != 0 && opt->max_size < RING_LEAST)
        return pmt_fail("--max-size must be 0 or 4 MiB or more");
    if (opt->sample_bytes != 0 && (opt->track || opt->modes & SNAPSHOT))
        return pmt_fail("--sample-bytes leaves out blocks, so the live set "
                        "can't be tracked: no --track and no mode snapshot");
    if (unusable(sig) || unusable(dump))
        return pmt_fail("signal %lld can't be used",
                        (long long)(unusable(sig) ? sig : dump));
    if (dump != 0 && dump == sig)
        return pmt_fail("--dump-signal and --snapshot-signal are the same");
    return PMT_EXIT_OK;
}

/* Whether the trace could be made, as far as it can be known here. */
static int check_output(const char *name, bool force)
{
    char wrong, *path = pmt_record_expand(name, &wrong), *slash;
    int status = PMT_EXIT_OK;
    struct stat st;
    pid_t writer;

    if (path == NULL)
        return pmt_fail("%%%c in the name of the trace; there are %%p "
                        "(process), %%h (host), %%t (time), %%n (number) "
                        "and %%%%",
                        wrong);
    writer = pmt_record_writer(path);
    if (writer != 0)
        status = pmt_fail("%s: is being recorded by process %ld", path,
                          (long)writer);
    else if (!force && lstat(path, &st) == 0)
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

/* The setting of an option: "rss-us" is rss_us. */
static void setting_name(const struct pmt_option *row, char *name,
                         size_t size)
{
    snprintf(name, size, "%s", strcmp(row->name, "output") == 0 ? "out"
                               : strcmp(row->name, "tick") == 0
                                   ? "tick_ns"
                                   : row->name);
    for (char *c = name; *c != '\0'; c++)
        if (*c == '-')
            *c = '_';
}

/* The value of an option as the recorder reads it; on the heap, NULL without
 * memory. */
static char *setting_value(const struct pmt_option *row, const void *opt)
{
    const void *at = (const char *)opt + row->offset;
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    if (out == NULL)
        return NULL;
    switch (row->kind) {
    case PMT_OPTION_FLAG:
    case PMT_OPTION_NEGATABLE:
        fputs(*(const bool *)at ? "1" : "0", out);
        break;
    case PMT_OPTION_STRING:
        if (*(const char *const *)at != NULL)
            fputs(*(const char *const *)at, out);
        break;
    case PMT_OPTION_INT:
    case PMT_OPTION_CALLBACK:
        fprintf(out, "%lld", (long long)*(const int64_t *)at);
        break;
    case PMT_OPTION_SIZE:
        fprintf(out, "%llu", (unsigned long long)*(const uint64_t *)at);
        break;
    case PMT_OPTION_CHOICE:
        fputs(row->choices[*(const int *)at], out);
        break;
    case PMT_OPTION_SET:
        for (uint32_t i = 0, n = 0; row->choices[i] != NULL; i++)
            if (*(const uint32_t *)at & 1u << i)
                fprintf(out, "%s%s", n++ > 0 ? "," : "", row->choices[i]);
        break;
    case PMT_OPTION_LAST:
    case PMT_OPTION_HEADING:
    case PMT_OPTION_COUNT:
    case PMT_OPTION_DURATION:
    case PMT_OPTION_LIST:
        abort(); /* no row is one */
    }
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

#define SETTINGS_MAX (sizeof options / sizeof *options + 2)

/* Sets the environment from the options: a setting for each row. */
static int hand_over(struct record_options *opt, const char *package,
                     const char *output)
{
    static char names[SETTINGS_MAX][32];
    struct pmt_setting settings[SETTINGS_MAX];
    size_t count = 0;
    int failed = 0;

    opt->output = output;
    for (const struct pmt_option *row = options;
         row->kind != PMT_OPTION_LAST && !failed; row++) {
        if (row->kind == PMT_OPTION_HEADING ||
            strcmp(row->name, "always") == 0)
            continue;
        setting_name(row, names[count], sizeof names[count]);
        settings[count].name = names[count];
        settings[count].value = setting_value(row, opt);
        failed = settings[count].value == NULL ? ENOMEM : 0;
        count++;
    }
    settings[count++] = (struct pmt_setting){
        "verbose", opt->common.verbose > 0 ? "1" : "0"};
    if (!failed)
        failed = pmt_record_set_environment(package, settings, count);
    for (size_t i = 0; i + 1 < count; i++)
        free((char *)settings[i].value);
    if (failed)
        return pmt_fail_errno(failed, "cannot set the environment");
    return PMT_EXIT_OK;
}

static int start(struct record_options *opt, const char *package,
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
    status = check_settings(opt);
    if (status == PMT_EXIT_OK)
        status = check_program(package, argv, &program);
    if (opt->modes & OBJECT && program.is_interpreter && program.major == 0)
        pmt_record_ask_version(argv[0], &program);
    if (status == PMT_EXIT_OK)
        status = check_modes(opt->modes, &program);
    if (status == PMT_EXIT_OK)
        status = check_output(output, opt->force);
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

/* Parses argv, with what --always stands for before it if that is there.
 * false without memory. */
static bool parse(const struct pmt_command *command, int argc, char **argv,
                  struct record_options *opt)
{
    size_t n = (size_t)argc;
    char **all = calloc(ALWAYS + n + 1, sizeof *all);

    if (all == NULL)
        return false;
    memcpy(all, always, sizeof always);
    memcpy(all + ALWAYS, argv, n * sizeof *argv);
    pmt_options_parse(command, argc, argv, &opt->common);
    if (opt->always) {
        int operands;

        memset(opt, 0, sizeof *opt);
        operands = pmt_options_parse(command, argc + (int)ALWAYS, all,
                                     &opt->common);
        memcpy(argv, all, ((size_t)operands + 1) * sizeof *argv);
    }
    free(all);
    return true;
}

static int run(const struct pmt_command *command, int argc, char **argv)
{
    struct record_options opt = {0};
    char *package;
    int status;

    if (!parse(command, argc, argv, &opt))
        return pmt_fail("out of memory");
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
            "and -E it can where pip installed pmtrace for it. The child of a "
            "fork is not recorded. Of a program that is not Python the "
            "first Python that it starts is recorded.",
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
            "pmt record --sample-bytes=512K --mode=alloc,rss,heap app.py",
            "sampled, for a program that runs for weeks",
            "pmt record --mode=call --rss-trigger=4K python3 app.py",
            "only calls during which the process grew or shrank",
            "pmt record --mode=snapshot --snapshot-ms=60000 "
            "--snapshot-signal=USR1 app.py",
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
