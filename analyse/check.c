/* check.c: see check.h. Entries and references are check-tables.c's. */
#include "check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check-tables.h"
#include "names.h"

#define LABEL_BYTES 72u

const char *pmt_finding_status_name(enum pmt_finding_status status)
{
    static const char *const names[] = {
        "truncated",  "corrupt", "missing",   "inconsistent",
        "incomplete", "loss",    "unchecked",
    };

    return names[status];
}

bool pmt_finding_is_damage(enum pmt_finding_status status)
{
    return status <= PMT_FOUND_INCONSISTENT;
}

bool pmt_check_damaged(const struct pmt_check_report *report)
{
    for (int i = 0; i < PMT_FOUND_STATUSES; i++)
        if (report->found[i] > 0 &&
            pmt_finding_is_damage((enum pmt_finding_status)i))
            return true;
    return false;
}

/* What is known of one kind of records of a stream. */
struct kind_state {
    bool met;
    uint64_t next_ordinal, t0;
};

struct stream_state {
    uint64_t key;
    uint64_t next_seq, lost, lost_recorded, records;
    uint32_t epoch;
    bool ended;
    bool gap;            /* chunks are missing or wrongly numbered */
    bool tables_unread;  /* entries are in chunks that can't be read */
    bool records_unread; /* so are records, or may be */
    struct kind_state kinds[PMT_KIND_KNOWN];
    struct pmt_stated stated;
};

struct check {
    struct pmt_check_report *report;
    pmt_check_found *found;
    void *context;
    struct pmt_reader *reader;
    struct stream_state *streams;
    size_t stream_count, stream_capacity;
    uint64_t damaged_from; /* PMT_NO_OFFSET: the last frame was sound */
    uint64_t next_offset;  /* where the next frame must begin; likewise */
};

/* ---- findings ---------------------------------------------------------- */

static void find(struct check *c, struct pmt_finding *finding)
{
    c->report->found[finding->status]++;
    c->found(c->context, finding);
}

/* A finding about the chunk of `event`. */
__attribute__((format(printf, 4, 5))) static void
find_chunk(struct check *c, const struct pmt_event *event,
           enum pmt_finding_status status, const char *format, ...)
{
    struct pmt_finding finding = {
        .status = status,
        .offset = event->frame_offset,
        .has_stream = true,
        .stream_key = event->envelope.stream_key,
        .kind = event->envelope.kind,
    };
    va_list args;

    va_start(args, format);
    vsnprintf(finding.message, sizeof finding.message, format, args);
    va_end(args);
    find(c, &finding);
}

/* A finding about a whole stream. */
__attribute__((format(printf, 4, 5))) static void
find_stream(struct check *c, const struct stream_state *stream,
            enum pmt_finding_status status, const char *format, ...)
{
    struct pmt_finding finding = {
        .status = status,
        .offset = PMT_NO_OFFSET,
        .has_stream = true,
        .stream_key = stream->key,
    };
    va_list args;

    va_start(args, format);
    vsnprintf(finding.message, sizeof finding.message, format, args);
    va_end(args);
    find(c, &finding);
}

/* ---- every byte -------------------------------------------------------- */

static void end_damage(struct check *c, uint64_t offset)
{
    if (c->damaged_from != PMT_NO_OFFSET && offset > c->damaged_from)
        c->report->bytes_damaged += offset - c->damaged_from;
    c->damaged_from = PMT_NO_OFFSET;
}

/* The reader passes over a label of a later version without a word; nothing
 * else may stand between two frames. */
static void find_unaccounted(struct check *c, const struct pmt_event *event)
{
    bool label = event->offset - c->next_offset == LABEL_BYTES &&
                 !event->has_label;
    struct pmt_finding finding = {
        .status = label ? PMT_FOUND_UNCHECKED : PMT_FOUND_CORRUPT,
        .offset = c->next_offset,
    };

    if (label)
        snprintf(finding.message, sizeof finding.message,
                 "a label of a later version");
    else
        snprintf(finding.message, sizeof finding.message,
                 "the next frame begins at byte %" PRIu64, event->offset);
    find(c, &finding);
}

/* Frames must stand one behind the other, but for damage. */
static void account(struct check *c, const struct pmt_event *event)
{
    if (event->type == PMT_EVENT_DAMAGE) {
        if (c->damaged_from == PMT_NO_OFFSET)
            c->damaged_from = event->damage.offset;
        c->next_offset = PMT_NO_OFFSET;
        return;
    }
    if (c->next_offset != PMT_NO_OFFSET && event->offset != c->next_offset)
        find_unaccounted(c, event);
    end_damage(c, event->offset);
    c->next_offset = event->type != PMT_EVENT_FOREIGN &&
                             event->type != PMT_EVENT_INDEX &&
                             event->frame_bytes > 0
                         ? event->frame_offset + event->frame_bytes
                         : PMT_NO_OFFSET;
}

/* ---- streams ----------------------------------------------------------- */

/* What there is to say when no chunk of a stream will follow. */
static void close_stream(struct check *c, struct stream_state *stream)
{
    if (!stream->ended)
        find_stream(c, stream, PMT_FOUND_INCOMPLETE,
                    "the stream has no end: its process died or still "
                    "records");
    if (stream->lost > 0)
        find_stream(c, stream, PMT_FOUND_LOSS, "%" PRIu64 " event%s lost",
                    stream->lost, stream->lost == 1 ? "" : "s");
    if (stream->lost_recorded > stream->lost)
        find_stream(c, stream, PMT_FOUND_INCONSISTENT,
                    "loss records count %" PRIu64 " events, chunks %" PRIu64,
                    stream->lost_recorded, stream->lost);
    c->report->lost += stream->lost;
    pmt_stated_release(&stream->stated);
}

static struct stream_state *add_stream(struct check *c, uint64_t key)
{
    if (c->stream_count == c->stream_capacity) {
        size_t capacity = c->stream_capacity ? 2 * c->stream_capacity : 4;
        struct stream_state *streams =
            reallocarray(c->streams, capacity, sizeof *streams);

        if (streams == NULL)
            return NULL;
        c->streams = streams;
        c->stream_capacity = capacity;
    }
    c->report->streams++;
    c->streams[c->stream_count] = (struct stream_state){.key = key};
    return &c->streams[c->stream_count++];
}

/* The stream of an event; a header begins it anew. */
static struct stream_state *stream_of(struct check *c,
                                      const struct pmt_event *event)
{
    uint64_t key = event->envelope.stream_key;

    for (size_t i = 0; i < c->stream_count; i++) {
        struct stream_state *stream = &c->streams[i];

        if (stream->key != key)
            continue;
        if (event->type == PMT_EVENT_STREAM) {
            close_stream(c, stream);
            *stream = (struct stream_state){.key = key};
            c->report->streams++;
        }
        return stream;
    }
    if (event->type != PMT_EVENT_STREAM)
        find_chunk(c, event, PMT_FOUND_MISSING,
                   "the header of its stream was not met");
    return add_stream(c, key);
}

/* ---- rules between chunks ---------------------------------------------- */

static void check_seq(struct check *c, struct stream_state *stream,
                      const struct pmt_event *event)
{
    uint64_t seq = event->envelope.seq;

    if (seq == stream->next_seq + 1)
        find_chunk(c, event, PMT_FOUND_MISSING,
                   "chunk %" PRIu64 " of the stream is missing before this",
                   stream->next_seq);
    else if (seq > stream->next_seq)
        find_chunk(c, event, PMT_FOUND_MISSING,
                   "chunks %" PRIu64 " to %" PRIu64
                   " of the stream are missing before this",
                   stream->next_seq, seq - 1);
    else if (seq < stream->next_seq)
        find_chunk(c, event, PMT_FOUND_INCONSISTENT,
                   "chunk %" PRIu64 " of the stream follows chunk %" PRIu64,
                   seq, stream->next_seq - 1);
    stream->gap |= seq != stream->next_seq;
    stream->next_seq = seq + 1;
}

static void check_order(struct check *c, struct stream_state *stream,
                        const struct pmt_event *event)
{
    const struct pmt_envelope *e = &event->envelope;

    if (stream->ended)
        find_chunk(c, event, PMT_FOUND_INCONSISTENT,
                   "a chunk behind the end of its stream");
    if (e->epoch < stream->epoch)
        find_chunk(c, event, PMT_FOUND_INCONSISTENT,
                   "epoch %" PRIu32 " follows epoch %" PRIu32, e->epoch,
                   stream->epoch);
    if (e->lost < stream->lost)
        find_chunk(c, event, PMT_FOUND_INCONSISTENT,
                   "%" PRIu64 " events lost, %" PRIu64 " before", e->lost,
                   stream->lost);
    stream->epoch = e->epoch;
    if (e->lost > stream->lost)
        stream->lost = e->lost;
}

/* Ordinals and times of one kind go on where they were. */
static void check_series(struct check *c, struct stream_state *stream,
                         const struct pmt_event *event)
{
    const struct pmt_envelope *e = &event->envelope;
    struct kind_state *kind = &stream->kinds[e->kind];

    if (e->ordinal > kind->next_ordinal && stream->gap)
        find_chunk(c, event, PMT_FOUND_MISSING,
                   "%" PRIu64 " records of its kind are missing before this",
                   e->ordinal - kind->next_ordinal);
    else if (e->ordinal != kind->next_ordinal)
        find_chunk(c, event, PMT_FOUND_INCONSISTENT,
                   "ordinal %" PRIu64 " where %" PRIu64 " is next",
                   e->ordinal, kind->next_ordinal);
    if (kind->met && e->t0 < kind->t0)
        find_chunk(c, event, PMT_FOUND_INCONSISTENT,
                   "time goes back from tick %" PRIu64 " to %" PRIu64,
                   kind->t0, e->t0);
    kind->met = true;
    kind->t0 = e->t0;
    kind->next_ordinal = e->ordinal + e->count;
    stream->records += e->count;
}

static void check_end(struct check *c, struct stream_state *stream,
                      const struct pmt_event *event)
{
    if (event->end_chunks != event->envelope.seq)
        find_chunk(c, event, PMT_FOUND_INCONSISTENT,
                   "the end counts %" PRIu64 " chunks, its number is %" PRIu64,
                   event->end_chunks, event->envelope.seq);
    if (!stream->gap && !stream->records_unread &&
        event->end_records != stream->records)
        find_chunk(c, event, PMT_FOUND_INCONSISTENT,
                   "the end counts %" PRIu64 " records, there are %" PRIu64,
                   event->end_records, stream->records);
    if (event->end_lost != event->envelope.lost)
        find_chunk(c, event, PMT_FOUND_INCONSISTENT,
                   "the end counts %" PRIu64 " lost events, its chunk %" PRIu64,
                   event->end_lost, event->envelope.lost);
    stream->ended = true;
}

static void add_losses(struct check *c, struct stream_state *stream,
                       uint32_t count)
{
    const uint64_t *events = pmt_reader_column(c->reader, PMT_COL_EVENTS);

    for (uint32_t i = 0; events != NULL && i < count; i++)
        stream->lost_recorded += events[i];
}

/* ---- tables ------------------------------------------------------------ */

/* The ids that a chunk refers to have been stated in its epoch. */
static void check_references(struct check *c, struct stream_state *stream,
                             const struct pmt_event *event)
{
    struct pmt_unstated unstated = {0};

    if (stream->tables_unread)
        return;
    while (pmt_check_unstated(&stream->stated, c->reader, event, &unstated)) {
        const char *table = pmt_kind_name(unstated.table);

        if (unstated.count == 1)
            find_chunk(c, event, PMT_FOUND_MISSING,
                       "refers to %s %" PRIu64
                       ", which its epoch %" PRIu32 " does not state",
                       table, unstated.first, event->envelope.epoch);
        else
            find_chunk(c, event, PMT_FOUND_MISSING,
                       "refers %" PRIu64 " times to %s entries that its epoch "
                       "%" PRIu32 " does not state, first to %" PRIu64,
                       unstated.count, table, event->envelope.epoch,
                       unstated.first);
    }
}

static int check_table(struct check *c, struct stream_state *stream,
                       const struct pmt_event *event)
{
    struct pmt_restated restated;

    c->report->entries += event->envelope.count;
    if (pmt_check_state(&stream->stated, c->reader, event, &restated) < 0)
        return PMT_ERR_MEMORY;
    if (restated.count > 0)
        find_chunk(c, event, PMT_FOUND_INCONSISTENT,
                   "%" PRIu64 " entr%s stated before with another meaning, "
                   "first %" PRIu32,
                   restated.count, restated.count == 1 ? "y was" : "ies were",
                   restated.first);
    check_references(c, stream, event);
    return PMT_OK;
}

/* ---- events ------------------------------------------------------------ */

/* A chunk whose content is for a later version: what is in it is not known,
 * so that much can't be held against the others. */
static void pass_over(struct stream_state *stream,
                      const struct pmt_event *event)
{
    const struct pmt_envelope *e = &event->envelope;

    if (e->kind < PMT_KIND_CALL || e->kind >= PMT_KIND_KNOWN)
        stream->tables_unread = true;
    if (e->kind >= PMT_KIND_CALL)
        stream->records_unread = true;
    if (e->kind >= PMT_KIND_CALL && e->kind < PMT_KIND_KNOWN)
        stream->kinds[e->kind].next_ordinal = e->ordinal + e->count;
}

static void find_damage(struct check *c, const struct pmt_event *event)
{
    struct pmt_finding finding = {
        .status = event->damage.code == PMT_ERR_TRUNCATED
                      ? PMT_FOUND_TRUNCATED
                      : PMT_FOUND_CORRUPT,
        .offset = event->damage.offset,
    };

    snprintf(finding.message, sizeof finding.message, "%s%s",
             event->damage.message,
             event->data_lost && finding.status == PMT_FOUND_CORRUPT
                 ? "; the chunk is lost"
                 : "");
    find(c, &finding);
}

static int check_chunk(struct check *c, const struct pmt_event *event)
{
    struct stream_state *stream = stream_of(c, event);

    if (stream == NULL)
        return PMT_ERR_MEMORY;
    c->report->chunks++;
    check_seq(c, stream, event);
    check_order(c, stream, event);
    if (event->type == PMT_EVENT_TABLE &&
        event->envelope.kind <= PMT_KIND_CLASSES)
        return check_table(c, stream, event);
    if (event->type == PMT_EVENT_END)
        check_end(c, stream, event);
    if (event->type == PMT_EVENT_UNKNOWN ||
        event->type == PMT_EVENT_FEATURES ||
        event->type == PMT_EVENT_UNREADABLE)
        pass_over(stream, event);
    if (event->type != PMT_EVENT_RECORDS)
        return PMT_OK;
    c->report->records += event->envelope.count;
    check_series(c, stream, event);
    check_references(c, stream, event);
    if (event->envelope.kind == PMT_KIND_LOSS)
        add_losses(c, stream, event->envelope.count);
    return PMT_OK;
}

static int check_event(struct check *c, const struct pmt_event *event)
{
    account(c, event);
    switch (event->type) {
    case PMT_EVENT_DAMAGE:
        find_damage(c, event);
        return PMT_OK;
    case PMT_EVENT_FOREIGN:
        c->report->foreign++;
        return PMT_OK;
    case PMT_EVENT_INDEX:
        c->report->indexes++;
        return PMT_OK;
    case PMT_EVENT_JOURNAL:
        return PMT_OK;
    case PMT_EVENT_UNKNOWN:
        find_chunk(c, event, PMT_FOUND_UNCHECKED, "an unknown kind");
        break;
    case PMT_EVENT_FEATURES:
        find_chunk(c, event, PMT_FOUND_UNCHECKED,
                   "needs an unknown feature");
        break;
    case PMT_EVENT_UNREADABLE:
        find_chunk(c, event, PMT_FOUND_UNCHECKED, "an unknown encoding");
        break;
    case PMT_EVENT_REFUSED:
        find_chunk(c, event, PMT_FOUND_UNCHECKED,
                   "a stream of a greater version of the format");
        return PMT_OK;
    case PMT_EVENT_STREAM:
    case PMT_EVENT_TABLE:
    case PMT_EVENT_RECORDS:
    case PMT_EVENT_END:
    case PMT_EVENT_SKIPPED_CHUNK:
        break;
    }
    return check_chunk(c, event);
}

int pmt_check(struct pmt_trace *in, struct pmt_check_report *report,
              pmt_check_found *found, void *context, struct pmt_error *err)
{
    struct check c = {
        .report = report,
        .found = found,
        .context = context,
        .reader = in->reader,
        .damaged_from = PMT_NO_OFFSET,
        .next_offset = 0,
    };
    struct pmt_event event;
    uint64_t of;
    int code;

    memset(report, 0, sizeof *report);
    while ((code = pmt_trace_next(in, &event, err)) == PMT_OK) {
        code = check_event(&c, &event);
        if (code != PMT_OK) {
            pmt_error_set(err, code, PMT_NO_OFFSET, "out of memory");
            break;
        }
    }
    for (size_t i = 0; i < c.stream_count; i++)
        close_stream(&c, &c.streams[i]);
    pmt_reader_position(in->reader, &report->bytes, &of);
    if (of != PMT_NO_OFFSET)
        report->bytes = of;
    end_damage(&c, report->bytes);
    free(c.streams);
    return code == PMT_END ? PMT_OK : code;
}
