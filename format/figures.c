/*
 * figures.c - records of kind sample and heap (spec 7.6) in a writer. A chunk
 * holds records that list the same figures; what is staged is a list of
 * chunks to be, of which each kind adds to its last.
 */
#include <stdlib.h>
#include <string.h>

#include "writer-private.h"

#define FIGURES_MAX 1024u /* spec 10 */
#define VALUES_MAX (1u << 20)
#define GROUPS_MAX 512u   /* staged: lists may change with every record */

/* One chunk to be. */
struct pmt_figure_group {
    enum pmt_kind kind;
    size_t count;              /* records */
    size_t figures;
    uint64_t t0, t1;
    struct pmt_buffer list;    /* what body key 16 holds, encoded */
    struct pmt_packed step, pid;
    struct pmt_runs thread;
    struct pmt_packed *columns; /* of each figure */
    int64_t *last;             /* its value in the last record */
};

int pmt_values_check(const struct pmt_value *values, size_t count,
                     bool figures, struct pmt_error *err)
{
    bool bad = count > FIGURES_MAX || (figures && !count);

    for (size_t i = 0; !bad && i < count; i++) {
        const struct pmt_text *name = &values[i].name;

        bad = (figures && !name->length) || name->length > PMT_TEXT_MAX ||
              values[i].unit.length > PMT_TEXT_MAX || values[i].counter > 1;
        for (size_t k = 0; figures && !bad && k < i; k++) {
            bad = values[k].name.length == name->length &&
                  !memcmp(values[k].name.bytes, name->bytes, name->length);
        }
    }
    return bad ? pmt_error_set(err, PMT_ERR_ARGUMENT, PMT_NO_OFFSET,
                               "the names of figures are not allowed so")
               : PMT_OK;
}

/* ---- groups ------------------------------------------------------------- */

static void group_release(struct pmt_figure_group *g)
{
    for (size_t i = 0; g->columns && i < g->figures; i++) {
        pmt_packed_release(&g->columns[i]);
    }
    free(g->columns);
    free(g->last);
    pmt_buffer_release(&g->list);
    pmt_packed_release(&g->step);
    pmt_packed_release(&g->pid);
    pmt_runs_release(&g->thread);
    memset(g, 0, sizeof *g);
}

static void release_groups(struct pmt_writer *w)
{
    for (size_t i = 0; i < w->figure_count; i++) {
        group_release(&w->figures[i]);
    }
    w->figure_count = 0;
}

void pmt_figures_release(struct pmt_writer *w)
{
    release_groups(w);
    free(w->figures);
    pmt_buffer_release(&w->figure_list);
}

uint64_t pmt_figures_staged(const struct pmt_writer *w)
{
    uint64_t n = 0;

    for (size_t i = 0; i < w->figure_count; i++) {
        n += w->figures[i].count;
    }
    return n;
}

uint64_t pmt_figures_memory(const struct pmt_writer *w)
{
    uint64_t n = w->figure_room * sizeof *w->figures +
                 w->figure_list.capacity;

    for (size_t i = 0; i < w->figure_count; i++) {
        const struct pmt_figure_group *g = &w->figures[i];

        n += g->list.capacity + g->step.room + g->pid.room +
             g->thread.runs.room +
             g->figures * (sizeof *g->columns + sizeof *g->last);
        for (size_t k = 0; k < g->figures; k++) {
            n += g->columns[k].room;
        }
    }
    return n;
}

/* What key 16 holds, into w->figure_list. */
static int encode_list(struct pmt_writer *w, const struct pmt_value *figures,
                       size_t count)
{
    struct pmt_buffer *b = &w->figure_list;
    int rc;

    b->used = 0;
    rc = pmt_cbor_put_array(b, count);
    for (size_t i = 0; rc == PMT_OK && i < count; i++) {
        const struct pmt_value *f = &figures[i];

        rc = pmt_cbor_put_array(b, 3);
        rc = rc < 0 ? rc : pmt_cbor_put_text(b, f->name.bytes, f->name.length);
        rc = rc < 0 ? rc : pmt_cbor_put_text(b, f->unit.bytes, f->unit.length);
        rc = rc < 0 ? rc : pmt_cbor_put_uint(b, f->counter);
    }
    return rc;
}

/* The group of `kind` that has this list, if another record fits it. Between
 * lists records may change places (spec 8.2). */
static struct pmt_figure_group *find_group(struct pmt_writer *w,
                                           enum pmt_kind kind)
{
    for (size_t i = w->figure_count; i-- > 0;) {
        struct pmt_figure_group *g = &w->figures[i];

        if (g->kind == kind && g->list.used == w->figure_list.used &&
            !memcmp(g->list.bytes, w->figure_list.bytes, g->list.used)) {
            return g->count < PMT_CHUNK_RECORDS_MAX &&
                           (g->count + 1) * g->figures <= VALUES_MAX
                       ? g
                       : NULL;
        }
    }
    return NULL;
}

static struct pmt_figure_group *add_group(struct pmt_writer *w,
                                          enum pmt_kind kind, size_t figures)
{
    struct pmt_figure_group *g;

    if (w->figure_count == w->figure_room) {
        size_t room = w->figure_room ? w->figure_room * 2 : 4;
        void *p = realloc(w->figures, room * sizeof *w->figures);

        if (!p) {
            return NULL;
        }
        w->figures = p;
        w->figure_room = room;
    }
    g = &w->figures[w->figure_count];
    memset(g, 0, sizeof *g);
    g->kind = kind;
    g->figures = figures;
    g->columns = calloc(figures, sizeof *g->columns);
    g->last = calloc(figures, sizeof *g->last);
    if (!g->columns || !g->last ||
        pmt_buffer_append(&g->list, w->figure_list.bytes,
                          w->figure_list.used) < 0) {
        group_release(g);
        return NULL;
    }
    w->figure_count++;
    return g;
}

/* ---- records ------------------------------------------------------------ */

static int group_room(struct pmt_figure_group *g)
{
    int rc = pmt_packed_room(&g->step, 1);

    rc = rc < 0 ? rc : pmt_packed_room(&g->pid, 1);
    rc = rc < 0 ? rc : pmt_runs_room(&g->thread);
    for (size_t i = 0; rc == PMT_OK && i < g->figures; i++) {
        rc = pmt_packed_room(&g->columns[i], 1);
    }
    return rc;
}

int pmt_writer_figures(struct pmt_writer *w, enum pmt_kind kind,
                       uint64_t time, uint32_t thread, uint64_t pid,
                       const struct pmt_value *figures, size_t count,
                       struct pmt_error *err)
{
    struct pmt_figure_group *g;

    if (kind != PMT_KIND_SAMPLE && kind != PMT_KIND_HEAP) {
        return pmt_error_set(err, PMT_ERR_ARGUMENT, PMT_NO_OFFSET,
                             "kind %u has no figures", kind);
    }
    if (encode_list(w, figures, count) < 0) {
        return pmt_error_set_memory(err);
    }
    g = find_group(w, kind);
    if (!g) { /* a list that is staged was checked */
        int rc = pmt_values_check(figures, count, true, err);

        if (rc == PMT_OK && w->figure_count == GROUPS_MAX) {
            rc = pmt_writer_flush(w, err);
        }
        if (rc < 0) {
            return rc;
        }
        g = add_group(w, kind, count);
    }
    if (!g || group_room(g) < 0 ||
        pmt_defs_want(w->defs, PMT_TABLE_THREADS, thread) < 0) {
        return pmt_error_set_memory(err);
    }
    time = pmt_writer_raise(w, time);
    if (!g->count) {
        g->t0 = g->t1 = time;
    }
    pmt_packed_add(&g->step, time - g->t1);
    pmt_packed_add(&g->pid, pid);
    pmt_runs_set(&g->thread, g->count++, pmt_possible_id(thread));
    g->t1 = time;
    for (size_t i = 0; i < count; i++) {
        pmt_packed_add(&g->columns[i],
                       pmt_zigzag((uint64_t)figures[i].value -
                                  (uint64_t)g->last[i]));
        g->last[i] = figures[i].value;
    }
    return PMT_OK;
}

/* ---- chunks ------------------------------------------------------------- */

static int encode_group(struct pmt_body *body, struct pmt_figure_group *g)
{
    size_t n = g->count;
    int rc = pmt_packed_put(&g->step, body, 1, n, false);

    rc = rc < 0 ? rc : pmt_runs_put(&g->thread, body, 2, n, true);
    rc = rc < 0 ? rc : pmt_packed_put(&g->pid, body, 15, n, true);
    rc = rc < 0 ? rc : pmt_cbor_put_uint(&body->bytes, 16);
    rc = rc < 0 ? rc : pmt_buffer_append(&body->bytes, g->list.bytes,
                                         g->list.used);
    body->entries++;
    for (size_t i = 0; rc == PMT_OK && i < g->figures; i++) {
        rc = pmt_packed_put(&g->columns[i], body, 32 + (uint32_t)i, n, false);
    }
    return rc;
}

int pmt_figures_write(struct pmt_writer *w, struct pmt_error *err)
{
    int rc = PMT_OK;

    for (size_t i = 0; rc == PMT_OK && i < w->figure_count; i++) {
        struct pmt_figure_group *g = &w->figures[i];
        const struct pmt_envelope e = {.kind = g->kind,
                                       .count = (uint32_t)g->count,
                                       .t0 = g->t0,
                                       .t1 = g->t1};

        if (!e.count) {
            continue;
        }
        if (encode_group(&w->body, g) < 0) {
            return pmt_error_set_memory(err);
        }
        rc = pmt_writer_put(w, &e, err);
        g->count = rc < 0 ? g->count : 0;
    }
    if (rc == PMT_OK) {
        release_groups(w);
    }
    return rc;
}
