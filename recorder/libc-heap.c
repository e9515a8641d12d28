/*
 * libc-heap.c - what the C library's allocator says of itself (libc-heap.h).
 *
 * All functions are looked up at run time: which there are depends on the C
 * library of the machine, and an allocator that is loaded before it may bring
 * its own.
 */
#include "libc-heap.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* struct mallinfo2 and struct mallinfo of <malloc.h>, in whose older versions
 * only the second is. */
struct info2 {
    size_t v[10];
};
struct info {
    int v[10];
};

static const struct field {
    const char *name, *unit;
} fields[10] = {
    {"arena", "B"},    {"ordblks", "chunks"}, {"smblks", "chunks"},
    {"hblks", "blocks"}, {"hblkhd", "B"},     {"usmblks", "B"},
    {"fsmblks", "B"},  {"uordblks", "B"},     {"fordblks", "B"},
    {"keepcost", "B"},
};

static void *symbol(const char *name)
{
    return dlsym(RTLD_DEFAULT, name);
}

static void add_mallinfo(struct rec_figures *f)
{
    union {
        void *data;
        struct info2 (*function2)(void);
        struct info (*function)(void);
    } call;
    size_t v[10];

    call.data = symbol("mallinfo2");
    if (call.data != NULL) {
        struct info2 now = call.function2();

        memcpy(v, now.v, sizeof v);
    } else {
        struct info now;

        call.data = symbol("mallinfo");
        if (call.data == NULL)
            return;
        now = call.function();
        for (int i = 0; i < 10; i++)
            v[i] = (unsigned)now.v[i]; /* wrong from 4 GiB on */
    }
    for (int i = 0; i < 10; i++) {
        char name[64];

        snprintf(name, sizeof name, "glibc.mallinfo.%s", fields[i].name);
        rec_figures_add(f, name, fields[i].unit, false, (int64_t)v[i]);
    }
}

/* ---- malloc_info ---------------------------------------------------------------- */

/* Where the XML has come to. Its lines hold one element each; the totals
 * stand behind the last </heap>. */
struct xml {
    struct rec_figures *f;
    long arena;               /* -1 outside <heap> */
    long arenas;
    size_t used;
    char line[256];
};

/* The value of an attribute, or -1. */
static int64_t attribute(const char *line, const char *name)
{
    char key[16];
    const char *p;

    snprintf(key, sizeof key, " %s=\"", name);
    p = strstr(line, key);
    return p != NULL ? strtoll(p + strlen(key), NULL, 10) : -1;
}

static bool has_type(const char *line, const char *type)
{
    char key[32];

    snprintf(key, sizeof key, "type=\"%s\"", type);
    return strstr(line, key) != NULL;
}

static void add_part(struct xml *x, const char *name, const char *unit,
                     int64_t value)
{
    char whole[96];

    if (value < 0 || x->arena >= REC_LIBC_ARENAS)
        return;
    if (x->arena >= 0)
        snprintf(whole, sizeof whole, "glibc.arena.%ld.%s", x->arena, name);
    else
        snprintf(whole, sizeof whole, "glibc.%s", name);
    rec_figures_add(x->f, whole, unit, false, value);
}

static void take_total(struct xml *x, const char *line)
{
    static const char *const types[] = {"fast", "rest", "mmap"};
    char name[32];

    for (int i = 0; i < 3 && x->arena < 0; i++)
        if (has_type(line, types[i])) {
            snprintf(name, sizeof name, "%s.chunks", types[i]);
            add_part(x, name, "chunks", attribute(line, "count"));
            snprintf(name, sizeof name, "%s.bytes", types[i]);
            add_part(x, name, "B", attribute(line, "size"));
        }
}

static void take_line(struct xml *x, const char *line)
{
    static const char *const system[] = {"current", "max"};
    static const char *const aspace[] = {"total", "mprotect"};
    char name[32];

    if (strncmp(line, "<heap ", 6) == 0) {
        x->arena = (long)attribute(line, "nr");
        x->arenas++;
    } else if (strncmp(line, "</heap>", 7) == 0) {
        x->arena = -1;
    } else if (strncmp(line, "<system ", 8) == 0) {
        for (int i = 0; i < 2; i++)
            if (has_type(line, system[i]))
                add_part(x, system[i], "B", attribute(line, "size"));
    } else if (strncmp(line, "<aspace ", 8) == 0 && x->arena < 0) {
        for (int i = 0; i < 2; i++)
            if (has_type(line, aspace[i])) {
                snprintf(name, sizeof name, "address_space.%s", aspace[i]);
                add_part(x, name, "B", attribute(line, "size"));
            }
    } else if (strncmp(line, "<total ", 7) == 0) {
        take_total(x, line);
    }
}

static ssize_t take(void *cookie, const char *data, size_t bytes)
{
    struct xml *x = cookie;

    for (size_t i = 0; i < bytes; i++) {
        if (data[i] != '\n') {
            if (x->used < sizeof x->line - 1)
                x->line[x->used++] = data[i];
            continue;
        }
        x->line[x->used] = '\0';
        take_line(x, x->line);
        x->used = 0;
    }
    return (ssize_t)bytes;
}

static void add_malloc_info(struct rec_figures *f)
{
    union {
        void *data;
        int (*function)(int options, FILE *out);
    } call = {symbol("malloc_info")};
    struct xml x = {.f = f, .arena = -1};
    FILE *out;

    if (call.data == NULL)
        return;
    out = fopencookie(&x, "w", (cookie_io_functions_t){.write = take});
    if (out == NULL)
        return;
    call.function(0, out);
    fclose(out);
    if (x.arenas > 0)
        rec_figures_add(f, "glibc.arenas", "arenas", false, x.arenas);
}

void rec_libc_figures(struct rec_figures *f)
{
    if (symbol("gnu_get_libc_version") == NULL)
        return;
    add_mallinfo(f);
    rec_figures_write(f);
    add_malloc_info(f);
    rec_figures_write(f);
}
