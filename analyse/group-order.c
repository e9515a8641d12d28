/* group-order.c: the largest groups first; see group.h. */
#include <stdlib.h>

#include "group.h"

static int compare_ranks(const void *a, const void *b)
{
    const struct pmt_group_rank *x = a, *y = b;

    if (x->first != y->first)
        return x->first < y->first ? 1 : -1;
    if (x->second != y->second)
        return x->second < y->second ? 1 : -1;
    return x->group < y->group ? -1 : x->group > y->group;
}

void pmt_group_ranks_sort(struct pmt_group_rank *ranks, size_t count)
{
    qsort(ranks, count, sizeof *ranks, compare_ranks);
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
    struct pmt_group_rank *ranks = calloc(grouping->group_count + 1,
                                          sizeof *ranks);
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
            ranks[n++] = (struct pmt_group_rank){
                .first = by_bytes ? group->bytes : group->count,
                .second = by_bytes ? group->count : group->bytes,
                .group = (uint32_t)i,
            };
    }
    pmt_group_ranks_sort(ranks, n);
    for (size_t i = 0; i < n; i++)
        order[i] = ranks[i].group;
    free(ranks);
    pmt_samples_sort(&grouping->samples);
    *count = n;
    return order;
}
