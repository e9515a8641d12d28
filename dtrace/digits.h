/*
 * digits.h - the numbers of a line, eight bytes at a time where the line is
 * long enough: they are most of what a log is.
 *
 * Nothing is read at or behind `end`.
 */
#ifndef DTRACE_DIGITS_H
#define DTRACE_DIGITS_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define DT_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The 8 bytes at `p`, the first one lowest. */
static inline uint64_t dt_eight(const char *p)
{
    uint64_t x;

    memcpy(&x, p, 8);
    return le64toh(x);
}

/* 0x80 in each byte of `x` that is within `least` to `most`, which are below
 * 0x80. */
static inline uint64_t dt_within(uint64_t x, unsigned least, unsigned most)
{
    uint64_t low = x & DT_EACH(0x7fu);

    return (low + DT_EACH(0x80u - least)) & ~(low + DT_EACH(0x7fu - most)) &
           ~x & DT_EACH(0x80u);
}

/* How many of the bytes are good, from the lowest to the first that is not. */
static inline unsigned dt_leading(uint64_t good)
{
    uint64_t bad = good ^ DT_EACH(0x80u);

    return bad ? (unsigned)__builtin_ctzll(bad) / 8 : 8;
}

/* The value of 8 decimal digits, the first one lowest. */
static inline uint32_t dt_decimal(uint64_t x)
{
    const uint64_t each_4 = UINT64_C(0xff000000ff);

    x = x * 10 + (x >> 8); /* two digits in every other byte */
    x = (x & each_4) * (UINT64_C(1000000) << 32 | 100) +
        (x >> 16 & each_4) * (UINT64_C(10000) << 32 | 1);
    return (uint32_t)(x >> 32);
}

/* The value of 8 hexadecimal digits, the first one lowest. */
static inline uint32_t dt_hexadecimal(uint64_t x)
{
    x = (x << 4 | x >> 8) & UINT64_C(0x00ff00ff00ff00ff);
    x = (x << 8 | x >> 16) & UINT64_C(0x0000ffff0000ffff);
    return (uint32_t)(x << 16 | x >> 32);
}

/* What stands behind the bytes `byte` that are at `p`. */
static inline const char *dt_skip_byte(const char *p, const char *end,
                                       char byte)
{
    for (; end - p >= 8; p += 8) {
        uint64_t other = dt_eight(p) ^ DT_EACH((unsigned char)byte);

        if (other)
            return p + __builtin_ctzll(other) / 8;
    }
    while (p < end && *p == byte)
        p++;
    return p;
}

/* Of 1 to 8 digits in the lowest bytes: those behind them go, and zeros come
 * before them. */
static inline uint64_t dt_only(uint64_t x, unsigned digits)
{
    return x << (64 - 8 * digits);
}

extern const uint32_t dt_powers[9]; /* of 10 */

/* digits.c: the same for more than 19 digits, where it may be too much. */
const char *dt_read_long(const char *p, const char *end, uint64_t *value);

/*
 * Reads the decimal digits at `p`: *value becomes their number. Returns what
 * stands behind them; NULL: there are none, or their number is 2^64 or more.
 */
static inline const char *dt_read_decimal(const char *p, const char *end,
                                          uint64_t *value)
{
    const char *from = p;
    unsigned n = 8, digit;
    uint64_t v = 0;

    while (n == 8 && end - p >= 8) {
        uint64_t x = dt_eight(p);

        n = dt_leading(dt_within(x, '0', '9'));
        if (n > 0)
            v = v * dt_powers[n] +
                dt_decimal(dt_only(x & DT_EACH(0x0fu), n));
        p += n;
    }
    if (n == 8)
        for (; p < end && (digit = (unsigned)(unsigned char)*p - '0') < 10;
             p++)
            v = v * 10 + digit;
    *value = v;
    return p - from > 19 ? dt_read_long(from, end, value)
           : p > from    ? p
                         : NULL;
}

/* The same of 1 to 16 digits of 0-9a-f. The 2 bytes before them, 0x, are read
 * too. */
static inline const char *dt_read_hexadecimal(const char *p, const char *end,
                                              uint64_t *value)
{
    const char *from = p;
    unsigned n = 8;
    uint64_t v = 0;

    while (n == 8 && end - (from - 2) >= 8 && p < end && p - from <= 16) {
        unsigned left = end - p >= 8 ? 8 : (unsigned)(end - p);
        uint64_t x = dt_eight(p + left - 8) >> (64 - 8 * left);
        uint64_t letter = dt_within(x, 'a', 'f');

        n = dt_leading(dt_within(x, '0', '9') | letter);
        x = (x & DT_EACH(0x0fu)) + 9 * (letter >> 7);
        if (n > 0)
            v = v << 4 * n | dt_hexadecimal(dt_only(x, n));
        p += n;
    }
    for (; n == 8 && p < end && p - from <= 16; p++) {
        unsigned c = (unsigned char)*p;

        if (c - '0' < 10u)
            v = v << 4 | (c - '0');
        else if (c - 'a' < 6u)
            v = v << 4 | (c - 'a' + 10);
        else
            break;
    }
    *value = v;
    return p > from && p - from <= 16 ? p : NULL;
}

#endif
