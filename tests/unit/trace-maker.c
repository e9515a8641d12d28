/* trace-maker.c: see trace-maker.h. */
#include "trace-maker.h"

#include <stdlib.h>
#include <string.h>

#include "pmt/journal.h"
#include "pmt/writer.h"

#define BLOCKS 200u
#define CODES 12u
#define TYPES 10u
#define STACKS 40u
#define THREADS 3u
#define CFUNCTIONS 3u
#define CLASSES 14u

uint64_t trace_random(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

uint64_t trace_below(uint64_t *seed, uint64_t limit)
{
    return trace_random(seed) % limit;
}

/* A stream being made. */
struct maker {
    struct pmt_writer *w;
    const struct trace_plan *plan;
    struct pmt_buffer *out;
    struct pmt_error *err;
    uint64_t seed;
    uint64_t time;
    uint64_t lost[PMT_LOSS_CAUSES];
    uint64_t kinds;       /* bits */
    struct pmt_live blocks[BLOCKS], objects[BLOCKS];
    size_t block_count, object_count;
    uint64_t next_address;
};

static uint64_t below(struct maker *m, uint64_t limit)
{
    return trace_below(&m->seed, limit);
}

static bool odds(struct maker *m, uint64_t one_in)
{
    return below(m, one_in) == 0;
}

static bool has(const struct maker *m, enum pmt_kind kind)
{
    return m->kinds >> kind & 1;
}

/* ---- tables -------------------------------------------------------------- */

static const char *const files[] = {
    "app/main.py", "app/cache.py", "lib/util.py", "lib/util.py",
    "/usr/lib/python3/json/decoder.py", "app/caf\xc3\xa9.py", "\xff.py"};
static const char *const functions[] = {"main", "Cache.put", "load", "<module>",
                                        "handler", "a \"b\""};
static const char *const types[] = {"dict", "list", "str", "app.Point",
                                    "app.Point", "collections.OrderedDict",
                                    "tuple", "app.Node", "bytes", "set"};
static const char *const threads[] = {"MainThread", "worker-1", NULL};
static const char *const labels[] = {"startup", "request"};

static int define_codes(struct maker *m)
{
    int rc = PMT_OK;

    for (uint32_t id = 1; rc == PMT_OK && id <= CODES; id++) {
        const char *file = files[below(m, sizeof files / sizeof *files)];
        const char *name =
            functions[below(m, sizeof functions / sizeof *functions)];

        if (id > CODES - 2) {
            file = "<label>";
            name = labels[id - (CODES - 1)];
        }
        rc = pmt_writer_define_code(m->w, id, file, strlen(file), name,
                                    strlen(name), id * 10, m->err);
    }
    for (uint32_t id = 1; rc == PMT_OK && id <= STACKS; id++) {
        bool label = id <= 2;
        uint32_t parent = label || odds(m, 5) ? 0 : (uint32_t)below(m, id);
        uint32_t code = label ? CODES - 2 + id
                              : 1 + (uint32_t)below(m, CODES - 2);

        rc = pmt_writer_define_stack(m->w, id, parent, code,
                                     label ? 0 : code * 10 +
                                                     (uint32_t)below(m, 5),
                                     m->err);
    }
    return rc;
}

static int define_others(struct maker *m)
{
    int rc = PMT_OK;

    for (uint32_t id = 1; rc == PMT_OK && id <= TYPES; id++)
        rc = pmt_writer_define_type(m->w, id, types[id - 1],
                                    strlen(types[id - 1]), 16 * id,
                                    id % 3 ? 0 : 8, m->err);
    for (uint32_t id = 1; rc == PMT_OK && id <= THREADS; id++)
        rc = pmt_writer_define_thread(
            m->w, id, 4000 + id, id, threads[id - 1],
            threads[id - 1] ? strlen(threads[id - 1]) : 0, m->err);
    for (uint32_t id = 1; rc == PMT_OK && id <= CFUNCTIONS; id++)
        rc = pmt_writer_define_cfunction(m->w, id, id == 1 ? "len" : "ord",
                                         3, "builtins", 8, m->err);
    for (uint32_t id = 1; rc == PMT_OK && id <= CLASSES; id++) {
        enum pmt_kind kind = id % 2 ? PMT_KIND_CALL : PMT_KIND_LINE;
        unsigned what = (unsigned)below(m, kind == PMT_KIND_CALL
                                               ? PMT_CALL_WHATS
                                               : PMT_LINE_WHATS);
        bool c = kind == PMT_KIND_CALL && what >= PMT_CALL_C_CALL &&
                 what <= PMT_CALL_C_EXCEPTION;

        rc = pmt_writer_define_class(m->w, id, kind, what,
                                     1 + (uint32_t)below(m, STACKS),
                                     c ? 1 + (uint32_t)below(m, CFUNCTIONS) : 0,
                                     m->err);
    }
    return rc;
}

/* ---- blocks -------------------------------------------------------------- */

static uint32_t a_stack(struct maker *m)
{
    return (uint32_t)below(m, STACKS + 1);
}

static uint32_t a_thread(struct maker *m)
{
    return (uint32_t)below(m, THREADS + 1);
}

/* An address that is not live, or, now and then, one that is. */
static uint64_t an_address(struct maker *m, const struct pmt_live *live,
                           size_t count)
{
    if (!m->plan->exact && count && odds(m, 60))
        return live[below(m, count)].address;
    for (;;) {
        uint64_t address = UINT64_C(0x7f0000000000) + 16 * below(m, 400);
        bool used = false;

        for (size_t i = 0; i < count; i++)
            used |= live[i].address == address;
        if (!used)
            return address;
    }
}

static void forget(struct pmt_live *live, size_t *count, size_t i)
{
    live[i] = live[--*count];
}

static void forget_address(struct pmt_live *live, size_t *count,
                           uint64_t address)
{
    for (size_t i = *count; i-- > 0;)
        if (live[i].address == address)
            forget(live, count, i);
}

static int put_alloc(struct maker *m, unsigned op, struct pmt_live *block)
{
    struct pmt_alloc record = {
        .time = m->time,
        .address = block->address,
        .size = pmt_alloc_has_size(op) ? block->size : 0,
        .stack = pmt_alloc_releases(op) ? 0 : block->stack,
        .thread = block->thread,
        .op = (uint8_t)op,
        .domain = block->domain,
        .gap = odds(m, 50) ? (uint32_t)below(m, 4) : 0,
    };

    return pmt_writer_alloc(m->w, &record, m->err);
}

static int acquire(struct maker *m, unsigned op, uint32_t thread)
{
    struct pmt_live block = {
        .address = an_address(m, m->blocks, m->block_count),
        .size = odds(m, 8) ? 1000 + below(m, 5000) : below(m, 600),
        .time = m->time,
        .stack = a_stack(m),
        .thread = thread,
        .domain = (uint8_t)below(m, 4),
        .of_kind = PMT_KIND_ALLOC,
    };

    forget_address(m->blocks, &m->block_count, block.address);
    m->blocks[m->block_count++] = block;
    return put_alloc(m, op, &block);
}

static int reallocate(struct maker *m, size_t i)
{
    struct pmt_live old = m->blocks[i];
    uint32_t thread = a_thread(m), maker = old.thread;
    bool fails = odds(m, 4);
    int rc;

    forget(m->blocks, &m->block_count, i);
    old.thread = thread;
    rc = put_alloc(m, PMT_ALLOC_REALLOC_FREE, &old);
    m->time += odds(m, 3) ? below(m, 30) : 0;
    if (rc < 0 || !fails)
        return rc < 0 ? rc : acquire(m, PMT_ALLOC_REALLOC, thread);
    m->blocks[m->block_count] = old;
    m->blocks[m->block_count++].thread = maker;
    return put_alloc(m, PMT_ALLOC_REALLOC_UNDO, &old);
}

static int alloc_event(struct maker *m)
{
    size_t i;
    struct pmt_live gone;

    if (!m->plan->exact && odds(m, 40)) {
        gone = (struct pmt_live){.address = 0x5000 + 16 * below(m, 50),
                                 .thread = a_thread(m)};
        return put_alloc(m, PMT_ALLOC_FREE, &gone);
    }
    if (m->block_count == 0 ||
        (m->block_count < BLOCKS - 1 && below(m, 100) < 55))
        return acquire(m, odds(m, 5) ? PMT_ALLOC_CALLOC : PMT_ALLOC_MALLOC,
                       a_thread(m));
    i = below(m, m->block_count);
    if (odds(m, 6))
        return reallocate(m, i);
    gone = m->blocks[i];
    gone.thread = a_thread(m);
    forget(m->blocks, &m->block_count, i);
    return put_alloc(m, PMT_ALLOC_FREE, &gone);
}

static int object_event(struct maker *m)
{
    struct pmt_object record = {
        .time = m->time,
        .thread = a_thread(m),
        .rss = 100 + below(m, 3),
        .rss_read = odds(m, 10),
        .stack = a_stack(m),
    };
    size_t i = m->object_count ? below(m, m->object_count) : 0;
    struct pmt_live *o = &m->objects[i];

    if (m->object_count == 0 ||
        (m->object_count < BLOCKS - 1 && below(m, 100) < 55)) {
        record.address = an_address(m, m->objects, m->object_count);
        record.type = 1 + (uint32_t)below(m, TYPES);
        forget_address(m->objects, &m->object_count, record.address);
        m->objects[m->object_count++] = (struct pmt_live){
            .address = record.address,
            .size = 16 * record.type, /* the type's basic size */
            .time = m->time,
            .stack = record.stack,
            .thread = record.thread,
            .type = record.type,
            .of_kind = PMT_KIND_OBJECT};
        return pmt_writer_object(m->w, &record, m->err);
    }
    record.op = PMT_OBJECT_DESTROY;
    record.address = o->address;
    record.type = o->type;
    if (!m->plan->exact && odds(m, 40))
        record.address += 0x900000;
    else
        forget(m->objects, &m->object_count, i);
    return pmt_writer_object(m->w, &record, m->err);
}

/* ---- other records ------------------------------------------------------- */

static int call_event(struct maker *m, enum pmt_kind kind)
{
    uint32_t number = 1 + (uint32_t)below(m, CLASSES / 2) * 2;
    struct pmt_call record = {
        .time = m->time,
        .number = kind == PMT_KIND_CALL ? number : number + 1,
        .thread = a_thread(m),
        .rss = odds(m, 2) ? 100 : 101,
        .offset = kind == PMT_KIND_LINE ? 2 * (uint32_t)below(m, 9) : 0,
    };

    return pmt_writer_call(m->w, kind, &record, m->err);
}

static int mark_event(struct maker *m)
{
    static const char *const names[] = {"warm", "request", "cold"};
    const char *name = names[below(m, 3)];
    struct pmt_mark record = {.time = m->time,
                              .thread = a_thread(m),
                              .text = name,
                              .text_bytes = (uint32_t)strlen(name)};

    return pmt_writer_mark(m->w, &record, m->err);
}

static int figures_event(struct maker *m, enum pmt_kind kind)
{
    struct pmt_value figures[] = {
        {{"rss", 3}, {"bytes", 5}, (int64_t)(1 << 20) + (int64_t)below(m, 99), 0},
        {{"faults", 6}, {"count", 5}, (int64_t)m->time, 1},
    };
    uint64_t pid = odds(m, 3) ? 77 : 0;

    return pmt_writer_figures(m->w, kind, m->time, 0,
                              kind == PMT_KIND_SAMPLE ? pid : 0, figures,
                              1 + below(m, 2), m->err);
}

static int snapshot_event(struct maker *m)
{
    struct pmt_snapshot_entry rows[12];
    struct pmt_value value = {{"users", 5}, {"", 0}, -3, 0};
    size_t count = below(m, 12);

    for (size_t i = 0; i < count; i++)
        rows[i] = (struct pmt_snapshot_entry){
            .blocks = 1 + below(m, 9), .bytes = below(m, 5000),
            .stack = a_stack(m), .type = (uint32_t)below(m, TYPES + 1),
            .domain = (uint8_t)below(m, 4)};
    return pmt_writer_snapshot(m->w, m->time, "snap", 4, &value, below(m, 2),
                               rows, count, m->err);
}

static int gc_event(struct maker *m)
{
    struct pmt_gc record = {.time = m->time,
                            .thread = a_thread(m),
                            .op = (uint8_t)below(m, 2),
                            .generation = (uint8_t)below(m, 3),
                            .collected = below(m, 50),
                            .duration_ns = below(m, 5000)};

    return pmt_writer_gc(m->w, &record, m->err);
}

static void loss_event(struct maker *m)
{
    m->lost[below(m, 4)] += 1 + below(m, 9);
    pmt_writer_lost(m->w, m->time, m->lost);
}

/* Kinds of events that come often, or rarely. */
static int an_event(struct maker *m)
{
    static const enum pmt_kind often[] = {
        PMT_KIND_ALLOC, PMT_KIND_ALLOC, PMT_KIND_OBJECT, PMT_KIND_OBJECT,
        PMT_KIND_CALL, PMT_KIND_LINE};
    static const enum pmt_kind rare[] = {
        PMT_KIND_MARK, PMT_KIND_MARK, PMT_KIND_SAMPLE, PMT_KIND_HEAP,
        PMT_KIND_SNAPSHOT, PMT_KIND_GC, PMT_KIND_GC, PMT_KIND_LOSS};
    enum pmt_kind kind = odds(m, 12) ? rare[below(m, 8)] : often[below(m, 6)];

    m->time += odds(m, 4) ? 0 : below(m, 25);
    if (!has(m, kind))
        return PMT_OK;
    switch ((unsigned)kind) {
    case PMT_KIND_ALLOC:
        return alloc_event(m);
    case PMT_KIND_OBJECT:
        return object_event(m);
    case PMT_KIND_CALL:
    case PMT_KIND_LINE:
        return call_event(m, kind);
    case PMT_KIND_MARK:
        return mark_event(m);
    case PMT_KIND_SAMPLE:
    case PMT_KIND_HEAP:
        return figures_event(m, kind);
    case PMT_KIND_SNAPSHOT:
        return snapshot_event(m);
    case PMT_KIND_GC:
        return gc_event(m);
    default:
        if (!m->plan->exact)
            loss_event(m);
        return PMT_OK;
    }
}

/* ---- streams ------------------------------------------------------------- */

/* A later part begins: with what is live. */
static int next_part(struct maker *m)
{
    struct pmt_sink sink;
    int rc = pmt_writer_flush(m->w, m->err);

    pmt_sink_to_buffer(&sink, m->out);
    m->time++;
    rc = rc < 0 ? rc : pmt_writer_begin_part(m->w, &sink, m->time, m->err);
    if (rc == PMT_OK && has(m, PMT_KIND_ALLOC))
        rc = pmt_writer_live_set(m->w, m->time, PMT_KIND_ALLOC, m->blocks,
                                 m->block_count, m->err);
    if (rc == PMT_OK && has(m, PMT_KIND_OBJECT))
        rc = pmt_writer_live_set(m->w, m->time, PMT_KIND_OBJECT, m->objects,
                                 m->object_count, m->err);
    return rc;
}

static int make_records(struct maker *m)
{
    uint64_t count = m->plan->records ? m->plan->records
                                      : 30 + below(m, odds(m, 4) ? 2000 : 500);
    bool parts = !m->plan->one_part && odds(m, 4);
    int rc = PMT_OK;

    for (uint64_t i = 0; rc == PMT_OK && i < count; i++) {
        rc = an_event(m);
        if (rc == PMT_OK && odds(m, 150))
            rc = pmt_writer_flush(m->w, m->err);
        if (rc == PMT_OK && odds(m, 200))
            pmt_writer_anchor(m->w, m->time, 5000 + m->time, (int64_t)m->time,
                              20);
        if (rc == PMT_OK && parts && odds(m, count / 3 + 1))
            rc = next_part(m);
    }
    return rc;
}

static void choose_kinds(struct maker *m)
{
    if (m->plan->kinds) {
        m->kinds = m->plan->kinds;
        return;
    }
    m->kinds = trace_random(&m->seed) | trace_random(&m->seed);
    m->kinds |= UINT64_C(1) << (odds(m, 2) ? PMT_KIND_ALLOC : PMT_KIND_OBJECT);
    m->kinds |= UINT64_C(1) << PMT_KIND_MARK;
}

static int make_stream(struct maker *m, unsigned number)
{
    static const char *const argv[] = {"python3", "app.py"};
    static const char *const hooks[] = {"alloc:obj", "object", "call", "line"};
    static const uint32_t ticks[] = {1, 16, 100, 1000};
    uint64_t uuid_seed = (m->plan->uuid_seed ? m->plan->uuid_seed
                                             : m->plan->seed) * 8 + number;
    struct pmt_stream_info info = {
        .tick_ns = ticks[below(m, 4)],
        .start_mono_ns = 1000 + 700 * number,
        .start_real_ns = 1763683200000000000 + (int64_t)(700 * number),
        .start_uncertainty_ns = 100,
        .producer = "trace-maker",
        .pid = 100 + number,
        .argv = argv,
        .argc = 2,
        .hooks = hooks,
        .hook_count = 4,
    };
    struct pmt_writer_options options = {
        .chunk_records = 4 + (uint32_t)below(m, odds(m, 2) ? 30 : 400),
        .epoch_chunks = 1 + (uint32_t)below(m, 12),
        .no_prediction = odds(m, 2),
        .no_labels = 0,
    };
    struct pmt_sink sink;
    int rc;

    for (unsigned i = 0; i < 16; i++)
        info.uuid[i] = (uint8_t)trace_random(&uuid_seed);
    memset(info.boot_id, 7, 16);
    pmt_sink_to_buffer(&sink, m->out);
    choose_kinds(m);
    rc = pmt_writer_new(&m->w, &sink, &info, &options, m->err);
    if (rc < 0)
        return rc;
    rc = define_codes(m);
    rc = rc < 0 ? rc : define_others(m);
    rc = rc < 0 ? rc : make_records(m);
    if (m->plan->whole || !odds(m, 6))
        rc = rc < 0 ? rc : pmt_writer_finish(m->w, 1, m->err);
    else
        rc = rc < 0 ? rc : pmt_writer_flush(m->w, m->err);
    pmt_writer_free(m->w);
    return rc;
}

int trace_make(struct pmt_buffer *out, const struct trace_plan *plan,
               struct pmt_error *err)
{
    uint64_t seed = plan->seed * UINT64_C(0x100000001b3) + 17;
    unsigned streams = plan->streams;
    struct maker *m = malloc(sizeof *m);
    int rc = PMT_OK;

    if (!m)
        return PMT_ERR_MEMORY;
    if (!streams)
        streams = trace_below(&seed, 3) ? 1 : 2 + (unsigned)trace_below(&seed, 2);
    for (unsigned i = 0; rc == PMT_OK && i < streams; i++) {
        memset(m, 0, sizeof *m);
        m->plan = plan;
        m->out = out;
        m->err = err;
        m->seed = trace_random(&seed);
        rc = make_stream(m, i);
    }
    free(m);
    return rc;
}
