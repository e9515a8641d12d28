/* encode.c - columns of every kind of chunk that the writer makes. */
#include "encode.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"

struct pmt_encoder {
    struct pmt_addresser *addresser; /* NULL: no addresses came yet */
    uint64_t *release;               /* and the columns for them */
    uint64_t *acquire;
    uint64_t *explicit_;
    uint64_t column[PMT_CHUNK_RECORDS_MAX];
};

int pmt_encoder_new(struct pmt_encoder **out)
{
    *out = malloc(sizeof **out);
    if (!*out) {
        return PMT_ERR_MEMORY;
    }
    (*out)->addresser = NULL;
    (*out)->release = (*out)->acquire = (*out)->explicit_ = NULL;
    return PMT_OK;
}

void pmt_encoder_free(struct pmt_encoder *e)
{
    if (e) {
        pmt_addresser_free(e->addresser);
        free(e->release);
        free(e->acquire);
        free(e->explicit_);
        free(e);
    }
}

uint64_t pmt_encoder_memory(const struct pmt_encoder *e)
{
    return sizeof *e + (e->addresser ? pmt_addresser_memory(e->addresser) +
                                           3 * sizeof e->column
                                     : 0);
}

/* Work space for addresses, which most kinds have not. */
static int need_addresser(struct pmt_encoder *e)
{
    if (e->addresser) {
        return PMT_OK;
    }
    free(e->release);
    free(e->acquire);
    free(e->explicit_);
    e->release = malloc(sizeof e->column);
    e->acquire = malloc(sizeof e->column);
    e->explicit_ = malloc(sizeof e->column);
    return e->release && e->acquire && e->explicit_
               ? pmt_addresser_new(&e->addresser)
               : PMT_ERR_MEMORY;
}

/*
 * Writes the column `id` whose value for record i is `value`, an expression
 * in i. The codecs named at each use are those that measured smallest on
 * recordings (docs/benchmarks.md).
 */
#define PUT(id, codec, may_be_absent, value)                                  \
    do {                                                                      \
        int put_rc_;                                                          \
                                                                              \
        for (size_t i = 0; i < n; i++) {                                      \
            e->column[i] = (value);                                           \
        }                                                                     \
        put_rc_ = pmt_body_column(body, id, e->column, n, codec,              \
                                  may_be_absent);                             \
        if (put_rc_ < 0) {                                                    \
            return put_rc_;                                                   \
        }                                                                     \
    } while (0)

/* ---- tables and clocks -------------------------------------------------- */

enum pmt_kind pmt_table_kind(enum pmt_def_table table)
{
    static const enum pmt_kind kinds[PMT_TABLES] = {
        [PMT_TABLE_STRINGS] = PMT_KIND_STRINGS,
        [PMT_TABLE_CODES] = PMT_KIND_CODES,
        [PMT_TABLE_CFUNCTIONS] = PMT_KIND_CFUNCTIONS,
        [PMT_TABLE_TYPES] = PMT_KIND_TYPES,
        [PMT_TABLE_STACKS] = PMT_KIND_STACKS,
        [PMT_TABLE_THREADS] = PMT_KIND_THREADS,
        [PMT_TABLE_CLASSES] = PMT_KIND_CLASSES,
    };

    return kinds[table];
}

static int put_strings(struct pmt_body *body, const struct pmt_defs *defs,
                       const uint32_t *ids, size_t n)
{
    int rc = pmt_cbor_put_uint(&body->bytes, 1);

    rc = rc < 0 ? rc : pmt_cbor_put_array(&body->bytes, n);
    for (size_t i = 0; rc == PMT_OK && i < n; i++) {
        size_t length;
        const char *text = pmt_defs_text(defs, ids[i], &length);

        rc = pmt_cbor_put_text(&body->bytes, text, length);
    }
    body->entries++;
    return rc;
}

int pmt_encode_table(struct pmt_encoder *e, struct pmt_body *body,
                     const struct pmt_defs *defs, enum pmt_def_table table,
                     const uint32_t *ids, size_t n)
{
    static const unsigned fields[PMT_TABLES] = {
        [PMT_TABLE_CODES] = 3,   [PMT_TABLE_CFUNCTIONS] = 2,
        [PMT_TABLE_TYPES] = 3,
        [PMT_TABLE_STACKS] = 3,  [PMT_TABLE_THREADS] = 3,
        [PMT_TABLE_CLASSES] = 5,
    };

    PUT(0, PMT_CODEC_ULEB, false, ids[i] - (i ? ids[i - 1] : 0));
    if (table == PMT_TABLE_STRINGS) {
        return put_strings(body, defs, ids, n);
    }
    for (unsigned f = 0; f < fields[table]; f++) {
        if (table == PMT_TABLE_STACKS && f == 0) {
            PUT(1, PMT_CODEC_ULEB, false,
                ids[i] - pmt_defs_field(defs, table, ids[i], 0));
            continue;
        }
        PUT(f + 1, PMT_CODEC_ULEB, true,
            pmt_defs_field(defs, table, ids[i], f));
    }
    return PMT_OK;
}

int pmt_encode_anchors(struct pmt_encoder *e, struct pmt_body *body,
                       const struct pmt_anchor *a, size_t n)
{
    PUT(1, PMT_CODEC_ULEB, false, a[i].time - (i ? a[i - 1].time : 0));
    PUT(32, PMT_CODEC_ULEB, false, a[i].mono_ns - (i ? a[i - 1].mono_ns : 0));
    PUT(33, PMT_CODEC_ULEB, false,
        pmt_zigzag((uint64_t)a[i].real_ns -
                   (i ? (uint64_t)a[i - 1].real_ns : 0)));
    PUT(34, PMT_CODEC_ULEB, true, a[i].uncertainty_ns);
    return PMT_OK;
}

/* ---- records ------------------------------------------------------------ */

/* Columns 8, 9 and 10, and the envelope's align. */
static int put_addresses(struct pmt_encoder *e, struct pmt_body *body,
                         uint32_t model, const uint64_t *addresses,
                         const uint8_t *slots, const uint16_t *classes,
                         size_t n, uint32_t *align)
{
    struct pmt_address_columns c;
    int rc = need_addresser(e);

    if (rc < 0) {
        return rc;
    }
    c.release = e->release;
    c.acquire = e->acquire;
    c.explicit_ = e->explicit_;

    pmt_addresses_encode(e->addresser, model, addresses, slots, classes, n,
                         &c);
    *align = c.align;
    rc = pmt_body_column(body, 8, c.release, c.releases, PMT_CODEC_PLANES,
                         false);
    rc = rc < 0 ? rc : pmt_body_column(body, 9, c.acquire, c.acquires,
                                       PMT_CODEC_PLANES, false);
    return rc < 0 ? rc : pmt_body_column(body, 10, c.explicit_, c.explicits,
                                         PMT_CODEC_PLANES, false);
}

int pmt_encode_allocs(struct pmt_encoder *e, struct pmt_body *body,
                      struct pmt_alloc_stage *s, uint32_t model,
                      uint32_t *align)
{
    size_t n = s->count;
    int rc = pmt_packed_put(&s->step, body, 1, n, false);

    rc = rc < 0 ? rc : pmt_runs_put(&s->thread, body, 2, n, true);
    rc = rc < 0 ? rc : pmt_runs_put(&s->gap, body, 4, n, true);
    /* Where addresses are predicted by size, a reader asks for the column. */
    rc = rc < 0 ? rc
                : pmt_packed_put(&s->size, body, 6, s->size.count,
                                 model == 0);
    if (rc < 0) {
        return rc;
    }
    PUT(7, PMT_CODEC_PLANES, true, s->stack[i]);
    rc = put_addresses(e, body, model, s->address, s->slot,
                       model ? s->class_ : NULL, n, align);
    rc = rc < 0 ? rc : pmt_column_put_bytes(&body->bytes, 14, s->op, n);
    if (rc < 0) {
        return rc;
    }
    body->entries += (size_t)rc;
    return PMT_OK;
}

/* Column 3: where rss is known it is there, also if it never changes. */
static int put_rss(struct pmt_body *body, struct pmt_rare_stage *s, size_t n)
{
    return s->has_rss ? pmt_runs_put(&s->rss, body, 3, n, false) : PMT_OK;
}

int pmt_encode_objects(struct pmt_encoder *e, struct pmt_body *body,
                       struct pmt_object_stage *s, uint32_t *align)
{
    size_t n = s->count;
    int rc = pmt_packed_put(&s->class_id, body, 0, n, false);

    rc = rc < 0 ? rc : pmt_packed_put(&s->step, body, 1, n, false);
    rc = rc < 0 ? rc : pmt_runs_put(&s->thread, body, 2, n, true);
    rc = rc < 0 ? rc : put_rss(body, &s->rare, n);
    rc = rc < 0 ? rc : pmt_runs_put(&s->rare.gap, body, 4, n, true);
    rc = rc < 0 ? rc
                : put_addresses(e, body, 0, s->address, s->slot, NULL, n,
                                align);
    return rc < 0 ? rc : pmt_runs_put(&s->rare.rss_read, body, 11, n, true);
}

int pmt_encode_calls(struct pmt_body *body, struct pmt_call_stage *s)
{
    size_t n = s->count;
    int rc = pmt_packed_put(&s->class_id, body, 0, n, false);

    rc = rc < 0 ? rc : pmt_packed_put(&s->step, body, 1, n, false);
    rc = rc < 0 ? rc : pmt_runs_put(&s->thread, body, 2, n, true);
    rc = rc < 0 ? rc : put_rss(body, &s->rare, n);
    rc = rc < 0 ? rc : pmt_runs_put(&s->rare.gap, body, 4, n, true);
    rc = rc < 0 ? rc : pmt_packed_put(&s->offset, body, 5, n, true);
    return rc < 0 ? rc : pmt_runs_put(&s->rare.rss_read, body, 11, n, true);
}

int pmt_encode_marks(struct pmt_encoder *e, struct pmt_body *body,
                     const struct pmt_staged_mark *m, size_t n,
                     const char *text)
{
    int rc;

    PUT(1, PMT_CODEC_ULEB, false, i ? m[i].time - m[i - 1].time : 0);
    PUT(2, PMT_CODEC_RUNS, true, m[i].thread);
    rc = pmt_cbor_put_uint(&body->bytes, 16);
    rc = rc < 0 ? rc : pmt_cbor_put_array(&body->bytes, n);
    for (size_t i = 0; rc == PMT_OK && i < n; i++) {
        /* Where all texts are empty there is no array of them. */
        rc = pmt_cbor_put_text(&body->bytes,
                               m[i].text_bytes ? text + m[i].text_start : "",
                               m[i].text_bytes);
    }
    body->entries++;
    return rc;
}

int pmt_encode_gcs(struct pmt_encoder *e, struct pmt_body *body,
                   const struct pmt_gc *g, size_t n)
{
    PUT(1, PMT_CODEC_ULEB, false, i ? g[i].time - g[i - 1].time : 0);
    PUT(2, PMT_CODEC_RUNS, true, g[i].thread);
    PUT(14, PMT_CODEC_FIXED, false, g[i].op);
    PUT(19, PMT_CODEC_ULEB, false, g[i].generation);
    PUT(20, PMT_CODEC_ULEB, true, g[i].collected);
    PUT(21, PMT_CODEC_ULEB, true, g[i].uncollectable);
    PUT(22, PMT_CODEC_ULEB, true, g[i].duration_ns);
    return PMT_OK;
}

/* Key 17: [title, unit, value] each. */
static int put_values(struct pmt_body *body, const struct pmt_value *v,
                      size_t n)
{
    struct pmt_buffer *b = &body->bytes;
    int rc = pmt_cbor_put_uint(b, 17);

    rc = rc < 0 ? rc : pmt_cbor_put_array(b, n);
    for (size_t i = 0; rc == PMT_OK && i < n; i++) {
        rc = pmt_cbor_put_array(b, 3);
        rc = rc < 0 ? rc
                    : pmt_cbor_put_text(b, v[i].name.bytes, v[i].name.length);
        rc = rc < 0 ? rc
                    : pmt_cbor_put_text(b, v[i].unit.bytes, v[i].unit.length);
        rc = rc < 0 ? rc : pmt_cbor_put_int(b, v[i].value);
    }
    body->entries++;
    return rc;
}

int pmt_encode_snapshot(struct pmt_encoder *e, struct pmt_body *body,
                        const struct pmt_text *name,
                        const struct pmt_value *values, size_t value_count,
                        const struct pmt_snapshot_entry *rows, size_t n)
{
    int rc;

    PUT(6, PMT_CODEC_ULEB, false, rows[i].bytes);
    PUT(7, PMT_CODEC_PLANES, false, pmt_possible_id(rows[i].stack));
    PUT(12, PMT_CODEC_ULEB, true, pmt_possible_id(rows[i].type));
    PUT(13, PMT_CODEC_FIXED, true, rows[i].domain);
    rc = pmt_cbor_put_uint(&body->bytes, 16);
    rc = rc < 0 ? rc
                : pmt_cbor_put_text(&body->bytes, name->bytes, name->length);
    body->entries++;
    if (rc == PMT_OK && value_count) {
        rc = put_values(body, values, value_count);
    }
    if (rc < 0) {
        return rc;
    }
    PUT(18, PMT_CODEC_ULEB, false, rows[i].blocks);
    return PMT_OK;
}

int pmt_encode_losses(struct pmt_encoder *e, struct pmt_body *body,
                      const struct pmt_staged_loss *l, size_t n)
{
    PUT(1, PMT_CODEC_ULEB, false, i ? l[i].time - l[i - 1].time : 0);
    PUT(14, PMT_CODEC_FIXED, false, l[i].cause);
    PUT(23, PMT_CODEC_ULEB, false, l[i].events);
    return PMT_OK;
}

int pmt_encode_live(struct pmt_encoder *e, struct pmt_body *body,
                    uint64_t time, enum pmt_kind kind,
                    const struct pmt_kept *v, size_t n, uint32_t part,
                    uint32_t parts)
{
    const uint64_t scalars[] = {kind, part, parts};

    PUT(2, PMT_CODEC_RUNS, true, v[i].thread);
    PUT(6, PMT_CODEC_ULEB, true, v[i].size);
    PUT(7, PMT_CODEC_PLANES, false, v[i].stack);
    PUT(12, PMT_CODEC_ULEB, true, v[i].type);
    PUT(13, PMT_CODEC_FIXED, true, v[i].domain);
    for (unsigned k = 0; k < 3; k++) {
        if (pmt_cbor_put_uint(&body->bytes, 16 + k) < 0 ||
            pmt_cbor_put_uint(&body->bytes, scalars[k]) < 0) {
            return PMT_ERR_MEMORY;
        }
        body->entries++;
    }
    PUT(24, PMT_CODEC_PLANES, false,
        v[i].address - (i ? v[i - 1].address : 0));
    PUT(25, PMT_CODEC_PLANES, true, time - v[i].time);
    return PMT_OK;
}
