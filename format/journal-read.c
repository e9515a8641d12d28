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
#include "journal-read.h"

#include <stdlib.h>
#include <string.h>

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
    for (size_t i = r->mark_first; i < r->mark_count; i++) {
        free(r->marks[i].text);
    }
    free(r->marks);
    free(r->cursors);
    free(r->queue);
    free(r->lanes);
    memset(r, 0, sizeof *r);
}

uint64_t pmt_clock_line_tick(const struct pmt_clock_line *line, uint64_t raw)
{
    unsigned __int128 x;

    if (raw <= line->raw) {
        return line->tick;
    }
    x = (unsigned __int128)(raw - line->raw) * line->ticks_per_raw_q32 +
        line->fraction_q32;
    return line->tick + (uint64_t)(x >> 32);
}

/* ---- definitions -------------------------------------------------------- */

static int take_mark(struct pmt_journal_reader *r,
                     const struct pmt_segment_cursor *c,
                     const struct pmt_def *d, const char *text)
{
    struct pmt_mark_waiting *m;

    if (r->mark_first == r->mark_count) {
        r->mark_first = r->mark_count = 0;
    }
    if (r->mark_count == r->mark_room) {
        size_t room = r->mark_room ? r->mark_room * 2 : 16;
        void *p = realloc(r->marks, room * sizeof *r->marks);

        if (!p) {
            return PMT_ERR_MEMORY;
        }
        r->marks = p;
        r->mark_room = room;
    }
    m = &r->marks[r->mark_count];
    /* They stand in the order of the lock they were made under; the clock
     * may have been read before it. That order is kept, so that those that
     * wait are always the last ones. */
    m->raw = d->wide > r->last_mark ? d->wide : r->last_mark;
    m->order = c->order;
    m->start = c->read;
    m->index = c->index;
    m->thread = d->v[0];
    m->text_bytes = d->text_bytes;
    m->text = malloc(d->text_bytes ? d->text_bytes : 1);
    if (!m->text) {
        return PMT_ERR_MEMORY;
    }
    memcpy(m->text, text, d->text_bytes);
    r->last_mark = m->raw;
    r->mark_count++;
    return PMT_OK;
}

uint64_t pmt_journal_reader_given(const struct pmt_journal_reader *r,
                                  uint32_t i)
{
    const struct pmt_segment_cursor *c = &r->cursors[i];

    for (size_t k = r->mark_first; k < r->mark_count; k++) {
        const struct pmt_mark_waiting *m = &r->marks[k];

        if (m->index == i && m->order == c->order) {
            return m->start;
        }
    }
    return c->read;
}

static int take_definition(struct pmt_journal_reader *r,
                           const struct pmt_segment_cursor *c,
                           const struct pmt_def *d)
{
    const char *text = (const char *)(d + 1);

    if (d->type < PMT_DEF_MARK && d->v[0] >= r->id_end[d->type]) {
        return PMT_ERR_ARGUMENT;
    }
    switch (d->type) {
    case PMT_DEF_CODE:
        if (d->v[2] > d->text_bytes) {
            return PMT_ERR_ARGUMENT;
        }
        return pmt_writer_define_code(r->writer, d->v[0], text, d->v[2],
                                      text + d->v[2],
                                      d->text_bytes - d->v[2], d->v[1], NULL);
    case PMT_DEF_STACK:
        return pmt_writer_define_stack(r->writer, d->v[0], d->v[1], d->v[2],
                                       d->v[3], NULL);
    case PMT_DEF_TYPE:
        return pmt_writer_define_type(r->writer, d->v[0], text,
                                      d->text_bytes, d->v[1], d->v[2], NULL);
    case PMT_DEF_THREAD:
        return pmt_writer_define_thread(r->writer, d->v[0], d->v[1], d->wide,
                                        text, d->text_bytes, NULL);
    case PMT_DEF_MARK:
        return take_mark(r, c, d, text);
    default:
        return PMT_ERR_ARGUMENT;
    }
}

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
        rc = take_definition(r, c, d);
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
    }
    c->head = __atomic_load_n(&s->head, __ATOMIC_ACQUIRE);
    if (c->head > capacity || c->read > c->head || c->read % 8) {
        r->damaged++; /* a journal from outside: nothing in it is believed */
        c->read = c->head = 0;
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

static int take_all_definitions(struct pmt_journal_reader *r)
{
    /* In a queue of their own: the records' queue is in use. */
    uint32_t count = r->journal->header->segment_count;
    uint64_t done = 0;

    for (;;) {
        struct pmt_segment_cursor *next = NULL;
        int rc;

        for (uint32_t i = 0; i < count; i++) {
            struct pmt_segment_cursor *c = &r->cursors[i];

            if (begin_segment(r, i, PMT_SEGMENT_DEFINITIONS) &&
                c->order > done && (!next || c->order < next->order)) {
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

static uint32_t make_lanes(struct pmt_journal_reader *r, uint32_t queued)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < queued;) {
        struct pmt_lane *lane = &r->lanes[n++];

        lane->at = i;
        while (i < queued && r->queue[i].thread == r->queue[lane->at].thread) {
            i++;
        }
        lane->end = i;
        look_ahead(r, lane);
    }
    return n;
}

/* Gives the record at `raw` (and the one behind it that holds its size, of
 * `left` bytes) to the writer. Returns the bytes used, or an error. */
static int take_record(struct pmt_journal_reader *r, uint32_t thread,
                       const struct pmt_raw *raw, uint64_t left)
{
    uint8_t tag = (uint8_t)(raw->word >> PMT_RAW_ADDRESS_BITS);
    uint64_t tick = pmt_clock_line_tick(&r->line, raw->time);
    int rc;

    r->records++;
    if ((tag & 0xe0) == PMT_RAW_ALLOC) {
        struct pmt_alloc a = {
            .time = tick,
            .address = raw->word & PMT_RAW_ADDRESS_MASK,
            .size = raw->a,
            .stack = raw->b,
            .thread = thread,
            .op = tag >> 2 & 7,
            .domain = tag & 3,
        };
        int used = sizeof *raw;

        if (a.op > PMT_ALLOC_REALLOC_UNDO) {
            r->damaged++;
            return used;
        }
        if (raw->a == UINT32_MAX && left >= 2 * sizeof *raw &&
            raw[1].word >> PMT_RAW_ADDRESS_BITS == PMT_RAW_SIZE) {
            a.size = raw[1].time;
            used += sizeof *raw;
        }
        if (!pmt_alloc_has_size(a.op)) {
            a.size = 0;
        }
        rc = pmt_writer_alloc(r->writer, &a, NULL);
        return rc < 0 ? rc : used;
    }
    if (tag == PMT_RAW_CREATE || tag == PMT_RAW_DESTROY) {
        const struct pmt_object o = {
            .time = tick,
            .address = raw->word & PMT_RAW_ADDRESS_MASK,
            .type = raw->a,
            .stack = raw->b,
            .thread = thread,
            .op = tag - PMT_RAW_CREATE,
        };

        rc = pmt_writer_object(r->writer, &o, NULL);
        if (rc != PMT_ERR_LIMIT) {
            return rc < 0 ? rc : (int)sizeof *raw;
        }
    }
    r->damaged++;
    return sizeof *raw;
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
            rc = full(context, err);
            if (rc < 0) {
                return rc;
            }
            room = pmt_writer_room(r->writer);
        }
        rc = take_record(r, c->thread, raw, c->head - c->read);
        if (rc < 0) {
            return pmt_error_set(err, rc, PMT_NO_OFFSET, "out of memory");
        }
        c->read += (uint64_t)rc;
        room--;
    }
    look_ahead(r, lane);
    return PMT_OK;
}

/* Writes the first mark that waits. */
static int take_first_mark(struct pmt_journal_reader *r,
                           struct pmt_error *err)
{
    const struct pmt_mark_waiting *w = &r->marks[r->mark_first++];
    const struct pmt_mark m = {
        .time = pmt_clock_line_tick(&r->line, w->raw),
        .thread = w->thread,
        .text = w->text,
        .text_bytes = w->text_bytes,
    };
    int rc = pmt_writer_mark(r->writer, &m, err);

    free(w->text);
    r->records++;
    return rc;
}

static int merge(struct pmt_journal_reader *r, uint32_t lanes, uint64_t cut,
                 pmt_full_callback *full, void *context,
                 struct pmt_error *err)
{
    for (;;) {
        struct pmt_lane *first = NULL;
        uint64_t until = cut - 1;
        uint64_t mark = r->mark_first < r->mark_count
                            ? r->marks[r->mark_first].raw
                            : NO_TIME;
        int rc;

        for (uint32_t i = 0; i < lanes; i++) {
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
        if (mark < cut && (!first || mark <= first->time)) {
            rc = take_first_mark(r, err);
        } else if (first && first->time < cut) {
            rc = take_run(r, first, mark < until ? mark : until, full,
                          context, err);
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

    if (take_all_definitions(r) < 0) {
        return pmt_error_set_memory(err);
    }
    return merge(r, make_lanes(r, queued), cut, full, context, err);
}
