/* profile-lifetimes.c: how long blocks lived; see profile.h. */
#include "profile-private.h"

#include <stdlib.h>

/* An eighth of a power of 2 each, but for the first ones, of 1 ns. */
static uint32_t lifetime_class(uint64_t ns)
{
    uint32_t bits;

    if (ns < 16)
        return (uint32_t)ns;
    bits = 63 - (uint32_t)__builtin_clzll(ns);
    return (bits - 2) * 8 + (uint32_t)(ns >> (bits - 3) & 7);
}

/* The middle of a class. */
static uint64_t lifetime_of(uint32_t class)
{
    uint32_t bits = class / 8 + 2;

    if (class < 16)
        return class;
    return ((UINT64_C(8) + class % 8) << (bits - 3)) +
           (UINT64_C(1) << (bits - 3)) / 2;
}

bool profile_lifetimes_add(struct pmt_profile_part *part, uint64_t ns,
                          uint64_t count)
{
    if (!part->lifetimes &&
        !(part->lifetimes = calloc(1, sizeof *part->lifetimes)))
        return false;
    part->lifetimes->count += count;
    part->lifetimes->classes[lifetime_class(ns)] += count;
    if (ns > part->lifetimes->longest_ns)
        part->lifetimes->longest_ns = ns;
    return true;
}

uint64_t pmt_lifetimes_percentile(const struct pmt_lifetimes *lifetimes,
                                  unsigned percent)
{
    unsigned __int128 wanted =
        ((unsigned __int128)lifetimes->count * percent + 99) / 100;
    unsigned __int128 sum = 0;

    for (uint32_t i = 0; i < PMT_LIFETIME_CLASSES; i++) {
        sum += lifetimes->classes[i];
        if (sum >= wanted && sum > 0)
            return lifetime_of(i) < lifetimes->longest_ns
                       ? lifetime_of(i)
                       : lifetimes->longest_ns;
    }
    return lifetimes->longest_ns;
}
