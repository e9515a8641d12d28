/*
 * snapshot-mode.h - the mode `snapshot`: when snapshots are written.
 */
#ifndef REC_SNAPSHOT_MODE_H
#define REC_SNAPSHOT_MODE_H

#include "modes.h"
#include "parts.h"

extern const struct rec_mode rec_mode_snapshot;

/* What the draining thread is writing; of one recording. */
extern const struct rec_part rec_part_snapshot_mode;

#endif
