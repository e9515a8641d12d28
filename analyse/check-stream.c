/* check-stream.c: the rules between the chunks of a stream; see
 * check-private.h. */
#include "check-private.h"

#include <inttypes.h>
#include <stdlib.h>

#include "names.h"

/* ---- streams ----------------------------------------------------------- */

/* What there is to say when no chunk of a stream will follow. */
void pmt_check_stream_close(struct pmt_check_state *c,
                            struct pmt_check_stream *stream)
{
    if (!stream->ended)
        pmt_check_find_stream(
            c, stream, PMT_FOUND_INCOMPLETE,
            "the stream has no end: its process died or still "
            "records");
    if (stream->lost > 0)
        pmt_check_find_stream(c, stream, PMT_FOUND_LOSS,
                              "%" PRIu64 " event%s lost", stream->lost,
                              stream->lost == 1 ? "" : "s");
    if (stream->lost_recorded > stream->lost)
        pmt_check_find_stream(c, stream, PMT_FOUND_INCONSISTENT,
                              "loss records count %" PRIu64
                              " events, chunks %" PRIu64,
                              stream->lost_recorded, stream->lost);
    c->report->lost += stream->lost;
    pmt_stated_release(&stream->stated);
}

static struct pmt_check_stream *add_stream(struct pmt_check_state *c,
                                           uint64_t key)
{
    if (c->stream_count == c->stream_capacity) {
        size_t capacity = c->stream_capacity ? 2 * c->stream_capacity : 4;
        struct pmt_check_stream *streams = reallocarray(c->streams, capacity,
                                                        sizeof *streams);

        if (streams == NULL)
            return NULL;
        c->streams = streams;
        c->stream_capacity = capacity;
    }
    c->report->streams++;
    c->streams[c->stream_count] = (struct pmt_check_stream){.key = key};
    return &c->streams[c->stream_count++];
}

/* A stream begins, with part 0 or where what was before was let go (5.3). */
static void begin(struct pmt_check_stream *stream,
                  const struct pmt_event *event)
{
    const struct pmt_stream_header *h = pmt_stream_header(event->stream);

    stream->filtered = h->filter != NULL;
    if (h->part == 0)
        return;
    stream->begun_late = true;
    stream->before_known = h->has_before;
    stream->next_seq = event->envelope.seq;
    for (uint32_t kind = 0; kind < PMT_KIND_KNOWN; kind++) {
        stream->kinds[kind].next_ordinal = h->before[kind];
        stream->records += h->before[kind];
    }
}

/* The stream of an event; a header begins it anew, or goes on with it. */
struct pmt_check_stream *pmt_check_stream_of(struct pmt_check_state *c,
                                             const struct pmt_event *event)
{
    uint64_t key = event->envelope.stream_key;
    struct pmt_check_stream *stream;

    for (size_t i = 0; i < c->stream_count; i++) {
        stream = &c->streams[i];

        if (stream->key != key)
            continue;
        if (event->type == PMT_EVENT_STREAM && !event->goes_on) {
            pmt_check_stream_close(c, stream);
            *stream = (struct pmt_check_stream){.key = key};
            c->report->streams++;
            begin(stream, event);
        }
        return stream;
    }
    if (event->type != PMT_EVENT_STREAM)
        pmt_check_find_chunk(c, event, PMT_FOUND_MISSING,
                             "the header of its stream was not met");
    stream = add_stream(c, key);
    if (stream != NULL && event->type == PMT_EVENT_STREAM)
        begin(stream, event);
    return stream;
}

/* ---- rules between chunks ---------------------------------------------- */

static void check_seq(struct pmt_check_state *c,
                      struct pmt_check_stream *stream,
                      const struct pmt_event *event)
{
    uint64_t seq = event->envelope.seq;

    if (stream->filtered && seq + 1 >= stream->next_seq) {
        stream->next_seq = seq + 1;
        return;
    }
    if (seq == stream->next_seq + 1)
        pmt_check_find_chunk(c, event, PMT_FOUND_MISSING,
                             "chunk %" PRIu64
                             " of the stream is missing before this",
                             stream->next_seq);
    else if (seq > stream->next_seq)
        pmt_check_find_chunk(c, event, PMT_FOUND_MISSING,
                             "chunks %" PRIu64 " to %" PRIu64
                             " of the stream are missing before this",
                             stream->next_seq, seq - 1);
    else if (seq < stream->next_seq)
        pmt_check_find_chunk(c, event, PMT_FOUND_INCONSISTENT,
                             "chunk %" PRIu64
                             " of the stream follows chunk %" PRIu64,
                             seq, stream->next_seq - 1);
    stream->gap |= seq != stream->next_seq;
    stream->next_seq = seq + 1;
}

static void check_order(struct pmt_check_state *c,
                        struct pmt_check_stream *stream,
                        const struct pmt_event *event)
{
    const struct pmt_envelope *e = &event->envelope;

    if (stream->ended)
        pmt_check_find_chunk(c, event, PMT_FOUND_INCONSISTENT,
                             "a chunk behind the end of its stream");
    if (e->epoch < stream->epoch)
        pmt_check_find_chunk(c, event, PMT_FOUND_INCONSISTENT,
                             "epoch %" PRIu32 " follows epoch %" PRIu32,
                             e->epoch, stream->epoch);
    if (e->lost < stream->lost)
        pmt_check_find_chunk(c, event, PMT_FOUND_INCONSISTENT,
                             "%" PRIu64 " events lost, %" PRIu64 " before",
                             e->lost, stream->lost);
    stream->epoch = e->epoch;
    if (e->lost > stream->lost)
        stream->lost = e->lost;
}

/* A later part goes on with what was before. */
static void check_part(struct pmt_check_state *c,
                       struct pmt_check_stream *stream,
                       const struct pmt_event *event, uint32_t epoch)
{
    const struct pmt_stream_header *h = pmt_stream_header(event->stream);

    stream->filtered = h->filter != NULL;
    if (event->envelope.epoch == epoch)
        pmt_check_find_chunk(c, event, PMT_FOUND_INCONSISTENT,
                             "part %" PRIu32 " begins without a new epoch",
                             h->part);
    for (uint32_t kind = PMT_KIND_CALL; kind < PMT_KIND_KNOWN; kind++) {
        uint64_t *next = &stream->kinds[kind].next_ordinal;
        bool known = !stream->gap && !stream->records_unread &&
                     !stream->filtered &&
                     (!stream->begun_late || stream->before_known);

        if (!h->has_before || kind == PMT_KIND_END)
            continue;
        if (known && h->before[kind] != *next)
            pmt_check_find_chunk(c, event, PMT_FOUND_INCONSISTENT,
                                 "part %" PRIu32 " counts %" PRIu64
                                 " records of kind %s before it, there are "
                                 "%" PRIu64,
                                 h->part, h->before[kind], pmt_kind_name(kind),
                                 *next);
    }
}

/* Without a word about what was let go, the first ordinal of a kind tells. */
static void begin_kind(struct pmt_check_stream *stream,
                       const struct pmt_envelope *e)
{
    struct pmt_check_kind *kind = &stream->kinds[e->kind];

    if (stream->begun_late && !stream->before_known && !kind->met) {
        kind->next_ordinal = e->ordinal;
        stream->records += e->ordinal;
    }
}

/* Ordinals and times of one kind go on where they were. */
void pmt_check_records(struct pmt_check_state *c,
                       struct pmt_check_stream *stream,
                       const struct pmt_event *event)
{
    const struct pmt_envelope *e = &event->envelope;
    struct pmt_check_kind *kind = &stream->kinds[e->kind];

    begin_kind(stream, e);
    if (stream->filtered && (e->ordinal >= kind->next_ordinal ||
                             e->kind == PMT_KIND_LIVE_SET))
        kind->next_ordinal = e->ordinal; /* some may be left out */
    if (e->ordinal > kind->next_ordinal && stream->gap)
        pmt_check_find_chunk(c, event, PMT_FOUND_MISSING,
                             "%" PRIu64
                             " records of its kind are missing before this",
                             e->ordinal - kind->next_ordinal);
    else if (e->ordinal != kind->next_ordinal)
        pmt_check_find_chunk(c, event, PMT_FOUND_INCONSISTENT,
                             "ordinal %" PRIu64 " where %" PRIu64 " is next",
                             e->ordinal, kind->next_ordinal);
    if (kind->met && e->t0 < kind->t0)
        pmt_check_find_chunk(c, event, PMT_FOUND_INCONSISTENT,
                             "time goes back from tick %" PRIu64 " to %" PRIu64,
                             kind->t0, e->t0);
    kind->met = true;
    kind->t0 = e->t0;
    kind->next_ordinal = e->ordinal + e->count;
    stream->records += e->count;
}

/* Of kinds that were let go as a whole it may not be known how many records
 * there were. */
static bool counts_all(const struct pmt_check_stream *stream,
                       const struct pmt_event *event)
{
    if (stream->begun_late && !stream->before_known)
        return event->end_records >= stream->records;
    return event->end_records == stream->records;
}

void pmt_check_end(struct pmt_check_state *c, struct pmt_check_stream *stream,
                   const struct pmt_event *event)
{
    if (event->end_chunks != event->envelope.seq)
        pmt_check_find_chunk(c, event, PMT_FOUND_INCONSISTENT,
                             "the end counts %" PRIu64
                             " chunks, its number is %" PRIu64,
                             event->end_chunks, event->envelope.seq);
    if (!stream->gap && !stream->records_unread && !stream->filtered &&
        !counts_all(stream, event))
        pmt_check_find_chunk(c, event, PMT_FOUND_INCONSISTENT,
                             "the end counts %" PRIu64
                             " records, there are %" PRIu64,
                             event->end_records, stream->records);
    if (event->end_lost != event->envelope.lost)
        pmt_check_find_chunk(c, event, PMT_FOUND_INCONSISTENT,
                             "the end counts %" PRIu64
                             " lost events, its chunk %" PRIu64,
                             event->end_lost, event->envelope.lost);
    stream->ended = true;
}

void pmt_check_chunk(struct pmt_check_state *c, struct pmt_check_stream *stream,
                     const struct pmt_event *event)
{
    uint32_t epoch = stream->epoch;

    check_seq(c, stream, event);
    check_order(c, stream, event);
    if (event->type == PMT_EVENT_STREAM && event->goes_on)
        check_part(c, stream, event, epoch);
}
