/*
 * table.c - memory and hash tables of the recorder (table.h).
 */
#include "table.h"

#include <string.h>
#include <sys/mman.h>

#define FIRST_BITS 10

static uint64_t memory_bytes; /* atomic */

void *rec_pages_new(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        return NULL;
    madvise(p, bytes, MADV_DONTFORK);
    __atomic_fetch_add(&memory_bytes, bytes, __ATOMIC_RELAXED);
    return p;
}

void rec_pages_share(void *p, size_t bytes)
{
    madvise(p, bytes, MADV_DOFORK);
}

void rec_pages_forked(void)
{
    memory_bytes = 0;
}

void rec_pages_free(void *p, size_t bytes)
{
    if (p == NULL)
        return;
    munmap(p, bytes);
    __atomic_fetch_sub(&memory_bytes, bytes, __ATOMIC_RELAXED);
}

uint64_t rec_memory_bytes(void)
{
    return __atomic_load_n(&memory_bytes, __ATOMIC_RELAXED);
}

static struct rec_pairs *new_pairs(unsigned bits)
{
    size_t count = (size_t)1 << bits;
    size_t bytes = sizeof(struct rec_pairs) + count * sizeof(struct rec_pair);
    struct rec_pairs *p = rec_pages_new(bytes);

    if (p == NULL)
        return NULL;
    p->bytes = bytes;
    p->shift = 64 - bits;
    p->mask = count - 1;
    return p;
}

int rec_map_init(struct rec_map *m, size_t limit, bool shared, bool hashed)
{
    memset(m, 0, sizeof *m);
    m->limit = limit;
    m->shared = shared;
    m->hashed = hashed;
    m->now = new_pairs(FIRST_BITS);
    return m->now != NULL ? 0 : -1;
}

void rec_map_release(struct rec_map *m)
{
    struct rec_pairs *p = m->now;

    while (p != NULL) {
        struct rec_pairs *older = p->older;

        rec_pages_free(p, p->bytes);
        p = older;
    }
    memset(m, 0, sizeof *m);
}

void rec_map_clear(struct rec_map *m)
{
    memset(m->now->pairs, 0, (m->now->mask + 1) * sizeof(struct rec_pair));
    m->used = 0;
}

size_t rec_map_count(const struct rec_map *m)
{
    return m->used;
}

/* Puts a new key where it belongs; there is room. The value is there before
 * the key can be seen. */
static void place(struct rec_pairs *p, bool hashed, uint64_t key,
                  uint64_t value)
{
    size_t i = rec_map_home(p, hashed, key);

    while (p->pairs[i].key != 0)
        i = (i + 1) & p->mask;
    __atomic_store_n(&p->pairs[i].value, value, __ATOMIC_RELAXED);
    __atomic_store_n(&p->pairs[i].key, key, __ATOMIC_RELEASE);
}

static int grow(struct rec_map *m)
{
    struct rec_pairs *old = m->now;
    struct rec_pairs *p = new_pairs(64 - old->shift + 1);

    if (p == NULL)
        return -1;
    for (size_t i = 0; i <= old->mask; i++)
        if (old->pairs[i].key != 0)
            place(p, m->hashed, old->pairs[i].key,
                  __atomic_load_n(&old->pairs[i].value, __ATOMIC_RELAXED));
    if (m->shared)
        p->older = old;
    __atomic_store_n(&m->now, p, __ATOMIC_RELEASE);
    if (!m->shared)
        rec_pages_free(old, old->bytes);
    return 0;
}

int rec_map_put(struct rec_map *m, uint64_t key, uint64_t value)
{
    struct rec_pair *pair = rec_map_find(m, key);

    if (pair != NULL) {
        __atomic_store_n(&pair->value, value, __ATOMIC_RELEASE);
        return 0;
    }
    if (m->used >= m->limit)
        return -1;
    if (m->used >= (m->now->mask + 1) / 2 && grow(m) != 0)
        return -1;
    place(m->now, m->hashed, key, value);
    m->used++;
    return 0;
}

uint64_t rec_hash_bytes(uint64_t seed, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    uint64_t hash = rec_mix(rec_mix(0, seed), n);
    uint64_t word;

    for (; n >= sizeof word; p += sizeof word, n -= sizeof word) {
        memcpy(&word, p, sizeof word);
        hash = rec_mix(hash, word);
    }
    word = 0;
    memcpy(&word, p, n);
    return rec_mix(hash, word);
}
