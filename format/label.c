/* label.c - encoding and decoding of labels and index trailers. */
#include "label.h"

#include <string.h>

#include "bytes.h"
#include "crc32c.h"

/*
 * 0 "PMTL" | 4 version | 5 flags | 6 kind u16 | 8 stream u64 | 16 seq u32 |
 * 20 count u32 | 24 t0 u64 | 32 t1 u64 | 40 content u32 | 44 frame u32 |
 * 48 epoch u32 | 52 frame crc u32 | 56 lost u32 | 60 crc u32
 */
void pmt_label_encode(uint8_t *body, const struct pmt_entry *entry)
{
    memset(body, 0, PMT_LABEL_BODY);
    memcpy(body, "PMTL", 4);
    body[4] = 1;
    pmt_put_le(body + 6, entry->kind < 0xffff ? entry->kind : 0xffff, 2);
    pmt_put_le(body + 8, entry->stream_key, 8);
    pmt_put_le(body + 16, entry->seq, 4);
    pmt_put_le(body + 20, entry->count, 4);
    pmt_put_le(body + 24, entry->t0, 8);
    pmt_put_le(body + 32, entry->t1, 8);
    pmt_put_le(body + 40, entry->content_bytes, 4);
    pmt_put_le(body + 44, entry->frame_bytes, 4);
    pmt_put_le(body + 48, entry->epoch, 4);
    pmt_put_le(body + 52, entry->frame_crc, 4);
    pmt_put_le(body + 56, entry->lost, 4);
    pmt_put_le(body + 60, pmt_crc32c(0, body, 60), 4);
}

enum pmt_label_state pmt_label_decode(const uint8_t *body,
                                      struct pmt_entry *entry)
{
    if (memcmp(body, "PMTL", 4) != 0 ||
        pmt_get_u32le(body + 60) != pmt_crc32c(0, body, 60)) {
        return PMT_LABEL_CORRUPT;
    }
    if (body[4] != 1) {
        return PMT_LABEL_LATER;
    }
    entry->kind = (uint32_t)pmt_get_le(body + 6, 2);
    entry->stream_key = pmt_get_u64le(body + 8);
    entry->seq = pmt_get_u32le(body + 16);
    entry->count = pmt_get_u32le(body + 20);
    entry->t0 = pmt_get_u64le(body + 24);
    entry->t1 = pmt_get_u64le(body + 32);
    entry->content_bytes = pmt_get_u32le(body + 40);
    entry->frame_bytes = pmt_get_u32le(body + 44);
    entry->epoch = pmt_get_u32le(body + 48);
    entry->frame_crc = pmt_get_u32le(body + 52);
    entry->lost = pmt_get_u32le(body + 56);
    return PMT_LABEL_SOUND;
}

/* 0 region length u64 | 8 count u32 | 12 entry size u32 | 16 crc u32 |
 * 20 reserved u32 | 24 "PMTINDEX" */
void pmt_trailer_encode(uint8_t *trailer, uint64_t region_length,
                        uint32_t count, uint32_t entries_crc)
{
    memset(trailer, 0, PMT_INDEX_TRAILER);
    pmt_put_le(trailer, region_length, 8);
    pmt_put_le(trailer + 8, count, 4);
    pmt_put_le(trailer + 12, PMT_INDEX_ENTRY, 4);
    pmt_put_le(trailer + 16, pmt_trailer_crc(entries_crc, trailer), 4);
    memcpy(trailer + 24, "PMTINDEX", 8);
}

bool pmt_trailer_decode(const uint8_t *trailer, struct pmt_trailer *out)
{
    if (memcmp(trailer + 24, "PMTINDEX", 8) != 0) {
        return false;
    }
    out->region_length = pmt_get_u64le(trailer);
    out->count = pmt_get_u32le(trailer + 8);
    out->entry_size = pmt_get_u32le(trailer + 12);
    out->crc = pmt_get_u32le(trailer + 16);
    return true;
}

uint32_t pmt_trailer_crc(uint32_t entries_crc, const uint8_t *trailer)
{
    return pmt_crc32c(entries_crc, trailer, 16);
}
