/*
 * sample-mode.h - the mode `sample`, and what pmtrace.sampling() asks for:
 * figures of this process by time (sample-thread.h), at the start, at marks
 * and at the end.
 */
#ifndef REC_SAMPLE_MODE_H
#define REC_SAMPLE_MODE_H

#include "modes.h"

extern const struct rec_mode rec_mode_sample;

/* A mark was set: one sample, where any are wanted. With the GIL. */
void rec_sample_moment(void);

#endif
