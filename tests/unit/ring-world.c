/* ring-world.c: see ring-world.h. */
#include "ring-world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format-sample.h"

#define BLOCKS_AT UINT64_C(0x7f0000000000)
#define OBJECTS_AT UINT64_C(0x560000001000)
#define STACKS_MAX 20000u
#define TYPES 5u

/* Places of a kind lie in a few groups, as an allocator's do. */
static uint64_t address_of(uint64_t base, uint32_t slot)
{
    return base + (slot & 7) * UINT64_C(0x1000000) + (slot >> 3) * 16;
}

static uint32_t slot_of(uint64_t base, uint64_t address)
{
    uint64_t a = address - base;
    uint32_t slot = (uint32_t)((a & 0xffffff) / 16 * 8 + (a >> 24));

    assert_true(a >> 24 < 8 && slot < WORLD_SLOTS);
    assert_true(address_of(base, slot) == address);
    return slot;
}

/* ---- the journal ----------------------------------------------------------- */

static void define(struct world *w, const struct pmt_def *def,
                   const char *text)
{
    size_t n = text ? strlen(text) : 0;

    if (w->definitions && pmt_journal_define(w->journal, w->definitions, def,
                                             text, n, NULL, 0)) {
        return;
    }
    if (w->definitions) {
        pmt_journal_give(w->definitions);
    }
    w->definitions =
        pmt_journal_take(w->journal, PMT_SEGMENT_DEFINITIONS, 0);
    assert_non_null(w->definitions);
    assert_true(pmt_journal_define(w->journal, w->definitions, def, text, n,
                                   NULL, 0));
}

static void define_stack(struct world *w)
{
    uint32_t id = ++w->stacks;
    uint32_t parent =
        id > 1 ? (uint32_t)sample_below(&w->seed, id - 1) + 1 : 0;

    define(w, &(struct pmt_def){.type = PMT_DEF_STACK,
                                .v = {id, id % 3 ? parent : 0, 1, id}},
           NULL);
}

static void put(struct world *w, uint32_t thread, uint8_t tag, uint64_t at,
                uint32_t a, uint32_t b)
{
    struct world_thread *t = &w->threads[thread];
    uint64_t now = pmt_clock_raw(w->journal->header->clock);
    struct pmt_raw raw = {.word = pmt_raw_word(tag, (void *)(uintptr_t)at),
                          .a = a,
                          .b = b};
    uint64_t head;

    w->last_time = now > w->last_time ? now : w->last_time + 1;
    raw.time = w->last_time;
    if (t->segment && t->segment->head + sizeof raw >
                          pmt_segment_capacity(w->journal)) {
        pmt_journal_give(t->segment);
        t->segment = NULL;
    }
    if (!t->segment) {
        t->segment =
            pmt_journal_take(w->journal, PMT_SEGMENT_RECORDS, thread);
    }
    assert_non_null(t->segment);
    head = t->segment->head;
    memcpy(t->segment->data + head, &raw, sizeof raw);
    __atomic_store_n(&t->segment->head, head + sizeof raw, __ATOMIC_RELEASE);
    w->made++;
}

/* ---- the program ----------------------------------------------------------- */

void world_init(struct world *w, struct pmt_journal *journal, uint64_t seed)
{
    memset(w, 0, sizeof *w);
    w->journal = journal;
    w->seed = seed;
    w->busy = 1500;
    define(w, &(struct pmt_def){.type = PMT_DEF_CODE, .v = {1, 10, 4}},
           "a.pyf");
    for (uint32_t id = 1; id < WORLD_THREADS; id++) {
        define(w, &(struct pmt_def){.type = PMT_DEF_THREAD,
                                    .v = {id, 100 + id}},
               "worker");
    }
    for (uint32_t id = 1; id <= TYPES; id++) {
        define(w, &(struct pmt_def){.type = PMT_DEF_TYPE, .v = {id, 16 * id}},
               "list");
    }
    define_stack(w);
}

static void alloc_record(struct world *w, uint32_t thread, unsigned op,
                         uint32_t slot, const struct world_block *b)
{
    put(w, thread, pmt_raw_alloc_tag(op, b ? b->domain : 0),
        address_of(BLOCKS_AT, slot), b ? (uint32_t)b->size : 0,
        b ? b->stack : 0);
}

static struct world_block new_block(struct world *w, uint32_t thread)
{
    return (struct world_block){
        .live = true,
        .size = sample_below(&w->seed, 1 << (sample_below(&w->seed, 20))),
        .stack = (uint32_t)sample_below(&w->seed, w->stacks + 1),
        .thread = thread,
        .domain = (uint8_t)sample_below(&w->seed, 4)};
}

static void realloc_half(struct world *w, uint32_t thread, uint32_t slot)
{
    struct world_thread *t = &w->threads[thread];

    alloc_record(w, thread, PMT_ALLOC_REALLOC_FREE, slot, NULL);
    t->open = true;
    t->slot = slot;
    t->half = w->live.blocks[slot];
    t->wait = (uint32_t)sample_below(&w->seed, 20);
    if (w->long_reallocs && sample_below(&w->seed, 50) == 0) {
        t->wait = 3000;
    }
    w->live.blocks[slot].live = false;
}

/* The other half; one that took long can't have failed: a ring that went on
 * without its block would not know it. */
static void realloc_rest(struct world *w, uint32_t thread)
{
    struct world_thread *t = &w->threads[thread];
    uint32_t slot = t->slot;

    t->open = false;
    if (!w->long_reallocs && sample_below(&w->seed, 4) == 0) {
        alloc_record(w, thread, PMT_ALLOC_REALLOC_UNDO, slot, NULL);
        if (t->half.live) {
            w->live.blocks[slot] = t->half;
        }
        return;
    }
    if (sample_below(&w->seed, 2)) {
        slot = (uint32_t)sample_below(&w->seed, w->busy);
    }
    w->live.blocks[slot] = new_block(w, thread);
    alloc_record(w, thread, PMT_ALLOC_REALLOC, slot, &w->live.blocks[slot]);
}

static void do_block(struct world *w, uint32_t thread)
{
    uint32_t slot = (uint32_t)sample_below(&w->seed, w->busy);
    struct world_block *b = &w->live.blocks[slot];
    uint64_t what = sample_below(&w->seed, 20);

    if (what == 0 || (what < 4 && b->live)) {
        realloc_half(w, thread, slot); /* also of what is not known */
    } else if (b->live ? what < 19 : what < 2) {
        alloc_record(w, thread, PMT_ALLOC_FREE, slot, NULL);
        b->live = false;
    } else { /* also where a block is: its release was not seen */
        *b = new_block(w, thread);
        alloc_record(w, thread,
                     what & 1 ? PMT_ALLOC_MALLOC : PMT_ALLOC_CALLOC, slot, b);
    }
}

static void do_object(struct world *w, uint32_t thread)
{
    uint32_t slot = (uint32_t)sample_below(&w->seed, w->busy);
    struct world_block *b = &w->live.objects[slot];
    uint64_t what = sample_below(&w->seed, 20);
    uint64_t at = address_of(OBJECTS_AT, slot);

    if (b->live ? what < 19 : what < 1) {
        put(w, thread, PMT_RAW_DESTROY, at, b->type, b->stack);
        b->live = false;
        return;
    }
    *b = (struct world_block){
        .live = true,
        .type = (uint32_t)sample_below(&w->seed, TYPES) + 1,
        .stack = (uint32_t)sample_below(&w->seed, w->stacks) + 1,
        .thread = thread};
    put(w, thread, PMT_RAW_CREATE, at, b->type, b->stack);
}

void world_go(struct world *w, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        uint32_t thread =
            (uint32_t)sample_below(&w->seed, WORLD_THREADS - 1) + 1;
        struct world_thread *t = &w->threads[thread];

        if (w->stacks < STACKS_MAX && sample_below(&w->seed, 100) == 0) {
            define_stack(w);
        }
        if (t->open && t->wait) {
            t->wait--;
        } else if (t->open) {
            realloc_rest(w, thread);
        } else if (sample_below(&w->seed, 3)) {
            do_block(w, thread);
        } else {
            do_object(w, thread);
        }
    }
}

void world_free(struct world *w, uint32_t slot)
{
    alloc_record(w, 1, PMT_ALLOC_FREE, slot, NULL);
    w->live.blocks[slot].live = false;
}

void world_settle(struct world *w)
{
    for (uint32_t i = 1; i < WORLD_THREADS; i++) {
        if (w->threads[i].open) {
            realloc_rest(w, i);
        }
    }
}

void world_stop(struct world *w)
{
    world_settle(w);
    for (uint32_t i = 1; i < WORLD_THREADS; i++) {
        if (w->threads[i].segment) {
            pmt_journal_give(w->threads[i].segment);
            w->threads[i].segment = NULL;
        }
    }
    pmt_journal_give(w->definitions);
    w->definitions = NULL;
}

/* ---- out of a trace -------------------------------------------------------- */

static void read_alloc(struct world_read *r, const struct pmt_alloc *a)
{
    uint32_t slot = slot_of(BLOCKS_AT, a->address);
    struct world_block *b = &r->live.blocks[slot];
    struct world_thread *t = &r->threads[a->thread];

    assert_true(a->thread < WORLD_THREADS);
    switch ((enum pmt_alloc_op)a->op) {
    case PMT_ALLOC_FREE:
        b->live = false;
        break;
    case PMT_ALLOC_REALLOC_FREE:
        t->open = true;
        t->slot = slot;
        t->half = *b;
        b->live = false;
        break;
    case PMT_ALLOC_REALLOC_UNDO:
        if (t->open && t->half.live) {
            r->live.blocks[t->slot] = t->half;
        }
        t->open = false;
        break;
    case PMT_ALLOC_REALLOC:
        t->open = false; /* fall through */
    case PMT_ALLOC_MALLOC:
    case PMT_ALLOC_CALLOC:
        *b = (struct world_block){.live = true,
                                  .size = a->size,
                                  .stack = a->stack,
                                  .thread = a->thread,
                                  .domain = a->domain};
        break;
    }
}

static void read_object(struct world_read *r, const struct pmt_object *o)
{
    struct world_block *b =
        &r->live.objects[slot_of(OBJECTS_AT, o->address)];

    b->live = o->op == PMT_OBJECT_CREATE;
    b->type = o->type;
    b->stack = o->stack;
    b->thread = o->thread;
    b->size = b->domain = 0;
}

static void read_live(struct world_read *r, struct pmt_reader *reader,
                      const struct pmt_event *e)
{
    const struct pmt_live *v = pmt_reader_lives(reader);
    uint32_t kind, part, parts;
    bool blocks;

    pmt_reader_live_part(reader, &kind, &part, &parts);
    blocks = kind == PMT_KIND_ALLOC;
    r->sets++;
    if (part == 0) {
        memset(blocks ? r->live.blocks : r->live.objects, 0,
               sizeof r->live.blocks);
    }
    for (uint32_t i = 0; i < e->envelope.count; i++) {
        uint32_t slot =
            slot_of(blocks ? BLOCKS_AT : OBJECTS_AT, v[i].address);
        struct world_block *b =
            blocks ? &r->live.blocks[slot] : &r->live.objects[slot];

        assert_true(i == 0 || v[i - 1].address < v[i].address);
        assert_false(b->live);
        assert_true(v[i].time <= e->envelope.t0);
        *b = (struct world_block){.live = true,
                                  .size = v[i].size,
                                  .stack = v[i].stack,
                                  .type = v[i].type,
                                  .thread = v[i].thread,
                                  .domain = v[i].domain};
    }
}

static void read_records(struct world_read *r, struct pmt_reader *reader,
                         const struct pmt_event *e)
{
    const struct pmt_alloc *a = pmt_reader_allocs(reader);
    const struct pmt_object *o = pmt_reader_objects(reader);
    uint32_t n = e->envelope.count;

    if (e->envelope.kind == PMT_KIND_LIVE_SET) {
        read_live(r, reader, e);
        return;
    }
    if (a && r->first_ordinal == UINT64_MAX) {
        r->first_ordinal = e->envelope.ordinal;
    }
    r->marks += e->envelope.kind == PMT_KIND_MARK ? n : 0;
    r->records += a || o ? n : 0;
    for (uint32_t i = 0; i < n; i++) {
        if (a) {
            read_alloc(r, &a[i]);
        } else if (o) {
            read_object(r, &o[i]);
        }
    }
}

/* All ids that are live are stated by now. */
static void check_stated(const struct world_read *r,
                         const struct pmt_stream *s)
{
    for (uint32_t i = 0; i < WORLD_SLOTS; i++) {
        const struct world_block *b = &r->live.blocks[i];
        const struct world_block *o = &r->live.objects[i];
        struct pmt_thread thread;
        struct pmt_site site;
        struct pmt_type type;

        if (b->live) {
            assert_true(!b->stack || pmt_stream_site(s, b->stack, &site));
            assert_true(pmt_stream_thread(s, b->thread, &thread));
        }
        if (o->live) {
            assert_true(pmt_stream_site(s, o->stack, &site));
            assert_true(pmt_stream_type(s, o->type, &type));
        }
    }
}

static char *join(const char *const *paths, size_t count, size_t *size)
{
    char *bytes = NULL;
    size_t n = 0;

    for (size_t i = 0; i < count; i++) {
        FILE *f = fopen(paths[i], "rb");
        long length;

        assert_non_null(f);
        fseek(f, 0, SEEK_END);
        length = ftell(f);
        rewind(f);
        bytes = realloc(bytes, n + (size_t)length + 1);
        assert_non_null(bytes);
        assert_int_equal(fread(bytes + n, 1, (size_t)length, f), length);
        n += (size_t)length;
        fclose(f);
    }
    *size = n;
    return bytes;
}

void world_read(struct world_read *r, const char *const *paths, size_t count)
{
    const struct pmt_stream *stream = NULL;
    struct pmt_source source;
    struct pmt_reader *reader;
    struct pmt_event e;
    size_t size;
    char *bytes = join(paths, count, &size);

    memset(r, 0, sizeof *r);
    r->first_ordinal = UINT64_MAX;
    pmt_source_from_memory(&source, bytes, size);
    assert_int_equal(pmt_reader_open(&reader, &source, NULL, NULL), PMT_OK);
    while (pmt_reader_next(reader, &e, NULL) == PMT_OK) {
        r->damages += e.type == PMT_EVENT_DAMAGE;
        r->ended |= e.type == PMT_EVENT_END;
        r->missing += e.seq_missing;
        stream = e.stream ? e.stream : stream;
        if (e.type == PMT_EVENT_RECORDS) {
            read_records(r, reader, &e);
        }
    }
    check_stated(r, stream);
    pmt_reader_free(reader);
    free(bytes);
}

static void compare(const char *what, const struct world_block *a,
                    const struct world_block *b)
{
    for (uint32_t i = 0; i < WORLD_SLOTS; i++) {
        if (a[i].live == b[i].live &&
            (!a[i].live ||
             (a[i].size == b[i].size && a[i].stack == b[i].stack &&
              a[i].type == b[i].type && a[i].thread == b[i].thread &&
              a[i].domain == b[i].domain))) {
            continue;
        }
        fail_msg("%s %u: live %d %d, size %lu %lu, stack %u %u, type %u %u, "
                 "thread %u %u, domain %u %u", what, i, a[i].live, b[i].live,
                 (unsigned long)a[i].size, (unsigned long)b[i].size,
                 a[i].stack, b[i].stack, a[i].type, b[i].type, a[i].thread,
                 b[i].thread, a[i].domain, b[i].domain);
    }
}

void world_compare(const struct world_live *a, const struct world_live *b)
{
    compare("block", a->blocks, b->blocks);
    compare("object", a->objects, b->objects);
}
