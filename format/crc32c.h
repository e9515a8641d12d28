/* crc32c.h - the CRC of labels, indexes and frames (spec 1). */
#ifndef PMT_CRC32C_H
#define PMT_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* CRC of `n` bytes that follow bytes of CRC `crc` (0 to begin). Uses the
 * processor's instruction where it has one. Thread-safe. */
uint32_t pmt_crc32c(uint32_t crc, const void *bytes, size_t n);

#endif
