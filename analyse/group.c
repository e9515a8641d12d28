/* group.c: see group.h. */
#include "group.h"

#include <stdlib.h>
#include <string.h>

#include "group-key.h"
#include "pmt/error.h"

void pmt_grouping_release(struct pmt_grouping *grouping)
{
    enum pmt_group_by by = grouping->by;
    bool cumulative = grouping->cumulative;
    bool every_frame = grouping->every_frame;

    for (size_t i = 0; i < grouping->map_count; i++)
        pmt_id_map_release(&grouping->maps[i]);
    free(grouping->maps);
    free(grouping->groups);
    free(grouping->key);
    free(grouping->chain);
    pmt_samples_release(&grouping->samples);
    pmt_intern_release(&grouping->keys);
    pmt_intern_release(&grouping->sites);
    memset(grouping, 0, sizeof *grouping);
    grouping->by = by;
    grouping->cumulative = cumulative;
    grouping->every_frame = every_frame;
}

bool pmt_group_has_frames(enum pmt_group_by by)
{
    switch (by) {
    case PMT_BY_SITE:
    case PMT_BY_FILE:
    case PMT_BY_LINENO:
    case PMT_BY_FUNCTION:
    case PMT_BY_MODULE:
    case PMT_BY_STACK:
    case PMT_BY_TRACEBACK:
        return true;
    case PMT_BY_TYPE:
    case PMT_BY_THREAD:
    case PMT_BY_PROCESS:
    case PMT_BY_STREAM:
    case PMT_BY_DOMAIN:
    case PMT_BY_LABEL:
    case PMT_BY_SIZE:
    case PMT_BY_OWN:
        break;
    }
    return false;
}

/* Is a group told by its callers too? */
static bool is_tree(enum pmt_group_by by)
{
    return by == PMT_BY_STACK || by == PMT_BY_TRACEBACK;
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
    case PMT_BY_PROCESS:
        return 0;
    case PMT_BY_SIZE:
        return pmt_size_class(block->size);
    case PMT_BY_SITE:
    case PMT_BY_FILE:
    case PMT_BY_LINENO:
    case PMT_BY_FUNCTION:
    case PMT_BY_MODULE:
    case PMT_BY_STACK:
    case PMT_BY_TRACEBACK:
    case PMT_BY_LABEL:
    case PMT_BY_OWN:
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

    if (!pmt_group_key_site(grouping, stream, place, stack))
        return PMT_INTERN_NONE;
    site = pmt_intern_add(&grouping->sites, grouping->key,
                          grouping->key_length);
    if (site == PMT_INTERN_NONE ||
        !pmt_group_key_stack(grouping, caller, site))
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
    if (is_tree(grouping->by) && id)
        return walk_stack(grouping, stream, place, map, id);
    if (!pmt_group_key(grouping, stream, place, id))
        return PMT_INTERN_NONE;
    group = group_of_key(grouping, stream, id);
    if (group == PMT_INTERN_NONE || grouping->key[0] == '?' ||
        remember(grouping, map, id, group))
        return group;
    return PMT_INTERN_NONE;
}

/* ---- all groups of a block ---------------------------------------------- */

/* Puts the group of `block` at the end of the chain, if it is to be there. */
static bool chain_put(struct pmt_grouping *grouping,
                      const struct pmt_stream *stream, size_t place,
                      const struct pmt_block *block, size_t *count)
{
    uint32_t number = pmt_grouping_of(grouping, stream, place, block);

    if (number == PMT_INTERN_NONE)
        return false;
    if (grouping->groups[number].round == grouping->round &&
        !grouping->every_frame)
        return true;
    grouping->groups[number].round = grouping->round;
    if (*count == grouping->chain_capacity) {
        size_t capacity = *count * 2 + 64;
        void *more = realloc(grouping->chain,
                             capacity * sizeof *grouping->chain);

        if (!more)
            return false;
        grouping->chain = more;
        grouping->chain_capacity = capacity;
    }
    grouping->chain[(*count)++] = number;
    return true;
}

/* Rounds tell which groups are in the chain; they are counted from 1. */
static void next_round(struct pmt_grouping *grouping)
{
    if (++grouping->round != 0)
        return;
    for (size_t i = 0; i < grouping->group_count; i++)
        grouping->groups[i].round = 0;
    grouping->round = 1;
}

const uint32_t *pmt_grouping_all_of(struct pmt_grouping *grouping,
                                    const struct pmt_stream *stream,
                                    size_t place,
                                    const struct pmt_block *block,
                                    size_t *count)
{
    struct pmt_block frame = *block;
    struct pmt_site site;

    *count = 0;
    next_round(grouping);
    if (!chain_put(grouping, stream, place, &frame, count))
        return NULL;
    while (grouping->cumulative && pmt_group_has_frames(grouping->by) &&
           pmt_stream_site(stream, frame.stack, &site) && site.parent &&
           site.parent < frame.stack) {
        frame.stack = site.parent;
        if (!chain_put(grouping, stream, place, &frame, count))
            return NULL;
    }
    return grouping->chain;
}

/* ---- adding up ---------------------------------------------------------- */

static void add_blocks(struct pmt_group *group, uint64_t count,
                       uint64_t bytes)
{
    group->exact += count;
    group->count += count;
    group->bytes += bytes;
    group->exact_bytes += bytes;
}

static void add_weight(struct pmt_group *group, struct pmt_weight weight,
                       uint64_t count)
{
    group->samples += count;
    group->weight += weight.blocks;
    group->count = group->exact + pmt_weight_blocks(group->weight);
    group->bytes += weight.bytes;
}

static int add_samples(struct pmt_grouping *grouping, const uint32_t *groups,
                       size_t group_count, uint64_t sample_bytes,
                       uint64_t count, uint64_t bytes)
{
    struct pmt_weight weight =
        pmt_sampling_weigh_sum(sample_bytes, count, bytes);
    int code = PMT_OK;

    for (size_t i = 0; code == PMT_OK && i < group_count; i++) {
        add_weight(&grouping->groups[groups[i]], weight, count);
        code = pmt_samples_add(&grouping->samples, groups[i], sample_bytes,
                               count, bytes);
    }
    add_weight(&grouping->total, weight, count);
    if (code == PMT_OK && grouping->cumulative)
        code = pmt_samples_add(&grouping->samples, PMT_GROUP_TOTAL,
                               sample_bytes, count, bytes);
    return code;
}

int pmt_grouping_add(struct pmt_grouping *grouping,
                     const struct pmt_stream *stream, size_t place,
                     const struct pmt_block *block, uint64_t count,
                     uint64_t bytes, uint64_t sample_bytes)
{
    const uint32_t *groups;
    size_t group_count;

    groups = pmt_grouping_all_of(grouping, stream, place, block,
                                 &group_count);
    if (!groups)
        return PMT_ERR_MEMORY;
    if (sample_bytes)
        return add_samples(grouping, groups, group_count, sample_bytes, count,
                           bytes);
    for (size_t i = 0; i < group_count; i++)
        add_blocks(&grouping->groups[groups[i]], count, bytes);
    add_blocks(&grouping->total, count, bytes);
    return PMT_OK;
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
    while ((block = pmt_live_table_next(table, &at)) != NULL)
        if (pmt_grouping_add(grouping, stream, place, block, 1, block->size,
                             sample_bytes))
            return PMT_ERR_MEMORY;
    return PMT_OK;
}
