/*
 * live-table.c - the blocks that are live, by address (live-table.h).
 *
 * A shard is a hash table with linear probing; a block that is taken out
 * makes those after it move up, so there are no marks of removed ones.
 */
#include "live-table.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include "table.h"

#define SHARD_BITS REC_LIVE_SHARD_BITS
#define SHARDS (1u << SHARD_BITS)
#define FIRST_BITS 7   /* one page */
#define LAST_BITS 20

#define ADDRESS_BITS 56
#define ADDRESS_MASK ((UINT64_C(1) << ADDRESS_BITS) - 1)
#define FORGOTTEN (UINT64_C(1) << 63)

/* The top byte of `key`: the domain, and FORGOTTEN. 0: an empty place. */
struct rec_live_place {
    uint64_t key;
    uint64_t size;
    uint32_t stack, thread;
};

/* ---- locks ----------------------------------------------------------------- */

static void lock_slow(uint32_t *lock)
{
    int saved = errno;

    do {
        for (int i = 0; i < 64 && __atomic_load_n(lock, __ATOMIC_RELAXED);
             i++)
#if defined(__x86_64__) || defined(__i386__)
            __builtin_ia32_pause();
#else
            __atomic_signal_fence(__ATOMIC_SEQ_CST);
#endif
        if (__atomic_load_n(lock, __ATOMIC_RELAXED))
            sched_yield();
    } while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE));
    errno = saved;
}

static inline void lock_it(uint32_t *lock)
{
    if (__builtin_expect(__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE) != 0,
                         0))
        lock_slow(lock);
}

static inline void unlock_it(uint32_t *lock)
{
    __atomic_store_n(lock, 0, __ATOMIC_RELEASE);
}

/* ---- places ------------------------------------------------------------------ */

static inline uint64_t hash_of(uint64_t address)
{
    return address * UINT64_C(0x9e3779b97f4a7c15);
}

static inline size_t home(const struct rec_live_shard *s, uint64_t hash)
{
    return (size_t)(hash << SHARD_BITS >> (64 - s->bits));
}

static inline size_t mask_of(const struct rec_live_shard *s)
{
    return ((size_t)1 << s->bits) - 1;
}

static size_t bytes_of(unsigned bits)
{
    return ((size_t)1 << bits) * sizeof(struct rec_live_place);
}

/* The place of an address, or the empty place where it would be. */
static inline struct rec_live_place *
find(const struct rec_live_shard *s, uint64_t hash, uint64_t address)
{
    size_t mask = mask_of(s), i = home(s, hash);

    while (s->places[i].key != 0 &&
           (s->places[i].key & ADDRESS_MASK) != address)
        i = (i + 1) & mask;
    return &s->places[i];
}

static bool grow(struct rec_live_shard *s)
{
    struct rec_live_shard bigger = {
        .bits = s->bits != 0 ? s->bits + 1 : FIRST_BITS, .used = s->used};
    int saved = errno;

    if (bigger.bits > LAST_BITS)
        return false;
    bigger.places = rec_pages_new(bytes_of(bigger.bits));
    errno = saved;
    if (bigger.places == NULL)
        return false;
    for (size_t i = 0; s->bits != 0 && i <= mask_of(s); i++) {
        uint64_t address = s->places[i].key & ADDRESS_MASK;

        if (address != 0)
            *find(&bigger, hash_of(address), address) = s->places[i];
    }
    if (s->bits != 0)
        rec_pages_free(s->places, bytes_of(s->bits));
    s->places = bigger.places;
    __atomic_store_n(&s->bits, bigger.bits, __ATOMIC_RELAXED);
    return true;
}

/* Empties a place and moves up those after it that belong before it. */
static void remove_place(struct rec_live_shard *s, struct rec_live_place *gone)
{
    size_t mask = mask_of(s), hole = (size_t)(gone - s->places), i = hole;

    for (;;) {
        uint64_t key;
        size_t at;

        i = (i + 1) & mask;
        key = s->places[i].key;
        if (key == 0)
            break;
        at = home(s, hash_of(key & ADDRESS_MASK));
        if (((i - at) & mask) >= ((i - hole) & mask)) {
            s->places[hole] = s->places[i];
            hole = i;
        }
    }
    s->places[hole].key = 0;
    __atomic_store_n(&s->used, s->used - 1, __ATOMIC_RELAXED);
}

static inline void copy_out(const struct rec_live_place *p,
                            struct rec_live_block *block)
{
    block->address = p->key & ADDRESS_MASK;
    block->size = p->size;
    block->stack = p->stack;
    block->thread = p->thread;
    block->domain = (uint32_t)(p->key >> ADDRESS_BITS) & 0x7f;
    block->forgotten = (p->key & FORGOTTEN) != 0;
}

/* ---- figures and bits ---------------------------------------------------------- */

static inline void count_up(struct rec_live *live, uint64_t size)
{
    uint64_t now = __atomic_add_fetch(&live->bytes_now, size, __ATOMIC_RELAXED);
    uint64_t peak = __atomic_load_n(&live->bytes_peak, __ATOMIC_RELAXED);

    while (now > peak &&
           !__atomic_compare_exchange_n(&live->bytes_peak, &peak, now, true,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        continue;
}

static inline void count_down(struct rec_live *live,
                              const struct rec_live_place *p)
{
    if (!(p->key & FORGOTTEN))
        __atomic_fetch_sub(&live->bytes_now, p->size, __ATOMIC_RELAXED);
}

#define NEAR_MASK ((1u << REC_LIVE_NEAR_LOG) - 1)
#define BITS_PER_NEAR (1u << (REC_LIVE_BITS_LOG - REC_LIVE_NEAR_LOG))

static void bit_up(struct rec_live *live, const void *address)
{
    uint32_t bit = rec_live_bit(address);

    lock_it(&live->bits_lock);
    if (live->on_bit[bit]++ == 0) {
        __atomic_fetch_or(&live->bits[bit / 64], UINT64_C(1) << bit % 64,
                          __ATOMIC_RELAXED);
        __atomic_store_n(&live->near[bit & NEAR_MASK], 1, __ATOMIC_RELAXED);
    }
    unlock_it(&live->bits_lock);
}

/* A bit was put out: so is its byte when all of the byte's bits are. */
static void near_down(struct rec_live *live, uint32_t near)
{
    uint64_t blocks = 0;

    for (uint32_t i = 0; i < BITS_PER_NEAR; i++)
        blocks += live->on_bit[i << REC_LIVE_NEAR_LOG | near];
    if (blocks == 0)
        __atomic_store_n(&live->near[near], 0, __ATOMIC_RELAXED);
}

static void bit_down(struct rec_live *live, const void *address)
{
    uint32_t bit = rec_live_bit(address);

    lock_it(&live->bits_lock);
    if (--live->on_bit[bit] == 0) {
        __atomic_fetch_and(&live->bits[bit / 64],
                           ~(UINT64_C(1) << bit % 64), __ATOMIC_RELAXED);
        near_down(live, bit & NEAR_MASK);
    }
    unlock_it(&live->bits_lock);
}

/* ---- what others call ------------------------------------------------------------ */

int rec_live_start(struct rec_live *live, bool filtered, bool keep)
{
    rec_live_stop(live);
    live->use_bits = filtered;
    live->keep_cleared = keep;
    if (!filtered)
        return 0;
    live->on_bit = rec_pages_new((sizeof *live->on_bit)
                                 << REC_LIVE_BITS_LOG);
    return live->on_bit != NULL ? 0 : -1;
}

void rec_live_stop(struct rec_live *live)
{
    for (unsigned i = 0; i < SHARDS; i++)
        if (live->shards[i].bits != 0)
            rec_pages_free(live->shards[i].places,
                           bytes_of(live->shards[i].bits));
    if (live->on_bit != NULL)
        rec_pages_free(live->on_bit, (sizeof *live->on_bit)
                                         << REC_LIVE_BITS_LOG);
    memset(live, 0, sizeof *live);
}

bool rec_live_add(struct rec_live *live, const struct rec_live_block *block)
{
    uint64_t address = block->address & ADDRESS_MASK;
    uint64_t hash = hash_of(address);
    struct rec_live_shard *s = &live->shards[hash >> (64 - SHARD_BITS)];
    struct rec_live_place *p = NULL;
    bool is_new = true;

    lock_it(&s->lock);
    if (s->bits != 0) {
        p = find(s, hash, address);
        is_new = p->key == 0;
        if (!is_new)
            count_down(live, p);
    }
    if (is_new && (s->bits == 0 || s->used >= (mask_of(s) + 1) / 4 * 3))
        p = grow(s) ? find(s, hash, address) : NULL;
    if (p != NULL) {
        p->key = address | (uint64_t)block->domain << ADDRESS_BITS |
                 (block->forgotten ? FORGOTTEN : 0);
        p->size = block->size;
        p->stack = block->stack;
        p->thread = block->thread;
        __atomic_store_n(&s->used, s->used + is_new, __ATOMIC_RELAXED);
        if (!block->forgotten)
            count_up(live, block->size);
        if (live->use_bits && is_new)
            bit_up(live, (const void *)(uintptr_t)address);
    }
    unlock_it(&s->lock);
    return p != NULL;
}

/* Locks the shard of an address and finds its place; NULL when the address is
 * not there. To be unlocked in any case. */
static struct rec_live_place *lock_and_find(struct rec_live *live,
                                            const void *address,
                                            struct rec_live_shard **shard)
{
    uint64_t a = (uint64_t)(uintptr_t)address & ADDRESS_MASK;
    uint64_t hash = hash_of(a);
    struct rec_live_shard *s = &live->shards[hash >> (64 - SHARD_BITS)];
    struct rec_live_place *p = NULL;

    *shard = s;
    lock_it(&s->lock);
    if (s->bits != 0) {
        p = find(s, hash, a);
        if (p->key == 0)
            p = NULL;
    }
    return p;
}

bool rec_live_take(struct rec_live *live, const void *address,
                   struct rec_live_block *block)
{
    struct rec_live_shard *s;
    struct rec_live_place *p = lock_and_find(live, address, &s);

    if (p != NULL) {
        copy_out(p, block);
        count_down(live, p);
        remove_place(s, p);
        if (live->use_bits)
            bit_down(live, address);
    }
    unlock_it(&s->lock);
    return p != NULL;
}

bool rec_live_get(struct rec_live *live, const void *address,
                  struct rec_live_block *block)
{
    struct rec_live_shard *s;
    struct rec_live_place *p = lock_and_find(live, address, &s);

    if (p != NULL)
        copy_out(p, block);
    unlock_it(&s->lock);
    return p != NULL;
}

static void clear_shard(struct rec_live *live, struct rec_live_shard *s)
{
    for (size_t i = 0; i <= mask_of(s); i++) {
        struct rec_live_place *p = &s->places[i];

        if (p->key == 0)
            continue;
        count_down(live, p);
        if (live->keep_cleared) {
            p->key |= FORGOTTEN;
            continue;
        }
        if (live->use_bits)
            bit_down(live, (const void *)(uintptr_t)(p->key & ADDRESS_MASK));
        p->key = 0;
    }
    if (!live->keep_cleared)
        __atomic_store_n(&s->used, 0, __ATOMIC_RELAXED);
}

void rec_live_clear(struct rec_live *live)
{
    for (unsigned i = 0; i < SHARDS; i++) {
        lock_it(&live->shards[i].lock);
        if (live->shards[i].bits != 0)
            clear_shard(live, &live->shards[i]);
        unlock_it(&live->shards[i].lock);
    }
    rec_live_reset_peak(live);
}

void rec_live_figures(const struct rec_live *live, uint64_t *now,
                      uint64_t *peak)
{
    *now = __atomic_load_n(&live->bytes_now, __ATOMIC_RELAXED);
    *peak = __atomic_load_n(&live->bytes_peak, __ATOMIC_RELAXED);
}

void rec_live_reset_peak(struct rec_live *live)
{
    __atomic_store_n(&live->bytes_peak,
                     __atomic_load_n(&live->bytes_now, __ATOMIC_RELAXED),
                     __ATOMIC_RELAXED);
}

uint64_t rec_live_count(const struct rec_live *live)
{
    uint64_t count = 0;

    for (unsigned i = 0; i < SHARDS; i++)
        count += __atomic_load_n(&live->shards[i].used, __ATOMIC_RELAXED);
    return count;
}

/* Pages for a copy, touched already: nobody is to wait for page faults. */
static struct rec_live_place *pages_for(unsigned bits)
{
    unsigned char *p = bits != 0 ? rec_pages_new(bytes_of(bits)) : NULL;

    for (size_t i = 0; p != NULL && i < bytes_of(bits); i += 4096)
        *(volatile unsigned char *)(p + i) = 0;
    return (struct rec_live_place *)(void *)p;
}

/* A copy of a shard's places; NULL without memory, and when it has none. */
static struct rec_live_place *copy_shard(struct rec_live_shard *s,
                                         unsigned *bits)
{
    struct rec_live_place *copy;
    unsigned wanted = __atomic_load_n(&s->bits, __ATOMIC_RELAXED);

    for (;;) {
        copy = pages_for(wanted);
        if (wanted != 0 && copy == NULL)
            break;
        lock_it(&s->lock);
        if (s->bits == wanted) {
            if (wanted != 0)
                memcpy(copy, s->places, bytes_of(wanted));
            unlock_it(&s->lock);
            break;
        }
        *bits = s->bits;
        unlock_it(&s->lock);
        if (copy != NULL)
            rec_pages_free(copy, bytes_of(wanted));
        wanted = *bits;
    }
    *bits = wanted;
    return copy;
}

int rec_live_visit(struct rec_live *live,
                   void (*visit)(void *arg,
                                 const struct rec_live_block *block),
                   void *arg)
{
    int result = 0;

    for (unsigned i = 0; i < SHARDS; i++) {
        struct rec_live_block block;
        unsigned bits = 0;
        struct rec_live_place *copy = copy_shard(&live->shards[i], &bits);

        if (copy == NULL) {
            if (bits != 0)
                result = -1;
            continue;
        }
        for (size_t k = 0; k < (size_t)1 << bits; k++) {
            if (copy[k].key == 0 || (copy[k].key & FORGOTTEN))
                continue;
            copy_out(&copy[k], &block);
            visit(arg, &block);
        }
        rec_pages_free(copy, bytes_of(bits));
    }
    return result;
}
