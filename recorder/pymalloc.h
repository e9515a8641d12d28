/*
 * pymalloc.h - what sys._debugmallocstats() prints, as figures: pymalloc's
 * arenas, pools and size classes (or mimalloc's totals), and the lists of
 * free objects. Nothing is printed, and no stream is changed.
 *
 *   pymalloc.enabled                      1: it serves the domain `obj`
 *   pymalloc.class.SIZE.{pools,blocks_in_use,blocks_available}
 *   pymalloc.arenas.{allocated,reclaimed,highwater,current}
 *   pymalloc.bytes.*, pymalloc.arena_map.*
 *   mimalloc.*
 *   free_list.TYPE[.SIZE], free_list.TYPE[.SIZE].bytes
 */
#ifndef REC_PYMALLOC_H
#define REC_PYMALLOC_H

#include "figures.h"

/* To be called once, before any hook is put in. With the GIL. */
void rec_pymalloc_prepare(void);

/* Adds the figures of this moment. With the GIL, inside rec_enter(); makes no
 * Python object. Takes the longer the more pools there are. */
void rec_pymalloc_figures(struct rec_figures *f);

#endif
