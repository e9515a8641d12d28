/* journal-tail.c - a dead process's journal as the end of its trace. */
#include "journal-tail.h"

#include <string.h>

#include "journal-read.h"
#include "stream.h"
#include "writer-resume.h"

uint64_t pmt_journal_stream_key(const struct pmt_journal *j)
{
    uint64_t key = 0;

    for (unsigned i = 0; i < 8; i++) {
        key = key << 8 | j->header->uuid[i];
    }
    return key;
}

/* Was the write that was under way complete? Then its records count as
 * consumed (see drain.c). */
static bool pending_is_whole(const struct pmt_journal *j, uint64_t size)
{
    return j->header->pending && size >= j->header->pending_end;
}

uint64_t pmt_journal_trace_end(const struct pmt_journal *j, uint64_t size)
{
    struct pmt_journal_header *h = j->header;

    if (h->closed) {
        return size;
    }
    if (pending_is_whole(j, size)) {
        for (uint32_t i = 0; i < h->segment_count; i++) {
            struct pmt_segment *s = pmt_journal_segment(j, i);

            s->consumed = s->pending;
        }
        h->committed_end = h->pending_end;
    }
    h->pending = 0;
    return h->committed_end;
}

/* The line on from the last anchor, at the rate over the process's life. */
static void last_line(const struct pmt_journal *j, struct pmt_clock_line *line)
{
    const struct pmt_journal_header *h = j->header;
    uint64_t ns = h->anchor_mono_ns - h->start_mono_ns;

    line->raw = h->anchor_raw;
    line->tick = ns / h->tick_ns;
    line->fraction_q32 = ((ns % h->tick_ns) << 32) / h->tick_ns;
    line->ticks_per_raw_q32 = (uint64_t)((((unsigned __int128)1 << 64) /
                                          h->raw_per_ns_q32) /
                                         h->tick_ns);
}

struct tail {
    struct pmt_writer *writer;
    uint64_t time; /* of the last chunk before: losses since are noted then */
};

static int flush_tail(void *context, struct pmt_error *err)
{
    return pmt_writer_flush(((struct tail *)context)->writer, err);
}

/* A journal can't hold more new ids than definitions: what it says must not
 * make tables of any size. */
static void limit_ids(struct pmt_journal_reader *r,
                      const struct pmt_journal *j)
{
    static const enum pmt_kind kinds[PMT_DEF_CLASS + 1] = {
        [PMT_DEF_CODE] = PMT_KIND_CODES,
        [PMT_DEF_STACK] = PMT_KIND_STACKS,
        [PMT_DEF_TYPE] = PMT_KIND_TYPES,
        [PMT_DEF_THREAD] = PMT_KIND_THREADS,
        [PMT_DEF_CFUNCTION] = PMT_KIND_CFUNCTIONS,
        [PMT_DEF_CLASS] = PMT_KIND_CLASSES}; /* numbers are below ids */
    uint32_t room = (uint32_t)(j->bytes / sizeof(struct pmt_def)) + 1;

    for (unsigned type = PMT_DEF_CODE; type <= PMT_DEF_CLASS; type++) {
        /* 0 for marks, which have no id. */
        uint32_t end = pmt_writer_table_end(r->writer, kinds[type]);

        r->id_end[type] = room < UINT32_MAX - end ? end + room : UINT32_MAX;
    }
}

static int drain_dead(struct pmt_journal *j, uint64_t rss, struct tail *t,
                      struct pmt_tail_report *report, struct pmt_error *err)
{
    struct pmt_journal_reader reader;
    uint64_t lost[PMT_LOSS_CAUSES];
    int rc = pmt_journal_reader_init(&reader, j, t->writer, false);

    if (rc < 0) {
        return pmt_error_set(err, rc, PMT_NO_OFFSET, "out of memory");
    }
    limit_ids(&reader, j);
    reader.rss = rss;
    last_line(j, &reader.line);
    rc = pmt_journal_reader_pass(&reader, UINT64_MAX, flush_tail, t, err);
    report->records = reader.records;
    report->damaged = reader.damaged;
    pmt_journal_reader_release(&reader);
    if (rc < 0) {
        return rc;
    }
    pmt_journal_losses(j, lost);
    lost[PMT_LOSS_DAMAGED] += report->damaged;
    for (unsigned c = 0; c < PMT_LOSS_CAUSES; c++) {
        report->lost += lost[c];
    }
    pmt_writer_lost(t->writer, t->time, lost);
    return pmt_writer_flush(t->writer, err);
}

/* Losses by cause that the trace has: of those in parts that were let go it
 * has the sum alone, so each is put down to a cause that the journal counts. */
static void losses_before(const struct pmt_journal *j,
                          const struct pmt_resume_point *at, uint64_t *by)
{
    uint64_t all[PMT_LOSS_CAUSES];
    uint64_t more = at->lost;

    memcpy(by, at->lost_by, sizeof at->lost_by);
    pmt_journal_losses(j, all);
    for (unsigned c = 0; c < PMT_LOSS_CAUSES; c++) {
        more -= by[c] < more ? by[c] : more;
    }
    for (unsigned c = 0; c < PMT_LOSS_CAUSES; c++) {
        uint64_t room = all[c] > by[c] ? all[c] - by[c] : 0;
        uint64_t n = more < room ? more : room;

        by[c] += n;
        more -= n;
    }
}

int pmt_journal_tail(struct pmt_journal *j, const struct pmt_stream *s,
                     const struct pmt_resume_point *at,
                     struct pmt_buffer *out, struct pmt_tail_report *report,
                     struct pmt_error *err)
{
    struct pmt_stream_info info = {.tick_ns = s->header.tick_ns};
    struct pmt_writer_options options = {
        .resume = 1,
        .resume_seq = (uint32_t)at->seq,
        .resume_epoch = at->epoch + 1,
        .resume_time = at->last_time,
    };
    struct pmt_sink sink;
    struct tail t = {.time = at->last_time};
    int rc;

    memset(report, 0, sizeof *report);
    if (j->header->closed) {
        return PMT_OK;
    }
    memcpy(options.resume_ordinal, at->ordinal,
           sizeof options.resume_ordinal);
    losses_before(j, at, options.resume_lost);
    memcpy(info.uuid, s->header.uuid, sizeof info.uuid);
    pmt_sink_to_buffer(&sink, out);
    rc = pmt_writer_new(&t.writer, &sink, &info, &options, err);
    if (rc < 0) {
        return rc;
    }
    rc = pmt_writer_load_tables(t.writer, s, err);
    rc = rc < 0 ? rc : drain_dead(j, at->rss, &t, report, err);
    pmt_writer_free(t.writer);
    return rc;
}
