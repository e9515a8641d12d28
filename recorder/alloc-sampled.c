/*
 * alloc-sampled.c - allocator hooks that record a sample of the blocks
 * (sampling.h), and the release of each block of the sample.
 *
 * Nearly all calls are of blocks that are not in it, so a hook first finds
 * out in a few instructions whether it is one of these, and then jumps to the
 * function below. rec_enter() comes after that: neither a countdown nor a
 * look at the bits of rec_blocks is anything that a recording which ends
 * could take away.
 *
 * A request over 512 bytes is passed on to the raw domain. The outer hook
 * lets rec_enter() keep others out for such sizes; for smaller ones it does
 * not, and the few raw blocks that pymalloc takes for its own tables then
 * count as what they are.
 */
#include "alloc-hooks.h"
#include "choice.h"
#include "sampling.h"
#include "tracked.h"

#define PYMALLOC_MAX 512u /* CPython: SMALL_REQUEST_THRESHOLD */
#define RAW_MAX ((size_t)INT64_MAX)

/* ---- blocks of the sample ------------------------------------------------------ */

static bool is_hit(struct rec_thread *t, uint64_t size)
{
    if (t->sample_state == 0)
        t->sample_state = rec_finish(rec_mix(rec_now(), (uintptr_t)t));
    return rec_sample_is_hit(&t->sample_left, &t->sample_state,
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

static void acquired(struct rec_thread *t, unsigned op, unsigned domain,
                     const void *p, uint64_t size)
{
    if (p != NULL && is_hit(t, size) && is_wanted(t, domain, size))
        put(t, op, domain, p, size, rec_alloc_stack(t, domain));
}

static __attribute__((noinline)) void *slow_malloc(unsigned domain,
                                                   size_t size)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    struct rec_thread *t = rec_enter();
    void *p = b->malloc(b->ctx, size);

    if (t == NULL)
        return p;
    acquired(t, PMT_ALLOC_MALLOC, domain, p, size);
    rec_leave(t);
    return p;
}

static __attribute__((noinline)) void *slow_calloc(unsigned domain,
                                                   size_t count, size_t size)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    struct rec_thread *t = rec_enter();
    void *p = b->calloc(b->ctx, count, size);

    if (t == NULL)
        return p;
    acquired(t, PMT_ALLOC_CALLOC, domain, p, (uint64_t)count * size);
    rec_leave(t);
    return p;
}

static __attribute__((noinline)) void slow_free(unsigned domain, void *p)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    struct rec_live_block block;
    struct rec_thread *t;

    if (p == NULL || (t = rec_enter()) == NULL) {
        b->free(b->ctx, p);
        return;
    }
    if (rec_live_take(&rec_blocks, p, &block))
        rec_alloc_note(t, PMT_ALLOC_FREE, domain, p, 0,
                       rec_alloc_stack(t, domain));
    b->free(b->ctx, p);
    rec_leave(t);
}

void rec_sampled_own(struct rec_thread *t, void *address, uint64_t size,
                     uint32_t stack)
{
    if (is_hit(t, size) && rec_wants_own(size))
        put(t, PMT_ALLOC_MALLOC, PMT_DOMAIN_MEM, address, size, stack);
}

/* ---- the hooks -------------------------------------------------------------------- */

/* True when a block of `size` bytes is not in the sample, which was counted
 * down then; false when it may be. */
REC_ALWAYS_INLINE bool is_passed_over(unsigned domain, size_t size)
{
    const size_t most = domain == PMT_DOMAIN_RAW ? RAW_MAX : PYMALLOC_MAX;
    struct rec_thread *t = rec_self;
    int64_t left;

    if (REC_UNLIKELY(t == NULL || size - 1 >= most))
        return false;
    if (domain == PMT_DOMAIN_RAW && REC_UNLIKELY(t->guard))
        return false;
    left = t->sample_left - (int64_t)size;
    if (REC_UNLIKELY(left <= 0))
        return false;
    t->sample_left = left;
    return true;
}

REC_ALWAYS_INLINE void *do_malloc(unsigned domain, size_t size)
{
    PyMemAllocatorEx *b = &rec_below[domain];

    if (REC_LIKELY(is_passed_over(domain, size)))
        return b->malloc(b->ctx, size);
    return slow_malloc(domain, size);
}

REC_ALWAYS_INLINE void *do_calloc(unsigned domain, size_t count, size_t size)
{
    PyMemAllocatorEx *b = &rec_below[domain];

    if (REC_LIKELY(is_passed_over(domain, count * size)))
        return b->calloc(b->ctx, count, size);
    return slow_calloc(domain, count, size);
}

/* It may pass a small request on to the raw domain: the old block may be a
 * large one. */
REC_ALWAYS_INLINE void *do_realloc(unsigned domain, void *old, size_t size)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    struct rec_thread *t = rec_enter();
    struct rec_live_block block;
    bool known;
    void *p;

    if (REC_UNLIKELY(t == NULL))
        return b->realloc(b->ctx, old, size);
    known = REC_UNLIKELY(rec_live_maybe(&rec_blocks, old)) && old != NULL &&
            rec_live_take(&rec_blocks, old, &block);
    if (REC_UNLIKELY(known))
        rec_alloc_note(t, PMT_ALLOC_REALLOC_FREE, domain, old, 0,
                       rec_alloc_stack(t, domain));
    p = b->realloc(b->ctx, old, size);
    if (REC_UNLIKELY(p == NULL && known)) {
        rec_live_add(&rec_blocks, &block);
        rec_alloc_note(t, PMT_ALLOC_REALLOC_UNDO, domain, old, 0,
                       block.stack);
    }
    acquired(t, PMT_ALLOC_REALLOC, domain, p, size);
    rec_leave(t);
    return p;
}

REC_ALWAYS_INLINE void do_free(unsigned domain, void *p)
{
    PyMemAllocatorEx *b = &rec_below[domain];

    if (REC_UNLIKELY(rec_live_maybe(&rec_blocks, p)))
        slow_free(domain, p);
    else
        b->free(b->ctx, p);
}

REC_ALLOC_HOOKS(rec_hooks_sampled)
