/*
 * parts.c - the table of parts (parts.h).
 */
#include "parts.h"

#include "choice.h"
#include "define.h"
#include "dump.h"
#include "event-class.h"
#include "names.h"
#include "object.h"
#include "snapshot-mode.h"
#include "snapshot.h"
#include "stacks.h"
#include "thread.h"
#include "tracked.h"
#include "types.h"

const struct rec_part *const rec_parts[] = {
    &rec_part_threads,
    &rec_part_define,
    &rec_part_names,
    &rec_part_stacks,
    &rec_part_classes,
    &rec_part_types,
    &rec_part_choice,
    &rec_part_tracked,
    &rec_part_object,
    &rec_part_snapshot,
    &rec_part_snapshot_mode,
    &rec_part_dump,
    NULL,
};
