/*
 * modes.c - the table of modes (modes.h).
 */
#include "modes.h"

#include "alloc.h"
#include "call.h"
#include "gc.h"
#include "heap.h"
#include "line.h"
#include "object.h"
#include "snapshot-mode.h"
#include "rss-mode.h"
#include "sample-mode.h"

const struct rec_mode *const rec_modes[] = {
    &rec_mode_alloc,
    &rec_mode_object,
    &rec_mode_call,
    &rec_mode_line,
    &rec_mode_snapshot,
    &rec_mode_heap,
    &rec_mode_rss,
    &rec_mode_gc,
    &rec_mode_sample,
    NULL,
};
