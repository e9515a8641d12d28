/* recut-rows.c - rows that wait for their chunk, and its columns. */
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "recut-private.h"

#define TEXT_MAX (4u << 20) /* bytes of texts in a chunk */

struct pmt_recut_work {
    struct pmt_addresser *addresser;
    uint64_t column[PMT_CHUNK_RECORDS_MAX];
    uint64_t release[PMT_CHUNK_RECORDS_MAX];
    uint64_t acquire[PMT_CHUNK_RECORDS_MAX];
    uint64_t explicit_[PMT_CHUNK_RECORDS_MAX];
    uint8_t slots[PMT_CHUNK_RECORDS_MAX];
    uint16_t classes[PMT_CHUNK_RECORDS_MAX];
};

int pmt_recut_work_new(struct pmt_recut_work **out)
{
    *out = malloc(sizeof **out);
    if (!*out || pmt_addresser_new(&(*out)->addresser) < 0) {
        free(*out);
        *out = NULL;
        return PMT_ERR_MEMORY;
    }
    return PMT_OK;
}

void pmt_recut_work_free(struct pmt_recut_work *w)
{
    if (w) {
        pmt_addresser_free(w->addresser);
        free(w);
    }
}

static bool has_address(unsigned kind)
{
    return kind == PMT_KIND_ALLOC || kind == PMT_KIND_OBJECT;
}

static bool has_figures(unsigned kind)
{
    return pmt_kind_rule(kind)->extra == PMT_EXTRA_FIGURES;
}

static bool has_texts(unsigned kind)
{
    return kind == PMT_KIND_STRINGS || kind == PMT_KIND_MARK;
}

/* Does the kind hold the column `id` of rows? */
static bool holds(unsigned kind, unsigned id)
{
    const struct pmt_kind_rule *rule = pmt_kind_rule(kind);

    if (has_address(kind) && id >= PMT_COL_RELEASE && id <= PMT_COL_EXPLICIT) {
        return false;
    }
    if (has_address(kind) && id == PMT_COL_ADDRESS) {
        return true;
    }
    for (size_t i = 0; i < rule->column_count; i++) {
        if (rule->columns[i].id == id) {
            return true;
        }
    }
    return false;
}

/* ---- what waits ---------------------------------------------------------------- */

/* The raw value of key 16 in the chunk's body: the list of figures. */
static int figure_list(struct pmt_reader *r, struct pmt_buffer *out)
{
    struct pmt_cbor_cursor in = r->chunk.body;

    out->used = 0;
    for (uint64_t i = 0; i < r->chunk.body_entries; i++) {
        struct pmt_cbor key, v;
        const uint8_t *from;

        if (pmt_cbor_next(&in, &key, NULL) < 0 ||
            pmt_cbor_skip(&in, &key, NULL) < 0) {
            return PMT_ERR_MEMORY;
        }
        from = in.at;
        if (pmt_cbor_next(&in, &v, NULL) < 0 ||
            pmt_cbor_skip(&in, &v, NULL) < 0) {
            return PMT_ERR_MEMORY;
        }
        if (key.type == PMT_CBOR_UINT && key.value == 16) {
            return pmt_buffer_append(out, from, (size_t)(in.at - from));
        }
    }
    return PMT_OK;
}

static struct pmt_pending *begin(struct pmt_recutter *c,
                                 struct pmt_reader *r,
                                 const struct pmt_event *event, uint32_t at)
{
    unsigned kind = event->envelope.kind;
    struct pmt_pending *p = calloc(1, sizeof *p);
    size_t figures = 0;

    if (!p) {
        return NULL;
    }
    p->envelope = event->envelope;
    p->envelope.ordinal += at;
    p->limit = c->options.chunk_records;
    if (has_figures(kind)) {
        pmt_reader_figures(r, &figures);
        p->figures = figures;
        p->figure = calloc(figures + 1, sizeof *p->figure);
        if (!p->figure || figure_list(r, &p->list) < 0) {
            free(p->figure);
            pmt_buffer_release(&p->list);
            free(p);
            return NULL;
        }
        for (size_t i = 0; i < figures; i++) {
            p->figure[i].there =
                pmt_reader_column(r, PMT_COL_FIGURES + (unsigned)i) != NULL;
        }
        if (figures && p->limit > PMT_FIGURE_VALUES_MAX / figures) {
            p->limit = (uint32_t)(PMT_FIGURE_VALUES_MAX / figures);
        }
    }
    p->bytes = sizeof *p;
    c->waiting += p->bytes;
    return p;
}

/* Are the figures of the chunk those that wait? */
static bool same_figures(struct pmt_recutter *c, struct pmt_reader *r,
                         const struct pmt_pending *p)
{
    if (figure_list(r, &c->skip) < 0 || c->skip.used != p->list.used ||
        (p->list.used &&
         memcmp(c->skip.bytes, p->list.bytes, p->list.used) != 0)) {
        return false;
    }
    for (size_t i = 0; i < p->figures; i++) {
        if (p->figure[i].there !=
            (pmt_reader_column(r, PMT_COL_FIGURES + (unsigned)i) != NULL)) {
            return false;
        }
    }
    return true;
}

/* May row `at` of the chunk follow what waits? */
static bool follows(struct pmt_recutter *c, const struct pmt_recut_stream *s,
                    struct pmt_reader *r, const struct pmt_event *event,
                    const struct pmt_pending *p, uint32_t at)
{
    unsigned kind = event->envelope.kind;
    const uint64_t *ids, *times;

    if (p->rows >= p->limit || p->text.used > TEXT_MAX) {
        return false;
    }
    if (kind < PMT_KIND_ANCHORS) {
        ids = pmt_reader_column(r, 0);
        return ids && ids[at] > p->column[0].values[p->rows - 1];
    }
    times = pmt_reader_column(r, PMT_COL_TIME);
    if (times && times[at] < p->column[PMT_COL_TIME].values[p->rows - 1]) {
        return false;
    }
    if (!s->filtered &&
        event->envelope.ordinal + at != p->envelope.ordinal + p->rows) {
        return false;
    }
    return !has_figures(kind) || same_figures(c, r, p);
}

static int grow_column(struct pmt_recutter *c, struct pmt_pending *p,
                       struct pmt_recut_column *column, uint32_t room)
{
    void *more = realloc(column->values, room * sizeof *column->values);

    if (!more) {
        return PMT_ERR_MEMORY;
    }
    column->values = more;
    c->waiting += (room - p->room) * sizeof *column->values;
    p->bytes += (room - p->room) * sizeof *column->values;
    return PMT_OK;
}

static int make_room(struct pmt_recutter *c, struct pmt_pending *p,
                     unsigned kind, uint32_t rows)
{
    uint32_t room = p->room ? p->room : 64;
    int rc = PMT_OK;

    if (rows <= p->room) {
        return PMT_OK;
    }
    while (room < rows) {
        room *= 2;
    }
    for (unsigned id = 0; rc == PMT_OK && id < PMT_KNOWN_COLUMNS; id++) {
        if (holds(kind, id)) {
            rc = grow_column(c, p, &p->column[id], room);
        }
    }
    for (size_t i = 0; rc == PMT_OK && i < p->figures; i++) {
        if (p->figure[i].there) {
            rc = grow_column(c, p, &p->figure[i], room);
        }
    }
    if (rc == PMT_OK && has_texts(kind)) {
        void *more = realloc(p->length, room * sizeof *p->length);

        p->length = more ? more : p->length;
        rc = more ? PMT_OK : PMT_ERR_MEMORY;
    }
    if (rc == PMT_OK) {
        p->room = room;
    }
    return rc;
}

static void append(struct pmt_recut_column *column, uint32_t rows,
                   const uint64_t *from, uint32_t at, uint32_t n)
{
    if (from) {
        memcpy(column->values + rows, from + at, n * sizeof *from);
        column->there = true;
    } else {
        memset(column->values + rows, 0, n * sizeof *from);
    }
}

/* Texts of rows [at, at + *n); fewer where the chunk would get too long. */
static int append_texts(struct pmt_recutter *c, struct pmt_pending *p,
                        const struct pmt_reader *r, uint32_t at, uint32_t *n)
{
    for (uint32_t i = 0; i < *n; i++) {
        struct pmt_text text = r->chunk.texts[at + i];

        if (i && p->text.used > TEXT_MAX) {
            *n = i;
            break;
        }
        p->length[p->rows + i] = text.length;
        if (pmt_buffer_append(&p->text, text.bytes, text.length) < 0) {
            return PMT_ERR_MEMORY;
        }
        p->bytes += text.length;
        c->waiting += text.length;
    }
    return PMT_OK;
}

/* How many rows from `at` on come in one piece: times may not fall. */
int pmt_recut_add(struct pmt_recutter *c, struct pmt_recut_stream *s,
                  struct pmt_reader *r, const struct pmt_event *event,
                  uint32_t at, uint32_t *taken)
{
    unsigned kind = event->envelope.kind;
    struct pmt_pending *p = s->pending[kind];
    uint32_t n = event->envelope.count - at;

    *taken = 0;
    if (p && !follows(c, s, r, event, p, at)) {
        return PMT_OK;
    }
    if (!p && !(p = s->pending[kind] = begin(c, r, event, at))) {
        return PMT_ERR_MEMORY;
    }
    n = n < p->limit - p->rows ? n : p->limit - p->rows;
    if (make_room(c, p, kind, p->rows + n) < 0 ||
        (has_texts(kind) && append_texts(c, p, r, at, &n) < 0)) {
        return PMT_ERR_MEMORY;
    }
    for (unsigned id = 0; id < PMT_KNOWN_COLUMNS; id++) {
        if (holds(kind, id)) {
            append(&p->column[id], p->rows, pmt_reader_column(r, id), at, n);
        }
    }
    for (size_t i = 0; i < p->figures; i++) {
        if (p->figure[i].there) {
            append(&p->figure[i], p->rows,
                   pmt_reader_column(r, PMT_COL_FIGURES + (unsigned)i), at, n);
        }
    }
    p->rows += n;
    if (event->envelope.t1 > p->envelope.t1) {
        p->envelope.t1 = event->envelope.t1;
    }
    if (event->envelope.lost > p->envelope.lost) {
        p->envelope.lost = event->envelope.lost;
    }
    *taken = n;
    return PMT_OK;
}

/* ---- columns ----------------------------------------------------------------- */

/* What measured smallest on recordings (docs/benchmarks.md). */
static enum pmt_codec codec_of(unsigned kind, unsigned id)
{
    if (id == PMT_COL_OP && kind != PMT_KIND_LOSS) {
        return PMT_CODEC_FIXED;
    }
    if (kind < PMT_KIND_ANCHORS) {
        return PMT_CODEC_ULEB;
    }
    switch (id) {
    case PMT_COL_THREAD:
    case PMT_COL_RSS:
    case PMT_COL_GAP:
    case PMT_COL_RSS_READ:
    case PMT_COL_PID:
        return PMT_CODEC_RUNS;
    case PMT_COL_STACK:
        return PMT_CODEC_PLANES;
    default:
        return PMT_CODEC_ULEB;
    }
}

/* The values of a column as they are written; their number. */
static size_t transformed(struct pmt_recutter *c, const struct pmt_pending *p,
                          const struct pmt_column_rule *rule,
                          struct pmt_envelope *e)
{
    const uint64_t *from = p->column[rule->id].values;
    uint64_t *to = c->work->column;
    uint64_t before = 0;
    size_t n = 0;

    switch (rule->transform) {
    case PMT_TIME:
        before = e->t0;
        break;
    case PMT_RSS:
        before = e->rss0 = from[0];
        break;
    default:
        break;
    }
    for (uint32_t i = 0; i < p->rows; i++) {
        uint64_t v = from[i];

        switch (rule->transform) {
        case PMT_TIME:
        case PMT_IDS:
        case PMT_DELTA:
            v -= before;
            break;
        case PMT_RSS:
        case PMT_ZIGZAG:
            v = pmt_zigzag(v - before);
            break;
        case PMT_SIZED:
            if (!pmt_alloc_has_size(
                    (unsigned)(p->column[PMT_COL_OP].values[i] >> 2))) {
                continue;
            }
            break;
        default:
            break;
        }
        to[n++] = v;
        before = from[i];
    }
    return n;
}

/* Columns 8 to 10. */
static int put_addresses(struct pmt_recutter *c, const struct pmt_pending *p,
                         struct pmt_envelope *e)
{
    struct pmt_recut_work *w = c->work;
    struct pmt_address_columns columns = {.release = w->release,
                                          .acquire = w->acquire,
                                          .explicit_ = w->explicit_};
    bool allocs = e->kind == PMT_KIND_ALLOC;
    int rc;

    for (uint32_t i = 0; i < p->rows; i++) {
        if (allocs) {
            unsigned op = (unsigned)p->column[PMT_COL_OP].values[i];
            bool sized = pmt_alloc_has_size(op >> 2);

            w->slots[i] = pmt_alloc_releases(op >> 2) ? PMT_SLOT_RELEASE
                          : sized                     ? PMT_SLOT_ACQUIRE_SIZED
                                                      : PMT_SLOT_ACQUIRE;
            w->classes[i] = (uint16_t)(
                sized ? pmt_size_class(p->column[PMT_COL_SIZE].values[i],
                                       op & 3)
                      : 0);
        } else {
            w->slots[i] = p->column[PMT_COL_CLASS].values[i] & 1
                              ? PMT_SLOT_RELEASE
                              : PMT_SLOT_ACQUIRE;
        }
    }
    e->model = allocs;
    pmt_addresses_encode(w->addresser, e->model,
                         p->column[PMT_COL_ADDRESS].values, w->slots,
                         allocs ? w->classes : NULL, p->rows, &columns);
    e->align = columns.align;
    rc = pmt_body_column(&c->body, PMT_COL_RELEASE, columns.release,
                         columns.releases, PMT_CODEC_PLANES, false);
    rc = rc < 0 ? rc
                : pmt_body_column(&c->body, PMT_COL_ACQUIRE, columns.acquire,
                                  columns.acquires, PMT_CODEC_PLANES, false);
    return rc < 0 ? rc
                  : pmt_body_column(&c->body, PMT_COL_EXPLICIT,
                                    columns.explicit_, columns.explicits,
                                    PMT_CODEC_PLANES, false);
}

static int put_texts(struct pmt_recutter *c, const struct pmt_pending *p,
                     unsigned key)
{
    struct pmt_buffer *b = &c->body.bytes;
    size_t at = 0;
    int rc = pmt_cbor_put_uint(b, key);

    rc = rc < 0 ? rc : pmt_cbor_put_array(b, p->rows);
    for (uint32_t i = 0; rc == PMT_OK && i < p->rows; i++) {
        rc = pmt_cbor_put_text(b, p->text.bytes
                                      ? (const char *)p->text.bytes + at
                                      : "",
                               p->length[i]);
        at += p->length[i];
    }
    c->body.entries++;
    return rc;
}

static int put_figures(struct pmt_recutter *c, struct pmt_pending *p)
{
    int rc = PMT_OK;

    for (size_t i = 0; rc == PMT_OK && i < p->figures; i++) {
        uint64_t *v = p->figure[i].values;
        uint64_t before = 0;

        if (!p->figure[i].there) {
            continue;
        }
        for (uint32_t k = 0; k < p->rows; k++) {
            c->work->column[k] = pmt_zigzag(v[k] - before);
            before = v[k];
        }
        rc = pmt_body_column(&c->body, PMT_COL_FIGURES + (uint32_t)i,
                             c->work->column, p->rows, PMT_CODEC_ULEB, false);
    }
    return rc;
}

/* What is no plain column and stands at key `id`. True: there is something. */
static bool put_special(struct pmt_recutter *c, struct pmt_pending *p,
                        struct pmt_envelope *e, unsigned id, int *rc)
{
    *rc = PMT_OK;
    if (has_address(e->kind) && id == PMT_COL_RELEASE) {
        *rc = put_addresses(c, p, e);
    } else if (e->kind == PMT_KIND_STRINGS && id == 1) {
        *rc = put_texts(c, p, 1);
    } else if (e->kind == PMT_KIND_MARK && id == 16) {
        *rc = put_texts(c, p, 16);
    } else if (has_figures(e->kind) && id == 16) {
        *rc = pmt_cbor_put_uint(&c->body.bytes, 16);
        *rc = *rc < 0 ? *rc
                      : pmt_buffer_append(&c->body.bytes, p->list.bytes,
                                          p->list.used);
        c->body.entries++;
    } else {
        return false;
    }
    return true;
}

int pmt_recut_encode(struct pmt_recutter *c, struct pmt_pending *p,
                     struct pmt_envelope *e)
{
    const struct pmt_kind_rule *rule = pmt_kind_rule(e->kind);
    int rc = PMT_OK;

    e->rss0 = e->align = e->model = 0;
    c->body.bytes.used = 0;
    c->body.entries = 0;
    for (unsigned id = 0; rc == PMT_OK && id < PMT_KNOWN_COLUMNS; id++) {
        const struct pmt_column_rule *column = NULL;
        bool may;
        size_t n;

        if (put_special(c, p, e, id, &rc)) {
            continue;
        }
        for (size_t i = 0; i < rule->column_count; i++) {
            if (rule->columns[i].id == id) {
                column = &rule->columns[i];
            }
        }
        if (!column || column->transform == PMT_ADDRESSES ||
            (!column->must && !p->column[id].there &&
             column->transform != PMT_SIZED)) {
            continue;
        }
        n = transformed(c, p, column, e);
        /* Where rss is known it is there; sizes are asked for by model 1. */
        may = !column->must && column->transform != PMT_RSS &&
              column->transform != PMT_SIZED;
        rc = pmt_body_column(&c->body, id, c->work->column, n,
                             codec_of(e->kind, id), may);
    }
    return rc < 0 ? rc : put_figures(c, p);
}
