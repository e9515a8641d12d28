/*
 * proc-linux-maps.c - mappings of a process (proc.h, group maps).
 */
#ifdef __linux__

#include "proc-linux.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    const char *at = proc_skip(line, 5);

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
        } else if (now != NULL && proc_find_line(line, "Rss:", &kib)) {
            now->rss += kib * 1024;
        } else if (now != NULL && proc_find_line(line, "Pss:", &kib)) {
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
    FILE *in = fopen(proc_path(path, p->pid, "smaps"), "re");
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

#else
typedef int rec_proc_linux_maps_is_for_linux;
#endif
