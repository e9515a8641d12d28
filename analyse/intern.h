/*
 * intern.h: gives each different string of bytes a number: 0, 1, 2, ...
 *
 * Memory grows with the strings. The hash is keyed at random, since the bytes
 * come out of a trace. Threads: one at a time.
 */
#ifndef PMT_INTERN_H
#define PMT_INTERN_H

#include <stddef.h>
#include <stdint.h>

#define PMT_INTERN_NONE UINT32_MAX

/* Zeroed is empty; no field is for the caller. */
struct pmt_intern {
    struct pmt_interned *entries; /* by number */
    uint32_t count, capacity;
    uint32_t *buckets;            /* number + 1; 0: empty */
    uint32_t bucket_count;        /* a power of 2 */
    unsigned char *bytes;         /* all strings, one after the other */
    size_t byte_count, byte_capacity;
    uint64_t key;
};

/* The number of a string, new or not. PMT_INTERN_NONE: no memory. */
uint32_t pmt_intern_add(struct pmt_intern *intern, const void *bytes,
                        size_t length);

/* The bytes of the string with that number; borrowed until the next add. */
const void *pmt_intern_bytes(const struct pmt_intern *intern, uint32_t number,
                             size_t *length);

/* Leaves it empty. */
void pmt_intern_release(struct pmt_intern *intern);

#endif
