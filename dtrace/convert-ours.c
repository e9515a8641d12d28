/*
 * convert-ours.c - lines of our own scripts (docs/dtrace.md): fields by tabs.
 *
 *     TIME PID TID EVENT what-it-was-given-and-gave LINE FUNCTION FILE
 */
#include "convert-private.h"

#include "pmt/record.h"

/* An event of ours, and its own fields: d decimal, x address, r rss or -,
 * t text. */
struct form {
    const char *name;
    const char *fields;
    uint8_t length; /* of the name */
    bool sited;     /* LINE FUNCTION FILE follow */
    uint8_t what;
    uint8_t op;
};
enum { ALLOCATOR, CALL, SYSCALL, GC };

static const struct form forms[] = {
    {"malloc", "dx", 6, true, ALLOCATOR, DT_MALLOC},
    {"free", "x", 4, true, ALLOCATOR, DT_FREE},
    {"realloc", "xdxd", 7, true, ALLOCATOR, DT_REALLOC},
    {"calloc", "ddx", 6, true, ALLOCATOR, DT_CALLOC},
    {"memalign", "ddx", 8, true, ALLOCATOR, DT_MALLOC},
    {"call", "r", 4, true, CALL, PMT_CALL_CALL},
    {"return", "r", 6, true, CALL, PMT_CALL_RETURN},
    {"syscall", "t", 7, true, SYSCALL, PMT_CALL_C_CALL},
    {"sysret", "t", 6, true, SYSCALL, PMT_CALL_C_RETURN},
    {"gc-start", "d", 8, false, GC, 0},
    {"gc-done", "d", 7, false, GC, 1},
};

struct line {
    uint64_t time, pid, tid, value[4];
    struct dt_text text;
    uint8_t domain;
    uint32_t site, thread;
};

static struct dt_text field(struct dt_rest *r)
{
    const char *tab = r->p < r->end
                          ? memchr(r->p, '\t', (size_t)(r->end - r->p))
                          : NULL;
    struct dt_text t = {r->p, (size_t)((tab ? tab : r->end) - r->p)};

    r->p = tab ? tab + 1 : r->end;
    return t;
}

/* "malloc", or "obj:malloc" in one of CPython's domains. */
static const struct form *form_of(struct dt_text name, uint8_t *domain)
{
    static const char *const prefixes[] = {"raw:", "mem:", "obj:"};

    *domain = PMT_DOMAIN_NATIVE;
    if (name.length > 4 && name.bytes[3] == ':')
        for (uint8_t d = 0; d < 3; d++)
            if (memcmp(name.bytes, prefixes[d], 4) == 0) {
                *domain = d;
                name.bytes += 4;
                name.length -= 4;
                break;
            }
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].length == name.length &&
            memcmp(forms[i].name, name.bytes, name.length) == 0)
            return *domain == PMT_DOMAIN_NATIVE || forms[i].what == ALLOCATOR
                       ? &forms[i]
                       : NULL;
    return NULL;
}

/* Its own fields, with the tab behind each but the line's last. */
static bool own_fields(struct dt_rest *r, const struct form *form,
                       struct line *l)
{
    bool good = true;

    for (unsigned i = 0; good && form->fields[i]; i++) {
        l->value[i] = 0;
        switch (form->fields[i]) {
        case 'd':
            good = dt_number(r, &l->value[i]);
            break;
        case 'x':
            good = dt_address(r, &l->value[i]);
            break;
        case 'r':
            good = dt_skip(r, '-') || dt_number(r, &l->value[i]);
            break;
        default:
            l->text = field(r);
            r->p -= r->p[-1] == '\t';
            good = l->text.length > 0;
            break;
        }
        if (form->fields[i + 1] || form->sited)
            good = good && dt_skip(r, '\t');
    }
    return good;
}

/* LINE FUNCTION FILE to the line's end; 0 and nothing: not known. */
static int site_of(struct dt_process *p,
                   const struct dt_rest *r, uint32_t *out,
                   struct pmt_error *err)
{
    struct dt_sites *s = &p->stream.sites;
    size_t n = (size_t)(r->end - r->p);
    struct dt_rest rest = *r;
    struct dt_site site;
    uint64_t hash;
    int64_t id;

    *out = 0;
    if (n == 3 && memcmp(r->p, "0\t\t", 3) == 0)
        return DT_USED;
    if (n == s->last_length && n > 0 && memcmp(r->p, s->last_text, n) == 0) {
        *out = s->last_site;
        return DT_USED;
    }
    *out = dt_keys_find(&s->sites, r->p, n, &hash);
    if (*out) {
        dt_sites_keep(s, r->p, n, *out);
        return DT_USED;
    }
    if (!dt_number(&rest, &site.line) || !dt_skip(&rest, '\t'))
        return DT_BAD + DT_FIELD;
    site.function = field(&rest);
    if (rest.p[-1] != '\t' || rest.p - 1 < site.function.bytes)
        return DT_BAD + DT_FIELD;
    site.file = field(&rest);
    if (site.file.bytes + site.file.length != r->end)
        return DT_BAD + DT_FIELD;
    id = dt_sites_stack(s, p->stream.writer, &site, 0, err);
    if (id > 0 && dt_keys_add(&s->sites, r->p, n, hash, (uint32_t)id) < 0)
        id = pmt_error_set_memory(err);
    *out = id > 0 ? (uint32_t)id : 0;
    return id < 0 ? (int)id : DT_USED;
}

static int tell_allocator(struct dt_convert *c, struct dt_process *p,
                          const struct form *form, const struct line *l,
                          struct pmt_error *err)
{
    struct dt_told told = {
        .time = l->time, .site = l->site, .thread = l->thread,
        .call = form->op, .domain = l->domain,
    };

    switch ((enum dt_call)form->op) {
    case DT_FREE:
        told.old = l->value[0];
        break;
    case DT_REALLOC:
        told.old = l->value[0];
        told.size = l->value[1];
        told.block = l->value[2];
        told.took = l->value[3];
        break;
    case DT_CALLOC:
        told.size = dt_product(l->value[0], l->value[1]);
        told.block = l->value[2];
        break;
    case DT_MALLOC: /* memalign has the alignment first */
        told.size = l->value[form->fields[1] == 'd'];
        told.block = l->value[form->fields[1] == 'd' ? 2 : 1];
        break;
    }
    return dt_tell(c, p, &told, err);
}

static int tell_call(struct dt_convert *c, struct dt_process *p,
                     const struct form *form, const struct line *l,
                     struct pmt_error *err)
{
    struct dt_event e = {.time = l->time, .thread = l->thread,
                         .what = DT_CALL};
    int64_t name = 0, number;

    if (form->what == SYSCALL)
        name = dt_sites_syscall(&p->stream.sites, p->stream.writer, l->text,
                                err);
    number = name < 0 ? name
                      : dt_sites_class(&p->stream.sites, p->stream.writer,
                                       form->op, l->site, (uint32_t)name,
                                       err);
    if (number < 0)
        return (int)number;
    e.site = (uint32_t)number;
    if (form->what == CALL)
        e.size = l->value[0] / DT_RSS_UNIT;
    c->report.events++;
    return dt_stream_add(&p->stream, &e, err);
}

static int tell_gc(struct dt_convert *c, struct dt_process *p,
                   const struct form *form, const struct line *l,
                   struct pmt_error *err)
{
    struct dt_event e = {.time = l->time, .thread = l->thread, .what = DT_GC,
                         .op = form->op, .size = l->value[0]};

    c->report.events++;
    return dt_stream_add(&p->stream, &e, err);
}

static int tell(struct dt_convert *c, struct dt_process *p,
                const struct form *form, struct line *l,
                struct pmt_error *err)
{
    int64_t thread = dt_sites_thread(&p->stream.sites, p->stream.writer,
                                     l->tid, err);

    if (thread < 0)
        return (int)thread;
    l->thread = (uint32_t)thread;
    switch (form->what) {
    case ALLOCATOR:
        return tell_allocator(c, p, form, l, err);
    case GC:
        return tell_gc(c, p, form, l, err);
    default:
        return tell_call(c, p, form, l, err);
    }
}

/* PID and TID, with the tab behind each. */
static bool take_ids(struct dt_ids *last, struct dt_rest *r, struct line *l)
{
    const char *from = r->p;
    size_t n = last->length;

    if (n > 0 && (size_t)(r->end - from) >= n &&
        memcmp(from, last->text, n) == 0) {
        r->p += n;
        l->pid = last->pid;
        l->tid = last->tid;
        return true;
    }
    if (!dt_number(r, &l->pid) || !dt_skip(r, '\t') ||
        !dt_number(r, &l->tid) || !dt_skip(r, '\t'))
        return false;
    n = (size_t)(r->p - from);
    if (n <= sizeof last->text) {
        memcpy(last->text, from, n);
        last->length = (uint32_t)n;
        last->pid = l->pid;
        last->tid = l->tid;
    }
    return true;
}

int dt_take_ours(struct dt_convert *c, struct dt_rest r, struct pmt_error *err)
{
    const struct form *form;
    struct dt_process *p;
    struct line l;
    int rc;

    if (!dt_number(&r, &l.time) || !dt_skip(&r, '\t'))
        return DT_NOT_MINE;
    c->printed++;
    if (!take_ids(&c->ids, &r, &l))
        return DT_BAD + DT_FIELD;
    form = form_of(field(&r), &l.domain);
    if (!form || r.p[-1] != '\t' || !own_fields(&r, form, &l) ||
        (!form->sited && r.p != r.end))
        return DT_BAD + DT_FIELD;
    c->report.timed = true;
    rc = dt_process(c, l.pid, l.time, &p, err);
    if (rc != DT_USED)
        return rc;
    p->stream.timed = true;
    l.site = 0;
    rc = form->sited ? site_of(p, &r, &l.site, err) : DT_USED;
    return rc == DT_USED ? tell(c, p, form, &l, err) : rc;
}
