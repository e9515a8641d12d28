/*
 * proc-linux.c - proc.h by Linux's /proc. The one file that knows it, hence
 * its length. proc(5) has the formats; a field that a kernel lacks is left
 * out.
 */
#ifdef __linux__

#include "proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)

const char *const rec_proc_group_names[] = {
    "memory", "cpu", "status", "pss", "io", "files", "net", "cgroup", "maps",
    NULL};

/* ---- reading ------------------------------------------------------------------ */

/* From the start of an open file, at most cap - 1 bytes and a zero; -1. */
static ssize_t read_fd(int fd, char *buffer, size_t cap)
{
    size_t used = 0;
    ssize_t n = 0;

    while (used + 1 < cap &&
           (n = pread(fd, buffer + used, cap - 1 - used, (off_t)used)) > 0)
        used += (size_t)n;
    buffer[used] = '\0';
    return n < 0 && used == 0 ? -1 : (ssize_t)used;
}

/* The same of a path. */
static ssize_t read_path(const char *path, char *buffer, size_t cap)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), saved;
    ssize_t n;

    buffer[0] = '\0';
    if (fd < 0)
        return -1;
    n = read_fd(fd, buffer, cap);
    saved = errno;
    close(fd);
    errno = saved;
    return n;
}

static const char *pid_path(char path[64], pid_t pid, const char *file)
{
    if (pid == 0)
        snprintf(path, 64, "/proc/self/%s", file);
    else
        snprintf(path, 64, "/proc/%ld/%s", (long)pid, file);
    return path;
}

/* The number at *at, behind blanks; *at is behind it. */
static uint64_t number(const char **at)
{
    const char *p = *at;
    uint64_t v = 0;

    while (*p == ' ' || *p == '\t')
        p++;
    while (*p >= '0' && *p <= '9')
        v = v * 10 + (uint64_t)(*p++ - '0');
    *at = p;
    return v;
}

static int64_t signed_number(const char **at)
{
    while (**at == ' ' || **at == '\t')
        (*at)++;
    if (**at != '-')
        return (int64_t)number(at);
    (*at)++;
    return -(int64_t)number(at);
}

/* Behind `n` more fields. */
static const char *skip_fields(const char *p, unsigned n)
{
    for (; n > 0 && *p != '\0'; n--) {
        while (*p == ' ')
            p++;
        while (*p != ' ' && *p != '\0')
            p++;
    }
    return p;
}

/* ---- this process and this machine -------------------------------------------- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

void rec_proc_boot_id(uint8_t id[16])
{
    char text[40];
    size_t digits = 0;

    read_path("/proc/sys/kernel/random/boot_id", text, sizeof text);
    memset(id, 0, 16);
    for (size_t i = 0; text[i] != '\0' && digits < 32; i++) {
        int v = hex_value(text[i]);

        if (v < 0)
            continue;
        id[digits / 2] = (uint8_t)(id[digits / 2] << 4 | v);
        digits++;
    }
    if (digits != 32)
        memset(id, 0, 16);
}

size_t rec_proc_arguments(char *buffer, size_t cap, const char **argv,
                          size_t max)
{
    ssize_t got = read_path("/proc/self/cmdline", buffer, cap);
    size_t argc = 0, n = got < 0 ? 0 : (size_t)got;

    for (size_t i = 0; i < n && argc < max;) {
        char *end = memchr(buffer + i, '\0', n - i);

        if (end == NULL)
            break;
        argv[argc++] = buffer + i;
        i = (size_t)(end - buffer) + 1;
    }
    return argc;
}

void rec_proc_executable(char *buffer, size_t cap)
{
    ssize_t n = readlink("/proc/self/exe", buffer, cap - 1);

    buffer[n > 0 ? n : 0] = '\0';
}

/* Above the numbers that a program expects to be given next. */
#define HIGH_FD 500

static int statm_fd = -1;
static pid_t statm_pid;
static struct stat statm_stat;

void rec_proc_rss_open(void)
{
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);

    if (high >= 0) {
        close(fd);
        fd = high;
    }
    statm_fd = fd;
    statm_pid = getpid();
    if (fd >= 0 && fstat(fd, &statm_stat) != 0)
        rec_proc_rss_close();
}

/* Whether the descriptor is the one that was opened: the program may have
 * closed it, and its number may be another file's now. */
static bool is_ours(void)
{
    struct stat st;

    return statm_fd >= 0 && fstat(statm_fd, &st) == 0 &&
           st.st_ino == statm_stat.st_ino && st.st_dev == statm_stat.st_dev;
}

void rec_proc_rss_close(void)
{
    if (is_ours())
        close(statm_fd);
    statm_fd = -1;
}

/* The second number of statm's text, in pages; 0 where there is none. */
static uint64_t second_number(const char *text)
{
    const char *p = strchr(text, ' '); /* the first is the virtual size */

    return p != NULL ? number(&p) : 0;
}

uint64_t rec_proc_rss_once(void)
{
    char text[64];

    read_path("/proc/self/statm", text, sizeof text);
    return second_number(text) * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t rec_proc_rss(void)
{
    char text[64];
    ssize_t n;

    /* In the child of a fork it is the parent's file still. */
    if (statm_pid != getpid())
        rec_proc_rss_close();
    if (!is_ours())
        rec_proc_rss_open();
    if (statm_fd < 0)
        return 0;
    n = pread(statm_fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    return second_number(text);
}

bool rec_proc_close_all_but(int keep)
{
    DIR *list = opendir("/proc/thread-self/fd");
    struct dirent *entry;

    if (list == NULL)
        return false;
    while ((entry = readdir(list)) != NULL) {
        int fd = entry->d_name[0] == '.' ? -1 : atoi(entry->d_name);

        if (fd >= 0 && fd != keep && fd != dirfd(list))
            close(fd);
    }
    closedir(list);
    return true;
}

/* ---- one file of a process ---------------------------------------------------- */

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
        fd = open(pid_path(path, p->pid, kept_names[which]),
                  O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    n = read_fd(fd, buffer, cap);
    saved = errno;
    if (p->keep)
        p->fds[which] = fd;
    else
        close(fd);
    errno = saved;
    return n;
}

static unsigned group_index(unsigned group)
{
    unsigned i = 0;

    while (group >> i != 1)
        i++;
    return i;
}

/* A group could not be read, for errno: what has to do with rights is noted,
 * and what with the end of the process is left to `stat`. */
static void note_failure(struct rec_proc *p, unsigned group)
{
    if (errno == ESRCH || errno == ENOENT || errno == EMFILE ||
        errno == ENFILE || errno == ENOMEM)
        return;
    p->denied |= group;
    p->why[group_index(group)] = errno;
}

static void add(struct rec_proc_reading *out, const char *name,
                const char *unit, bool counter, int64_t value)
{
    if (out->count < REC_PROC_FIGURES_MAX)
        out->figures[out->count++] = (struct rec_proc_figure){
            .name = name, .unit = unit, .counter = counter, .value = value};
}

#define GAUGE(name, unit, value) add(out, name, unit, false, (int64_t)(value))
#define COUNTER(name, unit, value) add(out, name, unit, true, (int64_t)(value))

/* ---- groups memory, cpu, status ------------------------------------------------ */

static uint64_t ticks_ns(uint64_t ticks)
{
    static uint64_t per_tick;

    if (per_tick == 0)
        per_tick = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
    return ticks * per_tick;
}

/* The name, between the first ( and the last ): it may hold any byte. */
static const char *take_name(char name[64], const char *text)
{
    const char *from = strchr(text, '('), *to = strrchr(text, ')');
    size_t n;

    if (from == NULL || to == NULL || to < from)
        return NULL;
    n = (size_t)(to - from - 1);
    n = n < 63 ? n : 63;
    memcpy(name, from + 1, n);
    name[n] = '\0';
    return to + 1;
}

/* What /proc/PID/stat says; numbers in comments are proc(5)'s fields. */
static int read_stat(struct rec_proc *p, struct rec_proc_reading *out)
{
    const char *at;
    uint64_t minor, major, user, system, threads;
    int64_t nice;

    if (read_kept(p, REC_PROC_FILE_STAT, out->text, sizeof out->text) <= 0)
        return ESRCH;
    at = take_name(p->name, out->text);
    if (at == NULL || at[0] != ' ')
        return ESRCH;
    p->state = at[1];
    at += 2;
    p->parent = (pid_t)number(&at);             /* 4 */
    at = skip_fields(at, 5);
    minor = number(&at);                        /* 10 */
    at = skip_fields(at, 1);
    major = number(&at);                        /* 12 */
    at = skip_fields(at, 1);
    user = number(&at);                         /* 14 */
    system = number(&at);
    at = skip_fields(at, 3);
    nice = signed_number(&at);                  /* 19 */
    threads = number(&at);
    at = skip_fields(at, 1);
    p->started_ns = ticks_ns(number(&at));      /* 22 */
    at = skip_fields(at, 5);
    p->image = number(&at);                     /* 28: the first stack */
    if (!(p->groups & REC_PROC_CPU))
        return 0;
    COUNTER("minor_faults", "count", minor);
    COUNTER("major_faults", "count", major);
    COUNTER("cpu_user", "ns", ticks_ns(user));
    COUNTER("cpu_system", "ns", ticks_ns(system));
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
        note_failure(p, REC_PROC_MEMORY);
        return;
    }
    size = number(&at);
    resident = number(&at);
    GAUGE("rss", "bytes", resident * page);
    GAUGE("vms", "bytes", size * page);
    GAUGE("shared", "bytes", number(&at) * page);
}

/* The number behind `key` at the beginning of a line; false: there is none. */
static bool find_line(const char *text, const char *key, uint64_t *value)
{
    size_t n = strlen(key);

    for (const char *at = text; at != NULL; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, key, n) == 0) {
            at += n;
            *value = number(&at);
            return true;
        }
    }
    return false;
}

static void read_status(struct rec_proc *p, struct rec_proc_reading *out)
{
    uint64_t peak = 0, swap = 0, by_choice = 0, forced = 0;

    if (read_kept(p, REC_PROC_FILE_STATUS, out->text, sizeof out->text) <=
        0) {
        note_failure(p, REC_PROC_STATUS);
        return;
    }
    /* One that has ended, and a thread of the kernel, have no such lines. */
    find_line(out->text, "VmHWM:", &peak);
    find_line(out->text, "VmSwap:", &swap);
    GAUGE("rss_peak", "bytes", peak * 1024);
    GAUGE("swap", "bytes", swap * 1024);
    find_line(out->text, "voluntary_ctxt_switches:", &by_choice);
    find_line(out->text, "nonvoluntary_ctxt_switches:", &forced);
    COUNTER("ctx_voluntary", "count", by_choice);
    COUNTER("ctx_involuntary", "count", forced);
}

/* ---- groups pss, io ------------------------------------------------------------- */

static void read_pss(struct rec_proc *p, struct rec_proc_reading *out)
{
    uint64_t pss = 0, clean = 0, dirty = 0, huge = 0, swap = 0;

    char path[64];

    /* Not kept open: it would go on to tell of the memory that the process
     * had before exec. */
    if (p->state != 'Z' &&
        read_path(pid_path(path, p->pid, "smaps_rollup"), out->text,
                  sizeof out->text) < 0) {
        note_failure(p, REC_PROC_PSS);
        if (p->denied & REC_PROC_PSS)
            return;
        out->text[0] = '\0'; /* it has no memory any more */
    }
    if (p->state == 'Z')
        out->text[0] = '\0';
    find_line(out->text, "Pss:", &pss);
    find_line(out->text, "Private_Clean:", &clean);
    find_line(out->text, "Private_Dirty:", &dirty);
    find_line(out->text, "Private_Hugetlb:", &huge);
    find_line(out->text, "SwapPss:", &swap);
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
        note_failure(p, REC_PROC_IO);
        return;
    }
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        uint64_t value;

        if (find_line(out->text, lines[i].key, &value))
            COUNTER(lines[i].name, lines[i].unit, value);
    }
}

/* ---- groups files, net ----------------------------------------------------------- */

/* Sockets that this process has: inodes. */
struct inodes {
    uint64_t *list;
    size_t count, room;
};

static void keep_inode(struct inodes *s, uint64_t inode)
{
    if (s->count == s->room) {
        size_t room = s->room ? s->room * 2 : 64;
        uint64_t *list = realloc(s->list, room * sizeof *list);

        if (list == NULL)
            return;
        s->list = list;
        s->room = room;
    }
    s->list[s->count++] = inode;
}

enum { REGULAR, DIRECTORY, DEVICE, SOCKET, PIPE, OTHER, KINDS };

/* What an open file is: by its link, and by its mode where that is a path. */
static int kind_of(int fds, const char *name, struct inodes *sockets)
{
    char link[32];
    struct stat st;
    ssize_t n = readlinkat(fds, name, link, sizeof link - 1);

    link[n > 0 ? n : 0] = '\0';
    if (strncmp(link, "socket:[", 8) == 0) {
        const char *at = link + 8;

        if (sockets != NULL)
            keep_inode(sockets, number(&at));
        return SOCKET;
    }
    if (strncmp(link, "pipe:", 5) == 0)
        return PIPE;
    if (link[0] != '/')
        return OTHER;
    if (strncmp(link, "/dev/", 5) != 0 && strncmp(link, "/memfd:", 7) != 0 &&
        fstatat(fds, name, &st, 0) == 0)
        return S_ISREG(st.st_mode)    ? REGULAR
               : S_ISDIR(st.st_mode)  ? DIRECTORY
               : S_ISFIFO(st.st_mode) ? PIPE
               : S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) ? DEVICE
                                                            : OTHER;
    return strncmp(link, "/dev/", 5) == 0 ? DEVICE : OTHER;
}

/* Counts the open files; false when that is not allowed. */
static bool count_files(struct rec_proc *p, unsigned group,
                        uint64_t counts[KINDS], struct inodes *sockets)
{
    char path[64];
    DIR *list = opendir(pid_path(path, p->pid, "fd"));
    struct dirent *entry;

    memset(counts, 0, KINDS * sizeof *counts);
    if (list == NULL) {
        note_failure(p, group);
        return !(p->denied & group);
    }
    while ((entry = readdir(list)) != NULL) {
        /* Of the process that looks, this one is not the program's. */
        if (entry->d_name[0] != '.' &&
            (p->pid != 0 || atoi(entry->d_name) != dirfd(list)))
            counts[kind_of(dirfd(list), entry->d_name, sockets)]++;
    }
    closedir(list);
    return true;
}

static void add_files(struct rec_proc_reading *out,
                      const uint64_t counts[KINDS])
{
    uint64_t all = 0;

    for (int i = 0; i < KINDS; i++)
        all += counts[i];
    GAUGE("files", "count", all);
    GAUGE("files_regular", "count", counts[REGULAR]);
    GAUGE("files_directory", "count", counts[DIRECTORY]);
    GAUGE("files_device", "count", counts[DEVICE]);
    GAUGE("files_socket", "count", counts[SOCKET]);
    GAUGE("files_pipe", "count", counts[PIPE]);
    GAUGE("files_other", "count", counts[OTHER]);
}

/* The states of /proc/net/tcp in the order of their numbers, from 1
 * (include/net/tcp_states.h; 12 is one of syn_recv). Then what has none. */
enum { UDP = 12, UNIX, STATES };
static const char *const state_names[STATES] = {
    NULL, "connections_established", "connections_syn_sent",
    "connections_syn_recv", "connections_fin_wait1", "connections_fin_wait2",
    "connections_time_wait", "connections_close", "connections_close_wait",
    "connections_last_ack", "connections_listen", "connections_closing",
    "connections_udp", "connections_unix"};

/* A socket of a network namespace. */
struct net_socket {
    uint64_t inode;
    uint8_t state;
};

/* The sockets of the namespaces that were read in this look. */
struct net_space {
    uint64_t id;
    struct net_socket *list;
    size_t count, room;
};
#define SPACES 8
static _Thread_local struct net_space spaces[SPACES];
static _Thread_local unsigned space_count;

static int by_inode(const void *a, const void *b)
{
    const struct net_socket *x = a, *y = b;

    return (x->inode > y->inode) - (x->inode < y->inode);
}

static void keep_socket(struct net_space *s, uint64_t inode, unsigned state)
{
    if (inode == 0 || state >= STATES)
        return;
    if (s->count == s->room) {
        size_t room = s->room ? s->room * 2 : 256;
        void *list = realloc(s->list, room * sizeof *s->list);

        if (list == NULL)
            return;
        s->list = list;
        s->room = room;
    }
    s->list[s->count].inode = inode;
    s->list[s->count++].state = (uint8_t)state;
}

/* A table: `field` is where the inode is, `state` 0: it is in field 4. */
static void read_sockets(struct net_space *s, pid_t pid, const char *file,
                         unsigned field, unsigned state)
{
    char path[64], *line = NULL;
    size_t room = 0;
    FILE *in = fopen(pid_path(path, pid, file), "re");
    bool titles = true;

    while (in != NULL && getline(&line, &room, in) > 0) {
        const char *at = skip_fields(line, field - 1);
        unsigned is = state;

        if (is == 0)
            is = (unsigned)strtoul(skip_fields(line, 3), NULL, 16);
        if (is == 12 && state == 0)
            is = 3;
        if (!titles)
            keep_socket(s, number(&at), is);
        titles = false;
    }
    free(line);
    if (in != NULL)
        fclose(in);
}

/* The sockets of a process's network namespace, read once a look. */
static const struct net_space *space_of(struct rec_proc *p)
{
    char path[64];
    struct stat st;
    struct net_space *s;

    if (stat(pid_path(path, p->pid, "ns/net"), &st) != 0)
        return NULL;
    for (unsigned i = 0; i < space_count; i++) {
        if (spaces[i].id == (uint64_t)st.st_ino)
            return &spaces[i];
    }
    if (space_count == SPACES)
        space_count = 0; /* so many are not kept */
    s = &spaces[space_count++];
    s->id = (uint64_t)st.st_ino;
    s->count = 0;
    read_sockets(s, p->pid, "net/tcp", 10, 0);
    read_sockets(s, p->pid, "net/tcp6", 10, 0);
    read_sockets(s, p->pid, "net/udp", 10, UDP);
    read_sockets(s, p->pid, "net/udp6", 10, UDP);
    read_sockets(s, p->pid, "net/unix", 7, UNIX);
    qsort(s->list, s->count, sizeof *s->list, by_inode);
    return s;
}

static void read_net(struct rec_proc *p, struct rec_proc_reading *out,
                     const struct inodes *sockets)
{
    /* The tables are long: not without a socket that could be in them. */
    const struct net_space *s = sockets->count > 0 ? space_of(p) : NULL;
    uint64_t counts[STATES] = {0}, all = 0;

    if (s == NULL && sockets->count > 0) {
        note_failure(p, REC_PROC_NET);
        return;
    }
    for (size_t i = 0; s != NULL && i < sockets->count; i++) {
        const struct net_socket key = {.inode = sockets->list[i]},
                                *found = s->count == 0
                                             ? NULL
                                             : bsearch(&key, s->list,
                                                       s->count, sizeof key,
                                                       by_inode);

        counts[found != NULL ? found->state : 0]++;
    }
    for (int i = 1; i <= UDP; i++)
        all += counts[i];
    GAUGE("connections", "count", all);
    for (int i = 1; i < STATES; i++)
        GAUGE(state_names[i], "count", counts[i]);
}

/* Both need the list of open files. */
static void read_descriptors(struct rec_proc *p, struct rec_proc_reading *out,
                             unsigned groups)
{
    struct inodes sockets = {NULL, 0, 0};
    uint64_t counts[KINDS];
    unsigned group = groups & REC_PROC_FILES ? REC_PROC_FILES : REC_PROC_NET;

    if (count_files(p, group, counts,
                    groups & REC_PROC_NET ? &sockets : NULL)) {
        if (groups & REC_PROC_FILES)
            add_files(out, counts);
        if (groups & REC_PROC_NET)
            read_net(p, out, &sockets);
    } else if (groups & REC_PROC_NET) {
        p->denied |= REC_PROC_NET;
        p->why[group_index(REC_PROC_NET)] = p->why[group_index(group)];
    }
    free(sockets.list);
}

/* ---- group cgroup ------------------------------------------------------------------ */

/* Where the version 2 hierarchy is mounted; empty: nowhere. */
static const char *cgroup_root(void)
{
    static char root[1024];
    static bool looked;
    char *line = NULL;
    size_t room = 0;
    FILE *in;

    if (__atomic_load_n(&looked, __ATOMIC_ACQUIRE))
        return root;
    in = fopen("/proc/self/mountinfo", "re");
    while (in != NULL && root[0] == '\0' && getline(&line, &room, in) > 0) {
        char path[1024];

        if (strstr(line, " - cgroup2 ") != NULL &&
            sscanf(line, "%*s %*s %*s %*s %1023s", path) == 1)
            memcpy(root, path, sizeof path);
    }
    free(line);
    if (in != NULL)
        fclose(in);
    __atomic_store_n(&looked, true, __ATOMIC_RELEASE);
    return root;
}

/* A file of the group; -1 when there is none. */
static ssize_t read_group(const char *group, const char *file, char *text,
                          size_t cap)
{
    char path[4096];

    snprintf(path, sizeof path, "%s%s/%s", cgroup_root(), group, file);
    return read_path(path, text, cap);
}

static void add_group_number(struct rec_proc_reading *out, const char *group,
                             const char *file, const char *name)
{
    char text[64];
    const char *at = text;

    if (read_group(group, file, text, sizeof text) > 0 &&
        text[0] >= '0' && text[0] <= '9') /* else "max": no limit */
        GAUGE(name, "bytes", number(&at));
}

static void add_group_events(struct rec_proc_reading *out, const char *group)
{
    static const char *const keys[][2] = {
        {"low ", "cgroup_memory_events_low"},
        {"high ", "cgroup_memory_events_high"},
        {"max ", "cgroup_memory_events_max"},
        {"oom ", "cgroup_memory_events_oom"},
        {"oom_kill ", "cgroup_memory_events_oom_kill"}};
    char text[512];
    uint64_t value;

    if (read_group(group, "memory.events", text, sizeof text) <= 0)
        return;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (find_line(text, keys[i][0], &value))
            COUNTER(keys[i][1], "count", value);
    }
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0", in microseconds. */
static void add_group_pressure(struct rec_proc_reading *out,
                               const char *group)
{
    static const char *const keys[][2] = {
        {"some ", "cgroup_memory_pressure_some"},
        {"full ", "cgroup_memory_pressure_full"}};
    char text[512];

    if (read_group(group, "memory.pressure", text, sizeof text) <= 0)
        return;
    for (size_t i = 0; i < 2; i++) {
        const char *at = strstr(text, keys[i][0]);

        at = at != NULL ? strstr(at, "total=") : NULL;
        if (at != NULL) {
            at += 6;
            COUNTER(keys[i][1], "ns", number(&at) * 1000);
        }
    }
}

static void read_cgroup(struct rec_proc *p, struct rec_proc_reading *out)
{
    char path[64], *group, *end;

    if (read_path(pid_path(path, p->pid, "cgroup"), out->text,
                  sizeof out->text) <= 0) {
        note_failure(p, REC_PROC_CGROUP);
        return;
    }
    group = strncmp(out->text, "0::", 3) == 0 ? out->text
                                              : strstr(out->text, "\n0::");
    if (group == NULL || cgroup_root()[0] == '\0')
        return;
    group += group[0] == '\n' ? 4 : 3;
    end = strchr(group, '\n');
    if (end != NULL)
        *end = '\0';
    if (strcmp(group, "/") == 0)
        group[0] = '\0';
    add_group_number(out, group, "memory.current", "cgroup_memory_current");
    add_group_number(out, group, "memory.peak", "cgroup_memory_peak");
    add_group_number(out, group, "memory.max", "cgroup_memory_max");
    add_group_number(out, group, "memory.swap.current", "cgroup_memory_swap");
    add_group_events(out, group);
    add_group_pressure(out, group);
}

/* ---- a look ---------------------------------------------------------------------- */

void rec_proc_begin_look(void)
{
    space_count = 0;
}

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
        read_descriptors(p, out, groups);
    if (groups & REC_PROC_CGROUP)
        read_cgroup(p, out);
    return 0;
}

/* ---- group maps ------------------------------------------------------------------- */

struct mapping {
    char *name;
    uint64_t rss, pss;
};
struct mappings {
    struct mapping *list;
    size_t count, room;
};

static struct mapping *find_mapping(struct mappings *m, const char *name)
{
    for (size_t i = m->count; i-- > 0;) {
        if (strcmp(m->list[i].name, name) == 0)
            return &m->list[i];
    }
    if (m->count == m->room) {
        size_t room = m->room ? m->room * 2 : 64;
        void *list = realloc(m->list, room * sizeof *m->list);

        if (list == NULL)
            return NULL;
        m->list = list;
        m->room = room;
    }
    m->list[m->count] = (struct mapping){.name = strdup(name)};
    return m->list[m->count].name != NULL ? &m->list[m->count++] : NULL;
}

/* The name behind the fifth field of a mapping's first line. */
static const char *name_of_mapping(char *line)
{
    const char *at = skip_fields(line, 5);

    while (*at == ' ')
        at++;
    line[strcspn(line, "\n")] = '\0';
    if (strncmp(at, "[anon:", 6) == 0 || *at == '\0' || *at == '\n')
        return "[anonymous]";
    return strncmp(at, "[stack", 6) == 0 ? "[stack]" : at;
}

/* A mapping begins with a line "7f00-7f01 rw-p ...": what begins with a
 * capital are its numbers. */
static int read_smaps(FILE *in, struct mappings *m)
{
    struct mapping *now = NULL;
    char *line = NULL;
    size_t room = 0;
    bool whole = true;

    while (whole && getline(&line, &room, in) > 0) {
        uint64_t kib;

        if (!isupper((unsigned char)line[0])) {
            now = find_mapping(m, name_of_mapping(line));
            whole = now != NULL;
        } else if (now != NULL && find_line(line, "Rss:", &kib)) {
            now->rss += kib * 1024;
        } else if (now != NULL && find_line(line, "Pss:", &kib)) {
            now->pss += kib * 1024;
        }
    }
    free(line);
    return whole ? 0 : ENOMEM;
}

static int by_rss(const void *a, const void *b)
{
    const struct mapping *x = a, *y = b;

    return x->rss != y->rss ? (x->rss < y->rss) - (x->rss > y->rss)
                            : strcmp(x->name, y->name);
}

/* A name of a figure has no control characters. */
static void give_mapping(const struct mapping *m, rec_proc_take *take,
                         void *to)
{
    char name[200];
    struct rec_proc_figure f = {.name = name, .unit = "bytes"};

    for (int pss = 0; pss < 2; pss++) {
        /* Of a long path the end tells more. */
        size_t n = strlen(m->name), skip = n > 180 ? n - 180 : 0;

        snprintf(name, sizeof name, "%s:%s%s", pss ? "map_pss" : "map_rss",
                 skip ? "..." : "", m->name + skip);
        for (char *c = name; *c != '\0'; c++) {
            if ((unsigned char)*c < ' ' || *c == 127)
                *c = '?';
        }
        f.value = (int64_t)(pss ? m->pss : m->rss);
        take(to, &f);
    }
}

int rec_proc_read_maps(struct rec_proc *p, size_t max, rec_proc_take *take,
                       void *to)
{
    struct mappings m = {NULL, 0, 0};
    char rest[] = "[other]";
    struct mapping other = {.name = rest};
    char path[64];
    FILE *in = fopen(pid_path(path, p->pid, "smaps"), "re");
    int rc;

    if (in == NULL)
        return errno == ENOENT || errno == ESRCH ? ESRCH : errno;
    rc = read_smaps(in, &m);
    fclose(in);
    if (m.count > 0)
        qsort(m.list, m.count, sizeof *m.list, by_rss);
    for (size_t i = 0; i < m.count; i++) {
        if (rc == 0 && (i + 1 < max || m.count <= max)) {
            give_mapping(&m.list[i], take, to);
        } else {
            other.rss += m.list[i].rss;
            other.pss += m.list[i].pss;
        }
        free(m.list[i].name);
    }
    if (rc == 0 && m.count > max)
        give_mapping(&other, take, to);
    free(m.list);
    return rc;
}

/* ---- which processes there are ----------------------------------------------------- */

int rec_proc_origin(pid_t pid, pid_t *parent, uint64_t *started_ns)
{
    char path[64], text[1024], name[64];
    const char *at;

    if (read_path(pid_path(path, pid, "stat"), text, sizeof text) <= 0 ||
        (at = take_name(name, text)) == NULL || at[0] != ' ')
        return ESRCH;
    at += 2;
    *parent = (pid_t)number(&at);
    at = skip_fields(at, 17);
    *started_ns = ticks_ns(number(&at)); /* 22 */
    return 0;
}

int rec_proc_about(pid_t pid, struct rec_proc_about *out)
{
    char path[64], text[1024];
    const char *at;
    ssize_t n;

    memset(out, 0, offsetof(struct rec_proc_about, argv));
    out->argv_bytes = out->argc = 0;
    if (rec_proc_origin(pid, &out->parent, &out->started_ns) != 0 ||
        read_path(pid_path(path, pid, "stat"), text, sizeof text) <= 0)
        return ESRCH;
    at = take_name(out->name, text);
    at = at != NULL ? skip_fields(at, 25) : "";
    out->image = number(&at); /* 28 */
    n = readlink(pid_path(path, pid, "exe"), out->executable,
                 sizeof out->executable - 1);
    out->executable[n > 0 ? n : 0] = '\0';
    n = read_path(pid_path(path, pid, "cmdline"), out->argv,
                  sizeof out->argv);
    out->argv_bytes = n > 0 ? (size_t)n : 0;
    if (out->argv_bytes > 0 && out->argv[out->argv_bytes - 1] != '\0')
        out->argv_bytes++; /* the last one is cut: read_fd ended it */
    for (size_t i = 0; i < out->argv_bytes; i++)
        out->argc += out->argv[i] == '\0';
    return 0;
}

/* Of one thread; -1 where the kernel has no such list. */
static ssize_t children_of_thread(const char *path, pid_t *out, size_t max)
{
    char text[4096];
    FILE *in = fopen(path, "re");
    size_t count = 0;

    if (in == NULL)
        return -1;
    while (count < max && fscanf(in, "%31s", text) == 1)
        out[count++] = (pid_t)atol(text);
    fclose(in);
    return (ssize_t)count;
}

ssize_t rec_proc_children(pid_t pid, pid_t *out, size_t max)
{
    char path[64], file[400];
    DIR *threads = opendir(pid_path(path, pid, "task"));
    struct dirent *entry;
    size_t count = 0;
    bool any = false;

    if (threads == NULL)
        return -1;
    while ((entry = readdir(threads)) != NULL) {
        ssize_t n;

        if (entry->d_name[0] == '.')
            continue;
        snprintf(file, sizeof file, "%s/%s/children", path, entry->d_name);
        n = children_of_thread(file, out + count, max - count);
        any |= n >= 0;
        count += n > 0 ? (size_t)n : 0;
    }
    closedir(threads);
    return any ? (ssize_t)count : -1;
}

ssize_t rec_proc_all(pid_t *out, size_t max)
{
    DIR *list = opendir("/proc");
    struct dirent *entry;
    size_t count = 0;

    if (list == NULL)
        return -1;
    while (count < max && (entry = readdir(list)) != NULL) {
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
            out[count++] = (pid_t)atol(entry->d_name);
    }
    closedir(list);
    return (ssize_t)count; /* the kernel gives them in rising order */
}

bool rec_proc_is_process(pid_t pid)
{
    char path[64], text[4096];
    uint64_t group;

    return read_path(pid_path(path, pid, "status"), text, sizeof text) > 0 &&
           find_line(text, "Tgid:", &group) && (pid_t)group == pid;
}

/* Field 52 of `stat`: 0 also where it may not be seen. */
bool rec_proc_zombie_status(pid_t pid, int *status)
{
    char path[64], text[4096], name[64];
    const char *at;
    uint64_t uid;

    if (read_path(pid_path(path, pid, "status"), text, sizeof text) <= 0 ||
        !find_line(text, "Uid:", &uid) ||
        (geteuid() != 0 && (uid_t)uid != geteuid()) ||
        read_path(pid_path(path, pid, "stat"), text, sizeof text) <= 0 ||
        (at = take_name(name, text)) == NULL || at[0] != ' ' || at[1] != 'Z')
        return false;
    at = skip_fields(at, 49);
    *status = (int)number(&at);
    return true;
}

/* "0.00 0.01 0.05 1/176 4711": of this pid namespace. */
pid_t rec_proc_last_pid(void)
{
    char text[128];
    const char *at;

    if (read_path("/proc/loadavg", text, sizeof text) <= 0)
        return 0;
    at = skip_fields(text, 4);
    return (pid_t)number(&at);
}

#else
typedef int rec_proc_linux_is_for_linux;
#endif
