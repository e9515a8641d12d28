/* stage.c - records by column, while they wait. */
#include "stage.h"

#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "pmt/error.h"

int pmt_alloc_stage_init(struct pmt_alloc_stage *s, size_t room)
{
    memset(s, 0, sizeof *s);
    s->step = malloc(room * sizeof *s->step);
    s->address = malloc(room * sizeof *s->address);
    s->size = malloc(room * sizeof *s->size);
    s->stack = malloc(room * sizeof *s->stack);
    s->thread = malloc(room * sizeof *s->thread);
    s->op = malloc(room);
    s->slot = malloc(room);
    s->class_ = malloc(room * sizeof *s->class_);
    if (!s->step || !s->address || !s->size || !s->stack || !s->thread ||
        !s->op || !s->slot || !s->class_) {
        pmt_alloc_stage_release(s);
        return PMT_ERR_MEMORY;
    }
    s->room = room;
    return PMT_OK;
}

void pmt_alloc_stage_release(struct pmt_alloc_stage *s)
{
    free(s->step);
    free(s->address);
    free(s->size);
    free(s->stack);
    free(s->thread);
    free(s->op);
    free(s->slot);
    free(s->class_);
    memset(s, 0, sizeof *s);
}

uint64_t pmt_alloc_stage_memory(const struct pmt_alloc_stage *s)
{
    return s->room * (5 * sizeof(uint64_t) + 2 + sizeof *s->class_);
}

void pmt_alloc_stage_add(struct pmt_alloc_stage *s, uint64_t time,
                         const struct pmt_alloc *r)
{
    size_t i = s->count++;

    if (!i) {
        s->t0 = s->t1 = time;
        s->sized = 0;
    }
    s->step[i] = time - s->t1;
    s->t1 = time;
    s->address[i] = r->address;
    s->stack[i] = pmt_possible_id(r->stack);
    s->thread[i] = pmt_possible_id(r->thread);
    s->op[i] = (uint8_t)(r->op << 2 | r->domain);
    if (pmt_alloc_has_size(r->op)) {
        s->slot[i] = PMT_SLOT_ACQUIRE_SIZED;
        s->class_[i] = (uint16_t)pmt_size_class(r->size, r->domain);
        s->size[s->sized++] = r->size;
    } else {
        s->slot[i] = pmt_alloc_releases(r->op) ? PMT_SLOT_RELEASE
                                               : PMT_SLOT_ACQUIRE;
        s->class_[i] = 0;
    }
}

int pmt_object_stage_init(struct pmt_object_stage *s, size_t room)
{
    memset(s, 0, sizeof *s);
    s->step = malloc(room * sizeof *s->step);
    s->address = malloc(room * sizeof *s->address);
    s->class_id = malloc(room * sizeof *s->class_id);
    s->thread = malloc(room * sizeof *s->thread);
    s->slot = malloc(room);
    if (!s->step || !s->address || !s->class_id || !s->thread || !s->slot) {
        pmt_object_stage_release(s);
        return PMT_ERR_MEMORY;
    }
    s->room = room;
    return PMT_OK;
}

void pmt_object_stage_release(struct pmt_object_stage *s)
{
    free(s->step);
    free(s->address);
    free(s->class_id);
    free(s->thread);
    free(s->slot);
    memset(s, 0, sizeof *s);
}

uint64_t pmt_object_stage_memory(const struct pmt_object_stage *s)
{
    return s->room * (4 * sizeof(uint64_t) + 1);
}

void pmt_object_stage_add(struct pmt_object_stage *s, uint64_t time,
                          const struct pmt_object *r, uint32_t class_id)
{
    size_t i = s->count++;

    if (!i) {
        s->t0 = s->t1 = time;
    }
    s->step[i] = time - s->t1;
    s->t1 = time;
    s->address[i] = r->address;
    s->class_id[i] = class_id;
    s->thread[i] = pmt_possible_id(r->thread);
    s->slot[i] = r->op == PMT_OBJECT_DESTROY ? PMT_SLOT_RELEASE
                                             : PMT_SLOT_ACQUIRE;
}
