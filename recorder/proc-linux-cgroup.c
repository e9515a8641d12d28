/*
 * proc-linux-cgroup.c - memory of a control group of version 2 (proc.h, group
 * cgroup).
 */
#ifdef __linux__

#include "proc-linux.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the version 2 hierarchy is mounted, and what of it: in a container
 * that is often one group. Empty: nowhere. */
struct hierarchy {
    char mount[1024], root[1024];
};

static const struct hierarchy *hierarchy(void)
{
    static struct hierarchy found;
    static bool looked;
    char *line = NULL;
    size_t room = 0;
    FILE *in;

    if (__atomic_load_n(&looked, __ATOMIC_ACQUIRE))
        return &found;
    in = fopen("/proc/self/mountinfo", "re");
    while (in != NULL && found.mount[0] == '\0' &&
           getline(&line, &room, in) > 0) {
        struct hierarchy one;

        if (strstr(line, " - cgroup2 ") != NULL &&
            sscanf(line, "%*s %*s %*s %1023s %1023s", one.root, one.mount) ==
                2)
            found = one;
    }
    free(line);
    if (in != NULL)
        fclose(in);
    if (strcmp(found.root, "/") == 0)
        found.root[0] = '\0';
    __atomic_store_n(&looked, true, __ATOMIC_RELEASE);
    return &found;
}

/* The group as seen from the mount; NULL: it is outside of it. */
static const char *below_mount(const char *group)
{
    size_t n = strlen(hierarchy()->root);

    if (hierarchy()->mount[0] == '\0' ||
        strncmp(group, hierarchy()->root, n) != 0 ||
        (group[n] != '/' && group[n] != '\0'))
        return NULL;
    return strcmp(group + n, "/") == 0 ? "" : group + n;
}

/* A file of the group; -1 when there is none. */
static ssize_t read_group(const char *group, const char *file, char *text,
                          size_t cap)
{
    char path[4096];

    snprintf(path, sizeof path, "%s%s/%s", hierarchy()->mount, group, file);
    return proc_read_path(path, text, cap);
}

static void add_group_number(struct rec_proc_reading *out, const char *group,
                             const char *file, const char *name)
{
    char text[64];
    const char *at = text;

    if (read_group(group, file, text, sizeof text) > 0 &&
        text[0] >= '0' && text[0] <= '9') /* else "max": no limit */
        GAUGE(name, "bytes", proc_number(&at));
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
        if (proc_find_line(text, keys[i][0], &value))
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
            COUNTER(keys[i][1], "ns", proc_number(&at) * 1000);
        }
    }
}

void proc_read_cgroup(struct rec_proc *p, struct rec_proc_reading *out)
{
    char path[64], *line;
    const char *group;

    if (proc_read_path(proc_path(path, p->pid, "cgroup"), out->text,
                       sizeof out->text) <= 0) {
        proc_note_failure(p, REC_PROC_CGROUP);
        return;
    }
    line = strncmp(out->text, "0::", 3) == 0 ? out->text
                                             : strstr(out->text, "\n0::");
    if (line == NULL)
        return;
    line += line[0] == '\n' ? 4 : 3;
    line[strcspn(line, "\n")] = '\0';
    group = below_mount(line);
    if (group == NULL)
        return;
    add_group_number(out, group, "memory.current", "cgroup_memory_current");
    add_group_number(out, group, "memory.peak", "cgroup_memory_peak");
    add_group_number(out, group, "memory.max", "cgroup_memory_max");
    add_group_number(out, group, "memory.swap.current", "cgroup_memory_swap");
    add_group_events(out, group);
    add_group_pressure(out, group);
}

#else
typedef int rec_proc_linux_cgroup_is_for_linux;
#endif
