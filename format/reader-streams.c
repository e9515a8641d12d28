/* reader-streams.c - the streams of a reader, and what came of each. */
#include "reader-private.h"

#include <stdlib.h>
#include <string.h>

#include "kinds.h"

struct pmt_stream_slot *pmt_reader_find(struct pmt_reader *r, uint64_t key)
{
    /* Newest first: chunks of one stream mostly follow each other. */
    for (size_t i = r->stream_count; i-- > 0;) {
        if (r->streams[i].stream->key == key) {
            return &r->streams[i];
        }
    }
    return NULL;
}

struct pmt_stream_slot *pmt_reader_get(struct pmt_reader *r, uint64_t key)
{
    struct pmt_stream_slot *slot = pmt_reader_find(r, key);
    struct pmt_stream *s;

    if (slot) {
        return slot;
    }
    if (r->stream_count == r->stream_room) {
        size_t room = r->stream_room ? r->stream_room * 2 : 16;
        void *p = realloc(r->streams, room * sizeof *r->streams);

        if (!p) {
            return NULL;
        }
        r->streams = p;
        r->stream_room = room;
    }
    s = pmt_stream_new(key, (unsigned)r->stream_count);
    if (!s) {
        return NULL;
    }
    slot = &r->streams[r->stream_count++];
    memset(slot, 0, sizeof *slot);
    slot->stream = s;
    return slot;
}

bool pmt_reader_is_refused(const struct pmt_reader *r, uint64_t key)
{
    for (size_t i = 0; i < r->refused_count; i++) {
        if (r->refused[i] == key) {
            return true;
        }
    }
    return false;
}

int pmt_reader_refuse(struct pmt_reader *r, uint64_t key, struct pmt_error *err)
{
    uint64_t *p = realloc(r->refused, (r->refused_count + 1) * sizeof *p);

    if (!p) {
        return pmt_error_set_memory(err);
    }
    r->refused = p;
    r->refused[r->refused_count++] = key;
    return PMT_OK;
}

/* Adds up the loss records of a chunk, by cause. */
void pmt_reader_follow_losses(const struct pmt_chunk *c,
                          struct pmt_resume_point *at)
{
    const uint64_t *cause = pmt_chunk_column(c, PMT_COL_OP);
    const uint64_t *events = pmt_chunk_column(c, PMT_COL_EVENTS);

    for (size_t i = 0; i < c->envelope.count; i++) {
        if (cause[i] < PMT_LOSS_CAUSES) {
            at->lost_by[cause[i]] += events[i];
        }
    }
}

void pmt_reader_follow_rss(const struct pmt_chunk *c,
                           struct pmt_resume_point *at)
{
    uint32_t kind = c->envelope.kind;
    size_t n = c->envelope.count;
    const uint64_t *rss = kind >= PMT_KIND_CALL && kind <= PMT_KIND_OBJECT
                              ? pmt_chunk_column(c, PMT_COL_RSS)
                              : NULL;

    /* Of chunks of several kinds the last to end counts. */
    if (rss && n && c->envelope.t1 >= at->rss_time) {
        at->rss = rss[n - 1];
        at->rss_time = c->envelope.t1;
    }
}

void pmt_reader_begin(struct pmt_stream_slot *slot, bool goes_on)
{
    const struct pmt_stream_header *h = &slot->stream->header;
    struct pmt_resume_point *at = &slot->at;

    if (!goes_on) {
        memset(at, 0, sizeof *at);
        at->begun_late = h->part > 0;
        at->before_known = h->has_before;
    }
    for (unsigned k = PMT_KIND_CALL; k < PMT_KIND_KNOWN; k++) {
        if (!goes_on) {
            at->records += h->before[k];
        }
        if (h->before[k] > at->ordinal[k]) {
            at->ordinal[k] = h->before[k];
        }
    }
}

static void follow_records(struct pmt_resume_point *at,
                           const struct pmt_envelope *e)
{
    if (at->begun_late && !at->before_known && !(at->met >> e->kind & 1)) {
        at->records += e->ordinal;
    }
    at->met |= 1u << e->kind;
    if (e->ordinal > at->ordinal[e->kind]) {
        at->ordinal[e->kind] = e->ordinal;
    }
    at->ordinal[e->kind] += e->count;
    at->records += e->count;
}

/* Keeps count of what came of a stream. */
void pmt_reader_follow(struct pmt_stream_slot *slot, struct pmt_event *event)
{
    const struct pmt_envelope *e = &event->envelope;
    struct pmt_resume_point *at = &slot->at;

    event->stream = slot->stream;
    if (at->has_seq && e->seq > at->seq && !slot->stream->header.filter) {
        event->seq_missing = e->seq - at->seq;
    }
    if (!at->has_seq || e->seq >= at->seq) {
        at->seq = e->seq + 1;
        at->has_seq = true;
    }
    at->epoch = e->epoch > at->epoch ? e->epoch : at->epoch;
    if (e->kind < PMT_KIND_KNOWN && pmt_kind_rule(e->kind)->records) {
        follow_records(at, e);
    }
    at->lost = e->lost > at->lost ? e->lost : at->lost;
    at->last_time = e->t1 > at->last_time ? e->t1 : at->last_time;
    if (e->kind == PMT_KIND_END) {
        at->ended = true;
    }
}
