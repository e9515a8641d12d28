/* crc32c.c - CRC-32C, by the processor's instruction or by table. */
#include "crc32c.h"

#include <string.h>

/* Polynomial 0x1EDC6F41, reflected (RFC 3720 appendix B.4). */
#define POLYNOMIAL 0x82f63b78u

static uint32_t by_bits(uint32_t crc, uint8_t byte)
{
    crc ^= byte;
    for (int i = 0; i < 8; i++) {
        crc = crc >> 1 ^ (POLYNOMIAL & (0u - (crc & 1)));
    }
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t
by_instruction(uint32_t crc, const uint8_t *p, size_t n)
{
    uint64_t wide = crc;

    for (; n >= 8; n -= 8, p += 8) {
        uint64_t v;

        memcpy(&v, p, 8);
        wide = __builtin_ia32_crc32di(wide, v);
    }
    crc = (uint32_t)wide;
    for (; n; n--) {
        crc = __builtin_ia32_crc32qi(crc, *p++);
    }
    return crc;
}
#endif

static uint32_t by_table(uint32_t crc, const uint8_t *p, size_t n)
{
    /* Nibble table: small enough to be built at each call for any length
     * that matters, so nothing is shared between threads. */
    uint32_t table[16];

    for (unsigned i = 0; i < 16; i++) {
        uint32_t c = i;

        for (int k = 0; k < 4; k++) {
            c = c >> 1 ^ (POLYNOMIAL & (0u - (c & 1)));
        }
        table[i] = c;
    }
    for (; n; n--) {
        crc ^= *p++;
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return crc;
}

uint32_t pmt_crc32c(uint32_t crc, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;

    crc = ~crc;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) {
        return ~by_instruction(crc, p, n);
    }
#endif
    if (n < 8) {
        while (n--) {
            crc = by_bits(crc, *p++);
        }
        return ~crc;
    }
    return ~by_table(crc, p, n);
}
