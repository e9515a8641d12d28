/*
 * label.h - labels and indexes in bytes (spec 3).
 */
#ifndef PMT_LABEL_H
#define PMT_LABEL_H

#include <stdbool.h>
#include <stdint.h>

#include "pmt/index.h"

#define PMT_LABEL_MAGIC 0x184D2A5Bu
#define PMT_INDEX_MAGIC 0x184D2A5Cu
#define PMT_SKIPPABLE_FIRST 0x184D2A50u
#define PMT_SKIPPABLE_LAST 0x184D2A5Fu
#define PMT_SKIPPABLE_HEADER 8u
#define PMT_LABEL_BODY 64u
#define PMT_LABEL_BYTES (PMT_SKIPPABLE_HEADER + PMT_LABEL_BODY)
#define PMT_INDEX_ENTRY 72u
#define PMT_INDEX_TRAILER 32u
#define PMT_INDEX_BODY_MAX (64u << 20)

/* Writes the 64 bytes of a label. */
void pmt_label_encode(uint8_t *body, const struct pmt_entry *entry);

enum pmt_label_state {
    PMT_LABEL_SOUND,
    PMT_LABEL_CORRUPT, /* wrong magic or crc */
    PMT_LABEL_LATER    /* a later version: not understood */
};

/* Reads one; `entry->offset` is left alone. */
enum pmt_label_state pmt_label_decode(const uint8_t *body,
                                      struct pmt_entry *entry);

/* Writes the trailer of an index of `count` entries whose CRC is
 * `entries_crc`. */
void pmt_trailer_encode(uint8_t *trailer, uint64_t region_length,
                        uint32_t count, uint32_t entries_crc);

struct pmt_trailer {
    uint64_t region_length;
    uint32_t count, entry_size, crc;
};

/* False when the magic is not there. The caller checks the numbers. */
bool pmt_trailer_decode(const uint8_t *trailer, struct pmt_trailer *out);

/* CRC that a trailer must have, of its entries' CRC and itself. */
uint32_t pmt_trailer_crc(uint32_t entries_crc, const uint8_t *trailer);

#endif
