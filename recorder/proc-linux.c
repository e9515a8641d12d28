/*
 * proc-linux.c - figures of a process (proc.h) by Linux's /proc. What is not
 * here has a file of its own, proc-linux-*.c; no other files know /proc.
 * proc(5) has the formats; a field that a kernel lacks is left out.
 */
#ifdef __linux__

#include "proc-linux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *const rec_proc_group_names[] = {
    "memory", "cpu", "status", "pss", "io", "files", "net", "cgroup", "maps",
    NULL};

/* ---- one file of a process ----------------------------------------------- */

static const char *const kept_names[REC_PROC_FILES_KEPT] = {
    "stat", "statm", "status", "io"};

void rec_proc_init(struct rec_proc *p, pid_t pid, unsigned groups, bool keep)
{
    memset(p, 0, sizeof *p);
    p->pid = pid;
    p->groups = groups;
    p->keep = keep;
    for (int i = 0; i < REC_PROC_FILES_KEPT; i++)
        p->fds[i] = -1;
}

void rec_proc_release(struct rec_proc *p)
{
    for (int i = 0; i < REC_PROC_FILES_KEPT; i++) {
        if (p->fds[i] >= 0)
            close(p->fds[i]);
        p->fds[i] = -1;
    }
}

/* The text of a file that may be kept open; -1 and errno. */
static ssize_t read_kept(struct rec_proc *p, enum rec_proc_file which,
                         char *buffer, size_t cap)
{
    char path[64];
    int fd = p->fds[which], saved;
    ssize_t n;

    buffer[0] = '\0';
    if (fd < 0)
        fd = open(proc_path(path, p->pid, kept_names[which]),
                  O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    n = proc_read_fd(fd, buffer, cap);
    saved = errno;
    if (p->keep)
        p->fds[which] = fd;
    else
        close(fd);
    errno = saved;
    return n;
}

void proc_deny(struct rec_proc *p, unsigned group, int why)
{
    unsigned i = 0;

    while (group >> i != 1)
        i++;
    p->denied |= group;
    p->why[i] = why;
}

void proc_note_failure(struct rec_proc *p, unsigned group)
{
    if (errno != ESRCH && errno != ENOENT && errno != EMFILE &&
        errno != ENFILE && errno != ENOMEM)
        proc_deny(p, group, errno);
}

void proc_add(struct rec_proc_reading *out, const char *name,
              const char *unit, bool counter, int64_t value)
{
    if (out->count < REC_PROC_FIGURES_MAX)
        out->figures[out->count++] = (struct rec_proc_figure){
            .name = name, .unit = unit, .counter = counter, .value = value};
}

/* ---- groups memory, cpu, status ------------------------------------------ */

/* What /proc/PID/stat says; numbers in comments are proc(5)'s fields. */
static int read_stat(struct rec_proc *p, struct rec_proc_reading *out)
{
    const char *at;
    uint64_t minor, major, user, system, threads;
    int64_t nice;

    if (read_kept(p, REC_PROC_FILE_STAT, out->text, sizeof out->text) <= 0)
        return ESRCH;
    at = proc_take_name(p->name, out->text);
    if (at == NULL || at[0] != ' ')
        return ESRCH;
    p->state = at[1];
    at += 2;
    p->parent = (pid_t)proc_number(&at);         /* 4 */
    at = proc_skip(at, 5);
    minor = proc_number(&at);                    /* 10 */
    at = proc_skip(at, 1);
    major = proc_number(&at);                    /* 12 */
    at = proc_skip(at, 1);
    user = proc_number(&at);                     /* 14 */
    system = proc_number(&at);
    at = proc_skip(at, 3);
    nice = proc_signed(&at);                     /* 19 */
    threads = proc_number(&at);
    at = proc_skip(at, 1);
    p->started_ns = proc_ticks_ns(proc_number(&at));      /* 22 */
    at = proc_skip(at, 5);
    p->image = proc_number(&at);                 /* 28: the first stack */
    if (!(p->groups & REC_PROC_CPU))
        return 0;
    COUNTER("minor_faults", "count", minor);
    COUNTER("major_faults", "count", major);
    COUNTER("cpu_user", "ns", proc_ticks_ns(user));
    COUNTER("cpu_system", "ns", proc_ticks_ns(system));
    GAUGE("threads", "count", threads);
    GAUGE("nice", "count", nice);
    GAUGE("state", "state", p->state);
    return 0;
}

static void read_memory(struct rec_proc *p, struct rec_proc_reading *out)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), size, resident;
    const char *at = out->text;

    if (read_kept(p, REC_PROC_FILE_STATM, out->text, sizeof out->text) <= 0) {
        proc_note_failure(p, REC_PROC_MEMORY);
        return;
    }
    size = proc_number(&at);
    resident = proc_number(&at);
    GAUGE("rss", "bytes", resident * page);
    GAUGE("vms", "bytes", size * page);
    GAUGE("shared", "bytes", proc_number(&at) * page);
}

static void read_status(struct rec_proc *p, struct rec_proc_reading *out)
{
    uint64_t peak = 0, swap = 0, by_choice = 0, forced = 0;

    if (read_kept(p, REC_PROC_FILE_STATUS, out->text, sizeof out->text) <=
        0) {
        proc_note_failure(p, REC_PROC_STATUS);
        return;
    }
    /* One that has ended, and a thread of the kernel, have no such lines. */
    proc_find_line(out->text, "VmHWM:", &peak);
    proc_find_line(out->text, "VmSwap:", &swap);
    GAUGE("rss_peak", "bytes", peak * 1024);
    GAUGE("swap", "bytes", swap * 1024);
    proc_find_line(out->text, "voluntary_ctxt_switches:", &by_choice);
    proc_find_line(out->text, "nonvoluntary_ctxt_switches:", &forced);
    COUNTER("ctx_voluntary", "count", by_choice);
    COUNTER("ctx_involuntary", "count", forced);
}

/* ---- groups pss, io ------------------------------------------------------ */

static void read_pss(struct rec_proc *p, struct rec_proc_reading *out)
{
    uint64_t pss = 0, clean = 0, dirty = 0, huge = 0, swap = 0;

    char path[64];

    /* Not kept open: it would go on to tell of the memory that the process
     * had before exec. */
    if (p->state != 'Z' &&
        proc_read_path(proc_path(path, p->pid, "smaps_rollup"), out->text,
                  sizeof out->text) < 0) {
        proc_note_failure(p, REC_PROC_PSS);
        if (p->denied & REC_PROC_PSS)
            return;
        out->text[0] = '\0'; /* it has no memory any more */
    }
    if (p->state == 'Z')
        out->text[0] = '\0';
    proc_find_line(out->text, "Pss:", &pss);
    proc_find_line(out->text, "Private_Clean:", &clean);
    proc_find_line(out->text, "Private_Dirty:", &dirty);
    proc_find_line(out->text, "Private_Hugetlb:", &huge);
    proc_find_line(out->text, "SwapPss:", &swap);
    GAUGE("pss", "bytes", pss * 1024);
    GAUGE("uss", "bytes", (clean + dirty + huge) * 1024);
    GAUGE("swap_pss", "bytes", swap * 1024);
}

static void read_io(struct rec_proc *p, struct rec_proc_reading *out)
{
    static const struct {
        const char *key, *name, *unit;
    } lines[] = {{"read_bytes:", "read_bytes", "bytes"},
                 {"write_bytes:", "written_bytes", "bytes"},
                 {"rchar:", "read_chars", "bytes"},
                 {"wchar:", "written_chars", "bytes"},
                 {"syscr:", "read_calls", "count"},
                 {"syscw:", "write_calls", "count"}};

    if (read_kept(p, REC_PROC_FILE_IO, out->text, sizeof out->text) <= 0) {
        proc_note_failure(p, REC_PROC_IO);
        return;
    }
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        uint64_t value;

        if (proc_find_line(out->text, lines[i].key, &value))
            COUNTER(lines[i].name, lines[i].unit, value);
    }
}

/* ---- a look -------------------------------------------------------------- */

int rec_proc_read(struct rec_proc *p, struct rec_proc_reading *out)
{
    unsigned groups = p->groups & ~p->denied;
    int gone = 0;

    out->count = 0;
    if (p->pid != 0 || groups & REC_PROC_CPU)
        gone = read_stat(p, out);
    if (gone)
        return gone;
    if (groups & REC_PROC_MEMORY)
        read_memory(p, out);
    if (groups & REC_PROC_STATUS)
        read_status(p, out);
    if (groups & REC_PROC_PSS)
        read_pss(p, out);
    if (groups & REC_PROC_IO)
        read_io(p, out);
    if (groups & (REC_PROC_FILES | REC_PROC_NET))
        proc_read_descriptors(p, out, groups);
    if (groups & REC_PROC_CGROUP)
        proc_read_cgroup(p, out);
    return 0;
}

#else
typedef int rec_proc_linux_is_for_linux;
#endif
