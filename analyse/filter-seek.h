/*
 * filter-seek.h: which chunks of a file a filter with a window of time can
 * need, by the file's index: the others are not read at all.
 *
 * Needed are headers, ends, anchors, losses; records in the window; blocks and
 * objects before it from the last live set on that is whole (spec 7.11), or
 * without one from the beginning; and the tables of the epochs of all these.
 */
#ifndef PMT_FILTER_SEEK_H
#define PMT_FILTER_SEEK_H

#include "extents.h"
#include "filter.h"
#include "seek.h"

struct pmt_filter_seek {
    struct pmt_source base;      /* the file, with its older parts */
    struct pmt_extents *pieces;
};

/*
 * Finds them for `f`, which is set up and has taken nothing yet, in the trace
 * `path`, a file without a journal beside it; what is not needed is counted in
 * f->seen. PMT_OK: the pieces are there, to be released. PMT_END: it is to be
 * read as a whole (no sound index, chunks missing, a stream twice, tests of
 * lives, nothing to be left out). PMT_ERR_MEMORY, PMT_ERR_IO. But with PMT_OK
 * there is nothing to be released, and f is as it was.
 */
int pmt_filter_seek(struct pmt_filter_seek *seek, struct pmt_filter *f,
                    const char *path, struct pmt_error *err);

/*
 * Where the last whole live sets before an instant begin, of each stream that
 * has any: *starts, *count of them, to be free()d. PMT_END: it can't be told, as
 * above, or there is none. PMT_ERR_MEMORY, PMT_ERR_IO.
 */
int pmt_filter_seek_starts(const char *path, const struct pmt_instant *until,
                           struct pmt_seek_start **starts, size_t *count,
                           struct pmt_error *err);

void pmt_filter_seek_release(struct pmt_filter_seek *seek);

#endif
