/* recut.c - chunks of another size (pmt/recut.h). */
#include "pmt/recut.h"

#include <stdlib.h>
#include <string.h>

#include "recut-private.h"

/* ---- streams -------------------------------------------------------------- */

static struct pmt_recut_stream *find(struct pmt_recutter *c, uint64_t key)
{
    if (c->last < c->count && c->streams[c->last]->key == key) {
        return c->streams[c->last];
    }
    for (size_t i = 0; i < c->count; i++) {
        if (c->streams[i]->key == key) {
            c->last = i;
            return c->streams[i];
        }
    }
    return NULL;
}

static struct pmt_recut_stream *get(struct pmt_recutter *c, uint64_t key)
{
    struct pmt_recut_stream *s = find(c, key);

    if (s) {
        return s;
    }
    if (c->count == c->room) {
        size_t room = c->room ? c->room * 2 : 8;
        void *more = realloc(c->streams, room * sizeof *c->streams);

        if (!more) {
            return NULL;
        }
        c->streams = more;
        c->room = room;
    }
    s = calloc(1, sizeof *s);
    if (s) {
        s->key = key;
        c->streams[c->count++] = s;
    }
    return s;
}

static void free_pending(struct pmt_pending *p)
{
    if (!p) {
        return;
    }
    for (size_t i = 0; i < PMT_KNOWN_COLUMNS; i++) {
        free(p->column[i].values);
    }
    for (size_t i = 0; i < p->figures; i++) {
        free(p->figure[i].values);
    }
    free(p->figure);
    pmt_buffer_release(&p->list);
    pmt_buffer_release(&p->text);
    free(p->length);
    free(p);
}

void pmt_recut_drop(struct pmt_recutter *c, struct pmt_recut_stream *s,
                    unsigned kind)
{
    if (s->pending[kind]) {
        c->waiting -= s->pending[kind]->bytes;
        free_pending(s->pending[kind]);
        s->pending[kind] = NULL;
    }
}

int pmt_recutter_new(struct pmt_recutter **out, const struct pmt_sink *sink,
                     const struct pmt_recut_options *options,
                     struct pmt_error *err)
{
    struct pmt_recutter *c = calloc(1, sizeof *c);
    int rc;

    *out = NULL;
    if (!c) {
        return pmt_error_set_memory(err);
    }
    if (options) {
        c->options = *options;
    }
    if (!c->options.chunk_records ||
        c->options.chunk_records > PMT_CHUNK_RECORDS_MAX) {
        c->options.chunk_records = PMT_CHUNK_RECORDS_MAX;
    }
    if (!c->options.level) {
        c->options.level = 19;
    }
    if (!c->options.memory_bytes) {
        c->options.memory_bytes = UINT64_C(64) << 20;
    }
    rc = pmt_chunk_out_init(&c->out, sink, c->options.level, false, 0, err);
    if (rc == PMT_OK) {
        rc = pmt_recut_work_new(&c->work) < 0 ||
                     (pmt_recut_splits(c) && pmt_encoder_new(&c->encoder) < 0)
                 ? pmt_error_set_memory(err)
                 : PMT_OK;
    }
    if (rc < 0) {
        pmt_recutter_free(c);
        return rc;
    }
    *out = c;
    return PMT_OK;
}

void pmt_recutter_free(struct pmt_recutter *c)
{
    if (!c) {
        return;
    }
    for (size_t i = 0; i < c->count; i++) {
        for (unsigned k = 0; k < PMT_KIND_KNOWN; k++) {
            free_pending(c->streams[i]->pending[k]);
        }
        pmt_recut_stream_release(c->streams[i]);
        free(c->streams[i]);
    }
    free(c->streams);
    pmt_recut_work_free(c->work);
    pmt_encoder_free(c->encoder);
    pmt_buffer_release(&c->body.bytes);
    pmt_buffer_release(&c->content);
    pmt_buffer_release(&c->skip);
    pmt_chunk_out_release(&c->out);
    free(c);
}

uint64_t pmt_recutter_offset(const struct pmt_recutter *c)
{
    return c->bytes_before + c->out.offset;
}

uint64_t pmt_recutter_chunks(const struct pmt_recutter *c)
{
    return c->chunks;
}

/* ---- flushing --------------------------------------------------------------- */

static int flush_kind(struct pmt_recutter *c, struct pmt_recut_stream *s,
                      unsigned kind, struct pmt_error *err)
{
    struct pmt_pending *p = s->pending[kind];
    struct pmt_envelope e;
    int rc;

    if (!p) {
        return PMT_OK;
    }
    e = p->envelope;
    e.seq = s->seq;
    e.epoch += s->parts;
    e.count = p->rows;
    e.lost = s->lost > e.lost ? s->lost : e.lost;
    s->lost = e.lost;
    rc = pmt_recut_encode(c, p, &e);
    if (rc < 0) {
        return pmt_error_set_memory(err);
    }
    rc = pmt_chunk_out_write(&c->out, &e, pmt_kind_rule(kind)->records,
                             &c->body, err);
    s->seq++;
    c->chunks++;
    pmt_recut_drop(c, s, kind);
    return rc;
}

static int flush_tables(struct pmt_recutter *c, struct pmt_recut_stream *s,
                        struct pmt_error *err)
{
    int rc = PMT_OK;

    for (unsigned k = PMT_KIND_STRINGS; rc == PMT_OK && k < PMT_KIND_ANCHORS;
         k++) {
        rc = flush_kind(c, s, k, err);
    }
    return rc;
}

int pmt_recut_flush(struct pmt_recutter *c, struct pmt_recut_stream *s,
                    struct pmt_error *err)
{
    int rc = flush_tables(c, s, err);

    for (unsigned k = PMT_KIND_CALL; rc == PMT_OK && k < PMT_KIND_KNOWN; k++) {
        rc = flush_kind(c, s, k, err);
    }
    return rc;
}

int pmt_recut_flush_all(struct pmt_recutter *c, struct pmt_error *err)
{
    int rc = PMT_OK;

    for (size_t i = 0; rc == PMT_OK && i < c->count; i++) {
        rc = pmt_recut_flush(c, c->streams[i], err);
    }
    return rc;
}

/* ---- chunks whose bodies stay ------------------------------------------------ */

/* Copies the item at the cursor as it is. */
static int copy_item(struct pmt_buffer *to, struct pmt_cbor_cursor *in)
{
    const uint8_t *from = in->at;
    struct pmt_cbor head;
    int rc = pmt_cbor_next(in, &head, NULL);

    rc = rc < 0 ? rc : pmt_cbor_skip(in, &head, NULL);
    return rc < 0 ? rc : pmt_buffer_append(to, from, (size_t)(in->at - from));
}

/* Key 14 of a header: what was archived, and how. */
static int put_archive(struct pmt_recutter *c, const uint8_t *digest)
{
    struct pmt_buffer *b = &c->content;
    int rc = pmt_cbor_put_uint(b, 14);

    rc = rc < 0 ? rc : pmt_cbor_put_map(b, pmt_recut_splits(c) ? 3 : 2);
    rc = rc < 0 ? rc : pmt_cbor_put_uint(b, 0);
    rc = rc < 0 ? rc : pmt_cbor_put_bytes(b, digest, 32);
    rc = rc < 0 ? rc : pmt_cbor_put_uint(b, 1);
    rc = rc < 0 ? rc : pmt_cbor_put_uint(b, c->options.chunk_records);
    if (rc < 0 || !pmt_recut_splits(c)) {
        return rc;
    }
    rc = pmt_cbor_put_uint(b, 2);
    return rc < 0 ? rc
                  : pmt_cbor_put_uint(b, c->options.split_bytes
                                             ? c->options.split_bytes
                                             : c->options.split_ns);
}

/* Is the next item the number `key`? */
static bool is_key(struct pmt_cbor_cursor in, uint64_t *key)
{
    struct pmt_cbor head;

    if (pmt_cbor_next(&in, &head, NULL) < 0 || head.type != PMT_CBOR_UINT) {
        return false;
    }
    *key = head.value;
    return true;
}

/* A header's body with key 14 in its place. */
static int copy_header_body(struct pmt_recutter *c, struct pmt_cbor_cursor *in,
                            const uint8_t *digest)
{
    struct pmt_cbor_cursor look;
    struct pmt_cbor head;
    uint64_t n, key = 0;
    bool had = false, put = false;
    int rc = pmt_cbor_next(in, &head, NULL);

    n = head.value;
    look = *in;
    for (uint64_t i = 0; rc == PMT_OK && i < n; i++) {
        struct pmt_cbor item;

        had |= is_key(look, &key) && key == 14;
        for (unsigned k = 0; rc == PMT_OK && k < 2; k++) {
            rc = pmt_cbor_next(&look, &item, NULL);
            rc = rc < 0 ? rc : pmt_cbor_skip(&look, &item, NULL);
        }
    }
    rc = rc < 0 ? rc : pmt_cbor_put_map(&c->content, n + !had);
    for (uint64_t i = 0; rc == PMT_OK && i < n; i++) {
        bool number = is_key(*in, &key);
        size_t used = c->content.used;

        if (!put && (!number || key >= 14)) {
            rc = put_archive(c, digest);
            put = true;
            used = c->content.used;
        }
        rc = rc < 0 ? rc : copy_item(&c->content, in);
        rc = rc < 0 ? rc : copy_item(&c->content, in);
        if (number && key == 14) {
            c->content.used = used;
        }
    }
    return rc < 0 || put ? rc : put_archive(c, digest);
}

/* What stands in a chunk's envelope instead; PMT_OK and false: as it was. */
static int put_instead(struct pmt_buffer *to, uint64_t key,
                       const struct pmt_envelope *e, bool *instead)
{
    *instead = true;
    switch (key) {
    case 2:
        return pmt_cbor_put_uint(to, e->seq);
    case 7:
        return pmt_cbor_put_uint(to, e->epoch);
    case 8:
        return pmt_cbor_put_uint(to, e->ordinal);
    default:
        *instead = false;
        return PMT_OK;
    }
}

/* The chunk of the reader's last event with another seq, and epoch and ordinal
 * where parts were begun. *body: where its body begins, in c->content. */
static int rewrap(struct pmt_recutter *c, struct pmt_recut_stream *s,
                  struct pmt_reader *r, const struct pmt_event *event,
                  const uint8_t *digest, size_t *body, struct pmt_error *err)
{
    struct pmt_envelope e = event->envelope;
    struct pmt_cbor_cursor in;
    struct pmt_cbor head;
    int rc;

    e.seq = s->seq;
    e.epoch += s->parts;
    e.ordinal += e.kind == PMT_KIND_LIVE_SET ? s->live_rows : 0;
    *body = 0;
    pmt_cbor_begin(&in, r->content.bytes, r->content.used, 0);
    c->content.used = 0;
    rc = pmt_cbor_next(&in, &head, err);
    if (rc == PMT_OK && head.type == PMT_CBOR_TAG) {
        rc = pmt_cbor_put_tag(&c->content, head.value);
        rc = rc < 0 ? rc : pmt_cbor_next(&in, &head, err);
    }
    rc = rc < 0 ? rc : pmt_cbor_put_map(&c->content, head.value);
    for (uint64_t i = 0; rc == PMT_OK && i < head.value; i++) {
        struct pmt_cbor_cursor value;
        uint64_t key = UINT64_MAX;
        bool instead = false;

        is_key(in, &key);
        rc = copy_item(&c->content, &in);
        value = in;
        *body = key == 15 ? c->content.used : *body;
        if (rc == PMT_OK && key == 15 && digest) {
            rc = copy_header_body(c, &value, digest);
            instead = true;
        } else if (rc == PMT_OK && (key != 8 || e.kind == PMT_KIND_LIVE_SET)) {
            rc = put_instead(&c->content, key, &e, &instead);
        }
        c->skip.used = 0;
        rc = rc < 0 ? rc : copy_item(instead ? &c->skip : &c->content, &in);
    }
    if (rc < 0) {
        return pmt_error_set_memory(err);
    }
    s->seq++;
    c->chunks++;
    s->lost = e.lost > s->lost ? e.lost : s->lost;
    return pmt_chunk_out_content(&c->out, &e, &c->content, err);
}

static int put_end(struct pmt_recutter *c, struct pmt_recut_stream *s,
                   const struct pmt_event *event, struct pmt_error *err)
{
    struct pmt_envelope e = event->envelope;
    enum pmt_end_how how = event->end_clean  ? PMT_END_STOPPED
                           : event->end_dump ? PMT_END_DUMP
                                             : PMT_END_RECOVERED;

    e.seq = s->seq;
    e.epoch += s->parts;
    if (e.t0 < s->tick && s->parts) { /* behind the last part's beginning */
        e.t0 = e.t1 = s->tick;
    }
    if (pmt_encode_end(&c->body, s->seq, event->end_records + s->live_rows,
                       event->end_lost, how) < 0) {
        return pmt_error_set_memory(err);
    }
    s->seq++;
    c->chunks++;
    return pmt_chunk_out_write(&c->out, &e, false, &c->body, err);
}

/* ---- what comes ------------------------------------------------------------------ */

/* May the rows of the chunk be put with others? */
static bool joins(const struct pmt_event *event)
{
    switch (event->envelope.kind) {
    case PMT_KIND_ANCHORS:
    case PMT_KIND_SNAPSHOT:
    case PMT_KIND_LIVE_SET:
    case PMT_KIND_PROCESS:
        return false;
    default:
        return event->type == PMT_EVENT_TABLE ||
               event->type == PMT_EVENT_RECORDS;
    }
}

/* The rows of a chunk, in as many pieces as it takes. */
static int take_rows(struct pmt_recutter *c, struct pmt_recut_stream *s,
                     struct pmt_reader *r, const struct pmt_event *event,
                     struct pmt_error *err)
{
    unsigned kind = event->envelope.kind;
    bool table = kind < PMT_KIND_ANCHORS;
    uint32_t at = 0;

    while (at < event->envelope.count) {
        uint32_t taken = 0;
        int rc = pmt_recut_add(c, s, r, event, at, &taken);

        if (rc < 0) {
            return pmt_error_set_memory(err);
        }
        at += taken;
        if (at < event->envelope.count) {
            rc = table ? flush_tables(c, s, err) : pmt_recut_flush(c, s, err);
        }
        if (rc < 0) {
            return rc;
        }
    }
    return c->waiting > c->options.memory_bytes ? pmt_recut_flush_all(c, err) : PMT_OK;
}

/* A header: of a later part it is left out, for the parts become one. */
static int take_header(struct pmt_recutter *c, struct pmt_recut_stream *s,
                       struct pmt_reader *r, const struct pmt_event *event,
                       const struct pmt_recut_note *note,
                       struct pmt_error *err)
{
    struct pmt_buffer body;
    size_t at;
    int rc = pmt_recut_flush(c, s, err);

    if (rc < 0 || event->goes_on) {
        return rc;
    }
    s->seq = 0; /* it begins again from nothing */
    s->lost = 0;
    s->filtered = pmt_stream_header(event->stream)->filter != NULL;
    rc = rewrap(c, s, r, event, note ? note->digest : NULL, &at, err);
    if (rc < 0 || !pmt_recut_splits(c)) {
        return rc;
    }
    body = c->content;
    body.bytes += at;
    body.used -= at;
    return pmt_recut_stream_begins(s, event, &body, note, err);
}

/* Chunks that are not put with others. */
static int take_chunk(struct pmt_recutter *c, struct pmt_recut_stream *s,
                      struct pmt_reader *r, const struct pmt_event *event,
                      struct pmt_error *err)
{
    size_t body;
    int rc = event->envelope.kind == PMT_KIND_ANCHORS
                 ? flush_tables(c, s, err)
                 : pmt_recut_flush(c, s, err);

    if (rc < 0 || event->type != PMT_EVENT_END) {
        return rc < 0 ? rc : rewrap(c, s, r, event, NULL, &body, err);
    }
    if (!pmt_recut_splits(c)) {
        return put_end(c, s, event, err);
    }
    s->ended = true;
    if (s != c->streams[0]) {
        return put_end(c, s, event, err);
    }
    c->lead_end = *event;
    c->lead_ended = true;
    return PMT_OK;
}

int pmt_recutter_take(struct pmt_recutter *c, struct pmt_reader *r,
                      const struct pmt_event *event,
                      const struct pmt_recut_note *note,
                      struct pmt_error *err)
{
    struct pmt_recut_stream *s;
    int rc = PMT_OK;

    if (event->type == PMT_EVENT_DAMAGE || event->type == PMT_EVENT_FOREIGN ||
        event->type == PMT_EVENT_INDEX || event->type == PMT_EVENT_JOURNAL ||
        event->type == PMT_EVENT_REFUSED) {
        return PMT_OK;
    }
    s = get(c, event->envelope.stream_key);
    if (!s) {
        return pmt_error_set_memory(err);
    }
    if (event->type == PMT_EVENT_STREAM) {
        return take_header(c, s, r, event, note, err);
    }
    rc = pmt_recut_splits(c) ? pmt_recut_before(c, s, event, err) : PMT_OK;
    /* An epoch's records are behind its tables and before the next's. */
    if (rc == PMT_OK && event->envelope.epoch != s->epoch) {
        rc = pmt_recut_flush(c, s, err);
        s->epoch = event->envelope.epoch;
    }
    if (rc == PMT_OK) {
        rc = joins(event) ? take_rows(c, s, r, event, err)
                          : take_chunk(c, s, r, event, err);
    }
    return rc < 0 || !pmt_recut_splits(c)
               ? rc
               : pmt_recut_after(c, s, r, event, err);
}

int pmt_recutter_finish(struct pmt_recutter *c, struct pmt_error *err)
{
    int rc = pmt_recut_flush_all(c, err);

    if (rc == PMT_OK && c->lead_ended) {
        rc = put_end(c, c->streams[0], &c->lead_end, err);
    }
    return rc < 0 ? rc : pmt_chunk_out_index(&c->out, err);
}
