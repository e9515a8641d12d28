/* reader.c - a trace as a series of events (pmt/reader.h). */
#include "pmt/reader.h"

#include <stdlib.h>
#include <string.h>

#include "chunk.h"
#include "journal-tail.h"
#include "kinds.h"
#include "reader-state.h"
#include "scan.h"

/* What the library understands (spec 11). */
#define MAJOR_VERSION 1

struct stream_slot {
    struct pmt_stream *stream;
    struct pmt_resume_point at;
};

struct pmt_reader {
    struct pmt_reader_options options;
    struct pmt_input input;
    struct pmt_scan *scan;
    struct pmt_buffer content;
    struct pmt_chunk chunk;
    bool chunk_ready;          /* `chunk` is that of the last event */
    bool opened;               /* the first event was made while opening */
    struct pmt_event first;
    bool has_waiting;          /* a chunk waits behind a DAMAGE event */
    struct pmt_event waiting;

    struct stream_slot *streams;
    size_t stream_count, stream_room;
    uint64_t *refused;         /* keys of streams of a greater version */
    size_t refused_count;

    struct pmt_journal journal;
    bool has_journal;          /* to be taken when the file is through */
    bool in_journal;
    struct pmt_buffer tail;
    struct pmt_tail_report tail_report;
    uint64_t file_bytes;       /* of the file, without the journal */
    uint64_t sound_bytes;      /* in frames that are sound */

    struct pmt_alloc *allocs;
    struct pmt_object *objects;
    struct pmt_live *lives;
    bool allocs_made, objects_made, lives_made;
};

static int no_memory(struct pmt_error *err)
{
    return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET, "out of memory");
}

/* ---- streams ------------------------------------------------------------ */

static struct stream_slot *find_stream(struct pmt_reader *r, uint64_t key)
{
    /* Newest first: chunks of one stream mostly follow each other. */
    for (size_t i = r->stream_count; i-- > 0;) {
        if (r->streams[i].stream->key == key) {
            return &r->streams[i];
        }
    }
    return NULL;
}

static struct stream_slot *get_stream(struct pmt_reader *r, uint64_t key)
{
    struct stream_slot *slot = find_stream(r, key);
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

static bool is_refused(const struct pmt_reader *r, uint64_t key)
{
    for (size_t i = 0; i < r->refused_count; i++) {
        if (r->refused[i] == key) {
            return true;
        }
    }
    return false;
}

static int refuse(struct pmt_reader *r, uint64_t key, struct pmt_error *err)
{
    uint64_t *p = realloc(r->refused, (r->refused_count + 1) * sizeof *p);

    if (!p) {
        return no_memory(err);
    }
    r->refused = p;
    r->refused[r->refused_count++] = key;
    return PMT_OK;
}

/* Adds up the loss records of a chunk, by cause. */
static void follow_losses(const struct pmt_chunk *c,
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

/* Keeps count of what came of a stream. */
static void follow(struct stream_slot *slot, struct pmt_event *event)
{
    const struct pmt_envelope *e = &event->envelope;
    struct pmt_resume_point *at = &slot->at;

    event->stream = slot->stream;
    if (at->has_seq && e->seq > at->seq) {
        event->seq_missing = e->seq - at->seq;
    }
    if (!at->has_seq || e->seq >= at->seq) {
        at->seq = e->seq + 1;
        at->has_seq = true;
    }
    at->epoch = e->epoch > at->epoch ? e->epoch : at->epoch;
    if (e->kind < PMT_KIND_KNOWN && pmt_kind_rule(e->kind)->records) {
        if (e->ordinal > at->ordinal[e->kind]) {
            at->ordinal[e->kind] = e->ordinal;
        }
        at->ordinal[e->kind] += e->count;
        at->records += e->count;
    }
    at->lost = e->lost > at->lost ? e->lost : at->lost;
    at->last_time = e->t1 > at->last_time ? e->t1 : at->last_time;
    if (e->kind == PMT_KIND_END) {
        at->ended = true;
    }
}

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

/* Does a label say what its chunk says? */
static bool label_agrees(const struct pmt_entry *l,
                         const struct pmt_envelope *e, size_t content_bytes)
{
    uint32_t kind = e->kind < 0xffff ? e->kind : 0xffff;
    uint32_t lost = e->lost < UINT32_MAX ? (uint32_t)e->lost : UINT32_MAX;

    return l->kind == kind && l->stream_key == e->stream_key &&
           l->seq == (uint32_t)e->seq && l->count == e->count &&
           l->t0 == e->t0 && l->t1 == e->t1 && l->epoch == e->epoch &&
           l->lost == lost && l->content_bytes == content_bytes;
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
        return no_memory(err);
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

/* Opens a stream, or begins it again; a header that is corrupt leaves what
 * is known of the stream as it was. */
static int take_header(struct pmt_reader *r, struct stream_slot *slot,
                       struct pmt_error *err)
{
    struct pmt_stream *s = slot->stream;
    struct pmt_stream *fresh = pmt_stream_new(s->key, s->index);
    int rc;

    if (!fresh) {
        return no_memory(err);
    }
    rc = parse_header(r, fresh, err);
    if (rc == PMT_OK) {
        struct pmt_stream old = *s;

        /* The pointer stays: events and callers hold it. */
        *s = *fresh;
        *fresh = old;
        memset(&slot->at, 0, sizeof slot->at);
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
    return rc < 0 ? no_memory(err) : PMT_OK;
}

static void end_event(const struct pmt_chunk *c, struct pmt_event *event)
{
    event->type = PMT_EVENT_END;
    event->end_chunks = c->end[0];
    event->end_records = c->end[1];
    event->end_lost = c->end[2];
    event->end_clean = c->end[3] == 1;
}

/* A chunk of a known kind and stream: what event it makes. */
static int decode(struct pmt_reader *r, struct pmt_event *event,
                  struct pmt_error *err)
{
    enum pmt_kind kind = r->chunk.envelope.kind;
    struct stream_slot *slot = get_stream(r, r->chunk.envelope.stream_key);
    int rc;

    if (!slot) {
        return no_memory(err);
    }
    if (kind == PMT_KIND_STREAM) {
        rc = take_header(r, slot, err);
        event->type = PMT_EVENT_STREAM;
    } else {
        rc = pmt_chunk_decode(&r->chunk, slot->stream, err);
        event->type = kind <= PMT_KIND_ANCHORS ? PMT_EVENT_TABLE
                                               : PMT_EVENT_RECORDS;
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
        follow(slot, event);
        r->chunk_ready = event->type == PMT_EVENT_TABLE ||
                         event->type == PMT_EVENT_RECORDS;
        if (r->chunk_ready && kind == PMT_KIND_LOSS) {
            follow_losses(&r->chunk, &slot->at);
        }
    }
    return rc;
}

/* A stream's header of a greater major version, or a chunk of a refused
 * stream: PMT_OK with an event, PMT_END when there is nothing to say. */
static int refused_event(struct pmt_reader *r, struct pmt_event *event,
                         const uint32_t version[2], struct pmt_error *err)
{
    uint64_t key = r->chunk.envelope.stream_key;
    struct stream_slot *slot;

    if (is_refused(r, key)) {
        return PMT_END;
    }
    slot = get_stream(r, key);
    if (!slot || refuse(r, key, err) < 0) {
        return no_memory(err);
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
    uint32_t version[2] = {0, 0};
    uint32_t kind;
    struct stream_slot *slot;
    int rc = pmt_chunk_open(c, &r->content, event->frame_offset, version,
                            err);

    if (rc < 0) {
        return rc;
    }
    event->envelope = c->envelope;
    kind = c->envelope.kind;
    if (kind == PMT_KIND_STREAM && version[0] > MAJOR_VERSION) {
        return refused_event(r, event, version, err);
    }
    if (is_refused(r, c->envelope.stream_key) && kind != PMT_KIND_STREAM) {
        return PMT_END;
    }
    if (!c->feature_count && kind && kind < PMT_KIND_KNOWN) {
        return decode(r, event, err);
    }
    slot = get_stream(r, c->envelope.stream_key);
    if (!slot) {
        return no_memory(err);
    }
    event->type = c->feature_count ? PMT_EVENT_FEATURES : PMT_EVENT_UNKNOWN;
    event->features = c->features;
    event->feature_count = c->feature_count;
    follow(slot, event);
    return PMT_OK;
}

/* A frame that was scanned. PMT_END: nothing to report of it. */
static int take_frame(struct pmt_reader *r, struct pmt_scanned *item,
                      struct pmt_event *event, struct pmt_error *err)
{
    struct pmt_error why = {0};
    int rc = pmt_scan_content(r->scan, item, &r->content, &why);

    event->content_bytes = (uint32_t)r->content.used;
    if (rc == PMT_OK) {
        rc = open_chunk(r, event, &why);
        if (rc == PMT_ERR_CORRUPT || rc == PMT_ERR_LIMIT) {
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
    if (rc == PMT_OK && item->has_label &&
        event->type != PMT_EVENT_REFUSED &&
        !label_agrees(&item->entry, &event->envelope, r->content.used)) {
        /* The damage comes first, the chunk at the next call. */
        pmt_error_set(&why, PMT_ERR_CORRUPT, item->offset,
                      "label differs from its chunk");
        pmt_scan_note_damage(r->scan, item->offset);
        r->waiting = *event;
        r->has_waiting = true;
        damage_event(event, item->offset, &why, false);
    }
    return rc;
}

/* May the chunk be passed over, by its label and the options? */
static bool skips(struct pmt_reader *r, const struct pmt_scanned *item)
{
    const struct pmt_reader_options *o = &r->options;
    const struct pmt_entry *l = &item->entry;
    const struct stream_slot *slot;
    uint64_t tick_ns;

    if (!pmt_scan_can_skip(item) || l->kind >= PMT_KIND_KNOWN) {
        return false;
    }
    if (o->skip_kinds >> l->kind & 1) {
        return true;
    }
    if ((!o->from_ns && !o->to_ns) || l->kind < PMT_KIND_CALL ||
        l->kind >= PMT_KIND_END || l->kind == PMT_KIND_LIVE_SET) {
        return false;
    }
    slot = find_stream(r, l->stream_key);
    tick_ns = slot ? slot->stream->header.tick_ns : 1;
    /* In ticks, so that a great time does not wrap. */
    return l->t1 < o->from_ns / tick_ns ||
           (o->to_ns && l->t0 > o->to_ns / tick_ns);
}

static int skipped(struct pmt_reader *r, const struct pmt_scanned *item,
                   struct pmt_event *event, struct pmt_error *err)
{
    const struct pmt_entry *l = &item->entry;
    struct stream_slot *slot;

    if (is_refused(r, l->stream_key)) {
        return PMT_END;
    }
    slot = get_stream(r, l->stream_key);
    if (!slot) {
        return no_memory(err);
    }
    event->type = PMT_EVENT_SKIPPED_CHUNK;
    event->content_bytes = l->content_bytes;
    event->envelope = (struct pmt_envelope){
        .kind = l->kind,
        .stream_key = l->stream_key,
        .seq = l->seq,
        .count = l->count,
        .t0 = l->t0,
        .t1 = l->t1,
        .epoch = l->epoch,
        .lost = l->lost,
    };
    follow(slot, event);
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
    struct pmt_scanned item;
    int rc = pmt_scan_next(r->scan, &item, err);

    if (rc != PMT_OK) {
        return rc;
    }
    memset(event, 0, sizeof *event);
    event->offset = item.offset;
    event->frame_offset = item.frame_offset;
    event->frame_bytes = (uint32_t)item.frame_bytes;
    event->has_label = item.has_label;
    event->from_journal = r->in_journal;
    switch (item.type) {
    case PMT_SCAN_DAMAGE:
        damage_event(event, item.offset, &item.damage, item.data_lost);
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
    rc = skips(r, &item) ? skipped(r, &item, event, err)
                         : take_frame(r, &item, event, err);
    return rc == PMT_END ? PMT_SCAN_AGAIN : rc;
}

/* The file is through: go on with what the journal holds, if it does. */
static int enter_journal(struct pmt_reader *r, struct pmt_event *event,
                         struct pmt_error *err)
{
    struct pmt_source source;
    struct stream_slot *slot;
    int rc;

    if (!r->has_journal) {
        return PMT_END;
    }
    r->has_journal = false;
    slot = find_stream(r, pmt_journal_stream_key(&r->journal));
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

static int next_event(struct pmt_reader *r, struct pmt_event *event,
                      struct pmt_error *err)
{
    int rc;

    if (!r->scan) {
        return PMT_END;
    }
    do {
        rc = next_scanned(r, event, err);
    } while (rc == PMT_SCAN_AGAIN);
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
    r->allocs_made = r->objects_made = r->lives_made = false;
    return next_event(r, event, err);
}

void pmt_reader_position(const struct pmt_reader *r, uint64_t *at,
                         uint64_t *of)
{
    uint64_t position = r->scan ? pmt_scan_position(r->scan) : 0;

    *of = r->input.source.size;
    *at = position == PMT_NO_OFFSET ? *of : position;
}

/* ---- opening and closing ------------------------------------------------ */

/* Takes the first event. Where the file does not begin like a trace, that is
 * damage, and only the next one tells whether it is a trace at all. */
static int open_both(struct pmt_reader *r, struct pmt_error *err)
{
    int rc = pmt_scan_new(&r->scan, &r->input, err);

    rc = rc < 0 ? rc : next_event(r, &r->first, err);
    if (rc == PMT_OK && r->first.type == PMT_EVENT_DAMAGE &&
        !r->has_waiting) {
        rc = pmt_scan_settle(r->scan, err);
    }
    r->opened = rc == PMT_OK;
    if (rc == PMT_END) {
        rc = pmt_error_set(err, PMT_ERR_NOT_A_TRACE, 0, "the file is empty");
    }
    return rc;
}

int pmt_reader_open_both(struct pmt_reader **out, struct pmt_source *source,
                         struct pmt_journal *journal,
                         const struct pmt_reader_options *options,
                         struct pmt_error *err)
{
    struct pmt_reader *r = calloc(1, sizeof *r);
    int rc;

    *out = NULL;
    if (!r) {
        pmt_source_close(source);
        pmt_journal_close(journal);
        return no_memory(err);
    }
    if (options) {
        r->options = *options;
    }
    r->journal = *journal;
    r->has_journal = journal->header != NULL;
    memset(journal, 0, sizeof *journal);
    if (r->has_journal && source->size != PMT_NO_OFFSET) {
        /* A write that death cut short is in the journal still. */
        uint64_t end = pmt_journal_trace_end(&r->journal, source->size);

        source->size = end < source->size ? end : source->size;
        /* The journal goes on from these. */
        r->options.no_tables = false;
        r->options.skip_kinds &= ~(UINT64_C(1) << PMT_KIND_LOSS);
    }
    pmt_input_init(&r->input, source);
    rc = open_both(r, err);
    if (rc < 0) {
        pmt_reader_free(r);
        return rc;
    }
    *out = r;
    return PMT_OK;
}

int pmt_reader_open(struct pmt_reader **out, struct pmt_source *source,
                    const struct pmt_reader_options *options,
                    struct pmt_error *err)
{
    struct pmt_journal none = {.fd = -1};

    return pmt_reader_open_both(out, source, &none, options, err);
}

/* The journal beside a trace, when its process is dead. Any trouble with it
 * leaves the trace as it is. */
static void open_journal(struct pmt_journal *j, const char *path)
{
    size_t n = strlen(path);
    char *name = malloc(n + sizeof PMT_JOURNAL_SUFFIX);

    if (name) {
        memcpy(name, path, n);
        memcpy(name + n, PMT_JOURNAL_SUFFIX, sizeof PMT_JOURNAL_SUFFIX);
        pmt_journal_open(j, name, NULL);
        free(name);
    }
}

int pmt_reader_open_path(struct pmt_reader **out, const char *path,
                         const struct pmt_reader_options *options,
                         struct pmt_error *err)
{
    struct pmt_source source;
    struct pmt_journal journal = {.fd = -1};
    int rc;

    *out = NULL;
    if (!strcmp(path, "-")) {
        rc = pmt_source_from_fd(&source, 0, 0, err);
        return rc < 0 ? rc : pmt_reader_open(out, &source, options, err);
    }
    rc = pmt_source_open_file(&source, path, err);
    if (rc < 0) {
        return rc;
    }
    if (!(options && options->no_journal) && source.size != PMT_NO_OFFSET) {
        open_journal(&journal, path);
    }
    return pmt_reader_open_both(out, &source, &journal, options, err);
}

void pmt_reader_free(struct pmt_reader *r)
{
    if (!r) {
        return;
    }
    pmt_scan_free(r->scan);
    pmt_input_release(&r->input);
    pmt_journal_close(&r->journal);
    pmt_buffer_release(&r->tail);
    pmt_buffer_release(&r->content);
    pmt_chunk_release(&r->chunk);
    for (size_t i = 0; i < r->stream_count; i++) {
        pmt_stream_free(r->streams[i].stream);
    }
    free(r->streams);
    free(r->refused);
    free(r->allocs);
    free(r->objects);
    free(r->lives);
    free(r);
}

/* ---- private to libpmt (reader-state.h) --------------------------------- */

const struct pmt_resume_point *
pmt_reader_resume_point(struct pmt_reader *r, const struct pmt_stream *s)
{
    const struct stream_slot *slot = find_stream(r, s->key);

    return slot ? &slot->at : NULL;
}

uint64_t pmt_reader_bytes_dropped(const struct pmt_reader *r)
{
    return r->file_bytes > r->sound_bytes ? r->file_bytes - r->sound_bytes
                                          : 0;
}

const struct pmt_tail_report *
pmt_reader_tail_report(const struct pmt_reader *r)
{
    return &r->tail_report;
}

struct pmt_stream *pmt_reader_stream(struct pmt_reader *r, size_t i)
{
    return i < r->stream_count ? r->streams[i].stream : NULL;
}

const uint8_t *pmt_reader_frame(struct pmt_reader *r,
                                const struct pmt_event *event,
                                struct pmt_error *err)
{
    const struct pmt_scanned item = {.offset = event->offset,
                                     .frame_offset = event->frame_offset,
                                     .frame_bytes = event->frame_bytes};

    return pmt_scan_frame(r->scan, &item, err);
}

/* ---- records ------------------------------------------------------------ */

const uint64_t *pmt_reader_column(struct pmt_reader *r, unsigned column)
{
    /* Columns 8 to 10 don't have a value for every record. */
    if (!r->chunk_ready ||
        (column >= PMT_COL_RELEASE && column <= PMT_COL_EXPLICIT)) {
        return NULL;
    }
    return pmt_chunk_column(&r->chunk, column);
}

/* Value `i` of a column that may not be there. */
static inline uint64_t at(const uint64_t *column, size_t i)
{
    return column ? column[i] : 0;
}

/* Room for the records of any chunk, made at the first use. */
static void *records_room(void *room, size_t each)
{
    return room ? room : malloc(PMT_CHUNK_RECORDS_MAX * each);
}

const struct pmt_alloc *pmt_reader_allocs(struct pmt_reader *r)
{
    const struct pmt_chunk *c = &r->chunk;
    const uint64_t *op, *time, *thread, *size, *stack, *address;
    struct pmt_alloc *out;

    if (!r->chunk_ready || c->envelope.kind != PMT_KIND_ALLOC) {
        return NULL;
    }
    out = r->allocs = records_room(r->allocs, sizeof *out);
    if (!out || r->allocs_made) {
        return out;
    }
    op = pmt_chunk_column(c, PMT_COL_OP);
    time = pmt_chunk_column(c, PMT_COL_TIME);
    thread = pmt_chunk_column(c, PMT_COL_THREAD);
    size = pmt_chunk_column(c, PMT_COL_SIZE);
    stack = pmt_chunk_column(c, PMT_COL_STACK);
    address = pmt_chunk_column(c, PMT_COL_ADDRESS);
    for (size_t i = 0; i < c->envelope.count; i++) {
        out[i].time = time[i];
        out[i].address = address[i];
        out[i].size = at(size, i);
        out[i].stack = (uint32_t)at(stack, i);
        out[i].thread = (uint32_t)at(thread, i);
        out[i].op = (uint8_t)(op[i] >> 2);
        out[i].domain = (uint8_t)(op[i] & 3);
    }
    r->allocs_made = true;
    return out;
}

const struct pmt_object *pmt_reader_objects(struct pmt_reader *r)
{
    const struct pmt_chunk *c = &r->chunk;
    const struct pmt_stream *s;
    const uint64_t *class_, *time, *thread, *address;
    struct pmt_object *out;

    if (!r->chunk_ready || c->envelope.kind != PMT_KIND_OBJECT) {
        return NULL;
    }
    out = r->objects = records_room(r->objects, sizeof *out);
    if (!out || r->objects_made) {
        return out;
    }
    s = find_stream(r, c->envelope.stream_key)->stream;
    class_ = pmt_chunk_column(c, PMT_COL_CLASS);
    time = pmt_chunk_column(c, PMT_COL_TIME);
    thread = pmt_chunk_column(c, PMT_COL_THREAD);
    address = pmt_chunk_column(c, PMT_COL_ADDRESS);
    for (size_t i = 0; i < c->envelope.count; i++) {
        struct pmt_class what;

        pmt_stream_class(s, (uint32_t)class_[i], &what);
        out[i].time = time[i];
        out[i].address = address[i];
        out[i].type = what.type;
        out[i].stack = what.stack;
        out[i].thread = (uint32_t)at(thread, i);
        out[i].op = (uint8_t)what.what;
    }
    r->objects_made = true;
    return out;
}

const struct pmt_live *pmt_reader_lives(struct pmt_reader *r)
{
    const struct pmt_chunk *c = &r->chunk;
    struct pmt_live *out;

    if (!r->chunk_ready || c->envelope.kind != PMT_KIND_LIVE_SET) {
        return NULL;
    }
    out = r->lives = records_room(r->lives, sizeof *out);
    if (!out || r->lives_made) {
        return out;
    }
    for (size_t i = 0; i < c->envelope.count; i++) {
        uint64_t age = at(pmt_chunk_column(c, PMT_COL_AGE), i);

        out[i].address = pmt_chunk_column(c, PMT_COL_ADDRESS)[i];
        out[i].size = at(pmt_chunk_column(c, PMT_COL_SIZE), i);
        out[i].time = age < c->envelope.t0 ? c->envelope.t0 - age : 0;
        out[i].stack = (uint32_t)at(pmt_chunk_column(c, PMT_COL_STACK), i);
        out[i].type = (uint32_t)at(pmt_chunk_column(c, PMT_COL_TYPE), i);
        out[i].thread = (uint32_t)at(pmt_chunk_column(c, PMT_COL_THREAD), i);
        out[i].domain = (uint8_t)at(pmt_chunk_column(c, PMT_COL_DOMAIN), i);
        out[i].of_kind = (uint8_t)c->scalars[0];
    }
    r->lives_made = true;
    return out;
}

struct pmt_text pmt_reader_text(struct pmt_reader *r, uint32_t i)
{
    static const struct pmt_text none;

    return r->chunk_ready && i < r->chunk.text_count ? r->chunk.texts[i]
                                                     : none;
}

const struct pmt_figure *pmt_reader_figures(struct pmt_reader *r,
                                            size_t *count)
{
    *count = r->chunk_ready ? r->chunk.figure_count : 0;
    return *count ? r->chunk.figures : NULL;
}

void pmt_reader_live_part(struct pmt_reader *r, uint32_t *of_kind,
                          uint32_t *part, uint32_t *parts)
{
    *of_kind = (uint32_t)r->chunk.scalars[0];
    *part = (uint32_t)r->chunk.scalars[1];
    *parts = (uint32_t)r->chunk.scalars[2];
}
