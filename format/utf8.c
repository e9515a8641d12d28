/* utf8.c - validation of UTF-8. */
#include "utf8.h"

#include <stdint.h>

bool pmt_utf8_valid(const char *bytes, size_t n)
{
    const uint8_t *p = (const uint8_t *)bytes;
    const uint8_t *end = p + n;

    while (p < end) {
        uint8_t b = *p++;
        uint8_t low = 0x80;
        uint8_t high = 0xbf;
        int more;

        if (b < 0x80) {
            continue;
        }
        if (b >= 0xc2 && b <= 0xdf) {
            more = 1;
        } else if (b >= 0xe0 && b <= 0xef) {
            more = 2;
            low = b == 0xe0 ? 0xa0 : 0x80;
            high = b == 0xed ? 0x9f : 0xbf;
        } else if (b >= 0xf0 && b <= 0xf4) {
            more = 3;
            low = b == 0xf0 ? 0x90 : 0x80;
            high = b == 0xf4 ? 0x8f : 0xbf;
        } else {
            return false;
        }
        for (; more; more--) {
            if (p == end || *p < low || *p > high) {
                return false;
            }
            p++;
            low = 0x80;
            high = 0xbf;
        }
    }
    return true;
}
