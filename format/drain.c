/*
 * drain.c - a living journal into a trace file.
 *
 * A batch of chunks is collected in memory, and goes to the file in one
 * piece with a commit in two phases, so that a record is never twice in the
 * trace nor missing, whenever the process dies:
 *
 *   1. each segment's `pending` says how far it will be consumed, the
 *      header's `pending_end` how long the file will be; `pending` = 1;
 *   2. the write;
 *   3. each segment's `consumed` = its `pending`; `pending` = 0.
 *
 * Dead before 1 is complete: nothing is pending. Dead between 1 and 3: the
 * batch counts exactly if the file is as long as `pending_end`
 * (pmt_journal_trace_end). Within 3, doing it again changes nothing.
 */
#include "pmt/drain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drain-private.h"
#include "writer-resume.h"

/* A pair of clock values is put into the trace this often. */
#define ANCHOR_EVERY_NS UINT64_C(10000000000)
/* More than the time between two looks at the clocks can be off by. */
#define WALL_MOVED_NS INT64_C(100000000)

/* ---- clocks ------------------------------------------------------------- */

uint64_t pmt_drain_now(struct pmt_drain *d)
{
    uint64_t now = pmt_clock_mono_ns() + d->shift_ns;

    if (now < d->now_ns) {
        d->shift_ns += d->now_ns - now;
        now = d->now_ns;
    }
    d->now_ns = now;
    return now;
}

/* A pair of values of the two clocks, taken at one moment. */
static void read_clocks(struct pmt_drain *d, uint64_t *raw, uint64_t *mono_ns)
{
    uint32_t clock = d->journal->header->clock;
    uint64_t before = pmt_clock_raw(clock);

    *mono_ns = pmt_drain_now(d);
    *raw = before + (pmt_clock_raw(clock) - before) / 2;
}

/* Draws the line on from the last anchor to (raw, mono_ns). Records before
 * that anchor were all taken; time goes on from where the last piece ended. */
static void draw_line(struct pmt_drain *d, uint64_t raw, uint64_t mono_ns)
{
    struct pmt_journal_header *h = d->journal->header;
    struct pmt_clock_line *line = &d->reader.line;
    uint64_t from_ns = h->anchor_mono_ns - h->start_mono_ns;
    uint64_t ns = mono_ns - h->anchor_mono_ns;
    uint64_t counts = raw - h->anchor_raw;

    line->raw = h->anchor_raw;
    line->tick = from_ns / d->tick_ns;
    line->fraction_q32 = ((from_ns % d->tick_ns) << 32) / d->tick_ns;
    if (raw > h->anchor_raw && ns) {
        line->ticks_per_raw_q32 =
            (uint64_t)((((unsigned __int128)ns << 32) / d->tick_ns) /
                       counts);
        /* Kept for whoever finds the journal: over the whole time, so that
         * no single pair decides. */
        if (mono_ns - h->start_mono_ns > 1000000) {
            h->raw_per_ns_q32 =
                (uint64_t)(((unsigned __int128)(raw - h->start_raw) << 32) /
                           (mono_ns - h->start_mono_ns));
        }
    }
}

static void keep_anchor(struct pmt_drain *d, uint64_t raw, uint64_t mono_ns)
{
    d->journal->header->anchor_raw = raw;
    d->journal->header->anchor_mono_ns = mono_ns;
}

/* One every so often, and where the wall clock was set. */
static void write_anchor(struct pmt_drain *d, bool always)
{
    const struct pmt_journal_header *h = d->journal->header;
    uint64_t mono_ns = pmt_drain_now(d), after;
    struct timespec now;
    int64_t wall_ns, moved;

    clock_gettime(CLOCK_REALTIME, &now);
    after = pmt_drain_now(d);
    wall_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    moved = wall_ns - (int64_t)mono_ns - d->wall_ns;
    if (!always && mono_ns - d->last_anchor_ns < ANCHOR_EVERY_NS &&
        moved < WALL_MOVED_NS && moved > -WALL_MOVED_NS) {
        return;
    }
    d->last_anchor_ns = mono_ns;
    d->wall_ns = wall_ns - (int64_t)mono_ns;
    pmt_writer_anchor(d->writer, (mono_ns - h->start_mono_ns) / d->tick_ns,
                      mono_ns, wall_ns, (uint32_t)(after - mono_ns));
}

void pmt_drain_anchor(struct pmt_drain *d)
{
    write_anchor(d, true);
}

/* ---- writing a batch ---------------------------------------------------- */

/* The use that a segment is in; 0 while it is free. What its producer wrote
 * when it took it is seen after this. */
static uint64_t segment_order(const struct pmt_segment *s)
{
    return __atomic_load_n(&s->order, __ATOMIC_ACQUIRE);
}

/* Phase 3; frees what is empty and given up. */
static void mark_consumed(struct pmt_drain *d)
{
    struct pmt_journal *j = d->journal;

    for (uint32_t i = 0; i < j->header->segment_count; i++) {
        struct pmt_segment *s = pmt_journal_segment(j, i);

        if (d->reader.cursors[i].order && segment_order(s)) {
            s->consumed = s->pending;
        }
    }
    j->header->committed_end = d->file_end;
    __atomic_store_n(&j->header->pending, 0, __ATOMIC_RELEASE);
}

static void free_segments(struct pmt_drain *d)
{
    struct pmt_journal *j = d->journal;

    for (uint32_t i = 0; i < j->header->segment_count; i++) {
        struct pmt_segment *s = pmt_journal_segment(j, i);

        uint64_t order = segment_order(s);

        if (order && d->reader.cursors[i].order == order &&
            __atomic_load_n(&s->state, __ATOMIC_ACQUIRE) ==
                PMT_SEGMENT_FULL &&
            s->consumed == __atomic_load_n(&s->head, __ATOMIC_ACQUIRE)) {
            __atomic_store_n(&s->order, 0, __ATOMIC_RELAXED);
            __atomic_store_n(&s->state, PMT_SEGMENT_FREE, __ATOMIC_RELEASE);
        }
    }
}

/* What was dropped since the last call, for want of a free segment, is the
 * disk's fault where it refused writes meanwhile. */
static void blame(struct pmt_drain *d, bool refused)
{
    struct pmt_journal_header *h = d->journal->header;
    uint64_t full = __atomic_load_n(&h->lost[PMT_LOSS_FULL],
                                    __ATOMIC_RELAXED);

    if (refused) {
        h->full_by_io += full - d->full_seen;
    }
    d->full_seen = full;
}

/* The disk may be full: the oldest parts of a ring make room. */
static int write_out(struct pmt_drain *d, struct pmt_error *err)
{
    struct pmt_error own = {0};
    int rc;

    pmt_drain_make_room(d, d->out.used);
    do {
        rc = pmt_ring_file_ready(&d->file, &own);
        rc = rc < 0 ? rc : pmt_ring_file_write(&d->file, d->out.bytes,
                                               d->out.used, d->file_end,
                                               &own);
    } while (rc < 0 && (own.sys_errno == ENOSPC || own.sys_errno == EDQUOT) &&
             pmt_drain_remove_oldest(d));
    if (rc < 0 && err) {
        *err = own;
    }
    return rc;
}

int pmt_drain_commit(struct pmt_drain *d, struct pmt_error *err)
{
    struct pmt_journal_header *h = d->journal->header;
    int rc;

    h->pending_end = d->file_end + d->out.used;
    __atomic_store_n(&h->pending, 1, __ATOMIC_RELEASE);
    rc = write_out(d, err);
    /* At once, for whoever finds the journal. Up to here the write before
     * had been refused, or this one was. */
    blame(d, d->batch_pending || rc < 0);
    if (rc < 0) {
        __atomic_store_n(&h->pending, 0, __ATOMIC_RELEASE);
        d->batch_pending = true;
        return rc;
    }
    d->batch_pending = false;
    d->file_end += d->out.used;
    d->out.used = 0;
    mark_consumed(d);
    free_segments(d);
    return PMT_OK;
}

/* Losses so far, for the trace. */
static void count_losses(struct pmt_drain *d, uint64_t mono_ns)
{
    struct pmt_journal_header *h = d->journal->header;
    uint64_t lost[PMT_LOSS_CAUSES];

    blame(d, d->batch_pending);
    /* What the recorder put there and the format does not allow. */
    pmt_journal_lose(d->journal, PMT_LOSS_DAMAGED,
                     d->reader.damaged - d->damaged_seen);
    d->damaged_seen = d->reader.damaged;
    pmt_journal_losses(d->journal, lost);
    pmt_writer_lost(d->writer, (mono_ns - h->start_mono_ns) / d->tick_ns,
                    lost);
}

/* True when as many segments wait for a chunk to be full as are free: else
 * with few segments the program would wait, or lose events, for a chunk that
 * they can't fill. */
static bool is_short_of_segments(const struct pmt_journal *j)
{
    uint32_t waiting = 0, free_ = 0;

    for (uint32_t i = 0; i < j->header->segment_count; i++) {
        uint32_t state = __atomic_load_n(&pmt_journal_segment(j, i)->state,
                                         __ATOMIC_RELAXED);

        waiting += state == PMT_SEGMENT_FULL;
        free_ += state == PMT_SEGMENT_FREE;
    }
    return waiting && waiting >= free_;
}

/* Makes chunks of all that is staged, and commits them with everything that
 * was read up to here. */
static int flush(struct pmt_drain *d, struct pmt_error *err)
{
    struct pmt_journal *j = d->journal;
    int rc = pmt_writer_flush(d->writer, err);

    if (rc < 0) {
        return rc;
    }
    if (is_short_of_segments(j)) {
        pmt_journal_reader_let_go(&d->reader);
    }
    for (uint32_t i = 0; i < j->header->segment_count; i++) {
        struct pmt_segment *s = pmt_journal_segment(j, i);

        uint64_t order = segment_order(s);

        if (d->reader.cursors[i].order && order) {
            s->pending = d->reader.cursors[i].order == order
                             ? pmt_journal_reader_given(&d->reader, i)
                             : s->consumed;
        }
    }
    rc = pmt_drain_commit(d, err);
    if (rc == PMT_OK) {
        pmt_drain_turn(d);
    }
    return rc;
}

/* Called where the writer has no room, or before each record. */
static int flush_when_full(void *context, struct pmt_error *err)
{
    struct pmt_drain *d = context;

    if (pmt_writer_room(d->writer) && !pmt_drain_may_turn(d)) {
        return PMT_OK;
    }
    return flush(d, err);
}

/* ---- the interface ------------------------------------------------------ */

int pmt_drain_new(struct pmt_drain **out, struct pmt_journal *j,
                  const struct pmt_drain_target *target,
                  const struct pmt_stream_info *info,
                  const struct pmt_writer_options *options,
                  struct pmt_error *err)
{
    struct pmt_drain *d = calloc(1, sizeof *d);
    struct pmt_stream_info own = *info;
    struct pmt_sink sink;
    int rc;

    *out = NULL;
    if (!d) {
        return pmt_error_set_memory(err);
    }
    rc = pmt_ring_file_init(&d->file, target->fd, target->path, err);
    if (rc < 0) {
        free(d);
        return rc;
    }
    d->journal = j;
    d->tick_ns = j->header->tick_ns;
    own.tick_ns = d->tick_ns;
    own.start_mono_ns = j->header->start_mono_ns;
    own.start_real_ns = j->header->start_real_ns;
    memcpy(j->header->uuid, info->uuid, sizeof j->header->uuid);
    memcpy(j->header->parent_uuid, info->parent_uuid,
           sizeof j->header->parent_uuid);
    memcpy(j->header->session_uuid, info->session_uuid,
           sizeof j->header->session_uuid);
    pmt_sink_to_buffer(&sink, &d->out);
    rc = pmt_writer_new(&d->writer, &sink, &own, options, err);
    if (rc == PMT_OK &&
        pmt_journal_reader_init(&d->reader, j, d->writer, true) < 0) {
        rc = pmt_error_set_memory(err);
    }
    rc = rc < 0 ? rc : pmt_drain_ring_new(d, target, info, err);
    if (rc == PMT_OK) {
        rc = pmt_drain_commit(d, err); /* the stream's header */
    }
    if (rc < 0) {
        pmt_drain_free(d);
        return rc;
    }
    *out = d;
    return PMT_OK;
}

static void note_peak(struct pmt_drain *d)
{
    uint64_t now, peak;

    pmt_drain_memory(d, &now, &peak);
    if (now > d->peak_bytes) {
        d->peak_bytes = now;
    }
}

int pmt_drain_pass(struct pmt_drain *d, bool flush_all, struct pmt_error *err)
{
    uint64_t raw, mono_ns;
    int rc;

    if (d->batch_pending) {
        rc = pmt_drain_commit(d, err);
        count_losses(d, pmt_drain_now(d));
        if (rc < 0) {
            return rc;
        }
    }
    rc = pmt_drain_ring_limit(d, err);
    if (rc < 0) {
        blame(d, true);
        return rc;
    }
    read_clocks(d, &raw, &mono_ns);
    draw_line(d, raw, mono_ns);
    count_losses(d, mono_ns);
    write_anchor(d, false);
    rc = pmt_journal_reader_pass(&d->reader, raw, flush_when_full, d, err);
    note_peak(d);
    if (rc == PMT_OK) {
        keep_anchor(d, raw, mono_ns);
        pmt_drain_make_room(d, 0);
        if (flush_all || is_short_of_segments(d->journal)) {
            rc = flush(d, err);
        }
    }
    return rc;
}

int pmt_drain_finish(struct pmt_drain *d, struct pmt_error *err)
{
    uint64_t raw, mono_ns;
    int rc = d->batch_pending ? pmt_drain_commit(d, err) : PMT_OK;

    if (rc < 0) {
        return rc;
    }
    read_clocks(d, &raw, &mono_ns);
    draw_line(d, raw, mono_ns);
    rc = pmt_journal_reader_pass(&d->reader, UINT64_MAX, flush_when_full, d,
                                 err);
    if (rc < 0) {
        return rc;
    }
    count_losses(d, mono_ns);
    write_anchor(d, true);
    rc = flush(d, err);
    rc = rc < 0 ? rc : pmt_writer_finish(d->writer, 1, err);
    rc = rc < 0 ? rc : pmt_drain_commit(d, err);
    if (rc == PMT_OK) {
        __atomic_store_n(&d->journal->header->closed, 1, __ATOMIC_RELEASE);
    }
    return rc;
}

void pmt_drain_free(struct pmt_drain *d)
{
    if (d) {
        pmt_journal_reader_release(&d->reader);
        pmt_writer_free(d->writer);
        pmt_buffer_release(&d->out);
        pmt_drain_ring_free(d);
        pmt_ring_file_release(&d->file);
        free(d);
    }
}

void pmt_drain_leave(struct pmt_drain *d)
{
    pmt_ring_file_leave(&d->file);
}

int pmt_drain_open(struct pmt_drain *d, int spare_fd, struct pmt_error *err)
{
    return pmt_ring_file_open(&d->file, spare_fd, err);
}

uint64_t pmt_drain_unwritten(const struct pmt_drain *d)
{
    return pmt_writer_staged(d->writer);
}

void pmt_drain_memory(const struct pmt_drain *d, uint64_t *now_bytes,
                      uint64_t *peak_bytes)
{
    *now_bytes = sizeof *d + d->out.capacity + pmt_drain_ring_memory(d) +
                 pmt_writer_memory(d->writer);
    *peak_bytes = *now_bytes > d->peak_bytes ? *now_bytes : d->peak_bytes;
}
