/*
 * tracked.c - allocator hooks that choose what to record and that keep the
 * live set (tracked.h). In what order things are done in a hook is told in
 * alloc.c.
 *
 * A block is looked up when it is released: what was not recorded is not
 * released in the trace either.
 */
#include "tracked.h"

#include "alloc-hooks.h"
#include "choice.h"

struct rec_live rec_blocks;

/* ---- begin and end ---------------------------------------------------------- */

static int start(void)
{
    bool hooks = rec_wants_records() || rec_wants_tracking();

    if (!hooks || (rec_wants_all_blocks() && !rec_wants_tracking()))
        return 0;
    return rec_live_start(&rec_blocks, !rec_wants_all_blocks(),
                          rec_wants_records());
}

static void stop(void)
{
    rec_live_stop(&rec_blocks);
}

static const struct rec_saved state[] = {REC_SAVED(rec_blocks), {NULL, 0}};

const struct rec_part rec_part_tracked = {.start = start, .stop = stop,
                                          .saved = state};

/* ---- what a hook does --------------------------------------------------------- */

static void note(struct rec_thread *t, unsigned op, unsigned domain,
                 const void *address, uint64_t size, uint32_t stack)
{
    uint64_t now;

    if (!rec_choice.records)
        return;
    now = rec_now();
    rec_put_gap(t, now, PMT_KIND_ALLOC, &t->skipped_allocs);
    rec_append_size(t, now,
                    pmt_raw_word(pmt_raw_alloc_tag(op, domain), address),
                    size, stack);
}

/* Puts a block into the table; where there is no room, its end would not be
 * known, so it is not recorded. */
static bool keep(struct rec_thread *t, unsigned domain, const void *address,
                 uint64_t size, uint32_t stack)
{
    const struct rec_live_block block = {
        .address = (uint64_t)(uintptr_t)address, .size = size,
        .stack = stack, .thread = t->id, .domain = domain};

    if (rec_live_add(&rec_blocks, &block))
        return true;
    pmt_journal_lose(&rec_journal, PMT_LOSS_MEMORY, 1);
    return false;
}

/* A block that is not wanted. What is known at its address is gone, though
 * its release was not seen. */
static void passed_over(struct rec_thread *t, const void *address)
{
    struct rec_live_block old;

    t->skipped_allocs++;
    if (rec_live_maybe(&rec_blocks, address))
        rec_live_take(&rec_blocks, address, &old);
}

static void acquired(struct rec_thread *t, unsigned op, unsigned domain,
                     const void *address, uint64_t size)
{
    PyThreadState *ts;
    uint32_t site = 0, stack;

    if (size < rec_choice.min || size > rec_choice.max) {
        passed_over(t, address);
        return;
    }
    ts = rec_alloc_thread(domain);
    if (rec_choice.files &&
        !rec_file_wanted(t, ts, domain != PMT_DOMAIN_RAW, &site)) {
        passed_over(t, address);
        return;
    }
    stack = rec_stack(t, ts, rec_hot.frames, domain != PMT_DOMAIN_RAW);
    if (keep(t, domain, address, size, stack))
        note(t, op, domain, address, size, stack);
}

/* Takes a block out of the table; false when it is not of those recorded. */
static inline bool released(struct rec_thread *t, const void *address,
                            struct rec_live_block *block)
{
    if ((!rec_blocks.use_bits || rec_live_maybe(&rec_blocks, address)) &&
        rec_live_take(&rec_blocks, address, block))
        return true;
    t->skipped_allocs++;
    return false;
}

REC_ALWAYS_INLINE void *do_malloc(unsigned domain, size_t size)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    struct rec_thread *t = rec_enter();
    void *p;

    p = b->malloc(b->ctx, size);
    if (REC_UNLIKELY(t == NULL))
        return p;
    if (REC_LIKELY(p != NULL))
        acquired(t, PMT_ALLOC_MALLOC, domain, p, size);
    rec_leave(t);
    return p;
}

REC_ALWAYS_INLINE void *do_calloc(unsigned domain, size_t count, size_t size)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    struct rec_thread *t = rec_enter();
    void *p;

    p = b->calloc(b->ctx, count, size);
    if (REC_UNLIKELY(t == NULL))
        return p;
    if (REC_LIKELY(p != NULL))
        acquired(t, PMT_ALLOC_CALLOC, domain, p, (uint64_t)count * size);
    rec_leave(t);
    return p;
}

static void *realloc_inside(struct rec_thread *t, unsigned domain, void *old,
                            size_t size)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    struct rec_live_block block;
    bool known = old != NULL && released(t, old, &block);
    void *p;

    if (known && rec_choice.records)
        note(t, PMT_ALLOC_REALLOC_FREE, domain, old, 0,
             rec_alloc_stack(t, domain));
    p = b->realloc(b->ctx, old, size);
    if (REC_LIKELY(p != NULL)) {
        acquired(t, PMT_ALLOC_REALLOC, domain, p, size);
    } else if (known) {
        rec_live_add(&rec_blocks, &block);
        note(t, PMT_ALLOC_REALLOC_UNDO, domain, old, 0, block.stack);
    }
    return p;
}

REC_ALWAYS_INLINE void *do_realloc(unsigned domain, void *old, size_t size)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    struct rec_thread *t = rec_enter();
    void *p;

    if (REC_UNLIKELY(t == NULL))
        return b->realloc(b->ctx, old, size);
    p = realloc_inside(t, domain, old, size);
    rec_leave(t);
    return p;
}

static void free_inside(struct rec_thread *t, unsigned domain, void *p)
{
    struct rec_live_block block;

    if (released(t, p, &block) && rec_choice.records)
        note(t, PMT_ALLOC_FREE, domain, p, 0, rec_alloc_stack(t, domain));
}

REC_ALWAYS_INLINE void do_free(unsigned domain, void *p)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    struct rec_thread *t;

    if (p == NULL || (t = rec_enter()) == NULL) {
        b->free(b->ctx, p);
        return;
    }
    free_inside(t, domain, p);
    b->free(b->ctx, p);
    rec_leave(t);
}

REC_ALLOC_HOOKS(rec_hooks_tracked)

void rec_tracked_own(struct rec_thread *t, void *address, uint64_t size,
                     uint32_t stack)
{
    if (!rec_wants_own(size))
        return;
    if (keep(t, PMT_DOMAIN_MEM, address, size, stack))
        note(t, PMT_ALLOC_MALLOC, PMT_DOMAIN_MEM, address, size, stack);
}
