/*
 * convert-flow.c - pymemtrace's lines of Python calls and system calls:
 *
 *     0  24823         14             w3.py:12   func       -> __init__
 *     0  24823          2                 ":-    syscall    -> futex
 *      24823            w3.py:12   CALL   -> __init__
 *     PS:  12345
 *
 * CPU, process, us since the thread's line before, file and line, what, name;
 * with or without colours. The third is what -D PYTHON_CALL_STACK adds to the
 * scripts of malloc. The last is the resident set size in KiB, as ps(1) told
 * it after the call in the line before. No thread is told, and no time.
 */
#include "convert-private.h"

#include "pmt/record.h"

/* A line that was taken apart. */
struct flow {
    uint64_t pid;
    struct dt_text place; /* FILE:LINE, as it stands */
    struct dt_text name;
    bool entry, system;
};

/* ESC [ 2 ; 3 5 m */
static void skip_colour(struct dt_rest *r)
{
    const char *p = r->p;

    if (r->end - p < 3 || p[0] != '\033' || p[1] != '[')
        return;
    for (p += 2; p < r->end && ((*p >= '0' && *p <= '9') || *p == ';'); p++)
        ;
    if (p < r->end && *p == 'm')
        r->p = p + 1;
}

static void drop_colour(struct dt_rest *r)
{
    static const char off[] = "\033[0m";

    if ((size_t)(r->end - r->p) >= sizeof off - 1 &&
        memcmp(r->end - (sizeof off - 1), off, sizeof off - 1) == 0)
        r->end -= sizeof off - 1;
}

/* The word before `arrow`, which stands behind one and before spaces. */
static bool word_before(const char *from, const char *arrow, const char *word,
                        const char **begin)
{
    size_t n = strlen(word);
    const char *end = arrow;

    while (end > from && end[-1] == ' ')
        end--;
    if (end == arrow || (size_t)(end - from) < n + 1 ||
        memcmp(end - n, word, n) != 0 || *(end - n - 1) != ' ')
        return false;
    *begin = end - n;
    return true;
}

/* "FILE:LINE TYPE   -> NAME", where TYPE says what it is. */
static bool parse_place(struct dt_rest r, const char *called,
                        const char *returned, const char *system,
                        struct flow *f)
{
    struct dt_rest at = r;
    const char *begin;

    while (at.p + 3 <= at.end &&
           (at.p = memchr(at.p, '>', (size_t)(at.end - at.p))) != NULL) {
        const char *arrow = at.p - 1;

        at.p++;
        f->entry = true;
        if (arrow < r.p || *arrow != '-' || at.p == at.end || *at.p != ' ')
            continue;
        if (word_before(r.p, arrow, called, &begin) ||
            (f->system = word_before(r.p, arrow, system, &begin)))
            goto found;
    }
    at = r;
    while (at.p + 3 <= at.end &&
           (at.p = memchr(at.p, '<', (size_t)(at.end - at.p))) != NULL) {
        const char *arrow = at.p++;

        f->entry = false;
        if (at.end - at.p < 2 || at.p[0] != '-' || at.p[1] != ' ')
            continue;
        at.p++;
        if (word_before(r.p, arrow, returned, &begin) ||
            (f->system = word_before(r.p, arrow, system, &begin)))
            goto found;
    }
    return false;
found:
    f->name = (struct dt_text){at.p + 1, (size_t)(at.end - at.p - 1)};
    while (begin > r.p && begin[-1] == ' ')
        begin--;
    f->place = (struct dt_text){r.p, (size_t)(begin - r.p)};
    return true;
}

static bool parse(struct dt_rest r, struct flow *f)
{
    uint64_t number;
    struct dt_rest three;

    *f = (struct flow){.system = false};
    skip_colour(&r);
    drop_colour(&r);
    dt_skip_spaces(&r);
    if (!dt_number(&r, &f->pid) || dt_skip_spaces(&r) == 0)
        return false;
    three = r;
    if (dt_number(&three, &number) && dt_skip_spaces(&three) > 0) {
        struct flow long_form = {.pid = number};

        if (dt_number(&three, &number) && dt_skip_spaces(&three) > 0 &&
            parse_place(three, "func", "func", "syscall", &long_form)) {
            *f = long_form;
            return true;
        }
    }
    return parse_place(r, "CALL", "RTN", "\n", f);
}

/* The class of a call; negative: an error. */
static int64_t class_of(struct dt_process *p, const struct flow *f,
                        struct pmt_error *err)
{
    struct dt_sites *s = &p->stream.sites;
    struct dt_site site = {{"", 0}, f->name, 0};
    const char *colon = f->place.length
                            ? memrchr(f->place.bytes, ':', f->place.length)
                            : NULL;
    int64_t id;

    if (f->system) {
        id = dt_sites_syscall(s, p->stream.writer, f->name, err);
        return id < 0 ? id
                      : dt_sites_class(s, p->stream.writer,
                                       f->entry ? PMT_CALL_C_CALL
                                                : PMT_CALL_C_RETURN,
                                       0, (uint32_t)id, err);
    }
    if (colon) {
        struct dt_rest line = {colon + 1,
                               f->place.bytes + f->place.length};

        site.file = (struct dt_text){f->place.bytes,
                                     (size_t)(colon - f->place.bytes)};
        if (!dt_number(&line, &site.line) || line.p != line.end)
            site.line = 0;
    }
    id = dt_sites_stack(s, p->stream.writer, &site, 0, err);
    return id < 0 ? id
                  : dt_sites_class(s, p->stream.writer,
                                   f->entry ? PMT_CALL_CALL : PMT_CALL_RETURN,
                                   (uint32_t)id, 0, err);
}

/* "PS:  12345": of the call in the line before. */
static int take_rss(struct dt_convert *c, struct dt_rest r)
{
    struct dt_event *e;
    uint64_t kib;

    dt_skip_spaces(&r);
    if (!dt_number(&r, &kib))
        return DT_BAD + DT_RSS_ALONE;
    dt_skip_spaces(&r);
    if (r.p != r.end || !c->rss_process || c->rss_line + 1 != c->line)
        return DT_BAD + DT_RSS_ALONE;
    e = dt_stream_newest(&c->rss_process->stream);
    if (!e || e->what != DT_CALL)
        return DT_BAD + DT_RSS_ALONE;
    e->size = kib;
    return DT_USED;
}

int dt_take_flow(struct dt_convert *c, struct dt_rest r, struct pmt_error *err)
{
    struct dt_event e = {.time = c->line, .what = DT_CALL};
    struct dt_process *p;
    struct flow f;
    int64_t number;
    int rc;

    if (dt_skip_word(&r, "PS:"))
        return take_rss(c, r);
    if (!parse(r, &f))
        return DT_NOT_MINE;
    rc = dt_process(c, f.pid, 0, &p, err);
    if (rc != DT_USED)
        return rc;
    number = class_of(p, &f, err);
    if (number < 0)
        return (int)number;
    e.site = (uint32_t)number;
    rc = dt_stream_add(&p->stream, &e, err);
    c->report.events++;
    c->rss_line = c->line;
    c->rss_process = f.entry && !f.system ? p : NULL;
    return rc;
}
