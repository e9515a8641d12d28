/* trace-summary.c: see trace-summary.h. */
#include "trace-summary.h"

#include <stdlib.h>
#include <string.h>

#include "extents.h"
#include "pmt/index.h"
#include "pmt/parts.h"

#define BIT(kind) (UINT64_C(1) << (kind))
#define LABEL_BYTES 72u

struct pmt_reader_options pmt_summary_options(bool all)
{
    uint64_t tables = BIT(PMT_KIND_ANCHORS) - BIT(PMT_KIND_STRINGS);

    return (struct pmt_reader_options){
        .skip_kinds = ~(BIT(PMT_KIND_STREAM) | BIT(PMT_KIND_LOSS) |
                        BIT(PMT_KIND_END) | pmt_details_kinds(all) |
                        (all ? tables : 0)),
        .no_tables = !all,
    };
}

static bool is_record(uint32_t kind)
{
    return (kind >= PMT_KIND_CALL && kind <= PMT_KIND_LIVE_SET) ||
           kind == PMT_KIND_PROCESS;
}

/* ---- streams ----------------------------------------------------------- */

static struct pmt_summary_stream *add_stream(struct pmt_summary *s,
                                             uint64_t key)
{
    if (s->stream_count == s->stream_capacity) {
        size_t capacity = s->stream_capacity ? 2 * s->stream_capacity : 4;
        struct pmt_summary_stream *streams =
            reallocarray(s->streams, capacity, sizeof *streams);

        if (streams == NULL)
            return NULL;
        s->streams = streams;
        s->stream_capacity = capacity;
    }
    s->streams[s->stream_count] = (struct pmt_summary_stream){.key = key};
    return &s->streams[s->stream_count++];
}

/* The last stream of that key: a header of a known key begins it anew. */
static struct pmt_summary_stream *find_stream(struct pmt_summary *s,
                                              uint64_t key)
{
    for (size_t i = s->stream_count; i-- > 0;)
        if (s->streams[i].key == key)
            return &s->streams[i];
    return add_stream(s, key);
}

struct pmt_summary_kind
pmt_summary_stream_total(const struct pmt_summary_stream *stream)
{
    struct pmt_summary_kind total = {0, 0, 0, 0};

    for (size_t i = 0; i < PMT_SUMMARY_KINDS; i++) {
        total.chunks += stream->kinds[i].chunks;
        total.records += stream->kinds[i].records;
        total.bytes += stream->kinds[i].bytes;
        total.content_bytes += stream->kinds[i].content_bytes;
    }
    return total;
}

uint64_t pmt_summary_stream_records(const struct pmt_summary_stream *stream)
{
    uint64_t records = 0;

    for (uint32_t kind = 0; kind < PMT_SUMMARY_KINDS; kind++)
        if (is_record(kind))
            records += stream->kinds[kind].records;
    return records;
}

/* A header was met: of a new stream, or of a part that goes on with it. */
static void take_header(struct pmt_summary_stream *stream,
                        const struct pmt_stream_header *h)
{
    if (stream->headers++ == 0) {
        stream->part_first = h->part;
        stream->let_go_known = h->part == 0 || h->has_before;
        for (uint32_t kind = 0; kind < PMT_KIND_KNOWN; kind++)
            if (kind != PMT_KIND_LIVE_SET)
                stream->let_go += h->before[kind];
    }
    stream->part_last = h->part;
    stream->header = h;
    if (h->filter != NULL)
        stream->chunks_missing = 0; /* left out (5.4) */
}

/* ---- chunks ------------------------------------------------------------ */

/* One chunk, as its label or its envelope says. */
struct chunk {
    uint32_t kind, count, epoch;
    uint64_t t0, t1, lost, bytes, content_bytes;
};

static void add_chunk(struct pmt_summary_stream *stream,
                      const struct chunk *chunk)
{
    struct pmt_summary_kind *kind =
        &stream->kinds[chunk->kind > 0 && chunk->kind < PMT_KIND_KNOWN
                           ? chunk->kind
                           : PMT_SUMMARY_OTHER];

    kind->chunks++;
    kind->records += chunk->count;
    kind->bytes += chunk->bytes;
    kind->content_bytes += chunk->content_bytes;
    if (chunk->epoch >= stream->epochs)
        stream->epochs = (uint64_t)chunk->epoch + 1;
    if (chunk->lost > stream->lost)
        stream->lost = chunk->lost;
    if (!is_record(chunk->kind))
        return;
    if (!stream->has_time || chunk->t0 < stream->t0)
        stream->t0 = chunk->t0;
    if (!stream->has_time || chunk->t1 > stream->t1)
        stream->t1 = chunk->t1;
    stream->has_time = true;
}

static void add_losses(struct pmt_summary_stream *stream,
                       struct pmt_reader *r, uint32_t count)
{
    const uint64_t *causes = pmt_reader_column(r, PMT_COL_OP);
    const uint64_t *events = pmt_reader_column(r, PMT_COL_EVENTS);

    for (uint32_t i = 0; events != NULL && i < count; i++) {
        uint64_t cause = causes ? causes[i] : 0;

        if (cause >= PMT_LOSS_CAUSES)
            cause = PMT_LOSS_CAUSES;
        stream->lost_by_cause[cause] += events[i];
    }
}

static void add_end(struct pmt_summary_stream *stream,
                    const struct pmt_event *event)
{
    stream->has_end = true;
    stream->end_clean = event->end_clean;
    stream->end_dump = event->end_dump;
    if (event->end_lost > stream->lost)
        stream->lost = event->end_lost;
}

/* Records of a kind whose details are looked at. */
static int add_details(struct pmt_summary *s,
                       struct pmt_summary_stream *stream,
                       struct pmt_reader *reader,
                       const struct pmt_event *event)
{
    if (event->type != PMT_EVENT_RECORDS ||
        !(pmt_details_kinds(s->all) >> event->envelope.kind & 1))
        return PMT_OK;
    if (stream->details == NULL)
        stream->details = calloc(1, sizeof *stream->details);
    if (stream->details == NULL)
        return PMT_ERR_MEMORY;
    return pmt_details_take(stream->details, reader, event, &s->snapshots);
}

static int finish_details(struct pmt_summary *s, struct pmt_error *err)
{
    for (size_t i = 0; i < s->stream_count; i++)
        if (s->streams[i].details && pmt_details_finish(s->streams[i].details))
            return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                                 "out of memory");
    return PMT_OK;
}

/* ---- from the indexes -------------------------------------------------- */

/* Does a stream begin with this header, as far as its label tells? It does not
 * say the part; that it was taken rightly is seen from the headers. */
static bool begins(struct pmt_summary *s, const struct pmt_entry *entry)
{
    if (entry->kind != PMT_KIND_STREAM)
        return false;
    for (size_t i = s->stream_count; entry->seq > 0 && i-- > 0;)
        if (s->streams[i].key == entry->stream_key)
            return entry->seq < s->streams[i].next_seq;
    return true;
}

static int add_entry(struct pmt_summary *s, const struct pmt_entry *entry)
{
    struct pmt_summary_stream *stream = begins(s, entry)
                                            ? add_stream(s, entry->stream_key)
                                            : find_stream(s,
                                                          entry->stream_key);
    struct chunk chunk = {
        .kind = entry->kind,
        .count = entry->count,
        .epoch = entry->epoch,
        .t0 = entry->t0,
        .t1 = entry->t1,
        .lost = entry->lost,
        .bytes = LABEL_BYTES + (uint64_t)entry->frame_bytes,
        .content_bytes = entry->content_bytes,
    };

    if (stream == NULL)
        return PMT_ERR_MEMORY;
    if (entry->kind == PMT_KIND_STREAM &&
        stream->kinds[PMT_KIND_STREAM].chunks == 0 && stream->next_seq == 0)
        stream->next_seq = entry->seq; /* what was before was let go */
    stream->chunks_missing += (uint32_t)(entry->seq - stream->next_seq);
    stream->next_seq = (uint64_t)entry->seq + 1;
    add_chunk(stream, &chunk);
    if (pmt_summary_options(s->all).skip_kinds >> (entry->kind & 63) & 1)
        return PMT_OK;
    return pmt_extents_add(s->extents, entry->offset,
                           LABEL_BYTES + (uint64_t)entry->frame_bytes);
}

/* The streams were made from the index in the order of their headers. Those
 * whose header is not in the file are passed over. */
static bool set_header(struct pmt_summary *s, size_t *at,
                       const struct pmt_event *event)
{
    while (*at < s->stream_count &&
           s->streams[*at].kinds[PMT_KIND_STREAM].chunks == 0)
        (*at)++;
    if (*at == s->stream_count ||
        s->streams[*at].key != event->envelope.stream_key)
        return false;
    take_header(&s->streams[(*at)++], pmt_stream_header(event->stream));
    return true;
}

/* Every header was that of the stream that its label had it in. */
static bool headers_fit(const struct pmt_summary *s)
{
    for (size_t i = 0; i < s->stream_count; i++)
        if (s->streams[i].headers != s->streams[i].kinds[PMT_KIND_STREAM].chunks)
            return false;
    return true;
}

/* The stream whose header the reader gave last under that key. */
static struct pmt_summary_stream *begun_stream(struct pmt_summary *s,
                                               size_t begun, uint64_t key)
{
    while (begun-- > 0)
        if (s->streams[begun].key == key)
            return &s->streams[begun];
    return find_stream(s, key);
}

/* Headers, losses and ends. PMT_END: they are not what the index says. */
static int read_extents(struct pmt_summary *s, struct pmt_error *err)
{
    struct pmt_event event;
    size_t begun = 0;
    int code;

    while ((code = pmt_reader_next(s->reader, &event, err)) == PMT_OK) {
        struct pmt_summary_stream *stream;

        if (event.type == PMT_EVENT_STREAM && !event.goes_on) {
            if (!set_header(s, &begun, &event))
                return PMT_END;
            continue;
        }
        if (event.type == PMT_EVENT_TABLE)
            continue;
        if (event.type != PMT_EVENT_RECORDS &&
            event.type != PMT_EVENT_END && event.type != PMT_EVENT_STREAM)
            return PMT_END;
        stream = begun_stream(s, begun, event.envelope.stream_key);
        if (stream == NULL || add_details(s, stream, s->reader, &event))
            return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                                 "out of memory");
        if (event.type == PMT_EVENT_STREAM)
            take_header(stream, pmt_stream_header(event.stream));
        else if (event.type == PMT_EVENT_END)
            add_end(stream, &event);
        else if (event.envelope.kind == PMT_KIND_LOSS)
            add_losses(stream, s->reader, event.envelope.count);
    }
    if (code == PMT_END && !headers_fit(s))
        return PMT_END;
    return code == PMT_END ? finish_details(s, err) : code;
}

static int summarise_index(struct pmt_summary *s, struct pmt_error *err)
{
    struct pmt_index index = {0};
    struct pmt_source pieces;
    int code = pmt_index_read(&index, &s->source, err);

    for (size_t i = 0; code == PMT_OK && i < index.count; i++)
        code = add_entry(s, &index.entries[i]);
    pmt_index_release(&index);
    if (code == PMT_ERR_MEMORY)
        return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                             "out of memory");
    if (code != PMT_OK)
        return code;
    pmt_extents_source(s->extents, &pieces);
    if (pmt_reader_open(&s->reader, &pieces, NULL, err) != PMT_OK)
        return PMT_END;
    return read_extents(s, err);
}

int pmt_summary_from_index(struct pmt_summary *s, const char *path, bool all,
                           struct pmt_error *err)
{
    int code;

    memset(s, 0, sizeof *s);
    s->all = all;
    code = pmt_source_open_trace(&s->source, path, NULL, err);
    if (code != PMT_OK)
        return code;
    s->from_index = true;
    s->bytes = s->source.size;
    s->extents = pmt_extents_new(&s->source);
    code = s->extents ? summarise_index(s, err)
                      : pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                                      "out of memory");
    if (code != PMT_OK)
        pmt_summary_release(s);
    return code;
}

/* ---- by walking -------------------------------------------------------- */

static void add_event(struct pmt_summary_stream *stream,
                      struct pmt_reader *reader,
                      const struct pmt_event *event)
{
    const struct pmt_envelope *envelope = &event->envelope;
    struct chunk chunk = {
        .kind = envelope->kind,
        .count = envelope->count,
        .epoch = envelope->epoch,
        .t0 = envelope->t0,
        .t1 = envelope->t1,
        .lost = envelope->lost,
        .bytes = event->frame_bytes + (event->has_label ? LABEL_BYTES : 0),
        .content_bytes = event->content_bytes,
    };

    stream->chunks_missing += event->seq_missing;
    if (event->from_journal) {
        /* Not in the file; but what was lost is lost. */
        stream->journal_records +=
            is_record(envelope->kind) ? envelope->count : 0;
        if (envelope->lost > stream->lost)
            stream->lost = envelope->lost;
    } else {
        add_chunk(stream, &chunk);
    }
    if (event->type == PMT_EVENT_END)
        add_end(stream, event);
    else if (event->type == PMT_EVENT_RECORDS &&
             envelope->kind == PMT_KIND_LOSS)
        add_losses(stream, reader, envelope->count);
}

int pmt_summary_walk(struct pmt_summary *s, struct pmt_trace *in, bool all,
                     struct pmt_error *err)
{
    struct pmt_event event;
    uint64_t at;
    int code;

    memset(s, 0, sizeof *s);
    s->all = all;
    pmt_reader_position(in->reader, &at, &s->bytes);
    while ((code = pmt_trace_next(in, &event, err)) == PMT_OK) {
        struct pmt_summary_stream *stream;

        s->foreign += event.type == PMT_EVENT_FOREIGN;
        if (!pmt_event_is_chunk(&event) && event.type != PMT_EVENT_REFUSED)
            continue;
        if ((event.type == PMT_EVENT_STREAM && !event.goes_on) ||
            event.type == PMT_EVENT_REFUSED)
            stream = add_stream(s, event.envelope.stream_key);
        else
            stream = find_stream(s, event.envelope.stream_key);
        if (stream == NULL ||
            (!stream->refused && add_details(s, stream, in->reader, &event))) {
            pmt_summary_release(s);
            return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                                 "out of memory");
        }
        if (event.type == PMT_EVENT_STREAM)
            take_header(stream, pmt_stream_header(event.stream));
        if (event.type == PMT_EVENT_REFUSED)
            stream->header = pmt_stream_header(event.stream);
        stream->refused |= event.type == PMT_EVENT_REFUSED;
        if (!stream->refused)
            add_event(stream, in->reader, &event);
    }
    if (code == PMT_END)
        code = finish_details(s, err);
    if (code < 0)
        pmt_summary_release(s);
    return code < 0 ? code : PMT_OK;
}

void pmt_summary_release(struct pmt_summary *s)
{
    for (size_t i = 0; i < s->stream_count; i++)
        if (s->streams[i].details != NULL) {
            pmt_details_release(s->streams[i].details);
            free(s->streams[i].details);
        }
    pmt_reader_free(s->reader);
    pmt_extents_free(s->extents);
    pmt_source_close(&s->source);
    free(s->streams);
    memset(s, 0, sizeof *s);
}
