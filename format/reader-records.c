/* reader-records.c - the records of a reader's last event. */
#include "reader-private.h"

#include <stdlib.h>

const uint64_t *pmt_reader_column(struct pmt_reader *r, unsigned column)
{
    /* Columns 8 to 10 don't have a value for every record. */
    if (!r->chunk_ready ||
        (column >= PMT_COL_RELEASE && column <= PMT_COL_EXPLICIT)) {
        return NULL;
    }
    return pmt_chunk_column(&r->chunk, column);
}

const uint32_t *pmt_reader_links(struct pmt_reader *r)
{
    bool addresses = r->chunk.envelope.kind == PMT_KIND_ALLOC ||
                     r->chunk.envelope.kind == PMT_KIND_OBJECT;

    return r->chunk_ready && addresses ? r->chunk.links : NULL;
}

/* Value `i` of a column that may not be there. */
static inline uint64_t at(const uint64_t *column, size_t i)
{
    return column ? column[i] : 0;
}

static inline uint32_t narrow(uint64_t v)
{
    return v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
}

/* Room for the records of any chunk, all zero, made at the first use. */
static void *records_room(void *room, size_t each)
{
    return room ? room : calloc(PMT_CHUNK_RECORDS_MAX, each);
}

/* What most chunks have no column of is 0 in the records, and stays so from
 * chunk to chunk: `filled` says how many of the first records may have
 * something else. */
static void fill_gaps(struct pmt_alloc *out, const struct pmt_chunk *c,
                      size_t *filled)
{
    const uint64_t *gap = pmt_chunk_column(c, PMT_COL_GAP);
    size_t n = gap ? c->envelope.count : *filled;

    for (size_t i = 0; i < n; i++) {
        out[i].gap = narrow(at(gap, i));
    }
    *filled = !gap ? 0 : n > *filled ? n : *filled;
}

static void fill_rare(struct pmt_object *out, const struct pmt_chunk *c,
                      size_t *filled)
{
    const uint64_t *rss = pmt_chunk_column(c, PMT_COL_RSS);
    const uint64_t *rss_read = pmt_chunk_column(c, PMT_COL_RSS_READ);
    const uint64_t *gap = pmt_chunk_column(c, PMT_COL_GAP);
    bool any = rss || rss_read || gap;
    size_t n = any ? c->envelope.count : *filled;

    for (size_t i = 0; i < n; i++) {
        out[i].rss = at(rss, i);
        out[i].rss_read = at(rss_read, i) != 0;
        out[i].gap = narrow(at(gap, i));
    }
    *filled = !any ? 0 : n > *filled ? n : *filled;
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
    fill_gaps(out, c, &r->allocs_filled);
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
    s = pmt_reader_find(r, c->envelope.stream_key)->stream;
    class_ = pmt_chunk_column(c, PMT_COL_CLASS);
    time = pmt_chunk_column(c, PMT_COL_TIME);
    thread = pmt_chunk_column(c, PMT_COL_THREAD);
    address = pmt_chunk_column(c, PMT_COL_ADDRESS);
    fill_rare(out, c, &r->objects_filled);
    for (size_t i = 0; i < c->envelope.count; i++) {
        const uint32_t *what =
            pmt_stream_object_class(s, (uint32_t)class_[i]);

        out[i].time = time[i];
        out[i].address = address[i];
        out[i].type = what ? what[1] : 0; /* lost, or none of an object */
        out[i].stack = what ? what[0] : 0;
        out[i].thread = (uint32_t)at(thread, i);
        out[i].op = (uint8_t)pmt_class_object_op(class_[i]);
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

/* The text of record `i` in list `key` of a process chunk. */
static struct pmt_text process_text(const struct pmt_chunk *c, unsigned key,
                                    size_t i)
{
    static const struct pmt_text none;

    const struct pmt_text *t = c->texts + c->list_at[key - 16] + i;

    return c->list_there[key - 16] && t->length ? *t : none;
}

const struct pmt_process *pmt_reader_processes(struct pmt_reader *r)
{
    const struct pmt_chunk *c = &r->chunk;
    const uint64_t *time, *op, *pid, *ppid, *started, *status, *how;
    struct pmt_process *out;
    size_t begin = 0;

    if (!r->chunk_ready || c->envelope.kind != PMT_KIND_PROCESS) {
        return NULL;
    }
    out = r->processes = records_room(r->processes, sizeof *out);
    if (!out || r->processes_made) {
        return out;
    }
    time = pmt_chunk_column(c, PMT_COL_TIME);
    op = pmt_chunk_column(c, PMT_COL_OP);
    pid = pmt_chunk_column(c, PMT_COL_PID);
    ppid = pmt_chunk_column(c, PMT_COL_PPID);
    started = pmt_chunk_column(c, PMT_COL_STARTED);
    status = pmt_chunk_column(c, PMT_COL_STATUS);
    how = pmt_chunk_column(c, PMT_COL_HOW);
    for (size_t i = 0; i < c->envelope.count; i++) {
        size_t end = c->list_there[1] ? c->argv_ends[i] : 0;

        out[i] = (struct pmt_process){
            .time = time[i],
            .pid = pid[i],
            .ppid = at(ppid, i),
            .started_ns = at(started, i),
            .status = narrow(at(status, i)),
            .op = (uint8_t)(op[i] < 255 ? op[i] : 255),
            .how = (uint8_t)(at(how, i) < 255 ? at(how, i) : 255),
            .executable = process_text(c, 16, i),
            .name = process_text(c, 18, i),
            .note = process_text(c, 19, i),
            .argv = end > begin ? c->texts + c->list_at[1] + begin : NULL,
            .argc = end - begin,
        };
        begin = end;
    }
    r->processes_made = true;
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

const int64_t *pmt_reader_figure(struct pmt_reader *r, size_t i)
{
    return (const int64_t *)pmt_reader_column(r,
                                              PMT_COL_FIGURES + (unsigned)i);
}

void pmt_reader_live_part(struct pmt_reader *r, uint32_t *of_kind,
                          uint32_t *part, uint32_t *parts)
{
    *of_kind = (uint32_t)r->chunk.scalars[0];
    *part = (uint32_t)r->chunk.scalars[1];
    *parts = (uint32_t)r->chunk.scalars[2];
}
