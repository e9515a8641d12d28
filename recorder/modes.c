/*
 * modes.c - the table of modes (modes.h).
 */
#include "modes.h"

#include "alloc.h"
#include "object.h"

const struct rec_mode *const rec_modes[] = {
    &rec_mode_alloc,
    &rec_mode_object,
    NULL,
};
