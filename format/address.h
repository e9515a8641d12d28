/*
 * address.h - addresses as references inside a chunk (spec 7.2).
 *
 * Record k of a chunk has one address. It is told by the distance to the
 * latest record with the same address, by the free list of its size class
 * (model 1), or outright.
 */
#ifndef PMT_ADDRESS_H
#define PMT_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

#include "pmt/error.h"

#define PMT_CHUNK_RECORDS_MAX 65536u /* spec 10 */
#define PMT_SIZE_CLASSES 1024u

/* What a record does with its address. */
enum pmt_slot {
    PMT_SLOT_RELEASE = 0,
    PMT_SLOT_ACQUIRE = 1,      /* no size: never predicted */
    PMT_SLOT_ACQUIRE_SIZED = 2
};

/* The size class of a block (spec 7.2); without a branch. */
static inline uint32_t pmt_size_class(uint64_t size, unsigned domain)
{
    uint64_t u = (size >> 4) + ((size & 15) != 0) + !size;
    uint32_t c = (uint32_t)(u < 256 ? u : 256 + (u & 255));
    unsigned small = (domain - 1 < 2) & (size <= 512);

    return c + 512 * (1 - small);
}

/* Work space of an encoder or a decoder; made once, used for many chunks. */
struct pmt_addresser;

int pmt_addresser_new(struct pmt_addresser **out);
void pmt_addresser_free(struct pmt_addresser *a);
uint64_t pmt_addresser_memory(const struct pmt_addresser *a);

/* The three columns, in the caller's arrays of PMT_CHUNK_RECORDS_MAX. */
struct pmt_address_columns {
    uint64_t *release;
    uint64_t *acquire;
    uint64_t *explicit_;
    size_t releases, acquires, explicits;
    uint32_t align;
};

/*
 * Encodes the addresses of `rows` records. `slots[i]` is an enum pmt_slot,
 * `classes[i]` the size class of a PMT_SLOT_ACQUIRE_SIZED (both arrays are
 * read for model 1; `classes` may be NULL for model 0).
 */
void pmt_addresses_encode(struct pmt_addresser *a, unsigned model,
                          const uint64_t *addresses, const uint8_t *slots,
                          const uint16_t *classes, size_t rows,
                          struct pmt_address_columns *out);

/* Decodes them into `addresses`, and into `links` the number, from 1, of the
 * record that each refers to, or 0. The counts in `in` must be those that
 * `slots` asks for; `explicits` is how many are there: PMT_ERR_CORRUPT when
 * not all or too many are asked for, or a reference is out of range. */
int pmt_addresses_decode(struct pmt_addresser *a, unsigned model,
                         const struct pmt_address_columns *in,
                         const uint8_t *slots, const uint16_t *classes,
                         size_t rows, uint64_t *addresses, uint32_t *links,
                         uint64_t offset, struct pmt_error *err);

#endif
