/*
 * stage.h - records that wait to become a chunk, by column, and as far as it
 * goes in the codec of the column: what an encoder goes through then stays in
 * the processor's caches, which records side by side would not.
 */
#ifndef PMT_STAGE_H
#define PMT_STAGE_H

#include <stddef.h>
#include <stdint.h>

#include "defs.h" /* PMT_ID_MAX */
#include "pack.h"
#include "pmt/record.h"

/* An id that can't be in a table is none. */
static inline uint32_t pmt_possible_id(uint32_t id)
{
    return id <= PMT_ID_MAX ? id : 0;
}

/* Columns that most records have nothing in, of several kinds. */
struct pmt_rare_stage {
    struct pmt_runs rss;      /* zigzag differences */
    struct pmt_runs rss_read;
    struct pmt_runs gap;
    uint64_t rss0, last_rss;
    bool has_rss;             /* some record has one */
};

/* Records of kind call or line. */
struct pmt_call_stage {
    size_t count;
    uint64_t t0, t1;
    struct pmt_packed step, class_id, offset;
    struct pmt_runs thread;
    struct pmt_rare_stage rare;
};

/* Adds a record, as below, of class `class_id`. PMT_ERR_MEMORY: nothing was
 * added. */
int pmt_call_stage_add(struct pmt_call_stage *s, uint64_t time,
                       const struct pmt_call *record, uint32_t class_id);
void pmt_call_stage_clear(struct pmt_call_stage *s);
void pmt_call_stage_release(struct pmt_call_stage *s);
uint64_t pmt_call_stage_memory(const struct pmt_call_stage *s);

/* Records of kind alloc. All arrays have `room` values: of a chunk of 65536
 * they and what is packed take about a megabyte, which a processor's second
 * cache holds. */
struct pmt_alloc_stage {
    size_t count, room;
    uint64_t t0, t1;     /* ticks of the first and the last */
    struct pmt_packed step; /* ticks since the record before */
    struct pmt_packed size; /* of each record that has one */
    struct pmt_runs thread, gap;
    uint64_t *address;
    uint32_t *stack;
    uint8_t *op;         /* op << 2 | domain */
    uint8_t *slot;       /* enum pmt_slot */
    uint16_t *class_;    /* size class */
};

/* Records of kind object. */
struct pmt_object_stage {
    size_t count, room;
    uint64_t t0, t1;
    struct pmt_packed step, class_id;
    struct pmt_runs thread;
    struct pmt_rare_stage rare;
    uint64_t *address;
    uint8_t *slot;
};

/* Room for `room` records; an object that is zeroed may be released.
 * PMT_ERR_MEMORY. */
int pmt_alloc_stage_init(struct pmt_alloc_stage *s, size_t room);
void pmt_alloc_stage_release(struct pmt_alloc_stage *s);
int pmt_object_stage_init(struct pmt_object_stage *s, size_t room);
void pmt_object_stage_release(struct pmt_object_stage *s);

/* Bytes that a stage of `room` records takes; 0 for none. */
uint64_t pmt_alloc_stage_memory(const struct pmt_alloc_stage *s);
uint64_t pmt_object_stage_memory(const struct pmt_object_stage *s);

/* Adds a record at tick `time`, which is no earlier than that before it.
 * There must be room. PMT_ERR_MEMORY: nothing was added. */
int pmt_alloc_stage_add(struct pmt_alloc_stage *s, uint64_t time,
                        const struct pmt_alloc *record);
int pmt_object_stage_add(struct pmt_object_stage *s, uint64_t time,
                         const struct pmt_object *record,
                         uint32_t class_id);

/* Makes a stage empty; it keeps its memory. */
void pmt_alloc_stage_clear(struct pmt_alloc_stage *s);
void pmt_object_stage_clear(struct pmt_object_stage *s);

#endif
