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

/* ---- wall clock ---------------------------------------------------------- */

/* `count` digits at *text into *value; *text goes behind them. */
static bool take_digits(const char **text, int count, unsigned *value)
{
    *value = 0;
    for (; count > 0; count--, (*text)++) {
        if (!isdigit((unsigned char)**text))
            return false;
        *value = *value * 10 + (unsigned)(**text - '0');
    }
    return true;
}

/* The same behind the character `before`. */
static bool take_behind(const char **text, char before, int count,
                        unsigned *value)
{
    if (**text != before)
        return false;
    (*text)++;
    return take_digits(text, count, value);
}

/* ".123": ns; digits past the ninth are cut off. */
static bool take_fraction(const char **text, unsigned *ns)
{
    unsigned scale = 100000000;

    *ns = 0;
    if (**text != '.')
        return true;
    if (!isdigit((unsigned char)*++*text))
        return false;
    for (; isdigit((unsigned char)**text); (*text)++, scale /= 10)
        *ns += (unsigned)(**text - '0') * scale;
    return true;
}

/* "", "Z", "+01:00", "-0130": seconds east of UTC. */
static bool take_zone(const char **text, int64_t *east)
{
    bool west = **text == '-';
    unsigned hours, minutes;

    *east = 0;
    if (**text == 'Z') {
        (*text)++;
        return true;
    }
    if (**text != '+' && **text != '-')
        return true;
    (*text)++;
    if (!take_digits(text, 2, &hours))
        return false;
    *text += **text == ':';
    if (!take_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *east = (west ? -60 : 60) * (int64_t)(hours * 60 + minutes);
    return true;
}

/* Days since 1970 of a date; false: there is no such day. */
static bool days_of(unsigned year, unsigned month, unsigned day, int64_t *days)
{
    static const unsigned char lengths[] = {31, 28, 31, 30, 31, 30,
                                            31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    unsigned before = year - 1;

    if (year < 1970 || month < 1 || month > 12 || day < 1 ||
        day > lengths[month - 1] + (unsigned)(leap && month == 2))
        return false;
    *days = (int64_t)before * 365 + before / 4 - before / 100 + before / 400 -
            719162 + (int64_t)day - 1;
    for (unsigned m = 1; m < month; m++)
        *days += lengths[m - 1] + (leap && m == 2);
    return true;
}

static enum outcome read_date(const char *text, int64_t *real_ns)
{
    unsigned year, month, day, hour = 0, minute = 0, second = 0, ns = 0;
    int64_t days, east;
    wide all;

    if (!take_digits(&text, 4, &year) || !take_behind(&text, '-', 2, &month) ||
        !take_behind(&text, '-', 2, &day) ||
        !days_of(year, month, day, &days))
        return NOT_ONE;
    if (*text == 'T' || *text == ' ') {
        if (!take_behind(&text, *text, 2, &hour) ||
            !take_behind(&text, ':', 2, &minute) ||
            (*text == ':' && (!take_behind(&text, ':', 2, &second) ||
                              !take_fraction(&text, &ns))))
            return NOT_ONE;
    }
    if (!take_zone(&text, &east) || *text || hour > 23 || minute > 59 ||
        second > 60)
        return NOT_ONE;
    all = (wide)(days * 86400 + 86400) + hour * 3600 + minute * 60 + second;
    all = (all - (wide)east - 86400) * SECOND + ns;
    if (days * 86400 < east || all > INT64_MAX)
        return TOO_LARGE;
    *real_ns = (int64_t)all;
    return READ;
}

bool pmt_value_wall(const char *text, int64_t *real_ns, char *why,
                    size_t why_size)
{
    static const struct unit seconds[] = {{"", SECOND}, {NULL, 0}};
    enum outcome outcome = read_date(text, real_ns);
    uint64_t ns;

    if (outcome == NOT_ONE) {
        outcome = read_scaled(text, seconds, &ns);
        if (outcome == READ && ns > INT64_MAX)
            outcome = TOO_LARGE;
        if (outcome == READ)
            *real_ns = (int64_t)ns;
    }
    if (outcome == READ)
        return true;
    snprintf(why, why_size, "%s",
             outcome == NOT_ONE ? "not a wall clock time (try "
                                  "2026-11-21T03:57:20Z or seconds since 1970)"
                                : "outside 1970 to 2262");
    return false;
}
