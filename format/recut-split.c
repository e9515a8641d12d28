/* recut-split.c - pieces of a trace that is cut anew (pmt/recut.h): when one
 * ends, and the parts of streams that begin in the next (spec 5.3). */
#include <stdlib.h>
#include <string.h>

#include "pmt/writer.h"
#include "recut-private.h"
#include "stage.h"
#include "table-fields.h"

#define TABLE_ENTRIES 4096u            /* of a chunk */
#define TEXT_BYTES ((size_t)1 << 20)   /* likewise, about */

static const enum pmt_kind kinds[PMT_KEPT_KINDS] = {
    [PMT_KEPT_ALLOC] = PMT_KIND_ALLOC, [PMT_KEPT_OBJECT] = PMT_KIND_OBJECT};

void pmt_recut_stream_release(struct pmt_recut_stream *s)
{
    pmt_buffer_release(&s->header.bytes);
    for (unsigned k = 0; k < PMT_KIND_ANCHORS; k++) {
        pmt_buffer_release(&s->ids[k]);
    }
    for (unsigned k = 0; k < PMT_KEPT_KINDS; k++) {
        pmt_live_map_free(s->live[k]);
    }
}

/* ---- what a stream begins with ------------------------------------------- */

int pmt_recut_stream_begins(struct pmt_recut_stream *s,
                            const struct pmt_event *event,
                            const struct pmt_buffer *body,
                            const struct pmt_recut_note *note,
                            struct pmt_error *err)
{
    const struct pmt_stream_header *h = pmt_stream_header(event->stream);
    struct pmt_cbor_cursor in;
    struct pmt_cbor head;
    int rc;

    if (s->stream) {
        return pmt_error_set(err, PMT_ERR_ARGUMENT, event->offset,
                             "a stream is in it twice, which can't be split "
                             "(pmt merge takes it once)");
    }
    s->stream = event->stream;
    s->first_part = h->part;
    s->tick = s->due = event->envelope.t0;
    s->tick_ns = h->tick_ns;
    s->has_live[PMT_KEPT_ALLOC] = note && note->allocs;
    s->has_live[PMT_KEPT_OBJECT] = note && note->objects;
    pmt_cbor_begin(&in, body->bytes, body->used, 0);
    rc = pmt_cbor_next(&in, &head, err);
    for (uint64_t i = 0; rc == PMT_OK && i < head.value; i++) {
        const uint8_t *from = in.at;
        struct pmt_cbor key, value;

        rc = pmt_cbor_next(&in, &key, err);
        rc = rc < 0 ? rc : pmt_cbor_skip(&in, &key, err);
        rc = rc < 0 ? rc : pmt_cbor_next(&in, &value, err);
        rc = rc < 0 ? rc : pmt_cbor_skip(&in, &value, err);
        if (rc == PMT_OK && key.type == PMT_CBOR_UINT &&
            (key.value == 11 || key.value == 12)) {
            continue;
        }
        rc = rc < 0 ? rc
                    : pmt_buffer_append(&s->header.bytes, from,
                                        (size_t)(in.at - from));
        s->header.entries++;
    }
    return rc == PMT_ERR_MEMORY ? pmt_error_set_memory(err) : rc;
}

/* ---- the beginning of a part ----------------------------------------------- */

static struct pmt_envelope envelope_of(const struct pmt_recut_stream *s,
                                       unsigned kind, uint32_t count)
{
    return (struct pmt_envelope){
        .kind = kind,
        .stream_key = s->key,
        .seq = s->seq,
        .count = count,
        .t0 = s->tick,
        .t1 = s->tick,
        .epoch = s->epoch + s->parts,
        .ordinal = s->next_ordinal[kind],
        .lost = s->lost,
    };
}

/* Writes what is in c->body. */
static int put(struct pmt_recutter *c, struct pmt_recut_stream *s,
               unsigned kind, size_t count, struct pmt_error *err)
{
    struct pmt_envelope e = envelope_of(s, kind, (uint32_t)count);
    int rc = pmt_chunk_out_write(&c->out, &e, pmt_kind_rule(kind)->records,
                                 &c->body, err);

    s->seq++;
    c->chunks++;
    return rc;
}

/* The first part's header with this one's number, in its place. */
static int put_header(struct pmt_recutter *c, struct pmt_recut_stream *s,
                      struct pmt_error *err)
{
    struct pmt_body *body = &c->body;
    struct pmt_cbor_cursor in;
    bool placed = false;
    int rc = PMT_OK;

    body->bytes.used = body->entries = 0;
    pmt_cbor_begin(&in, s->header.bytes.bytes, s->header.bytes.used, 0);
    for (size_t i = 0; rc == PMT_OK && i < s->header.entries; i++) {
        const uint8_t *from = in.at;
        struct pmt_cbor key, value;

        rc = pmt_cbor_next(&in, &key, err);
        rc = rc < 0 ? rc : pmt_cbor_skip(&in, &key, err);
        rc = rc < 0 ? rc : pmt_cbor_next(&in, &value, err);
        rc = rc < 0 ? rc : pmt_cbor_skip(&in, &value, err);
        if (rc == PMT_OK && !placed &&
            (key.type != PMT_CBOR_UINT || key.value > 12)) {
            rc = pmt_encode_part(body, s->first_part + s->parts,
                                 s->next_ordinal);
            placed = true;
        }
        rc = rc < 0 ? rc
                    : pmt_buffer_append(&body->bytes, from,
                                        (size_t)(in.at - from));
        body->entries++;
    }
    if (rc == PMT_OK && !placed) {
        rc = pmt_encode_part(body, s->first_part + s->parts, s->next_ordinal);
    }
    return rc < 0 ? pmt_error_set_memory(err)
                  : put(c, s, PMT_KIND_STREAM, 0, err);
}

/* One chunk of the entries `ids`. */
static int put_entries(struct pmt_recutter *c, struct pmt_recut_stream *s,
                       enum pmt_kind kind, const uint64_t *ids, size_t n,
                       struct pmt_error *err)
{
    uint64_t v[TABLE_ENTRIES], fields[PMT_TABLE_FIELDS] = {0};
    struct pmt_text text;
    unsigned columns = pmt_table_fields(s->stream, kind, 0, fields);
    int rc;

    c->body.bytes.used = c->body.entries = 0;
    for (size_t i = 0; i < n; i++) {
        v[i] = ids[i] - (i ? ids[i - 1] : 0);
    }
    rc = pmt_body_column(&c->body, 0, v, n, PMT_CODEC_ULEB, false);
    if (rc == PMT_OK && kind == PMT_KIND_STRINGS) {
        rc = pmt_cbor_put_uint(&c->body.bytes, 1);
        rc = rc < 0 ? rc : pmt_cbor_put_array(&c->body.bytes, n);
        c->body.entries++;
        for (size_t i = 0; rc == PMT_OK && i < n; i++) {
            pmt_stream_string(s->stream, (uint32_t)ids[i], &text);
            rc = pmt_cbor_put_text(&c->body.bytes, text.bytes ? text.bytes
                                                              : "",
                                   text.length);
        }
    }
    for (unsigned f = 0; rc == PMT_OK && f < columns; f++) {
        for (size_t i = 0; i < n; i++) {
            pmt_table_fields(s->stream, kind, (uint32_t)ids[i], fields);
            v[i] = fields[f];
        }
        rc = pmt_body_column(&c->body, f + 1, v, n, PMT_CODEC_ULEB,
                             kind != PMT_KIND_STACKS || f > 0);
    }
    return rc < 0 ? pmt_error_set_memory(err) : put(c, s, kind, n, err);
}

static int by_id(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Ids that were stated so far, each once, in their order; how many. */
static size_t sort_ids(struct pmt_buffer *b)
{
    uint32_t *v = (uint32_t *)(void *)b->bytes;
    size_t n = b->used / sizeof *v, kept = 0;

    if (n) {
        qsort(v, n, sizeof *v, by_id);
    }
    for (size_t i = 0; i < n; i++) {
        if (!kept || v[i] != v[kept - 1]) {
            v[kept++] = v[i];
        }
    }
    b->used = kept * sizeof *v;
    return kept;
}

/* All entries that were stated so far. */
static int put_table(struct pmt_recutter *c, struct pmt_recut_stream *s,
                     enum pmt_kind kind, struct pmt_error *err)
{
    size_t size = sort_ids(&s->ids[kind]);
    const uint32_t *stated = (const uint32_t *)(void *)s->ids[kind].bytes;
    uint64_t ids[TABLE_ENTRIES], fields[PMT_TABLE_FIELDS];
    size_t n = 0, bytes = 0;
    int rc = PMT_OK;

    for (size_t i = 0; rc == PMT_OK && i < size; i++) {
        uint32_t id = stated[i];
        struct pmt_text text;

        if (kind == PMT_KIND_STRINGS) {
            if (!pmt_stream_string(s->stream, id, &text)) {
                continue;
            }
            bytes += text.length;
        } else if (!pmt_table_fields(s->stream, kind, id, fields)) {
            continue;
        }
        ids[n++] = id;
        if (n == TABLE_ENTRIES || bytes > TEXT_BYTES) {
            rc = put_entries(c, s, kind, ids, n, err);
            n = bytes = 0;
        }
    }
    return rc == PMT_OK && n ? put_entries(c, s, kind, ids, n, err) : rc;
}

static int put_live(struct pmt_recutter *c, struct pmt_recut_stream *s,
                    enum pmt_kept_kind k, struct pmt_error *err)
{
    const size_t each = PMT_CHUNK_RECORDS_MAX;
    const struct pmt_kept *rows = NULL;
    size_t count = 0, parts;
    int rc = PMT_OK;

    if (s->live[k] && !(rows = pmt_live_map_sorted(s->live[k], k, &count))) {
        return pmt_error_set_memory(err);
    }
    parts = count ? (count + each - 1) / each : 1;
    for (size_t part = 0; rc == PMT_OK && part < parts; part++) {
        size_t at = part * each;
        size_t n = count - at < each ? count - at : each;

        c->body.bytes.used = c->body.entries = 0;
        if (pmt_encode_live(c->encoder, &c->body, s->tick, kinds[k],
                            rows ? rows + at : NULL, n, (uint32_t)part,
                            (uint32_t)parts) < 0) {
            return pmt_error_set_memory(err);
        }
        rc = put(c, s, PMT_KIND_LIVE_SET, n, err);
        s->next_ordinal[PMT_KIND_LIVE_SET] += n;
        s->live_rows += n;
    }
    return rc;
}

static int begin_part(struct pmt_recutter *c, struct pmt_recut_stream *s,
                      struct pmt_error *err)
{
    int rc;

    s->parts++;
    s->due = s->tick;
    rc = put_header(c, s, err);
    for (unsigned kind = PMT_KIND_STRINGS;
         rc == PMT_OK && kind < PMT_KIND_ANCHORS; kind++) {
        rc = put_table(c, s, kind, err);
    }
    for (unsigned k = 0; rc == PMT_OK && k < PMT_KEPT_KINDS; k++) {
        if (s->has_live[k]) {
            rc = put_live(c, s, k, err);
        }
    }
    return rc;
}

/* ---- pieces ------------------------------------------------------------------ */

static int begin_piece(struct pmt_recutter *c, struct pmt_error *err)
{
    struct pmt_recut_stream *lead = c->streams[0];
    struct pmt_sink sink;
    int rc = pmt_chunk_out_index(&c->out, err);

    c->bytes_before += c->out.offset;
    rc = rc < 0 ? rc
                : c->options.next_piece(c->options.context,
                                        lead->first_part + lead->parts + 1,
                                        &sink, err);
    if (rc < 0) {
        return rc;
    }
    pmt_chunk_out_to(&c->out, &sink, 0);
    c->piece_due = false;
    c->read_bytes = c->flushed = c->flushed_read = 0;
    for (size_t i = 0; rc == PMT_OK && i < c->count; i++) {
        if (!c->streams[i]->ended || i == 0) {
            rc = begin_part(c, c->streams[i], err);
        }
    }
    c->flushed = c->opening = c->out.offset;
    return rc;
}

/* A block that is being reallocated is in no live set. */
static bool may_begin(const struct pmt_recutter *c)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct pmt_live_map *m = c->streams[i]->live[PMT_KEPT_ALLOC];

        if (m && pmt_live_map_in_realloc(m)) {
            return false;
        }
    }
    return true;
}

int pmt_recut_before(struct pmt_recutter *c, const struct pmt_recut_stream *s,
                     const struct pmt_event *event, struct pmt_error *err)
{
    bool due = c->piece_due;
    int rc;

    if (!s->stream) {
        return pmt_error_set(err, PMT_ERR_ARGUMENT, event->offset,
                             "a stream has no header, and can't be split");
    }
    if (event->type != PMT_EVENT_RECORDS) {
        return PMT_OK;
    }
    if (c->options.split_ns && event->envelope.t0 > s->due) {
        due |= event->envelope.t0 - s->due >=
               (c->options.split_ns + s->tick_ns - 1) / s->tick_ns;
    }
    if (!due || !may_begin(c)) {
        return PMT_OK;
    }
    rc = pmt_recut_flush_all(c, err);
    return rc < 0 ? rc : begin_piece(c, err);
}

/* ---- what is live --------------------------------------------------------------- */

static struct pmt_live_map *map_of(struct pmt_recut_stream *s,
                                   enum pmt_kept_kind k)
{
    s->has_live[k] = true;
    if (!s->live[k]) {
        s->live[k] = pmt_live_map_new();
    }
    return s->live[k];
}

/* A set that the stream brings replaces what was known. */
static int take_set(struct pmt_recut_stream *s, struct pmt_reader *r,
                    uint32_t count)
{
    const struct pmt_live *v = pmt_reader_lives(r);
    uint32_t of, part, parts;
    enum pmt_kept_kind k;
    struct pmt_live_map *m;

    pmt_reader_live_part(r, &of, &part, &parts);
    k = of == PMT_KIND_ALLOC ? PMT_KEPT_ALLOC : PMT_KEPT_OBJECT;
    if (part == 0) {
        pmt_live_map_free(s->live[k]);
        s->live[k] = NULL;
    }
    m = map_of(s, k);
    if (!m || (!v && count)) {
        return PMT_ERR_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct pmt_alloc block = {.address = v[i].address,
                                        .size = v[i].size,
                                        .stack = v[i].stack,
                                        .thread = v[i].thread,
                                        .op = PMT_ALLOC_MALLOC,
                                        .domain = v[i].domain};
        const struct pmt_object object = {.address = v[i].address,
                                          .stack = v[i].stack,
                                          .thread = v[i].thread,
                                          .type = v[i].type,
                                          .op = PMT_OBJECT_CREATE};

        if (k == PMT_KEPT_ALLOC) {
            pmt_live_map_alloc(m, v[i].time, &block);
        } else {
            pmt_live_map_object(m, v[i].time, &object);
        }
    }
    return PMT_OK;
}

static int follow(struct pmt_recut_stream *s, struct pmt_reader *r,
                  const struct pmt_event *event)
{
    const uint64_t *times = pmt_reader_column(r, PMT_COL_TIME);
    uint32_t count = event->envelope.count;
    const struct pmt_object *objects;
    const struct pmt_alloc *allocs;
    struct pmt_live_map *m;

    if (count == 0 && event->envelope.kind != PMT_KIND_LIVE_SET) {
        return PMT_OK;
    }
    switch (event->envelope.kind) {
    case PMT_KIND_LIVE_SET:
        return take_set(s, r, count);
    case PMT_KIND_ALLOC:
        allocs = pmt_reader_allocs(r);
        m = map_of(s, PMT_KEPT_ALLOC);
        if (!m || !allocs || !times) {
            return PMT_ERR_MEMORY;
        }
        for (uint32_t i = 0; i < count; i++) {
            pmt_live_map_alloc(m, times[i], &allocs[i]);
        }
        return PMT_OK;
    case PMT_KIND_OBJECT:
        objects = pmt_reader_objects(r);
        m = map_of(s, PMT_KEPT_OBJECT);
        if (!m || !objects || !times) {
            return PMT_ERR_MEMORY;
        }
        for (uint32_t i = 0; i < count; i++) {
            pmt_live_map_object(m, times[i], &objects[i]);
        }
        return PMT_OK;
    default:
        return PMT_OK;
    }
}

/* What a table chunk states. */
static int note_ids(struct pmt_recut_stream *s, struct pmt_reader *r,
                    const struct pmt_envelope *e)
{
    const uint64_t *ids = pmt_reader_column(r, 0);
    int rc = PMT_OK;

    for (uint32_t i = 0; ids && rc == PMT_OK && i < e->count; i++) {
        uint32_t id = pmt_possible_id((uint32_t)ids[i]);

        if (id && id == ids[i]) {
            rc = pmt_buffer_append(&s->ids[e->kind], &id, sizeof id);
        }
    }
    return rc;
}

int pmt_recut_after(struct pmt_recutter *c, struct pmt_recut_stream *s,
                    struct pmt_reader *r, const struct pmt_event *event,
                    struct pmt_error *err)
{
    const struct pmt_envelope *e = &event->envelope;
    uint64_t waiting;

    s->tick = e->t1 > s->tick ? e->t1 : s->tick;
    if (event->type == PMT_EVENT_RECORDS) {
        s->next_ordinal[e->kind] =
            e->ordinal + e->count +
            (e->kind == PMT_KIND_LIVE_SET ? s->live_rows : 0);
        if (follow(s, r, event) < 0) {
            return pmt_error_set_memory(err);
        }
    }
    if (event->type == PMT_EVENT_TABLE && e->kind < PMT_KIND_ANCHORS &&
        note_ids(s, r, e) < 0) {
        return pmt_error_set_memory(err);
    }
    if (!c->waiting) {
        c->flushed_read += c->read_bytes;
        c->flushed = c->out.offset;
        c->read_bytes = 0;
    }
    c->read_bytes += event->frame_bytes;
    /* What waits becomes as much smaller as what went before it did. */
    waiting = c->read_bytes;
    if (c->flushed_read && c->flushed < c->flushed_read) {
        waiting = (uint64_t)((double)waiting * (double)c->flushed /
                             (double)c->flushed_read);
    }
    /* At least as much of it is records as it took to begin it. */
    if (c->options.split_bytes &&
        c->out.offset + waiting >= c->options.split_bytes &&
        c->out.offset + waiting >= 2 * c->opening) {
        c->piece_due = true;
    }
    return PMT_OK;
}
