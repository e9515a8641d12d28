/*
 * alloc-passing.c - allocator hooks that do nothing: what any hook costs, to
 * be measured.
 */
#include "alloc-hooks.h"

REC_ALWAYS_INLINE void *do_malloc(unsigned domain, size_t size)
{
    return rec_below[domain].malloc(rec_below[domain].ctx, size);
}

REC_ALWAYS_INLINE void *do_calloc(unsigned domain, size_t count, size_t size)
{
    return rec_below[domain].calloc(rec_below[domain].ctx, count, size);
}

REC_ALWAYS_INLINE void *do_realloc(unsigned domain, void *p, size_t size)
{
    return rec_below[domain].realloc(rec_below[domain].ctx, p, size);
}

REC_ALWAYS_INLINE void do_free(unsigned domain, void *p)
{
    rec_below[domain].free(rec_below[domain].ctx, p);
}

REC_ALLOC_HOOKS(rec_hooks_passing)
