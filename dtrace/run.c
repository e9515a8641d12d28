/* run.c - starting a tracer (run.h). */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cli/errors.h"
#include "cli/xalloc.h"
#include "system.h"

#define PYTHON_PATH "/usr/bin/python3.11" /* as it stands in the .bt files */

/* ---- what is there ------------------------------------------------------------- */

/* Is NAME in PATH? */
static bool is_there(const char *name)
{
    const char *path = getenv("PATH");
    bool found = false;

    for (const char *p = path ? path : ""; *p && !found;) {
        size_t n = strcspn(p, ":");
        char *file = pmt_xasprintf("%.*s/%s", (int)n, p, name);

        found = n > 0 && access(file, X_OK) == 0;
        free(file);
        p += n + (p[n] == ':');
    }
    return found;
}

/* SystemTap installs another program of that name, which makes headers. */
static bool is_dtrace(void)
{
    char line[128] = "";
    FILE *said = is_there("dtrace") ? popen("dtrace -V 2>/dev/null", "re")
                                    : NULL;

    if (!said)
        return false;
    if (!fgets(line, sizeof line, said))
        line[0] = '\0';
    pclose(said);
    return strncmp(line, "dtrace: ", 8) == 0 && strstr(line, "D ") != NULL;
}

static int check_tool(struct dt_run *run)
{
    bool bpftrace = run->tool != DT_TOOL_DTRACE && is_there("bpftrace");
    bool dtrace = run->tool != DT_TOOL_BPFTRACE && is_dtrace();

    if (run->tool == DT_TOOL_DTRACE && !dtrace)
        return pmt_fail("no dtrace is there; on Linux: DTrace 2.0 (Debian's "
                        "package dtrace, not systemtap-sdt-dev)");
    if (run->tool == DT_TOOL_BPFTRACE && !bpftrace)
        return pmt_fail("no bpftrace is there: install the package bpftrace");
    if (!dtrace && !bpftrace)
        return pmt_fail("neither dtrace nor bpftrace is there: install the "
                        "package bpftrace (or dtrace, which is DTrace 2.0)");
    run->tool = dtrace ? DT_TOOL_DTRACE : DT_TOOL_BPFTRACE;
    if (geteuid() != 0)
        return pmt_fail("no right to trace: %s must be run as root (sudo pmt "
                        "dtrace run ...)",
                        dtrace ? "dtrace" : "bpftrace");
    return PMT_EXIT_OK;
}

/* DTrace 2.0.7 finds even its probe BEGIN below debugfs (seen). */
const char *dt_run_lacks(void)
{
    return access("/sys/kernel", F_OK) == 0 &&
                   access("/sys/kernel/debug/tracing", F_OK) != 0
               ? "; it needs debugfs: mount -t debugfs debugfs "
                 "/sys/kernel/debug"
               : "";
}

/* The file that has the interpreter's code: the program or its library. */
static bool python_file(const struct dt_run *run, char *path, size_t size)
{
    char real[4096];

    if (run->pid != 0)
        return dt_system_mapped(run->pid, "libpython", path, size) ||
               dt_system_executable(run->pid, path, size);
    for (const char *p = getenv("PATH"); p && *p;) {
        size_t n = strcspn(p, ":");
        char *file = strchr(run->program[0], '/')
                         ? pmt_xstrdup(run->program[0])
                         : pmt_xasprintf("%.*s/%s", (int)n, p,
                                         run->program[0]);
        bool found = access(file, X_OK) == 0 && realpath(file, real) &&
                     strlen(real) < size;

        free(file);
        if (found) {
            strcpy(path, real);
            return true;
        }
        p += n + (p[n] == ':');
    }
    return false;
}

static int check_python(const struct dt_run *run)
{
    const char *probe = strcmp(run->script->name, "gc") == 0
                            ? "gc__start" : "function__entry";
    char path[4096];

    if (run->no_sites && !run->script->needs_python)
        return PMT_EXIT_OK;
    if (!python_file(run, path, sizeof path)) {
        if (run->pid == 0)
            return pmt_fail("%s: no such program", run->program[0]);
        /* No /proc: dtrace itself will say. */
        return access("/proc/self", F_OK) == 0
                   ? pmt_fail("process %" PRIu64 ": %s", run->pid,
                              strerror(ESRCH))
                   : PMT_EXIT_OK;
    }
    if (dt_system_has_probe(path, probe))
        return PMT_EXIT_OK;
    if (run->script->needs_python)
        return pmt_fail("%s has no probe %s: it needs a Python configured "
                        "with --with-dtrace (python3 -m sysconfig | grep "
                        "DTRACE tells)",
                        path, probe);
    return pmt_fail("%s has no probe %s: it needs a Python configured with "
                    "--with-dtrace (python3 -m sysconfig | grep DTRACE "
                    "tells); --no-sites does without",
                    path, probe);
}

int dt_run_check(struct dt_run *run)
{
    int status = check_tool(run);

    return status ? status : check_python(run);
}

/* ---- the script in a file -------------------------------------------------------- */

static bool write_file(const char *path, const char *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = fd >= 0 && write(fd, bytes, n) == (ssize_t)n;

    return (fd < 0 || close(fd) == 0) && good;
}

/* `text` with every `from` made `to`; a new string. */
static char *replaced(char *text, const char *from, const char *to)
{
    char *at = strstr(text, from);

    while (at) {
        size_t before = (size_t)(at - text);
        char *next = pmt_xasprintf("%.*s%s%s", (int)before, text, to,
                                   at + strlen(from));

        free(text);
        text = next;
        at = strstr(text + before + strlen(to), from);
    }
    return text;
}

/* Without the part that needs the Python's probes. */
static char *without_sites(char *text)
{
    char *from = strstr(text, "// sites {"), *to = strstr(text, "// sites }");

    if (from && to)
        memmove(from, to, strlen(to) + 1);
    return text;
}

/* The twin, for this Python and this C library. */
static char *bpftrace_script(const struct dt_run *run)
{
    const struct dt_script *s = run->script;
    char *text = pmt_xasprintf("%.*s", (int)(s->bt_end - s->bt), s->bt);
    char path[4096];

    if (run->no_sites && !s->needs_python)
        text = without_sites(text);
    if (python_file(run, path, sizeof path))
        text = replaced(text, PYTHON_PATH, path);
    if (run->pid != 0 && (dt_system_mapped(run->pid, "libc.so", path,
                                           sizeof path) ||
                          dt_system_mapped(run->pid, "libc-", path,
                                           sizeof path)))
    {
        char *probe = pmt_xasprintf("probe:%s:", path);

        text = replaced(text, "probe:libc:", probe);
        free(probe);
    }
    return text;
}

static int make_files(struct dt_run *run)
{
    const struct dt_script *s = run->script;
    size_t site_bytes;
    const char *site = dt_scripts_site(&site_bytes);
    char *path;
    bool good;

    strcpy(run->folder, "/tmp/pmt-dtrace-XXXXXX");
    if (!mkdtemp(run->folder)) {
        run->folder[0] = '\0';
        return pmt_fail_errno(errno, "cannot make a temporary folder");
    }
    path = pmt_xasprintf("%s/site.inc", run->folder);
    good = write_file(path, site, site_bytes);
    free(path);
    path = pmt_xasprintf("%s/script", run->folder);
    if (run->tool == DT_TOOL_DTRACE) {
        good = good && write_file(path, s->d, (size_t)(s->d_end - s->d));
    } else {
        char *text = bpftrace_script(run);

        good = good && write_file(path, text, strlen(text));
        free(text);
    }
    free(path);
    return good ? PMT_EXIT_OK
                : pmt_fail_errno(errno, "%s: cannot write the script",
                                 run->folder);
}

static void remove_files(struct dt_run *run)
{
    static const char *const names[] = {"site.inc", "script"};

    for (size_t i = 0; run->folder[0] && i < 2; i++) {
        char *path = pmt_xasprintf("%s/%s", run->folder, names[i]);

        unlink(path);
        free(path);
    }
    if (run->folder[0])
        rmdir(run->folder);
    run->folder[0] = '\0';
}

/* ---- starting -------------------------------------------------------------------- */

struct words {
    char **items;
    size_t count;
};

/* Takes a string of the heap. */
static void add(struct words *w, char *word)
{
    w->items = pmt_xreallocarray(w->items, w->count + 2, sizeof *w->items);
    w->items[w->count++] = word;
    w->items[w->count] = NULL;
}

static void dtrace_words(const struct dt_run *run, struct words *w)
{
    static const char *const fixed[] = {"dtrace", "-C", "-Z"};
    uint64_t rss[3];

    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        add(w, pmt_xstrdup(fixed[i]));
    if (run->no_sites) {
        add(w, pmt_xstrdup("-D"));
        add(w, pmt_xstrdup("NO_PYTHON"));
    }
    if (run->pid != 0 && dt_system_rss(run->pid, rss)) {
        add(w, pmt_xasprintf("-DRSS_FILE=%" PRIu64, rss[0]));
        add(w, pmt_xasprintf("-DRSS_ANON=%" PRIu64, rss[1]));
        add(w, pmt_xasprintf("-DRSS_SHARED=%" PRIu64, rss[2]));
    }
    add(w, pmt_xasprintf("-I%s", run->folder));
    add(w, pmt_xstrdup("-s"));
    add(w, pmt_xasprintf("%s/script", run->folder));
    if (run->pid != 0) {
        add(w, pmt_xstrdup("-p"));
        add(w, pmt_xasprintf("%" PRIu64, run->pid));
    } else {
        char *line = pmt_xstrdup(run->program[0]);

        for (size_t i = 1; run->program[i]; i++) {
            char *more = pmt_xasprintf("%s %s", line, run->program[i]);

            free(line);
            line = more;
        }
        add(w, pmt_xstrdup("-c"));
        add(w, line);
    }
}

static void bpftrace_words(const struct dt_run *run, struct words *w)
{
    uint64_t pid = run->pid ? run->pid : (uint64_t)run->child, rss[3];

    add(w, pmt_xstrdup("bpftrace"));
    if (run->pid != 0) {
        add(w, pmt_xstrdup("-p"));
        add(w, pmt_xasprintf("%" PRIu64, pid));
    }
    add(w, pmt_xasprintf("%s/script", run->folder));
    add(w, pmt_xasprintf("%" PRIu64, pid));
    if (dt_system_rss(pid, rss))
        for (unsigned i = 0; i < 3; i++)
            add(w, pmt_xasprintf("%" PRIu64, rss[i]));
}

/* bpftrace is given a process that waits, and becomes the program. */
static int start_program(struct dt_run *run)
{
    int gate[2];
    char byte;

    if (pipe2(gate, O_CLOEXEC) < 0)
        return pmt_fail_errno(errno, "cannot make a pipe");
    run->child = fork();
    if (run->child < 0)
        return pmt_fail_errno(errno, "cannot fork");
    if (run->child == 0) {
        close(gate[1]);
        if (read(gate[0], &byte, 1) != 1)
            _exit(PMT_EXIT_TROUBLE);
        execvp(run->program[0], run->program);
        pmt_fail_errno(errno, "%s", run->program[0]);
        _exit(PMT_EXIT_TROUBLE);
    }
    close(gate[0]);
    run->gate = gate[1];
    return PMT_EXIT_OK;
}

static int check_words(const struct dt_run *run)
{
    for (size_t i = 0; run->pid == 0 && run->program[i]; i++)
        if (run->tool == DT_TOOL_DTRACE &&
            (run->program[i][0] == '\0' ||
             strpbrk(run->program[i], " \t\n")))
            return pmt_fail("dtrace can't be given an argument with spaces: "
                            "start the program and use -p PID");
    return PMT_EXIT_OK;
}

static int start_tracer(struct dt_run *run)
{
    struct words w = {NULL, 0};
    int out[2], err[2];

    if (run->tool == DT_TOOL_DTRACE)
        dtrace_words(run, &w);
    else
        bpftrace_words(run, &w);
    if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
        return pmt_fail_errno(errno, "cannot make a pipe");
    run->tracer = fork();
    if (run->tracer < 0)
        return pmt_fail_errno(errno, "cannot fork");
    if (run->tracer == 0) {
        dup2(out[1], 1);
        dup2(err[1], 2);
        if (run->tool == DT_TOOL_BPFTRACE) {
            setenv("BPFTRACE_STRLEN", "120", 0);
            setenv("BPFTRACE_MAP_KEYS_MAX", "1048576", 0);
            setenv("BPFTRACE_PERF_RB_PAGES", "4096", 0);
        }
        execvp(w.items[0], w.items);
        _exit(127);
    }
    close(out[1]);
    close(err[1]);
    run->out = out[0];
    run->err = err[0];
    for (size_t i = 0; i < w.count; i++)
        free(w.items[i]);
    free(w.items);
    return PMT_EXIT_OK;
}

int dt_run_start(struct dt_run *run)
{
    int status = check_words(run);

    run->gate = -1;
    if (status == PMT_EXIT_OK)
        status = make_files(run);
    if (status == PMT_EXIT_OK && run->pid == 0 &&
        run->tool == DT_TOOL_BPFTRACE)
        status = start_program(run);
    if (status == PMT_EXIT_OK)
        status = start_tracer(run);
    if (status != PMT_EXIT_OK) {
        if (run->gate >= 0)
            close(run->gate);
        remove_files(run);
    }
    return status;
}

void dt_run_go(struct dt_run *run)
{
    if (run->gate < 0)
        return;
    if (write(run->gate, "g", 1) != 1)
        pmt_warn("the program could not be started");
    close(run->gate);
    run->gate = -1;
}

/* bpftrace throws away what it has not read yet when it is told to end. */
#define QUIET_MS 1000u

void dt_run_look(struct dt_run *run, bool heard)
{
    struct timespec t;
    uint64_t now;

    clock_gettime(CLOCK_MONOTONIC, &t);
    now = (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
    if (heard || run->child > 0)
        run->heard_ms = now;
    if (run->child > 0 && waitpid(run->child, NULL, WNOHANG) == run->child) {
        run->child = 0;
        run->over = true;
    }
    if (run->over && now - run->heard_ms >= QUIET_MS) {
        run->over = false;
        kill(run->tracer, SIGINT);
    }
}

int dt_run_end(struct dt_run *run)
{
    int status = 0;

    if (run->gate >= 0)
        close(run->gate);
    run->gate = -1;
    while (waitpid(run->tracer, &status, 0) < 0 && errno == EINTR)
        ;
    if (run->child > 0)
        waitpid(run->child, NULL, 0);
    close(run->out);
    close(run->err);
    remove_files(run);
    return status;
}
