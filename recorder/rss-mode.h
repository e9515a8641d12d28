/*
 * rss-mode.h - the mode `rss`: the resident set size at the start, at an
 * interval, at marks and at the end, as the figure `rss` in bytes.
 */
#ifndef REC_RSS_MODE_H
#define REC_RSS_MODE_H

#include "modes.h"

extern const struct rec_mode rec_mode_rss;

#endif
