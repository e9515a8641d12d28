/* digest-records.c: the records of a stream in its content digest: column by
 * column, whatever chunks they came in. */
#include <stdlib.h>

#include "digest-private.h"

void pmt_digest_series_free(struct pmt_digest_series *s)
{
    for (size_t i = 0; s != NULL && i < PMT_DIGEST_COLUMNS; i++)
        pmt_id_map_release(&s->seen[i]);
    free(s);
}

static struct pmt_digest_series *new_series(void)
{
    struct pmt_digest_series *s = calloc(1, sizeof *s);

    for (size_t i = 0; s != NULL && i < PMT_DIGEST_COLUMNS; i++)
        pmt_blake2b_init(&s->column[i]);
    if (s != NULL) {
        pmt_blake2b_init(&s->ordinals);
        pmt_blake2b_init(&s->extra);
    }
    return s;
}

/* One chunk on its way into a series. */
struct taking {
    uint64_t *values; /* work space: a column */
    struct pmt_digest_stream *stream;
    struct pmt_digest_series *series;
    struct pmt_reader *reader;
    uint32_t n;
    unsigned column; /* the next of the series */
    uint64_t tick_ns, rss_unit;
    int code;
};

static void take_values(struct taking *t, const uint64_t *values)
{
    pmt_blake2b_update(&t->series->column[t->column++], values,
                       (size_t)t->n * sizeof *values);
}

/* A column times `unit`, or zeros. */
static void take_plain(struct taking *t, unsigned number, uint64_t unit)
{
    const uint64_t *from = pmt_reader_column(t->reader, number);
    uint64_t *to = t->values;

    if (from != NULL && unit == 1) {
        take_values(t, from);
        return;
    }
    for (uint32_t i = 0; i < t->n; i++)
        to[i] = from != NULL ? from[i] * unit : 0;
    take_values(t, to);
}

/* Ids of the table `kind` as the number of the entry among those met in this
 * column; when it is met first, its hash follows. */
static void take_references(struct taking *t, const uint64_t *ids,
                            uint32_t kind)
{
    struct pmt_blake2b *b = &t->series->column[t->column];
    struct pmt_id_map *seen = &t->series->seen[t->column];
    uint32_t *count = &t->series->seen_count[t->column++];
    uint64_t *numbers = t->values;
    uint32_t waiting = 0;

    for (uint32_t i = 0; i < t->n; i++) {
        uint32_t id = ids != NULL ? (uint32_t)ids[i] : 0;
        uint32_t number = id > 0 ? pmt_id_map_get(seen, id) : 0;

        if (id == 0 || number > 0) {
            numbers[waiting++] = number;
            continue;
        }
        numbers[waiting++] = ++*count;
        if (pmt_id_map_set(seen, id, *count) < 0)
            t->code = PMT_ERR_MEMORY;
        pmt_blake2b_update(b, numbers, waiting * sizeof *numbers);
        waiting = 0;
        pmt_digest_put_entry(b, t->stream, kind, id);
    }
    pmt_blake2b_update(b, numbers, waiting * sizeof *numbers);
}

static void take_reference(struct taking *t, unsigned number, uint32_t kind)
{
    take_references(t, pmt_reader_column(t->reader, number), kind);
}

static void take_time(struct taking *t)
{
    take_plain(t, PMT_COL_TIME, t->tick_ns);
}

static void take_thread(struct taking *t)
{
    take_reference(t, PMT_COL_THREAD, PMT_KIND_THREADS);
}

/* The same number in every row. */
static void take_same(struct taking *t, uint64_t value)
{
    for (uint32_t i = 0; i < t->n; i++)
        t->values[i] = value;
    take_values(t, t->values);
}

static void take_calls(struct taking *t)
{
    take_time(t);
    take_thread(t);
    take_reference(t, PMT_COL_CLASS, PMT_KIND_CLASSES);
    take_plain(t, PMT_COL_RSS, t->rss_unit);
    take_plain(t, PMT_COL_GAP, 1);
    take_plain(t, PMT_COL_OFFSET, 1);
    take_plain(t, PMT_COL_RSS_READ, 1);
}

/* Type and site of a class count, not the class, whose op is its lowest
 * bit. */
static void take_objects(struct taking *t)
{
    const struct pmt_object *o = pmt_reader_objects(t->reader);
    uint64_t *v = t->values, *ids;

    if (o == NULL || (ids = malloc(t->n * sizeof *ids + 1)) == NULL) {
        t->code = PMT_ERR_MEMORY;
        return;
    }
    take_time(t);
    take_thread(t);
    for (uint32_t i = 0; i < t->n; i++)
        v[i] = o[i].op;
    take_values(t, v);
    for (uint32_t i = 0; i < t->n; i++)
        ids[i] = o[i].type;
    take_references(t, ids, PMT_KIND_TYPES);
    for (uint32_t i = 0; i < t->n; i++)
        ids[i] = o[i].stack;
    take_references(t, ids, PMT_KIND_STACKS);
    free(ids);
    take_plain(t, PMT_COL_ADDRESS, 1);
    take_plain(t, PMT_COL_RSS, t->rss_unit);
    take_plain(t, PMT_COL_GAP, 1);
    take_plain(t, PMT_COL_SIZE, 1);
    take_plain(t, PMT_COL_RSS_READ, 1);
}

static void take_allocs(struct taking *t)
{
    take_time(t);
    take_thread(t);
    take_plain(t, PMT_COL_OP, 1);
    take_plain(t, PMT_COL_ADDRESS, 1);
    take_plain(t, PMT_COL_SIZE, 1);
    take_reference(t, PMT_COL_STACK, PMT_KIND_STACKS);
    take_plain(t, PMT_COL_GAP, 1);
}

/* The figures that are there, by name. */
static void take_figures(struct taking *t)
{
    const uint64_t *column[1024];
    size_t count = 0, there = 0;
    const struct pmt_figure *figures = pmt_reader_figures(t->reader, &count);
    struct pmt_blake2b *b = &t->series->extra;

    take_time(t);
    take_thread(t);
    take_plain(t, PMT_COL_PID, 1);
    for (size_t k = 0; k < count && k < 1024; k++) {
        column[k] = pmt_reader_column(t->reader, PMT_COL_FIGURES + (unsigned)k);
        there += column[k] != NULL;
    }
    for (uint32_t i = 0; i < t->n; i++) {
        pmt_hash_u64(b, there);
        for (size_t k = 0; k < count && k < 1024; k++) {
            if (column[k] == NULL)
                continue;
            pmt_hash_text(b, figures[k].name);
            pmt_hash_u64(b, column[k][i]);
        }
    }
}

static void take_snapshot(struct taking *t, const struct pmt_event *event)
{
    size_t count = 0;
    const struct pmt_figure *values = pmt_reader_figures(t->reader, &count);
    struct pmt_blake2b b;
    pmt_hash said;

    take_same(t, event->envelope.t0 * t->tick_ns);
    take_reference(t, PMT_COL_STACK, PMT_KIND_STACKS);
    take_plain(t, PMT_COL_BLOCKS, 1);
    take_plain(t, PMT_COL_SIZE, 1);
    take_reference(t, PMT_COL_TYPE, PMT_KIND_TYPES);
    take_plain(t, PMT_COL_DOMAIN, 1);
    pmt_blake2b_init(&b);
    pmt_hash_text(&b, pmt_reader_text(t->reader, 0));
    for (size_t k = 0; k < count; k++) {
        pmt_hash_text(&b, values[k].name);
        pmt_hash_text(&b, values[k].unit);
        pmt_hash_u64(&b, (uint64_t)values[k].value);
    }
    pmt_blake2b_result(&b, said);
    for (uint32_t i = 0; i < t->n; i++)
        pmt_blake2b_update(&t->series->extra, said, sizeof said);
}

static void take_marks(struct taking *t)
{
    take_time(t);
    take_thread(t);
    for (uint32_t i = 0; i < t->n; i++)
        pmt_hash_text(&t->series->extra, pmt_reader_text(t->reader, i));
}

static void take_gcs(struct taking *t)
{
    take_time(t);
    take_thread(t);
    take_plain(t, PMT_COL_OP, 1);
    take_plain(t, PMT_COL_GENERATION, 1);
    take_plain(t, PMT_COL_COLLECTED, 1);
    take_plain(t, PMT_COL_UNCOLLECTABLE, 1);
    take_plain(t, PMT_COL_DURATION, 1);
}

static void put_known(struct pmt_blake2b *b, struct pmt_text text)
{
    pmt_hash_bytes(b, text.bytes, text.bytes != NULL ? text.length : 0);
}

static void take_processes(struct taking *t)
{
    const struct pmt_process *list = pmt_reader_processes(t->reader);
    struct pmt_blake2b *b = &t->series->extra;

    if (list == NULL && t->n > 0) {
        t->code = PMT_ERR_MEMORY;
        return;
    }
    take_time(t);
    take_plain(t, PMT_COL_OP, 1);
    take_plain(t, PMT_COL_HOW, 1);
    take_plain(t, PMT_COL_PID, 1);
    take_plain(t, PMT_COL_PPID, 1);
    take_plain(t, PMT_COL_STARTED, 1);
    take_plain(t, PMT_COL_STATUS, 1);
    for (uint32_t i = 0; i < t->n; i++) {
        put_known(b, list[i].executable);
        pmt_hash_u64(b, list[i].argc);
        for (size_t k = 0; k < list[i].argc; k++)
            pmt_hash_text(b, list[i].argv[k]);
        put_known(b, list[i].name);
        put_known(b, list[i].note);
    }
}

/* A live set before the first record of its kind. */
static void take_live(struct taking *t, const struct pmt_event *event)
{
    const uint64_t *age = pmt_reader_column(t->reader, PMT_COL_AGE);
    uint64_t *v = t->values;

    take_plain(t, PMT_COL_ADDRESS, 1);
    take_plain(t, PMT_COL_SIZE, 1);
    take_reference(t, PMT_COL_STACK, PMT_KIND_STACKS);
    take_reference(t, PMT_COL_TYPE, PMT_KIND_TYPES);
    take_thread(t);
    take_plain(t, PMT_COL_DOMAIN, 1);
    for (uint32_t i = 0; i < t->n; i++)
        v[i] = (event->envelope.t0 - (age != NULL ? age[i] : 0)) * t->tick_ns;
    take_values(t, v);
}

static void take_rows(struct taking *t, const struct pmt_event *event)
{
    switch (event->envelope.kind) {
    case PMT_KIND_ANCHORS:
        take_time(t);
        for (unsigned k = 0; k < 3; k++)
            take_plain(t, PMT_COL_FIGURES + k, 1);
        break;
    case PMT_KIND_CALL:
    case PMT_KIND_LINE:
        take_calls(t);
        break;
    case PMT_KIND_OBJECT:
        take_objects(t);
        break;
    case PMT_KIND_ALLOC:
        take_allocs(t);
        break;
    case PMT_KIND_SAMPLE:
    case PMT_KIND_HEAP:
        take_figures(t);
        break;
    case PMT_KIND_SNAPSHOT:
        take_snapshot(t, event);
        break;
    case PMT_KIND_MARK:
        take_marks(t);
        break;
    case PMT_KIND_GC:
        take_gcs(t);
        break;
    case PMT_KIND_LOSS:
        take_time(t);
        take_plain(t, PMT_COL_OP, 1);
        take_plain(t, PMT_COL_EVENTS, 1);
        break;
    case PMT_KIND_PROCESS:
        take_processes(t);
        break;
    default: /* a live set */
        take_live(t, event);
        break;
    }
}

/* The series that a chunk goes into; NULL: none, or (t->code) no memory. */
static struct pmt_digest_series *series_for(struct taking *t,
                                            const struct pmt_event *event)
{
    uint32_t kind = event->envelope.kind, of, part, parts;
    struct pmt_digest_series **s = &t->stream->kind[kind];

    if (kind == PMT_KIND_LIVE_SET) {
        pmt_reader_live_part(t->reader, &of, &part, &parts);
        if (t->stream->kind[of] != NULL)
            return NULL;
        s = &t->stream->live[of == PMT_KIND_ALLOC];
        if (part == 0) {
            pmt_digest_series_free(*s);
            *s = NULL;
        }
    }
    if (*s == NULL && (*s = new_series()) == NULL)
        t->code = PMT_ERR_MEMORY;
    return *s;
}

int pmt_digest_take_chunk(uint64_t *values, struct pmt_digest_stream *s,
                          struct pmt_reader *r, const struct pmt_event *event)
{
    const struct pmt_stream_header *h = pmt_stream_header(event->stream);
    const struct pmt_envelope *e = &event->envelope;
    struct taking t = {.values = values,
                       .stream = s,
                       .reader = r,
                       .n = e->count,
                       .tick_ns = h->major > 0 ? h->tick_ns : 1,
                       .rss_unit = h->major > 0 ? h->rss_unit : 4096};

    if (e->count == 0)
        return PMT_OK;
    t.series = series_for(&t, event);
    if (t.series == NULL)
        return t.code;
    if (!s->filtered && e->kind != PMT_KIND_ANCHORS &&
        e->kind != PMT_KIND_LIVE_SET && e->ordinal != t.series->next_ordinal) {
        pmt_hash_u64(&t.series->ordinals, t.series->records);
        pmt_hash_u64(&t.series->ordinals, e->ordinal);
    }
    t.series->next_ordinal = e->ordinal + e->count;
    t.series->records += e->count;
    take_rows(&t, event);
    return t.code;
}

/* How many columns a kind has, and whether something else too. */
static unsigned columns_of(uint32_t kind, bool *extra)
{
    static const struct {
        uint8_t columns;
        bool extra;
    } of[PMT_KIND_KNOWN] = {
        [PMT_KIND_ANCHORS] = {4, false}, [PMT_KIND_CALL] = {7, false},
        [PMT_KIND_LINE] = {7, false},    [PMT_KIND_OBJECT] = {10, false},
        [PMT_KIND_ALLOC] = {7, false},   [PMT_KIND_SAMPLE] = {3, true},
        [PMT_KIND_HEAP] = {3, true},     [PMT_KIND_SNAPSHOT] = {6, true},
        [PMT_KIND_MARK] = {2, true},     [PMT_KIND_GC] = {7, false},
        [PMT_KIND_LOSS] = {3, false},    [PMT_KIND_LIVE_SET] = {7, false},
        [PMT_KIND_PROCESS] = {7, true},
    };

    *extra = of[kind].extra;
    return of[kind].columns;
}

void pmt_digest_put_series(struct pmt_blake2b *b, uint32_t kind,
                           const struct pmt_digest_series *s)
{
    bool extra;
    unsigned n = columns_of(kind, &extra);

    pmt_hash_u64(b, s->records);
    for (unsigned i = 0; i < n; i++)
        pmt_hash_result(b, &s->column[i]);
    if (extra)
        pmt_hash_result(b, &s->extra);
    if (kind != PMT_KIND_ANCHORS && kind != PMT_KIND_LIVE_SET)
        pmt_hash_result(b, &s->ordinals);
}
