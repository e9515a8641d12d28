/* address.c - encoding and decoding of addresses (spec 7.2). */
#include "address.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"

/* Twice the records of a chunk, for a load of at most one half. */
#define HASH_SLOTS (2 * PMT_CHUNK_RECORDS_MAX)

/* Records are numbered from 1 here, so 0 is "none" in every array. */
struct pmt_addresser {
    /* Model 1: the free list of each size class is a chain of records. */
    uint32_t top[PMT_SIZE_CLASSES];
    uint32_t below[PMT_CHUNK_RECORDS_MAX + 1];
    uint8_t reused[PMT_CHUNK_RECORDS_MAX + 1];
    /* Encoder: address -> its latest record, by open addressing. The upper
     * bits hold some of the hash, so that another address is mostly told
     * without a look at it. */
    uint32_t latest[HASH_SLOTS];
};

int pmt_addresser_new(struct pmt_addresser **out)
{
    *out = calloc(1, sizeof **out);
    return *out ? PMT_OK : PMT_ERR_MEMORY;
}

void pmt_addresser_free(struct pmt_addresser *a)
{
    free(a);
}

uint64_t pmt_addresser_memory(const struct pmt_addresser *a)
{
    return sizeof *a;
}

static void begin_chunk(struct pmt_addresser *a, size_t rows)
{
    memset(a->top, 0, sizeof a->top);
    memset(a->reused, 0, rows + 1);
}

/* Record `released` gives back a block of class `c`. */
static inline void push_free(struct pmt_addresser *a, uint32_t c,
                             uint32_t released)
{
    a->below[released] = a->top[c];
    a->top[c] = released;
}

/* The record on top of the free list of class `c`, or 0. */
static inline uint32_t predict(struct pmt_addresser *a, uint32_t c)
{
    uint32_t k = a->top[c];

    while (k && a->reused[k]) {
        k = a->below[k];
    }
    a->top[c] = k;
    return k;
}

/* ---- encoding ----------------------------------------------------------- */

static uint32_t alignment(const uint64_t *addresses, size_t rows)
{
    uint64_t all = 16;
    uint32_t align = 0;

    for (size_t i = 0; i < rows; i++) {
        all |= addresses[i];
    }
    while (!(all >> align & 1)) {
        align++;
    }
    return align;
}

#define RECORD_BITS 17 /* of an entry; the rest are of the hash */
#define RECORD_MASK ((1u << RECORD_BITS) - 1)

/* The place of `address` in the table of latest records; `tag` gets the
 * bits of its hash. */
static inline uint32_t *find_latest(struct pmt_addresser *a,
                                    const uint64_t *addresses,
                                    uint64_t address, uint32_t *tag)
{
    /* Fibonacci hashing: the upper bits are the good ones. */
    uint64_t h = address * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t at = (uint32_t)(h >> 32) % HASH_SLOTS;

    *tag = (uint32_t)(h >> 49) << RECORD_BITS;
    for (; a->latest[at]; at = (at + 1) % HASH_SLOTS) {
        if ((a->latest[at] & ~RECORD_MASK) == *tag &&
            addresses[(a->latest[at] & RECORD_MASK) - 1] == address) {
            break;
        }
    }
    return &a->latest[at];
}

/* Tells one address; returns its column value. */
static inline uint64_t refer(struct pmt_addresser *a, bool predicting,
                             const uint64_t *addresses, uint32_t k,
                             unsigned slot, uint32_t class_, uint32_t j)
{
    uint32_t predicted;

    if (!predicting || slot == PMT_SLOT_RELEASE) {
        return j ? k - j : 0;
    }
    if (slot == PMT_SLOT_ACQUIRE_SIZED) {
        predicted = predict(a, class_);
        if (predicted && addresses[predicted - 1] == addresses[k - 1]) {
            a->top[class_] = a->below[predicted];
            return 1;
        }
    }
    if (j) {
        a->reused[j] = 1;
        return (uint64_t)(k - j) + 1;
    }
    return 0;
}

void pmt_addresses_encode(struct pmt_addresser *a, unsigned model,
                          const uint64_t *addresses, const uint8_t *slots,
                          const uint16_t *classes, size_t rows,
                          struct pmt_address_columns *out)
{
    uint64_t previous = 0;

    begin_chunk(a, rows);
    memset(a->latest, 0, sizeof a->latest);
    out->releases = out->acquires = out->explicits = 0;
    out->align = alignment(addresses, rows);
    for (uint32_t k = 1; k <= rows; k++) {
        uint64_t address = addresses[k - 1];
        unsigned slot = slots[k - 1];
        uint32_t tag;
        uint32_t *place = find_latest(a, addresses, address, &tag);
        uint32_t j = *place & RECORD_MASK;
        uint32_t class_ = classes ? classes[k - 1] : 0;
        uint64_t d = refer(a, model == 1, addresses, k, slot, class_, j);

        if (slot == PMT_SLOT_RELEASE) {
            out->release[out->releases++] = d;
            if (model == 1 && j && slots[j - 1] == PMT_SLOT_ACQUIRE_SIZED) {
                push_free(a, classes[j - 1], k);
            }
        } else {
            out->acquire[out->acquires++] = d;
        }
        if (!d) {
            /* Both are multiples of 2^align; the shift keeps the sign. */
            int64_t step = (int64_t)(address - previous) >> out->align;

            out->explicit_[out->explicits++] = pmt_zigzag((uint64_t)step);
            previous = address;
        }
        *place = tag | k;
    }
}

/* ---- decoding ----------------------------------------------------------- */

/* What is wrong, for the message. */
enum fault { FAULT_NONE, FAULT_REFERENCE, FAULT_EMPTY, FAULT_EXPLICIT };

static int report(enum fault fault, size_t k, uint64_t offset,
                  struct pmt_error *err)
{
    static const char *const text[] = {
        [FAULT_NONE] = "", [FAULT_REFERENCE] = "refers before the chunk",
        [FAULT_EMPTY] = "is predicted from an empty list",
        [FAULT_EXPLICIT] = "has no explicit address"};

    return pmt_error_set(err, PMT_ERR_CORRUPT, offset,
                         "address of record %zu %s", k, text[fault]);
}

/* A predicted address: its record, or 0. */
static inline uint32_t take_predicted(struct pmt_addresser *a, unsigned slot,
                                      uint32_t class_)
{
    uint32_t k = slot == PMT_SLOT_ACQUIRE_SIZED ? predict(a, class_) : 0;

    if (k) {
        a->top[class_] = a->below[k];
    }
    return k;
}

int pmt_addresses_decode(struct pmt_addresser *a, unsigned model,
                         const struct pmt_address_columns *in,
                         const uint8_t *slots, const uint16_t *classes,
                         size_t rows, uint64_t *addresses, uint32_t *links,
                         uint64_t offset, struct pmt_error *err)
{
    const uint64_t *release = in->release;
    const uint64_t *acquire = in->acquire;
    const uint64_t *next = in->explicit_;
    /* There may be none at all: no array either. */
    const uint64_t *next_end = in->explicits ? next + in->explicits : next;
    uint64_t previous = 0;
    bool predicting = model == 1;

    begin_chunk(a, rows);
    for (uint32_t k = 1; k <= rows; k++) {
        unsigned slot = slots[k - 1];
        bool acquires = slot != PMT_SLOT_RELEASE;
        uint64_t d = acquires ? *acquire++ : *release++;
        uint32_t j;

        if (!d) {
            if (next == next_end) {
                return report(FAULT_EXPLICIT, k, offset, err);
            }
            previous += pmt_unzigzag(*next++) << in->align;
            addresses[k - 1] = previous;
            links[k - 1] = 0;
            continue;
        }
        if (acquires && predicting) {
            if (d == 1) {
                j = take_predicted(a, slot, classes[k - 1]);
                if (!j) {
                    return report(FAULT_EMPTY, k, offset, err);
                }
                addresses[k - 1] = addresses[j - 1];
                links[k - 1] = j;
                continue;
            }
            d--;
        }
        if (d >= k) {
            return report(FAULT_REFERENCE, k, offset, err);
        }
        j = k - (uint32_t)d;
        addresses[k - 1] = addresses[j - 1];
        links[k - 1] = j;
        if (predicting && acquires) {
            a->reused[j] = 1;
        } else if (predicting && slots[j - 1] == PMT_SLOT_ACQUIRE_SIZED) {
            push_free(a, classes[j - 1], k);
        }
    }
    if (next != next_end) {
        return pmt_error_set(err, PMT_ERR_CORRUPT, offset,
                             "column 10 holds more addresses than are used");
    }
    return PMT_OK;
}
