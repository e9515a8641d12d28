/* journal-record.c - records of a journal into the writer, one by one. */
#include "journal-parts.h"

#define WORD_VALUE(raw) ((raw)->word & PMT_RAW_ADDRESS_MASK)

/* ---- what a record tells the thread's next one -------------------------- */

static struct pmt_ahead *ahead_of(struct pmt_lane *lane,
                                  const struct pmt_segment_cursor *c)
{
    struct pmt_ahead *a = &lane->ahead;

    if (!a->any) {
        a->any = true;
        a->order = c->order;
        a->start = c->read;
        a->index = c->index;
    }
    return a;
}

static void take_rss(struct pmt_journal_reader *r, struct pmt_lane *lane,
                     const struct pmt_segment_cursor *c,
                     const struct pmt_raw *raw)
{
    r->rss = WORD_VALUE(raw);
    ahead_of(lane, c)->rss_read = true;
}

static void take_gap(struct pmt_journal_reader *r, struct pmt_lane *lane,
                     const struct pmt_segment_cursor *c,
                     const struct pmt_raw *raw)
{
    uint32_t i = raw->a - PMT_KIND_CALL;

    if (i > PMT_KIND_ALLOC - PMT_KIND_CALL) {
        r->damaged++;
        return;
    }
    ahead_of(lane, c)->gap[i] += WORD_VALUE(raw);
}

/* What was told of a record of `kind`, and no longer is. */
static uint32_t use_gap(struct pmt_ahead *a, enum pmt_kind kind)
{
    uint64_t gap = a->gap[kind - PMT_KIND_CALL];

    a->gap[kind - PMT_KIND_CALL] = 0;
    a->any = a->rss_read || a->gap[0] || a->gap[1] || a->gap[2] || a->gap[3];
    return gap < UINT32_MAX ? (uint32_t)gap : UINT32_MAX;
}

static uint8_t use_rss(struct pmt_ahead *a)
{
    uint8_t was_read = a->rss_read;

    a->rss_read = false;
    return was_read;
}

/* ---- records ------------------------------------------------------------ */

/* The result of the writer: what it refuses is damage, all else is told. */
static int taken(struct pmt_journal_reader *r, int rc, int used)
{
    if (rc == PMT_ERR_ARGUMENT || rc == PMT_ERR_LIMIT) {
        r->damaged++;
        return used;
    }
    return rc < 0 ? rc : used;
}

static int take_alloc(struct pmt_journal_reader *r, struct pmt_lane *lane,
                      uint32_t thread, const struct pmt_raw *raw,
                      uint64_t left)
{
    uint8_t tag = (uint8_t)(raw->word >> PMT_RAW_ADDRESS_BITS);
    struct pmt_alloc a = {
        .time = pmt_clock_line_tick(&r->line, raw->time),
        .address = WORD_VALUE(raw),
        .size = raw->a,
        .stack = raw->b,
        .thread = thread,
        .op = tag >> 2 & 7,
        .domain = tag & 3,
    };
    int used = sizeof *raw;

    if (raw->a == UINT32_MAX && left >= 2 * sizeof *raw &&
        raw[1].word >> PMT_RAW_ADDRESS_BITS == PMT_RAW_SIZE) {
        a.size = raw[1].time;
        used += sizeof *raw;
    }
    if (!pmt_alloc_has_size(a.op)) {
        a.size = 0;
    }
    if (lane->ahead.any) {
        a.gap = use_gap(&lane->ahead, PMT_KIND_ALLOC);
    }
    r->records++;
    return taken(r, pmt_writer_alloc(r->writer, &a, NULL), used);
}

static int take_object(struct pmt_journal_reader *r, struct pmt_lane *lane,
                       uint32_t thread, const struct pmt_raw *raw)
{
    struct pmt_object o = {
        .time = pmt_clock_line_tick(&r->line, raw->time),
        .address = WORD_VALUE(raw),
        .rss = r->rss,
        .type = raw->a,
        .stack = raw->b,
        .thread = thread,
        .op = raw->word >> PMT_RAW_ADDRESS_BITS == PMT_RAW_DESTROY,
    };

    if (lane->ahead.any) {
        o.rss_read = use_rss(&lane->ahead);
        o.gap = use_gap(&lane->ahead, PMT_KIND_OBJECT);
    }
    r->records++;
    return taken(r, pmt_writer_object(r->writer, &o, NULL), sizeof *raw);
}

static int take_call(struct pmt_journal_reader *r, struct pmt_lane *lane,
                     uint32_t thread, const struct pmt_raw *raw)
{
    bool line = raw->word >> PMT_RAW_ADDRESS_BITS == PMT_RAW_LINE;
    enum pmt_kind kind = line ? PMT_KIND_LINE : PMT_KIND_CALL;
    struct pmt_call c = {
        .time = pmt_clock_line_tick(&r->line, raw->time),
        .rss = r->rss,
        .number = raw->a,
        .thread = thread,
        .offset = line && raw->b ? raw->b - 1 : 0,
    };

    if (lane->ahead.any) {
        c.rss_read = use_rss(&lane->ahead);
        c.gap = use_gap(&lane->ahead, kind);
    }
    r->records++;
    return taken(r, pmt_writer_call(r->writer, kind, &c, NULL), sizeof *raw);
}

static int take_gc(struct pmt_journal_reader *r, uint32_t thread,
                   const struct pmt_raw *raw)
{
    const struct pmt_gc g = {
        .time = pmt_clock_line_tick(&r->line, raw->time),
        .duration_ns = WORD_VALUE(raw),
        .collected = raw->a,
        .uncollectable = raw->b >> 8,
        .thread = thread,
        .op = raw->b & 1,
        .generation = raw->b >> 1 & 127,
    };

    r->records++;
    return taken(r, pmt_writer_gc(r->writer, &g, NULL), sizeof *raw);
}

/* Those that are told nothing, or tell: returns as above. */
static int take_other(struct pmt_journal_reader *r, struct pmt_lane *lane,
                      const struct pmt_segment_cursor *c,
                      const struct pmt_raw *raw)
{
    switch (raw->word >> PMT_RAW_ADDRESS_BITS) {
    case PMT_RAW_RSS:
        take_rss(r, lane, c, raw);
        break;
    case PMT_RAW_GAP:
        take_gap(r, lane, c, raw);
        break;
    case PMT_RAW_GC:
        lane->ahead.order = 0;
        return take_gc(r, c->thread, raw);
    default:
        r->damaged++;
        break;
    }
    return sizeof *raw;
}

int pmt_journal_take_record(struct pmt_journal_reader *r,
                            struct pmt_lane *lane,
                            const struct pmt_segment_cursor *c,
                            const struct pmt_raw *raw, uint64_t left)
{
    uint8_t tag = (uint8_t)(raw->word >> PMT_RAW_ADDRESS_BITS);
    int used;

    if ((tag & 0xe0) == PMT_RAW_ALLOC) {
        used = take_alloc(r, lane, c->thread, raw, left);
    } else if (tag == PMT_RAW_CALL || tag == PMT_RAW_LINE) {
        used = take_call(r, lane, c->thread, raw);
    } else if (tag == PMT_RAW_CREATE || tag == PMT_RAW_DESTROY) {
        used = take_object(r, lane, c->thread, raw);
    } else {
        return take_other(r, lane, c, raw);
    }
    if (lane->ahead.any) {
        /* Still something for a record of another kind: from here on it
         * can't wait in the journal, where this record no longer does. */
        lane->ahead.order = 0;
    }
    return used;
}
