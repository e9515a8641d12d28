/*
 * types.c - the ids of types (types.h).
 */
#include "types.h"

#include "define.h"

struct rec_map rec_type_cache;

/* Guarded by rec_lock. */
static uint32_t type_count;
static char name_text[REC_TEXT_MAX];

int rec_types_start(void)
{
    rec_types_stop();
    return rec_map_init(&rec_type_cache, 2 * REC_TYPE_LIMIT, true, false);
}

void rec_types_stop(void)
{
    type_count = 0;
    if (rec_type_cache.now != NULL)
        rec_map_release(&rec_type_cache);
}

void rec_types_count(struct rec_stats *stats)
{
    stats->types = type_count;
}

uint64_t rec_type_slow(PyTypeObject *type)
{
    uint64_t value = REC_TYPE_KNOWN;
    size_t bytes;

    rec_lock();
    bytes = cpy_type_name(type, name_text, sizeof name_text);
    if (type_count < REC_TYPE_LIMIT &&
        rec_define_type(type_count + 1, name_text, bytes,
                        (uint32_t)type->tp_basicsize,
                        (uint32_t)type->tp_itemsize) == 0)
        value |= ++type_count;
    if (PyType_HasFeature(type, Py_TPFLAGS_TYPE_SUBCLASS))
        value |= REC_TYPE_OF_TYPES;
    if ((uint32_t)value != 0 || type_count >= REC_TYPE_LIMIT)
        rec_map_put(&rec_type_cache, (uint64_t)(uintptr_t)type, value);
    rec_unlock();
    return value;
}

void rec_type_forget(const void *type)
{
    struct rec_pair *pair =
        rec_map_find(&rec_type_cache, (uint64_t)(uintptr_t)type);

    if (pair == NULL || __atomic_load_n(&pair->value, __ATOMIC_RELAXED) == 0)
        return;
    rec_lock();
    pair = rec_map_find(&rec_type_cache, (uint64_t)(uintptr_t)type);
    __atomic_store_n(&pair->value, 0, __ATOMIC_RELEASE);
    rec_unlock();
}
