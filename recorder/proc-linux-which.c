/*
 * proc-linux-which.c - which processes there are, and what they are (proc.h).
 */
#ifdef __linux__

#include "proc-linux.h"

#include <dirent.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int rec_proc_origin(pid_t pid, pid_t *parent, uint64_t *started_ns)
{
    char path[64], text[1024], name[64];
    const char *at;

    if (proc_read_path(proc_path(path, pid, "stat"), text, sizeof text) <= 0 ||
        (at = proc_take_name(name, text)) == NULL || at[0] != ' ')
        return ESRCH;
    at += 2;
    *parent = (pid_t)proc_number(&at);
    at = proc_skip(at, 17);
    *started_ns = proc_ticks_ns(proc_number(&at)); /* 22 */
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
        proc_read_path(proc_path(path, pid, "stat"), text, sizeof text) <= 0)
        return ESRCH;
    at = proc_take_name(out->name, text);
    at = at != NULL ? proc_skip(at, 25) : "";
    out->image = proc_number(&at); /* 28 */
    n = readlink(proc_path(path, pid, "exe"), out->executable,
                 sizeof out->executable - 1);
    out->executable[n > 0 ? n : 0] = '\0';
    n = proc_read_path(proc_path(path, pid, "cmdline"), out->argv,
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
    DIR *threads = opendir(proc_path(path, pid, "task"));
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

    return proc_read_path(proc_path(path, pid, "status"), text,
                          sizeof text) > 0 &&
           proc_find_line(text, "Tgid:", &group) && (pid_t)group == pid;
}

/* Field 52 of `stat`: 0 also where it may not be seen. */
bool rec_proc_zombie_status(pid_t pid, int *status)
{
    char path[64], text[4096], name[64];
    const char *at;
    uint64_t uid;

    if (proc_read_path(proc_path(path, pid, "status"), text,
                       sizeof text) <= 0 ||
        !proc_find_line(text, "Uid:", &uid) ||
        (geteuid() != 0 && (uid_t)uid != geteuid()) ||
        proc_read_path(proc_path(path, pid, "stat"), text, sizeof text) <= 0 ||
        (at = proc_take_name(name, text)) == NULL || at[0] != ' ' ||
        at[1] != 'Z')
        return false;
    at = proc_skip(at, 49);
    *status = (int)proc_number(&at);
    return true;
}

/* "0.00 0.01 0.05 1/176 4711": of this pid namespace. */
pid_t rec_proc_last_pid(void)
{
    char text[128];
    const char *at;

    if (proc_read_path("/proc/loadavg", text, sizeof text) <= 0)
        return 0;
    at = proc_skip(text, 4);
    return (pid_t)proc_number(&at);
}

#else
typedef int rec_proc_linux_which_is_for_linux;
#endif
