/*
 * callers.h: the frames that called, below a row of a table.
 *
 * Writes to the listing it is given and nowhere else.
 */
#ifndef PMT_CALLERS_H
#define PMT_CALLERS_H

#include <stddef.h>

#include "cli/listing.h"
#include "group.h"

/* The callers of a group's site, the nearest first, each in a row of `before`
 * empty cells and "  by FRAME". At most 100 of them, then how many more there
 * are: stacks from a trace may be any depth. */
void pmt_callers_list(struct pmt_listing *list, size_t before,
                      const struct pmt_group *group);

#endif
