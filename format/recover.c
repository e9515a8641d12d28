/* recover.c - a whole trace from a damaged one and a journal. */
#include "pmt/recover.h"

#include <stdlib.h>
#include <string.h>

#include "chunk-out.h"
#include "encode.h"
#include "journal-tail.h"
#include "reader-state.h"
#include "stream.h"

/* What is known of a source while its owner keeps it. */
static void borrow(struct pmt_source *copy, const struct pmt_source *source)
{
    *copy = *source;
    copy->close = NULL;
}

/* Copies the frame of an event behind a label made of its envelope. */
static int copy_chunk(struct pmt_reader *r, const struct pmt_event *event,
                      struct pmt_chunk_out *out, struct pmt_error *err)
{
    struct pmt_entry entry = pmt_entry_of(
        &event->envelope, event->content_bytes, event->frame_bytes);
    struct pmt_error why;
    const uint8_t *frame = pmt_reader_frame(r, event, &why);

    if (!frame) {
        return pmt_error_set(err, why.code, why.offset, "%s", why.message);
    }
    return pmt_chunk_out_copy(out, &entry, frame, err);
}

static void note_damage(const struct pmt_event *event,
                        struct pmt_recovery *report)
{
    report->damaged_places++;
    if (report->first_damage == PMT_NO_OFFSET) {
        report->first_damage = event->damage.offset;
    }
    if (event->damage.code == PMT_ERR_TRUNCATED) {
        report->truncated = true;
    }
}

/* Goes through the trace and copies what is sound. */
static int copy_all(struct pmt_reader *r, struct pmt_chunk_out *out,
                    struct pmt_recovery *report, bool *had_index,
                    struct pmt_error *err)
{
    struct pmt_event event;
    int rc;

    *had_index = false;
    while ((rc = pmt_reader_next(r, &event, err)) == PMT_OK) {
        switch (event.type) {
        case PMT_EVENT_DAMAGE:
            note_damage(&event, report);
            break;
        case PMT_EVENT_JOURNAL:
            report->had_journal = true;
            break;
        case PMT_EVENT_INDEX:
            *had_index = true;
            break;
        case PMT_EVENT_FOREIGN:
            break;
        case PMT_EVENT_REFUSED:
            return pmt_error_set(err, PMT_ERR_VERSION, event.offset,
                                 "a stream is of a newer version");
        case PMT_EVENT_STREAM:
        case PMT_EVENT_TABLE:
        case PMT_EVENT_RECORDS:
        case PMT_EVENT_END:
        case PMT_EVENT_UNKNOWN:
        case PMT_EVENT_FEATURES:
        case PMT_EVENT_UNREADABLE:
        case PMT_EVENT_SKIPPED_CHUNK:
        default:
            report->chunks_missing += event.seq_missing;
            report->chunks_kept++;
            if (event.type == PMT_EVENT_RECORDS) {
                report->records_kept += event.envelope.count;
            }
            rc = copy_chunk(r, &event, out, err);
            *had_index = false; /* a region is open */
            break;
        }
        if (rc < 0) {
            return rc;
        }
    }
    return rc == PMT_END ? PMT_OK : rc;
}

/* An end chunk for each stream that lacks one. */
static int end_streams(struct pmt_reader *r, struct pmt_chunk_out *out,
                       struct pmt_recovery *report, struct pmt_error *err)
{
    struct pmt_body body = {{NULL, 0, 0}, 0};
    struct pmt_stream *s;
    int rc = PMT_OK;

    for (size_t i = 0; rc == PMT_OK && (s = pmt_reader_stream(r, i)); i++) {
        const struct pmt_resume_point *at = pmt_reader_resume_point(r, s);
        struct pmt_envelope e = {
            .kind = PMT_KIND_END,
            .stream_key = s->key,
            .seq = at->seq,
            .t0 = at->last_time,
            .t1 = at->last_time,
            .epoch = at->epoch,
            .lost = at->lost,
        };

        if (at->ended || !at->has_seq) {
            continue;
        }
        if (pmt_encode_end(&body, at->seq, at->records, at->lost,
                           PMT_END_RECOVERED) < 0) {
            rc = pmt_error_set_memory(err);
        }
        rc = rc < 0 ? rc : pmt_chunk_out_write(out, &e, false, &body, err);
        report->streams_ended++;
    }
    pmt_buffer_release(&body.bytes);
    return rc;
}

int pmt_recover(struct pmt_source *source, const char *journal_path,
                const struct pmt_sink *sink, struct pmt_recovery *report,
                struct pmt_error *err)
{
    return pmt_recover_parts(source, 0, journal_path, sink, report, err);
}

int pmt_recover_parts(struct pmt_source *source, uint64_t last_part_at,
                      const char *journal_path, const struct pmt_sink *sink,
                      struct pmt_recovery *report, struct pmt_error *err)
{
    struct pmt_journal journal = {.fd = -1};
    struct pmt_chunk_out out;
    struct pmt_source copy;
    struct pmt_reader *r;
    bool had_index;
    int rc;

    memset(report, 0, sizeof *report);
    report->first_damage = PMT_NO_OFFSET;
    if (journal_path) {
        rc = pmt_journal_open(&journal, journal_path, err);
        if (rc < 0) {
            return rc;
        }
    }
    borrow(&copy, source);
    rc = pmt_reader_open_both(&r, &copy, last_part_at, &journal, NULL, err);
    if (rc < 0) {
        return rc;
    }
    rc = pmt_chunk_out_init(&out, sink, 1, false, 0, err);
    rc = rc < 0 ? rc : copy_all(r, &out, report, &had_index, err);
    rc = rc < 0 ? rc : end_streams(r, &out, report, err);
    if (rc == PMT_OK) {
        const struct pmt_tail_report *tail = pmt_reader_tail_report(r);

        report->journal_records = tail->records;
        report->journal_lost = tail->lost;
        report->was_complete = had_index && !report->damaged_places &&
                               !report->streams_ended &&
                               !report->had_journal;
        report->bytes_dropped = pmt_reader_bytes_dropped(r);
        rc = pmt_chunk_out_index(&out, err);
    }
    pmt_chunk_out_release(&out);
    pmt_reader_free(r);
    return rc;
}
