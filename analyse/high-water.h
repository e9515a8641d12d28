/*
 * high-water.h: the moment at which the streams of a trace together had most
 * bytes live (objects: most of them).
 *
 * It is the first instant behind whose records the sum is greatest, on the
 * clock of the stream that began first; a stream counts from its first record
 * to its last chunk. Exact: time is cut into stretches, of each of which a
 * pass over the trace gives the sum at its end, which was, and the sum of each
 * stream's most, which can't have been passed; only stretches that can still
 * hold more than the best sum that was are cut again (of more than 16384 such
 * the first). Where one stream alone has
 * records, the first pass tells. Memory: a fixed number of stretches, and the
 * live set.
 *
 * Opens the trace several times, so not for standard input. Threads: the main
 * thread only.
 */
#ifndef PMT_HIGH_WATER_H
#define PMT_HIGH_WATER_H

#include "cli/options.h"
#include "live.h"
#include "open.h"

/* Finds it in the file that `in` has open. PMT_EXIT_OK, or PMT_EXIT_TROUBLE
 * after printing why. Without records: the end. */
int pmt_high_water_find(const struct pmt_trace *in,
                        const struct pmt_common *common,
                        enum pmt_live_which which,
                        struct pmt_instant *instant);

#endif
