/*
 * call.h - the mode `call`: calls and returns of Python and C functions.
 */
#ifndef REC_CALL_H
#define REC_CALL_H

#include "modes.h"

extern const struct rec_mode rec_mode_call;

#endif
