/* format-sample.c: see format-sample.h. */
#include "format-sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

/* ---- numbers --------------------------------------------------------------- */

uint64_t sample_next(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint64_t sample_below(uint64_t *seed, uint64_t limit)
{
    return sample_next(seed) % limit;
}

/* ---- traces ---------------------------------------------------------------- */

struct pmt_stream_info sample_info(void)
{
    static const char *const argv[] = {"prog", "\xff not UTF-8"};
    static const char *const hooks[] = {"alloc:obj", "stack:4"};
    static const char *const settings[] = {"frames", "4"};
    struct pmt_stream_info info = {
        .tick_ns = 100,
        .start_mono_ns = 5000000000,
        .start_real_ns = 1763683200000000000,
        .start_uncertainty_ns = 250,
        .producer = "test",
        .pid = 42,
        .argv = argv,
        .argc = 2,
        .hooks = hooks,
        .hook_count = 2,
        .settings = settings,
        .setting_count = 1,
    };

    for (unsigned i = 0; i < 16; i++) {
        info.uuid[i] = (uint8_t)(0x10 + i);
    }
    return info;
}

void sample_define(struct pmt_writer *w)
{
    static const char *const names[] = {"main.py", "caf\xc3\xa9.py", "\xff"};

    for (uint32_t id = 1; id <= 3; id++) {
        const char *name = names[id - 1];

        assert_int_equal(pmt_writer_define_code(w, id, name, strlen(name),
                                                "f", 1, 10 * id, NULL), 0);
        assert_int_equal(pmt_writer_define_type(w, id, name, strlen(name),
                                                16 * id, id, NULL), 0);
    }
    for (uint32_t id = 1; id <= 4; id++) {
        assert_int_equal(pmt_writer_define_stack(w, id, id / 2,
                                                 id % 3 + 1, 11 * id, NULL),
                         0);
    }
    assert_int_equal(pmt_writer_define_thread(w, 1, 42, 1u << 30, "main", 4,
                                              NULL), 0);
    assert_int_equal(pmt_writer_define_thread(w, 2, 43, 0, NULL, 0, NULL), 0);
}

#define LIVE_MAX 64u

struct live {
    uint64_t address[LIVE_MAX];
    unsigned count;
    uint64_t next;       /* never used so far */
    uint64_t freed[8];   /* last ones, by size class */
};

static uint64_t get_block(struct live *l, uint64_t *seed, uint64_t size)
{
    uint64_t *freed = &l->freed[size / 64 % 8];
    uint64_t address = *freed && sample_below(seed, 4) ? *freed : l->next;

    if (address == l->next) {
        l->next += (size + 31) / 16 * 16;
    } else {
        *freed = 0;
    }
    l->address[l->count++] = address;
    return address;
}

static uint64_t drop_block(struct live *l, uint64_t *seed)
{
    unsigned i = (unsigned)sample_below(seed, l->count);
    uint64_t address = l->address[i];

    l->address[i] = l->address[--l->count];
    l->freed[sample_below(seed, 8)] = address;
    return address;
}

void sample_allocs(uint64_t *seed, uint64_t time, struct pmt_alloc *records,
                   size_t n)
{
    static const uint8_t acquires[] = {PMT_ALLOC_MALLOC, PMT_ALLOC_CALLOC,
                                       PMT_ALLOC_REALLOC,
                                       PMT_ALLOC_REALLOC_UNDO};
    struct live l = {.next = UINT64_C(0x7f0000001000)};

    for (size_t i = 0; i < n; i++) {
        struct pmt_alloc *r = &records[i];

        memset(r, 0, sizeof *r);
        time += sample_below(seed, 50);
        r->time = time;
        r->thread = 1 + (uint32_t)sample_below(seed, 2);
        r->domain = (uint8_t)sample_below(seed, 4);
        if (l.count == LIVE_MAX || (l.count && sample_below(seed, 2))) {
            r->op = sample_below(seed, 8) ? PMT_ALLOC_FREE
                                          : PMT_ALLOC_REALLOC_FREE;
            r->address = drop_block(&l, seed);
            continue;
        }
        r->op = acquires[sample_below(seed, 16) ? sample_below(seed, 3) : 3];
        if (pmt_alloc_has_size(r->op)) {
            r->size = sample_below(seed, 700);
        }
        r->stack = (uint32_t)sample_below(seed, 5);
        r->address = get_block(&l, seed, r->size);
    }
}

void sample_objects(uint64_t *seed, uint64_t time, struct pmt_object *records,
                    size_t n)
{
    struct live l = {.next = UINT64_C(0x7f1100000020)};

    for (size_t i = 0; i < n; i++) {
        struct pmt_object *r = &records[i];

        memset(r, 0, sizeof *r);
        time += sample_below(seed, 30);
        r->time = time;
        r->thread = 1 + (uint32_t)sample_below(seed, 2);
        r->type = 1 + (uint32_t)sample_below(seed, 3);
        r->stack = (uint32_t)sample_below(seed, 5);
        if (l.count == LIVE_MAX || (l.count && sample_below(seed, 2))) {
            r->op = PMT_OBJECT_DESTROY;
            r->address = drop_block(&l, seed);
        } else {
            r->address = get_block(&l, seed, 48);
        }
    }
}

void sample_golden(struct pmt_buffer *out)
{
    const struct pmt_writer_options options = {.chunk_records = 20};
    const struct pmt_stream_info info = sample_info();
    const uint64_t lost[6] = {3, 0, 0, 1, 0, 0};
    const struct pmt_mark marks[] = {{120, 1, "warm", 4}, {900, 2, "", 0}};
    const struct pmt_live live[] = {{4096, 64, 10, 1, 0, 1, 2, 13},
                                    {8192, 30, 20, 2, 0, 2, 0, 13}};
    struct pmt_alloc allocs[40];
    struct pmt_object objects[12];
    struct pmt_writer *w;
    struct pmt_sink sink;
    uint64_t seed = 1;

    sample_allocs(&seed, 100, allocs, 40);
    sample_objects(&seed, 100, objects, 12);
    pmt_sink_to_buffer(&sink, out);
    assert_int_equal(pmt_writer_new(&w, &sink, &info, &options, NULL), 0);
    sample_define(w);
    pmt_writer_anchor(w, 1, 5000000100, 1763683200000000100, 50);
    assert_int_equal(pmt_writer_mark(w, &marks[0], NULL), 0);
    for (size_t i = 0; i < 40; i++) {
        assert_int_equal(pmt_writer_alloc(w, &allocs[i], NULL), 0);
        if (i < 12) {
            assert_int_equal(pmt_writer_object(w, &objects[i], NULL), 0);
        }
    }
    pmt_writer_lost(w, 2000, lost);
    assert_int_equal(pmt_writer_mark(w, &marks[1], NULL), 0);
    assert_int_equal(pmt_writer_live_set(w, 5000, PMT_KIND_ALLOC, live, 2,
                                         NULL), 0);
    assert_int_equal(pmt_writer_finish(w, 1, NULL), 0);
    pmt_writer_free(w);
}

/* ---- frames ---------------------------------------------------------------- */

static uint32_t get_u32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
           (uint32_t)p[3] << 24;
}

size_t sample_frames(const struct pmt_buffer *trace,
                     struct sample_frame *frames, size_t room)
{
    size_t count = 0;
    size_t data_bytes = 0;
    unsigned kind = 0;

    for (size_t at = 0; at < trace->used;) {
        const uint8_t *p = trace->bytes + at;
        struct sample_frame *f = &frames[count++];

        assert_true(count <= room);
        f->offset = at;
        f->kind = kind;
        if (get_u32(p) == 0x184d2a5b) {
            f->type = SAMPLE_LABEL;
            f->bytes = 72;
            f->kind = kind = p[14] | p[15] << 8; /* spec 3.1 */
            data_bytes = get_u32(p + 8 + 44);
        } else if (get_u32(p) == 0x184d2a5c) {
            f->type = SAMPLE_INDEX;
            f->bytes = 8 + get_u32(p + 4);
        } else {
            assert_int_equal(get_u32(p), 0xfd2fb528);
            f->type = SAMPLE_DATA;
            f->bytes = data_bytes;
        }
        at += f->bytes;
        assert_true(at <= trace->used);
    }
    return count;
}

/* ---- what a reader says ---------------------------------------------------- */

static int64_t read_pipe(void *context, uint64_t offset, void *buffer,
                         size_t n, struct pmt_error *err)
{
    struct sample_pipe *p = context;
    size_t piece = p->piece < n ? p->piece : n;

    (void)err;
    assert_int_equal(offset, p->at);
    if (piece > p->n - offset) {
        piece = p->n - (size_t)offset;
    }
    memcpy(buffer, p->bytes + offset, piece);
    p->at += piece;
    return (int64_t)piece;
}

void sample_pipe_source(struct pmt_source *source, struct sample_pipe *pipe)
{
    memset(source, 0, sizeof *source);
    source->context = pipe;
    source->read_at = read_pipe;
    source->size = PMT_NO_OFFSET;
}

static void add(uint64_t *digest, uint64_t v)
{
    *digest = (*digest ^ v) * UINT64_C(0xd6e8feb86659fd93);
    *digest ^= *digest >> 32;
}

static uint64_t digest_of(struct pmt_reader *r, const struct pmt_event *e)
{
    uint64_t digest = e->envelope.t0 * 31 + e->envelope.t1;

    add(&digest, e->envelope.ordinal);
    add(&digest, e->envelope.lost);
    for (unsigned c = 0; c < 35; c++) {
        const uint64_t *v = pmt_reader_column(r, c);

        for (uint32_t i = 0; v && i < e->envelope.count; i++) {
            add(&digest, v[i] + c);
        }
    }
    for (uint32_t i = 0; i < e->envelope.count; i++) {
        struct pmt_text text = pmt_reader_text(r, i);

        for (uint32_t k = 0; k < text.length; k++) {
            add(&digest, (uint8_t)text.bytes[k]);
        }
    }
    return digest;
}

void sample_read(const void *bytes, size_t n, size_t piece,
                 struct sample_events *events)
{
    struct sample_pipe pipe = {bytes, n, piece, 0};
    struct pmt_source source;
    struct pmt_reader *r;
    struct pmt_event e;

    events->count = 0;
    if (piece) {
        sample_pipe_source(&source, &pipe);
    } else {
        pmt_source_from_memory(&source, bytes, n);
    }
    events->opened = pmt_reader_open(&r, &source, NULL, NULL);
    events->ended = events->opened;
    if (events->opened != PMT_OK) {
        return;
    }
    while ((events->ended = pmt_reader_next(r, &e, NULL)) == PMT_OK) {
        struct sample_event *s = &events->list[events->count++];

        assert_true(events->count < 256);
        memset(s, 0, sizeof *s);
        s->type = e.type;
        s->offset = e.offset;
        s->kind = e.envelope.kind;
        s->count = e.envelope.count;
        s->seq = e.envelope.seq;
        if (e.type == PMT_EVENT_DAMAGE) {
            s->code = e.damage.code;
            s->damage_offset = e.damage.offset;
        } else if (e.type != PMT_EVENT_INDEX && e.type != PMT_EVENT_FOREIGN) {
            s->digest = digest_of(r, &e);
        }
    }
    pmt_reader_free(r);
}
