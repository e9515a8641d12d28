/* value.c: numbers with units; see value.h. */
#include "value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

struct unit {
    const char *name;
    uint64_t scale;
};

/* 2^shift bytes. */
#define BITS(shift) (UINT64_C(1) << (shift))

static const struct unit size_units[] = {
    {"", 1},           {"B", 1},        {"k", BITS(10)},   {"K", BITS(10)},
    {"KiB", BITS(10)}, {"M", BITS(20)}, {"MiB", BITS(20)}, {"G", BITS(30)},
    {"GiB", BITS(30)}, {"T", BITS(40)}, {"TiB", BITS(40)}, {"P", BITS(50)},
    {"PiB", BITS(50)}, {"m", BITS(20)}, {"g", BITS(30)},   {"t", BITS(40)},
    {"p", BITS(50)},   {NULL, 0},
};

#define SECOND UINT64_C(1000000000)

static const struct unit duration_units[] = {
    {"", SECOND},          {"ns", 1},
    {"us", 1000},          {"\xC2\xB5s", 1000},
    {"ms", 1000000},       {"s", SECOND},
    {"m", 60 * SECOND},    {"h", 3600 * SECOND},
    {"d", 86400 * SECOND}, {NULL, 0},
};

enum outcome { READ, NOT_ONE, TOO_LARGE };

/* DIGITS[.DIGITS]UNIT; exact, in whole numbers. */
static enum outcome read_scaled(const char *text, const struct unit *units,
                                uint64_t *value)
{
    wide whole = 0, part = 0, power = 1;
    bool too_large = false;

    if (!isdigit((unsigned char)*text))
        return NOT_ONE;
    for (; isdigit((unsigned char)*text); text++) {
        whole = whole * 10 + (unsigned)(*text - '0');
        if (whole > UINT64_MAX) {
            too_large = true;
            whole = 0;
        }
    }
    if (*text == '.') {
        if (!isdigit((unsigned char)*++text))
            return NOT_ONE;
        for (; isdigit((unsigned char)*text); text++) {
            /* Digits past the 18th cannot make a whole byte or ns. */
            if (power < (wide)1000000000 * 1000000000) {
                part = part * 10 + (unsigned)(*text - '0');
                power *= 10;
            }
        }
    }
    for (; units->name && strcmp(units->name, text) != 0; units++)
        ;
    if (!units->name)
        return NOT_ONE;
    whole = whole * units->scale + part * units->scale / power;
    if (too_large || whole > UINT64_MAX)
        return TOO_LARGE;
    *value = (uint64_t)whole;
    return READ;
}

bool pmt_value_size(const char *text, uint64_t *bytes, char *why,
                    size_t why_size)
{
    enum outcome outcome = read_scaled(text, size_units, bytes);

    if (outcome == READ)
        return true;
    snprintf(why, why_size, "%s",
             outcome == NOT_ONE ? "not a size (try 64k, 256M or 1.5G)"
                                : "larger than 2^64 bytes");
    return false;
}

bool pmt_value_duration(const char *text, uint64_t *ns, char *why,
                        size_t why_size)
{
    enum outcome outcome = read_scaled(text, duration_units, ns);

    if (outcome == READ)
        return true;
    snprintf(why, why_size, "%s",
             outcome == NOT_ONE ? "not a duration (try 10, 1.5s, 200ms or 5m)"
                                : "longer than 2^64 ns");
    return false;
}

bool pmt_value_int(const char *text, int64_t low, int64_t high, int64_t *value,
                   char *why, size_t why_size)
{
    const char *digits = text + (*text == '-');
    bool overflow;
    intmax_t read;
    char *end;

    /* strtoimax alone would take spaces and "+" too. */
    errno = 0;
    read = isdigit((unsigned char)*digits) ? strtoimax(text, &end, 10) : 0;
    if (!isdigit((unsigned char)*digits) || *end) {
        snprintf(why, why_size, "not a whole number");
        return false;
    }
    overflow = errno == ERANGE;
    if (overflow || read < low || read > high) {
        bool below = overflow ? *text == '-' : read < low;

        snprintf(why, why_size, "must be %s %" PRId64,
                 below ? "at least" : "at most", below ? low : high);
        return false;
    }
    *value = read;
    return true;
}
