/*
 * alloc-sampled.c - allocator hooks that record a sample of the blocks
 * (sampling.h), and the release of each block of the sample.
 *
 * Nearly all calls are of blocks that are not in it, and a hook finds that
 * out in a few instructions:
 *
 *   malloc, calloc   of at most 512 bytes: counts down, and jumps to the
 *                    function below. Nothing else is called there that could
 *                    come by here, but for the few raw blocks that pymalloc
 *                    takes for its own tables; these count as what they are
 *   larger ones      are passed on to the raw domain, and so may a realloc
 *                    of any size be (the old block may be a large one): the
 *                    thread's guard keeps the raw hook out
 *   free, realloc    look whether a block of the sample may be there
 *
 * Where plain pymalloc is below (rec_sampled_apart), small blocks of the sample
 * are not taken from it but from the raw domain. pymalloc passes the release
 * of any address that is not in its arenas on to the raw domain, and large
 * blocks are there anyway: so the release of all blocks of the sample is seen
 * by the raw hook, and the domains mem and obj need no hook for free, which is
 * half of all calls.
 *
 * None of this asks whether a recording runs: nothing is stored but the
 * countdown, which is the thread's own. A recording that begins or pauses
 * sets all countdowns to 0, nothing drawn; should that meet a countdown that
 * is being stored, the thread goes on with the old one, which is as random.
 * rec_enter() comes after all that, for blocks of the sample.
 */
#include "alloc-hooks.h"
#include "choice.h"
#include "sampling.h"
#include "tracked.h"

#include <string.h>

#define PYMALLOC_MAX 512u /* CPython: SMALL_REQUEST_THRESHOLD */
#define RAW_MAX ((size_t)INT64_MAX)
#define COLD __attribute__((noinline, cold))

bool rec_sampled_apart;

/* ---- blocks of the sample ------------------------------------------------------ */

static bool is_hit(struct rec_thread *t, uint64_t size)
{
    if (t->sample_state == 0)
        t->sample_state = rec_finish(rec_mix(rec_now(), (uintptr_t)t));
    return rec_sample_is_hit(&rec_sample_left, &t->sample_state,
                             rec_set.sample_bytes, size);
}

/* What else is asked for than to be in the sample. */
static bool is_wanted(struct rec_thread *t, unsigned domain, uint64_t size)
{
    uint32_t site;

    if (size < rec_choice.min || size > rec_choice.max)
        return false;
    return !rec_choice.files ||
           rec_file_wanted(t, rec_alloc_thread(domain),
                           domain != PMT_DOMAIN_RAW, &site);
}

static void put(struct rec_thread *t, unsigned op, unsigned domain,
                const void *p, uint64_t size, uint32_t stack)
{
    const struct rec_live_block block = {.address = (uint64_t)(uintptr_t)p,
                                         .size = size, .stack = stack,
                                         .thread = t->id, .domain = domain};

    if (rec_live_add(&rec_blocks, &block))
        rec_alloc_note(t, op, domain, p, size, stack);
    else
        pmt_journal_lose(&rec_journal, PMT_LOSS_MEMORY, 1);
}

static bool is_sampled(struct rec_thread *t, unsigned domain, uint64_t size)
{
    return is_hit(t, size) && is_wanted(t, domain, size);
}

/* Whose memory a block of the sample is: what is below the hooks of another
 * domain than its own where it must lie apart. */
static PyMemAllocatorEx *home_of(unsigned domain, uint64_t size)
{
    if (rec_sampled_apart && domain != PMT_DOMAIN_RAW && size <= PYMALLOC_MAX)
        domain = PMT_DOMAIN_RAW;
    return &rec_below[domain];
}

static void acquired(struct rec_thread *t, unsigned op, unsigned domain,
                     const void *p, uint64_t size)
{
    if (p != NULL)
        put(t, op, domain, p, size, rec_alloc_stack(t, domain));
}

/* Counts down by a block; false when it may be in the sample, and then
 * nothing was counted. size: 1 to RAW_MAX. */
REC_ALWAYS_INLINE bool is_passed_over(size_t size)
{
#if defined(__x86_64__)
    bool above_0;

    /* The compiler makes five instructions of it. */
    __asm__("subq %2, %0"
            : "+m"(rec_sample_left), "=@ccg"(above_0)
            : "er"(size)
            : "cc");
#else
    bool above_0 = (rec_sample_left -= (int64_t)size) > 0;
#endif
    if (REC_LIKELY(above_0))
        return true;
    rec_sample_left += (int64_t)size;
    return false;
}

/* The same for a block of any size, but that other hooks are kept out until
 * rec_leave(); NULL for false. */
REC_ALWAYS_INLINE struct rec_thread *pass_over_alone(size_t size)
{
    struct rec_thread *t = rec_self;

    if (REC_UNLIKELY(t == NULL || t->guard || size - 1 >= RAW_MAX ||
                     !is_passed_over(size)))
        return NULL;
    __atomic_store_n(&t->guard, 1, __ATOMIC_RELAXED);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    return t;
}

REC_ALWAYS_INLINE bool is_inside(void)
{
    return rec_self != NULL && rec_self->guard;
}

/* ---- slow ways ------------------------------------------------------------------ */

static COLD void *hit_malloc(unsigned domain, size_t size)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    struct rec_thread *t = rec_enter();
    void *p;

    if (t == NULL)
        return b->malloc(b->ctx, size);
    if (is_sampled(t, domain, size)) {
        b = home_of(domain, size);
        p = b->malloc(b->ctx, size);
        acquired(t, PMT_ALLOC_MALLOC, domain, p, size);
    } else {
        p = b->malloc(b->ctx, size);
    }
    rec_leave(t);
    return p;
}

static COLD void *hit_calloc(unsigned domain, size_t count, size_t size)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    uint64_t bytes = (uint64_t)count * size;
    struct rec_thread *t = rec_enter();
    void *p;

    if (t == NULL)
        return b->calloc(b->ctx, count, size);
    if (is_sampled(t, domain, bytes)) {
        b = home_of(domain, bytes);
        p = b->calloc(b->ctx, count, size);
        acquired(t, PMT_ALLOC_CALLOC, domain, p, bytes);
    } else {
        p = b->calloc(b->ctx, count, size);
    }
    rec_leave(t);
    return p;
}

/* A block that realloc gave and that is to be in the sample, where it must
 * lie; NULL: there is no room for it, and it stays where it is. */
static void *move_home(unsigned domain, void *p, size_t size)
{
    PyMemAllocatorEx *from = &rec_below[domain], *to = home_of(domain, size);
    void *moved;

    if (to == from)
        return p;
    moved = to->malloc(to->ctx, size);
    if (moved != NULL) {
        memcpy(moved, p, size);
        from->free(from->ctx, p);
    }
    return moved;
}

static COLD void *hit_realloc(unsigned domain, void *old, size_t size)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    struct rec_thread *t = rec_enter();
    struct rec_live_block block;
    void *p, *moved;
    bool known;

    if (t == NULL)
        return b->realloc(b->ctx, old, size);
    known = old != NULL && rec_live_maybe(&rec_blocks, old) &&
            rec_live_take(&rec_blocks, old, &block);
    if (known)
        rec_alloc_note(t, PMT_ALLOC_REALLOC_FREE, domain, old, 0,
                       rec_alloc_stack(t, domain));
    p = b->realloc(b->ctx, old, size);
    if (p == NULL && known) {
        rec_live_add(&rec_blocks, &block);
        rec_alloc_note(t, PMT_ALLOC_REALLOC_UNDO, domain, old, 0,
                       block.stack);
    }
    if (p != NULL && is_sampled(t, domain, size) &&
        (moved = move_home(domain, p, size)) != NULL) {
        p = moved;
        acquired(t, PMT_ALLOC_REALLOC, domain, p, size);
    }
    rec_leave(t);
    return p;
}

static COLD void hit_free(unsigned domain, void *p)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    struct rec_live_block block;
    struct rec_thread *t;

    if (p == NULL || !rec_live_maybe(&rec_blocks, p) ||
        (t = rec_enter()) == NULL) {
        b->free(b->ctx, p);
        return;
    }
    /* The domain of the block is that of its release, wherever this is
     * seen. */
    if (rec_live_take(&rec_blocks, p, &block))
        rec_alloc_note(t, PMT_ALLOC_FREE, block.domain, p, 0,
                       rec_alloc_stack(t, domain));
    b->free(b->ctx, p);
    rec_leave(t);
}

/* Of the mem and obj domains: blocks that raw may be asked for. */
static __attribute__((noinline)) void *large_malloc(unsigned domain,
                                                    size_t size)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    struct rec_thread *t = pass_over_alone(size);
    void *p;

    if (REC_UNLIKELY(t == NULL))
        return hit_malloc(domain, size);
    p = b->malloc(b->ctx, size);
    rec_leave(t);
    return p;
}

static __attribute__((noinline)) void *large_calloc(unsigned domain,
                                                    size_t count, size_t size)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    struct rec_thread *t = pass_over_alone(count * size);
    void *p;

    if (REC_UNLIKELY(t == NULL))
        return hit_calloc(domain, count, size);
    p = b->calloc(b->ctx, count, size);
    rec_leave(t);
    return p;
}

void rec_sampled_own(struct rec_thread *t, void *address, uint64_t size,
                     uint32_t stack)
{
    /* It is where it is: of a small one that lies in an arena the release
     * would not be seen. */
    if (rec_sampled_apart && size <= PYMALLOC_MAX)
        return;
    if (is_hit(t, size) && rec_wants_own(size))
        put(t, PMT_ALLOC_MALLOC, PMT_DOMAIN_MEM, address, size, stack);
}

/* ---- the hooks -------------------------------------------------------------------- */

REC_ALWAYS_INLINE void *do_malloc(unsigned domain, size_t size)
{
    PyMemAllocatorEx *b = &rec_below[domain];

    if (domain == PMT_DOMAIN_RAW) {
        if (is_inside() ||
            REC_LIKELY(rec_self != NULL && size - 1 < RAW_MAX &&
                       is_passed_over(size)))
            return b->malloc(b->ctx, size);
        return hit_malloc(domain, size);
    }
    if (REC_UNLIKELY(size - 1 >= PYMALLOC_MAX))
        return large_malloc(domain, size);
    if (REC_LIKELY(is_passed_over(size)))
        return b->malloc(b->ctx, size);
    return hit_malloc(domain, size);
}

/* CPython has refused a product of more than PY_SSIZE_T_MAX. */
REC_ALWAYS_INLINE void *do_calloc(unsigned domain, size_t count, size_t size)
{
    PyMemAllocatorEx *b = &rec_below[domain];

    if (domain == PMT_DOMAIN_RAW) {
        if (is_inside() ||
            REC_LIKELY(rec_self != NULL && count * size - 1 < RAW_MAX &&
                       is_passed_over(count * size)))
            return b->calloc(b->ctx, count, size);
        return hit_calloc(domain, count, size);
    }
    if (REC_UNLIKELY(count * size - 1 >= PYMALLOC_MAX))
        return large_calloc(domain, count, size);
    if (REC_LIKELY(is_passed_over(count * size)))
        return b->calloc(b->ctx, count, size);
    return hit_calloc(domain, count, size);
}

REC_ALWAYS_INLINE void *do_realloc(unsigned domain, void *old, size_t size)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    struct rec_thread *t;
    void *p;

    if (REC_UNLIKELY(rec_live_near(&rec_blocks, old)))
        return hit_realloc(domain, old, size);
    t = pass_over_alone(size);
    if (REC_UNLIKELY(t == NULL))
        return hit_realloc(domain, old, size);
    p = b->realloc(b->ctx, old, size);
    rec_leave(t);
    return p;
}

REC_ALWAYS_INLINE void do_free(unsigned domain, void *p)
{
    PyMemAllocatorEx *b = &rec_below[domain];

    if (REC_UNLIKELY(rec_live_near(&rec_blocks, p)))
        hit_free(domain, p);
    else
        b->free(b->ctx, p);
}

REC_ALLOC_HOOKS(rec_hooks_sampled)
