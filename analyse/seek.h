/*
 * seek.h: what a reader may pass over when only a moment is asked for: what is
 * behind it and, of blocks and objects, what is before the last live set that
 * the trace states before it (spec 7.11). By their labels, so streams, losses
 * and gaps are still known; damage in what is passed over is not.
 *
 *     struct pmt_seek seek = {0};
 *
 *     pmt_seek_options(&seek, &reading);        // of a reader that is opened
 *     … pmt_input_open(&in, …, &reading) …
 *     seek.until = instant; seek.bounded = true;  // when it is known
 *     … pmt_seek_live_sets(&seek, in.path, wanted, &err) …
 *     … pmt_trace_next …
 *     pmt_seek_release(&seek);
 *
 * Threads: one at a time.
 */
#ifndef PMT_SEEK_H
#define PMT_SEEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "live.h"
#include "open.h"
#include "pmt/error.h"
#include "pmt/reader.h"

/* Where the last live set of a stream begins. */
struct pmt_seek_start {
    uint64_t key;
    uint32_t seq[PMT_LIVE_KINDS];   /* of its first chunk; 0: from the start */
    bool begun[PMT_LIVE_KINDS];     /* records before it were met */
};

struct pmt_seek {
    /* To be set before what is passed over is met, if ever. */
    bool bounded;
    struct pmt_instant until;

    /* Private. */
    struct pmt_seek_start *starts;  /* by key */
    size_t start_count;
    unsigned wanted;
    bool (*also)(void *context, const struct pmt_stream *stream,
                 const struct pmt_envelope *label);
    void *also_context;
};

/* Is it worth it for such a moment? (Reading ahead ends with it.) */
bool pmt_seek_is_for(const struct pmt_moment *moment);

/* Sets pass_over, which is asked beside the one that is there. `seek` must
 * stay where it is as long as the reader is used. */
void pmt_seek_options(struct pmt_seek *seek,
                      struct pmt_reader_options *reading);

/*
 * Finds the live sets before `until` by the index of the trace `path`. Only for
 * who asks what is live, not what came and went. Where they can't be found (no
 * index, a journal, a pipe, chunks missing, none there) all is read. wanted: of
 * PMT_LIVE_ALLOC and PMT_LIVE_OBJECT. PMT_OK, PMT_ERR_MEMORY or PMT_ERR_IO.
 */
int pmt_seek_live_sets(struct pmt_seek *seek, const char *path,
                       unsigned wanted, struct pmt_error *err);

void pmt_seek_release(struct pmt_seek *seek);

/* Opens a trace for the records of a few kinds, a bit each, which are sought by
 * its index where it has one: what is between them is not read. As
 * pmt_trace_open() else; tables are not kept. */
int pmt_seek_open_kinds(struct pmt_trace *in, const char *path,
                        uint64_t kinds);

#endif
