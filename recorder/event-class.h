/*
 * event-class.h - from where a call or line event happens to the number of
 * its class.
 *
 * A class says what happened, at which site, and which C function it was
 * about; a record names its class and nothing more. The hot path looks up a
 * number made of the code object's address, a place in it, what happened and
 * the definition of the C function. An entry counts as long as its code
 * object lives: when one dies, all entries made for it are emptied.
 *
 * All of it is for holders of the GIL of the one interpreter whose events
 * are recorded: that is why no other check is needed.
 */
#ifndef REC_EVENT_CLASS_H
#define REC_EVENT_CLASS_H

#include "cpython.h"
#include "parts.h"
#include "table.h"
#include "thread.h"

#define REC_CLASS_LIMIT (UINT32_C(1) << 22)

/* key -> REC_CLASS_KNOWN | number; number 0: by the filters, an event that
 * is not recorded. */
extern struct rec_map rec_class_map;
#define REC_CLASS_KNOWN (UINT64_C(1) << 32)

/* Where and what. */
struct rec_event {
    unsigned kind;            /* enum pmt_kind: call or line */
    unsigned what;            /* spec 7.3; below 16 */
    PyCodeObject *code;
    uint32_t place;           /* byte offset of the instruction, plus 1; with
                               * by_line, the line */
    bool by_line;
    PyObject *callable;       /* the C function, or NULL */
};

/* Never 0 but with odds of 2^-64. */
static inline uint64_t rec_class_key(const struct rec_event *e,
                                     const PyMethodDef *definition)
{
    uint64_t key = (uint64_t)e->place << 6 | (uint64_t)(e->kind & 1) << 5 |
                   (uint64_t)e->by_line << 4 | e->what;

    key *= UINT64_C(0x9e3779b97f4a7c15);
    key += (uint64_t)(uintptr_t)e->code;
    key += (uint64_t)(uintptr_t)definition * UINT64_C(0xd6e8feb86659fd93);
    return key * UINT64_C(0x9fb21c651e98df25);
}

/* Takes the lock. 0: the class could not be defined, the event is lost. */
uint64_t rec_class_slow(struct rec_thread *t, const struct rec_event *e,
                        uint64_t key);

/* The value of rec_class_map. */
static inline uint64_t rec_class(struct rec_thread *t,
                                 const struct rec_event *e)
{
    PyMethodDef *definition =
        e->callable != NULL ? cpy_definition(e->callable) : NULL;
    uint64_t key = rec_class_key(e, definition);
    struct rec_pair *pair;

    if (REC_UNLIKELY(definition != NULL &&
                     definition == cpy_definition_of_new))
        key += (uint64_t)(uintptr_t)((PyCFunctionObject *)e->callable)->m_self;
    pair = rec_map_find(&rec_class_map, key);
    if (REC_LIKELY(pair != NULL && pair->value != 0))
        return pair->value;
    return rec_class_slow(t, e, key);
}

/* Whether an event like this, without a C function, was met before. Inside a
 * hook (rec_enter()). */
static inline bool rec_class_is_known(const struct rec_event *e)
{
    struct rec_pair *pair =
        rec_map_find(&rec_class_map, rec_class_key(e, NULL));

    return pair != NULL && pair->value != 0;
}

/* A code object that was interned dies. With the lock and the GIL. */
void rec_class_code_died(const void *code);

extern const struct rec_part rec_part_classes;

#endif
