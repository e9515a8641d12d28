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
 */
#include "alloc.h"

#include "alloc-hooks.h"
#include "choice.h"

PyMemAllocatorEx rec_below[3];
static const PyMemAllocatorDomain domains[3] = {
    PYMEM_DOMAIN_RAW, PYMEM_DOMAIN_MEM, PYMEM_DOMAIN_OBJ};

_Static_assert((int)PYMEM_DOMAIN_RAW == PMT_DOMAIN_RAW &&
                   (int)PYMEM_DOMAIN_MEM == PMT_DOMAIN_MEM &&
                   (int)PYMEM_DOMAIN_OBJ == PMT_DOMAIN_OBJ,
               "the trace's domains are CPython's");

/* The variants that may be in, by how they are chosen. With the GIL. */
static const PyMemAllocatorEx *const variants[] = {
    rec_hooks_plain, rec_hooks_tracked, rec_hooks_sampled, rec_hooks_shield,
    rec_hooks_passing};
#define VARIANTS (sizeof variants / sizeof *variants)
static const PyMemAllocatorEx *chosen = rec_hooks_plain;

/* What was put in last in each domain; others may have put theirs above. */
static const PyMemAllocatorEx *put_in[3];

/* ---- hooks that record all ---------------------------------------------------- */

REC_ALWAYS_INLINE void *do_malloc(unsigned domain, size_t size)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    struct rec_thread *t = rec_enter();
    void *p;

    if (REC_UNLIKELY(t == NULL))
        return b->malloc(b->ctx, size);
    p = b->malloc(b->ctx, size);
    if (REC_LIKELY(p != NULL))
        rec_alloc_note(t, PMT_ALLOC_MALLOC, domain, p, size,
                       rec_alloc_stack(t, domain));
    rec_leave(t);
    return p;
}

REC_ALWAYS_INLINE void *do_calloc(unsigned domain, size_t count, size_t size)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    struct rec_thread *t = rec_enter();
    void *p;

    if (REC_UNLIKELY(t == NULL))
        return b->calloc(b->ctx, count, size);
    p = b->calloc(b->ctx, count, size);
    if (REC_LIKELY(p != NULL))
        rec_alloc_note(t, PMT_ALLOC_CALLOC, domain, p,
                       (uint64_t)count * size, rec_alloc_stack(t, domain));
    rec_leave(t);
    return p;
}

REC_ALWAYS_INLINE void *do_realloc(unsigned domain, void *old, size_t size)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    struct rec_thread *t = rec_enter();
    uint32_t stack;
    void *p;

    if (REC_UNLIKELY(t == NULL))
        return b->realloc(b->ctx, old, size);
    stack = rec_alloc_stack(t, domain);
    if (old != NULL)
        rec_alloc_note(t, PMT_ALLOC_REALLOC_FREE, domain, old, 0, stack);
    p = b->realloc(b->ctx, old, size);
    if (REC_LIKELY(p != NULL))
        rec_alloc_note(t, PMT_ALLOC_REALLOC, domain, p, size, stack);
    else if (old != NULL)
        rec_alloc_note(t, PMT_ALLOC_REALLOC_UNDO, domain, old, 0, stack);
    rec_leave(t);
    return p;
}

REC_ALWAYS_INLINE void do_free(unsigned domain, void *p)
{
    PyMemAllocatorEx *b = &rec_below[domain];
    struct rec_thread *t;

    if (p == NULL || (t = rec_enter()) == NULL) {
        b->free(b->ctx, p);
        return;
    }
    rec_alloc_note(t, PMT_ALLOC_FREE, domain, p, 0,
                   rec_alloc_stack(t, domain));
    b->free(b->ctx, p);
    rec_leave(t);
}

REC_ALLOC_HOOKS(rec_hooks_plain)

/* ---- in and out -------------------------------------------------------------- */

/* True when `a` is one of ours. */
static bool is_ours(const PyMemAllocatorEx *a, int i)
{
    for (size_t k = 0; k < VARIANTS; k++)
        if (a->malloc == variants[k][i].malloc)
            return true;
    return false;
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

/* The hooks for domain i, or NULL where it needs none. */
static const PyMemAllocatorEx *hooks_for(int i, bool floor)
{
    unsigned wanted = rec_wanted_domains();

    if (floor)
        return &rec_hooks_passing[i];
    if (wanted & 1u << i)
        return &chosen[i];
    return wanted & 1u << PMT_DOMAIN_RAW ? &rec_hooks_shield[i] : NULL;
}

static void choose_variant(void)
{
    rec_choose();
    if (rec_set.sample_bytes != 0)
        chosen = rec_hooks_sampled;
    else if (rec_wants_tracking() || !rec_wants_all_blocks())
        chosen = rec_hooks_tracked;
    else
        chosen = rec_hooks_plain;
}

/* With our hooks out where they can be. */
static bool sample_can_lie_apart(void)
{
    return rec_wanted_domains() == 7 && cpy_is_plain_pymalloc();
}

static void put(int i, const PyMemAllocatorEx *hooks)
{
    PyMemAllocatorEx ours;

    put_in[i] = hooks;
    if (hooks == NULL)
        return;
    PyMem_GetAllocator(domains[i], &rec_below[i]);
    ours = *hooks;
    ours.ctx = rec_below[i].ctx;
    if (hooks == &rec_hooks_sampled[i] && rec_sampled_apart &&
        domains[i] != PYMEM_DOMAIN_RAW)
        ours.free = rec_below[i].free;
    PyMem_SetAllocator(domains[i], &ours);
}

static void take_out(int i)
{
    PyMemAllocatorEx now;

    PyMem_GetAllocator(domains[i], &now);
    if (is_ours(&now, i))
        PyMem_SetAllocator(domains[i], &rec_below[i]);
}

int rec_alloc_install(bool floor)
{
    bool is_below[3];

    choose_variant();
    if (rec_set.sample_bytes != 0 && rec_wants_tracking() && !floor) {
        PyErr_SetString(PyExc_ValueError,
                        "sample_bytes leaves out blocks, so the live set "
                        "can't be tracked: no track and no mode snapshot");
        return -1;
    }
    for (int i = 0; i < 3; i++) {
        take_out(i);
        is_below[i] = is_reached(i);
        if (is_below[i] && put_in[i] != hooks_for(i, floor)) {
            PyErr_SetString(PyExc_RuntimeError,
                            "other allocator hooks were put in above those "
                            "of an earlier recording, which did other "
                            "things; these can't be replaced");
            return -1;
        }
    }
    rec_hot.allocs = !floor;
    /* Hooks that are still in go on with the free that they have. */
    if (!is_below[0] && !is_below[1] && !is_below[2])
        rec_sampled_apart = sample_can_lie_apart();
    for (int i = 0; i < 3; i++)
        if (!is_below[i])
            put(i, hooks_for(i, floor));
    return 0;
}

void rec_alloc_uninstall(void)
{
    rec_hot.allocs = false;
    for (int i = 0; i < 3; i++)
        take_out(i);
}

bool rec_alloc_is_called(void)
{
    unsigned wanted = rec_wanted_domains();
    PyMemAllocatorEx now;
    int i = wanted & 1 ? 0 : wanted & 2 ? 1 : 2;

    /* Others' hooks above ours are not called to see: they may want the GIL,
     * whose holder may wait for this thread. */
    PyMem_GetAllocator(domains[i], &now);
    return now.malloc != rec_below[i].malloc;
}

void rec_alloc_own(struct rec_thread *t, void *address, uint64_t size,
                   uint32_t stack)
{
    if (!rec_hot.allocs || !(rec_wanted_domains() & 1u << PMT_DOMAIN_MEM))
        return;
    if (chosen == rec_hooks_sampled)
        rec_sampled_own(t, address, size, stack);
    else if (chosen == rec_hooks_tracked)
        rec_tracked_own(t, address, size, stack);
    else
        rec_alloc_note(t, PMT_ALLOC_MALLOC, PMT_DOMAIN_MEM, address, size,
                       stack);
}

const struct rec_mode rec_mode_alloc = {
    .name = "alloc", .bit = REC_MODE_ALLOC, .install = rec_alloc_install,
    .uninstall = rec_alloc_uninstall, .is_called = rec_alloc_is_called};
