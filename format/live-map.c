/*
 * live-map.c - what is live, by address (live-map.h).
 *
 * Chained hashing over one array. The chains of neighbouring addresses are
 * neighbours, so records of blocks that lie together, as most do, meet in the
 * processor's caches. (A little long: a set, its batch and what realloc left
 * open share one inside.)
 */
#include "live-map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "stage.h"

#define BATCH 512           /* records; of 40 bytes */
#define AHEAD_CHAIN 16      /* records ahead of which a chain is fetched, */
#define AHEAD_BLOCK 8       /* and the first block of it */
#define FIRST_BITS 10
#define PLACES_MAX UINT32_C(0xfffffff0)
#define NONE UINT32_MAX
#define OPEN_MAX 64         /* threads between the halves of a realloc */

_Static_assert(sizeof(struct pmt_kept) == 40, "40 bytes a block");

/* An array in pages of its own, which grows without being copied. */
struct pages {
    void *p;
    size_t bytes;           /* mapped; 0: none */
};

struct set {
    struct pages blocks;    /* struct pmt_kept, by place */
    struct pages chains;    /* places: 1 << bits of them */
    uint32_t count;         /* live */
    uint32_t used;          /* places ever used */
    uint32_t capacity;      /* places there are */
    uint32_t free_list;
    unsigned bits;          /* 0: nothing yet */
    bool seen, broken;
    uint32_t waiting;       /* records in the batch */
    struct pmt_kept batch[BATCH];
};

/* The block of a thread's last realloc_free, which was live. */
struct half {
    struct pmt_kept block;  /* .thread is that of its making, */
    uint32_t key;           /* 1 more than the one that reallocates; 0: the
                             * place is empty */
};

struct pmt_live_map {
    struct set sets[PMT_KEPT_KINDS];
    struct half *halves;    /* by a hash of the thread; a power of 2 */
    uint32_t half_count, half_room;
    uint32_t open[OPEN_MAX];/* threads whose last record is a realloc_free */
    uint32_t open_count;
};

/* ---- pages ------------------------------------------------------------- */

/* To `bytes`, more or less than before; new pages are zero. On failure
 * nothing is changed. */
static bool resize(struct pages *a, size_t bytes)
{
    void *p;

    bytes = (bytes + 4095) & ~(size_t)4095;
    if (bytes == a->bytes) {
        return true;
    }
    p = a->p ? mremap(a->p, a->bytes, bytes, MREMAP_MAYMOVE)
             : mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        return false;
    }
    a->p = p;
    a->bytes = bytes;
    return true;
}

static void release(struct pages *a)
{
    if (a->p) {
        munmap(a->p, a->bytes);
    }
    a->p = NULL;
    a->bytes = 0;
}

static void release_set(struct set *s)
{
    release(&s->blocks);
    release(&s->chains);
    s->count = s->used = s->capacity = s->waiting = 0;
    s->free_list = NONE;
    s->bits = 0;
}

/* ---- chains ------------------------------------------------------------ */

/* Where the chain of an address begins. A page of 4096 bytes has 256 chains
 * in a row, which begin anywhere. */
static inline uint32_t *chain_of(const struct set *s, uint64_t address)
{
    uint64_t page = address >> 12;
    uint64_t first = page * UINT64_C(0x9e3779b97f4a7c15) >> (64 - s->bits);
    uint64_t mask = (UINT64_C(1) << s->bits) - 1;

    return (uint32_t *)s->chains.p + ((first + (address >> 4 & 255)) & mask);
}

static inline struct pmt_kept *block_at(const struct set *s, uint32_t place)
{
    return (struct pmt_kept *)s->blocks.p + place;
}

/* Puts all blocks into empty chains. */
static void rechain(struct set *s)
{
    memset(s->chains.p, 0xff, sizeof(uint32_t) << s->bits);
    for (uint32_t place = 0; place < s->used; place++) {
        struct pmt_kept *b = block_at(s, place);

        if (!b->free) {
            uint32_t *chain = chain_of(s, b->address);

            b->next = *chain;
            *chain = place;
        }
    }
}

/* Room for `more` blocks; else the set is given up. */
static bool reserve(struct set *s, uint32_t more)
{
    uint64_t need = (uint64_t)s->count + more;
    uint64_t capacity = s->capacity + (uint64_t)s->capacity / 8;
    unsigned bits = s->bits ? s->bits : FIRST_BITS;

    if (need > PLACES_MAX) {
        return false;
    }
    if (need > s->capacity) {
        capacity = capacity < need ? need : capacity;
        capacity = capacity < PLACES_MAX ? capacity : PLACES_MAX;
        if (!resize(&s->blocks, capacity * sizeof(struct pmt_kept))) {
            return false;
        }
        s->capacity = (uint32_t)(s->blocks.bytes / sizeof(struct pmt_kept));
    }
    while (UINT64_C(1) << bits < need) {
        bits++;
    }
    if (bits != s->bits) {
        if (!resize(&s->chains, sizeof(uint32_t) << bits)) {
            return false;
        }
        s->bits = bits;
        rechain(s);
    }
    return true;
}

/* There is room. What was at the address is gone. */
static inline void put(struct set *s, const struct pmt_kept *b)
{
    uint32_t *chain = chain_of(s, b->address);
    uint32_t first = *chain;
    uint32_t place = first;
    struct pmt_kept *to;

    while (place != NONE && block_at(s, place)->address != b->address) {
        place = block_at(s, place)->next;
    }
    if (place != NONE) {
        uint32_t next = block_at(s, place)->next;

        to = block_at(s, place);
        *to = *b;
        to->next = next;
        return;
    }
    place = s->free_list;
    if (place != NONE) {
        s->free_list = block_at(s, place)->next;
    } else {
        place = s->used++;
    }
    to = block_at(s, place);
    *to = *b;
    to->next = first;
    *chain = place;
    s->count++;
}

/* The block that was at `address`, as it was until the next put; NULL: none
 * was. */
static inline struct pmt_kept *take(struct set *s, uint64_t address)
{
    uint32_t *link = chain_of(s, address);
    struct pmt_kept *b;
    uint32_t place = *link;

    while (place != NONE && block_at(s, place)->address != address) {
        link = &block_at(s, place)->next;
        place = *link;
    }
    if (place == NONE) {
        return NULL;
    }
    b = block_at(s, place);
    *link = b->next;
    b->next = s->free_list;
    b->free = 1;
    s->free_list = place;
    s->count--;
    return b;
}

/* ---- halves of reallocs ------------------------------------------------ */

static uint32_t half_home(const struct pmt_live_map *m, uint32_t key)
{
    return key * 2654435761u & (m->half_room - 1);
}

/* The place of a thread's half; it is empty when it has none. */
static struct half *half_of(const struct pmt_live_map *m, uint32_t thread)
{
    uint32_t i = half_home(m, thread + 1);

    while (m->halves[i].key && m->halves[i].key != thread + 1) {
        i = (i + 1) & (m->half_room - 1);
    }
    return &m->halves[i];
}

static bool half_grow(struct pmt_live_map *m)
{
    uint32_t room = m->half_room;
    struct half *old = m->halves;

    if (m->half_count * 2 < room) {
        return true;
    }
    m->halves = calloc(room ? room * 2 : 64, sizeof *m->halves);
    if (!m->halves) {
        m->halves = old;
        return false;
    }
    m->half_room = room ? room * 2 : 64;
    for (uint32_t i = 0; i < room; i++) {
        if (old[i].key) {
            *half_of(m, old[i].key - 1) = old[i];
        }
    }
    free(old);
    return true;
}

/* Those behind it in its run move up. */
static void half_forget(struct pmt_live_map *m, struct half *h)
{
    uint32_t mask = m->half_room - 1;
    uint32_t hole = (uint32_t)(h - m->halves);
    uint32_t i = hole;

    for (;;) {
        i = (i + 1) & mask;
        if (!m->halves[i].key) {
            break;
        }
        if (((i - half_home(m, m->halves[i].key)) & mask) >=
            ((i - hole) & mask)) {
            m->halves[hole] = m->halves[i];
            hole = i;
        }
    }
    m->halves[hole].key = 0;
    m->half_count--;
}

/* A realloc_free of `thread`: `block` was live, or NULL. False: no memory. */
static bool half_set(struct pmt_live_map *m, uint32_t thread,
                     const struct pmt_kept *block)
{
    struct half *h;

    if (!block && !m->half_count) {
        return true;
    }
    if (!half_grow(m)) {
        return false;
    }
    h = half_of(m, thread);
    if (!block) {
        if (h->key) {
            half_forget(m, h);
        }
        return true;
    }
    m->half_count += !h->key;
    h->key = thread + 1;
    h->block = *block;
    h->block.free = 0;
    return true;
}

/* Its realloc is over; with `undo`, the block at `address` lives on. */
static void half_end(struct pmt_live_map *m, uint32_t thread, bool undo,
                     uint64_t address)
{
    struct half *h = m->half_count ? half_of(m, thread) : NULL;

    if (h && h->key) {
        if (undo && h->block.address == address) {
            put(&m->sets[PMT_KEPT_ALLOC], &h->block);
        }
        half_forget(m, h);
    }
}

/* ---- batches ----------------------------------------------------------- */

/* Takes a record of the batch. False: no memory. */
static inline bool take_alloc(struct pmt_live_map *m, struct set *s,
                              const struct pmt_kept *r)
{
    switch ((enum pmt_alloc_op)r->next) {
    case PMT_ALLOC_FREE:
        take(s, r->address);
        return true;
    case PMT_ALLOC_MALLOC:
    case PMT_ALLOC_CALLOC:
        put(s, r);
        return true;
    case PMT_ALLOC_REALLOC_FREE:
        return half_set(m, r->thread, take(s, r->address));
    case PMT_ALLOC_REALLOC:
        half_end(m, r->thread, false, 0);
        put(s, r);
        return true;
    case PMT_ALLOC_REALLOC_UNDO:
        half_end(m, r->thread, true, r->address);
        return true;
    }
    return true; /* the writer lets no other pass */
}

static void take_batch(struct pmt_live_map *m, enum pmt_kept_kind kind)
{
    struct set *s = &m->sets[kind];
    uint32_t n = s->waiting;
    bool ok = !s->broken && reserve(s, n);

    for (uint32_t i = 0; ok && i < n; i++) {
        const struct pmt_kept *r = &s->batch[i];

        if (i + AHEAD_CHAIN < n) {
            __builtin_prefetch(chain_of(s, r[AHEAD_CHAIN].address));
        }
        if (i + AHEAD_BLOCK < n) {
            uint32_t place = *chain_of(s, r[AHEAD_BLOCK].address);

            if (place != NONE) {
                __builtin_prefetch(&block_at(s, place)->address);
                __builtin_prefetch(&block_at(s, place)->next);
            }
        }
        if (kind == PMT_KEPT_ALLOC) {
            ok = take_alloc(m, s, r);
        } else if (r->next == PMT_OBJECT_DESTROY) {
            take(s, r->address);
        } else {
            put(s, r);
        }
    }
    s->waiting = 0;
    if (!ok) {
        release_set(s);
        s->broken = true;
    }
}

static struct pmt_kept *next_record(struct pmt_live_map *m,
                                    enum pmt_kept_kind kind)
{
    struct set *s = &m->sets[kind];

    if (s->waiting == BATCH) {
        take_batch(m, kind);
    }
    s->seen = true;
    return &s->batch[s->waiting++];
}

/* Which threads are between the halves of a realloc. */
static void note_open(struct pmt_live_map *m, uint32_t thread, bool opens)
{
    uint32_t i = 0;

    while (i < m->open_count && m->open[i] != thread) {
        i++;
    }
    if (!opens && i < m->open_count) {
        m->open[i] = m->open[--m->open_count];
    } else if (opens && i == m->open_count && i < OPEN_MAX) {
        m->open[m->open_count++] = thread;
    }
}

void pmt_live_map_alloc(struct pmt_live_map *m, uint64_t time,
                        const struct pmt_alloc *r)
{
    struct pmt_kept *to = next_record(m, PMT_KEPT_ALLOC);

    if (r->op == PMT_ALLOC_REALLOC_FREE || m->open_count) {
        note_open(m, r->thread, r->op == PMT_ALLOC_REALLOC_FREE);
    }
    *to = (struct pmt_kept){.address = r->address,
                            .size = r->size,
                            .time = time,
                            .stack = pmt_possible_id(r->stack),
                            .thread = pmt_possible_id(r->thread),
                            .domain = r->domain & 3,
                            .next = r->op};
}

void pmt_live_map_object(struct pmt_live_map *m, uint64_t time,
                         const struct pmt_object *r)
{
    struct pmt_kept *to = next_record(m, PMT_KEPT_OBJECT);

    *to = (struct pmt_kept){.address = r->address,
                            .time = time,
                            .stack = pmt_possible_id(r->stack),
                            .thread = pmt_possible_id(r->thread),
                            .type = pmt_possible_id(r->type) & PMT_ID_MAX,
                            .next = r->op};
}

/* ---- the whole --------------------------------------------------------- */

struct pmt_live_map *pmt_live_map_new(void)
{
    struct pmt_live_map *m = calloc(1, sizeof *m);

    for (unsigned kind = 0; m && kind < PMT_KEPT_KINDS; kind++) {
        m->sets[kind].free_list = NONE;
    }
    return m;
}

void pmt_live_map_free(struct pmt_live_map *m)
{
    if (m) {
        for (unsigned kind = 0; kind < PMT_KEPT_KINDS; kind++) {
            release_set(&m->sets[kind]);
        }
        free(m->halves);
        free(m);
    }
}

bool pmt_live_map_in_realloc(const struct pmt_live_map *m)
{
    return m->open_count != 0;
}

bool pmt_live_map_seen(const struct pmt_live_map *m, enum pmt_kept_kind kind)
{
    return m->sets[kind].seen;
}

bool pmt_live_map_broken(const struct pmt_live_map *m,
                         enum pmt_kept_kind kind)
{
    return m->sets[kind].broken;
}

/* Live blocks to the front, and no free places between them. */
static void close_gaps(struct set *s)
{
    struct pmt_kept *v = s->blocks.p;
    uint32_t n = 0;

    for (uint32_t i = 0; s->count < s->used && i < s->used; i++) {
        if (!v[i].free) {
            if (n != i) {
                v[n] = v[i];
            }
            n++;
        }
    }
    s->used = s->count;
    s->free_list = NONE;
}

/* Memory that a set needed once, and may never need again. */
static void shrink(struct set *s)
{
    uint64_t capacity = (uint64_t)s->count + s->count / 8 + BATCH;

    while (s->bits > FIRST_BITS && UINT64_C(4) * s->count < UINT64_C(1)
                                                                << s->bits) {
        s->bits--;
    }
    resize(&s->chains, sizeof(uint32_t) << s->bits);
    if (capacity < s->capacity / 2 &&
        resize(&s->blocks, capacity * sizeof(struct pmt_kept))) {
        s->capacity = (uint32_t)(s->blocks.bytes / sizeof(struct pmt_kept));
    }
}

const struct pmt_kept *pmt_live_map_sorted(struct pmt_live_map *m,
                                           enum pmt_kept_kind kind,
                                           size_t *count)
{
    static const struct pmt_kept nothing; /* an empty set has no memory */
    struct set *s = &m->sets[kind];

    take_batch(m, kind);
    *count = s->count;
    if (s->broken || (!s->bits && !reserve(s, 1))) {
        return NULL;
    }
    close_gaps(s);
    pmt_kept_sort(s->blocks.p, s->count);
    shrink(s);
    rechain(s);
    return s->blocks.p ? s->blocks.p : &nothing;
}

uint64_t pmt_live_map_count(const struct pmt_live_map *m)
{
    return (uint64_t)m->sets[0].count + m->sets[1].count;
}

uint64_t pmt_live_map_memory(const struct pmt_live_map *m)
{
    uint64_t n = sizeof *m + m->half_room * sizeof *m->halves;

    for (unsigned kind = 0; kind < PMT_KEPT_KINDS; kind++) {
        n += m->sets[kind].blocks.bytes + m->sets[kind].chains.bytes;
    }
    return n;
}
