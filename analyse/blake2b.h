/*
 * blake2b.h: BLAKE2b with 32 bytes of result and no key (RFC 7693).
 *
 * Threads: one at a time per state.
 */
#ifndef PMT_BLAKE2B_H
#define PMT_BLAKE2B_H

#include <stddef.h>
#include <stdint.h>

#define PMT_BLAKE2B_BYTES 32

struct pmt_blake2b {
    uint64_t h[8];
    uint64_t total;      /* bytes taken into h; files stay below 2^64 */
    uint8_t block[128];
    size_t used;
};

void pmt_blake2b_init(struct pmt_blake2b *s);
void pmt_blake2b_update(struct pmt_blake2b *s, const void *bytes, size_t n);
/* Leaves the state as it was: more may be added and asked again. */
void pmt_blake2b_result(const struct pmt_blake2b *s,
                        uint8_t out[PMT_BLAKE2B_BYTES]);

#endif
