/* stream.c - the events of a process, put in order and written (stream.h). */
#include "stream.h"

#include <stdlib.h>
#include <string.h>

#include "room.h"

#define NEAR 16 /* places that an event is moved without sorting */

/* ---- order ---------------------------------------------------------------- */

/* The end of the run of rising times that begins at `i`. */
static size_t run_end(const struct dt_event *e, size_t i, size_t n)
{
    for (i++; i < n && e[i].time >= e[i - 1].time; i++)
        ;
    return i;
}

static void merge(const struct dt_event *a, size_t an,
                  const struct dt_event *b, size_t bn, struct dt_event *to)
{
    while (an > 0 && bn > 0) {
        if (b->time < a->time) {
            *to++ = *b++;
            bn--;
        } else {
            *to++ = *a++;
            an--;
        }
    }
    memcpy(to, a, an * sizeof *a);
    memcpy(to + an, b, bn * sizeof *b);
}

/* Merges the runs that are there by twos: bursts are few and long. Stable. */
static int sort(struct dt_event *e, size_t n)
{
    struct dt_event *from = e, *to = malloc(n * sizeof *to), *spare = to;

    if (!to)
        return PMT_ERR_MEMORY;
    while (run_end(from, 0, n) < n) {
        struct dt_event *other = from;

        for (size_t i = 0; i < n;) {
            size_t middle = run_end(from, i, n);
            size_t end = middle < n ? run_end(from, middle, n) : n;

            merge(from + i, middle - i, from + middle, end - middle, to + i);
            i = end;
        }
        from = to;
        to = other;
    }
    if (from != e)
        memcpy(e, from, n * sizeof *e);
    free(spare);
    return PMT_OK;
}

/* Events of two processors, and what began before something else ended, are
 * few places out of order: then nothing need be sorted. */
void dt_stream_insert(struct dt_stream *s, const struct dt_event *event)
{
    size_t least = s->count > NEAR ? s->count - NEAR : 0, at = s->count;

    while (at > least && s->pending[at - 1].time > event->time)
        at--;
    if (at > 0 && s->pending[at - 1].time > event->time) {
        s->unsorted = true;
        at = s->count;
    }
    memmove(s->pending + at + 1, s->pending + at,
            (s->count - at) * sizeof *s->pending);
    s->pending[at] = *event;
    s->newest = at;
    s->count++;
}

/* ---- events that leave ----------------------------------------------------- */

static int acquire(struct dt_stream *s, const struct dt_event *e)
{
    struct dt_totals *t = &s->totals;
    uint64_t was;
    int rc = dt_blocks_add(&s->blocks, e->address, e->size, &was);

    if (rc < 0)
        return rc;
    if (rc > 0) {
        t->unseen++;
        t->unseen_bytes += was;
        t->bytes_live -= was;
    }
    t->mallocs++;
    t->bytes += e->size;
    t->bytes_live += e->size;
    t->blocks_live = s->blocks.count;
    if (t->bytes_live > t->bytes_max)
        t->bytes_max = t->bytes_live;
    if (t->blocks_live > t->blocks_max)
        t->blocks_max = t->blocks_live;
    if (e->size > t->size_max)
        t->size_max = e->size;
    if (e->op == PMT_ALLOC_REALLOC)
        t->reallocs++;
    return PMT_OK;
}

static void release(struct dt_stream *s, const struct dt_event *e)
{
    struct dt_totals *t = &s->totals;
    uint64_t size;

    if (!dt_blocks_remove(&s->blocks, e->address, &size)) {
        t->before++;
        return;
    }
    t->frees++;
    t->bytes_freed += size;
    t->bytes_live -= size;
    t->blocks_live = s->blocks.count;
}

static int leave_alloc(struct dt_stream *s, const struct dt_event *e,
                       uint64_t tick, struct pmt_error *err)
{
    struct pmt_alloc record = {
        .time = tick, .address = e->address,
        .size = pmt_alloc_has_size(e->op) ? e->size : 0,
        .stack = e->site, .thread = e->thread, .op = e->op,
        .domain = e->domain,
    };

    if (e->what == DT_RELEASE)
        release(s, e);
    else if (acquire(s, e) < 0)
        return pmt_error_set_memory(err);
    return s->writer ? pmt_writer_alloc(s->writer, &record, err) : PMT_OK;
}

static int leave_call(struct dt_stream *s, const struct dt_event *e,
                      uint64_t tick, struct pmt_error *err)
{
    struct pmt_call record = {
        .time = tick, .number = e->site, .thread = e->thread,
        .rss = e->size, .rss_read = e->size != 0,
    };

    s->totals.calls++;
    return s->writer
               ? pmt_writer_call(s->writer, PMT_KIND_CALL, &record, err)
               : PMT_OK;
}

static int leave_gc(struct dt_stream *s, const struct dt_event *e,
                    uint64_t tick, struct pmt_error *err)
{
    struct pmt_gc record = {.time = tick, .thread = e->thread, .op = e->op};

    if (e->op == 0) {
        record.generation = (uint8_t)e->size;
        s->gc_start = tick;
        s->generation = record.generation;
    } else {
        record.collected = e->size;
        record.generation = s->in_gc ? s->generation : 0;
        record.duration_ns = s->in_gc ? tick - s->gc_start : 0;
    }
    s->in_gc = e->op == 0;
    s->totals.gcs++;
    return s->writer ? pmt_writer_gc(s->writer, &record, err) : PMT_OK;
}

static int leave(struct dt_stream *s, const struct dt_event *e,
                 struct pmt_error *err)
{
    uint64_t tick;

    if (e->time < s->last)
        s->totals.late++;
    else
        s->last = e->time;
    tick = s->last > s->start ? s->last - s->start : 0;
    switch ((enum dt_what)e->what) {
    case DT_ACQUIRE:
    case DT_RELEASE:
        return leave_alloc(s, e, tick, err);
    case DT_CALL:
        return leave_call(s, e, tick, err);
    case DT_GC:
        return leave_gc(s, e, tick, err);
    }
    return PMT_OK;
}

static int grow(struct dt_stream *s)
{
    void *p = dt_roomy(s->pending, &s->room, s->room + 1,
                       sizeof *s->pending);

    if (!p)
        return PMT_ERR_MEMORY;
    s->pending = p;
    return PMT_OK;
}

/* All leave but the last `keep`. */
static int drain(struct dt_stream *s, size_t keep, struct pmt_error *err)
{
    size_t n = s->count > keep ? s->count - keep : 0;

    if (s->unsorted && s->count > 0 && sort(s->pending, s->count) < 0)
        return pmt_error_set_memory(err);
    s->unsorted = false;
    s->newest = SIZE_MAX;
    for (size_t i = 0; i < n; i++) {
        int rc;

        if (i + 16 < n)
            dt_blocks_expect(&s->blocks, s->pending[i + 16].address);
        rc = leave(s, &s->pending[i], err);
        if (rc < 0)
            return rc;
    }
    if (n == 0)
        return PMT_OK;
    s->count -= n;
    memmove(s->pending, s->pending + n, s->count * sizeof *s->pending);
    return PMT_OK;
}

int dt_stream_drain(struct dt_stream *s, struct pmt_error *err)
{
    return drain(s, 0, err);
}

int dt_stream_make_room(struct dt_stream *s, struct pmt_error *err)
{
    if (s->room < (s->timed ? DT_PENDING : DT_PENDING_UNTIMED))
        return grow(s) < 0 ? pmt_error_set_memory(err) : PMT_OK;
    return drain(s, s->timed ? DT_PENDING / 2 : 0, err);
}

/* ---- life ------------------------------------------------------------------ */

int dt_stream_init(struct dt_stream *s, const struct pmt_sink *sink,
                   const struct pmt_stream_info *info,
                   const struct pmt_writer_options *options, uint64_t start,
                   struct pmt_error *err)
{
    *s = (struct dt_stream){.pid = info->pid, .start = start, .last = start};
    return sink ? pmt_writer_new(&s->writer, sink, info, options, err)
                : PMT_OK;
}

void dt_stream_release(struct dt_stream *s)
{
    pmt_writer_free(s->writer);
    dt_sites_release(&s->sites);
    dt_blocks_release(&s->blocks);
    free(s->pending);
    *s = (struct dt_stream){0};
}
