/* stream.c - tables of a stream on the reading side. */
#include "stream.h"

#include <stdlib.h>
#include <string.h>

/* Small, so that ids far apart in a hostile trace cost little each. */
#define PAGE_ENTRIES 32u
#define ARENA_BYTES 65536u

/* ---- texts: blocks that never move -------------------------------------- */

struct pmt_arena {
    struct pmt_arena *before;
    size_t used, room;
    char bytes[];
};

static void arena_free(struct pmt_arena *a)
{
    while (a) {
        struct pmt_arena *before = a->before;

        free(a);
        a = before;
    }
}

static char *arena_copy(struct pmt_arena **arena, const void *bytes, size_t n)
{
    struct pmt_arena *a = *arena;
    char *p;

    if (!a || a->room - a->used < n) {
        size_t room = n > ARENA_BYTES ? n : ARENA_BYTES;

        a = malloc(sizeof *a + room);
        if (!a) {
            return NULL;
        }
        a->before = *arena;
        a->used = 0;
        a->room = room;
        *arena = a;
    }
    p = a->bytes + a->used;
    if (n) {
        memcpy(p, bytes, n);
    }
    a->used += n;
    return p;
}

/* ---- pages -------------------------------------------------------------- */

/* An entry of any table. Stacks are by far the most: 12 bytes a page slot
 * less would be possible, but one shape keeps this simple. */
union entry {
    struct {
        const char *bytes;   /* NULL: not stated */
        uint32_t length;
    } string;
    struct {
        uint64_t a, b;       /* thread: native id, ident */
        uint32_t c;
        bool stated;
    } thread;
    struct {
        uint32_t v[5];
        bool stated;
    } other;
};

static union entry *look_up(const struct pmt_paged *p, uint32_t id)
{
    uint32_t page = id / PAGE_ENTRIES;

    if (page >= p->page_count || !p->pages[page]) {
        return NULL;
    }
    return (union entry *)p->pages[page] + id % PAGE_ENTRIES;
}

static union entry *make(struct pmt_paged *p, uint32_t id)
{
    uint32_t page = id / PAGE_ENTRIES;

    if (page >= p->page_count) {
        uint32_t count = p->page_count ? p->page_count : 16;
        void **pages;

        while (count <= page) {
            count *= 2;
        }
        pages = realloc(p->pages, count * sizeof *pages);
        if (!pages) {
            return NULL;
        }
        memset(pages + p->page_count, 0,
               (count - p->page_count) * sizeof *pages);
        p->pages = pages;
        p->page_count = count;
    }
    if (!p->pages[page]) {
        p->pages[page] = calloc(PAGE_ENTRIES, sizeof(union entry));
        if (!p->pages[page]) {
            return NULL;
        }
    }
    if (id >= p->end) {
        p->end = id + 1;
    }
    return (union entry *)p->pages[page] + id % PAGE_ENTRIES;
}

static void paged_free(struct pmt_paged *p)
{
    for (uint32_t i = 0; i < p->page_count; i++) {
        /* Of a hostile table hardly any is there: don't call for those. */
        if (p->pages[i]) {
            free(p->pages[i]);
        }
    }
    free(p->pages);
    memset(p, 0, sizeof *p);
}

/* ---- streams ------------------------------------------------------------ */

struct pmt_stream *pmt_stream_new(uint64_t key, unsigned index)
{
    struct pmt_stream *s = calloc(1, sizeof *s);

    if (s) {
        s->key = key;
        s->index = index;
        s->header.tick_ns = 1;
        s->header.rss_unit = 4096;
    }
    return s;
}

void pmt_stream_reset(struct pmt_stream *s)
{
    uint64_t key = s->key;
    unsigned index = s->index;

    for (unsigned k = 0; k <= PMT_KIND_CLASSES; k++) {
        paged_free(&s->tables[k]);
    }
    arena_free(s->texts);
    free(s->header_bytes);
    free(s->header_arrays);
    memset(s, 0, sizeof *s);
    s->key = key;
    s->index = index;
    s->header.tick_ns = 1;
    s->header.rss_unit = 4096;
}

void pmt_stream_swap(struct pmt_stream *s, struct pmt_stream *fresh,
                     bool header_only)
{
    struct pmt_stream old = *s;

    *s = *fresh;
    *fresh = old;
    if (!header_only) {
        return;
    }
    /* What is no header goes back. */
    memcpy(fresh->tables, s->tables, sizeof s->tables);
    memcpy(s->tables, old.tables, sizeof s->tables);
    fresh->texts = s->texts;
    s->texts = old.texts;
    s->text_bytes = old.text_bytes;
}

void pmt_stream_free(struct pmt_stream *s)
{
    if (s) {
        pmt_stream_reset(s);
        free(s);
    }
}

int pmt_stream_state(struct pmt_stream *s, enum pmt_kind kind, uint32_t id,
                     const uint64_t values[5])
{
    union entry *e = make(&s->tables[kind], id);

    if (!e) {
        return PMT_ERR_MEMORY;
    }
    if (kind == PMT_KIND_THREADS) {
        e->thread.a = values[0];
        e->thread.b = values[1];
        e->thread.c = values[2] < UINT32_MAX ? (uint32_t)values[2]
                                             : UINT32_MAX;
        e->thread.stated = true;
        return PMT_OK;
    }
    if (e->other.stated) {
        return PMT_OK; /* what was said first counts (spec 6.1) */
    }
    for (unsigned i = 0; i < 5; i++) {
        /* No id or line is that great: it is then simply not known. */
        e->other.v[i] = values[i] < UINT32_MAX ? (uint32_t)values[i]
                                               : UINT32_MAX;
    }
    e->other.stated = true;
    return PMT_OK;
}

int pmt_stream_state_string(struct pmt_stream *s, uint32_t id,
                            const uint8_t *bytes, size_t n)
{
    union entry *e = make(&s->tables[PMT_KIND_STRINGS], id);

    if (!e) {
        return PMT_ERR_MEMORY;
    }
    if (e->string.bytes) {
        return PMT_OK; /* what was said first counts (spec 6.1) */
    }
    if (s->text_bytes + n > PMT_STREAM_TEXT_MAX) {
        return PMT_ERR_LIMIT;
    }
    e->string.bytes = arena_copy(&s->texts, bytes, n);
    e->string.length = (uint32_t)n;
    s->text_bytes += n;
    return e->string.bytes ? PMT_OK : PMT_ERR_MEMORY;
}

/* ---- look-ups ----------------------------------------------------------- */

const struct pmt_stream_header *pmt_stream_header(const struct pmt_stream *s)
{
    return &s->header;
}

uint64_t pmt_stream_key(const struct pmt_stream *s)
{
    return s->key;
}

unsigned pmt_stream_index(const struct pmt_stream *s)
{
    return s->index;
}

bool pmt_stream_has_hook(const struct pmt_stream *s, const char *hook)
{
    size_t n = strlen(hook);

    for (size_t i = 0; s && i < s->header.hook_count; i++) {
        const struct pmt_text *t = &s->header.hooks[i];

        if (t->length == n && !memcmp(t->bytes, hook, n)) {
            return true;
        }
    }
    return false;
}

bool pmt_stream_string(const struct pmt_stream *s, uint32_t id,
                       struct pmt_text *out)
{
    const union entry *e =
        s ? look_up(&s->tables[PMT_KIND_STRINGS], id) : NULL;

    memset(out, 0, sizeof *out);
    if (!e || !e->string.bytes) {
        return false;
    }
    out->bytes = e->string.bytes;
    out->length = e->string.length;
    return true;
}

/* The values of a stated entry, or NULL. */
static const uint32_t *values_of(const struct pmt_stream *s,
                                 enum pmt_kind kind, uint32_t id)
{
    const union entry *e = s ? look_up(&s->tables[kind], id) : NULL;

    return e && e->other.stated ? e->other.v : NULL;
}

bool pmt_stream_code(const struct pmt_stream *s, uint32_t id,
                     struct pmt_code *out)
{
    const uint32_t *v = values_of(s, PMT_KIND_CODES, id);

    memset(out, 0, sizeof *out);
    if (!v) {
        return false;
    }
    out->file_string = v[0];
    out->function_string = v[1];
    out->first_line = v[2];
    pmt_stream_string(s, v[0], &out->file);
    pmt_stream_string(s, v[1], &out->function);
    return true;
}

bool pmt_stream_site(const struct pmt_stream *s, uint32_t id,
                     struct pmt_site *out)
{
    const uint32_t *v = values_of(s, PMT_KIND_STACKS, id);

    memset(out, 0, sizeof *out);
    if (!v) {
        return false;
    }
    out->parent = v[0];
    out->code = v[1];
    out->line = v[2];
    return true;
}

bool pmt_stream_type(const struct pmt_stream *s, uint32_t id,
                     struct pmt_type *out)
{
    const uint32_t *v = values_of(s, PMT_KIND_TYPES, id);

    memset(out, 0, sizeof *out);
    if (!v) {
        return false;
    }
    out->name_string = v[0];
    out->basic_size = v[1];
    out->item_size = v[2];
    pmt_stream_string(s, v[0], &out->name);
    return true;
}

bool pmt_stream_thread(const struct pmt_stream *s, uint32_t id,
                       struct pmt_thread *out)
{
    const union entry *e =
        s ? look_up(&s->tables[PMT_KIND_THREADS], id) : NULL;

    memset(out, 0, sizeof *out);
    if (!e || !e->thread.stated) {
        return false;
    }
    out->native_id = e->thread.a;
    out->ident = e->thread.b;
    out->name_string = e->thread.c;
    pmt_stream_string(s, e->thread.c, &out->name);
    return true;
}

bool pmt_stream_class(const struct pmt_stream *s, uint32_t id,
                      struct pmt_class *out)
{
    const uint32_t *v = values_of(s, PMT_KIND_CLASSES, id);

    memset(out, 0, sizeof *out);
    if (!v) {
        return false;
    }
    out->kind = v[0];
    out->what = v[1];
    out->stack = v[2];
    out->type = v[3];
    out->cfunction = v[4];
    return true;
}

const uint32_t *pmt_stream_object_class(const struct pmt_stream *s,
                                        uint32_t id)
{
    const uint32_t *v = values_of(s, PMT_KIND_CLASSES, id);

    return v && v[0] == PMT_KIND_OBJECT ? v + 2 : NULL;
}

bool pmt_stream_cfunction(const struct pmt_stream *s, uint32_t id,
                          struct pmt_cfunction *out)
{
    const uint32_t *v = values_of(s, PMT_KIND_CFUNCTIONS, id);

    memset(out, 0, sizeof *out);
    if (!v) {
        return false;
    }
    out->name_string = v[0];
    out->module_string = v[1];
    pmt_stream_string(s, v[0], &out->name);
    pmt_stream_string(s, v[1], &out->module);
    return true;
}

uint32_t pmt_stream_table_size(const struct pmt_stream *s, enum pmt_kind kind)
{
    if (!s || kind < PMT_KIND_STRINGS || kind > PMT_KIND_CLASSES) {
        return 0;
    }
    return s->tables[kind].end;
}
