/* writer.c - one stream from definitions and records (pmt/writer.h). */
#include "pmt/writer.h"

#include <stdlib.h>
#include <string.h>

#include "writer-private.h"
#include "writer-resume.h"

#define DEFAULT_EPOCH_CHUNKS 64u
#define TABLE_CHUNK_ENTRIES 16384u
/* Bytes of text in a chunk, about: far below the limit of a chunk. */
#define TEXT_CHUNK_BYTES (1u << 20)

/* ---- chunks ------------------------------------------------------------- */

/* Writes the body as a chunk of `count` entries between two ticks. */
static int put_chunk(struct pmt_writer *w, enum pmt_kind kind, size_t count,
                     uint64_t t0, uint64_t t1, uint32_t align,
                     uint32_t model, struct pmt_error *err)
{
    bool records = kind >= PMT_KIND_CALL && kind <= PMT_KIND_LIVE_SET;
    struct pmt_envelope e = {
        .kind = kind,
        .stream_key = w->stream_key,
        .seq = w->seq,
        .count = (uint32_t)count,
        .t0 = t0,
        .t1 = t1,
        .epoch = w->epoch,
        .ordinal = w->ordinals[kind],
        .lost = w->lost_total,
        .align = align,
        .model = model,
    };
    int rc = pmt_chunk_out_write(&w->out, &e, records, &w->body, err);

    if (rc == PMT_OK) {
        w->seq++;
        if (records) {
            w->ordinals[kind] += count;
            w->records += count;
        }
    }
    return rc;
}

/* How many of `ids` fit one chunk: texts may be long. */
static size_t table_batch(const struct pmt_writer *w,
                          enum pmt_def_table table, const uint32_t *ids,
                          size_t count)
{
    size_t bytes = 0;
    size_t n = 0;

    while (n < count && n < TABLE_CHUNK_ENTRIES && bytes < TEXT_CHUNK_BYTES) {
        if (table == PMT_TABLE_STRINGS) {
            bytes += pmt_defs_field(w->defs, table, ids[n], 1);
        }
        n++;
    }
    return n;
}

static int put_tables(struct pmt_writer *w, uint64_t time,
                      struct pmt_error *err)
{
    for (unsigned t = 0; t < PMT_TABLES; t++) {
        size_t count;
        const uint32_t *ids = pmt_defs_wanted(w->defs, t, &count);

        for (size_t at = 0; at < count;) {
            size_t n = table_batch(w, t, ids + at, count - at);
            int rc = pmt_encode_table(w->encoder, &w->body, w->defs, t,
                                      ids + at, n);

            if (rc < 0) {
                return pmt_error_set_memory(err);
            }
            rc = put_chunk(w, pmt_table_kind(t), n, time, time, 0, 0, err);
            if (rc < 0) {
                return rc;
            }
            at += n;
        }
    }
    pmt_defs_stated(w->defs);
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
    w->anchor_count = 0;
    return put_chunk(w, PMT_KIND_ANCHORS, n, w->anchors[0].time,
                     w->anchors[n - 1].time, 0, 0, err);
}

static int put_losses(struct pmt_writer *w, struct pmt_error *err)
{
    struct pmt_staged_loss losses[PMT_LOSS_CAUSES];
    size_t n = 0;

    for (uint32_t c = 0; c < PMT_LOSS_CAUSES; c++) {
        if (w->lost[c] != w->lost_written[c]) {
            losses[n].time = w->lost_time;
            losses[n].cause = c;
            losses[n++].events = w->lost[c] - w->lost_written[c];
            w->lost_written[c] = w->lost[c];
        }
    }
    if (!n) {
        return PMT_OK;
    }
    if (pmt_encode_losses(w->encoder, &w->body, losses, n) < 0) {
        return pmt_error_set_memory(err);
    }
    return put_chunk(w, PMT_KIND_LOSS, n, w->lost_time, w->lost_time, 0, 0,
                     err);
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
    w->mark_count = 0;
    w->mark_text.used = 0;
    return put_chunk(w, PMT_KIND_MARK, n, w->marks[0].time,
                     w->marks[n - 1].time, 0, 0, err);
}

static int put_allocs(struct pmt_writer *w, struct pmt_error *err)
{
    size_t n = w->allocs.count;
    uint32_t align;

    if (!n) {
        return PMT_OK;
    }
    if (pmt_encode_allocs(w->encoder, &w->body, &w->allocs, w->alloc_model,
                          &align) < 0) {
        return pmt_error_set_memory(err);
    }
    w->allocs.count = 0;
    w->epoch_used++;
    return put_chunk(w, PMT_KIND_ALLOC, n, w->allocs.t0, w->allocs.t1, align,
                     w->alloc_model, err);
}

static int put_objects(struct pmt_writer *w, struct pmt_error *err)
{
    size_t n = w->objects.count;
    uint32_t align;

    if (!n) {
        return PMT_OK;
    }
    if (pmt_encode_objects(w->encoder, &w->body, &w->objects, &align) < 0) {
        return pmt_error_set_memory(err);
    }
    w->objects.count = 0;
    w->epoch_used++;
    return put_chunk(w, PMT_KIND_OBJECT, n, w->objects.t0, w->objects.t1,
                     align, 0, err);
}

/* Everything that the staged records refer to. */
static int want_all(struct pmt_writer *w)
{
    int rc = pmt_defs_want_new(w->defs);

    rc = rc < 0 ? rc
                : pmt_defs_want_all(w->defs, PMT_TABLE_STACKS,
                                    w->allocs.stack, w->allocs.count);
    rc = rc < 0 ? rc
                : pmt_defs_want_all(w->defs, PMT_TABLE_THREADS,
                                    w->allocs.thread, w->allocs.count);
    rc = rc < 0 ? rc
                : pmt_defs_want_all(w->defs, PMT_TABLE_CLASSES,
                                    w->objects.class_id, w->objects.count);
    rc = rc < 0 ? rc
                : pmt_defs_want_all(w->defs, PMT_TABLE_THREADS,
                                    w->objects.thread, w->objects.count);
    for (size_t i = 0; rc == PMT_OK && i < w->mark_count; i++) {
        rc = pmt_defs_want(w->defs, PMT_TABLE_THREADS, w->marks[i].thread);
    }
    return rc;
}

int pmt_writer_flush(struct pmt_writer *w, struct pmt_error *err)
{
    int rc;

    if (w->epoch_used >= w->epoch_chunks) {
        w->epoch++;
        w->epoch_used = 0;
        pmt_defs_new_epoch(w->defs);
    }
    if (want_all(w) < 0) {
        return pmt_error_set_memory(err);
    }
    rc = put_tables(w, w->last_time, err);
    rc = rc < 0 ? rc : put_anchors(w, err);
    rc = rc < 0 ? rc : put_losses(w, err);
    /* Marks stand before the records they fall between, so that one pass
     * knows the moment they name. */
    rc = rc < 0 ? rc : put_marks(w, err);
    rc = rc < 0 ? rc : put_allocs(w, err);
    return rc < 0 ? rc : put_objects(w, err);
}

/* ---- opening and closing ------------------------------------------------ */

static int put_header(struct pmt_writer *w, const struct pmt_stream_info *info,
                      struct pmt_error *err)
{
    if (pmt_encode_stream(&w->body, info) < 0) {
        return pmt_error_set_memory(err);
    }
    return put_chunk(w, PMT_KIND_STREAM, 0, 0, 0, 0, 0, err);
}

static void resume(struct pmt_writer *w, const struct pmt_writer_options *o)
{
    w->seq = o->resume_seq;
    w->epoch = o->resume_epoch;
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
        rc = put_header(w, info, err);
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
    pmt_buffer_release(&w->mark_text);
    pmt_encoder_free(w->encoder);
    pmt_defs_free(w->defs);
    pmt_alloc_stage_release(&w->allocs);
    pmt_object_stage_release(&w->objects);
    free(w->marks);
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
                       w->lost_total, clean) < 0) {
        return pmt_error_set_memory(err);
    }
    rc = put_chunk(w, PMT_KIND_END, 0, w->last_time, w->last_time, 0, 0, err);
    return rc < 0 ? rc : pmt_chunk_out_index(&w->out, err);
}

/* ---- records ------------------------------------------------------------ */

static uint64_t raise_time(struct pmt_writer *w, uint64_t time)
{
    if (time > w->last_time) {
        w->last_time = time;
    }
    return w->last_time;
}

int pmt_writer_alloc(struct pmt_writer *w, const struct pmt_alloc *record,
                     struct pmt_error *err)
{
    int rc = PMT_OK;

    if (w->allocs.count == w->chunk_records) {
        rc = pmt_writer_flush(w, err);
    } else if (!w->allocs.room &&
               pmt_alloc_stage_init(&w->allocs, w->chunk_records) < 0) {
        rc = pmt_error_set_memory(err);
    }
    if (rc == PMT_OK) {
        pmt_alloc_stage_add(&w->allocs, raise_time(w, record->time), record);
    }
    return rc;
}

int pmt_writer_object(struct pmt_writer *w, const struct pmt_object *record,
                      struct pmt_error *err)
{
    const uint64_t fields[PMT_DEF_FIELDS] = {
        PMT_KIND_OBJECT, record->op, pmt_possible_id(record->stack),
        pmt_possible_id(record->type)};
    uint32_t class_id;
    int rc = PMT_OK;

    if (w->objects.count == w->chunk_records) {
        rc = pmt_writer_flush(w, err);
    } else if (!w->objects.room &&
               pmt_object_stage_init(&w->objects, w->chunk_records) < 0) {
        rc = pmt_error_set_memory(err);
    }
    if (rc < 0) {
        return rc;
    }
    rc = pmt_defs_class(w->defs, fields, &class_id);
    if (rc < 0) {
        return pmt_writer_defined(rc, PMT_ID_MAX, err);
    }
    pmt_object_stage_add(&w->objects, raise_time(w, record->time), record,
                         class_id);
    return PMT_OK;
}

int pmt_writer_mark(struct pmt_writer *w, const struct pmt_mark *record,
                    struct pmt_error *err)
{
    uint32_t bytes =
        record->text_bytes < PMT_TEXT_MAX ? record->text_bytes : PMT_TEXT_MAX;
    struct pmt_staged_mark *m;

    int rc;

    if (w->mark_count == PMT_CHUNK_RECORDS_MAX ||
        w->mark_text.used > TEXT_CHUNK_BYTES) {
        rc = pmt_writer_flush(w, err);
        if (rc < 0) {
            return rc;
        }
    }
    if (w->mark_count == w->mark_room) {
        size_t room = w->mark_room ? w->mark_room * 2 : 64;
        void *p = realloc(w->marks, room * sizeof *w->marks);

        if (!p) {
            return pmt_error_set_memory(err);
        }
        w->marks = p;
        w->mark_room = room;
    }
    m = &w->marks[w->mark_count];
    m->time = raise_time(w, record->time);
    m->thread = pmt_possible_id(record->thread);
    m->text_start = (uint32_t)w->mark_text.used;
    m->text_bytes = bytes;
    if (pmt_buffer_append(&w->mark_text, record->text, bytes) < 0) {
        return pmt_error_set_memory(err);
    }
    w->mark_count++;
    return PMT_OK;
}

static int by_address(const void *a, const void *b)
{
    const struct pmt_live *x = a;
    const struct pmt_live *y = b;

    return (x->address > y->address) - (x->address < y->address);
}

int pmt_writer_live_set(struct pmt_writer *w, uint64_t time,
                        enum pmt_kind kind, const struct pmt_live *live,
                        size_t count, struct pmt_error *err)
{
    const size_t each = PMT_CHUNK_RECORDS_MAX;
    size_t parts = count ? (count + each - 1) / each : 1;
    struct pmt_live *sorted = malloc((count ? count : 1) * sizeof *sorted);
    int rc = pmt_writer_flush(w, err);

    if (!sorted) {
        return pmt_error_set_memory(err);
    }
    time = raise_time(w, time);
    if (count) {
        memcpy(sorted, live, count * sizeof *sorted);
        qsort(sorted, count, sizeof *sorted, by_address);
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i].stack = pmt_possible_id(sorted[i].stack);
        sorted[i].type = pmt_possible_id(sorted[i].type);
        sorted[i].thread = pmt_possible_id(sorted[i].thread);
    }
    for (size_t i = 0; rc == PMT_OK && i < count; i++) {
        if (pmt_defs_want(w->defs, PMT_TABLE_STACKS, live[i].stack) < 0 ||
            pmt_defs_want(w->defs, PMT_TABLE_TYPES, live[i].type) < 0 ||
            pmt_defs_want(w->defs, PMT_TABLE_THREADS, live[i].thread) < 0) {
            rc = pmt_error_set_memory(err);
        }
    }
    rc = rc < 0 ? rc : put_tables(w, time, err);
    for (size_t part = 0; rc == PMT_OK && part < parts; part++) {
        size_t at = part * each;
        size_t n = count - at < each ? count - at : each;

        if (pmt_encode_live(w->encoder, &w->body, time, kind, sorted + at, n,
                            (uint32_t)part, (uint32_t)parts) < 0) {
            rc = pmt_error_set_memory(err);
        }
        rc = rc < 0 ? rc : put_chunk(w, PMT_KIND_LIVE_SET, n, time, time, 0,
                                     0, err);
    }
    free(sorted);
    return rc;
}

void pmt_writer_lost(struct pmt_writer *w, uint64_t time, const uint64_t *lost)
{
    w->lost_total = 0;
    for (unsigned c = 0; c < PMT_LOSS_CAUSES; c++) {
        w->lost[c] = lost[c];
        w->lost_total += lost[c];
    }
    /* Later than records that are still to come: raises nothing. */
    w->lost_time = time > w->lost_time ? time : w->lost_time;
}

void pmt_writer_anchor(struct pmt_writer *w, uint64_t time, uint64_t mono_ns,
                       int64_t real_ns, uint32_t uncertainty_ns)
{
    struct pmt_anchor *a;

    if (w->anchor_count == w->anchor_room) {
        size_t room = w->anchor_room ? w->anchor_room * 2 : 16;
        void *p = room > PMT_CHUNK_RECORDS_MAX
                      ? NULL
                      : realloc(w->anchors, room * sizeof *w->anchors);

        if (!p) {
            return; /* an anchor more or less is no loss */
        }
        w->anchors = p;
        w->anchor_room = room;
    }
    a = &w->anchors[w->anchor_count++];
    a->time = time;
    a->mono_ns = mono_ns;
    a->real_ns = real_ns;
    a->uncertainty_ns = uncertainty_ns;
}

uint64_t pmt_writer_staged(const struct pmt_writer *w)
{
    return w->allocs.count + w->objects.count + w->mark_count;
}

uint32_t pmt_writer_room(const struct pmt_writer *w)
{
    size_t most = w->allocs.count > w->objects.count ? w->allocs.count
                                                     : w->objects.count;

    return w->chunk_records - (uint32_t)most;
}

uint64_t pmt_writer_offset(const struct pmt_writer *w)
{
    return w->out.offset;
}

uint64_t pmt_writer_memory(const struct pmt_writer *w)
{
    return sizeof *w + pmt_chunk_out_memory(&w->out) + w->body.bytes.capacity +
           pmt_encoder_memory(w->encoder) + pmt_defs_memory(w->defs) +
           pmt_alloc_stage_memory(&w->allocs) +
           pmt_object_stage_memory(&w->objects) +
           w->mark_room * sizeof *w->marks + w->mark_text.capacity +
           w->anchor_room * sizeof *w->anchors;
}
