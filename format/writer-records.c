/* writer-records.c - records of a writer, until they are a chunk. */
#include <stdlib.h>
#include <string.h>

#include "writer-private.h"
#include "writer-resume.h"

uint64_t pmt_writer_raise(struct pmt_writer *w, uint64_t time)
{
    if (time > w->last_time) {
        w->last_time = time;
    }
    return w->last_time;
}

static int bad_record(struct pmt_error *err)
{
    return pmt_error_set(err, PMT_ERR_ARGUMENT, PMT_NO_OFFSET,
                         "a record has an operation or a kind that is none");
}

int pmt_writer_alloc(struct pmt_writer *w, const struct pmt_alloc *record,
                     struct pmt_error *err)
{
    int rc = PMT_OK;

    if (record->op > PMT_ALLOC_REALLOC_UNDO ||
        record->domain > PMT_DOMAIN_NATIVE) {
        return bad_record(err);
    }
    if (w->allocs.count == w->chunk_records) {
        rc = pmt_writer_flush(w, err);
    } else if (!w->allocs.room &&
               pmt_alloc_stage_init(&w->allocs, w->chunk_records) < 0) {
        rc = pmt_error_set_memory(err);
    }
    if (rc == PMT_OK && record->thread != w->allocs.thread.value &&
        pmt_defs_want(w->defs, PMT_TABLE_THREADS, record->thread) < 0) {
        rc = pmt_error_set_memory(err);
    }
    if (rc < 0) {
        return rc;
    }
    if (pmt_alloc_stage_add(&w->allocs, pmt_writer_raise(w, record->time),
                            record) < 0) {
        return pmt_error_set_memory(err);
    }
    if (w->live) {
        pmt_live_map_alloc(w->live, w->last_time, record);
    }
    return PMT_OK;
}

/* What a record of an object is, as one number. */
static inline uint64_t object_key(const struct pmt_object *r)
{
    return (uint64_t)pmt_possible_id(r->stack) << 32 |
           (uint64_t)pmt_possible_id(r->type) << 1 | r->op;
}

/* Its place among the classes that were seen last. */
static inline struct pmt_seen_class *seen_class(struct pmt_writer *w,
                                                uint64_t key)
{
    return &w->seen_classes[key * UINT64_C(0x9e3779b97f4a7c15) >>
                            (64 - PMT_SEEN_BITS)];
}

static int need_objects(struct pmt_writer *w)
{
    if (!w->seen_classes) {
        w->seen_classes =
            calloc((size_t)1 << PMT_SEEN_BITS, sizeof *w->seen_classes);
    }
    return w->seen_classes
               ? pmt_object_stage_init(&w->objects, w->chunk_records)
               : PMT_ERR_MEMORY;
}

/* The class of a record, which is stated or wanted in this epoch, takes the
 * place `seen`. */
static int see_class(struct pmt_writer *w, const struct pmt_object *record,
                     uint64_t key, struct pmt_seen_class *seen,
                     struct pmt_error *err)
{
    const uint64_t fields[PMT_DEF_FIELDS] = {
        PMT_KIND_OBJECT, record->op, pmt_possible_id(record->stack),
        pmt_possible_id(record->type)};
    uint32_t id;
    int rc = pmt_defs_class(w->defs, fields, &id);

    if (rc < 0) {
        return pmt_writer_defined(rc, PMT_ID_MAX, err);
    }
    if (pmt_defs_want(w->defs, PMT_TABLE_CLASSES, id) < 0) {
        return pmt_error_set_memory(err);
    }
    seen->key = key;
    seen->id = id;
    seen->mark = w->epoch_mark;
    return PMT_OK;
}

int pmt_writer_object(struct pmt_writer *w, const struct pmt_object *record,
                      struct pmt_error *err)
{
    struct pmt_seen_class *seen;
    uint64_t key;
    int rc = PMT_OK;

    if (record->op > PMT_OBJECT_DESTROY) {
        return bad_record(err);
    }
    if (w->objects.count == w->chunk_records) {
        rc = pmt_writer_flush(w, err);
    } else if (!w->objects.room && need_objects(w) < 0) {
        rc = pmt_error_set_memory(err);
    }
    if (rc < 0) {
        return rc;
    }
    key = object_key(record);
    seen = seen_class(w, key);
    if (seen->key != key || seen->mark != w->epoch_mark) {
        rc = see_class(w, record, key, seen, err);
        if (rc < 0) {
            return rc;
        }
    }
    if ((record->thread != w->objects.thread.value &&
         pmt_defs_want(w->defs, PMT_TABLE_THREADS, record->thread) < 0) ||
        pmt_object_stage_add(&w->objects, pmt_writer_raise(w, record->time),
                             record, seen->id) < 0) {
        return pmt_error_set_memory(err);
    }
    if (w->live) {
        pmt_live_map_object(w->live, w->last_time, record);
    }
    return PMT_OK;
}

/* Class `number` is stated or wanted in this epoch, and marked so. */
static int want_class(struct pmt_writer *w, enum pmt_kind kind,
                      uint32_t number, uint32_t mark)
{
    uint32_t id = pmt_possible_id(pmt_call_class(number));
    uint64_t of_kind = pmt_defs_field(w->defs, PMT_TABLE_CLASSES, id, 0);

    if (!of_kind) {
        return PMT_OK; /* not known */
    }
    if (of_kind != kind) {
        return PMT_ERR_ARGUMENT;
    }
    if (number >= w->call_marks_room) {
        uint32_t room = w->call_marks_room ? w->call_marks_room : 256;
        uint32_t *p;

        while (room <= number) {
            room *= 2;
        }
        p = realloc(w->call_marks, room * sizeof *p);
        if (!p) {
            return PMT_ERR_MEMORY;
        }
        memset(p + w->call_marks_room, 0,
               (room - w->call_marks_room) * sizeof *p);
        w->call_marks = p;
        w->call_marks_room = room;
    }
    w->call_marks[number] = mark;
    return pmt_defs_want(w->defs, PMT_TABLE_CLASSES, id);
}

int pmt_writer_call(struct pmt_writer *w, enum pmt_kind kind,
                    const struct pmt_call *record, struct pmt_error *err)
{
    struct pmt_call_stage *s = kind == PMT_KIND_CALL ? &w->calls : &w->lines;
    uint32_t number = record->number;
    uint32_t mark;
    int rc = PMT_OK;

    if (kind != PMT_KIND_CALL && kind != PMT_KIND_LINE) {
        return bad_record(err);
    }
    if (s->count == w->chunk_records) {
        rc = pmt_writer_flush(w, err);
        if (rc < 0) {
            return rc;
        }
    }
    mark = w->epoch_mark | (kind == PMT_KIND_LINE);
    if (number >= w->call_marks_room || w->call_marks[number] != mark) {
        rc = want_class(w, kind, number, mark);
    }
    if (rc == PMT_ERR_ARGUMENT) {
        return bad_record(err);
    }
    if (rc == PMT_OK && record->thread != s->thread.value) {
        rc = pmt_defs_want(w->defs, PMT_TABLE_THREADS, record->thread);
    }
    rc = rc < 0 ? rc
                : pmt_call_stage_add(s, pmt_writer_raise(w, record->time),
                                     record,
                                     pmt_possible_id(pmt_call_class(number)));
    return rc < 0 ? pmt_error_set_memory(err) : PMT_OK;
}

/* Room for one more in an array that grows from `least`. */
static int grow(void *array, size_t count, size_t *room, size_t least,
                size_t each)
{
    size_t more = *room ? *room * 2 : least;
    void *p;

    if (count < *room) {
        return PMT_OK;
    }
    memcpy(&p, array, sizeof p);
    p = realloc(p, more * each);
    if (!p) {
        return PMT_ERR_MEMORY;
    }
    memcpy(array, &p, sizeof p);
    *room = more;
    return PMT_OK;
}

int pmt_writer_gc(struct pmt_writer *w, const struct pmt_gc *record,
                  struct pmt_error *err)
{
    struct pmt_gc *g;
    int rc = PMT_OK;

    if (record->op > 1) {
        return bad_record(err);
    }
    if (w->gc_count == w->chunk_records) {
        rc = pmt_writer_flush(w, err);
        if (rc < 0) {
            return rc;
        }
    }
    rc = grow(&w->gcs, w->gc_count, &w->gc_room, 64, sizeof *w->gcs);
    rc = rc < 0 ? rc
                : pmt_defs_want(w->defs, PMT_TABLE_THREADS, record->thread);
    if (rc < 0) {
        return pmt_error_set_memory(err);
    }
    g = &w->gcs[w->gc_count++];
    *g = *record;
    g->time = pmt_writer_raise(w, record->time);
    g->thread = pmt_possible_id(record->thread);
    return PMT_OK;
}

int pmt_writer_mark(struct pmt_writer *w, const struct pmt_mark *record,
                    struct pmt_error *err)
{
    uint32_t bytes =
        record->text_bytes < PMT_TEXT_MAX ? record->text_bytes : PMT_TEXT_MAX;
    uint32_t start;
    struct pmt_staged_mark *m;
    int rc = PMT_OK;

    if (w->mark_count == PMT_CHUNK_RECORDS_MAX ||
        w->mark_text.used > PMT_TEXT_CHUNK_BYTES) {
        rc = pmt_writer_flush(w, err);
        if (rc < 0) {
            return rc;
        }
    }
    start = (uint32_t)w->mark_text.used;
    rc = grow(&w->marks, w->mark_count, &w->mark_room, 64, sizeof *w->marks);
    rc = rc < 0 ? rc
                : pmt_defs_want(w->defs, PMT_TABLE_THREADS, record->thread);
    if (rc < 0 || pmt_buffer_append(&w->mark_text, record->text, bytes) < 0) {
        return pmt_error_set_memory(err);
    }
    m = &w->marks[w->mark_count++];
    m->time = pmt_writer_raise(w, record->time);
    m->thread = pmt_possible_id(record->thread);
    m->text_start = start;
    m->text_bytes = bytes;
    return PMT_OK;
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
    return w->allocs.count + w->objects.count + w->calls.count +
           w->lines.count + w->gc_count + pmt_figures_staged(w) +
           pmt_processes_staged(w) +
           w->mark_count;
}

static size_t greater(size_t a, size_t b)
{
    return a > b ? a : b;
}

uint32_t pmt_writer_room(const struct pmt_writer *w)
{
    size_t most = greater(greater(w->allocs.count, w->objects.count),
                          greater(w->calls.count, w->lines.count));

    return w->chunk_records - (uint32_t)greater(most, w->gc_count);
}
