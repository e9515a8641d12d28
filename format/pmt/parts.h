/*
 * parts.h - the files of a stream that is written in parts (spec 5.1).
 *
 * The newest part is at TRACE; older ones are beside it, under its name with
 * their number behind it. Together, in their order, they are one trace.
 *
 * Threads: these functions keep nothing; any number may call them.
 */
#ifndef PMT_PARTS_H
#define PMT_PARTS_H

#include <stddef.h>
#include <stdint.h>

#include "pmt/error.h"
#include "pmt/io.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Behind the name of a trace: its next part while it is being made. Whatever
 * lies there is of no use to a reader. */
#define PMT_PART_NEW_SUFFIX ".new"

/*
 * The name of part `part` of `trace` once it is not the newest any more:
 * "TRACE.000012", of 6 digits or more, into `out`, which has room for `n`
 * bytes. Returns PMT_OK, or PMT_ERR_ARGUMENT when it does not fit.
 */
int pmt_part_path(char *out, size_t n, const char *trace, uint32_t part);

#ifdef __cplusplus
}
#endif
#endif
