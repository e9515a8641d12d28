/*
 * alloc-hooks.h - what the allocator hooks of all variants share.
 *
 * A variant is a file that has the functions do_malloc(), do_calloc(),
 * do_realloc() and do_free(), always inlined, each with the domain as its
 * first argument, and makes the hooks of the three domains of them by
 * REC_ALLOC_HOOKS.
 *
 * The context of a hook is the context of the hook below it and is not used:
 * PyMem_SetAllocator() is not atomic, and a thread without the GIL that meets
 * half of the change calls either function with what both can take.
 */
#ifndef REC_ALLOC_HOOKS_H
#define REC_ALLOC_HOOKS_H

#include "cpython.h"
#include "pmt/record.h"
#include "stacks.h"
#include "thread.h"

#define REC_ALWAYS_INLINE static inline __attribute__((always_inline))

/* What is below our hooks, by domain. Written with the GIL before the hooks
 * of the domain are put in. */
extern PyMemAllocatorEx rec_below[3]
    __attribute__((visibility("hidden")));

/* The hooks of the variants, by domain. */
extern const PyMemAllocatorEx rec_hooks_plain[3];    /* alloc.c */
extern const PyMemAllocatorEx rec_hooks_passing[3];  /* alloc-passing.c */
extern const PyMemAllocatorEx rec_hooks_shield[3];   /* alloc-shield.c */
extern const PyMemAllocatorEx rec_hooks_tracked[3];  /* tracked.c */
extern const PyMemAllocatorEx rec_hooks_sampled[3];  /* alloc-sampled.c */

/* Whether small blocks of a sample of the domains mem and obj are taken from
 * the raw domain, and these domains have no hook for free (alloc-sampled.c).
 * Written with the GIL before hooks are put in. */
extern bool rec_sampled_apart __attribute__((visibility("hidden")));

/* The calling thread's state. The raw domain is called with and without the
 * GIL. */
REC_ALWAYS_INLINE PyThreadState *rec_alloc_thread(unsigned domain)
{
    return domain == PMT_DOMAIN_RAW ? cpy_thread_any()
                                    : cpy_thread_holding();
}

/* The id of the calling thread's stack. */
REC_ALWAYS_INLINE uint32_t rec_alloc_stack(struct rec_thread *t,
                                           unsigned domain)
{
    unsigned frames = rec_hot.frames;

    if (frames == 0)
        return 0;
    return rec_stack(t, rec_alloc_thread(domain), frames,
                     domain != PMT_DOMAIN_RAW);
}

REC_ALWAYS_INLINE void rec_alloc_note(struct rec_thread *t, unsigned op,
                                      unsigned domain, const void *address,
                                      uint64_t size, uint32_t stack)
{
    rec_append_size(t, rec_now(),
                    pmt_raw_word(pmt_raw_alloc_tag(op, domain), address),
                    size, stack);
}

/* The recorder itself took a block of the mem domain that the program will
 * free: what tracked.c and alloc-sampled.c do with it. Inside a hook. */
void rec_tracked_own(struct rec_thread *t, void *address, uint64_t size,
                     uint32_t stack);
void rec_sampled_own(struct rec_thread *t, void *address, uint64_t size,
                     uint32_t stack);

#define REC_ALLOC_HOOKS_OF(name, domain)                                      \
    static void *name##_malloc(void *ctx, size_t size)                        \
    {                                                                         \
        (void)ctx;                                                            \
        return do_malloc(domain, size);                                       \
    }                                                                         \
    static void *name##_calloc(void *ctx, size_t count, size_t size)          \
    {                                                                         \
        (void)ctx;                                                            \
        return do_calloc(domain, count, size);                                \
    }                                                                         \
    static void *name##_realloc(void *ctx, void *p, size_t size)              \
    {                                                                         \
        (void)ctx;                                                            \
        return do_realloc(domain, p, size);                                   \
    }                                                                         \
    static void name##_free(void *ctx, void *p)                               \
    {                                                                         \
        (void)ctx;                                                            \
        do_free(domain, p);                                                   \
    }

#define REC_ALLOC_HOOKS(variant)                                              \
    REC_ALLOC_HOOKS_OF(raw, PMT_DOMAIN_RAW)                                   \
    REC_ALLOC_HOOKS_OF(mem, PMT_DOMAIN_MEM)                                   \
    REC_ALLOC_HOOKS_OF(obj, PMT_DOMAIN_OBJ)                                   \
    const PyMemAllocatorEx variant[3] = {                                     \
        {NULL, raw_malloc, raw_calloc, raw_realloc, raw_free},                \
        {NULL, mem_malloc, mem_calloc, mem_realloc, mem_free},                \
        {NULL, obj_malloc, obj_calloc, obj_realloc, obj_free}};

#endif
