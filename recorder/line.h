/*
 * line.h - the mode `line`: lines, calls, returns, exceptions and opcodes.
 */
#ifndef REC_LINE_H
#define REC_LINE_H

#include "modes.h"

extern const struct rec_mode rec_mode_line;

#endif
