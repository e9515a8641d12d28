/* utf8.h - which bytes are a CBOR text string (RFC 3629). */
#ifndef PMT_UTF8_H
#define PMT_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* True when the bytes are well-formed UTF-8: shortest forms, no surrogates,
 * nothing over U+10FFFF. */
bool pmt_utf8_valid(const char *bytes, size_t n);

#endif
