/*
 * live-match.h: which blocks and objects are wanted, by globs of their type
 * and of their site.
 *
 * A type's glob is matched against its name, and what stands there behind the
 * last dot; a site's against the file of the innermost frame, its last part, the function, and "FILE:LINE FUNCTION" as
 * it is shown and from the last part of the file on: one of them must match.
 *
 * Never prints. Threads: one at a time.
 */
#ifndef PMT_LIVE_MATCH_H
#define PMT_LIVE_MATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "live-table.h"
#include "pmt/reader.h"

/* Zeroed matches all. */
struct pmt_match {
    const char *type, *site; /* globs as of fnmatch(3); NULL: any. Borrowed */

    /* Private: answers by stream and id. */
    struct pmt_match_stream *streams;
    size_t stream_count;
};

void pmt_match_release(struct pmt_match *match);

/* place: a number of the stream to the caller, 0, 1, ... An answer that can't
 * be kept for want of memory is found again. */
bool pmt_match_block(struct pmt_match *match, const struct pmt_stream *stream,
                     size_t place, const struct pmt_block *block);

/* Stream `place` has started again. */
void pmt_match_forget(struct pmt_match *match, size_t place);

#endif
