/*
 * group-key.h: the keys by which group.c tells groups apart. A key is put
 * together in grouping->key: its first byte is '0' for nothing, '?' for an id
 * that stands for nothing known, which is like no other.
 *
 * Threads: as group.h.
 */
#ifndef PMT_GROUP_KEY_H
#define PMT_GROUP_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "group.h"

/* The key of an id (pmt_group_id); of a stack that of its innermost site.
 * False: no memory. */
bool pmt_group_key(struct pmt_grouping *grouping,
                   const struct pmt_stream *stream, size_t place,
                   uint32_t id);

/* The key of a site alone. False: no memory. */
bool pmt_group_key_site(struct pmt_grouping *grouping,
                        const struct pmt_stream *stream, size_t place,
                        uint32_t stack);

/* The key of a caller (its group plus 1, 0: none) and the site's number. */
bool pmt_group_key_stack(struct pmt_grouping *grouping, uint32_t caller,
                         uint32_t site);

/* By what a frame is told from another: of STACK it is SITE, of TRACEBACK
 * LINENO, of all others what they are. */
static inline enum pmt_group_by pmt_group_frame(enum pmt_group_by by)
{
    return by == PMT_BY_STACK       ? PMT_BY_SITE
           : by == PMT_BY_TRACEBACK ? PMT_BY_LINENO
                                    : by;
}

#endif
