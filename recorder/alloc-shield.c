/*
 * alloc-shield.c - allocator hooks for a domain that is not wanted but lies
 * above the raw domain, which is. A request over 512 bytes is passed on to
 * the raw domain; it is part of the call above, so the raw hook must not take
 * it for a call of its own.
 */
#include "alloc-hooks.h"

REC_ALWAYS_INLINE void *do_malloc(unsigned domain, size_t size)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    struct rec_thread *t = rec_enter();
    void *p = b->malloc(b->ctx, size);

    if (t != NULL)
        rec_leave(t);
    return p;
}

REC_ALWAYS_INLINE void *do_calloc(unsigned domain, size_t count, size_t size)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    struct rec_thread *t = rec_enter();
    void *p = b->calloc(b->ctx, count, size);

    if (t != NULL)
        rec_leave(t);
    return p;
}

REC_ALWAYS_INLINE void *do_realloc(unsigned domain, void *old, size_t size)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    struct rec_thread *t = rec_enter();
    void *p = b->realloc(b->ctx, old, size);

    if (t != NULL)
        rec_leave(t);
    return p;
}

REC_ALWAYS_INLINE void do_free(unsigned domain, void *p)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    struct rec_thread *t = rec_enter();

    b->free(b->ctx, p);
    if (t != NULL)
        rec_leave(t);
}

REC_ALLOC_HOOKS(rec_hooks_shield)
