/*
 * alloc.h - the mode `alloc`: hooks on CPython's three allocator domains.
 */
#ifndef REC_ALLOC_H
#define REC_ALLOC_H

#include "modes.h"

extern const struct rec_mode rec_mode_alloc;

#endif
