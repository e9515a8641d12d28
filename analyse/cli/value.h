/*
 * value.h: numbers with units, as typed on a command line.
 *
 * Each returns true and the value, or false with *value untouched and the
 * reason in `why`: "not a size (try 64k, 256M or 1.5G)". A fraction of a byte
 * or of a nanosecond is cut off. No sign, no space, no exponent.
 */
#ifndef PMT_CLI_VALUE_H
#define PMT_CLI_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes. Units are binary: k m g t p K M G T P, also KiB MiB …, and B. */
bool pmt_value_size(const char *text, uint64_t *bytes, char *why,
                    size_t why_size);

/* Nanoseconds. Units: ns us ms s m h d; none means seconds. */
bool pmt_value_duration(const char *text, uint64_t *ns, char *why,
                        size_t why_size);

/*
 * A wall clock time, ns since 1970: "2026-11-21", "2026-11-21T03:57",
 * "2026-11-21T03:57:20.123456", each with "Z", "+01:00", "-0130" or nothing
 * behind it, which is UTC too; " " for "T" is allowed. Or seconds since 1970:
 * "1795233440.5". Years 1970 to 2262.
 */
bool pmt_value_wall(const char *text, int64_t *real_ns, char *why,
                    size_t why_size);

/* A whole number within low..high. A minus sign may come first. */
bool pmt_value_int(const char *text, int64_t low, int64_t high, int64_t *value,
                   char *why, size_t why_size);

#endif
