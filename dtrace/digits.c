/* digits.c - what digits.h has no place for. */
#include "digits.h"

const uint32_t dt_powers[9] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000,
};

const char *dt_read_long(const char *p, const char *end, uint64_t *value)
{
    uint64_t v = 0;

    for (; p < end && *p >= '0' && *p <= '9'; p++)
        if (__builtin_mul_overflow(v, 10, &v) ||
            __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
            return NULL;
    *value = v;
    return p;
}
