/* reader.c - a trace as a series of events (pmt/reader.h). */
#include "pmt/reader.h"

#include <stdlib.h>
#include <string.h>

#include "kinds.h"
#include "reader-private.h"

/* What the library understands (spec 11). */
#define MAJOR_VERSION 1

/* Nothing to report of this frame, look further. */
#define SCAN_AGAIN 2

/* ---- chunks ------------------------------------------------------------- */

static void damage_event(struct pmt_event *event, uint64_t offset,
                         const struct pmt_error *why, bool data_lost)
{
    event->type = PMT_EVENT_DAMAGE;
    event->stream = NULL;
    event->damage = *why;
    /* A limit that is passed is corruption to a reader of files. */
    if (event->damage.code != PMT_ERR_TRUNCATED) {
        event->damage.code = PMT_ERR_CORRUPT;
    }
    event->damage.offset = offset;
    event->data_lost = data_lost;
}

/* Parses a private copy of the header chunk into the new stream `s`. */
static int parse_header(struct pmt_reader *r, struct pmt_stream *s,
                        struct pmt_error *err)
{
    struct pmt_buffer copy = {NULL, r->content.used, r->content.used};
    uint32_t version[2];
    int rc;

    copy.bytes = malloc(copy.used);
    if (!copy.bytes) {
        return pmt_error_set_memory(err);
    }
    memcpy(copy.bytes, r->content.bytes, copy.used);
    s->header_bytes = copy.bytes;
    rc = pmt_chunk_open(&r->chunk, &copy, r->chunk.offset, version, err);
    if (rc == PMT_OK && r->chunk.envelope.count) {
        return pmt_error_set(err, PMT_ERR_CORRUPT, r->chunk.offset,
                             "a stream's header has records");
    }
    return rc < 0 ? rc : pmt_stream_parse(s, &r->chunk.body_head, err);
}

/* Opens a stream, begins it again, or goes on with it in a later part (5.3);
 * a header that is corrupt leaves what is known of the stream as it was. */
static int take_header(struct pmt_reader *r, struct pmt_stream_slot *slot,
                       struct pmt_event *event, struct pmt_error *err)
{
    struct pmt_stream *s = slot->stream;
    struct pmt_stream *fresh = pmt_stream_new(s->key, s->index);
    int rc;

    if (!fresh) {
        return pmt_error_set_memory(err);
    }
    rc = parse_header(r, fresh, err);
    if (rc == PMT_OK) {
        event->goes_on =
            slot->at.has_seq && fresh->header.part > s->header.part;
        /* The pointer stays: events and callers hold it. */
        pmt_stream_swap(s, fresh, event->goes_on);
        pmt_reader_begin(slot, event->goes_on);
    }
    pmt_stream_free(fresh);
    return rc;
}

/* Takes the entries of a table chunk into its stream. */
static int take_table(struct pmt_reader *r, struct pmt_stream *s,
                      struct pmt_error *err)
{
    const struct pmt_chunk *c = &r->chunk;
    enum pmt_kind kind = c->envelope.kind;
    const uint64_t *ids = pmt_chunk_column(c, 0);
    int rc = PMT_OK;

    for (size_t i = 0; rc == PMT_OK && i < c->envelope.count; i++) {
        uint64_t values[5] = {0};

        if (kind == PMT_KIND_STRINGS) {
            rc = pmt_stream_state_string(
                s, (uint32_t)ids[i], (const uint8_t *)c->texts[i].bytes,
                c->texts[i].length);
            continue;
        }
        for (unsigned f = 0; f < 5; f++) {
            const uint64_t *column = pmt_chunk_column(c, f + 1);

            values[f] = column ? column[i] : 0;
        }
        if (kind == PMT_KIND_STACKS) {
            values[0] = ids[i] - values[0];
        }
        rc = pmt_stream_state(s, kind, (uint32_t)ids[i], values);
    }
    if (rc == PMT_ERR_LIMIT) {
        return pmt_error_set(err, rc, c->offset,
                             "the texts of a stream are over the limit");
    }
    return rc < 0 ? pmt_error_set_memory(err) : PMT_OK;
}

static void end_event(const struct pmt_chunk *c, struct pmt_event *event)
{
    event->type = PMT_EVENT_END;
    event->end_chunks = c->end[0];
    event->end_records = c->end[1];
    event->end_lost = c->end[2];
    event->end_clean = c->end[3] == 1;
    event->end_dump = c->end[3] == 2;
}

/* A chunk of a known kind and stream: what event it makes. */
static int decode(struct pmt_reader *r, struct pmt_event *event,
                  struct pmt_error *err)
{
    enum pmt_kind kind = r->chunk.envelope.kind;
    struct pmt_stream_slot *slot = pmt_reader_get(r, r->chunk.envelope.stream_key);
    int rc;

    if (!slot) {
        return pmt_error_set_memory(err);
    }
    if (kind == PMT_KIND_STREAM) {
        rc = take_header(r, slot, event, err);
        event->type = PMT_EVENT_STREAM;
    } else {
        rc = r->taken.rc;
        event->type = kind <= PMT_KIND_ANCHORS ? PMT_EVENT_TABLE
                                               : PMT_EVENT_RECORDS;
    }
    if (rc < 0 && r->taken.rc < 0) {
        *err = r->taken.why;
    }
    if (rc == PMT_ERR_UNSUPPORTED) {
        event->type = PMT_EVENT_UNREADABLE;
        rc = PMT_OK;
    } else if (rc == PMT_OK && kind == PMT_KIND_END) {
        end_event(&r->chunk, event);
    } else if (rc == PMT_OK && event->type == PMT_EVENT_TABLE &&
               kind != PMT_KIND_ANCHORS && !r->options.no_tables) {
        rc = take_table(r, slot->stream, err);
    }
    if (rc == PMT_OK) {
        pmt_reader_follow(slot, event);
        r->chunk_ready = event->type == PMT_EVENT_TABLE ||
                         event->type == PMT_EVENT_RECORDS;
        if (r->chunk_ready && kind == PMT_KIND_LOSS) {
            pmt_reader_follow_losses(&r->chunk, &slot->at);
        }
        if (r->chunk_ready) {
            pmt_reader_follow_rss(&r->chunk, &slot->at);
        }
    }
    return rc;
}

/* A stream's header of a greater major version. */
static int refuse(struct pmt_reader *r, struct pmt_event *event,
                  const uint32_t version[2], struct pmt_error *err)
{
    uint64_t key = r->chunk.envelope.stream_key;
    struct pmt_stream_slot *slot;

    slot = pmt_reader_get(r, key);
    if (!slot || pmt_reader_refuse(r, key, err) < 0) {
        return pmt_error_set_memory(err);
    }
    slot->stream->header.major = version[0];
    slot->stream->header.minor = version[1];
    slot->stream->refused = true;
    event->type = PMT_EVENT_REFUSED;
    event->stream = slot->stream;
    return PMT_OK;
}

/* The chunk in r->content, in the order of spec 9.5. */
static int open_chunk(struct pmt_reader *r, struct pmt_event *event,
                      struct pmt_error *err)
{
    struct pmt_chunk *c = &r->chunk;
    uint32_t kind = c->envelope.kind;
    struct pmt_stream_slot *slot;

    event->envelope = c->envelope;
    if (pmt_reader_is_refused(r, c->envelope.stream_key)) {
        return PMT_END;
    }
    if (kind == PMT_KIND_STREAM && r->taken.version[0] > MAJOR_VERSION) {
        return refuse(r, event, r->taken.version, err);
    }
    if (pmt_reader_knows(c)) {
        return decode(r, event, err);
    }
    slot = pmt_reader_get(r, c->envelope.stream_key);
    if (!slot) {
        return pmt_error_set_memory(err);
    }
    event->type = c->feature_count ? PMT_EVENT_FEATURES : PMT_EVENT_UNKNOWN;
    event->features = c->features;
    event->feature_count = c->feature_count;
    pmt_reader_follow(slot, event);
    return PMT_OK;
}

/* A frame that was scanned. PMT_END: nothing to report of it. */
static int take_frame(struct pmt_reader *r, struct pmt_scanned *item,
                      struct pmt_event *event, struct pmt_error *err)
{
    struct pmt_error why = r->taken.why;
    int rc = r->taken.rc;

    event->content_bytes = r->taken.content_bytes;
    if (r->taken.opened) {
        rc = open_chunk(r, event, &why);
        if ((rc == PMT_ERR_CORRUPT || rc == PMT_ERR_LIMIT) &&
            r->taken.rc == PMT_OK) {
            pmt_scan_note_damage(r->scan, item->frame_offset);
        }
    }
    if (rc == PMT_ERR_CORRUPT || rc == PMT_ERR_LIMIT) {
        damage_event(event, item->frame_offset, &why, true);
        return PMT_OK;
    }
    if (rc < 0) {
        if (err) {
            *err = why;
        }
        return rc;
    }
    if (rc == PMT_OK && r->taken.label_differs &&
        event->type != PMT_EVENT_REFUSED) {
        /* The damage comes first, the chunk at the next call. */
        pmt_error_set(&why, PMT_ERR_CORRUPT, item->offset,
                      "label differs from its chunk");
        if (pmt_reader_waits_for(&r->chunk)) {
            pmt_scan_note_damage(r->scan, item->offset);
        }
        r->waiting = *event;
        r->has_waiting = true;
        damage_event(event, item->offset, &why, false);
    }
    return rc;
}

static int skipped(struct pmt_reader *r, const struct pmt_scanned *item,
                   struct pmt_event *event, struct pmt_error *err)
{
    const struct pmt_entry *l = &item->entry;
    struct pmt_stream_slot *slot;

    if (pmt_reader_is_refused(r, l->stream_key)) {
        return PMT_END;
    }
    slot = pmt_reader_get(r, l->stream_key);
    if (!slot) {
        return pmt_error_set_memory(err);
    }
    event->type = PMT_EVENT_SKIPPED_CHUNK;
    event->content_bytes = l->content_bytes;
    event->envelope = pmt_reader_envelope(l);
    pmt_reader_follow(slot, event);
    return PMT_OK;
}

/* Counts the bytes that turned out to be of use. */
static void count_bytes(struct pmt_reader *r, const struct pmt_event *event)
{
    if (!r->in_journal && event->type != PMT_EVENT_DAMAGE &&
        event->type != PMT_EVENT_JOURNAL) {
        r->sound_bytes += event->frame_offset + event->frame_bytes -
                          event->offset;
    }
}

/* ---- what comes next ---------------------------------------------------- */

static int next_scanned(struct pmt_reader *r, struct pmt_event *event,
                        struct pmt_error *err)
{
    struct pmt_scanned *item = &r->item;
    int rc = r->ahead ? pmt_ahead_next(r, err)
                      : pmt_reader_take(r, item, &r->content, &r->chunk,
                                        &r->taken, err);

    if (rc != PMT_OK) {
        return rc;
    }
    memset(event, 0, sizeof *event);
    event->offset = item->offset;
    event->frame_offset = item->frame_offset;
    event->frame_bytes = (uint32_t)item->frame_bytes;
    event->has_label = item->has_label;
    event->from_journal = r->in_journal;
    switch (item->type) {
    case PMT_SCAN_DAMAGE:
        damage_event(event, item->offset, &item->damage, item->data_lost);
        return PMT_OK;
    case PMT_SCAN_FOREIGN:
        event->type = PMT_EVENT_FOREIGN;
        return PMT_OK;
    case PMT_SCAN_INDEX:
        event->type = PMT_EVENT_INDEX;
        return PMT_OK;
    case PMT_SCAN_FRAME:
    default:
        break;
    }
    rc = r->taken.skip ? skipped(r, item, event, err)
                         : take_frame(r, item, event, err);
    return rc == PMT_END ? SCAN_AGAIN : rc;
}

/* The file is through: go on with what the journal holds, if it does. */
static int enter_journal(struct pmt_reader *r, struct pmt_event *event,
                         struct pmt_error *err)
{
    struct pmt_source source;
    struct pmt_stream_slot *slot;
    int rc;

    if (!r->has_journal) {
        return PMT_END;
    }
    r->has_journal = false;
    slot = pmt_reader_find(r, pmt_journal_stream_key(&r->journal));
    if (!slot || slot->at.ended) {
        return PMT_END;
    }
    rc = pmt_journal_tail(&r->journal, slot->stream, &slot->at, &r->tail,
                          &r->tail_report, err);
    if (rc < 0 || !r->tail.used) {
        return rc < 0 ? rc : PMT_END;
    }
    pmt_scan_free(r->scan);
    r->scan = NULL;
    r->file = r->input.source;
    memset(&r->input.source, 0, sizeof r->input.source);
    pmt_input_release(&r->input);
    pmt_source_from_memory(&source, r->tail.bytes, r->tail.used);
    pmt_input_init(&r->input, &source);
    rc = pmt_scan_new(&r->scan, &r->input, err);
    if (rc < 0) {
        return rc;
    }
    r->in_journal = true;
    memset(event, 0, sizeof *event);
    event->type = PMT_EVENT_JOURNAL;
    event->stream = slot->stream;
    event->from_journal = true;
    event->envelope.count = 0;
    return PMT_OK;
}

int pmt_reader_next_event(struct pmt_reader *r, struct pmt_event *event,
                      struct pmt_error *err)
{
    int rc;

    if (!r->scan) {
        return PMT_END;
    }
    do {
        rc = next_scanned(r, event, err);
    } while (rc == SCAN_AGAIN);
    if (rc == PMT_END && !r->in_journal) {
        r->file_bytes = r->input.end != PMT_NO_OFFSET ? r->input.end
                                                      : r->input.source.size;
        rc = enter_journal(r, event, err);
    }
    if (rc == PMT_OK) {
        count_bytes(r, event);
    }
    return rc;
}

int pmt_reader_next(struct pmt_reader *r, struct pmt_event *event,
                    struct pmt_error *err)
{
    if (r->opened) {
        *event = r->first;
        r->opened = false;
        return PMT_OK;
    }
    if (r->has_waiting) {
        *event = r->waiting;
        r->has_waiting = false;
        count_bytes(r, event);
        return PMT_OK;
    }
    r->chunk_ready = false;
    r->allocs_made = r->objects_made = r->lives_made =
        r->processes_made = false;
    return pmt_reader_next_event(r, event, err);
}

void pmt_reader_position(const struct pmt_reader *r, uint64_t *at,
                         uint64_t *of)
{
    uint64_t position = r->ahead  ? r->ahead_at
                        : r->scan ? pmt_scan_position(r->scan)
                                  : 0;

    *of = r->input.source.size;
    *at = position == PMT_NO_OFFSET ? *of : position;
}
