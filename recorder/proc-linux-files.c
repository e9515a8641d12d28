/*
 * proc-linux-files.c - open files by kind, connections by state (proc.h,
 * groups files and net).
 */
#ifdef __linux__

#include "proc-linux.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- groups files, net --------------------------------------------------- */

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
            keep_inode(sockets, proc_number(&at));
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

/* Of the process that looks, the list itself is not the program's. A thread
 * with descriptors of its own reads those of the process: the number alone
 * does not tell. */
static bool is_list(DIR *list, const char *name)
{
    struct stat one, own;

    return atoi(name) == dirfd(list) &&
           fstatat(dirfd(list), name, &one, 0) == 0 &&
           fstat(dirfd(list), &own) == 0 && one.st_ino == own.st_ino &&
           one.st_dev == own.st_dev;
}

/* Counts the open files; false when that is not allowed. */
static bool count_files(struct rec_proc *p, unsigned group,
                        uint64_t counts[KINDS], struct inodes *sockets)
{
    char path[64];
    DIR *list = opendir(proc_path(path, p->pid, "fd"));
    struct dirent *entry;

    memset(counts, 0, KINDS * sizeof *counts);
    if (list == NULL) {
        proc_note_failure(p, group);
        return !(p->denied & group);
    }
    while ((entry = readdir(list)) != NULL) {
        if (entry->d_name[0] != '.' &&
            (p->pid != 0 || !is_list(list, entry->d_name)))
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

void rec_proc_begin_look(void)
{
    space_count = 0;
}

void rec_proc_end_look(void)
{
    space_count = 0;
    for (int i = 0; i < SPACES; i++) {
        free(spaces[i].list);
        spaces[i] = (struct net_space){0};
    }
}

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
    FILE *in = fopen(proc_path(path, pid, file), "re");
    bool titles = true;

    while (in != NULL && getline(&line, &room, in) > 0) {
        const char *at = proc_skip(line, field - 1);
        unsigned is = state;

        if (is == 0)
            is = (unsigned)strtoul(proc_skip(line, 3), NULL, 16);
        if (is == 12 && state == 0)
            is = 3;
        if (!titles)
            keep_socket(s, proc_number(&at), is);
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

    if (stat(proc_path(path, p->pid, "ns/net"), &st) != 0)
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
        proc_note_failure(p, REC_PROC_NET);
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
void proc_read_descriptors(struct rec_proc *p, struct rec_proc_reading *out,
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
        proc_deny(p, REC_PROC_NET, errno);
    }
    free(sockets.list);
}

#else
typedef int rec_proc_linux_files_is_for_linux;
#endif
