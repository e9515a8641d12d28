/*
 * pack.h - columns that are put into their codec (spec 4.3) as records come,
 * so that nothing has to be gone through again when the chunk is written.
 *
 * A column here takes few bytes a record, and one whose values are all the
 * same none. Both kinds begin zeroed, may be released at any time, and can be
 * emptied and used again.
 */
#ifndef PMT_PACK_H
#define PMT_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"
#include "chunk-out.h"

/* ULEB128 values, one after the other. */
struct pmt_packed {
    uint8_t *bytes;
    size_t used, room;
    size_t count;
    uint64_t first;
    uint64_t differ;     /* bits in which values differ from the first */
};

/* Runs of equal values. The value is 0 until another is set. */
struct pmt_runs {
    struct pmt_packed runs; /* those that are over: length - 1, value */
    size_t from;         /* row at which the last run begins */
    uint64_t value;      /* of the last run */
};

/* Makes room for `n` more values. PMT_ERR_MEMORY. */
int pmt_packed_grow(struct pmt_packed *p, size_t n);

static inline int pmt_packed_room(struct pmt_packed *p, size_t n)
{
    return p->room - p->used < n * PMT_ULEB_MAX ? pmt_packed_grow(p, n)
                                                : PMT_OK;
}

/* Appends a value, for which there is room. What is written last are the
 * bytes: a compiler must think that they change everything else. */
static inline void pmt_packed_add(struct pmt_packed *p, uint64_t v)
{
    uint8_t *to = p->bytes + p->used;

    if (!p->count++) {
        p->first = v;
    }
    p->differ |= v ^ p->first;
    if (v < 0x4000) {
        p->used += 1 + (v > 0x7f);
        pmt_put_uleb(to, v);
    } else {
        p->used = (size_t)(pmt_put_uleb(to, v) - p->bytes);
    }
}

/* The same for a column in which most rows have no value, that is, 0: room
 * for, and the value of, row `row`. */
int pmt_packed_room_at(struct pmt_packed *p, size_t row);
void pmt_packed_add_at(struct pmt_packed *p, size_t row, uint64_t v);

/* Makes room for two changes of value. PMT_ERR_MEMORY. */
static inline int pmt_runs_room(struct pmt_runs *r)
{
    return pmt_packed_room(&r->runs, 4);
}

/* From row `row` on, which is not before the last, the value is `v`. There
 * must be room. */
void pmt_runs_set(struct pmt_runs *r, size_t row, uint64_t v);

/* Only row `row` has the value `v`, those behind it have 0 again. */
static inline void pmt_runs_point(struct pmt_runs *r, size_t row, uint64_t v)
{
    pmt_runs_set(r, row, v);
    pmt_runs_set(r, row + 1, 0);
}

/* Append the column `id` of `rows` rows to a body, rows that were given no
 * value being 0; nothing when all are 0 and it `may_be_absent`.
 * PMT_ERR_MEMORY. */
int pmt_packed_put(struct pmt_packed *p, struct pmt_body *body, uint32_t id,
                   size_t rows, bool may_be_absent);
int pmt_runs_put(struct pmt_runs *r, struct pmt_body *body, uint32_t id,
                 size_t rows, bool may_be_absent);

/* Empty them for the next chunk; a column of runs begins with `value`. */
void pmt_packed_clear(struct pmt_packed *p);
void pmt_runs_clear(struct pmt_runs *r, uint64_t value);

void pmt_packed_release(struct pmt_packed *p);
void pmt_runs_release(struct pmt_runs *r);

#endif
