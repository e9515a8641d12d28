/*
 * record-options.c - the options of `pmt record` and `pmt attach`
 * (record-options.h).
 */
#include "record-options.h"

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

/* In the order of MODES in pmtrace/_options.py. */
const char *const pmt_record_modes[] = {"alloc", "object",   "call", "line",
                                         "snapshot", "heap", "rss", "gc",
                                         "sample", NULL};
const char *const pmt_record_domains[] = {"raw", "mem", "obj", NULL};
/* In the order of SAMPLE_GROUPS there. */
const char *const pmt_record_groups[] = {"memory", "cpu", "status",
                                          "pss",    "io",  "files",
                                          "net",    "cgroup", "maps", NULL};
const char *const pmt_record_when_full[] = {"drop", "wait", NULL};

/* Least of --max-size, REC_RING_LEAST of recorder/settings.h. */
#define RING_LEAST (4u << 20)

/* What --always stands for, PRESETS of pmtrace/_options.py. */
static const char *const always[] = {
    "--mode=alloc,rss,heap", "--sample-bytes=512K", "--rss-ms=1000",
    "--heap-ms=60000",       "--when-full=drop",    "--max-size=256M",
    "--children"};
#define ALWAYS (sizeof always / sizeof *always)

/* USR1, SIGUSR1 or 10. */
bool pmt_record_signal(const char *value, void *store, char *why,
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
bool pmt_record_seconds(const char *value, void *store, char *why,
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

/* What can be asked for together. */
static int check_settings(const struct pmt_record_options *opt)
{
    int64_t sig = opt->snapshot_signal, dump = opt->dump_signal;

    if (opt->max_block != 0 && opt->max_block < opt->min_block)
        return pmt_fail("--max-block is less than --min-block");
    if (opt->max_size != 0 && opt->max_size < RING_LEAST)
        return pmt_fail("--max-size must be 0 or 4 MiB or more");
    if (opt->sample_bytes != 0 && (opt->track || opt->modes & PMT_RECORD_SNAPSHOT))
        return pmt_fail("--sample-bytes leaves out blocks, so the live set "
                        "can't be tracked: no --track and no mode snapshot");
    if (unusable(sig) || unusable(dump))
        return pmt_fail("--%s-signal: signal %lld can't be used (try USR1 or "
                        "USR2)",
                        unusable(sig) ? "snapshot" : "dump",
                        (long long)(unusable(sig) ? sig : dump));
    if (dump != 0 && dump == sig)
        return pmt_fail("--dump-signal and --snapshot-signal are the same");
    return PMT_EXIT_OK;
}

/* Whether the trace could be made, as far as it can be known here. */
int pmt_record_check_output(const char *name, bool force)
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
    else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        status = pmt_fail("%s: is a folder; with / behind it the trace is made "
                          "in it",
                          path);
    else if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        status = pmt_fail("%s: is not a regular file", path);
    else if (!force && lstat(path, &st) == 0)
        status = pmt_fail("%s: is there already (-f replaces it)", path);
    slash = strrchr(path, '/');
    if (status == PMT_EXIT_OK && slash != NULL) {
        slash[slash == path] = '\0';
        if (stat(path, &st) == 0 && !S_ISDIR(st.st_mode))
            status = pmt_fail_errno(ENOTDIR, "%s", path);
        else if (access(path, W_OK | X_OK) != 0)
            status = pmt_fail_errno(errno, "%s", path);
    }
    free(path);
    return status;
}

/* ---- settings -------------------------------------------------------------- */

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
        break; /* no row is one */
    }
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

#define SETTINGS_MAX 64

char *pmt_record_settings(const struct pmt_option *table,
                          struct pmt_record_options *options,
                          const char *output, bool verbose)
{
    static char names[SETTINGS_MAX][32];
    struct pmt_setting settings[SETTINGS_MAX];
    char *text = NULL;
    size_t count = 0;
    bool failed = false;

    options->output = output;
    for (const struct pmt_option *row = table;
         row->kind != PMT_OPTION_LAST && !failed; row++) {
        if (row->kind == PMT_OPTION_HEADING ||
            strcmp(row->name, "always") == 0 ||
            strcmp(row->name, "wait") == 0)
            continue;
        if (count == SETTINGS_MAX - 1)
            break; /* a table is not that long */
        setting_name(row, names[count], sizeof names[count]);
        settings[count].name = names[count];
        settings[count].value = setting_value(row, options);
        failed = settings[count].value == NULL;
        count++;
    }
    settings[count++] =
        (struct pmt_setting){"verbose", verbose ? "1" : "0"};
    if (!failed)
        text = pmt_record_setting_text(settings, count);
    for (size_t i = 0; i + 1 < count; i++)
        free((char *)settings[i].value);
    return text;
}

/* ---- parsing --------------------------------------------------------------- */

/* Parses argv, with what --always stands for before it if that is there.
 * false without memory. */
static bool parse_all(const struct pmt_command *command, int argc, char **argv,
                      struct pmt_record_options *opt)
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

int pmt_record_parse(const struct pmt_command *command, int argc,
                     char **argv, struct pmt_record_options *opt)
{
    if (!parse_all(command, argc, argv, opt))
        return pmt_fail("out of memory");
    if (opt->output != NULL && opt->output[0] == '\0')
        return pmt_fail("the trace needs a name");
    if (opt->output != NULL && strcmp(opt->output, "-") == 0)
        return pmt_fail("a trace can't be recorded to standard output");
    return check_settings(opt);
}
