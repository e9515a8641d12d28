/* digest.c: the content digest (spec, annex B). */
#include <stdio.h>
#include <stdlib.h>

#include "digest-private.h"
#include "dump.h"
#include "open.h"

/* ---- streams ---------------------------------------------------------------- */

struct pmt_digests {
    struct pmt_digest_stream **stream;
    size_t count, room;
    uint64_t *values; /* work space: a column */
};

static void free_stream(struct pmt_digest_stream *s)
{
    for (size_t i = 0; i < PMT_KIND_KNOWN; i++)
        pmt_digest_series_free(s->kind[i]);
    pmt_digest_series_free(s->live[0]);
    pmt_digest_series_free(s->live[1]);
    for (size_t i = 0; i < PMT_DIGEST_TABLES; i++)
        pmt_digest_entries_release(&s->table[i]);
    pmt_digest_entries_release(&s->name);
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

/* The stream that chunks of `of` are of; made when there is none, or when it
 * begins again. NULL: no memory. */
static struct pmt_digest_stream *
stream_of(struct pmt_digests *d, const struct pmt_stream *of, bool begins)
{
    struct pmt_digest_stream *s;

    for (size_t i = d->count; i-- > 0;)
        if (d->stream[i]->stream == of && d->stream[i]->current) {
            if (!begins)
                return d->stream[i];
            d->stream[i]->current = false;
        }
    if (d->count == d->room) {
        size_t room = d->room ? d->room * 2 : 8;
        struct pmt_digest_stream **more = realloc(d->stream,
                                                  room * sizeof *more);

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
static int take_header(struct pmt_digest_stream *s, struct pmt_reader *r,
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
    pmt_hash_bytes(&s->header, line, (size_t)(end + 1 - line));
    free(text);
    s->filtered = h->filter != NULL;
    pmt_hash_u64(&s->header, s->filtered ? h->filter_count : UINT64_MAX);
    for (size_t i = 0; i < h->filter_count; i++)
        pmt_hash_text(&s->header, h->filter[i]);
    return PMT_OK;
}

int pmt_digests_take(struct pmt_digests *d, struct pmt_reader *r,
                     const struct pmt_event *event)
{
    struct pmt_digest_stream *s;
    bool begins = event->type == PMT_EVENT_STREAM && !event->goes_on;

    if (!pmt_event_is_chunk(event))
        return PMT_OK;
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
        return pmt_digest_take_table(s, r, event);
    } else if (event->type == PMT_EVENT_TABLE ||
               event->type == PMT_EVENT_RECORDS) {
        return pmt_digest_take_chunk(d->values, s, r, event);
    } else if (event->type != PMT_EVENT_STREAM) {
        s->incomplete = true;
    }
    return PMT_OK;
}

/* ---- the result --------------------------------------------------------------- */

int pmt_digests_get(const struct pmt_digests *d, size_t i,
                    struct pmt_digest *out)
{
    const struct pmt_digest_stream *s = d->stream[i];
    struct pmt_blake2b b;
    int code = PMT_OK;

    pmt_blake2b_init(&b);
    pmt_hash_word(&b, "pmt content 1");
    pmt_hash_result(&b, &s->header);
    for (uint32_t kind = 0; kind < PMT_KIND_KNOWN; kind++)
        if (s->kind[kind] != NULL) {
            pmt_hash_u64(&b, kind);
            pmt_digest_put_series(&b, kind, s->kind[kind]);
        }
    for (unsigned k = 0; k < 2; k++)
        if (s->live[k] != NULL && s->live[k]->records > 0) {
            pmt_hash_u64(&b, PMT_KIND_LIVE_SET);
            pmt_hash_u64(&b, PMT_KIND_OBJECT + k);
            pmt_digest_put_series(&b, PMT_KIND_LIVE_SET, s->live[k]);
        }
    for (uint32_t k = 0; code == PMT_OK && k < PMT_DIGEST_TABLES; k++) {
        pmt_hash_u64(&b, PMT_KIND_CODES + k);
        code = pmt_digest_put_set(&b, &s->table[k]);
    }
    code = code < 0 ? code : pmt_digest_put_set(&b, &s->name);
    pmt_hash_u64(&b, s->ended);
    pmt_hash_u64(&b, s->end_lost);
    pmt_hash_u64(&b, s->clean);
    out->key = s->key;
    out->incomplete = s->incomplete;
    out->allocs = s->kind[PMT_KIND_ALLOC] != NULL || s->live[1] != NULL;
    out->objects = s->kind[PMT_KIND_OBJECT] != NULL || s->live[0] != NULL;
    pmt_blake2b_result(&b, out->bytes);
    return code;
}
