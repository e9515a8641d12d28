/*
 * tracked.h - the live set of blocks in memory: for filters, which record the
 * release of a block only where they recorded it, for what tracemalloc tells
 * of, and for snapshots.
 */
#ifndef REC_TRACKED_H
#define REC_TRACKED_H

#include "live-table.h"
#include "parts.h"

/* The blocks that were recorded or are tracked. Empty and without memory
 * where all are recorded and none is tracked. */
extern struct rec_live rec_blocks __attribute__((visibility("hidden")));

extern const struct rec_part rec_part_tracked;

#endif
