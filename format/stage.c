/* stage.c - records by column, while they wait. */
#include "stage.h"

#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "pmt/error.h"

/* ---- rare columns ------------------------------------------------------- */

/* Room for row `i`. */
static int rare_room(struct pmt_rare_stage *s, bool rss, bool rss_read,
                     bool gap)
{
    int rc = rss ? pmt_runs_room(&s->rss) : PMT_OK;

    rc = rc == PMT_OK && rss_read ? pmt_runs_room(&s->rss_read) : rc;
    return rc == PMT_OK && gap ? pmt_runs_room(&s->gap) : rc;
}

/* Row `i`. Most records differ in nothing from the one before, and take
 * none of the branches. */
static int rare_add(struct pmt_rare_stage *s, size_t i, uint64_t rss,
                    unsigned rss_read, uint32_t gap)
{
    bool changed = i && rss != s->last_rss;

    if ((changed || rss_read || gap) &&
        rare_room(s, changed, rss_read, gap) < 0) {
        return PMT_ERR_MEMORY;
    }
    if (!i) {
        s->rss0 = rss;
        s->has_rss = rss != 0;
    }
    if (changed) {
        pmt_runs_point(&s->rss, i, pmt_zigzag(rss - s->last_rss));
        s->has_rss = true;
    }
    s->last_rss = rss;
    if (rss_read) {
        pmt_runs_point(&s->rss_read, i, 1);
    }
    if (gap) {
        pmt_runs_point(&s->gap, i, gap);
    }
    return PMT_OK;
}

static void rare_clear(struct pmt_rare_stage *s)
{
    pmt_runs_clear(&s->rss, 0);
    pmt_runs_clear(&s->rss_read, 0);
    pmt_runs_clear(&s->gap, 0);
}

static void rare_release(struct pmt_rare_stage *s)
{
    pmt_runs_release(&s->rss);
    pmt_runs_release(&s->rss_read);
    pmt_runs_release(&s->gap);
}

static uint64_t rare_memory(const struct pmt_rare_stage *s)
{
    return s->rss.runs.room + s->rss_read.runs.room + s->gap.runs.room;
}

/* ---- call and line ------------------------------------------------------ */

/* What a record has that most have not: room for it, and it. */
static int call_rare(struct pmt_call_stage *s, const struct pmt_call *r,
                     uint32_t thread)
{
    size_t i = s->count;

    if (pmt_runs_room(&s->thread) < 0 ||
        (r->offset && pmt_packed_room_at(&s->offset, i) < 0) ||
        rare_add(&s->rare, i, r->rss, r->rss_read, r->gap) < 0) {
        return PMT_ERR_MEMORY;
    }
    pmt_runs_set(&s->thread, i, thread);
    if (r->offset) {
        pmt_packed_add_at(&s->offset, i, r->offset);
    }
    return PMT_OK;
}

int pmt_call_stage_add(struct pmt_call_stage *s, uint64_t time,
                       const struct pmt_call *r, uint32_t class_id)
{
    uint32_t thread = pmt_possible_id(r->thread);
    bool rare = !s->count || thread != s->thread.value ||
                r->rss != s->rare.last_rss || r->rss_read || r->gap ||
                r->offset;

    if (pmt_packed_room(&s->step, 1) < 0 ||
        pmt_packed_room(&s->class_id, 1) < 0 ||
        (rare && call_rare(s, r, thread) < 0)) {
        return PMT_ERR_MEMORY;
    }
    if (!s->count++) {
        s->t0 = s->t1 = time;
    }
    pmt_packed_add(&s->step, time - s->t1);
    pmt_packed_add(&s->class_id, class_id);
    s->t1 = time;
    return PMT_OK;
}

void pmt_call_stage_clear(struct pmt_call_stage *s)
{
    s->count = 0;
    pmt_packed_clear(&s->step);
    pmt_packed_clear(&s->class_id);
    pmt_packed_clear(&s->offset);
    pmt_runs_clear(&s->thread, 0);
    rare_clear(&s->rare);
}

void pmt_call_stage_release(struct pmt_call_stage *s)
{
    pmt_packed_release(&s->step);
    pmt_packed_release(&s->class_id);
    pmt_packed_release(&s->offset);
    pmt_runs_release(&s->thread);
    rare_release(&s->rare);
    memset(s, 0, sizeof *s);
}

uint64_t pmt_call_stage_memory(const struct pmt_call_stage *s)
{
    return s->step.room + s->class_id.room + s->offset.room +
           s->thread.runs.room + rare_memory(&s->rare);
}

/* ---- alloc -------------------------------------------------------------- */

int pmt_alloc_stage_init(struct pmt_alloc_stage *s, size_t room)
{
    memset(s, 0, sizeof *s);
    s->address = malloc(room * sizeof *s->address);
    s->stack = malloc(room * sizeof *s->stack);
    s->op = malloc(room);
    s->slot = malloc(room);
    s->class_ = malloc(room * sizeof *s->class_);
    if (!s->address || !s->stack || !s->op || !s->slot || !s->class_) {
        pmt_alloc_stage_release(s);
        return PMT_ERR_MEMORY;
    }
    s->room = room;
    return PMT_OK;
}

void pmt_alloc_stage_release(struct pmt_alloc_stage *s)
{
    free(s->address);
    free(s->stack);
    free(s->op);
    free(s->slot);
    free(s->class_);
    pmt_packed_release(&s->step);
    pmt_packed_release(&s->size);
    pmt_runs_release(&s->thread);
    pmt_runs_release(&s->gap);
    memset(s, 0, sizeof *s);
}

uint64_t pmt_alloc_stage_memory(const struct pmt_alloc_stage *s)
{
    return s->room * (sizeof *s->address + sizeof *s->stack +
                      sizeof *s->op + sizeof *s->slot + sizeof *s->class_) +
           s->step.room + s->size.room + s->thread.runs.room +
           s->gap.runs.room;
}

/* As object_rare. */
static int alloc_rare(struct pmt_alloc_stage *s, const struct pmt_alloc *r,
                      uint32_t thread)
{
    if (pmt_runs_room(&s->thread) < 0 ||
        (r->gap && pmt_runs_room(&s->gap) < 0)) {
        return PMT_ERR_MEMORY;
    }
    pmt_runs_set(&s->thread, s->count, thread);
    if (r->gap) {
        pmt_runs_point(&s->gap, s->count, r->gap);
    }
    return PMT_OK;
}

int pmt_alloc_stage_add(struct pmt_alloc_stage *s, uint64_t time,
                        const struct pmt_alloc *r)
{
    size_t i = s->count;
    uint32_t thread = pmt_possible_id(r->thread);

    if (pmt_packed_room(&s->step, 1) < 0 ||
        pmt_packed_room(&s->size, 1) < 0 ||
        ((thread != s->thread.value || r->gap) &&
         alloc_rare(s, r, thread) < 0)) {
        return PMT_ERR_MEMORY;
    }
    if (!i) {
        s->t0 = s->t1 = time;
    }
    s->count = i + 1;
    s->address[i] = r->address;
    s->stack[i] = pmt_possible_id(r->stack);
    s->op[i] = (uint8_t)(r->op << 2 | r->domain);
    if (pmt_alloc_has_size(r->op)) {
        s->slot[i] = PMT_SLOT_ACQUIRE_SIZED;
        s->class_[i] = (uint16_t)pmt_size_class(r->size, r->domain);
        pmt_packed_add(&s->size, r->size);
    } else {
        s->slot[i] = pmt_alloc_releases(r->op) ? PMT_SLOT_RELEASE
                                               : PMT_SLOT_ACQUIRE;
        s->class_[i] = 0;
    }
    pmt_packed_add(&s->step, time - s->t1);
    s->t1 = time;
    return PMT_OK;
}

void pmt_alloc_stage_clear(struct pmt_alloc_stage *s)
{
    s->count = 0;
    pmt_packed_clear(&s->step);
    pmt_packed_clear(&s->size);
    pmt_runs_clear(&s->thread, 0);
    pmt_runs_clear(&s->gap, 0);
}

/* ---- object ------------------------------------------------------------- */

int pmt_object_stage_init(struct pmt_object_stage *s, size_t room)
{
    memset(s, 0, sizeof *s);
    s->address = malloc(room * sizeof *s->address);
    s->slot = malloc(room);
    if (!s->address || !s->slot) {
        pmt_object_stage_release(s);
        return PMT_ERR_MEMORY;
    }
    s->room = room;
    return PMT_OK;
}

void pmt_object_stage_release(struct pmt_object_stage *s)
{
    free(s->address);
    free(s->slot);
    pmt_packed_release(&s->step);
    pmt_packed_release(&s->class_id);
    pmt_runs_release(&s->thread);
    rare_release(&s->rare);
    memset(s, 0, sizeof *s);
}

uint64_t pmt_object_stage_memory(const struct pmt_object_stage *s)
{
    return s->room * (sizeof *s->address + sizeof *s->slot) + s->step.room +
           s->class_id.room + s->thread.runs.room + rare_memory(&s->rare);
}

/* What a record has that differs from the one before: room for it, and it. */
static int object_rare(struct pmt_object_stage *s, const struct pmt_object *r,
                       uint32_t thread)
{
    if (pmt_runs_room(&s->thread) < 0 ||
        rare_add(&s->rare, s->count, r->rss, r->rss_read, r->gap) < 0) {
        return PMT_ERR_MEMORY;
    }
    pmt_runs_set(&s->thread, s->count, thread);
    return PMT_OK;
}

int pmt_object_stage_add(struct pmt_object_stage *s, uint64_t time,
                         const struct pmt_object *r, uint32_t class_id)
{
    size_t i = s->count;
    uint32_t thread = pmt_possible_id(r->thread);
    bool rare = !i || thread != s->thread.value ||
                r->rss != s->rare.last_rss || r->rss_read || r->gap;

    if (pmt_packed_room(&s->step, 1) < 0 ||
        pmt_packed_room(&s->class_id, 1) < 0 ||
        (rare && object_rare(s, r, thread) < 0)) {
        return PMT_ERR_MEMORY;
    }
    if (!i) {
        s->t0 = s->t1 = time;
    }
    s->count = i + 1;
    s->address[i] = r->address;
    s->slot[i] = r->op == PMT_OBJECT_DESTROY ? PMT_SLOT_RELEASE
                                             : PMT_SLOT_ACQUIRE;
    pmt_packed_add(&s->step, time - s->t1);
    pmt_packed_add(&s->class_id, class_id);
    s->t1 = time;
    return PMT_OK;
}

void pmt_object_stage_clear(struct pmt_object_stage *s)
{
    s->count = 0;
    pmt_packed_clear(&s->step);
    pmt_packed_clear(&s->class_id);
    pmt_runs_clear(&s->thread, 0);
    rare_clear(&s->rare);
}
