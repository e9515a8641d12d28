/* blake2b.c: RFC 7693, section 3. */
#include "blake2b.h"

#include <string.h>

static const uint64_t iv[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
    0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
    0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

static const uint8_t sigma[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

static inline uint64_t rotated(uint64_t v, unsigned n)
{
    return v >> n | v << (64 - n);
}

static inline uint64_t load(const uint8_t *p)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < 8; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

#define MIX(a, b, c, d, x, y)                                                 \
    do {                                                                      \
        v[a] += v[b] + (x);                                                   \
        v[d] = rotated(v[d] ^ v[a], 32);                                      \
        v[c] += v[d];                                                         \
        v[b] = rotated(v[b] ^ v[c], 24);                                      \
        v[a] += v[b] + (y);                                                   \
        v[d] = rotated(v[d] ^ v[a], 16);                                      \
        v[c] += v[d];                                                         \
        v[b] = rotated(v[b] ^ v[c], 63);                                      \
    } while (0)

static void compress(uint64_t h[8], const uint8_t block[128], uint64_t total,
                     int last)
{
    uint64_t v[16], m[16];

    for (unsigned i = 0; i < 16; i++)
        m[i] = load(block + 8 * i);
    for (unsigned i = 0; i < 8; i++) {
        v[i] = h[i];
        v[i + 8] = iv[i];
    }
    v[12] ^= total;
    if (last)
        v[14] = ~v[14];
    for (unsigned round = 0; round < 12; round++) {
        const uint8_t *s = sigma[round % 10];

        MIX(0, 4, 8, 12, m[s[0]], m[s[1]]);
        MIX(1, 5, 9, 13, m[s[2]], m[s[3]]);
        MIX(2, 6, 10, 14, m[s[4]], m[s[5]]);
        MIX(3, 7, 11, 15, m[s[6]], m[s[7]]);
        MIX(0, 5, 10, 15, m[s[8]], m[s[9]]);
        MIX(1, 6, 11, 12, m[s[10]], m[s[11]]);
        MIX(2, 7, 8, 13, m[s[12]], m[s[13]]);
        MIX(3, 4, 9, 14, m[s[14]], m[s[15]]);
    }
    for (unsigned i = 0; i < 8; i++)
        h[i] ^= v[i] ^ v[i + 8];
}

void pmt_blake2b_init(struct pmt_blake2b *s)
{
    memcpy(s->h, iv, sizeof iv);
    s->h[0] ^= 0x01010000 ^ PMT_BLAKE2B_BYTES;
    s->total = 0;
    s->used = 0;
}

void pmt_blake2b_update(struct pmt_blake2b *s, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;

    /* The last block is only known at the end: one waits. */
    while (n > 0) {
        size_t room = sizeof s->block - s->used, take = n < room ? n : room;

        if (s->used == sizeof s->block) {
            s->total += sizeof s->block;
            compress(s->h, s->block, s->total, 0);
            s->used = 0;
            for (; n > sizeof s->block; n -= sizeof s->block) {
                s->total += sizeof s->block;
                compress(s->h, p, s->total, 0);
                p += sizeof s->block;
            }
            continue;
        }
        memcpy(s->block + s->used, p, take);
        s->used += take;
        p += take;
        n -= take;
    }
}

void pmt_blake2b_result(const struct pmt_blake2b *s,
                        uint8_t out[PMT_BLAKE2B_BYTES])
{
    uint8_t block[sizeof s->block] = {0};
    uint64_t h[8];

    memcpy(h, s->h, sizeof h);
    memcpy(block, s->block, s->used);
    compress(h, block, s->total + s->used, 1);
    for (unsigned i = 0; i < PMT_BLAKE2B_BYTES; i++)
        out[i] = (uint8_t)(h[i / 8] >> (8 * (i % 8)));
}
