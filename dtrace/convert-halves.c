/*
 * convert-halves.c - pymemtrace's lines of malloc and of the object allocator:
 *
 *      24120  w3.py:12   -> __init__ malloc(601) pntr 0xee3a0b0
 *
 * Its scripts print a call in two halves, one when it begins and one, with
 * the block, when it ends. What other threads and processors print can come
 * between them: then a line holds several beginnings, and an end stands on a
 * line of its own without saying whose it is.
 *
 * - Halves that stand side by side are one call.
 * - An end that stands alone belongs to the one call that is open. When more
 *   than one call that could end so is open, nobody can tell: none of them is
 *   used, nor is an end as long as one of them has had none.
 */
#include "convert-private.h"

#include "pmt/record.h"

enum kind { KIND_NONE, KIND_POINTER, KIND_RETURNS };

/* A function, and its arguments: d decimal, x address. */
struct function {
    const char *name;
    const char *arguments;
    uint8_t call, domain;
    uint8_t kind;   /* of its end; KIND_NONE: the whole is printed at once */
    uint8_t length; /* of the name */
};

/* The script for builds with pymalloc prints no end for its realloc. */
static const struct function functions[] = {
    {"malloc", "d", DT_MALLOC, PMT_DOMAIN_NATIVE, KIND_POINTER, 6},
    {"free", "x", DT_FREE, PMT_DOMAIN_NATIVE, KIND_NONE, 4},
    {"calloc", "dd", DT_CALLOC, PMT_DOMAIN_NATIVE, KIND_POINTER, 6},
    {"_PyObject_Malloc", "d", DT_MALLOC, PMT_DOMAIN_OBJ, KIND_RETURNS, 16},
    {"_PyObject_Calloc", "dd", DT_CALLOC, PMT_DOMAIN_OBJ, KIND_RETURNS, 16},
    {"_PyObject_Realloc", "xd", DT_REALLOC, PMT_DOMAIN_OBJ, KIND_NONE, 17},
    {"_PyObject_Free", "x", DT_FREE, PMT_DOMAIN_OBJ, KIND_NONE, 14},
    {"_PyMem_RawMalloc", "d", DT_MALLOC, PMT_DOMAIN_RAW, KIND_RETURNS, 16},
    {"_PyMem_RawCalloc", "dd", DT_CALLOC, PMT_DOMAIN_RAW, KIND_RETURNS, 16},
    {"_PyMem_RawRealloc", "xd", DT_REALLOC, PMT_DOMAIN_RAW, KIND_RETURNS, 17},
    {"_PyMem_RawFree", "x", DT_FREE, PMT_DOMAIN_RAW, KIND_NONE, 14},
};
#define FUNCTIONS (sizeof functions / sizeof *functions)

/* A call that was found in a line. */
struct call {
    const struct function *function;
    const char *name;      /* where the function's name stands */
    uint64_t value[2];
};

/* ---- finding ---------------------------------------------------------------- */

static bool is_letter(char c)
{
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The function whose name stands before `end`, alone. */
static const struct function *function_before(const char *from,
                                              const char *end)
{
    for (size_t i = 0; i < FUNCTIONS; i++) {
        const struct function *f = &functions[i];
        size_t n = f->length;

        if ((size_t)(end - from) >= n && end[-1] == f->name[n - 1] &&
            memcmp(end - n, f->name, n) == 0 &&
            ((size_t)(end - from) == n || !is_letter(end[-(ptrdiff_t)n - 1])))
            return f;
    }
    return NULL;
}

/* "601)" or "17, 16)" or "0xee3a0b0, 64)" */
static bool arguments(struct dt_rest *r, struct call *call)
{
    const char *form = call->function->arguments;

    for (unsigned i = 0; form[i]; i++) {
        if ((i > 0 && !dt_skip_word(r, ", ")) ||
            !(form[i] == 'x' ? dt_address(r, &call->value[i])
                             : dt_number(r, &call->value[i])))
            return false;
    }
    return dt_skip(r, ')');
}

/* The first call in the rest; *r is then behind it. */
static bool find_call(struct dt_rest *r, struct call *call)
{
    struct dt_rest at = *r;

    while (at.p < at.end &&
           (at.p = memchr(at.p, '(', (size_t)(at.end - at.p))) != NULL) {
        const struct function *f = function_before(r->p, at.p);

        at.p++;
        if (!f)
            continue;
        call->function = f;
        call->name = at.p - 1 - f->length;
        if (arguments(&at, call)) {
            r->p = at.p;
            return true;
        }
    }
    return false;
}

/* " pntr 0x..." or " _PyMem_RawMalloc returns 0x...": the end of a call; to
 * the end of the line. */
static bool find_end(struct dt_rest r, uint8_t *kind, uint8_t *which,
                     uint64_t *block)
{
    if (!dt_skip(&r, ' '))
        return false;
    *which = 0;
    if (dt_skip_word(&r, "pntr ")) {
        *kind = KIND_POINTER;
    } else {
        const char *name = r.p;
        const struct function *f;

        while (r.p < r.end && is_letter(*r.p))
            r.p++;
        f = function_before(name, r.p);
        if (!f || f->kind != KIND_RETURNS || !dt_skip_word(&r, " returns "))
            return false;
        *kind = KIND_RETURNS;
        *which = (uint8_t)(f - functions);
    }
    return dt_address(&r, block) && r.p == r.end;
}

static bool ends(const struct dt_open *o, uint8_t kind, uint8_t which)
{
    return o->kind == kind && (kind == KIND_POINTER || o->call == which);
}

/* ---- site and process ------------------------------------------------------ */

/* "FILE:LINE   -> NAME", as far as it can be read. */
static void read_site(struct dt_rest r, const char *arrow,
                      struct dt_site *site)
{
    const char *end = arrow, *colon;
    struct dt_rest line;

    *site = (struct dt_site){{"", 0}, {"", 0}, 0};
    site->function = (struct dt_text){arrow + 3, (size_t)(r.end - arrow - 3)};
    while (end > r.p && end[-1] == ' ')
        end--;
    colon = end > r.p ? memrchr(r.p, ':', (size_t)(end - r.p)) : NULL;
    line = (struct dt_rest){colon ? colon + 1 : end, end};
    if (!colon || !dt_number(&line, &site->line) || line.p != end) {
        site->line = 0;
        return;
    }
    site->file = (struct dt_text){r.p, (size_t)(colon - r.p)};
}

/* The stack id of the text between the process and the call. */
static int64_t find_site(struct dt_process *p, struct dt_rest text,
                         struct pmt_error *err)
{
    struct dt_sites *s = &p->stream.sites;
    size_t n = (size_t)(text.end - text.p);
    struct dt_rest from = text;
    const char *arrow = NULL;
    struct dt_site site;
    uint64_t hash;
    int64_t id;

    id = dt_keys_find(&s->sites, text.p, n, &hash);
    if (id)
        return id;
    while (!arrow && (arrow = dt_find(&from, "-> ", 3)) != NULL) {
        from.p = arrow + 3;
        if (arrow > text.p && arrow[-1] != ' ')
            arrow = NULL;
    }
    if (!arrow) {
        s->unreadable++;
        return 0;
    }
    read_site(text, arrow, &site);
    id = dt_sites_stack(s, p->stream.writer, &site, 0, err);
    if (id > 0 && dt_keys_add(&s->sites, text.p, n, hash, (uint32_t)id) < 0)
        return pmt_error_set_memory(err);
    return id;
}

/*
 * Process and site from the text before a call: " 24120   w3.py:12   -> f ".
 * Where the process can't be read it is the log's, if that has one only.
 */
static int read_place(struct dt_convert *c, struct dt_rest text,
                      struct dt_process **p, uint32_t *site,
                      struct pmt_error *err)
{
    uint64_t pid;
    int64_t id;
    int rc;

    *site = 0;
    dt_skip_spaces(&text);
    if (!dt_number(&text, &pid) || !dt_skip(&text, ' ')) {
        if (c->process_count != 1)
            return DT_BAD + DT_PROCESS;
        *p = c->processes[0];
        (*p)->stream.sites.unreadable++;
        return DT_USED;
    }
    rc = dt_process(c, pid, 0, p, err);
    if (rc != DT_USED)
        return rc;
    dt_skip_spaces(&text);
    if (text.end > text.p && text.end[-1] == ' ')
        text.end--;
    id = find_site(*p, text, err);
    *site = id > 0 ? (uint32_t)id : 0;
    return id < 0 ? (int)id : DT_USED;
}

/* The same; most calls come from where the one before came from. */
static int find_place(struct dt_convert *c, struct dt_rest text,
                      struct dt_process **p, uint32_t *site,
                      struct pmt_error *err)
{
    struct dt_place *last = &c->place;
    size_t n = (size_t)(text.end - text.p);
    int rc;

    if (n == last->length && n > 0 && memcmp(text.p, last->text, n) == 0) {
        c->last = *p = last->process;
        *site = last->site;
        return DT_USED;
    }
    rc = read_place(c, text, p, site, err);
    if (rc == DT_USED && *site != 0 && n <= sizeof last->text) {
        memcpy(last->text, text.p, n);
        last->length = n;
        last->process = *p;
        last->site = *site;
    }
    return rc;
}

/* ---- halves ------------------------------------------------------------------- */

static int finish(struct dt_convert *c, const struct dt_open *o,
                  uint64_t block, struct pmt_error *err)
{
    const struct function *f = &functions[o->call];
    struct dt_told told = {
        .time = c->line, .old = o->old, .size = o->size, .block = block,
        .site = o->site, .call = f->call, .domain = f->domain,
    };

    return dt_tell(c, o->process, &told, err);
}

static void forget(struct dt_convert *c, size_t i)
{
    c->open_count--;
    memmove(&c->open[i], &c->open[i + 1],
            (c->open_count - i) * sizeof *c->open);
}

static int keep_open(struct dt_convert *c, const struct dt_open *o,
                     struct pmt_error *err)
{
    void *p;

    if (c->open_count == DT_OPEN_MAX) {
        dt_unused(c, c->open[0].doubtful ? DT_EITHER : DT_BEGINNING,
                  c->open[0].line);
        forget(c, 0);
    }
    p = dt_roomy(c->open, &c->open_room, c->open_count + 1, sizeof *c->open);
    if (!p)
        return pmt_error_set_memory(err);
    c->open = p;
    c->open[c->open_count++] = *o;
    return PMT_OK;
}

/* An end that stands alone. */
static int lone_end(struct dt_convert *c, uint8_t kind, uint8_t which,
                    uint64_t block, struct pmt_error *err)
{
    size_t fits = 0, found = 0;

    for (size_t i = 0; i < c->open_count; i++)
        if (ends(&c->open[i], kind, which)) {
            found = i;
            fits++;
        }
    if (fits == 0)
        return DT_BAD + DT_ENDING;
    if (fits == 1 && !c->open[found].doubtful) {
        struct dt_open o = c->open[found];

        forget(c, found);
        return finish(c, &o, block, err);
    }
    /* One of them has ended: which is open no more is not known, so one is
     * taken out, and those that stay are in doubt. */
    for (size_t i = 0; i < c->open_count; i++)
        if (ends(&c->open[i], kind, which))
            c->open[i].doubtful = true;
    dt_unused(c, DT_EITHER, c->open[found].line);
    forget(c, found);
    return DT_BAD + DT_EITHER;
}

void dt_halves_end(struct dt_convert *c)
{
    for (size_t i = 0; i < c->open_count; i++)
        dt_unused(c, c->open[i].doubtful ? DT_EITHER : DT_BEGINNING,
                  c->open[i].line);
    c->open_count = 0;
}

/* ---- lines -------------------------------------------------------------------- */

/* Free, and the realloc whose result is not printed. */
static int whole(struct dt_convert *c, const struct call *call,
                 struct dt_process *p, uint32_t site, struct pmt_error *err)
{
    struct dt_told told = {
        .time = c->line, .old = call->value[0], .site = site,
        .call = call->function->call, .domain = call->function->domain,
    };

    return told.call == DT_REALLOC ? DT_BAD + DT_NO_RESULT
                                   : dt_tell(c, p, &told, err);
}

static struct dt_open opened(struct dt_convert *c, const struct call *call,
                             struct dt_process *p, uint32_t site)
{
    const uint64_t *v = call->value;
    struct dt_open o = {
        .process = p, .line = c->line, .site = site,
        .call = (uint8_t)(call->function - functions),
        .kind = call->function->kind,
    };

    switch ((enum dt_call)call->function->call) {
    case DT_CALLOC:
        o.size = dt_product(v[0], v[1]);
        break;
    case DT_REALLOC:
        o.old = v[0];
        o.size = v[1];
        break;
    case DT_MALLOC:
    case DT_FREE:
        o.size = v[0];
        break;
    }
    return o;
}

/*
 * A line is beginnings, one behind the other, of which the last may have its
 * end or be a call that is printed at once; or an end alone.
 */
int dt_take_half(struct dt_convert *c, struct dt_rest r, struct pmt_error *err)
{
    struct dt_process *p;
    struct dt_open o;
    struct call call;
    uint8_t kind, which;
    uint64_t block;
    uint32_t site;
    bool any = false;
    int rc;

    if (r.p + 1 < r.end && is_letter(r.p[1]) &&
        find_end(r, &kind, &which, &block))
        return lone_end(c, kind, which, block, err);
    while (r.p < r.end) {
        struct dt_rest before = r;

        if (!find_call(&r, &call))
            break;
        before.end = call.name;
        rc = find_place(c, before, &p, &site, err);
        if (rc != DT_USED)
            return rc;
        if (call.function->kind == KIND_NONE)
            return r.p == r.end ? whole(c, &call, p, site, err)
                                : DT_BAD + DT_UNKNOWN;
        any = true;
        o = opened(c, &call, p, site);
        if (find_end(r, &kind, &which, &block) && ends(&o, kind, which))
            return finish(c, &o, block, err);
        rc = keep_open(c, &o, err);
        if (rc < 0)
            return rc;
        if (find_end(r, &kind, &which, &block))
            return lone_end(c, kind, which, block, err);
    }
    if (r.p == r.end && any)
        return DT_USED;
    /* What a flow prints may stand behind a beginning. */
    if (any) {
        rc = dt_take_flow(c, r, err);
        return rc == DT_NOT_MINE ? DT_BAD + DT_UNKNOWN : rc;
    }
    return DT_NOT_MINE;
}
