/* group-range.c: within what limits the estimates of groups are; see
 * group.h. */
#include "group.h"

#include "pmt/error.h"

int pmt_grouping_sampled(struct pmt_grouping *grouping, uint64_t sample_bytes)
{
    return pmt_samples_add(&grouping->samples, PMT_SAMPLES_UNSEEN,
                           sample_bytes, 0, 0);
}

static uint64_t add_up(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static int copy_samples(struct pmt_samples *to,
                        const struct pmt_samples *from, uint32_t group)
{
    size_t count;
    const struct pmt_sample_class *c = pmt_samples_of(from, group, &count);
    int code = PMT_OK;

    for (size_t i = 0; code == PMT_OK && i < count; i++)
        code = pmt_samples_add(to, 0, c[i].sample_bytes, c[i].count,
                               c[i].bytes);
    return code;
}

int pmt_grouping_range(const struct pmt_grouping *grouping,
                       const uint32_t *groups, size_t count, bool all,
                       struct pmt_range *blocks, struct pmt_range *bytes)
{
    uint64_t exact = 0, exact_bytes = 0;
    struct pmt_samples sum = {0};
    int code = PMT_OK;

    /* The groups of a cumulative one have blocks in common. */
    if (all && grouping->cumulative) {
        exact = grouping->total.exact;
        exact_bytes = grouping->total.exact_bytes;
        code = copy_samples(&sum, &grouping->samples, PMT_GROUP_TOTAL);
        count = 0;
    }
    for (size_t i = 0; code == PMT_OK && i < count; i++) {
        exact += grouping->groups[groups[i]].exact;
        exact_bytes += grouping->groups[groups[i]].exact_bytes;
        code = copy_samples(&sum, &grouping->samples, groups[i]);
    }
    if (code == PMT_OK && all)
        code = copy_samples(&sum, &grouping->samples, PMT_SAMPLES_UNSEEN);
    pmt_samples_sort(&sum);
    pmt_samples_range(sum.classes, sum.count, blocks, bytes);
    pmt_samples_release(&sum);
    blocks->low = add_up(blocks->low, exact);
    blocks->high = add_up(blocks->high, exact);
    bytes->low = add_up(bytes->low, exact_bytes);
    bytes->high = add_up(bytes->high, exact_bytes);
    return code;
}
