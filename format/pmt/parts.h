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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pmt/error.h"
#include "pmt/io.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Behind the name of a trace: its next part while it is being made. What lies
 * there is of no use to a reader, but where nothing is at the name itself. */
#define PMT_PART_NEW_SUFFIX ".new"

/*
 * The name of part `part` of `trace` once it is not the newest any more:
 * "TRACE.000012", of 6 digits or more, into `out`, which has room for `n`
 * bytes. Returns PMT_OK, or PMT_ERR_ARGUMENT when it does not fit.
 */
int pmt_part_path(char *out, size_t n, const char *trace, uint32_t part);

/*
 * Opens the trace at `path` for reading, with the older parts of its stream
 * that are beside it, down to the first that is not there or of another
 * stream: one source, oldest first, as if `cat` had put them together. All
 * are open at once, so it does not matter when a recorder removes them
 * meanwhile; each has the size that it had when it was opened. `path` may be
 * the name of an older part: that one is then read alone.
 *
 * *last_part_at (NULL allowed) is the offset at which `path` itself begins.
 * PMT_ERR_IO. What is no trace is opened too: the reader will say so. A pipe
 * or terminal is opened alone, and has size PMT_NO_OFFSET.
 */
int pmt_source_open_trace(struct pmt_source *source, const char *path,
                          uint64_t *last_part_at, struct pmt_error *err);

/* Where a byte of such a source lies. */
struct pmt_place {
    bool older;          /* in the file of an older part, */
    uint32_t part;       /* this one; 0 otherwise */
    uint64_t offset;     /* in the file */
};
void pmt_source_place(const struct pmt_source *source, uint64_t offset,
                      struct pmt_place *place);

/* UUID of the stream whose header is at byte `at` of `source`, and the number
 * of the part that it begins. False: no such header is there, or it could not
 * be read. */
bool pmt_source_part(const struct pmt_source *source, uint64_t at,
                     uint8_t uuid[16], uint32_t *part);

#ifdef __cplusplus
}
#endif
#endif
