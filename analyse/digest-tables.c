/* digest-tables.c: the tables of a stream in its content digest: each entry by
 * a hash of what it says, and of those it refers to. */
#include <stdlib.h>

#include "digest-private.h"

void pmt_digest_entries_release(struct pmt_digest_entries *t)
{
    pmt_id_map_release(&t->place);
    free(t->of);
}

static const pmt_hash none;

static const uint8_t *entry_of(const struct pmt_digest_stream *s, uint32_t kind,
                               uint64_t id)
{
    const struct pmt_digest_entries *t = &s->table[kind - PMT_KIND_CODES];
    uint32_t place = id <= PMT_ID_MAX ? pmt_id_map_get(&t->place, (uint32_t)id)
                                      : 0;

    return place != 0 ? t->of[place - 1] : none;
}

/* The entry of an id, made where there is none; NULL: no memory. Valid until
 * the next is made. */
static pmt_hash *make_entry(struct pmt_digest_entries *t, uint32_t id)
{
    uint32_t place = pmt_id_map_get(&t->place, id);
    pmt_hash *more;

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

void pmt_digest_put_entry(struct pmt_blake2b *b,
                          const struct pmt_digest_stream *s, uint32_t kind,
                          uint64_t id)
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

static void put_string(struct pmt_blake2b *b, const struct pmt_digest_stream *s,
                       uint64_t id)
{
    struct pmt_text text;

    if (id > UINT32_MAX || !pmt_stream_string(s->stream, (uint32_t)id, &text))
        text.bytes = NULL;
    pmt_hash_text(b, text);
}

static void hash_entry(const struct pmt_digest_stream *s, struct pmt_reader *r,
                       uint32_t kind, uint64_t id, uint32_t row, pmt_hash out)
{
    static const char *const words[PMT_DIGEST_TABLES] = {"code",   "cfunction",
                                                         "type",   "stack",
                                                         "thread", "class"};
    uint64_t v[6];
    struct pmt_blake2b b;

    for (unsigned k = 1; k < 6; k++)
        v[k] = value_at(r, k, row);
    pmt_blake2b_init(&b);
    pmt_hash_word(&b, words[kind - PMT_KIND_CODES]);
    if (kind == PMT_KIND_CODES || kind == PMT_KIND_CFUNCTIONS) {
        put_string(&b, s, v[1]);
        put_string(&b, s, v[2]);
        if (kind == PMT_KIND_CODES)
            pmt_hash_u64(&b, v[3]);
    } else if (kind == PMT_KIND_TYPES) {
        put_string(&b, s, v[1]);
        pmt_hash_u64(&b, v[2]);
        pmt_hash_u64(&b, v[3]);
    } else if (kind == PMT_KIND_STACKS) {
        pmt_digest_put_entry(&b, s, PMT_KIND_STACKS, id - v[1]);
        pmt_digest_put_entry(&b, s, PMT_KIND_CODES, v[2]);
        pmt_hash_u64(&b, v[3]);
    } else if (kind == PMT_KIND_THREADS) {
        pmt_hash_u64(&b, v[1]);
        pmt_hash_u64(&b, v[2]);
    } else {
        pmt_hash_u64(&b, v[1]);
        pmt_hash_u64(&b, v[2]);
        pmt_digest_put_entry(&b, s, PMT_KIND_STACKS, v[3]);
        pmt_digest_put_entry(&b, s, PMT_KIND_TYPES, v[4]);
        pmt_digest_put_entry(&b, s, PMT_KIND_CFUNCTIONS, v[5]);
    }
    pmt_blake2b_result(&b, out);
}

int pmt_digest_take_table(struct pmt_digest_stream *s, struct pmt_reader *r,
                          const struct pmt_event *event)
{
    uint32_t kind = event->envelope.kind;
    struct pmt_digest_entries *t;
    const uint64_t *ids = pmt_reader_column(r, 0);

    if (kind < PMT_KIND_CODES || kind > PMT_KIND_CLASSES || ids == NULL)
        return PMT_OK;
    t = &s->table[kind - PMT_KIND_CODES];
    for (uint32_t i = 0; i < event->envelope.count; i++) {
        uint32_t id = (uint32_t)ids[i];
        struct pmt_blake2b b;
        pmt_hash *entry, *name;

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
        pmt_hash_word(&b, "name");
        pmt_blake2b_update(&b, *entry, PMT_DIGEST_BYTES);
        put_string(&b, s, value_at(r, 3, i));
        pmt_blake2b_result(&b, *name);
    }
    return PMT_OK;
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, PMT_DIGEST_BYTES);
}

int pmt_digest_put_set(struct pmt_blake2b *b,
                       const struct pmt_digest_entries *t)
{
    pmt_hash *sorted = malloc(t->count * sizeof *sorted + 1);
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
    pmt_hash_u64(b, distinct);
    pmt_hash_result(b, &all);
    return PMT_OK;
}
