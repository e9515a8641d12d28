/*
 * alloc.c - the mode `alloc` (alloc.h).
 *
 * What is recorded when:
 *   malloc, calloc   after the real call, if it gave memory
 *   free             before the real call, so that no other thread can be
 *                    given the address and record it first
 *   realloc          REALLOC_FREE before, REALLOC after; REALLOC_UNDO after
 *                    when the real call failed
 * A call made inside another one (a request over 512 bytes is passed on to
 * the raw domain) is part of that one: rec_enter() refuses it.
 *
 * The context of a hook is the context of the hook below it and is not used:
 * PyMem_SetAllocator() is not atomic, and a thread without the GIL that meets
 * half of the change calls either function with what both can take.
 */
#include "alloc.h"

#include "cpython.h"
#include "pmt/record.h"
#include "stacks.h"
#include "thread.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* What is below our hooks, by domain. Written with the GIL before the hooks
 * of the domain are put in. */
static PyMemAllocatorEx below[3];
static const PyMemAllocatorDomain domains[3] = {
    PYMEM_DOMAIN_RAW, PYMEM_DOMAIN_MEM, PYMEM_DOMAIN_OBJ};

_Static_assert((int)PYMEM_DOMAIN_RAW == PMT_DOMAIN_RAW &&
                   (int)PYMEM_DOMAIN_MEM == PMT_DOMAIN_MEM &&
                   (int)PYMEM_DOMAIN_OBJ == PMT_DOMAIN_OBJ,
               "the trace's domains are CPython's");

/* ---- what a hook does ---------------------------------------------------- */

/* The id of the calling thread's stack. The raw domain is called with and
 * without the GIL. */
ALWAYS_INLINE uint32_t stack_now(struct rec_thread *t, unsigned domain)
{
    unsigned frames = rec_hot.frames;

    if (frames == 0)
        return 0;
    return rec_stack(t,
                     domain == PMT_DOMAIN_RAW ? cpy_thread_any()
                                              : cpy_thread_holding(),
                     frames, domain != PMT_DOMAIN_RAW);
}

ALWAYS_INLINE void note(struct rec_thread *t, unsigned op, unsigned domain,
                        const void *address, uint64_t size, uint32_t stack)
{
    rec_append_size(t, rec_now(),
                    pmt_raw_word(pmt_raw_alloc_tag(op, domain), address),
                    size, stack);
}

ALWAYS_INLINE void *do_malloc(unsigned domain, size_t size)
{
    PyMemAllocatorEx *b = &below[domain];
    struct rec_thread *t = rec_enter();
    void *p;

    if (REC_UNLIKELY(t == NULL))
        return b->malloc(b->ctx, size);
    p = b->malloc(b->ctx, size);
    if (REC_LIKELY(p != NULL))
        note(t, PMT_ALLOC_MALLOC, domain, p, size, stack_now(t, domain));
    rec_leave(t);
    return p;
}

ALWAYS_INLINE void *do_calloc(unsigned domain, size_t count, size_t size)
{
    PyMemAllocatorEx *b = &below[domain];
    struct rec_thread *t = rec_enter();
    void *p;

    if (REC_UNLIKELY(t == NULL))
        return b->calloc(b->ctx, count, size);
    p = b->calloc(b->ctx, count, size);
    if (REC_LIKELY(p != NULL))
        note(t, PMT_ALLOC_CALLOC, domain, p, (uint64_t)count * size,
             stack_now(t, domain));
    rec_leave(t);
    return p;
}

ALWAYS_INLINE void *do_realloc(unsigned domain, void *old, size_t size)
{
    PyMemAllocatorEx *b = &below[domain];
    struct rec_thread *t = rec_enter();
    uint32_t stack;
    void *p;

    if (REC_UNLIKELY(t == NULL))
        return b->realloc(b->ctx, old, size);
    stack = stack_now(t, domain);
    if (old != NULL)
        note(t, PMT_ALLOC_REALLOC_FREE, domain, old, 0, stack);
    p = b->realloc(b->ctx, old, size);
    if (REC_LIKELY(p != NULL))
        note(t, PMT_ALLOC_REALLOC, domain, p, size, stack);
    else if (old != NULL)
        note(t, PMT_ALLOC_REALLOC_UNDO, domain, old, 0, stack);
    rec_leave(t);
    return p;
}

ALWAYS_INLINE void do_free(unsigned domain, void *p)
{
    PyMemAllocatorEx *b = &below[domain];
    struct rec_thread *t;

    if (p == NULL || (t = rec_enter()) == NULL) {
        b->free(b->ctx, p);
        return;
    }
    note(t, PMT_ALLOC_FREE, domain, p, 0, stack_now(t, domain));
    b->free(b->ctx, p);
    rec_leave(t);
}

/* ---- the hooks of each domain ---------------------------------------------- */

#define HOOKS(name, domain)                                                   \
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
    }                                                                         \
    /* The floor: what any hook costs. */                                     \
    static void *name##_pass_malloc(void *ctx, size_t size)                   \
    {                                                                         \
        (void)ctx;                                                            \
        return below[domain].malloc(below[domain].ctx, size);                 \
    }                                                                         \
    static void *name##_pass_calloc(void *ctx, size_t count, size_t size)     \
    {                                                                         \
        (void)ctx;                                                            \
        return below[domain].calloc(below[domain].ctx, count, size);          \
    }                                                                         \
    static void *name##_pass_realloc(void *ctx, void *p, size_t size)         \
    {                                                                         \
        (void)ctx;                                                            \
        return below[domain].realloc(below[domain].ctx, p, size);             \
    }                                                                         \
    static void name##_pass_free(void *ctx, void *p)                          \
    {                                                                         \
        (void)ctx;                                                            \
        below[domain].free(below[domain].ctx, p);                             \
    }

HOOKS(raw, PMT_DOMAIN_RAW)
HOOKS(mem, PMT_DOMAIN_MEM)
HOOKS(obj, PMT_DOMAIN_OBJ)

static const PyMemAllocatorEx hooks[3] = {
    {NULL, raw_malloc, raw_calloc, raw_realloc, raw_free},
    {NULL, mem_malloc, mem_calloc, mem_realloc, mem_free},
    {NULL, obj_malloc, obj_calloc, obj_realloc, obj_free}};

static const PyMemAllocatorEx passing_hooks[3] = {
    {NULL, raw_pass_malloc, raw_pass_calloc, raw_pass_realloc, raw_pass_free},
    {NULL, mem_pass_malloc, mem_pass_calloc, mem_pass_realloc, mem_pass_free},
    {NULL, obj_pass_malloc, obj_pass_calloc, obj_pass_realloc,
     obj_pass_free}};

/* ---- in and out -------------------------------------------------------------- */

/* True when `a` is one of ours. */
static bool is_ours(const PyMemAllocatorEx *a, int i)
{
    return a->malloc == hooks[i].malloc || a->malloc == passing_hooks[i].malloc;
}

/* Makes a call in domain i, to see whether it comes by here. */
static bool is_reached(int i)
{
    struct rec_thread *self = rec_probe_begin();

    switch (domains[i]) {
    case PYMEM_DOMAIN_RAW:
        PyMem_RawFree(PyMem_RawMalloc(1));
        break;
    case PYMEM_DOMAIN_MEM:
        PyMem_Free(PyMem_Malloc(1));
        break;
    case PYMEM_DOMAIN_OBJ:
        PyObject_Free(PyObject_Malloc(1));
        break;
    }
    return rec_probe_end(self);
}

static int install(bool floor)
{
    rec_hot.allocs = !floor;
    for (int i = 0; i < 3; i++) {
        PyMemAllocatorEx now;

        PyMem_GetAllocator(domains[i], &now);
        if (is_ours(&now, i) || is_reached(i))
            continue;
        below[i] = now;
        now = floor ? passing_hooks[i] : hooks[i];
        now.ctx = below[i].ctx;
        PyMem_SetAllocator(domains[i], &now);
    }
    return 0;
}

static void uninstall(void)
{
    rec_hot.allocs = false;
    for (int i = 0; i < 3; i++) {
        PyMemAllocatorEx now;

        PyMem_GetAllocator(domains[i], &now);
        if (is_ours(&now, i))
            PyMem_SetAllocator(domains[i], &below[i]);
    }
}

static bool is_called(void)
{
    PyMemAllocatorEx now;

    /* Others' hooks above ours are not called to see: they may want the GIL,
     * whose holder may wait for this thread. */
    PyMem_GetAllocator(PYMEM_DOMAIN_RAW, &now);
    return now.malloc != below[0].malloc;
}

const struct rec_mode rec_mode_alloc = {
    .name = "alloc", .bit = REC_MODE_ALLOC, .install = install,
    .uninstall = uninstall, .is_called = is_called};
