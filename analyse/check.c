/* check.c: see check.h. Entries and references are check-tables.c's. */
#include "check-private.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- findings ---------------------------------------------------------- */

static void find(struct pmt_check_state *c, struct pmt_finding *finding)
{
    c->report->found[finding->status]++;
    c->found(c->context, finding);
}

/* A finding about the chunk of `event`. */
void pmt_check_find_chunk(struct pmt_check_state *c,
                          const struct pmt_event *event,
                          enum pmt_finding_status status, const char *format,
                          ...)
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
void pmt_check_find_stream(struct pmt_check_state *c,
                           const struct pmt_check_stream *stream,
                           enum pmt_finding_status status, const char *format,
                           ...)
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

static void end_damage(struct pmt_check_state *c, uint64_t offset)
{
    if (c->damaged_from != PMT_NO_OFFSET && offset > c->damaged_from)
        c->report->bytes_damaged += offset - c->damaged_from;
    c->damaged_from = PMT_NO_OFFSET;
}

/* The reader passes over a label of a later version without a word; nothing
 * else may stand between two frames. */
static void find_unaccounted(struct pmt_check_state *c,
                             const struct pmt_event *event)
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
static void account(struct pmt_check_state *c, const struct pmt_event *event)
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

static void add_losses(struct pmt_check_state *c,
                       struct pmt_check_stream *stream, uint32_t count)
{
    const uint64_t *events = pmt_reader_column(c->reader, PMT_COL_EVENTS);

    for (uint32_t i = 0; events != NULL && i < count; i++)
        stream->lost_recorded += events[i];
}

/* ---- tables ------------------------------------------------------------ */

/* The ids that a chunk refers to have been stated in its epoch. */
static void check_references(struct pmt_check_state *c,
                             struct pmt_check_stream *stream,
                             const struct pmt_event *event)
{
    struct pmt_unstated unstated = {0};

    if (stream->tables_unread)
        return;
    while (pmt_check_unstated(&stream->stated, c->reader, event, &unstated)) {
        const char *table = pmt_kind_name(unstated.table);

        if (unstated.count == 1)
            pmt_check_find_chunk(c, event, PMT_FOUND_MISSING,
                                 "refers to %s %" PRIu64
                                 ", which its epoch %" PRIu32 " does not state",
                                 table, unstated.first, event->envelope.epoch);
        else
            pmt_check_find_chunk(c, event, PMT_FOUND_MISSING,
                                 "refers %" PRIu64
                                 " times to %s entries that its epoch "
                                 "%" PRIu32
                                 " does not state, first to %" PRIu64,
                                 unstated.count, table, event->envelope.epoch,
                                 unstated.first);
    }
}

static int check_table(struct pmt_check_state *c,
                       struct pmt_check_stream *stream,
                       const struct pmt_event *event)
{
    struct pmt_restated restated;

    c->report->entries += event->envelope.count;
    if (pmt_check_state(&stream->stated, c->reader, event, &restated) < 0)
        return PMT_ERR_MEMORY;
    if (restated.count > 0)
        pmt_check_find_chunk(c, event, PMT_FOUND_INCONSISTENT,
                             "%" PRIu64
                             " entr%s stated before with another meaning, "
                             "first %" PRIu32,
                             restated.count,
                             restated.count == 1 ? "y was" : "ies were",
                             restated.first);
    check_references(c, stream, event);
    return PMT_OK;
}

/* ---- events ------------------------------------------------------------ */

/* A chunk whose content is for a later version: what is in it is not known,
 * so that much can't be held against the others. */
static void pass_over(struct pmt_check_stream *stream,
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

static void find_damage(struct pmt_check_state *c,
                        const struct pmt_event *event)
{
    struct pmt_finding finding = {
        .status = event->damage.code == PMT_ERR_TRUNCATED ? PMT_FOUND_TRUNCATED
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

static int check_chunk(struct pmt_check_state *c, const struct pmt_event *event)
{
    struct pmt_check_stream *stream = pmt_check_stream_of(c, event);

    if (stream == NULL)
        return PMT_ERR_MEMORY;
    c->report->chunks++;
    pmt_check_chunk(c, stream, event);
    if (event->type == PMT_EVENT_TABLE &&
        event->envelope.kind <= PMT_KIND_CLASSES)
        return check_table(c, stream, event);
    if (event->type == PMT_EVENT_END)
        pmt_check_end(c, stream, event);
    if (event->type == PMT_EVENT_UNKNOWN || event->type == PMT_EVENT_FEATURES ||
        event->type == PMT_EVENT_UNREADABLE)
        pass_over(stream, event);
    if (event->type != PMT_EVENT_RECORDS)
        return PMT_OK;
    c->report->records += event->envelope.count;
    pmt_check_records(c, stream, event);
    check_references(c, stream, event);
    if (event->envelope.kind == PMT_KIND_LOSS)
        add_losses(c, stream, event->envelope.count);
    return PMT_OK;
}

static int check_event(struct pmt_check_state *c, const struct pmt_event *event)
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
        pmt_check_find_chunk(c, event, PMT_FOUND_UNCHECKED, "an unknown kind");
        break;
    case PMT_EVENT_FEATURES:
        pmt_check_find_chunk(c, event, PMT_FOUND_UNCHECKED,
                             "needs an unknown feature");
        break;
    case PMT_EVENT_UNREADABLE:
        pmt_check_find_chunk(c, event, PMT_FOUND_UNCHECKED,
                             "an unknown encoding");
        break;
    case PMT_EVENT_REFUSED:
        pmt_check_find_chunk(c, event, PMT_FOUND_UNCHECKED,
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
    struct pmt_check_state c = {
        .report = report,
        .found = found,
        .context = context,
        .reader = in->reader,
        .damaged_from = PMT_NO_OFFSET,
        .next_offset = 0,
    };
    struct pmt_event event;
    uint64_t at, of;
    int code;

    memset(report, 0, sizeof *report);
    while ((code = pmt_trace_next(in, &event, err)) == PMT_OK) {
        pmt_reader_position(in->reader, &at, &of);
        if (at != PMT_NO_OFFSET)
            report->bytes = at;
        code = check_event(&c, &event);
        if (code != PMT_OK) {
            pmt_error_set(err, code, PMT_NO_OFFSET, "out of memory");
            break;
        }
    }
    for (size_t i = 0; i < c.stream_count; i++)
        pmt_check_stream_close(&c, &c.streams[i]);
    if (of != PMT_NO_OFFSET)
        report->bytes = of;
    end_damage(&c, report->bytes);
    free(c.streams);
    return code == PMT_END ? PMT_OK : code;
}
