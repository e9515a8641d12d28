/*
 * digest.h: the content digest of a stream (spec, annex B): a number for what
 * a stream says, however it is cut into chunks and parts and compressed.
 *
 *     struct pmt_digests *d = pmt_digests_new();
 *     while ((code = pmt_trace_next(&in, &event, &err)) == PMT_OK)
 *         if (pmt_digests_take(d, in.reader, &event) != PMT_OK)
 *             …;                                     // out of memory
 *     pmt_digests_get(d, i, &digest)                 // i from 0
 *
 * All chunks must be decoded, with tables. Chunks of a later version are not
 * in it. Memory: 36 bytes a table entry, and what the tables need.
 *
 * Threads: one at a time per object.
 */
#ifndef PMT_DIGEST_H
#define PMT_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pmt/reader.h"

#define PMT_DIGEST_BYTES 32

struct pmt_digests;

/* NULL: no memory. */
struct pmt_digests *pmt_digests_new(void);
void pmt_digests_free(struct pmt_digests *d); /* NULL is allowed */

/* Takes the reader's last event. PMT_OK or PMT_ERR_MEMORY. */
int pmt_digests_take(struct pmt_digests *d, struct pmt_reader *r,
                     const struct pmt_event *event);

/* Of one stream. Where a stream is there twice (begins again from nothing)
 * each has its own. */
struct pmt_digest {
    uint64_t key;
    uint8_t bytes[PMT_DIGEST_BYTES];
    bool incomplete;     /* chunks of a later version are not in it */
    bool allocs, objects; /* it has records of these kinds, or live sets */
};

size_t pmt_digests_count(const struct pmt_digests *d);
/* Of stream `i` in the order met. May be asked again later. PMT_OK or
 * PMT_ERR_MEMORY. */
int pmt_digests_get(const struct pmt_digests *d, size_t i,
                    struct pmt_digest *out);

#endif
