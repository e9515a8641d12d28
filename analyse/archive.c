/* archive.c: traces to be kept. */
#include "archive.h"

#include <stdlib.h>
#include <string.h>

static int add_note(struct pmt_archive_content *content, size_t *room,
                    size_t streams, const struct pmt_archive_note *note)
{
    /* Streams that were met without a header said nothing. */
    while (content->count < streams) {
        if (content->count == *room) {
            size_t want = *room ? *room * 2 : 8;
            void *more = realloc(content->said,
                                 want * sizeof *content->said);

            if (more == NULL)
                return PMT_ERR_MEMORY;
            content->said = more;
            *room = want;
        }
        content->said[content->count++] = (struct pmt_archive_note){0};
    }
    if (note != NULL)
        content->said[streams - 1] = *note;
    return PMT_OK;
}

static int read_all(struct pmt_archive_content *content,
                    struct pmt_trace *in, struct pmt_digests *digests,
                    struct pmt_error *err)
{
    struct pmt_event event;
    size_t room = 0;
    int code;

    while ((code = pmt_trace_next(in, &event, err)) == PMT_OK) {
        const struct pmt_archive_note *note = NULL;

        code = pmt_digests_take(digests, in->reader, &event);
        if (event.type == PMT_EVENT_STREAM && !event.goes_on)
            note = &pmt_stream_header(event.stream)->archive;
        if (code == PMT_OK)
            code = add_note(content, &room, pmt_digests_count(digests), note);
        if (code < 0)
            return pmt_error_set_memory(err);
    }
    if (code < 0)
        return code;
    content->digest = calloc(content->count + 1, sizeof *content->digest);
    code = content->digest != NULL ? PMT_OK : PMT_ERR_MEMORY;
    for (size_t i = 0; code == PMT_OK && i < content->count; i++)
        code = pmt_digests_get(digests, i, &content->digest[i]);
    return code < 0 ? pmt_error_set_memory(err) : PMT_OK;
}

int pmt_archive_read(struct pmt_archive_content *content,
                     struct pmt_trace *in, struct pmt_error *err)
{
    struct pmt_digests *digests = pmt_digests_new();
    int code;

    memset(content, 0, sizeof *content);
    if (digests == NULL)
        return pmt_error_set_memory(err);
    code = read_all(content, in, digests, err);
    pmt_digests_free(digests);
    if (code < 0)
        pmt_archive_release(content);
    return code;
}

void pmt_archive_release(struct pmt_archive_content *content)
{
    free(content->digest);
    free(content->said);
    memset(content, 0, sizeof *content);
}

static int by_digest(const void *a, const void *b)
{
    const struct pmt_digest *x = a, *y = b;

    return memcmp(x->bytes, y->bytes, sizeof x->bytes);
}

bool pmt_archive_same(const struct pmt_archive_content *a,
                      const struct pmt_archive_content *b)
{
    size_t n = a->count, size = sizeof *a->digest;
    struct pmt_digest *sorted = malloc((2 * n + 1) * size);
    bool same = a->count == b->count && sorted != NULL;

    if (same && n > 0) {
        memcpy(sorted, a->digest, n * size);
        memcpy(sorted + n, b->digest, n * size);
        qsort(sorted, n, size, by_digest);
        qsort(sorted + n, n, size, by_digest);
    }
    for (size_t i = 0; same && i < n; i++)
        same = by_digest(&sorted[i], &sorted[n + i]) == 0;
    free(sorted);
    return same;
}

size_t pmt_archive_changed(const struct pmt_archive_content *content,
                           size_t *archived)
{
    size_t changed = 0;

    *archived = 0;
    for (size_t i = 0; i < content->count; i++) {
        *archived += content->said[i].there;
        changed += content->said[i].there &&
                   memcmp(content->said[i].digest, content->digest[i].bytes,
                          sizeof content->digest[i].bytes) != 0;
    }
    return changed;
}

/* Which stream of the content begins at a header of `key`, when `*at` have
 * begun: they come in the same order again. */
static const struct pmt_digest *
digest_of(const struct pmt_archive_content *content, uint64_t key, size_t *at)
{
    while (*at < content->count) {
        const struct pmt_digest *d = &content->digest[(*at)++];

        if (d->key == key)
            return d;
    }
    return NULL;
}

int pmt_archive_write(struct pmt_trace *in,
                      const struct pmt_archive_content *content,
                      const struct pmt_sink *sink,
                      const struct pmt_recut_options *options,
                      struct pmt_archive_report *report,
                      struct pmt_error *err)
{
    struct pmt_recutter *c;
    struct pmt_event event;
    size_t at = 0;
    int code = pmt_recutter_new(&c, sink, options, err);

    memset(report, 0, sizeof *report);
    if (code < 0)
        return code;
    while ((code = pmt_trace_next(in, &event, err)) == PMT_OK) {
        const struct pmt_digest *digest = NULL;
        struct pmt_recut_note note;

        if (event.type == PMT_EVENT_STREAM && !event.goes_on)
            digest = digest_of(content, event.envelope.stream_key, &at);
        report->chunks_read += event.frame_bytes > 0 &&
                               event.type != PMT_EVENT_FOREIGN &&
                               event.type != PMT_EVENT_INDEX &&
                               event.type != PMT_EVENT_DAMAGE;
        if (event.type == PMT_EVENT_RECORDS)
            report->records += event.envelope.count;
        if (digest != NULL)
            note = (struct pmt_recut_note){digest->bytes, digest->allocs,
                                           digest->objects};
        code = pmt_recutter_take(c, in->reader, &event,
                                 digest != NULL ? &note : NULL, err);
        if (code < 0)
            break;
    }
    if (code == PMT_END)
        code = pmt_recutter_finish(c, err);
    report->chunks = pmt_recutter_chunks(c);
    report->bytes = pmt_recutter_offset(c);
    pmt_recutter_free(c);
    return code < 0 ? code : PMT_OK;
}
