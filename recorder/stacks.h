/*
 * stacks.h - from the frames of a thread to the id of a stack.
 *
 * The hot path hashes where each frame is (cpy_frame_key) and looks the hash
 * up in a table that needs no lock. What is found was made from the same
 * addresses, so it is right as long as no code object has died since it was
 * last verified: `rec_hot.deaths` counts the deaths of code objects that were
 * ever seen, and each entry holds the count at which it was verified. With
 * another count, or nothing found, rec_stack_slow() looks at the code objects
 * themselves under the lock.
 *
 * Two stacks with one 64-bit hash would be taken for the same; with a million
 * stacks the odds are about 1 to 40 million.
 */
#ifndef REC_STACKS_H
#define REC_STACKS_H

#include "cpython.h"
#include "label.h"
#include "parts.h"
#include "table.h"
#include "thread.h"

/* Ids above these are not given out: the key of a stack is one 64-bit
 * number, 22 bits of parent, 20 of code and 22 of line. */
#define REC_STACK_LIMIT ((UINT32_C(1) << 22) - 1)
#define REC_CODE_LIMIT ((UINT32_C(1) << 20) - 1)
#define REC_LINE_LIMIT ((UINT32_C(1) << 22) - 1)

/* hash -> deaths << 32 | stack id */
extern struct rec_map rec_stack_cache;

/* The id for the top `limit` frames of `ts`, which is the calling thread's;
 * `hash` is theirs. Takes the lock. 0 where the stack can't be kept. */
uint32_t rec_stack_slow(struct rec_thread *t, const PyThreadState *ts,
                        unsigned limit, uint64_t hash, bool may_call);

/* The hash of the top `limit` frames and of the label around them; 0 when
 * there are none. */
static inline uint64_t rec_stack_hash(const PyThreadState *ts,
                                      unsigned limit, uint32_t label)
{
    const cpy_frame *f = cpy_frame_top(ts);
    uint64_t hash = label * UINT64_C(0x9e3779b97f4a7c15);

    for (; f != NULL; f = cpy_frame_previous(f)) {
        if (REC_UNLIKELY(cpy_frame_is_shim(f)))
            continue;
        hash = rec_mix(hash, cpy_frame_key(f));
        if (--limit == 0)
            break;
    }
    return hash;
}

/* The stack id of the top `limit` frames of the calling thread, whose state
 * is `ts` or NULL; 0 when it has none or `limit` is 0. may_call: Python's
 * allocators may be called. Not from the raw domain: tracemalloc calls that
 * with its own lock held, and would wait for itself. */
static inline uint32_t rec_stack(struct rec_thread *t,
                                 const PyThreadState *ts, unsigned limit,
                                 bool may_call)
{
    struct rec_pair *pair;
    uint64_t hash, value;

    if (REC_UNLIKELY(ts == NULL || limit == 0))
        return 0;
    hash = rec_stack_hash(ts, limit, rec_label(t, ts));
    if (REC_UNLIKELY(hash == 0))
        return 0;
    pair = rec_map_find(&rec_stack_cache, hash);
    if (REC_LIKELY(pair != NULL)) {
        value = __atomic_load_n(&pair->value, __ATOMIC_ACQUIRE);
        if (REC_LIKELY(value >> 32 ==
                       __atomic_load_n(&rec_hot.deaths, __ATOMIC_RELAXED)))
            return (uint32_t)value;
    }
    return rec_stack_slow(t, ts, limit, hash, may_call);
}

/*
 * The stack of one site alone: a code object and a place in it, as in
 * event-class.h. *watched: the code object's death will be noticed. Takes the
 * lock; with the GIL. 0 where it can't be kept.
 */
uint32_t rec_stack_site(struct rec_thread *t, PyCodeObject *code,
                        bool by_line, uint32_t place, bool *watched);

/* The stack of a label, or 0. With rec_lock. */
uint32_t rec_stack_label(uint32_t parent, const char *text, size_t bytes);

/* The stack of a frame of which nothing else is known, called by that of
 * `parent`, or 0. With rec_lock. */
uint32_t rec_stack_named(uint32_t parent, const char *file,
                         size_t file_bytes, uint32_t line);

extern const struct rec_part rec_part_stacks;

/* To be given to cpy_watch_start(). */
void rec_stacks_code_died(const void *code);

#endif
