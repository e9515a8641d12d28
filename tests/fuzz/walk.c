/* walk.c - reads all that a trace has, and checks what must hold of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "pmt/journal.h"
#include "reader-state.h"

void fuzz_failed(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

uint64_t fuzz_touch(const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    uint64_t h = n;

    while (n >= 8) {
        uint64_t v;

        memcpy(&v, p, sizeof v);
        h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
        p += 8;
        n -= 8;
    }
    while (n--) {
        h = (h ^ *p++) * UINT64_C(0x100000001b3);
    }
    return h;
}

static void add(struct fuzz_walk *w, uint64_t v)
{
    w->digest = (w->digest ^ v) * UINT64_C(0xd6e8feb86659fd93);
    w->digest ^= w->digest >> 31;
}

static void add_text(struct fuzz_walk *w, struct pmt_text text)
{
    add(w, text.bytes ? fuzz_touch(text.bytes, text.length) : 1);
}

/* ---- tables --------------------------------------------------------------- */

static void look_up(struct fuzz_walk *w, const struct pmt_stream *s,
                    uint32_t id)
{
    struct pmt_text text;
    struct pmt_code code;
    struct pmt_site site;
    struct pmt_type type;
    struct pmt_thread thread;
    struct pmt_class class_;
    struct pmt_cfunction cfunction;

    pmt_stream_string(s, id, &text);
    add_text(w, text);
    if (pmt_stream_code(s, id, &code)) {
        add_text(w, code.file);
        add_text(w, code.function);
        add(w, code.first_line);
    }
    if (pmt_stream_site(s, id, &site)) {
        FUZZ_MUST(site.parent < id); /* spec 6.2: a walk ends */
        add(w, site.code);
        add(w, site.line);
    }
    if (pmt_stream_type(s, id, &type)) {
        add_text(w, type.name);
    }
    if (pmt_stream_thread(s, id, &thread)) {
        add_text(w, thread.name);
        add(w, thread.ident);
    }
    if (pmt_stream_class(s, id, &class_)) {
        add(w, class_.what);
        add(w, class_.type);
    }
    if (pmt_stream_cfunction(s, id, &cfunction)) {
        add_text(w, cfunction.module);
    }
}

static void header(struct fuzz_walk *w, const struct pmt_stream *s)
{
    const struct pmt_stream_header *h = pmt_stream_header(s);

    add(w, h->tick_ns);
    add(w, h->rss_unit);
    add(w, h->start_mono_ns);
    add_text(w, h->producer);
    add_text(w, h->executable);
    add_text(w, h->python);
    add_text(w, h->host);
    add_text(w, h->system);
    for (size_t i = 0; i < h->argc; i++) {
        add_text(w, h->argv[i]);
    }
    for (size_t i = 0; i < h->hook_count; i++) {
        add_text(w, h->hooks[i]);
    }
    for (size_t i = 0; i < 2 * h->setting_count; i++) {
        add_text(w, h->settings[i]);
    }
    add(w, fuzz_touch(h->uuid, sizeof h->uuid));
    add(w, h->part);
    add(w, fuzz_touch(h->before, sizeof h->before));
    add(w, pmt_stream_has_hook(s, "object"));
}

/* ---- chunks --------------------------------------------------------------- */

static void columns(struct fuzz_walk *w, struct pmt_reader *r,
                    const struct pmt_event *e)
{
    size_t figures;
    const struct pmt_figure *f = pmt_reader_figures(r, &figures);
    const uint64_t *time = pmt_reader_column(r, PMT_COL_TIME);
    uint32_t n = e->envelope.count;
    unsigned extra = e->envelope.kind == PMT_KIND_ANCHORS ? 3 : 0;

    if (e->envelope.kind == PMT_KIND_SAMPLE ||
        e->envelope.kind == PMT_KIND_HEAP) {
        extra = (unsigned)figures;
    }
    for (unsigned c = 0; c < PMT_COL_FIGURES + extra; c++) {
        const uint64_t *values = pmt_reader_column(r, c);

        add(w, values ? fuzz_touch(values, n * sizeof *values) : c);
    }
    if (time && e->envelope.kind >= PMT_KIND_ANCHORS) {
        for (uint32_t i = 0; i < n; i++) {
            FUZZ_MUST(time[i] >= e->envelope.t0);
            FUZZ_MUST(time[i] <= e->envelope.t1);
        }
    }
    for (size_t i = 0; i < figures; i++) {
        add_text(w, f[i].name);
        add_text(w, f[i].unit);
        add(w, (uint64_t)f[i].value);
    }
    for (uint32_t i = 0; i <= n; i++) {
        struct pmt_text text = pmt_reader_text(r, i);

        if (!text.bytes) {
            break;
        }
        add_text(w, text);
    }
}

static void records(struct fuzz_walk *w, struct pmt_reader *r,
                    const struct pmt_event *e)
{
    const struct pmt_alloc *a = pmt_reader_allocs(r);
    const struct pmt_object *o = pmt_reader_objects(r);
    const struct pmt_live *l = pmt_reader_lives(r);
    uint32_t part[3];

    FUZZ_MUST((a != NULL) == (e->envelope.kind == PMT_KIND_ALLOC));
    FUZZ_MUST((o != NULL) == (e->envelope.kind == PMT_KIND_OBJECT));
    for (uint32_t i = 0; i < e->envelope.count; i++) {
        if (a) {
            FUZZ_MUST(a[i].op <= PMT_ALLOC_REALLOC_UNDO && a[i].domain <= 3);
            add(w, a[i].address + a[i].size + a[i].stack);
        }
        if (o) {
            FUZZ_MUST(o[i].op <= PMT_OBJECT_DESTROY);
            add(w, o[i].address + o[i].type + o[i].stack);
        }
        if (l) {
            add(w, l[i].address + l[i].size + l[i].time);
        }
    }
    if (l) {
        pmt_reader_live_part(r, &part[0], &part[1], &part[2]);
        add(w, part[0] + part[1] + part[2]);
    }
}

static void chunk(struct fuzz_walk *w, struct pmt_reader *r,
                  const struct pmt_event *e)
{
    FUZZ_MUST(e->stream);
    FUZZ_MUST(e->type == PMT_EVENT_SKIPPED_CHUNK || /* only its label */
              e->envelope.count <= 65536);
    w->chunks++;
    add(w, e->envelope.kind);
    add(w, e->envelope.stream_key);
    add(w, e->envelope.seq);
    add(w, e->envelope.t0);
    add(w, e->envelope.t1);
    add(w, e->envelope.lost);
    add(w, e->seq_missing);
    if (e->type == PMT_EVENT_STREAM) {
        add(w, e->goes_on);
        header(w, e->stream);
    }
    if (e->type == PMT_EVENT_TABLE || e->type == PMT_EVENT_RECORDS) {
        columns(w, r, e);
    }
    if (e->type == PMT_EVENT_RECORDS) {
        w->records += e->envelope.count;
        records(w, r, e);
    }
    if (e->type == PMT_EVENT_TABLE && e->envelope.kind < PMT_KIND_ANCHORS) {
        const uint64_t *ids = pmt_reader_column(r, 0);

        for (uint32_t i = 0; ids && i < e->envelope.count; i++) {
            FUZZ_MUST(ids[i] && ids[i] < 1u << 24);
            look_up(w, e->stream, (uint32_t)ids[i]);
        }
    }
    for (size_t i = 0; i < e->feature_count; i++) {
        add(w, e->features[i]);
    }
}

static void one_event(struct fuzz_walk *w, struct pmt_reader *r,
                      const struct pmt_event *e, uint64_t size)
{
    add(w, e->type);
    add(w, e->offset);
    w->events++;
    switch (e->type) {
    case PMT_EVENT_DAMAGE:
        w->damages++;
        if (e->from_journal) { /* the library wrote that itself */
            fuzz_failed(__FILE__, __LINE__, e->damage.message);
        }
        FUZZ_MUST(e->damage.offset < size);
        FUZZ_MUST(e->damage.message[0]);
        FUZZ_MUST(e->damage.code == PMT_ERR_TRUNCATED ||
                  e->damage.code == PMT_ERR_CORRUPT);
        if (e->damage.code == PMT_ERR_TRUNCATED) {
            w->truncated++;
        } else {
            w->corrupt++;
        }
        add(w, (uint64_t)e->damage.code);
        break;
    case PMT_EVENT_FOREIGN:
    case PMT_EVENT_JOURNAL:
        break;
    case PMT_EVENT_INDEX:
        w->indexes++;
        break;
    case PMT_EVENT_REFUSED:
        w->refused++;
        break;
    case PMT_EVENT_STREAM:
    case PMT_EVENT_TABLE:
    case PMT_EVENT_RECORDS:
    case PMT_EVENT_END:
    case PMT_EVENT_UNKNOWN:
    case PMT_EVENT_FEATURES:
    case PMT_EVENT_UNREADABLE:
    case PMT_EVENT_SKIPPED_CHUNK:
    default:
        chunk(w, r, e);
        break;
    }
    if (!e->from_journal && e->type != PMT_EVENT_DAMAGE) {
        FUZZ_MUST(e->offset <= e->frame_offset);
        FUZZ_MUST(e->frame_offset + e->frame_bytes <= size);
    }
}

void fuzz_walk_reader(struct pmt_reader *r, uint64_t size,
                      struct fuzz_walk *walk)
{
    struct pmt_event event;
    uint64_t at, of;
    int rc;

    while ((rc = pmt_reader_next(r, &event, &walk->err)) == PMT_OK) {
        one_event(walk, r, &event, size);
        /* Every event stands for at least a byte, but a chunk behind the
         * damage of its label, and the journal's. */
        FUZZ_MUST(event.from_journal || walk->events <= 2 * size + 2);
    }
    pmt_reader_position(r, &at, &of);
    walk->ended = rc;
    pmt_reader_free(r);
}

/* ---- sources -------------------------------------------------------------- */

struct pipe_like {
    const uint8_t *data;
    size_t size;
    uint64_t at;
};

/* Pieces of 1 to 61 bytes, each given once. */
static int64_t read_piece(void *context, uint64_t offset, void *buffer,
                          size_t n, struct pmt_error *err)
{
    struct pipe_like *p = context;
    size_t piece = 1 + (size_t)(offset * 7 % 61);

    (void)err;
    FUZZ_MUST(offset == p->at);
    FUZZ_MUST(n > 0);
    piece = piece < n ? piece : n;
    piece = piece < p->size - offset ? piece : (size_t)(p->size - offset);
    memcpy(buffer, p->data + offset, piece);
    p->at += piece;
    return (int64_t)piece;
}

void fuzz_walk(const uint8_t *data, size_t size, int piped,
               const struct pmt_reader_options *options,
               struct fuzz_walk *walk)
{
    struct pipe_like pipe_like = {data, size, 0};
    struct pmt_source source = {.context = &pipe_like,
                                .read_at = read_piece,
                                .size = PMT_NO_OFFSET};
    struct pmt_reader *r;

    memset(walk, 0, sizeof *walk);
    if (!piped) {
        pmt_source_from_memory(&source, data, size);
    }
    walk->opened = pmt_reader_open(&r, &source, options, &walk->err);
    if (walk->opened == PMT_OK) {
        fuzz_walk_reader(r, size, walk);
    } else {
        FUZZ_MUST(walk->opened == PMT_ERR_NOT_A_TRACE);
        FUZZ_MUST(walk->err.message[0]);
        walk->ended = walk->opened;
    }
}
