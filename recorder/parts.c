/*
 * parts.c - the table of parts (parts.h).
 */
#include "parts.h"

#include "define.h"
#include "event-class.h"
#include "stacks.h"
#include "thread.h"
#include "types.h"

const struct rec_part *const rec_parts[] = {
    &rec_part_threads,
    &rec_part_define,
    &rec_part_stacks,
    &rec_part_classes,
    &rec_part_types,
    NULL,
};
