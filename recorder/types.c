/*
 * types.c - the ids of types (types.h).
 */
#include "types.h"

#include <string.h>

#include "define.h"
#include "filter.h"
#include "names.h"

struct rec_map rec_type_cache;

/* Guarded by rec_lock. */
static uint32_t type_count;
static struct rec_map hashes;   /* id -> hash of name and sizes */
static char name_text[REC_TEXT_MAX];

/* ---- begin and end ---------------------------------------------------------- */

static int start(void)
{
    if (rec_map_init(&rec_type_cache, 2 * REC_TYPE_LIMIT, true, false) != 0)
        return -1;
    return rec_map_init(&hashes, REC_TYPE_LIMIT, false, false);
}

static void stop(void)
{
    type_count = 0;
    if (rec_type_cache.now != NULL)
        rec_map_release(&rec_type_cache);
    rec_map_release(&hashes);
}

static void count(struct rec_stats *stats)
{
    stats->types = type_count;
}

/* Types may have died unseen, and others come to be at their addresses. */
static void resumed(bool inner)
{
    struct rec_pairs *p = rec_type_cache.now;

    (void)inner;
    for (size_t i = 0; i <= p->mask; i++) {
        uint64_t value = __atomic_load_n(&p->pairs[i].value,
                                         __ATOMIC_RELAXED);

        if (value & REC_TYPE_KNOWN)
            __atomic_store_n(&p->pairs[i].value,
                             REC_TYPE_STALE | (uint32_t)value,
                             __ATOMIC_RELEASE);
    }
}

static const struct rec_saved state[] = {
    REC_SAVED(rec_type_cache), REC_SAVED(type_count), REC_SAVED(hashes),
    {NULL, 0}};

const struct rec_part rec_part_types = {.start = start, .stop = stop,
                                        .count = count, .resumed = resumed,
                                        .saved = state};

/* ---- ids ----------------------------------------------------------------------- */

/* The id that the type at this address had before a pause, if it still looks
 * the same; else 0. */
static uint32_t id_before(PyTypeObject *type, uint64_t hash)
{
    struct rec_pair *pair =
        rec_map_find(&rec_type_cache, (uint64_t)(uintptr_t)type);
    uint32_t id;

    if (pair == NULL || !(pair->value & REC_TYPE_STALE))
        return 0;
    id = (uint32_t)pair->value;
    pair = id != 0 ? rec_map_find(&hashes, id) : NULL;
    return pair != NULL && pair->value == hash ? id : 0;
}

static uint32_t new_id(PyTypeObject *type, size_t bytes, uint64_t hash)
{
    if (type_count >= REC_TYPE_LIMIT ||
        rec_define_type(type_count + 1, name_text, bytes,
                        (uint32_t)type->tp_basicsize,
                        (uint32_t)type->tp_itemsize) != 0)
        return 0;
    rec_map_put(&hashes, ++type_count, hash);
    rec_name_type(type_count, name_text, bytes);
    return type_count;
}

/* Whether the filters want the type whose name is in name_text. Names of the
 * module builtins have no dot. */
static bool is_wanted(size_t bytes)
{
    if (!rec_set.builtins && memchr(name_text, '.', bytes) == NULL)
        return false;
    return rec_globs_match(rec_set.types, name_text, bytes);
}

uint64_t rec_type_slow(PyTypeObject *type)
{
    uint64_t value = REC_TYPE_KNOWN, hash;
    uint32_t id = 0;
    size_t bytes;

    rec_lock();
    bytes = cpy_type_name(type, name_text, sizeof name_text);
    hash = rec_hash_bytes((uint64_t)type->tp_basicsize, name_text, bytes);
    hash = rec_mix(hash, (uint64_t)type->tp_itemsize);
    if (is_wanted(bytes)) {
        id = id_before(type, hash);
        if (id == 0)
            id = new_id(type, bytes, hash);
        value |= id;
    } else {
        value |= REC_TYPE_UNWANTED;
    }
    if (PyType_HasFeature(type, Py_TPFLAGS_TYPE_SUBCLASS))
        value |= REC_TYPE_OF_TYPES;
    if (id != 0 || (value & REC_TYPE_UNWANTED) ||
        type_count >= REC_TYPE_LIMIT)
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
