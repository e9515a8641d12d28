/*
 * gc.h - the mode `gc`: a record at the start and at the end of each garbage
 * collection, by an entry in gc.callbacks. The mode `heap` has it too.
 */
#ifndef REC_GC_H
#define REC_GC_H

#include "modes.h"

extern const struct rec_mode rec_mode_gc;

/* For the mode `heap`: as the members of rec_mode_gc. Each install counts. */
int rec_gc_install(bool floor);
void rec_gc_uninstall(void);

#endif
