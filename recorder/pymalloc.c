/*
 * pymalloc.c - what sys._debugmallocstats() prints, as figures (pymalloc.h).
 *
 * pymalloc says nothing of itself while another allocator, or a hook, is set
 * for the domain `obj`. A hook is therefore taken out for as long as the
 * printing lasts: the domain is called with the GIL only, which is held
 * meanwhile, so nobody calls it then. With a second interpreter, which may
 * have a GIL of its own, that is not so, and the figures are left out.
 */
#include "pymalloc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cpython-lists.h"

#define TEXT_MAX 65536
#define NAME_MAX_BYTES 160
#define CLASSES_MAX 128

/* All guarded by the GIL. */
static PyMemAllocatorEx plain; /* of the domain `obj`, without hooks */
static bool plain_known;
static char text[TEXT_MAX];
static size_t text_bytes;
static struct rec_figures *into;

void rec_pymalloc_prepare(void)
{
    if (cpy_allocator_name() == NULL)
        return;
    PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &plain);
    plain_known = true;
}

/* ---- catching what is printed ------------------------------------------------ */

static ssize_t catch(void *unused, const char *data, size_t bytes)
{
    size_t n = bytes;

    (void)unused;
    if (n > TEXT_MAX - 1 - text_bytes)
        n = TEXT_MAX - 1 - text_bytes;
    memcpy(text + text_bytes, data, n);
    text_bytes += n;
    return (ssize_t)bytes;
}

static void print_allocator(FILE *out)
{
    PyMemAllocatorEx now;
    bool hooked;

    PyMem_GetAllocator(PYMEM_DOMAIN_OBJ, &now);
    hooked = plain_known && now.malloc != plain.malloc;
    if (hooked && PyInterpreterState_Next(PyInterpreterState_Head()) != NULL)
        return;
    if (hooked)
        PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &plain);
    cpy_print_allocator(out);
    if (hooked)
        PyMem_SetAllocator(PYMEM_DOMAIN_OBJ, &now);
}

static void print_lists(FILE *out);

/* Fills `text` with what `print` prints. */
static void caught(void (*print)(FILE *out))
{
    FILE *out = fopencookie(NULL, "w",
                            (cookie_io_functions_t){.write = catch});

    text_bytes = 0;
    if (out != NULL) {
        print(out);
        fclose(out);
    }
    text[text_bytes] = '\0';
}

/* ---- numbers ------------------------------------------------------------------- */

/* Reads a number that may have commas in it; *p goes behind it. */
static bool number(const char **p, int64_t *value)
{
    const char *s = *p + strspn(*p, " ");
    bool negative = *s == '-';

    s += negative;
    if (!isdigit((unsigned char)*s))
        return false;
    for (*value = 0; isdigit((unsigned char)*s) || *s == ','; s++)
        if (*s != ',')
            *value = *value * 10 + (*s - '0');
    if (negative)
        *value = -*value;
    *p = s;
    return true;
}

/* Reads the number behind the first `mark` of the text. */
static bool number_after(const char *p, char mark, int64_t *value)
{
    p = strchr(p, mark);
    if (p == NULL)
        return false;
    p++;
    return number(&p, value);
}

static void add(const char *prefix, const char *name, const char *unit,
                bool counter, int64_t value)
{
    char whole[2 * NAME_MAX_BYTES];

    snprintf(whole, sizeof whole, "%s%s", prefix, name);
    rec_figures_add(into, whole, unit, counter, value);
}

/* ---- lines of the allocator ----------------------------------------------------- */

static int64_t class_count, class_step; /* size of the first class */
static bool class_seen[CLASSES_MAX];

static void add_class(int64_t size, const int64_t v[3])
{
    static const char *const names[] = {"pools", "blocks_in_use",
                                        "blocks_available"};
    static const char *const units[] = {"pools", "blocks", "blocks"};
    char prefix[64];

    snprintf(prefix, sizeof prefix, "pymalloc.class.%lld.", (long long)size);
    for (int i = 0; i < 3; i++)
        add(prefix, names[i], units[i], false, v[i]);
}

/* "    7    128           4             115             9" */
static bool class_line(const char *line)
{
    const char *p = line;
    int64_t v[5];

    for (int i = 0; i < 5; i++)
        if (!number(&p, &v[i]))
            return false;
    if (p[strspn(p, " ")] != '\0')
        return false;
    if (v[0] >= 0 && v[0] < CLASSES_MAX)
        class_seen[v[0]] = true;
    add_class(v[1], &v[2]);
    return true;
}

/* Classes without a pool have no line. */
static void add_empty_classes(void)
{
    const int64_t zeros[3] = {0, 0, 0};

    for (int64_t i = 0; i < class_count && i < CLASSES_MAX; i++)
        if (!class_seen[i])
            add_class((i + 1) * class_step, zeros);
}

/* Lines "# LABEL  =  NUMBER", and what they are called here. */
static const struct label {
    const char *label, *name, *unit;
    bool counter;
} labels[] = {
    {"arenas allocated total", "arenas.allocated", "arenas", true},
    {"arenas reclaimed", "arenas.reclaimed", "arenas", true},
    {"arenas highwater mark", "arenas.highwater", "arenas", true},
    {"arenas allocated current", "arenas.current", "arenas", false},
    {"bytes in allocated blocks", "bytes.allocated_blocks", "B", false},
    {"bytes in available blocks", "bytes.available_blocks", "B", false},
    {"bytes lost to pool headers", "bytes.pool_headers", "B", false},
    {"bytes lost to quantization", "bytes.quantization", "B", false},
    {"bytes lost to arena alignment", "bytes.arena_alignment", "B", false},
    {"arena map mid nodes", "arena_map.mid_nodes", "nodes", false},
    {"arena map bot nodes", "arena_map.bot_nodes", "nodes", false},
    {"bytes lost to arena map root", "arena_map.bytes.root", "B", false},
    {"bytes lost to arena map mid", "arena_map.bytes.mid", "B", false},
    {"bytes lost to arena map bot", "arena_map.bytes.bot", "B", false},
};

/* A label that is not in the table: in small letters, with lines between the
 * words. */
static void slug(const char *label, size_t bytes, char out[64])
{
    size_t used = 0;

    for (size_t i = 0; i < bytes && used < 63; i++) {
        if (isalnum((unsigned char)label[i]))
            out[used++] = (char)tolower((unsigned char)label[i]);
        else if (used > 0 && out[used - 1] != '_')
            out[used++] = '_';
    }
    while (used > 0 && out[used - 1] == '_')
        used--;
    out[used] = '\0';
}

static void labelled(const char *prefix, const char *label, size_t bytes,
                     int64_t value)
{
    char name[64];

    while (bytes > 0 && label[bytes - 1] == ' ')
        bytes--;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (strlen(labels[i].label) == bytes &&
            memcmp(labels[i].label, label, bytes) == 0) {
            add(prefix, labels[i].name, labels[i].unit, labels[i].counter,
                value);
            return;
        }
    slug(label, bytes, name);
    add(prefix, name,
        strstr(name, "byte") != NULL || strstr(name, "threshold") != NULL ||
                strstr(name, "size") != NULL
            ? "B"
            : "blocks",
        false, value);
}

/* "6 arenas * 262144 bytes/arena  =  1,572,864" and
 * "41 unused pools * 4096 bytes   =    167,936" */
static bool product_line(const char *line)
{
    const char *p = line;
    int64_t count, each, total;

    if (!number(&p, &count) || !number_after(p, '*', &each) ||
        !number_after(p, '=', &total))
        return false;
    if (strstr(line, "pools") != NULL) {
        add("pymalloc.", "unused_pools", "pools", false, count);
        add("pymalloc.", "pool_size", "B", false, each);
        add("pymalloc.", "bytes.unused_pools", "B", false, total);
    } else {
        add("pymalloc.", "arena_size", "B", false, each);
        add("pymalloc.", "bytes.arenas", "B", false, total);
    }
    return true;
}

/* "Small block threshold = 512, in 32 size classes." */
static bool threshold_line(const char *prefix, const char *line)
{
    const char *classes = strstr(line, ", in ");
    const char *equals = strchr(line, '=');
    int64_t bytes, count;

    if (classes == NULL || equals == NULL ||
        !number_after(equals, '=', &bytes))
        return false;
    classes += 5;
    if (!number(&classes, &count) || count <= 0)
        return false;
    labelled(prefix, line, (size_t)(equals - line), bytes);
    add(prefix, "size_classes", "classes", false, count);
    if (prefix[0] == 'p') {
        class_count = count;
        class_step = bytes / count;
    }
    return true;
}

/* One line; `totals` counts the lines "Total = NUMBER". */
static void allocator_line(const char *prefix, const char *line, int *totals)
{
    const char *p = line + strspn(line, "# ");
    const char *end = strpbrk(p, "=:");
    int64_t v;

    if (threshold_line(prefix, line) || class_line(line) ||
        product_line(line) || end == NULL || !number_after(end, *end, &v))
        return;
    if (strncmp(p, "Total", 5) == 0)
        add(prefix, (*totals)++ == 0 ? "bytes.total"
                                     : "arena_map.bytes.total",
            "B", false, v);
    else
        labelled(prefix, p, (size_t)(end - p), v);
}

/* ---- lines of free lists --------------------------------------------------------- */

static void take_list(const char *name, int64_t objects, int64_t bytes)
{
    char whole[NAME_MAX_BYTES];

    add("free_list.", name, "objects", false, objects);
    snprintf(whole, sizeof whole, "%s.bytes", name);
    if (bytes >= 0)
        add("free_list.", whole, "B", false, bytes);
}

static void print_lists(FILE *out)
{
    cpy_free_lists(out, take_list);
}

/* "3 free PyFloatObjects * 24 bytes each = 72", "9 free 1-sized
 * PyTupleObjects * 32 bytes each = 288" */
static void list_line(const char *line)
{
    const char *p = line, *end;
    char name[96];
    int64_t count, bytes, items = 0;
    bool sized;
    int n;

    if (!number(&p, &count) || strncmp(p, " free ", 6) != 0)
        return;
    p += 6;
    sized = number(&p, &items) && strncmp(p, "-sized ", 7) == 0;
    if (sized)
        p += 7;
    end = strstr(p, " * ");
    if (end == NULL || end == p || end - p > 64)
        return;
    n = (int)(end - p) - (end[-1] == 's');
    if (sized)
        snprintf(name, sizeof name, "%.*s.%lld", n, p, (long long)items);
    else
        snprintf(name, sizeof name, "%.*s", n, p);
    if (number_after(end, '=', &bytes))
        take_list(name, count, bytes);
}

/* ---- all --------------------------------------------------------------------------- */

static void parse_allocator(void)
{
    const char *prefix =
        strstr(text, "Medium block") != NULL ? "mimalloc." : "pymalloc.";
    char *rest;
    int totals = 0;

    add("pymalloc.", "enabled", "bool", false,
        text_bytes > 0 && prefix[0] == 'p');
    class_count = 0;
    memset(class_seen, 0, sizeof class_seen);
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest))
        allocator_line(prefix, line, &totals);
    add_empty_classes();
    rec_figures_write(into);
}

void rec_pymalloc_figures(struct rec_figures *f)
{
    char *rest;

    into = f;
    caught(print_allocator);
    parse_allocator();
    caught(print_lists);
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest))
        list_line(line);
    rec_figures_write(f);
    into = NULL;
}
