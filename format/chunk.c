/* chunk.c - the bodies of known kinds (spec 4.3 to 7). */
#include "chunk.h"

#include <stdlib.h>
#include <string.h>

#include "chunk-extra.h"
#include "defs.h" /* PMT_ID_MAX */
#include "kinds.h"

static int corrupt(const struct pmt_chunk *c, struct pmt_error *err,
                   const char *what)
{
    return pmt_error_set(err, PMT_ERR_CORRUPT, c->offset, "%s", what);
}

static int no_memory(const struct pmt_chunk *c, struct pmt_error *err)
{
    return pmt_error_set(err, PMT_ERR_MEMORY, c->offset, "out of memory");
}

void pmt_chunk_release(struct pmt_chunk *c)
{
    for (unsigned i = 0; i < PMT_KNOWN_COLUMNS; i++) {
        free(c->columns[i].values);
    }
    free(c->extra.values);
    free(c->texts);
    free(c->argv_ends);
    free(c->figures);
    free(c->slots);
    free(c->classes);
    free(c->links);
    pmt_addresser_free(c->addresser);
    memset(c, 0, sizeof *c);
}

/* ---- columns ------------------------------------------------------------ */

static int make_room(struct pmt_chunk *c, struct pmt_values *v, size_t n,
                     struct pmt_error *err)
{
    if (n > v->room) {
        size_t room = v->room ? v->room : 256;
        uint64_t *p;

        while (room < n) {
            room *= 2;
        }
        free(v->values);
        v->room = 0;
        p = malloc(room * sizeof *p);
        v->values = p;
        if (!p) {
            return no_memory(c, err);
        }
        v->room = room;
    }
    return PMT_OK;
}

static int check_ids(struct pmt_chunk *c, const uint64_t *ids, size_t n,
                     struct pmt_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!ids[i] || ids[i] > PMT_ID_MAX || (i && ids[i] <= ids[i - 1])) {
            return corrupt(c, err, "ids do not rise, or are out of range");
        }
    }
    return PMT_OK;
}

static int check_references(struct pmt_chunk *c, const uint64_t *ids,
                            size_t n, struct pmt_error *err)
{
    uint64_t all = 0;

    for (size_t i = 0; i < n; i++) {
        all |= ids[i]; /* the limit is a power of two less one */
    }
    return all > PMT_ID_MAX ? corrupt(c, err, "an id is out of range")
                            : PMT_OK;
}

/* The times of steps from `last` on rise, from t0 on, and don't pass t1. */
static int rising_times(struct pmt_chunk *c, uint64_t *times, size_t n,
                        uint64_t last, struct pmt_error *err)
{
    bool back = n && last + times[0] < c->envelope.t0;

    for (size_t i = 0; i < n; i++) {
        uint64_t time = last + times[i];

        back |= time < last;
        times[i] = last = time;
    }
    if (back) {
        return corrupt(c, err, "time goes back");
    }
    if (!n) {
        last = c->envelope.t0;
    }
    return last > c->envelope.t1
               ? corrupt(c, err, "a time is later than the chunk's end")
               : PMT_OK;
}

static int transform(struct pmt_chunk *c, enum pmt_transform how,
                     uint64_t *values, size_t n, struct pmt_error *err)
{
    switch (how) {
    case PMT_DELTA:
        pmt_column_undelta(values, n, 0);
        return PMT_OK;
    case PMT_IDS:
        pmt_column_undelta(values, n, 0);
        return check_ids(c, values, n, err);
    case PMT_REFERENCE:
        return check_references(c, values, n, err);
    case PMT_TIME:
        return rising_times(c, values, n, c->envelope.t0, err);
    case PMT_TIME_FROM_0:
    case PMT_TICK:
        return rising_times(c, values, n, 0, err);
    case PMT_ZIGZAG:
        pmt_column_unzigzag(values, n, 0);
        return PMT_OK;
    case PMT_RSS:
        pmt_column_unzigzag(values, n, c->envelope.rss0);
        return PMT_OK;
    case PMT_PLAIN:
    case PMT_ADDRESSES:
    case PMT_SIZED:
    default:
        return PMT_OK;
    }
}

/* Decodes column `id` of `n` rows as it is, into c->columns. */
static int decode_raw(struct pmt_chunk *c, unsigned id, size_t n,
                      struct pmt_error *err)
{
    struct pmt_values *v = &c->columns[id];
    int rc = make_room(c, v, n, err);

    rc = rc < 0 ? rc : pmt_column_decode(&c->views[id], n, v->values,
                                         c->offset, err);
    v->there = rc == PMT_OK;
    return rc;
}

/* ---- addresses ---------------------------------------------------------- */

static int make_slots(struct pmt_chunk *c, struct pmt_error *err)
{
    if (!c->slots) {
        c->slots = malloc(PMT_CHUNK_RECORDS_MAX);
        c->classes = malloc(PMT_CHUNK_RECORDS_MAX * sizeof *c->classes);
        c->links = malloc(PMT_CHUNK_RECORDS_MAX * sizeof *c->links);
        if (!c->slots || !c->classes || !c->links ||
            pmt_addresser_new(&c->addresser) < 0) {
            return no_memory(c, err);
        }
    }
    return PMT_OK;
}

static int alloc_slots(struct pmt_chunk *c, size_t *acquires, size_t *sized,
                       struct pmt_error *err)
{
    const uint64_t *ops = c->columns[PMT_COL_OP].values;
    size_t of[3] = {0};
    uint8_t slots[8];

    for (unsigned op = 0; op < 8; op++) {
        slots[op] = pmt_alloc_releases(op)   ? PMT_SLOT_RELEASE
                    : pmt_alloc_has_size(op) ? PMT_SLOT_ACQUIRE_SIZED
                                             : PMT_SLOT_ACQUIRE;
    }
    for (size_t i = 0; i < c->envelope.count; i++) {
        if (ops[i] >> 2 > PMT_ALLOC_REALLOC_UNDO) {
            return corrupt(c, err, "an operation is out of range");
        }
        c->slots[i] = slots[ops[i] >> 2];
        of[c->slots[i]]++;
    }
    *acquires = of[PMT_SLOT_ACQUIRE] + of[PMT_SLOT_ACQUIRE_SIZED];
    *sized = of[PMT_SLOT_ACQUIRE_SIZED];
    return PMT_OK;
}

/* What a record does is in its class id (spec 7.4), so that the addresses can
 * be told even if the class itself was lost. */
static void object_slots(struct pmt_chunk *c, size_t *acquires)
{
    const uint64_t *classes = c->columns[PMT_COL_CLASS].values;

    *acquires = 0;
    for (size_t i = 0; i < c->envelope.count; i++) {
        c->slots[i] = pmt_class_object_op(classes[i]) == PMT_OBJECT_DESTROY
                          ? PMT_SLOT_RELEASE
                          : PMT_SLOT_ACQUIRE;
        *acquires += c->slots[i] != PMT_SLOT_RELEASE;
    }
}

/* Sizes come one per record that has one: spreads them over all records, in
 * place, from the end. Without a branch: what comes next can't be foreseen. */
static void spread_sizes(struct pmt_chunk *c, size_t sized)
{
    uint64_t *sizes = c->columns[PMT_COL_SIZE].values;

    for (size_t i = c->envelope.count; i-- > 0;) {
        uint64_t has = c->slots[i] == PMT_SLOT_ACQUIRE_SIZED;

        sized -= has;
        sizes[i] = sizes[sized] & (0 - has);
    }
}

/* The size classes that addresses are predicted by. */
static void find_classes(struct pmt_chunk *c)
{
    const uint64_t *sizes = pmt_chunk_column(c, PMT_COL_SIZE);
    const uint64_t *ops = c->columns[PMT_COL_OP].values;

    for (size_t i = 0; i < c->envelope.count; i++) {
        c->classes[i] = (uint16_t)pmt_size_class(sizes ? sizes[i] : 0,
                                                 (unsigned)ops[i] & 3);
    }
}

/* How many values column 10 holds is known only from the others: as many as
 * there are zeros in 8 and 9. */
static size_t count_zeros(const uint64_t *v, size_t n)
{
    size_t zeros = 0;

    for (size_t i = 0; i < n; i++) {
        zeros += v[i] == 0;
    }
    return zeros;
}

/* A column of addresses; without rows it need not be there. */
static int decode_rows(struct pmt_chunk *c, unsigned id, size_t rows,
                       struct pmt_error *err)
{
    return c->has_view[id] ? decode_raw(c, id, rows, err) : PMT_OK;
}

static int decode_addresses(struct pmt_chunk *c, size_t acquires,
                            struct pmt_error *err)
{
    struct pmt_values *out = &c->columns[PMT_COL_ADDRESS];
    struct pmt_address_columns in = {.align = c->envelope.align};
    size_t n = c->envelope.count;
    int rc;

    in.releases = n - acquires;
    in.acquires = acquires;
    if ((in.releases && !c->has_view[PMT_COL_RELEASE]) ||
        (in.acquires && !c->has_view[PMT_COL_ACQUIRE])) {
        return corrupt(c, err, "a column of addresses is missing");
    }
    rc = decode_rows(c, PMT_COL_RELEASE, in.releases, err);
    rc = rc < 0 ? rc : decode_rows(c, PMT_COL_ACQUIRE, in.acquires, err);
    if (rc < 0) {
        return rc;
    }
    in.release = c->columns[PMT_COL_RELEASE].values;
    in.acquire = c->columns[PMT_COL_ACQUIRE].values;
    in.explicits = count_zeros(in.release, in.releases) +
                   count_zeros(in.acquire, in.acquires);
    if (in.explicits && !c->has_view[PMT_COL_EXPLICIT]) {
        return corrupt(c, err, "a column of addresses is missing");
    }
    rc = decode_rows(c, PMT_COL_EXPLICIT, in.explicits, err);
    rc = rc < 0 ? rc : make_room(c, out, n, err);
    if (rc < 0) {
        return rc;
    }
    in.explicit_ = c->columns[PMT_COL_EXPLICIT].values;
    rc = pmt_addresses_decode(c->addresser, c->envelope.model, &in, c->slots,
                              c->classes, n, out->values, c->links, c->offset,
                              err);
    out->there = rc == PMT_OK;
    return rc;
}

/* Everything of an alloc or object chunk that depends on its ops. */
static int decode_events(struct pmt_chunk *c, struct pmt_error *err)
{
    size_t acquires = 0;
    size_t sized = 0;
    int rc = make_slots(c, err);

    if (rc < 0) {
        return rc;
    }
    if (c->envelope.kind == PMT_KIND_OBJECT) {
        object_slots(c, &acquires);
        return decode_addresses(c, acquires, err);
    }
    rc = alloc_slots(c, &acquires, &sized, err);
    if (rc == PMT_OK && sized && c->envelope.model == 1 &&
        !c->has_view[PMT_COL_SIZE]) {
        rc = corrupt(c, err, "addresses are predicted without sizes");
    }
    if (rc == PMT_OK && c->has_view[PMT_COL_SIZE]) {
        rc = make_room(c, &c->columns[PMT_COL_SIZE], c->envelope.count, err);
        rc = rc < 0 ? rc : decode_raw(c, PMT_COL_SIZE, sized, err);
    }
    if (rc < 0) {
        return rc;
    }
    if (c->columns[PMT_COL_SIZE].there) {
        spread_sizes(c, sized);
    }
    if (c->envelope.model == 1) {
        find_classes(c);
    }
    return decode_addresses(c, acquires, err);
}

/* ---- the body ----------------------------------------------------------- */

/* Goes through the map once: views of columns, and what else there is. */
static int take_body(struct pmt_chunk *c, const struct pmt_kind_rule *rule,
                     struct pmt_extra_state *extra, struct pmt_error *err)
{
    struct pmt_cbor_cursor in = c->body;
    uint64_t wanted = 0;
    int rc = PMT_OK;

    for (size_t i = 0; i < rule->column_count; i++) {
        wanted |= UINT64_C(1) << rule->columns[i].id;
    }
    memset(c->has_view, 0, sizeof c->has_view);
    pmt_extra_begin(extra, c, rule->extra);
    for (uint64_t i = 0; rc == PMT_OK && i < c->body_entries; i++) {
        struct pmt_cbor key, v;

        rc = pmt_cbor_next(&in, &key, err);
        if (rc < 0) {
            break;
        }
        if (key.type == PMT_CBOR_UINT && key.value < PMT_KNOWN_COLUMNS &&
            wanted >> key.value & 1) {
            struct pmt_column_view *view = &c->views[key.value];

            rc = c->has_view[key.value]
                     ? corrupt(c, err, "a column is there twice")
                     : pmt_cbor_next(&in, &v, err);
            rc = rc < 0 ? rc : pmt_column_parse(&in, &v, view, err);
            view->id = (uint32_t)key.value;
            c->has_view[key.value] = true;
        } else if (key.type == PMT_CBOR_UINT &&
                   pmt_extra_wants(extra, key.value)) {
            rc = pmt_extra_take(extra, &in, key.value, err);
        } else {
            rc = pmt_cbor_skip(&in, &key, err);
            rc = rc < 0 ? rc : pmt_cbor_next(&in, &v, err);
            rc = rc < 0 ? rc : pmt_cbor_skip(&in, &v, err);
        }
    }
    return rc;
}

/* A must column in a codec of later times makes the chunk unreadable, first
 * of all (spec 4.3). Columns that may be absent are then absent. */
static int check_codecs(struct pmt_chunk *c, const struct pmt_kind_rule *rule,
                        struct pmt_error *err)
{
    for (size_t i = 0; i < rule->column_count; i++) {
        unsigned id = rule->columns[i].id;
        bool must = rule->columns[i].must ||
                    (id == PMT_COL_SIZE && c->envelope.model == 1);

        if (!c->has_view[id] || c->views[id].codec != PMT_CODEC_LATER) {
            continue;
        }
        if (must && c->envelope.count) {
            return pmt_error_set(err, PMT_ERR_UNSUPPORTED, c->offset,
                                 "column %u has an unknown codec", id);
        }
        c->has_view[id] = false;
    }
    return PMT_OK;
}

static int decode_columns(struct pmt_chunk *c,
                          const struct pmt_kind_rule *rule,
                          struct pmt_error *err)
{
    size_t n = c->envelope.count;

    for (size_t i = 0; i < rule->column_count; i++) {
        const struct pmt_column_rule *r = &rule->columns[i];
        int rc = PMT_OK;

        if (r->transform == PMT_ADDRESSES || r->transform == PMT_SIZED) {
            continue;
        }
        if (!c->has_view[r->id]) {
            if (r->must && n) {
                return pmt_error_set(err, PMT_ERR_CORRUPT, c->offset,
                                     "column %u is missing", r->id);
            }
            continue;
        }
        rc = decode_raw(c, r->id, n, err);
        rc = rc < 0 ? rc : transform(c, r->transform,
                                     c->columns[r->id].values, n, err);
        if (rc < 0) {
            return rc;
        }
    }
    return PMT_OK;
}

/* The id of an object's class says what its records do. */
static int check_classes(struct pmt_chunk *c, struct pmt_error *err)
{
    const uint64_t *ids = pmt_chunk_column(c, 0);
    const uint64_t *of = pmt_chunk_column(c, 1);
    const uint64_t *what = pmt_chunk_column(c, 2);

    for (size_t i = 0; of && i < c->envelope.count; i++) {
        if (of[i] == PMT_KIND_OBJECT &&
            (what ? what[i] : 0) != pmt_class_object_op(ids[i])) {
            return corrupt(c, err, "a class has an id of another operation");
        }
    }
    return PMT_OK;
}

/* Rules of single kinds that the table of columns does not say. */
static int check_kind(struct pmt_chunk *c, const struct pmt_kind_rule *rule,
                      struct pmt_error *err)
{
    const struct pmt_envelope *e = &c->envelope;
    size_t n = e->count;

    if (rule->moment && e->t0 != e->t1) {
        return corrupt(c, err, "a state has two moments");
    }
    if (e->kind == PMT_KIND_END && n) {
        return corrupt(c, err, "the end of a stream has records");
    }
    if (e->kind == PMT_KIND_STACKS) {
        const uint64_t *ids = c->columns[0].values;
        const uint64_t *back = c->columns[1].values;

        for (size_t i = 0; i < n; i++) {
            if (!back[i] || back[i] > ids[i]) {
                return corrupt(c, err, "a stack's caller is not before it");
            }
        }
    }
    if (e->kind == PMT_KIND_CLASSES) {
        return check_classes(c, err);
    }
    if (e->kind == PMT_KIND_GC) {
        for (size_t i = 0; i < n; i++) {
            if (c->columns[PMT_COL_OP].values[i] > 1) {
                return corrupt(c, err, "an operation is out of range");
            }
        }
    }
    return PMT_OK;
}

int pmt_chunk_decode(struct pmt_chunk *c, struct pmt_error *err)
{
    const struct pmt_kind_rule *rule = pmt_kind_rule(c->envelope.kind);
    struct pmt_extra_state extra;
    int rc;

    for (unsigned i = 0; i < PMT_KNOWN_COLUMNS; i++) {
        c->columns[i].there = false;
    }
    rc = take_body(c, rule, &extra, err);
    rc = rc < 0 ? rc : check_codecs(c, rule, err);
    rc = pmt_extra_end(&extra, rc, err);
    rc = rc < 0 ? rc : decode_columns(c, rule, err);
    rc = rc < 0 ? rc : check_kind(c, rule, err);
    if (rc == PMT_OK && (c->envelope.kind == PMT_KIND_ALLOC ||
                         c->envelope.kind == PMT_KIND_OBJECT)) {
        rc = decode_events(c, err);
    }
    return rc;
}

const uint64_t *pmt_chunk_column(const struct pmt_chunk *c, unsigned id)
{
    if (id < PMT_KNOWN_COLUMNS) {
        return c->columns[id].there ? c->columns[id].values : NULL;
    }
    id -= PMT_KNOWN_COLUMNS;
    if (id >= PMT_FIGURES_MAX || !c->extra_there[id] || !c->extra.values) {
        return NULL;
    }
    return c->extra.values + (size_t)id * c->envelope.count;
}
