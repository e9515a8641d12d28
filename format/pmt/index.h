/*
 * index.h - what a trace holds, from its indexes or labels alone: nothing is
 * decompressed (spec 3).
 */
#ifndef PMT_INDEX_H
#define PMT_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pmt/error.h"
#include "pmt/io.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One data frame. */
struct pmt_entry {
    uint64_t offset;         /* of its label in the file */
    uint64_t stream_key;
    uint64_t t0, t1;         /* ticks */
    uint32_t kind, seq, count;
    uint32_t content_bytes, frame_bytes;
    uint32_t epoch, frame_crc;
    uint32_t lost;           /* UINT32_MAX: that many or more */
};

struct pmt_index {
    struct pmt_entry *entries;
    size_t count, capacity;
};

/*
 * Reads all indexes of `source` from its end. PMT_OK: the whole file is
 * covered by indexes. PMT_END: it is not (killed writer, no index, a pipe):
 * `index` is empty and the caller walks the file by a reader.
 * PMT_ERR_CORRUPT: an index is there and is wrong; `index` is empty.
 */
int pmt_index_read(struct pmt_index *index, struct pmt_source *source,
                   struct pmt_error *err);

/* Zeroes it; accepts a zeroed one. */
void pmt_index_release(struct pmt_index *index);

#ifdef __cplusplus
}
#endif
#endif
