/*
 * types.h - from a type object to a type id.
 *
 * Each type object has an id of its own, so that classes of one name stay
 * apart. Type objects die and their memory is used again: the object mode
 * sees both the death and the birth of every type object and makes the table
 * forget the address.
 */
#ifndef REC_TYPES_H
#define REC_TYPES_H

#include "cpython.h"
#include "parts.h"
#include "table.h"
#include "thread.h"

#define REC_TYPE_LIMIT (UINT32_C(1) << 20)

/* type object's address -> REC_TYPE_KNOWN, REC_TYPE_OF_TYPES, type id */
extern struct rec_map rec_type_cache;
#define REC_TYPE_KNOWN (UINT64_C(1) << 32)
#define REC_TYPE_OF_TYPES (UINT64_C(1) << 33) /* its instances are types */
#define REC_TYPE_UNWANTED (UINT64_C(1) << 35) /* by rec_set; has no id */
#define REC_TYPE_STALE (UINT64_C(1) << 34) /* not KNOWN: to be looked at */

/* Takes the lock. The type is alive. */
uint64_t rec_type_slow(PyTypeObject *type);

/* The value of rec_type_cache for a type that is alive; its low 32 bits are
 * the id, 0 where there is no room for it. */
static inline uint64_t rec_type(PyTypeObject *type)
{
    struct rec_pair *pair =
        rec_map_find(&rec_type_cache, (uint64_t)(uintptr_t)type);
    uint64_t value;

    if (REC_LIKELY(pair != NULL)) {
        value = __atomic_load_n(&pair->value, __ATOMIC_ACQUIRE);
        if (REC_LIKELY((value & REC_TYPE_KNOWN) != 0))
            return value;
    }
    return rec_type_slow(type);
}

/* The type object at this address is not the one that was there. */
void rec_type_forget(const void *type);

extern const struct rec_part rec_part_types;

#endif
