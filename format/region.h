/*
 * region.h - what an index must list: the labels met since the start of its
 * region (spec 3.2).
 */
#ifndef PMT_REGION_H
#define PMT_REGION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pmt_region_entry;

/* Plain storage; zeroed to begin with. Memory: 80 bytes a chunk since the
 * last index. */
struct pmt_region {
    struct pmt_region_entry *entries;
    size_t count, room;
    uint64_t start;        /* end of the last index */
    uint64_t last_damage;  /* the greatest offset of damage reported */
    bool damaged;
    bool label_waits;      /* the next frame has the label of entries[-1] */
};

void pmt_region_release(struct pmt_region *r);

/* A label at `offset`, or a data frame without one (`body` NULL). A frame
 * that directly follows a label is added by its label only.
 * PMT_ERR_MEMORY. */
int pmt_region_add(struct pmt_region *r, uint64_t offset,
                   const uint8_t *body);

/* The label just added is of a later version: its frame will be added as
 * one without a label, and is not. */
void pmt_region_label_waits(struct pmt_region *r);

/* A frame that an index does not list begins at `offset`. */
void pmt_region_start_at(struct pmt_region *r, uint64_t offset);

/* Damage was reported at `offset`. */
void pmt_region_damage(struct pmt_region *r, uint64_t offset);

/* Is the body of an index sound in itself? */
bool pmt_index_sound(const uint8_t *body, size_t size);

/* Is it sound, and does it list what was met? NULL, or what is wrong. */
const char *pmt_region_check(const struct pmt_region *r, const uint8_t *body,
                             size_t size, uint64_t offset);

/* An index was met; the next region can't begin before `offset`. */
void pmt_region_end(struct pmt_region *r, uint64_t offset);

#endif
