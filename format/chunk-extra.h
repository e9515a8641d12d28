/*
 * chunk-extra.h - what the bodies of some kinds hold besides columns: lists
 * of texts, figures, numbers (spec 6.2, 6.3, 7.6 to 7.8, 7.11, 7.12, 5.2).
 */
#ifndef PMT_CHUNK_EXTRA_H
#define PMT_CHUNK_EXTRA_H

#include <stdbool.h>
#include <stdint.h>

#include "chunk.h"
#include "kinds.h"

struct pmt_extra_state {
    struct pmt_chunk *chunk;
    enum pmt_body_extra extra;
    uint32_t seen;                   /* bit by key, below 32 */
    struct pmt_column_view *views;   /* of columns from 32 on */
    size_t view_count, view_room;
};

void pmt_extra_begin(struct pmt_extra_state *x, struct pmt_chunk *c,
                     enum pmt_body_extra extra);

/* Does this kind give key `key` a meaning that is no plain column? */
bool pmt_extra_wants(const struct pmt_extra_state *x, uint64_t key);

/* Takes the value of such a key at the cursor. */
int pmt_extra_take(struct pmt_extra_state *x, struct pmt_cbor_cursor *in,
                   uint64_t key, struct pmt_error *err);

/* When the body is through: frees what `x` holds; with `rc` PMT_OK, checks
 * and decodes first. Returns `rc` when it is an error. */
int pmt_extra_end(struct pmt_extra_state *x, int rc, struct pmt_error *err);

#endif
