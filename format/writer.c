/* writer.c - one stream from definitions and records (pmt/writer.h). */
#include "pmt/writer.h"

#include <stdlib.h>
#include <string.h>

#include "kinds.h"
#include "writer-private.h"
#include "writer-resume.h"

#define DEFAULT_EPOCH_CHUNKS 64u
#define TABLE_CHUNK_ENTRIES 16384u

/* ---- chunks ------------------------------------------------------------- */

int pmt_writer_put(struct pmt_writer *w, const struct pmt_envelope *given,
                   struct pmt_error *err)
{
    uint32_t kind = given->kind;
    bool records = pmt_kind_rule(kind)->records;
    struct pmt_envelope e = *given;
    int rc;

    e.stream_key = w->stream_key;
    e.seq = w->seq;
    e.epoch = w->epoch;
    e.ordinal = w->ordinals[kind];
    e.lost = w->lost_total;
    rc = pmt_chunk_out_write(&w->out, &e, records, &w->body, err);
    if (rc == PMT_OK) {
        w->seq++;
        if (records) {
            w->ordinals[kind] += e.count;
            w->records += e.count;
        }
    }
    return rc;
}

/* A chunk without anything of its own in the envelope. */
static int put_chunk(struct pmt_writer *w, enum pmt_kind kind, size_t count,
                     uint64_t t0, uint64_t t1, struct pmt_error *err)
{
    const struct pmt_envelope e = {
        .kind = kind, .count = (uint32_t)count, .t0 = t0, .t1 = t1};

    return pmt_writer_put(w, &e, err);
}

/* How many of `ids` fit one chunk: texts may be long. */
static size_t table_batch(const struct pmt_writer *w,
                          enum pmt_def_table table, const uint32_t *ids,
                          size_t count)
{
    size_t bytes = 0;
    size_t n = 0;

    while (n < count && n < TABLE_CHUNK_ENTRIES && bytes < PMT_TEXT_CHUNK_BYTES) {
        if (table == PMT_TABLE_STRINGS) {
            bytes += pmt_defs_field(w->defs, table, ids[n], 1);
        }
        n++;
    }
    return n;
}

int pmt_writer_put_tables(struct pmt_writer *w, uint64_t time,
                          struct pmt_error *err)
{
    for (unsigned t = 0; t < PMT_TABLES; t++) {
        size_t count;
        const uint32_t *ids = pmt_defs_wanted(w->defs, t, &count);

        while (count) {
            size_t n = table_batch(w, t, ids, count);
            int rc = pmt_encode_table(w->encoder, &w->body, w->defs, t, ids,
                                      n);

            if (rc < 0) {
                return pmt_error_set_memory(err);
            }
            rc = put_chunk(w, pmt_table_kind(t), n, time, time, err);
            if (rc < 0) {
                return rc;
            }
            pmt_defs_stated(w->defs, t, n);
            count -= n;
        }
    }
    return PMT_OK;
}

static int put_anchors(struct pmt_writer *w, struct pmt_error *err)
{
    size_t n = w->anchor_count;
    int rc;

    if (!n) {
        return PMT_OK;
    }
    rc = pmt_encode_anchors(w->encoder, &w->body, w->anchors, n);
    if (rc < 0) {
        return pmt_error_set_memory(err);
    }
    rc = put_chunk(w, PMT_KIND_ANCHORS, n, w->anchors[0].time,
                   w->anchors[n - 1].time, err);
    w->anchor_count = rc < 0 ? n : 0;
    return rc;
}

static int put_losses(struct pmt_writer *w, struct pmt_error *err)
{
    struct pmt_staged_loss losses[PMT_LOSS_CAUSES];
    size_t n = 0;
    int rc;

    for (uint32_t c = 0; c < PMT_LOSS_CAUSES; c++) {
        if (w->lost[c] != w->lost_written[c]) {
            losses[n].time = w->lost_time;
            losses[n].cause = c;
            losses[n++].events = w->lost[c] - w->lost_written[c];
        }
    }
    if (!n) {
        return PMT_OK;
    }
    if (pmt_encode_losses(w->encoder, &w->body, losses, n) < 0) {
        return pmt_error_set_memory(err);
    }
    rc = put_chunk(w, PMT_KIND_LOSS, n, w->lost_time, w->lost_time, err);
    if (rc == PMT_OK) {
        memcpy(w->lost_written, w->lost, sizeof w->lost_written);
    }
    return rc;
}

static int put_marks(struct pmt_writer *w, struct pmt_error *err)
{
    size_t n = w->mark_count;
    int rc;

    if (!n) {
        return PMT_OK;
    }
    rc = pmt_encode_marks(w->encoder, &w->body, w->marks, n,
                          (const char *)w->mark_text.bytes);
    if (rc < 0) {
        return pmt_error_set_memory(err);
    }
    rc = put_chunk(w, PMT_KIND_MARK, n, w->marks[0].time,
                   w->marks[n - 1].time, err);
    if (rc == PMT_OK) {
        w->mark_count = 0;
        w->mark_text.used = 0;
    }
    return rc;
}

static int put_gcs(struct pmt_writer *w, struct pmt_error *err)
{
    size_t n = w->gc_count;
    int rc;

    if (!n) {
        return PMT_OK;
    }
    if (pmt_encode_gcs(w->encoder, &w->body, w->gcs, n) < 0) {
        return pmt_error_set_memory(err);
    }
    rc = put_chunk(w, PMT_KIND_GC, n, w->gcs[0].time, w->gcs[n - 1].time,
                   err);
    w->gc_count = rc < 0 ? n : 0;
    return rc;
}

static int put_calls(struct pmt_writer *w, enum pmt_kind kind,
                     struct pmt_call_stage *s, struct pmt_error *err)
{
    const struct pmt_envelope e = {.kind = kind,
                                   .count = (uint32_t)s->count,
                                   .t0 = s->t0,
                                   .t1 = s->t1,
                                   .rss0 = s->rare.rss0};
    int rc;

    if (!s->count) {
        return PMT_OK;
    }
    if (pmt_encode_calls(&w->body, s) < 0) {
        return pmt_error_set_memory(err);
    }
    rc = pmt_writer_put(w, &e, err);
    if (rc == PMT_OK) {
        pmt_call_stage_clear(s);
        w->epoch_used++;
    }
    return rc;
}

static int put_allocs(struct pmt_writer *w, struct pmt_error *err)
{
    struct pmt_envelope e = {.kind = PMT_KIND_ALLOC,
                             .count = (uint32_t)w->allocs.count,
                             .t0 = w->allocs.t0,
                             .t1 = w->allocs.t1,
                             .model = w->alloc_model};
    int rc;

    if (!e.count) {
        return PMT_OK;
    }
    if (pmt_encode_allocs(w->encoder, &w->body, &w->allocs, w->alloc_model,
                          &e.align) < 0) {
        return pmt_error_set_memory(err);
    }
    rc = pmt_writer_put(w, &e, err);
    if (rc == PMT_OK) {
        pmt_alloc_stage_clear(&w->allocs);
        w->epoch_used++;
    }
    return rc;
}

static int put_objects(struct pmt_writer *w, struct pmt_error *err)
{
    struct pmt_envelope e = {.kind = PMT_KIND_OBJECT,
                             .count = (uint32_t)w->objects.count,
                             .t0 = w->objects.t0,
                             .t1 = w->objects.t1,
                             .rss0 = w->objects.rare.rss0};
    int rc;

    if (!e.count) {
        return PMT_OK;
    }
    if (pmt_encode_objects(w->encoder, &w->body, &w->objects, &e.align) <
        0) {
        return pmt_error_set_memory(err);
    }
    rc = pmt_writer_put(w, &e, err);
    if (rc == PMT_OK) {
        pmt_object_stage_clear(&w->objects);
        w->epoch_used++;
    }
    return rc;
}

/* What is new, and all that the staged records refer to and that was not
 * wanted when they came. */
static int want_all(struct pmt_writer *w)
{
    int rc = pmt_defs_want_new(w->defs);

    return rc < 0 ? rc
                  : pmt_defs_want_all(w->defs, PMT_TABLE_STACKS,
                                      w->allocs.stack, w->allocs.count);
}

/* The records that were staged, in an order in which one pass over the file
 * knows what it meets: marks stand before the records they fall between. */
static int put_records(struct pmt_writer *w, struct pmt_error *err)
{
    int rc = put_marks(w, err);

    rc = rc < 0 ? rc : pmt_processes_write(w, err);
    rc = rc < 0 ? rc : pmt_figures_write(w, err);
    rc = rc < 0 ? rc : put_gcs(w, err);
    rc = rc < 0 ? rc : put_calls(w, PMT_KIND_CALL, &w->calls, err);
    rc = rc < 0 ? rc : put_calls(w, PMT_KIND_LINE, &w->lines, err);
    rc = rc < 0 ? rc : put_allocs(w, err);
    return rc < 0 ? rc : put_objects(w, err);
}

void pmt_writer_begin_epoch(struct pmt_writer *w)
{
    w->epoch++;
    w->epoch_used = 0;
    pmt_defs_new_epoch(w->defs);
    w->epoch_mark += 2;
}

/* One that fails for want of memory goes on where it was when it is called
 * again: what was put is put, and the rest is still staged or wanted. */
int pmt_writer_flush(struct pmt_writer *w, struct pmt_error *err)
{
    int rc;

    w->body.bytes.used = 0; /* half a chunk, if it failed before */
    w->body.entries = 0;
    if (want_all(w) < 0) {
        return pmt_error_set_memory(err);
    }
    rc = pmt_writer_put_tables(w, w->last_time, err);
    rc = rc < 0 ? rc : put_anchors(w, err);
    rc = rc < 0 ? rc : put_losses(w, err);
    rc = rc < 0 ? rc : put_records(w, err);
    /* Between two flushes nothing is staged that the next epoch lacks. */
    if (rc == PMT_OK && w->epoch_used >= w->epoch_chunks) {
        pmt_writer_begin_epoch(w);
    }
    return rc;
}

/* ---- opening and closing ------------------------------------------------ */

int pmt_writer_put_header(struct pmt_writer *w, uint64_t time,
                          struct pmt_error *err)
{
    const struct pmt_body *h = &w->header;

    if (pmt_buffer_append(&w->body.bytes, h->bytes.bytes, h->bytes.used) <
        0) {
        return pmt_error_set_memory(err);
    }
    w->body.entries = h->entries;
    if (pmt_encode_part(&w->body, w->part, w->ordinals) < 0) {
        return pmt_error_set_memory(err);
    }
    return put_chunk(w, PMT_KIND_STREAM, 0, time, time, err);
}

static void resume(struct pmt_writer *w, const struct pmt_writer_options *o)
{
    w->seq = o->resume_seq;
    w->epoch = o->resume_epoch;
    w->last_time = o->resume_time;
    memcpy(w->lost, o->resume_lost, sizeof w->lost);
    memcpy(w->lost_written, w->lost, sizeof w->lost);
    for (unsigned c = 0; c < PMT_LOSS_CAUSES; c++) {
        w->lost_total += w->lost[c];
    }
    memcpy(w->ordinals, o->resume_ordinal, sizeof w->ordinals);
}

int pmt_writer_new(struct pmt_writer **out, const struct pmt_sink *sink,
                   const struct pmt_stream_info *info,
                   const struct pmt_writer_options *options,
                   struct pmt_error *err)
{
    static const struct pmt_writer_options defaults;
    const struct pmt_writer_options *o = options ? options : &defaults;
    struct pmt_writer *w;
    int rc;

    *out = NULL;
    if (o->chunk_records > PMT_CHUNK_RECORDS_MAX || !info->tick_ns ||
        info->tick_ns > 1000000000) {
        return pmt_error_set(err, PMT_ERR_ARGUMENT, PMT_NO_OFFSET,
                             "chunk_records or tick_ns is out of range");
    }
    w = calloc(1, sizeof *w);
    if (!w) {
        return pmt_error_set_memory(err);
    }
    w->chunk_records =
        o->chunk_records ? o->chunk_records : PMT_CHUNK_RECORDS_MAX;
    w->epoch_chunks = o->epoch_chunks ? o->epoch_chunks : DEFAULT_EPOCH_CHUNKS;
    w->alloc_model = !o->no_prediction;
    w->epoch_mark = 2; /* no mark is 0 */
    for (unsigned i = 0; i < 8; i++) {
        w->stream_key = w->stream_key << 8 | info->uuid[i];
    }
    rc = pmt_chunk_out_init(&w->out, sink, o->level ? o->level : 1,
                            o->no_labels, o->resume_offset, err);
    if (rc == PMT_OK && (pmt_encoder_new(&w->encoder) < 0 ||
                         pmt_defs_new(&w->defs) < 0)) {
        rc = pmt_error_set_memory(err);
    }
    if (rc == PMT_OK && o->resume) {
        resume(w, o);
    } else if (rc == PMT_OK) {
        w->part = info->part;
        rc = pmt_encode_stream(&w->header, info) < 0
                 ? pmt_error_set_memory(err)
                 : pmt_writer_put_header(w, 0, err);
    }
    if (rc < 0) {
        pmt_writer_free(w);
        return rc;
    }
    *out = w;
    return PMT_OK;
}

void pmt_writer_free(struct pmt_writer *w)
{
    if (!w) {
        return;
    }
    pmt_chunk_out_release(&w->out);
    pmt_buffer_release(&w->body.bytes);
    pmt_buffer_release(&w->header.bytes);
    pmt_buffer_release(&w->mark_text);
    pmt_encoder_free(w->encoder);
    pmt_defs_free(w->defs);
    pmt_alloc_stage_release(&w->allocs);
    pmt_object_stage_release(&w->objects);
    pmt_call_stage_release(&w->calls);
    pmt_call_stage_release(&w->lines);
    pmt_figures_release(w);
    pmt_processes_release(w);
    pmt_live_map_free(w->live);
    free(w->marks);
    free(w->call_marks);
    free(w->seen_classes);
    free(w->gcs);
    free(w->anchors);
    free(w);
}

int pmt_writer_finish(struct pmt_writer *w, int clean, struct pmt_error *err)
{
    int rc = pmt_writer_flush(w, err);

    if (rc < 0) {
        return rc;
    }
    if (pmt_encode_end(&w->body, w->seq, w->records,
                       w->lost_total,
                       clean ? PMT_END_STOPPED : PMT_END_RECOVERED) < 0) {
        return pmt_error_set_memory(err);
    }
    rc = put_chunk(w, PMT_KIND_END, 0, w->last_time, w->last_time, err);
    return rc < 0 ? rc : pmt_chunk_out_index(&w->out, err);
}

/* ---- what is held ------------------------------------------------------- */

uint64_t pmt_writer_offset(const struct pmt_writer *w)
{
    return w->out.offset;
}

uint64_t pmt_writer_memory(const struct pmt_writer *w)
{
    return sizeof *w + pmt_chunk_out_memory(&w->out) + w->body.bytes.capacity +
           w->header.bytes.capacity + pmt_encoder_memory(w->encoder) + pmt_defs_memory(w->defs) +
           pmt_alloc_stage_memory(&w->allocs) +
           pmt_object_stage_memory(&w->objects) +
           pmt_call_stage_memory(&w->calls) +
           pmt_call_stage_memory(&w->lines) + pmt_figures_memory(w) + pmt_processes_memory(w) +
           (w->live ? pmt_live_map_memory(w->live) : 0) +
           w->mark_room * sizeof *w->marks + w->mark_text.capacity +
           w->gc_room * sizeof *w->gcs +
           w->call_marks_room * sizeof *w->call_marks +
           (w->seen_classes ? sizeof *w->seen_classes << PMT_SEEN_BITS : 0) +
           w->anchor_room * sizeof *w->anchors;
}
