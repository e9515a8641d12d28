/* rewrite-live.c - live sets that are put in, with the table entries that they
 * need (pmt/rewrite.h). */
#include "rewrite-private.h"

#include <stdlib.h>
#include <string.h>

#include "live-map.h"
#include "table-fields.h"

#define TABLE_ENTRIES 4096u        /* of a chunk */
#define TEXT_BYTES ((size_t)1 << 20) /* likewise, about */

/* The ids wanted of one table: a bit each, below `size`. */
struct wanted {
    uint64_t *bits;
    uint32_t size;
};

struct tables {
    struct pmt_rewriter *w;
    const struct pmt_stream *s;
    struct pmt_envelope where;
    struct pmt_error *err;
    struct wanted strings, codes, types, stacks, threads;
};

static int want_none(const struct tables *t, struct wanted *x,
                     enum pmt_kind kind)
{
    x->size = pmt_stream_table_size(t->s, kind);
    x->bits = calloc(x->size / 64 + 1, sizeof *x->bits);
    return x->bits ? PMT_OK : PMT_ERR_MEMORY;
}

/* True when the id was not wanted before; never for 0 or one that is not. */
static bool want(struct wanted *x, uint32_t id)
{
    uint64_t bit = UINT64_C(1) << (id & 63);

    if (id == 0 || id >= x->size || x->bits[id >> 6] & bit) {
        return false;
    }
    x->bits[id >> 6] |= bit;
    return true;
}

static void want_stack(struct tables *t, uint32_t id)
{
    struct pmt_site site;
    struct pmt_code code;

    while (want(&t->stacks, id) && pmt_stream_site(t->s, id, &site)) {
        if (want(&t->codes, site.code) &&
            pmt_stream_code(t->s, site.code, &code)) {
            want(&t->strings, code.file_string);
            want(&t->strings, code.function_string);
        }
        id = site.parent;
    }
}

static void want_row(struct tables *t, const struct pmt_live *row)
{
    struct pmt_type type;
    struct pmt_thread thread;

    want_stack(t, row->stack);
    if (want(&t->types, row->type) &&
        pmt_stream_type(t->s, row->type, &type)) {
        want(&t->strings, type.name_string);
    }
    if (want(&t->threads, row->thread) &&
        pmt_stream_thread(t->s, row->thread, &thread)) {
        want(&t->strings, thread.name_string);
    }
}

/* ---- entries ------------------------------------------------------------- */

/* Is the entry stated? Its columns from 1 on, but of a string. */
static bool fields_of(const struct tables *t, enum pmt_kind kind, uint32_t id,
                      uint64_t fields[PMT_TABLE_FIELDS])
{
    struct pmt_text text;

    return kind == PMT_KIND_STRINGS
               ? pmt_stream_string(t->s, id, &text)
               : pmt_table_fields(t->s, kind, id, fields) > 0;
}

static int put_texts(struct tables *t, const uint64_t *ids, size_t n)
{
    struct pmt_buffer *b = &t->w->body.bytes;
    int rc = pmt_cbor_put_uint(b, 1);

    rc = rc < 0 ? rc : pmt_cbor_put_array(b, n);
    for (size_t i = 0; rc == PMT_OK && i < n; i++) {
        struct pmt_text text;

        pmt_stream_string(t->s, (uint32_t)ids[i], &text);
        rc = pmt_cbor_put_text(b, text.bytes ? text.bytes : "", text.length);
    }
    t->w->body.entries++;
    return rc;
}

/* One chunk of the entries `ids`. */
static int put_entries(struct tables *t, enum pmt_kind kind,
                       const uint64_t *ids, size_t n)
{
    struct pmt_envelope e = t->where;
    uint64_t v[TABLE_ENTRIES], fields[PMT_TABLE_FIELDS];
    int rc;

    e.kind = kind;
    e.count = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        v[i] = ids[i] - (i ? ids[i - 1] : 0);
    }
    rc = pmt_body_column(&t->w->body, 0, v, n, PMT_CODEC_ULEB, false);
    if (rc == PMT_OK && kind == PMT_KIND_STRINGS) {
        rc = put_texts(t, ids, n);
    }
    for (unsigned f = 0; rc == PMT_OK && f < 3 && kind != PMT_KIND_STRINGS;
         f++) {
        for (size_t i = 0; i < n; i++) {
            fields_of(t, kind, (uint32_t)ids[i], fields);
            v[i] = fields[f];
        }
        rc = pmt_body_column(&t->w->body, f + 1, v, n, PMT_CODEC_ULEB,
                             kind != PMT_KIND_STACKS || f > 0);
    }
    return rc < 0 ? pmt_error_set_memory(t->err)
                  : pmt_rewriter_write(t->w, &e, t->err);
}

static int put_table(struct tables *t, enum pmt_kind kind,
                     const struct wanted *x)
{
    uint64_t ids[TABLE_ENTRIES], fields[PMT_TABLE_FIELDS];
    size_t n = 0, bytes = 0;
    int rc = PMT_OK;

    for (uint32_t id = 1; rc == PMT_OK && id < x->size; id++) {
        struct pmt_text text;

        if (!(x->bits[id >> 6] >> (id & 63) & 1) ||
            !fields_of(t, kind, id, fields)) {
            continue;
        }
        if (kind == PMT_KIND_STRINGS && pmt_stream_string(t->s, id, &text)) {
            bytes += text.length;
        }
        ids[n++] = id;
        if (n == TABLE_ENTRIES || bytes > TEXT_BYTES) {
            rc = put_entries(t, kind, ids, n);
            n = bytes = 0;
        }
    }
    return rc == PMT_OK && n ? put_entries(t, kind, ids, n) : rc;
}

static int put_tables(struct tables *t, const struct pmt_live *rows,
                      size_t count)
{
    int rc = want_none(t, &t->strings, PMT_KIND_STRINGS);

    rc = rc < 0 ? rc : want_none(t, &t->codes, PMT_KIND_CODES);
    rc = rc < 0 ? rc : want_none(t, &t->types, PMT_KIND_TYPES);
    rc = rc < 0 ? rc : want_none(t, &t->stacks, PMT_KIND_STACKS);
    rc = rc < 0 ? rc : want_none(t, &t->threads, PMT_KIND_THREADS);
    if (rc < 0) {
        rc = pmt_error_set_memory(t->err);
    }
    for (size_t i = 0; rc == PMT_OK && i < count; i++) {
        want_row(t, &rows[i]);
    }
    rc = rc < 0 ? rc : put_table(t, PMT_KIND_STRINGS, &t->strings);
    rc = rc < 0 ? rc : put_table(t, PMT_KIND_CODES, &t->codes);
    rc = rc < 0 ? rc : put_table(t, PMT_KIND_TYPES, &t->types);
    rc = rc < 0 ? rc : put_table(t, PMT_KIND_STACKS, &t->stacks);
    rc = rc < 0 ? rc : put_table(t, PMT_KIND_THREADS, &t->threads);
    free(t->strings.bits);
    free(t->codes.bits);
    free(t->types.bits);
    free(t->stacks.bits);
    free(t->threads.bits);
    return rc;
}

/* ---- the set ------------------------------------------------------------- */

static struct pmt_kept kept_of(const struct pmt_live *row, uint64_t time)
{
    return (struct pmt_kept){
        .address = row->address,
        .size = row->size,
        .time = row->time < time ? row->time : time,
        .stack = pmt_possible_id(row->stack),
        .thread = pmt_possible_id(row->thread),
        .type = pmt_possible_id(row->type) & PMT_ID_MAX,
        .domain = row->domain & 3,
    };
}

static int put_sets(struct tables *t, enum pmt_kind of_kind,
                    const struct pmt_kept *rows, size_t count)
{
    const size_t each = PMT_CHUNK_RECORDS_MAX;
    size_t parts = count ? (count + each - 1) / each : 1;
    int rc = PMT_OK;

    for (size_t part = 0; rc == PMT_OK && part < parts; part++) {
        size_t at = part * each;
        size_t n = count - at < each ? count - at : each;
        struct pmt_envelope e = t->where;

        e.kind = PMT_KIND_LIVE_SET;
        e.count = (uint32_t)n;
        e.ordinal += at;
        if (pmt_encode_live(t->w->encoder, &t->w->body, e.t0, of_kind,
                            rows + at, n, (uint32_t)part,
                            (uint32_t)parts) < 0) {
            rc = pmt_error_set_memory(t->err);
        }
        rc = rc < 0 ? rc : pmt_rewriter_write(t->w, &e, t->err);
    }
    return rc;
}

int pmt_rewriter_live_set(struct pmt_rewriter *w, const struct pmt_stream *s,
                          const struct pmt_envelope *where,
                          enum pmt_kind of_kind, struct pmt_live *rows,
                          size_t count, struct pmt_error *err)
{
    struct tables t = {.w = w, .s = s, .where = *where, .err = err};
    struct pmt_kept *kept = malloc((count ? count : 1) * sizeof *kept);
    int rc;

    if (!kept) {
        return pmt_error_set_memory(err);
    }
    t.where.rss0 = t.where.align = t.where.model = 0;
    t.where.t1 = t.where.t0;
    for (size_t i = 0; i < count; i++) {
        kept[i] = kept_of(&rows[i], where->t0);
    }
    pmt_kept_sort(kept, count);
    w->body.bytes.used = 0;
    w->body.entries = 0;
    rc = put_tables(&t, rows, count);
    rc = rc < 0 ? rc : put_sets(&t, of_kind, kept, count);
    free(kept);
    return rc;
}
