/* group.c: see group.h. */
#include "group.h"

#include <stdlib.h>
#include <string.h>

#include "pmt/error.h"

void pmt_grouping_release(struct pmt_grouping *grouping)
{
    enum pmt_group_by by = grouping->by;

    for (size_t i = 0; i < grouping->map_count; i++)
        pmt_id_map_release(&grouping->maps[i]);
    free(grouping->maps);
    free(grouping->groups);
    free(grouping->key);
    pmt_samples_release(&grouping->samples);
    pmt_intern_release(&grouping->keys);
    pmt_intern_release(&grouping->sites);
    memset(grouping, 0, sizeof *grouping);
    grouping->by = by;
}

/* ---- keys -------------------------------------------------------------- */

static bool key_put(struct pmt_grouping *grouping, const void *bytes,
                    size_t length)
{
    if (length > grouping->key_capacity - grouping->key_length) {
        size_t capacity = grouping->key_capacity * 2 + length + 64;
        void *more = realloc(grouping->key, capacity);

        if (!more)
            return false;
        grouping->key = more;
        grouping->key_capacity = capacity;
    }
    if (length > 0)
        memcpy(grouping->key + grouping->key_length, bytes, length);
    grouping->key_length += length;
    return true;
}

static bool key_put_u32(struct pmt_grouping *grouping, uint32_t value)
{
    return key_put(grouping, &value, sizeof value);
}

/* With its length, so that two texts in a row can't read as two others. */
static bool key_put_text(struct pmt_grouping *grouping, struct pmt_text text)
{
    if (!text.bytes)
        return key_put_u32(grouping, UINT32_MAX);
    return key_put_u32(grouping, text.length) &&
           key_put(grouping, text.bytes, text.length);
}

static bool key_begin(struct pmt_grouping *grouping, char tag)
{
    grouping->key_length = 0;
    return key_put(grouping, &tag, 1);
}

/* An id that stands for nothing known is like no other. */
static bool key_unknown(struct pmt_grouping *grouping, size_t place,
                        uint32_t id)
{
    uint64_t stream = place;

    return key_begin(grouping, '?') &&
           key_put(grouping, &stream, sizeof stream) &&
           key_put_u32(grouping, id);
}

static bool key_site(struct pmt_grouping *grouping,
                     const struct pmt_stream *stream, size_t place,
                     uint32_t stack)
{
    struct pmt_site site;
    struct pmt_code code;

    if (stack == 0)
        return key_begin(grouping, '0');
    if (!pmt_stream_site(stream, stack, &site) ||
        !pmt_stream_code(stream, site.code, &code))
        return key_unknown(grouping, place, stack);
    if (!key_begin(grouping, '='))
        return false;
    if (grouping->by == PMT_BY_FILE)
        return key_put_text(grouping, code.file);
    if (grouping->by == PMT_BY_FUNCTION)
        return key_put_text(grouping, code.function) &&
               key_put_text(grouping, code.file);
    return key_put_u32(grouping, site.line) &&
           key_put_text(grouping, code.file) &&
           key_put_text(grouping, code.function);
}

static bool key_type(struct pmt_grouping *grouping,
                     const struct pmt_stream *stream, size_t place,
                     uint32_t id)
{
    struct pmt_type type;

    if (id == 0)
        return key_begin(grouping, '0');
    if (!pmt_stream_type(stream, id, &type))
        return key_unknown(grouping, place, id);
    return key_begin(grouping, '=') && key_put_text(grouping, type.name) &&
           key_put_u32(grouping, type.basic_size) &&
           key_put_u32(grouping, type.item_size);
}

static bool key_thread(struct pmt_grouping *grouping,
                       const struct pmt_stream *stream, size_t place,
                       uint32_t id)
{
    struct pmt_thread thread;

    if (id == 0)
        return key_begin(grouping, '0');
    if (!pmt_stream_thread(stream, id, &thread))
        return key_unknown(grouping, place, id);
    return key_begin(grouping, '=') && key_put_text(grouping, thread.name) &&
           key_put(grouping, &thread.native_id, sizeof thread.native_id);
}

bool pmt_group_label(const struct pmt_stream *stream, uint32_t stack,
                     struct pmt_text *label)
{
    struct pmt_site site = {0};
    struct pmt_code code;

    while (stack && pmt_stream_site(stream, stack, &site) &&
           site.parent < stack && site.parent)
        stack = site.parent;
    if (!stack || !pmt_stream_site(stream, stack, &site) || site.parent ||
        !pmt_stream_code(stream, site.code, &code) || !code.file.bytes ||
        code.file.length != strlen(PMT_LABEL_FILE) ||
        memcmp(code.file.bytes, PMT_LABEL_FILE, code.file.length) != 0)
        return false;
    *label = code.function;
    return true;
}

static bool key_label(struct pmt_grouping *grouping,
                      const struct pmt_stream *stream, uint32_t stack)
{
    struct pmt_text label;

    if (!pmt_group_label(stream, stack, &label))
        return key_begin(grouping, '0');
    return key_begin(grouping, '=') && key_put_text(grouping, label);
}

/* The key of all but stacks. */
static bool key_of(struct pmt_grouping *grouping,
                   const struct pmt_stream *stream, size_t place,
                   uint32_t id)
{
    uint64_t number = place;

    switch (grouping->by) {
    case PMT_BY_TYPE:
        return key_type(grouping, stream, place, id);
    case PMT_BY_THREAD:
        return key_thread(grouping, stream, place, id);
    case PMT_BY_DOMAIN:
        return key_begin(grouping, '=') && key_put_u32(grouping, id);
    case PMT_BY_STREAM:
        return key_begin(grouping, '=') &&
               key_put(grouping, &number, sizeof number);
    case PMT_BY_LABEL:
        return key_label(grouping, stream, id);
    case PMT_BY_SITE:
    case PMT_BY_FILE:
    case PMT_BY_FUNCTION:
    case PMT_BY_STACK:
        break;
    }
    return key_site(grouping, stream, place, id);
}

/* ---- groups ------------------------------------------------------------ */

/* The group of the key put together; made when it is new. */
static uint32_t group_of_key(struct pmt_grouping *grouping,
                             const struct pmt_stream *stream, uint32_t id)
{
    uint32_t group;

    if (grouping->group_count == grouping->capacity) {
        size_t capacity = grouping->capacity * 2 + 32;
        void *more = realloc(grouping->groups,
                             capacity * sizeof *grouping->groups);

        if (!more)
            return PMT_INTERN_NONE;
        grouping->groups = more;
        grouping->capacity = capacity;
    }
    group = pmt_intern_add(&grouping->keys, grouping->key,
                           grouping->key_length);
    if (group == PMT_INTERN_NONE)
        return group;
    if (group == grouping->group_count)
        grouping->groups[grouping->group_count++] =
            (struct pmt_group){.stream = stream, .id = id};
    return group;
}

static uint32_t id_in(enum pmt_group_by by, const struct pmt_block *block)
{
    switch (by) {
    case PMT_BY_TYPE:
        return block->type;
    case PMT_BY_THREAD:
        return block->thread;
    case PMT_BY_DOMAIN:
        return block->domain;
    case PMT_BY_STREAM:
        return 0;
    case PMT_BY_SITE:
    case PMT_BY_FILE:
    case PMT_BY_FUNCTION:
    case PMT_BY_STACK:
    case PMT_BY_LABEL:
        break;
    }
    return block->stack;
}

/* The groups of the ids of a stream, plus 1. */
static struct pmt_id_map *map_of(struct pmt_grouping *grouping, size_t place)
{
    if (place >= grouping->map_count) {
        size_t count = place * 2 + 4;
        struct pmt_id_map *maps =
            realloc(grouping->maps, count * sizeof *maps);

        if (!maps)
            return NULL;
        memset(maps + grouping->map_count, 0,
               (count - grouping->map_count) * sizeof *maps);
        grouping->maps = maps;
        grouping->map_count = count;
    }
    return &grouping->maps[place];
}

void pmt_grouping_forget(struct pmt_grouping *grouping, size_t place)
{
    if (place < grouping->map_count)
        pmt_id_map_release(&grouping->maps[place]);
}

/* Ids that stand for nothing known are not kept: there may be any number. */
static bool remember(struct pmt_grouping *grouping, struct pmt_id_map *map,
                     uint32_t id, uint32_t group)
{
    grouping->groups[group].ids++;
    return pmt_id_map_set(map, id, group + 1) == PMT_OK;
}

/* The key of a stack: its site's number and the group of its caller, plus 1;
 * 0: none. */
static uint32_t stack_group(struct pmt_grouping *grouping,
                            const struct pmt_stream *stream, size_t place,
                            uint32_t stack, uint32_t caller)
{
    uint32_t site;

    if (!key_site(grouping, stream, place, stack))
        return PMT_INTERN_NONE;
    site = pmt_intern_add(&grouping->sites, grouping->key,
                          grouping->key_length);
    if (site == PMT_INTERN_NONE || !key_begin(grouping, 'S') ||
        !key_put_u32(grouping, caller) || !key_put_u32(grouping, site))
        return PMT_INTERN_NONE;
    return group_of_key(grouping, stream, stack);
}

/* Frames are met from the innermost out and get their groups the other way;
 * so the way is kept. A parent's id is smaller, so a walk ends. */
static uint32_t walk_stack(struct pmt_grouping *grouping,
                           const struct pmt_stream *stream, size_t place,
                           struct pmt_id_map *map, uint32_t stack)
{
    uint32_t *way = NULL, group, id = stack;
    size_t depth = 0, capacity = 0;
    struct pmt_site site;

    while ((group = pmt_id_map_get(map, id)) == 0 && id) {
        if (depth == capacity) {
            uint32_t *more;

            capacity = capacity * 2 + 64;
            more = realloc(way, capacity * sizeof *way);
            if (!more)
                goto no_memory;
            way = more;
        }
        way[depth++] = id;
        if (!pmt_stream_site(stream, id, &site) || site.parent >= id)
            site.parent = 0;
        id = site.parent;
    }
    while (depth > 0) {
        id = way[--depth];
        group = stack_group(grouping, stream, place, id, group);
        if (group == PMT_INTERN_NONE)
            goto no_memory;
        if (pmt_stream_site(stream, id, &site) &&
            !remember(grouping, map, id, group))
            goto no_memory;
        group++;
    }
    free(way);
    return group - 1;
no_memory:
    free(way);
    return PMT_INTERN_NONE;
}

uint32_t pmt_grouping_of(struct pmt_grouping *grouping,
                         const struct pmt_stream *stream, size_t place,
                         const struct pmt_block *block)
{
    uint32_t id = id_in(grouping->by, block), group;
    struct pmt_id_map *map;

    if (place < grouping->map_count) {
        group = pmt_id_map_get(&grouping->maps[place], id);
        if (group)
            return group - 1;
    }
    map = map_of(grouping, place);
    if (!map)
        return PMT_INTERN_NONE;
    if (grouping->by == PMT_BY_STACK && id)
        return walk_stack(grouping, stream, place, map, id);
    if (!key_of(grouping, stream, place, id))
        return PMT_INTERN_NONE;
    group = group_of_key(grouping, stream, id);
    if (group == PMT_INTERN_NONE || grouping->key[0] == '?' ||
        remember(grouping, map, id, group))
        return group;
    return PMT_INTERN_NONE;
}

static void add_blocks(struct pmt_group *group, uint64_t count,
                       uint64_t bytes)
{
    group->exact += count;
    group->count += count;
    group->bytes += bytes;
    group->exact_bytes += bytes;
}

static int add_samples(struct pmt_grouping *grouping, uint32_t number,
                       uint64_t sample_bytes, uint64_t count, uint64_t bytes)
{
    struct pmt_group *group = &grouping->groups[number];
    struct pmt_weight weight =
        pmt_sampling_weigh_sum(sample_bytes, count, bytes);

    group->samples += count;
    group->weight += weight.blocks;
    group->count = group->exact + pmt_weight_blocks(group->weight);
    group->bytes += weight.bytes;
    return pmt_samples_add(&grouping->samples, number, sample_bytes, count,
                           bytes);
}

int pmt_grouping_add_table(struct pmt_grouping *grouping,
                           const struct pmt_stream *stream, size_t place,
                           const struct pmt_live_table *table,
                           uint64_t sample_bytes)
{
    const struct pmt_block *block;
    uint32_t at = 0;

    if (sample_bytes && pmt_grouping_sampled(grouping, sample_bytes))
        return PMT_ERR_MEMORY;
    while ((block = pmt_live_table_next(table, &at)) != NULL) {
        uint32_t number = pmt_grouping_of(grouping, stream, place, block);

        if (number == PMT_INTERN_NONE)
            return PMT_ERR_MEMORY;
        if (!sample_bytes)
            add_blocks(&grouping->groups[number], 1, block->size);
        else if (add_samples(grouping, number, sample_bytes, 1, block->size))
            return PMT_ERR_MEMORY;
    }
    return PMT_OK;
}

int pmt_grouping_add(struct pmt_grouping *grouping,
                     const struct pmt_stream *stream, size_t place,
                     const struct pmt_block *block, uint64_t count,
                     uint64_t bytes, uint64_t sample_bytes)
{
    uint32_t number = pmt_grouping_of(grouping, stream, place, block);

    if (number == PMT_INTERN_NONE)
        return PMT_ERR_MEMORY;
    if (sample_bytes)
        return add_samples(grouping, number, sample_bytes, count, bytes);
    add_blocks(&grouping->groups[number], count, bytes);
    return PMT_OK;
}

/* ---- order ------------------------------------------------------------- */

struct rank {
    uint64_t first, second;
    uint32_t group;
};

static int compare_ranks(const void *a, const void *b)
{
    const struct rank *x = a, *y = b;

    if (x->first != y->first)
        return x->first < y->first ? 1 : -1;
    if (x->second != y->second)
        return x->second < y->second ? 1 : -1;
    return x->group < y->group ? -1 : x->group > y->group;
}

static bool type_of(const struct pmt_group *group, struct pmt_type *type)
{
    return group->id && pmt_stream_type(group->stream, group->id, type) &&
           type->name.bytes;
}

/* Numbers the groups that have a name in common, in the order met. */
static bool number_twins(struct pmt_grouping *grouping)
{
    struct pmt_intern names = {0};
    uint32_t *last = calloc(grouping->group_count + 1, sizeof *last);
    struct pmt_type type;
    bool ok = last != NULL;

    for (size_t i = 0; ok && i < grouping->group_count; i++) {
        struct pmt_group *group = &grouping->groups[i];
        uint32_t name;

        group->twin = 0;
        if (!group->count || !type_of(group, &type))
            continue;
        name = pmt_intern_add(&names, type.name.bytes, type.name.length);
        ok = name != PMT_INTERN_NONE;
        if (!ok)
            break;
        if (last[name]) {
            struct pmt_group *twin = &grouping->groups[last[name] - 1];

            twin->twin += twin->twin == 0;
            group->twin = twin->twin + 1;
        }
        last[name] = (uint32_t)i + 1;
    }
    free(last);
    pmt_intern_release(&names);
    return ok;
}

uint32_t *pmt_grouping_sorted(struct pmt_grouping *grouping,
                              enum pmt_group_sort sort, size_t *count)
{
    struct rank *ranks = calloc(grouping->group_count + 1, sizeof *ranks);
    uint32_t *order = calloc(grouping->group_count + 1, sizeof *order);
    size_t n = 0;

    if (!ranks || !order ||
        (grouping->by == PMT_BY_TYPE && !number_twins(grouping))) {
        free(ranks);
        free(order);
        return NULL;
    }
    for (size_t i = 0; i < grouping->group_count; i++) {
        const struct pmt_group *group = &grouping->groups[i];
        bool by_bytes = sort == PMT_SORT_BYTES;

        if (group->count)
            ranks[n++] = (struct rank){
                .first = by_bytes ? group->bytes : group->count,
                .second = by_bytes ? group->count : group->bytes,
                .group = (uint32_t)i,
            };
    }
    qsort(ranks, n, sizeof *ranks, compare_ranks);
    for (size_t i = 0; i < n; i++)
        order[i] = ranks[i].group;
    free(ranks);
    pmt_samples_sort(&grouping->samples);
    *count = n;
    return order;
}
