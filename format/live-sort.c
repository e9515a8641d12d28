/*
 * live-sort.c - blocks in the order of their addresses (live-map.h).
 *
 * A radix sort from the highest byte on that moves each block to its place
 * within the array ("American flag sort", McIlroy, Bostic and McIlroy 1993),
 * and small groups by insertion: no memory is needed beside the array, which
 * is as long as the live set.
 */
#include "live-map.h"

#define SMALL 32

static void insertion_sort(struct pmt_kept *v, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct pmt_kept x;
        size_t at = i;

        if (v[i - 1].address <= v[i].address) {
            continue;
        }
        x = v[i];
        do {
            v[at] = v[at - 1];
            at--;
        } while (at && v[at - 1].address > x.address);
        v[at] = x;
    }
}

/* The byte of the highest bit in which addresses differ; its shift is
 * returned, or 64 when they are in order already. */
static unsigned first_shift(const struct pmt_kept *v, size_t n)
{
    uint64_t differ = 0;
    bool sorted = true;

    for (size_t i = 1; i < n; i++) {
        differ |= v[i].address ^ v[0].address;
        sorted &= v[i - 1].address <= v[i].address;
    }
    if (sorted) {
        return 64;
    }
    /* A byte that ends with that bit tells most. */
    return 63u - (unsigned)__builtin_clzll(differ) < 7
               ? 0
               : 63u - (unsigned)__builtin_clzll(differ) - 7;
}

static inline unsigned digit(const struct pmt_kept *b, unsigned shift)
{
    return b->address >> shift & 0xff;
}

/* Moves all blocks into the groups of their digits; end[d] is where group d
 * ends. */
static void into_groups(struct pmt_kept *v, size_t n, unsigned shift,
                        size_t *end)
{
    size_t at[256] = {0};
    size_t sum = 0;

    for (size_t i = 0; i < n; i++) {
        at[digit(&v[i], shift)]++;
    }
    for (unsigned d = 0; d < 256; d++) {
        size_t count = at[d];

        at[d] = sum;
        sum += count;
        end[d] = sum;
    }
    for (unsigned d = 0; d < 256; d++) {
        while (at[d] < end[d]) {
            struct pmt_kept x = v[at[d]];
            unsigned to = digit(&x, shift);

            while (to != d) {
                struct pmt_kept y = v[at[to]];

                v[at[to]++] = x;
                x = y;
                to = digit(&x, shift);
            }
            v[at[d]++] = x;
        }
    }
}

/* Recursion ends after 8 levels, for each takes 8 bits. */
void pmt_kept_sort(struct pmt_kept *v, size_t n)
{
    size_t end[256];
    size_t from = 0;
    unsigned shift;

    if (n <= SMALL) {
        insertion_sort(v, n);
        return;
    }
    shift = first_shift(v, n);
    if (shift == 64) {
        return;
    }
    into_groups(v, n, shift, end);
    for (unsigned d = 0; shift && d < 256; d++) {
        if (end[d] - from > 1) {
            pmt_kept_sort(v + from, end[d] - from);
        }
        from = end[d];
    }
}
