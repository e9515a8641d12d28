/*
 * processes.c - records of kind process (spec 7.12) in a writer: columns and
 * lists of texts are put into their form as records come.
 */
#include <stdlib.h>
#include <string.h>

#include "writer-private.h"

#define ITEMS_MAX (1u << 18) /* of arguments in a chunk: below spec 10 */

enum { TIME, OP, PID, PPID, STARTED, STATUS, HOW, COLUMNS };
enum { EXECUTABLE, ARGV, NAME, NOTE, LISTS };

/* The chunk to be. */
struct pmt_process_stage {
    size_t count;
    size_t items;              /* texts in it, about */
    uint64_t t0, t1;
    struct pmt_packed columns[COLUMNS];
    struct pmt_buffer lists[LISTS]; /* the items of body keys 16 to 19 */
    bool any[LISTS];           /* one of them is known */
};

static void clear(struct pmt_process_stage *s)
{
    for (unsigned i = 0; i < COLUMNS; i++) {
        pmt_packed_clear(&s->columns[i]);
    }
    for (unsigned i = 0; i < LISTS; i++) {
        s->lists[i].used = 0;
        s->any[i] = false;
    }
    s->count = s->items = 0;
}

void pmt_processes_release(struct pmt_writer *w)
{
    struct pmt_process_stage *s = w->processes;

    for (unsigned i = 0; s && i < COLUMNS; i++) {
        pmt_packed_release(&s->columns[i]);
    }
    for (unsigned i = 0; s && i < LISTS; i++) {
        pmt_buffer_release(&s->lists[i]);
    }
    free(s);
}

uint64_t pmt_processes_staged(const struct pmt_writer *w)
{
    return w->processes ? w->processes->count : 0;
}

uint64_t pmt_processes_memory(const struct pmt_writer *w)
{
    const struct pmt_process_stage *s = w->processes;
    uint64_t n = s ? sizeof *s : 0;

    for (unsigned i = 0; s && i < COLUMNS; i++) {
        n += s->columns[i].room;
    }
    for (unsigned i = 0; s && i < LISTS; i++) {
        n += s->lists[i].capacity;
    }
    return n;
}

/* ---- records ------------------------------------------------------------ */

static int add_text(struct pmt_process_stage *s, unsigned list,
                    const struct pmt_text *t)
{
    size_t n = t->length < PMT_TEXT_MAX ? t->length : PMT_TEXT_MAX;

    s->any[list] |= n != 0;
    s->items++;
    return pmt_cbor_put_text(&s->lists[list], n ? t->bytes : "", n);
}

static int add_arguments(struct pmt_process_stage *s,
                         const struct pmt_process *p)
{
    size_t n = p->argc < ITEMS_MAX ? p->argc : ITEMS_MAX;
    int rc = pmt_cbor_put_array(&s->lists[ARGV], n);

    s->any[ARGV] |= n != 0;
    for (size_t i = 0; rc == PMT_OK && i < n; i++) {
        rc = add_text(s, ARGV, &p->argv[i]);
        s->any[ARGV] = true;
    }
    return rc;
}

static int add_texts(struct pmt_process_stage *s, const struct pmt_process *p)
{
    int rc = add_text(s, EXECUTABLE, &p->executable);

    rc = rc < 0 ? rc : add_arguments(s, p);
    rc = rc < 0 ? rc : add_text(s, NAME, &p->name);
    return rc < 0 ? rc : add_text(s, NOTE, &p->note);
}

static bool is_full(const struct pmt_process_stage *s)
{
    size_t text = 0;

    for (unsigned i = 0; i < LISTS; i++) {
        text += s->lists[i].used;
    }
    return s->count == PMT_CHUNK_RECORDS_MAX || s->items >= ITEMS_MAX ||
           text > PMT_TEXT_CHUNK_BYTES;
}

/* The stage, with room for the numbers of one more. */
static int make_room(struct pmt_writer *w, struct pmt_error *err)
{
    int rc = PMT_OK;

    if (!w->processes) {
        w->processes = calloc(1, sizeof *w->processes);
        if (!w->processes) {
            return pmt_error_set_memory(err);
        }
    }
    if (is_full(w->processes)) {
        rc = pmt_writer_flush(w, err);
    }
    for (unsigned i = 0; rc == PMT_OK && i < COLUMNS; i++) {
        if (pmt_packed_room(&w->processes->columns[i], 1) < 0) {
            rc = pmt_error_set_memory(err);
        }
    }
    return rc;
}

int pmt_writer_process(struct pmt_writer *w, const struct pmt_process *record,
                       struct pmt_error *err)
{
    struct pmt_process_stage *s;
    size_t used[LISTS];
    uint64_t time;
    int rc;

    if (record->op >= PMT_PROCESS_OPS || record->how >= PMT_HOWS ||
        !record->pid) {
        return pmt_error_set(err, PMT_ERR_ARGUMENT, PMT_NO_OFFSET,
                             "a record of a process has no such op or pid");
    }
    rc = make_room(w, err);
    if (rc < 0) {
        return rc;
    }
    s = w->processes;
    for (unsigned i = 0; i < LISTS; i++) {
        used[i] = s->lists[i].used;
    }
    if (add_texts(s, record) < 0) {
        for (unsigned i = 0; i < LISTS; i++) {
            s->lists[i].used = used[i];
        }
        return pmt_error_set_memory(err);
    }
    time = pmt_writer_raise(w, record->time);
    if (!s->count++) {
        s->t0 = s->t1 = time;
    }
    pmt_packed_add(&s->columns[TIME], time - s->t1);
    pmt_packed_add(&s->columns[OP], record->op);
    pmt_packed_add(&s->columns[PID], record->pid);
    pmt_packed_add(&s->columns[PPID], record->ppid);
    pmt_packed_add(&s->columns[STARTED], record->started_ns);
    pmt_packed_add(&s->columns[STATUS], record->status);
    pmt_packed_add(&s->columns[HOW], record->how);
    s->t1 = time;
    return PMT_OK;
}

/* ---- the chunk ---------------------------------------------------------- */

static int encode(struct pmt_body *body, struct pmt_process_stage *s)
{
    static const uint8_t before[] = {PMT_COL_TIME, PMT_COL_OP, PMT_COL_PID};
    static const uint8_t behind[] = {PMT_COL_PPID, PMT_COL_STARTED,
                                     PMT_COL_STATUS, PMT_COL_HOW};
    int rc = PMT_OK;

    for (unsigned i = 0; rc == PMT_OK && i < PPID; i++) {
        rc = pmt_packed_put(&s->columns[i], body, before[i], s->count, false);
    }
    for (unsigned i = 0; rc == PMT_OK && i < LISTS; i++) {
        if (!s->any[i]) {
            continue;
        }
        rc = pmt_cbor_put_uint(&body->bytes, 16 + i);
        rc = rc < 0 ? rc : pmt_cbor_put_array(&body->bytes, s->count);
        rc = rc < 0 ? rc : pmt_buffer_append(&body->bytes, s->lists[i].bytes,
                                             s->lists[i].used);
        body->entries++;
    }
    for (unsigned i = PPID; rc == PMT_OK && i < COLUMNS; i++) {
        rc = pmt_packed_put(&s->columns[i], body, behind[i - PPID], s->count,
                            true);
    }
    return rc;
}

int pmt_processes_write(struct pmt_writer *w, struct pmt_error *err)
{
    struct pmt_process_stage *s = w->processes;
    struct pmt_envelope e = {.kind = PMT_KIND_PROCESS};
    int rc;

    if (!s || !s->count) {
        return PMT_OK;
    }
    e.count = (uint32_t)s->count;
    e.t0 = s->t0;
    e.t1 = s->t1;
    if (encode(&w->body, s) < 0) {
        return pmt_error_set_memory(err);
    }
    rc = pmt_writer_put(w, &e, err);
    if (rc == PMT_OK) {
        clear(s);
    }
    return rc;
}
