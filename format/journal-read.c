/*
 * journal-read.c - records of many threads in one order.
 *
 * Every producer stores its record, then its segment's head. The pass reads
 * the clock first (`cut`), then the heads: a record that was stored before
 * another thread could see its effect (a block given back by another thread,
 * say) has either been seen here, or the other's record has a later time
 * than `cut` and waits for the next pass. A record that is late, because its
 * thread was interrupted between clock and store, gets the time of the
 * record before it; nothing could depend on it in the meantime.
 */
#include <stdlib.h>
#include <string.h>

#include "journal-parts.h"
#include "writer-resume.h"

#define NO_TIME UINT64_MAX

int pmt_journal_reader_init(struct pmt_journal_reader *r,
                            struct pmt_journal *j, struct pmt_writer *w,
                            bool trusted)
{
    uint32_t n = j->header->segment_count;

    memset(r, 0, sizeof *r);
    r->journal = j;
    r->writer = w;
    r->trusted = trusted;
    memset(r->id_end, 0xff, sizeof r->id_end);
    r->cursors = calloc(n, sizeof *r->cursors);
    r->queue = calloc(n, sizeof *r->queue);
    r->lanes = calloc(n, sizeof *r->lanes);
    if (!r->cursors || !r->queue || !r->lanes) {
        pmt_journal_reader_release(r);
        return PMT_ERR_MEMORY;
    }
    return PMT_OK;
}

void pmt_journal_reader_release(struct pmt_journal_reader *r)
{
    pmt_journal_drop_waiting(r);
    free(r->aheads);
    free(r->cursors);
    free(r->queue);
    free(r->lanes);
    memset(r, 0, sizeof *r);
}

uint64_t pmt_clock_line_tick(const struct pmt_clock_line *line, uint64_t raw)
{
    unsigned __int128 x;

    /* Records that were taken before the anchor, but not written when the
     * process died, are before it. */
    if (raw <= line->raw) {
        x = (unsigned __int128)(line->raw - raw) * line->ticks_per_raw_q32;
        return x >> 32 < line->tick ? line->tick - (uint64_t)(x >> 32) : 0;
    }
    x = (unsigned __int128)(raw - line->raw) * line->ticks_per_raw_q32 +
        line->fraction_q32;
    return line->tick + (uint64_t)(x >> 32);
}

/* ---- what must stay in the journal -------------------------------------- */

/* Where the first definition that waits begins: nothing from there on counts
 * as taken. False: none waits. */
static bool first_waiting(const struct pmt_journal_reader *r,
                          uint64_t *order, uint64_t *start)
{
    if (r->waiting_first < r->waiting_count) {
        *order = r->waiting[r->waiting_first].order;
        *start = r->waiting[r->waiting_first].start;
        return true;
    }
    *order = r->rows.order;
    *start = r->rows.start;
    return r->rows.serial && !r->rows.released;
}

/* What a thread's next record is told must stay with it. */
static uint64_t before_ahead(const struct pmt_ahead *a,
                             const struct pmt_segment_cursor *c, uint64_t end)
{
    return a->any && a->order == c->order && a->start < end ? a->start : end;
}

uint64_t pmt_journal_reader_given(const struct pmt_journal_reader *r,
                                  uint32_t i)
{
    const struct pmt_segment *s = pmt_journal_segment(r->journal, i);
    const struct pmt_segment_cursor *c = &r->cursors[i];
    uint64_t end = c->read;
    uint64_t order, start;

    if (s->kind == PMT_SEGMENT_DEFINITIONS) {
        if (first_waiting(r, &order, &start) && c->order >= order) {
            end = c->order > order ? 0 : start < end ? start : end;
        }
    } else {
        for (uint32_t k = 0; k < r->lane_count; k++) {
            end = before_ahead(&r->lanes[k].ahead, c, end);
        }
        for (size_t k = 0; k < r->ahead_count; k++) {
            end = before_ahead(&r->aheads[k], c, end);
        }
    }
    return end > s->consumed ? end : s->consumed;
}

void pmt_journal_reader_let_go(struct pmt_journal_reader *r)
{
    r->rows.released = true;
    for (uint32_t i = 0; i < r->lane_count; i++) {
        r->lanes[i].ahead.order = 0;
    }
    for (size_t i = 0; i < r->ahead_count; i++) {
        r->aheads[i].order = 0;
    }
}

/* ---- definitions -------------------------------------------------------- */

/* The definitions of one segment that were not taken yet. */
static int take_definitions(struct pmt_journal_reader *r,
                            struct pmt_segment_cursor *c)
{
    const struct pmt_segment *s = pmt_journal_segment(r->journal, c->index);

    while (c->read < c->head) {
        const struct pmt_def *d =
            (const struct pmt_def *)(const void *)(s->data + c->read);
        uint64_t left = c->head - c->read;
        int rc;

        if (left < sizeof *d || d->total_bytes < sizeof *d ||
            d->total_bytes > left || d->total_bytes % 8 ||
            d->text_bytes > d->total_bytes - sizeof *d) {
            r->damaged++;
            c->read = c->head;
            return PMT_OK;
        }
        rc = pmt_journal_take_definition(r, c, d);
        if (rc == PMT_ERR_MEMORY) {
            return rc;
        }
        /* An id that the trace has already: its chunk was written, the
         * process died before the segment was marked so. */
        r->damaged += rc < 0 && r->trusted;
        c->read += d->total_bytes;
    }
    return PMT_OK;
}

/* ---- which segments a pass reads ---------------------------------------- */

/* Notes the head of segment `i`. False when there is nothing to read. */
static bool begin_segment(struct pmt_journal_reader *r, uint32_t i,
                          uint32_t kind)
{
    const struct pmt_segment *s = pmt_journal_segment(r->journal, i);
    struct pmt_segment_cursor *c = &r->cursors[i];
    uint64_t order = __atomic_load_n(&s->order, __ATOMIC_ACQUIRE);
    uint64_t capacity = pmt_segment_capacity(r->journal);

    if (!order || s->kind != kind) {
        return false;
    }
    if (order != c->order) {
        c->order = order;
        c->index = i;
        c->read = s->consumed;
        c->thread = s->thread;
        c->damaged = false;
    }
    if (c->damaged) {
        return false;
    }
    c->head = __atomic_load_n(&s->head, __ATOMIC_ACQUIRE);
    if (c->head > capacity || c->read > c->head || c->read % 8) {
        r->damaged++; /* a journal from outside: nothing in it is believed */
        c->read = c->head = 0;
        c->damaged = true;
    }
    return c->read < c->head;
}

static int by_thread_and_order(const void *a, const void *b)
{
    const struct pmt_queued *x = a;
    const struct pmt_queued *y = b;

    if (x->thread != y->thread) {
        return x->thread < y->thread ? -1 : 1;
    }
    return (x->order > y->order) - (x->order < y->order);
}

/* Queues all segments of `kind` that hold something new. */
static uint32_t queue_segments(struct pmt_journal_reader *r, uint32_t kind)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < r->journal->header->segment_count; i++) {
        if (begin_segment(r, i, kind)) {
            r->queue[n].order = r->cursors[i].order;
            r->queue[n].thread = r->cursors[i].thread;
            r->queue[n++].index = i;
        }
    }
    qsort(r->queue, n, sizeof *r->queue, by_thread_and_order);
    return n;
}

/* The order of the latest segment of definitions, 0 where there is none. */
static uint64_t last_definitions(const struct pmt_journal_reader *r)
{
    uint64_t last = 0;

    for (uint32_t i = 0; i < r->journal->header->segment_count; i++) {
        const struct pmt_segment *s = pmt_journal_segment(r->journal, i);
        uint64_t order = __atomic_load_n(&s->order, __ATOMIC_ACQUIRE);

        if (order > last && s->kind == PMT_SEGMENT_DEFINITIONS) {
            last = order;
        }
    }
    return last;
}

/*
 * A definition refers to those before it, so none may be taken before them.
 * Producers go on meanwhile: they may fill up a segment that was read
 * already, and begin another. So it is settled first how far to go: all
 * segments before the `last` one are given up already, with their heads where
 * they stay.
 */
static int take_all_definitions(struct pmt_journal_reader *r)
{
    /* In a queue of their own: the records' queue is in use. */
    uint32_t count = r->journal->header->segment_count;
    uint64_t last = last_definitions(r);
    uint64_t done = 0;

    for (;;) {
        struct pmt_segment_cursor *next = NULL;
        int rc;

        for (uint32_t i = 0; i < count; i++) {
            struct pmt_segment_cursor *c = &r->cursors[i];

            if (begin_segment(r, i, PMT_SEGMENT_DEFINITIONS) &&
                c->order > done && c->order <= last &&
                (!next || c->order < next->order)) {
                next = c;
            }
        }
        if (!next) {
            return PMT_OK;
        }
        done = next->order;
        rc = take_definitions(r, next);
        if (rc < 0) {
            return rc;
        }
    }
}

/* ---- merging ------------------------------------------------------------ */

static const struct pmt_raw *next_raw(const struct pmt_journal_reader *r,
                                      const struct pmt_segment_cursor *c)
{
    const struct pmt_segment *s = pmt_journal_segment(r->journal, c->index);

    return (const struct pmt_raw *)(const void *)(s->data + c->read);
}

/* Sets a lane to its next record. */
static void look_ahead(struct pmt_journal_reader *r, struct pmt_lane *lane)
{
    lane->time = NO_TIME;
    while (lane->at < lane->end) {
        struct pmt_segment_cursor *c =
            &r->cursors[r->queue[lane->at].index];

        if (c->head - c->read >= sizeof(struct pmt_raw)) {
            lane->time = next_raw(r, c)->time;
            return;
        }
        c->read = c->head;
        lane->at++;
    }
}

static void make_lanes(struct pmt_journal_reader *r, uint32_t queued)
{
    size_t k = 0;

    for (uint32_t i = 0; i < queued;) {
        struct pmt_lane *lane = &r->lanes[r->lane_count++];
        uint32_t thread = r->queue[i].thread;

        lane->at = i;
        while (i < queued && r->queue[i].thread == thread) {
            i++;
        }
        lane->end = i;
        look_ahead(r, lane);
        memset(&lane->ahead, 0, sizeof lane->ahead);
        lane->ahead.thread = thread;
        /* Both are in the order of threads. */
        while (k < r->ahead_count && r->aheads[k].thread < thread) {
            k++;
        }
        if (k < r->ahead_count && r->aheads[k].thread == thread) {
            lane->ahead = r->aheads[k];
            r->aheads[k].any = false;
        }
    }
}

static int by_thread(const void *a, const void *b)
{
    const struct pmt_ahead *x = a;
    const struct pmt_ahead *y = b;

    return (x->thread > y->thread) - (x->thread < y->thread);
}

/* Room for one more in r->aheads. */
static int ahead_room(struct pmt_journal_reader *r)
{
    size_t room = r->ahead_room ? r->ahead_room * 2 : 16;
    void *p;

    if (r->ahead_count < r->ahead_room) {
        return PMT_OK;
    }
    p = realloc(r->aheads, room * sizeof *r->aheads);
    if (!p) {
        return PMT_ERR_MEMORY;
    }
    r->aheads = p;
    r->ahead_room = room;
    return PMT_OK;
}

/* Keeps what the lanes' next records are told until the next pass. */
static int end_lanes(struct pmt_journal_reader *r)
{
    size_t n = 0;
    int rc = PMT_OK;

    for (size_t i = 0; i < r->ahead_count; i++) {
        if (r->aheads[i].any) {
            r->aheads[n++] = r->aheads[i];
        }
    }
    r->ahead_count = n;
    for (uint32_t i = 0; rc == PMT_OK && i < r->lane_count; i++) {
        if (r->lanes[i].ahead.any) {
            rc = ahead_room(r);
            if (rc == PMT_OK) {
                r->aheads[r->ahead_count++] = r->lanes[i].ahead;
            }
        }
    }
    r->lane_count = 0;
    if (r->ahead_count > n) {
        qsort(r->aheads, r->ahead_count, sizeof *r->aheads, by_thread);
    }
    return rc;
}

/* Takes records of one lane as long as their time does not pass `until`. */
static int take_run(struct pmt_journal_reader *r, struct pmt_lane *lane,
                    uint64_t until, pmt_full_callback *full, void *context,
                    struct pmt_error *err)
{
    struct pmt_segment_cursor *c = &r->cursors[r->queue[lane->at].index];
    uint32_t room = pmt_writer_room(r->writer);

    while (c->head - c->read >= sizeof(struct pmt_raw)) {
        const struct pmt_raw *raw = next_raw(r, c);
        int rc;

        if (raw->time > until) {
            break;
        }
        if (!room) {
            room = pmt_writer_room(r->writer);
        }
        if (!room || r->one_by_one) {
            rc = full(context, err);
            if (rc < 0) {
                return rc;
            }
            room = pmt_writer_room(r->writer);
        }
        rc = pmt_journal_take_record(r, lane, c, raw, c->head - c->read);
        if (rc < 0) {
            return pmt_error_set(err, rc, PMT_NO_OFFSET, "out of memory");
        }
        c->read += (uint64_t)rc;
        room--;
    }
    look_ahead(r, lane);
    return PMT_OK;
}

static int merge(struct pmt_journal_reader *r, uint64_t cut,
                 pmt_full_callback *full, void *context,
                 struct pmt_error *err)
{
    for (;;) {
        struct pmt_lane *first = NULL;
        uint64_t until = cut - 1;
        uint64_t waiting = r->waiting_first < r->waiting_count
                               ? r->waiting[r->waiting_first].raw
                               : NO_TIME;
        int rc;

        for (uint32_t i = 0; i < r->lane_count; i++) {
            struct pmt_lane *lane = &r->lanes[i];

            if (!first || lane->time < first->time) {
                if (first && first->time < until) {
                    until = first->time;
                }
                first = lane;
            } else if (lane->time < until) {
                until = lane->time;
            }
        }
        if (waiting < cut && (!first || waiting <= first->time)) {
            rc = pmt_journal_give_waiting(r, err);
        } else if (first && first->time < cut) {
            rc = take_run(r, first, waiting < until ? waiting : until,
                          full, context, err);
        } else {
            return PMT_OK;
        }
        if (rc < 0) {
            return rc;
        }
    }
}

int pmt_journal_reader_pass(struct pmt_journal_reader *r, uint64_t cut,
                            pmt_full_callback *full, void *context,
                            struct pmt_error *err)
{
    /* First the heads of records, then the definitions: every record below
     * a head that was seen has its definitions committed. */
    uint32_t queued = queue_segments(r, PMT_SEGMENT_RECORDS);
    int rc;

    if (take_all_definitions(r) < 0) {
        return pmt_error_set_memory(err);
    }
    make_lanes(r, queued);
    rc = merge(r, cut, full, context, err);
    return end_lanes(r) < 0 && rc == PMT_OK ? pmt_error_set_memory(err) : rc;
}
