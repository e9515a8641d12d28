/* intern.c: see intern.h. */
#include "intern.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct pmt_interned {
    size_t at;      /* in `bytes` */
    uint32_t length;
    uint32_t hash;
};

void pmt_intern_release(struct pmt_intern *intern)
{
    free(intern->entries);
    free(intern->buckets);
    free(intern->bytes);
    memset(intern, 0, sizeof *intern);
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint32_t hash_of(const struct pmt_intern *intern, const void *bytes,
                        size_t length)
{
    const unsigned char *at = bytes;
    uint64_t hash = intern->key ^ length, word;

    for (; length >= 8; at += 8, length -= 8) {
        memcpy(&word, at, 8);
        hash = mix(hash ^ word, intern->key | UINT64_C(1) << 63 | 1);
    }
    word = 0;
    memcpy(&word, at, length);
    hash = mix(hash ^ word, intern->key | UINT64_C(1) << 63 | 1);
    return (uint32_t)(hash ^ hash >> 32);
}

static int grow_buckets(struct pmt_intern *intern)
{
    uint32_t count = intern->bucket_count ? intern->bucket_count * 2 : 64;
    uint32_t *buckets;

    if (!count || !(buckets = calloc(count, sizeof *buckets)))
        return -1;
    for (uint32_t i = 0; i < intern->count; i++) {
        uint32_t at = intern->entries[i].hash & (count - 1);

        while (buckets[at])
            at = (at + 1) & (count - 1);
        buckets[at] = i + 1;
    }
    free(intern->buckets);
    intern->buckets = buckets;
    intern->bucket_count = count;
    return 0;
}

static int grow_entries(struct pmt_intern *intern)
{
    size_t capacity = intern->capacity * (size_t)2 + 32;
    void *more = NULL;

    if (capacity < PMT_INTERN_NONE)
        more = realloc(intern->entries, capacity * sizeof *intern->entries);
    if (!more)
        return -1;
    intern->entries = more;
    intern->capacity = (uint32_t)capacity;
    return 0;
}

static int grow_bytes(struct pmt_intern *intern, size_t length)
{
    size_t capacity = intern->byte_capacity * 2 + length + 256;
    void *more = realloc(intern->bytes, capacity);

    if (!more)
        return -1;
    intern->bytes = more;
    intern->byte_capacity = capacity;
    return 0;
}

static int make_room(struct pmt_intern *intern, size_t length)
{
    if (length > UINT32_MAX)
        return -1;
    if (intern->count * UINT64_C(2) >= intern->bucket_count &&
        grow_buckets(intern))
        return -1;
    if (intern->count == intern->capacity && grow_entries(intern))
        return -1;
    if (length > intern->byte_capacity - intern->byte_count)
        return grow_bytes(intern, length);
    return 0;
}

uint32_t pmt_intern_add(struct pmt_intern *intern, const void *bytes,
                        size_t length)
{
    uint32_t at, hash;

    if (!intern->key &&
        getrandom(&intern->key, sizeof intern->key, GRND_NONBLOCK) < 0)
        intern->key = 0x9e3779b97f4a7c15u;
    if (make_room(intern, length))
        return PMT_INTERN_NONE;
    hash = hash_of(intern, bytes, length);
    for (at = hash & (intern->bucket_count - 1); intern->buckets[at];
         at = (at + 1) & (intern->bucket_count - 1)) {
        const struct pmt_interned *entry =
            &intern->entries[intern->buckets[at] - 1];

        if (entry->hash == hash && entry->length == length &&
            memcmp(intern->bytes + entry->at, bytes, length) == 0)
            return intern->buckets[at] - 1;
    }
    intern->entries[intern->count] =
        (struct pmt_interned){intern->byte_count, (uint32_t)length, hash};
    if (length > 0)
        memcpy(intern->bytes + intern->byte_count, bytes, length);
    intern->byte_count += length;
    intern->buckets[at] = ++intern->count;
    return intern->count - 1;
}

const void *pmt_intern_bytes(const struct pmt_intern *intern, uint32_t number,
                             size_t *length)
{
    *length = intern->entries[number].length;
    return intern->bytes + intern->entries[number].at;
}
