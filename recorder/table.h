/*
 * table.h - memory for the recorder's own tables, and two kinds of hash
 * table: one that is read without a lock, and one that is not.
 *
 * All memory comes from mmap, never from malloc, so that no hook sees it and
 * what it takes can be told exactly. Entries are never removed, only given
 * another value, so that a reader needs no lock.
 *
 * No file here includes Python.h.
 */
#ifndef REC_TABLE_H
#define REC_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed pages, or NULL; counted in rec_memory_bytes(). The child of a fork
 * does not have them. */
void *rec_pages_new(size_t bytes);
/* But these it has. */
void rec_pages_share(void *p, size_t bytes);
/* In the child of a fork: there are none. */
void rec_pages_forked(void);
void rec_pages_free(void *p, size_t bytes);

/* Bytes of rec_pages_new() that are held now. Any thread. */
uint64_t rec_memory_bytes(void);

struct rec_pair {
    uint64_t key;    /* atomic; 0 is an empty place */
    uint64_t value;  /* atomic */
};

/* One size of a map; replaced as a whole when it grows. */
struct rec_pairs {
    size_t bytes;
    unsigned shift;              /* 64 - log2 of the number of places */
    size_t mask;
    struct rec_pairs *older;     /* kept for readers; freed with the map */
    struct rec_pair pairs[];
};

/*
 * From 64-bit keys, which are hashes or pointers and never 0, to 64-bit
 * values. Writers hold the recorder's lock; readers of a `shared` map need
 * nothing. The keys of a map with `hashed` are spread well already.
 */
struct rec_map {
    struct rec_pairs *now;       /* atomic */
    size_t used;
    size_t limit;                /* entries; more are refused */
    bool shared;                 /* older sizes are kept until release */
    bool hashed;
};

/* PMT_OK (0), or -1 without memory. */
int rec_map_init(struct rec_map *m, size_t limit, bool shared, bool hashed);

/* Frees all. Accepts a zeroed map. Nobody may be reading. */
void rec_map_release(struct rec_map *m);

/* Forgets all entries (a map that is not `shared`). */
void rec_map_clear(struct rec_map *m);

/* Sets the value of a key. Returns 0, or -1 when the map is at its limit or
 * there is no memory; it is unchanged then. */
int rec_map_put(struct rec_map *m, uint64_t key, uint64_t value);

/* The entries in use. */
size_t rec_map_count(const struct rec_map *m);

/* Mixes `value` into a hash; order matters. */
static inline uint64_t rec_mix(uint64_t hash, uint64_t value)
{
    hash ^= value;
    hash = hash << 23 | hash >> 41;
    return hash * UINT64_C(0x9fb21c651e98df25);
}

/* Spreads the bits of a hash made by rec_mix(); never 0. */
static inline uint64_t rec_finish(uint64_t hash)
{
    hash ^= hash >> 32;
    hash *= UINT64_C(0xd6e8feb86659fd93);
    hash ^= hash >> 29;
    return hash | (hash == 0);
}

/* The hash of bytes. */
uint64_t rec_hash_bytes(uint64_t seed, const void *bytes, size_t n);

static inline size_t rec_map_home(const struct rec_pairs *p, bool hashed,
                                  uint64_t key)
{
    return (size_t)((hashed ? key
                            : key * UINT64_C(0x9e3779b97f4a7c15)) >>
                    p->shift);
}

/* The pair of a key, or NULL. Its value is read and may be changed with
 * atomic operations. */
static inline struct rec_pair *rec_map_find(const struct rec_map *m,
                                            uint64_t key)
{
    struct rec_pairs *p = __atomic_load_n(&m->now, __ATOMIC_ACQUIRE);
    size_t i = rec_map_home(p, m->hashed, key);

    for (;;) {
        uint64_t found = __atomic_load_n(&p->pairs[i].key, __ATOMIC_ACQUIRE);

        if (found == key)
            return &p->pairs[i];
        if (found == 0)
            return NULL;
        i = (i + 1) & p->mask;
    }
}

#endif
