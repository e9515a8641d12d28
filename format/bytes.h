/*
 * bytes.h - numbers in bytes: little-endian fields, ULEB128, zigzag.
 */
#ifndef PMT_BYTES_H
#define PMT_BYTES_H

#include <stdint.h>
#include <string.h>

static inline void pmt_put_le(uint8_t *p, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        p[i] = (uint8_t)(v >> (8 * i));
    }
}

static inline uint64_t pmt_get_le(const uint8_t *p, unsigned bytes)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < bytes; i++) {
        v |= (uint64_t)p[i] << (8 * i);
    }
    return v;
}

static inline uint32_t pmt_get_u32le(const uint8_t *p)
{
    return (uint32_t)pmt_get_le(p, 4);
}

static inline uint64_t pmt_get_u64le(const uint8_t *p)
{
    return pmt_get_le(p, 8);
}

/* Most bytes of one ULEB128 value below 2^64. */
#define PMT_ULEB_MAX 10

/* Writes `v` at `p`, which has room for PMT_ULEB_MAX; returns its end. Most
 * values take one or two bytes, in no order that could be foreseen: those are
 * told apart without a branch. */
static inline uint8_t *pmt_put_uleb(uint8_t *p, uint64_t v)
{
    if (v < 0x4000) {
        unsigned more = v > 0x7f;

        p[0] = (uint8_t)((v & 0x7f) | more << 7);
        p[1] = (uint8_t)(v >> 7);
        return p + 1 + more;
    }
    while (v >= 0x80) {
        *p++ = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    *p++ = (uint8_t)v;
    return p;
}

/* Reads a value at `p` before `end`. Returns its end, or NULL when it is
 * cut off, longer than ten bytes or 2^64 or more. */
static inline const uint8_t *pmt_get_uleb(const uint8_t *p,
                                          const uint8_t *end, uint64_t *v)
{
    uint64_t x = 0;

    for (unsigned shift = 0; shift < 64 && p < end; shift += 7) {
        uint8_t b = *p++;

        x |= (uint64_t)(b & 0x7f) << shift;
        if (b < 0x80) {
            if (shift == 63 && b > 1) {
                return NULL;
            }
            *v = x;
            return p;
        }
    }
    return NULL;
}

static inline uint64_t pmt_zigzag(uint64_t difference)
{
    return difference << 1 ^ (0 - (difference >> 63));
}

static inline uint64_t pmt_unzigzag(uint64_t v)
{
    return v >> 1 ^ (0 - (v & 1));
}

/* A good spread of the bits of a key, for hash tables. */
static inline uint64_t pmt_mix(uint64_t x)
{
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    return x;
}

#endif
