/*
 * extents.h: some pieces of a source, one behind the other, as a source. Since
 * the concatenation of chunks is a trace, a reader can so be given the chunks
 * that matter and no others. Offsets are those of the concatenation.
 */
#ifndef PMT_EXTENTS_H
#define PMT_EXTENTS_H

#include <stddef.h>
#include <stdint.h>

#include "pmt/io.h"

struct pmt_extents;

/* `base` is borrowed until free and must be able to seek. NULL: no memory. */
struct pmt_extents *pmt_extents_new(struct pmt_source *base);
void pmt_extents_free(struct pmt_extents *e); /* NULL is allowed */

/* Adds a piece behind the others. PMT_OK or PMT_ERR_MEMORY. */
int pmt_extents_add(struct pmt_extents *e, uint64_t offset, uint64_t length);

/* The pieces added so far; `e` is borrowed. */
void pmt_extents_source(struct pmt_extents *e, struct pmt_source *source);

/* Where in the base byte `offset` of the concatenation is. */
uint64_t pmt_extents_origin(const struct pmt_extents *e, uint64_t offset);

#endif
