/* digest.c: the content digest (spec, annex B). */
#include "digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blake2b.h"
#include "dump.h"
#include "id-map.h"

#define COLUMNS 12
#define TABLES 6   /* from PMT_KIND_CODES to PMT_KIND_CLASSES */

typedef uint8_t hash[PMT_DIGEST_BYTES];

/* ---- what is hashed ------------------------------------------------------ */

/* Numbers are little-endian; columns go in as they lie in memory. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "columns are hashed as bytes");

static void put_u64(struct pmt_blake2b *s, uint64_t v)
{
    pmt_blake2b_update(s, &v, sizeof v);
}

static void put_bytes(struct pmt_blake2b *s, const char *bytes, size_t n)
{
    put_u64(s, n);
    pmt_blake2b_update(s, bytes, n);
}

static void put_text(struct pmt_blake2b *s, struct pmt_text text)
{
    if (text.bytes == NULL)
        put_u64(s, UINT64_MAX);
    else
        put_bytes(s, text.bytes, text.length);
}

static void put_word(struct pmt_blake2b *s, const char *word)
{
    pmt_blake2b_update(s, word, strlen(word));
}

/* ---- a stream ------------------------------------------------------------- */

/* The columns of one kind of record. */
struct series {
    uint64_t records;
    uint64_t next_ordinal;
    struct pmt_blake2b column[COLUMNS], ordinals, extra;
    struct pmt_id_map seen[COLUMNS]; /* ids of references, numbered as met */
    uint32_t seen_count[COLUMNS];
};

/* What is known of a table's entries; zeros: not stated. */
struct entries {
    struct pmt_id_map place; /* of an id in `of`, plus 1 */
    hash *of;
    size_t count, room;
};

struct stream {
    uint64_t key;
    const struct pmt_stream *stream; /* of the reader */
    bool current;      /* chunks of `stream` are of this one */
    bool filtered, incomplete, ended, clean;
    uint64_t end_lost;
    struct pmt_blake2b header;
    struct series *kind[PMT_KIND_KNOWN];
    struct series *live[2];      /* of object, of alloc */
    struct entries table[TABLES];
    struct entries name; /* of a thread's last name, by its id */
};

struct pmt_digests {
    struct stream **stream;
    size_t count, room;
    uint64_t *values;  /* work space: a column */
};

static void free_series(struct series *s)
{
    for (size_t i = 0; s != NULL && i < COLUMNS; i++)
        pmt_id_map_release(&s->seen[i]);
    free(s);
}

static void free_entries(struct entries *t)
{
    pmt_id_map_release(&t->place);
    free(t->of);
}

static void free_stream(struct stream *s)
{
    for (size_t i = 0; i < PMT_KIND_KNOWN; i++)
        free_series(s->kind[i]);
    free_series(s->live[0]);
    free_series(s->live[1]);
    for (size_t i = 0; i < TABLES; i++)
        free_entries(&s->table[i]);
    free_entries(&s->name);
    free(s);
}

struct pmt_digests *pmt_digests_new(void)
{
    struct pmt_digests *d = calloc(1, sizeof *d);

    if (d != NULL)
        d->values = malloc(65536 * sizeof *d->values);
    if (d != NULL && d->values == NULL) {
        free(d);
        d = NULL;
    }
    return d;
}

void pmt_digests_free(struct pmt_digests *d)
{
    if (d == NULL)
        return;
    for (size_t i = 0; i < d->count; i++)
        free_stream(d->stream[i]);
    free(d->stream);
    free(d->values);
    free(d);
}

size_t pmt_digests_count(const struct pmt_digests *d)
{
    return d->count;
}

static struct series *new_series(void)
{
    struct series *s = calloc(1, sizeof *s);

    for (size_t i = 0; s != NULL && i < COLUMNS; i++)
        pmt_blake2b_init(&s->column[i]);
    if (s != NULL) {
        pmt_blake2b_init(&s->ordinals);
        pmt_blake2b_init(&s->extra);
    }
    return s;
}

/* The stream that chunks of `of` are of; made when there is none, or when it
 * begins again. NULL: no memory. */
static struct stream *stream_of(struct pmt_digests *d,
                                const struct pmt_stream *of, bool begins)
{
    struct stream *s;

    for (size_t i = d->count; i-- > 0;)
        if (d->stream[i]->stream == of && d->stream[i]->current) {
            if (!begins)
                return d->stream[i];
            d->stream[i]->current = false;
        }
    if (d->count == d->room) {
        size_t room = d->room ? d->room * 2 : 8;
        struct stream **more = realloc(d->stream, room * sizeof *more);

        if (more == NULL)
            return NULL;
        d->stream = more;
        d->room = room;
    }
    s = calloc(1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->key = pmt_stream_key(of);
    s->stream = of;
    s->current = true;
    pmt_blake2b_init(&s->header);
    d->stream[d->count++] = s;
    return s;
}

/* The JSON of the header (spec 12) up to `start`, and the filters. */
static int take_header(struct stream *s, struct pmt_reader *r,
                       const struct pmt_event *event)
{
    const struct pmt_stream_header *h = pmt_stream_header(event->stream);
    const struct pmt_dump_filter all = {.to_ns = UINT64_MAX};
    char *text = NULL, *line, *end = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    struct pmt_dump *dump = file != NULL ? pmt_dump_new(file, &all) : NULL;

    if (dump != NULL) {
        pmt_dump_from(dump, r);
        pmt_dump_json_header(dump);
        pmt_dump_json(dump, event);
    }
    if (file != NULL && fclose(file) == 0 && dump != NULL)
        end = text;
    pmt_dump_free(dump);
    if (end == NULL) {
        free(text);
        return PMT_ERR_MEMORY;
    }
    line = strchr(text, '\n') + 1;
    /* Of a text in it, the quotes would be escaped; "part" as a setting
     * stands before "start". */
    end = strstr(strstr(line, ",\"start\":["), "],\"part\":");
    for (char *next = line; (next = strstr(next + 1, ",\"start\":["));)
        end = strstr(next, "],\"part\":");
    put_bytes(&s->header, line, (size_t)(end + 1 - line));
    free(text);
    s->filtered = h->filter != NULL;
    put_u64(&s->header, s->filtered ? h->filter_count : UINT64_MAX);
    for (size_t i = 0; i < h->filter_count; i++)
        put_text(&s->header, h->filter[i]);
    return PMT_OK;
}

/* ---- tables ---------------------------------------------------------------- */

static const hash none;

static const uint8_t *entry_of(const struct stream *s, uint32_t kind,
                               uint64_t id)
{
    const struct entries *t = &s->table[kind - PMT_KIND_CODES];
    uint32_t place = id <= PMT_ID_MAX ? pmt_id_map_get(&t->place, (uint32_t)id)
                                      : 0;

    return place != 0 ? t->of[place - 1] : none;
}

/* The entry of an id, made where there is none; NULL: no memory. Valid until
 * the next is made. */
static hash *make_entry(struct entries *t, uint32_t id)
{
    uint32_t place = pmt_id_map_get(&t->place, id);
    hash *more;

    if (place != 0)
        return &t->of[place - 1];
    if (t->count == t->room) {
        t->room = t->room ? t->room * 2 : 256;
        more = realloc(t->of, t->room * sizeof *more);
        if (more == NULL)
            return NULL;
        t->of = more;
    }
    if (pmt_id_map_set(&t->place, id, (uint32_t)t->count + 1) < 0)
        return NULL;
    memset(t->of[t->count], 0, sizeof *t->of);
    return &t->of[t->count++];
}

static void put_entry(struct pmt_blake2b *b, const struct stream *s,
                      uint32_t kind, uint64_t id)
{
    pmt_blake2b_update(b, entry_of(s, kind, id), PMT_DIGEST_BYTES);
}

/* Row `row` of a table chunk: numbers as they stand in it, which may be
 * greater than those of the look-ups. */
static uint64_t value_at(struct pmt_reader *r, unsigned column, uint32_t row)
{
    const uint64_t *values = pmt_reader_column(r, column);

    return values != NULL ? values[row] : 0;
}

static void put_string(struct pmt_blake2b *b, const struct stream *s,
                       uint64_t id)
{
    struct pmt_text text;

    if (id > UINT32_MAX || !pmt_stream_string(s->stream, (uint32_t)id, &text))
        text.bytes = NULL;
    put_text(b, text);
}

static void hash_entry(const struct stream *s, struct pmt_reader *r,
                       uint32_t kind, uint64_t id, uint32_t row, hash out)
{
    static const char *const words[TABLES] = {"code",  "cfunction", "type",
                                              "stack", "thread",    "class"};
    uint64_t v[6];
    struct pmt_blake2b b;

    for (unsigned k = 1; k < 6; k++)
        v[k] = value_at(r, k, row);
    pmt_blake2b_init(&b);
    put_word(&b, words[kind - PMT_KIND_CODES]);
    if (kind == PMT_KIND_CODES || kind == PMT_KIND_CFUNCTIONS) {
        put_string(&b, s, v[1]);
        put_string(&b, s, v[2]);
        if (kind == PMT_KIND_CODES)
            put_u64(&b, v[3]);
    } else if (kind == PMT_KIND_TYPES) {
        put_string(&b, s, v[1]);
        put_u64(&b, v[2]);
        put_u64(&b, v[3]);
    } else if (kind == PMT_KIND_STACKS) {
        put_entry(&b, s, PMT_KIND_STACKS, id - v[1]);
        put_entry(&b, s, PMT_KIND_CODES, v[2]);
        put_u64(&b, v[3]);
    } else if (kind == PMT_KIND_THREADS) {
        put_u64(&b, v[1]);
        put_u64(&b, v[2]);
    } else {
        put_u64(&b, v[1]);
        put_u64(&b, v[2]);
        put_entry(&b, s, PMT_KIND_STACKS, v[3]);
        put_entry(&b, s, PMT_KIND_TYPES, v[4]);
        put_entry(&b, s, PMT_KIND_CFUNCTIONS, v[5]);
    }
    pmt_blake2b_result(&b, out);
}

static int take_table(struct stream *s, struct pmt_reader *r,
                      const struct pmt_event *event)
{
    uint32_t kind = event->envelope.kind;
    struct entries *t;
    const uint64_t *ids = pmt_reader_column(r, 0);

    if (kind < PMT_KIND_CODES || kind > PMT_KIND_CLASSES || ids == NULL)
        return PMT_OK;
    t = &s->table[kind - PMT_KIND_CODES];
    for (uint32_t i = 0; i < event->envelope.count; i++) {
        uint32_t id = (uint32_t)ids[i];
        struct pmt_blake2b b;
        hash *entry, *name;

        entry = make_entry(t, id);
        if (entry == NULL)
            return PMT_ERR_MEMORY;
        if (memcmp(*entry, none, sizeof none) == 0)
            hash_entry(s, r, kind, id, i, *entry);
        if (kind != PMT_KIND_THREADS)
            continue;
        name = make_entry(&s->name, id);
        if (name == NULL)
            return PMT_ERR_MEMORY;
        pmt_blake2b_init(&b);
        put_word(&b, "name");
        pmt_blake2b_update(&b, *entry, PMT_DIGEST_BYTES);
        put_string(&b, s, value_at(r, 3, i));
        pmt_blake2b_result(&b, *name);
    }
    return PMT_OK;
}

/* ---- records ---------------------------------------------------------------- */

/* One chunk on its way into a series. */
struct taking {
    struct pmt_digests *digests;
    struct stream *stream;
    struct series *series;
    struct pmt_reader *reader;
    uint32_t n;
    unsigned column;       /* the next of the series */
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
    uint64_t *to = t->digests->values;

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
    uint64_t *numbers = t->digests->values;
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
        put_entry(b, t->stream, kind, id);
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
        t->digests->values[i] = value;
    take_values(t, t->digests->values);
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
    uint64_t *v = t->digests->values, *ids;

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
        column[k] = pmt_reader_column(t->reader,
                                      PMT_COL_FIGURES + (unsigned)k);
        there += column[k] != NULL;
    }
    for (uint32_t i = 0; i < t->n; i++) {
        put_u64(b, there);
        for (size_t k = 0; k < count && k < 1024; k++) {
            if (column[k] == NULL)
                continue;
            put_text(b, figures[k].name);
            put_u64(b, column[k][i]);
        }
    }
}

static void take_snapshot(struct taking *t, const struct pmt_event *event)
{
    size_t count = 0;
    const struct pmt_figure *values = pmt_reader_figures(t->reader, &count);
    struct pmt_blake2b b;
    hash said;

    take_same(t, event->envelope.t0 * t->tick_ns);
    take_reference(t, PMT_COL_STACK, PMT_KIND_STACKS);
    take_plain(t, PMT_COL_BLOCKS, 1);
    take_plain(t, PMT_COL_SIZE, 1);
    take_reference(t, PMT_COL_TYPE, PMT_KIND_TYPES);
    take_plain(t, PMT_COL_DOMAIN, 1);
    pmt_blake2b_init(&b);
    put_text(&b, pmt_reader_text(t->reader, 0));
    for (size_t k = 0; k < count; k++) {
        put_text(&b, values[k].name);
        put_text(&b, values[k].unit);
        put_u64(&b, (uint64_t)values[k].value);
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
        put_text(&t->series->extra, pmt_reader_text(t->reader, i));
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
    put_bytes(b, text.bytes, text.bytes != NULL ? text.length : 0);
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
        put_u64(b, list[i].argc);
        for (size_t k = 0; k < list[i].argc; k++)
            put_text(b, list[i].argv[k]);
        put_known(b, list[i].name);
        put_known(b, list[i].note);
    }
}

/* A live set before the first record of its kind. */
static void take_live(struct taking *t, const struct pmt_event *event)
{
    const uint64_t *age = pmt_reader_column(t->reader, PMT_COL_AGE);
    uint64_t *v = t->digests->values;

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
static struct series *series_for(struct taking *t,
                                 const struct pmt_event *event)
{
    uint32_t kind = event->envelope.kind, of, part, parts;
    struct series **s = &t->stream->kind[kind];

    if (kind == PMT_KIND_LIVE_SET) {
        pmt_reader_live_part(t->reader, &of, &part, &parts);
        if (t->stream->kind[of] != NULL)
            return NULL;
        s = &t->stream->live[of == PMT_KIND_ALLOC];
        if (part == 0) {
            free_series(*s);
            *s = NULL;
        }
    }
    if (*s == NULL && (*s = new_series()) == NULL)
        t->code = PMT_ERR_MEMORY;
    return *s;
}

static int take_chunk(struct pmt_digests *d, struct stream *s,
                      struct pmt_reader *r, const struct pmt_event *event)
{
    const struct pmt_stream_header *h = pmt_stream_header(event->stream);
    const struct pmt_envelope *e = &event->envelope;
    struct taking t = {.digests = d, .stream = s, .reader = r, .n = e->count,
                       .tick_ns = h->major > 0 ? h->tick_ns : 1,
                       .rss_unit = h->major > 0 ? h->rss_unit : 4096};

    if (e->count == 0)
        return PMT_OK;
    t.series = series_for(&t, event);
    if (t.series == NULL)
        return t.code;
    if (!s->filtered && e->kind != PMT_KIND_ANCHORS &&
        e->kind != PMT_KIND_LIVE_SET && e->ordinal != t.series->next_ordinal) {
        put_u64(&t.series->ordinals, t.series->records);
        put_u64(&t.series->ordinals, e->ordinal);
    }
    t.series->next_ordinal = e->ordinal + e->count;
    t.series->records += e->count;
    take_rows(&t, event);
    return t.code;
}

int pmt_digests_take(struct pmt_digests *d, struct pmt_reader *r,
                     const struct pmt_event *event)
{
    struct stream *s;
    bool begins = event->type == PMT_EVENT_STREAM && !event->goes_on;

    switch (event->type) {
    case PMT_EVENT_REFUSED:
    case PMT_EVENT_DAMAGE:
    case PMT_EVENT_FOREIGN:
    case PMT_EVENT_INDEX:
    case PMT_EVENT_JOURNAL:
        return PMT_OK;
    case PMT_EVENT_STREAM:
    case PMT_EVENT_TABLE:
    case PMT_EVENT_RECORDS:
    case PMT_EVENT_END:
    case PMT_EVENT_UNKNOWN:
    case PMT_EVENT_FEATURES:
    case PMT_EVENT_UNREADABLE:
    case PMT_EVENT_SKIPPED_CHUNK:
        break;
    }
    s = stream_of(d, event->stream, begins);
    if (s == NULL)
        return PMT_ERR_MEMORY;
    if (begins)
        return take_header(s, r, event);
    if (event->type == PMT_EVENT_END) {
        s->ended = true;
        s->clean = event->end_clean;
        s->end_lost = event->end_lost;
    } else if (event->type == PMT_EVENT_TABLE &&
               event->envelope.kind != PMT_KIND_ANCHORS) {
        return take_table(s, r, event);
    } else if (event->type == PMT_EVENT_TABLE ||
               event->type == PMT_EVENT_RECORDS) {
        return take_chunk(d, s, r, event);
    } else if (event->type != PMT_EVENT_STREAM) {
        s->incomplete = true;
    }
    return PMT_OK;
}

/* ---- the result --------------------------------------------------------------- */

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

static void put_result(struct pmt_blake2b *b, const struct pmt_blake2b *of)
{
    hash h;

    pmt_blake2b_result(of, h);
    pmt_blake2b_update(b, h, sizeof h);
}

static void put_series(struct pmt_blake2b *b, uint32_t kind,
                       const struct series *s)
{
    bool extra;
    unsigned n = columns_of(kind, &extra);

    put_u64(b, s->records);
    for (unsigned i = 0; i < n; i++)
        put_result(b, &s->column[i]);
    if (extra)
        put_result(b, &s->extra);
    if (kind != PMT_KIND_ANCHORS && kind != PMT_KIND_LIVE_SET)
        put_result(b, &s->ordinals);
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, PMT_DIGEST_BYTES);
}

/* The entries that are there, each once, in the order of their hashes. */
static int put_set(struct pmt_blake2b *b, const struct entries *t)
{
    hash *sorted = malloc(t->count * sizeof *sorted + 1);
    struct pmt_blake2b all;
    size_t n = 0, distinct = 0;

    if (sorted == NULL)
        return PMT_ERR_MEMORY;
    for (size_t i = 0; i < t->count; i++)
        if (memcmp(t->of[i], none, sizeof none) != 0)
            memcpy(sorted[n++], t->of[i], sizeof none);
    qsort(sorted, n, sizeof *sorted, by_bytes);
    pmt_blake2b_init(&all);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && memcmp(sorted[i], sorted[i - 1], sizeof none) == 0)
            continue;
        pmt_blake2b_update(&all, sorted[i], sizeof none);
        distinct++;
    }
    free(sorted);
    put_u64(b, distinct);
    put_result(b, &all);
    return PMT_OK;
}

int pmt_digests_get(const struct pmt_digests *d, size_t i,
                    struct pmt_digest *out)
{
    const struct stream *s = d->stream[i];
    struct pmt_blake2b b;
    int code = PMT_OK;

    pmt_blake2b_init(&b);
    put_word(&b, "pmt content 1");
    put_result(&b, &s->header);
    for (uint32_t kind = 0; kind < PMT_KIND_KNOWN; kind++)
        if (s->kind[kind] != NULL) {
            put_u64(&b, kind);
            put_series(&b, kind, s->kind[kind]);
        }
    for (unsigned k = 0; k < 2; k++)
        if (s->live[k] != NULL && s->live[k]->records > 0) {
            put_u64(&b, PMT_KIND_LIVE_SET);
            put_u64(&b, PMT_KIND_OBJECT + k);
            put_series(&b, PMT_KIND_LIVE_SET, s->live[k]);
        }
    for (uint32_t k = 0; code == PMT_OK && k < TABLES; k++) {
        put_u64(&b, PMT_KIND_CODES + k);
        code = put_set(&b, &s->table[k]);
    }
    code = code < 0 ? code : put_set(&b, &s->name);
    put_u64(&b, s->ended);
    put_u64(&b, s->end_lost);
    put_u64(&b, s->clean);
    out->key = s->key;
    out->incomplete = s->incomplete;
    out->allocs = s->kind[PMT_KIND_ALLOC] != NULL || s->live[1] != NULL;
    out->objects = s->kind[PMT_KIND_OBJECT] != NULL || s->live[0] != NULL;
    pmt_blake2b_result(&b, out->bytes);
    return code;
}
