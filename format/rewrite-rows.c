/* rewrite-rows.c - some of the records of a chunk (pmt/rewrite.h). */
#include "rewrite-private.h"

#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "kinds.h"
#include "reader-private.h"

/* Lists and numbers of a body: keys 16 to 19. */
#define LISTS 4u

/* One chunk being written again. */
struct rows {
    struct pmt_rewriter *w;
    const struct pmt_chunk *c;
    const uint8_t *keep;
    const struct pmt_replacement *with;
    struct pmt_envelope e;   /* of what is written */
    size_t count, kept;      /* rows before and after */
    struct pmt_cbor_cursor lists[LISTS]; /* at the value; at NULL: none */
};

static int need_room(struct pmt_rewriter *w)
{
    const size_t n = PMT_CHUNK_RECORDS_MAX;

    if (!w->values) {
        w->values = malloc(n * sizeof *w->values);
    }
    if (!w->addresses) {
        w->addresses = malloc(n * sizeof *w->addresses);
    }
    for (unsigned i = 0; i < 3; i++) {
        if (!w->slots64[i]) {
            w->slots64[i] = malloc(n * sizeof *w->slots64[i]);
        }
    }
    if (!w->slots) {
        w->slots = malloc(n);
    }
    if (!w->classes) {
        w->classes = malloc(n * sizeof *w->classes);
    }
    if (!w->values || !w->addresses || !w->slots64[0] || !w->slots64[1] ||
        !w->slots64[2] || !w->slots || !w->classes) {
        return PMT_ERR_MEMORY;
    }
    return w->addresser ? PMT_OK : pmt_addresser_new(&w->addresser);
}

/* ---- columns ------------------------------------------------------------- */

/* The values of a column in the rows that are kept. */
static size_t gather(struct rows *x, const uint64_t *column, uint64_t *out)
{
    size_t n = 0;

    for (size_t i = 0; i < x->count; i++) {
        if (x->keep[i]) {
            out[n++] = column[i];
        }
    }
    return n;
}

static bool replaced(const struct rows *x, size_t i)
{
    return x->keep[i] > PMT_KEEP;
}

/* The op of an alloc, as it is written. */
static uint64_t op_of(const struct rows *x, const uint64_t *ops, size_t i)
{
    unsigned op = x->keep[i] == PMT_KEEP_AS_MALLOC ? PMT_ALLOC_MALLOC
                                                   : PMT_ALLOC_FREE;

    return replaced(x, i) ? op << 2 | (ops[i] & 3) : ops[i];
}

/* What is written in a column in the place of what was read. */
static uint64_t replacement(const struct rows *x, unsigned id, size_t i,
                            const struct pmt_replacement *with, uint64_t value)
{
    if (x->e.kind == PMT_KIND_OBJECT) {
        return id == PMT_COL_CLASS ? with->class_id : value;
    }
    if (id == PMT_COL_OP) {
        return op_of(x, pmt_chunk_column(x->c, PMT_COL_OP), i);
    }
    if (id == PMT_COL_THREAD) {
        return x->keep[i] == PMT_KEEP_AS_MALLOC ? with->thread : value;
    }
    return id != PMT_COL_STACK              ? value
           : x->keep[i] == PMT_KEEP_AS_MALLOC ? with->stack
                                            : 0;
}

static void replace(const struct rows *x, unsigned id, uint64_t *out)
{
    const struct pmt_replacement *with = x->with;
    size_t n = 0;

    for (size_t i = 0; with && i < x->count; i++) {
        if (replaced(x, i)) {
            out[n] = replacement(x, id, i, with++, out[n]);
        }
        n += x->keep[i] != PMT_DROP;
    }
}

static void to_deltas(uint64_t *v, size_t n, uint64_t base, bool zigzag)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t next = v[i];

        v[i] = zigzag ? pmt_zigzag(next - base) : next - base;
        base = next;
    }
}

/* As it was, but for what a short column needs. */
static enum pmt_codec codec_of(const struct pmt_chunk *c, unsigned id,
                               const uint64_t *v, size_t n)
{
    enum pmt_codec codec = c->has_view[id] ? c->views[id].codec
                                           : PMT_CODEC_ULEB;

    if (codec == PMT_CODEC_CONSTANT || codec >= PMT_CODEC_LATER) {
        return PMT_CODEC_ULEB;
    }
    for (size_t i = 0; codec == PMT_CODEC_FIXED && i < n; i++) {
        codec = v[i] > 255 ? PMT_CODEC_ULEB : codec;
    }
    return codec;
}

/* The sizes of an alloc chunk: one for each record that has one. */
static int put_sizes(struct rows *x)
{
    const uint64_t *sizes = pmt_chunk_column(x->c, PMT_COL_SIZE);
    const uint64_t *ops = pmt_chunk_column(x->c, PMT_COL_OP);
    const struct pmt_replacement *with = x->with;
    uint64_t *v = x->w->values;
    bool needed = x->c->has_view[PMT_COL_SIZE];
    size_t n = 0;

    for (size_t i = 0; i < x->count; i++) {
        bool made = x->keep[i] == PMT_KEEP_AS_MALLOC;

        if (x->keep[i] && pmt_alloc_has_size((unsigned)op_of(x, ops, i) >> 2)) {
            v[n++] = made ? with->size : sizes ? sizes[i] : 0;
        }
        needed |= made;
        if (with && replaced(x, i)) {
            with++;
        }
    }
    if (needed) {
        return pmt_body_column(&x->w->body, PMT_COL_SIZE, v, n,
                               codec_of(x->c, PMT_COL_SIZE, v, n), false);
    }
    return PMT_OK;
}

static void fill_slots(struct rows *x)
{
    const uint64_t *ops = pmt_chunk_column(x->c, PMT_COL_OP);
    const uint64_t *classes = pmt_chunk_column(x->c, PMT_COL_CLASS);
    const uint64_t *sizes = pmt_chunk_column(x->c, PMT_COL_SIZE);
    const struct pmt_replacement *with = x->with;
    bool alloc = x->e.kind == PMT_KIND_ALLOC;
    size_t n = 0;

    for (size_t i = 0; i < x->count; i++) {
        unsigned op = alloc ? (unsigned)op_of(x, ops, i) : 0;
        bool releases = alloc ? pmt_alloc_releases(op >> 2)
                              : pmt_class_object_op(classes[i]) != 0;

        if (!x->keep[i]) {
            continue;
        }
        releases |= x->keep[i] == PMT_KEEP_AS_RELEASE;
        x->w->slots[n] = releases ? PMT_SLOT_RELEASE
                         : alloc && pmt_alloc_has_size(op >> 2)
                             ? PMT_SLOT_ACQUIRE_SIZED
                             : PMT_SLOT_ACQUIRE;
        x->w->classes[n++] = (uint16_t)pmt_size_class(
            x->keep[i] == PMT_KEEP_AS_MALLOC ? with->size
            : sizes                          ? sizes[i]
                                             : 0,
            op & 3);
        if (with && replaced(x, i)) {
            with++;
        }
    }
}

/* Columns 8, 9 and 10, and the envelope's align. */
static int put_addresses(struct rows *x)
{
    struct pmt_rewriter *w = x->w;
    struct pmt_address_columns c = {.release = w->slots64[0],
                                    .acquire = w->slots64[1],
                                    .explicit_ = w->slots64[2]};
    size_t n = gather(x, pmt_chunk_column(x->c, PMT_COL_ADDRESS),
                      w->addresses);
    int rc;

    fill_slots(x);
    pmt_addresses_encode(w->addresser, x->e.model, w->addresses, w->slots,
                         w->classes, n, &c);
    x->e.align = c.align;
    rc = pmt_body_column(&w->body, 8, c.release, c.releases, PMT_CODEC_PLANES,
                         false);
    rc = rc < 0 ? rc : pmt_body_column(&w->body, 9, c.acquire, c.acquires,
                                       PMT_CODEC_PLANES, false);
    return rc < 0 ? rc : pmt_body_column(&w->body, 10, c.explicit_,
                                         c.explicits, PMT_CODEC_PLANES, false);
}

/* A column that the chunk has not, for a malloc that takes a place. */
static bool wants_column(const struct rows *x, unsigned id)
{
    const struct pmt_replacement *with = x->with;
    bool wanted = false;

    for (size_t i = 0; with && i < x->count && x->e.kind == PMT_KIND_ALLOC;
         i++) {
        if (x->keep[i] == PMT_KEEP_AS_MALLOC) {
            wanted |= (id == PMT_COL_THREAD && with->thread) ||
                      (id == PMT_COL_STACK && with->stack);
        }
        with += replaced(x, i);
    }
    return wanted;
}

static int put_column(struct rows *x, const struct pmt_column_rule *rule)
{
    const uint64_t *column = pmt_chunk_column(x->c, rule->id);
    uint64_t *v = x->w->values;
    size_t n;

    if (rule->transform == PMT_ADDRESSES) {
        return rule->id == PMT_COL_RELEASE ? put_addresses(x) : PMT_OK;
    }
    if (rule->transform == PMT_SIZED) {
        return put_sizes(x);
    }
    if (!column && !wants_column(x, rule->id)) {
        return PMT_OK;
    }
    n = column ? gather(x, column, v) : x->kept;
    if (!column) {
        memset(v, 0, n * sizeof *v);
    }
    replace(x, rule->id, v);
    switch ((enum pmt_transform)rule->transform) {
    case PMT_TIME:
        to_deltas(v, n, x->e.t0, false);
        break;
    case PMT_RSS:
        to_deltas(v, n, x->e.rss0, true);
        break;
    case PMT_ZIGZAG:
        to_deltas(v, n, 0, true);
        break;
    case PMT_DELTA:
    case PMT_IDS:
    case PMT_TICK:
    case PMT_TIME_FROM_0:
        to_deltas(v, n, 0, false);
        break;
    case PMT_PLAIN:
    case PMT_REFERENCE:
    case PMT_ADDRESSES:
    case PMT_SIZED:
    default:
        break;
    }
    return pmt_body_column(&x->w->body, rule->id, v, n,
                           codec_of(x->c, rule->id, v, n), false);
}

/* Columns 32 and on of sample and heap. */
static int put_figures(struct rows *x)
{
    int rc = PMT_OK;

    for (unsigned i = 0; rc == PMT_OK && i < x->c->figure_count; i++) {
        const uint64_t *column = pmt_chunk_column(x->c, PMT_COL_FIGURES + i);
        size_t n;

        if (column) {
            n = gather(x, column, x->w->values);
            to_deltas(x->w->values, n, 0, true);
            rc = pmt_body_column(&x->w->body, PMT_COL_FIGURES + i,
                                 x->w->values, n, PMT_CODEC_ULEB, false);
        }
    }
    return rc;
}

/* ---- lists --------------------------------------------------------------- */

/* Where the values of the keys 16 to 19 are. */
static int find_lists(struct rows *x, struct pmt_error *err)
{
    struct pmt_cbor_cursor c = x->c->body;
    int rc = PMT_OK;

    for (uint64_t i = 0; rc == PMT_OK && i < x->c->body_entries; i++) {
        struct pmt_cbor key, item;
        struct pmt_cbor_cursor value;

        rc = pmt_cbor_next(&c, &key, err);
        rc = rc < 0 ? rc : pmt_cbor_skip(&c, &key, err);
        value = c;
        rc = rc < 0 ? rc : pmt_cbor_next(&c, &item, err);
        rc = rc < 0 ? rc : pmt_cbor_skip(&c, &item, err);
        if (rc == PMT_OK && key.type == PMT_CBOR_UINT && key.value >= 16 &&
            key.value < 16 + LISTS) {
            x->lists[key.value - 16] = value;
            x->lists[key.value - 16].end = c.at;
        }
    }
    return rc;
}

/* One item of a list for each row. */
static int put_items(struct rows *x, struct pmt_cbor_cursor c,
                     struct pmt_error *err)
{
    struct pmt_buffer *b = &x->w->body.bytes;
    struct pmt_cbor list, item;
    int rc = pmt_cbor_expect(&c, PMT_CBOR_ARRAY, &list, err);

    rc = rc < 0 ? rc : pmt_cbor_put_array(b, x->kept);
    for (size_t i = 0; rc == PMT_OK && i < x->count; i++) {
        const uint8_t *from = c.at;

        rc = pmt_cbor_next(&c, &item, err);
        rc = rc < 0 ? rc : pmt_cbor_skip(&c, &item, err);
        if (rc == PMT_OK && x->keep[i]) {
            rc = pmt_buffer_append(b, from, (size_t)(c.at - from));
        }
    }
    return rc;
}

static int put_list(struct rows *x, enum pmt_body_extra extra, unsigned key,
                    struct pmt_error *err)
{
    /* Below which key those of a kind lie; the others are columns. */
    static const unsigned ends[] = {[PMT_EXTRA_FIGURES] = 17,
                                    [PMT_EXTRA_SNAPSHOT] = 18,
                                    [PMT_EXTRA_MARKS] = 17,
                                    [PMT_EXTRA_LIVE] = 19,
                                    [PMT_EXTRA_PROCESS] = 20,
                                    [PMT_EXTRA_END] = 0};
    const struct pmt_cbor_cursor *c = &x->lists[key - 16];
    int rc;

    if (!c->at || (unsigned)extra >= sizeof ends / sizeof *ends ||
        key >= ends[extra]) {
        return PMT_OK;
    }
    rc = pmt_cbor_put_uint(&x->w->body.bytes, key);
    x->w->body.entries++;
    if (rc < 0) {
        return rc;
    }
    return extra == PMT_EXTRA_MARKS || extra == PMT_EXTRA_PROCESS
               ? put_items(x, *c, err)
               : pmt_buffer_append(&x->w->body.bytes, c->at,
                                   (size_t)(c->end - c->at));
}

/* ---- all together -------------------------------------------------------- */

/* Columns and lists by rising key. */
static int put_body(struct rows *x, struct pmt_error *err)
{
    const struct pmt_kind_rule *rule = pmt_kind_rule(x->e.kind);
    int rc = PMT_OK;

    for (unsigned key = 0; rc == PMT_OK && key < PMT_KNOWN_COLUMNS; key++) {
        for (size_t i = 0; rc == PMT_OK && i < rule->column_count; i++) {
            if (rule->columns[i].id == key) {
                rc = put_column(x, &rule->columns[i]);
            }
        }
        if (rc == PMT_OK && key >= 16 && key < 16 + LISTS) {
            rc = put_list(x, rule->extra, key, err);
        }
    }
    if (rc == PMT_OK && rule->extra == PMT_EXTRA_FIGURES) {
        rc = put_figures(x);
    }
    return rc;
}

/* Ticks of what is kept. Records that list different figures need not be in
 * the order of time (spec 8.2), but t0 of their chunks must not fall (4.2): it
 * stays what it was. */
static void set_span(struct rows *x)
{
    const uint64_t *times = pmt_chunk_column(x->c, PMT_COL_TIME);
    const struct pmt_kind_rule *rule = pmt_kind_rule(x->e.kind);
    bool first = rule->extra != PMT_EXTRA_FIGURES;

    if (!times || rule->moment) {
        return;
    }
    for (size_t i = 0; i < x->count; i++) {
        if (!x->keep[i]) {
            continue;
        }
        if (first) {
            x->e.t0 = times[i];
        }
        x->e.t1 = times[i];
        first = false;
    }
}

int pmt_rewriter_rows(struct pmt_rewriter *w, struct pmt_reader *r,
                      const struct pmt_event *event, const uint8_t *keep,
                      const struct pmt_replacement *with, struct pmt_error *err)
{
    struct rows x = {.w = w,
                     .c = &r->chunk,
                     .keep = keep,
                     .with = with,
                     .e = event->envelope,
                     .count = event->envelope.count};
    int rc;

    if (event->type != PMT_EVENT_RECORDS || need_room(w) < 0) {
        return event->type != PMT_EVENT_RECORDS
                   ? pmt_error_set(err, PMT_ERR_ARGUMENT, event->offset,
                                   "there are no records to be written")
                   : pmt_error_set_memory(err);
    }
    for (size_t i = 0; i < x.count; i++) {
        x.kept += keep[i] != PMT_DROP;
    }
    if (!x.kept && x.e.kind != PMT_KIND_LIVE_SET) {
        return PMT_OK;
    }
    x.e.count = (uint32_t)x.kept;
    set_span(&x);
    w->body.bytes.used = 0;
    w->body.entries = 0;
    rc = find_lists(&x, err);
    rc = rc < 0 ? rc : put_body(&x, err);
    if (rc < 0) {
        return rc == PMT_ERR_MEMORY ? pmt_error_set_memory(err) : rc;
    }
    return pmt_rewriter_write(w, &x.e, err);
}
