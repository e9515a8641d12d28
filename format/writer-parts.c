/* writer-parts.c - a stream in parts (spec 5.1, 7.11). */
#include "writer-parts.h"

#include <string.h>

#include "label.h"
#include "writer-private.h"

int pmt_writer_keep_live(struct pmt_writer *w)
{
    w->live = w->live ? w->live : pmt_live_map_new();
    return w->live ? PMT_OK : PMT_ERR_MEMORY;
}

struct pmt_live_map *pmt_writer_live(const struct pmt_writer *w)
{
    return w->live;
}

uint64_t pmt_writer_records(const struct pmt_writer *w)
{
    return w->records - w->ordinals[PMT_KIND_LIVE_SET];
}

static int end_region(struct pmt_writer *w, struct pmt_error *err)
{
    if (w->out.offset == w->out.region_start) {
        return PMT_OK;
    }
    return pmt_chunk_out_index(&w->out, err);
}

int pmt_writer_begin_part(struct pmt_writer *w, const struct pmt_sink *sink,
                          uint64_t time, struct pmt_error *err)
{
    int rc;

    if (pmt_writer_staged(w) || !w->header.bytes.used) {
        return pmt_error_set(err, PMT_ERR_ARGUMENT, PMT_NO_OFFSET,
                             "a part can't begin here");
    }
    rc = end_region(w, err);
    if (rc < 0) {
        return rc;
    }
    pmt_chunk_out_to(&w->out, sink, 0);
    pmt_writer_begin_epoch(w);
    w->part++;
    return pmt_writer_put_header(w, pmt_writer_raise(w, time), err);
}

int pmt_writer_end_region(struct pmt_writer *w,
                          struct pmt_writer_point *point,
                          struct pmt_error *err)
{
    int rc = end_region(w, err);

    point->sink = w->out.sink;
    point->offset = w->out.offset;
    point->seq = w->seq;
    point->records = w->records;
    memcpy(point->ordinals, w->ordinals, sizeof point->ordinals);
    point->part = w->part;
    return rc;
}

void pmt_writer_go_back(struct pmt_writer *w,
                        const struct pmt_writer_point *point)
{
    pmt_chunk_out_to(&w->out, &point->sink, point->offset);
    w->seq = point->seq;
    w->records = point->records;
    memcpy(w->ordinals, point->ordinals, sizeof w->ordinals);
    w->part = point->part;
    w->body.bytes.used = 0;
    w->body.entries = 0;
    pmt_writer_begin_epoch(w);
}

int pmt_writer_end_copy(struct pmt_writer *w, const struct pmt_sink *sink,
                        struct pmt_error *err)
{
    const struct pmt_envelope e = {
        .kind = PMT_KIND_END, .t0 = w->last_time, .t1 = w->last_time};
    const struct pmt_sink own = w->out.sink;
    uint64_t offset = w->out.offset;
    uint64_t region_start = w->out.region_start;
    size_t index_used = w->out.index.used;
    uint8_t first[PMT_INDEX_ENTRY]; /* overwritten where the index is full */
    size_t first_bytes = index_used < sizeof first ? index_used : sizeof first;
    uint64_t seq = w->seq;
    int rc = pmt_encode_end(&w->body, w->seq, w->records, w->lost_total,
                            PMT_END_DUMP);

    if (first_bytes) {
        memcpy(first, w->out.index.bytes, first_bytes);
    }
    w->out.sink = *sink;
    rc = rc < 0 ? pmt_error_set_memory(err) : pmt_writer_put(w, &e, err);
    rc = rc < 0 ? rc : pmt_chunk_out_index(&w->out, err);
    w->out.sink = own;
    w->out.offset = offset;
    w->out.region_start = region_start;
    w->out.index.used = index_used;
    if (first_bytes) {
        memcpy(w->out.index.bytes, first, first_bytes);
    }
    w->seq = seq;
    w->body.bytes.used = 0;
    w->body.entries = 0;
    return rc;
}

void pmt_writer_to(struct pmt_writer *w, const struct pmt_sink *sink)
{
    w->out.sink = *sink;
}

int pmt_writer_carry_over(struct pmt_writer *w,
                          const bool recorded[PMT_KEPT_KINDS],
                          unsigned *unknown, struct pmt_error *err)
{
    static const enum pmt_kind kinds[PMT_KEPT_KINDS] = {
        [PMT_KEPT_ALLOC] = PMT_KIND_ALLOC,
        [PMT_KEPT_OBJECT] = PMT_KIND_OBJECT};
    int rc = PMT_OK;

    *unknown = 0;
    for (unsigned k = 0; rc == PMT_OK && k < PMT_KEPT_KINDS; k++) {
        const struct pmt_kept *live;
        size_t count;

        if (!recorded[k] && !pmt_live_map_seen(w->live, k)) {
            continue;
        }
        live = pmt_live_map_sorted(w->live, k, &count);
        if (live) {
            rc = pmt_writer_put_live(w, kinds[k], live, count, err);
        } else {
            *unknown |= 1u << k;
        }
    }
    return rc;
}
