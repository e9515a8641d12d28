/*
 * object.h - the mode `object`: CPython's reference tracer (3.13 and later).
 */
#ifndef REC_OBJECT_H
#define REC_OBJECT_H

#include "modes.h"
#include "parts.h"

extern const struct rec_mode rec_mode_object;
extern const struct rec_part rec_part_object;

#endif
