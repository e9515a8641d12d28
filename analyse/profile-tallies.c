/* profile-tallies.c: what was made, added up by id until groups are looked up;
 * see profile-private.h. */
#include "profile-private.h"

#include <stdlib.h>
#include <string.h>

/* ---- sums by id --------------------------------------------------------- */

static struct tally *new_page(struct tallies *tallies, uint32_t page)
{
    if (page >= tallies->page_count) {
        uint32_t count = page * 2 + 8;
        void *more = realloc(tallies->pages, count * sizeof *tallies->pages);

        if (!more)
            return NULL;
        tallies->pages = more;
        memset(tallies->pages + tallies->page_count, 0,
               (count - tallies->page_count) * sizeof *tallies->pages);
        tallies->page_count = count;
    }
    if (!tallies->pages[page])
        tallies->pages[page] =
            calloc(UINT32_C(1) << PMT_ID_PAGE_BITS, sizeof(struct tally));
    return tallies->pages[page];
}

static inline struct tally *tally_of(struct tallies *tallies, uint32_t id)
{
    uint32_t page = id >> PMT_ID_PAGE_BITS;
    struct tally *found = page < tallies->page_count ? tallies->pages[page]
                                                     : NULL;

    if (!found)
        found = new_page(tallies, page);
    return found ? &found[id & ((1u << PMT_ID_PAGE_BITS) - 1)] : NULL;
}

void profile_tallies_release(struct tallies *tallies)
{
    for (uint32_t i = 0; i < tallies->page_count; i++)
        free(tallies->pages[i]);
    free(tallies->pages);
    memset(tallies, 0, sizeof *tallies);
}

/* ---- what is made ------------------------------------------------------- */

/* Adds what was made to the groups of a block. */
static bool add_made(struct profile_stream *stream,
                     const struct pmt_block *block, const struct tally *tally)
{
    struct pmt_profile *profile = stream->profile;
    uint64_t n = stream->sample_bytes;
    const uint32_t *groups;
    size_t count;
    bool ok = true;

    groups = profile_groups_of(profile, stream->place, block, &count);
    if (!groups)
        return false;
    for (size_t i = 0; ok && i <= count; i++) {
        struct pmt_profile_part *part =
            i < count ? &profile->parts[groups[i]] : &profile->total;

        profile_amount_add(&part->allocated, n, tally->count, tally->bytes);
        profile_amount_add(&part->temporary, n, tally->temporary,
                   tally->temporary_bytes);
        if (n && tally->count)
            ok = pmt_samples_add(&profile->allocated_samples,
                                 i < count ? groups[i] : PMT_GROUP_TOTAL, n,
                                 tally->count, tally->bytes) == PMT_OK;
    }
    return ok;
}

/* The id by which groups are told from each other: see group.h. */
static inline uint32_t id_of(enum pmt_group_by by,
                             const struct pmt_block *block)
{
    return by == PMT_BY_TYPE     ? block->type
           : by == PMT_BY_THREAD ? block->thread
           : by == PMT_BY_DOMAIN ? block->domain
           : by == PMT_BY_SIZE   ? pmt_size_class(block->size)
           : by == PMT_BY_STREAM || by == PMT_BY_PROCESS ? 0
                                                         : block->stack;
}

/* A block that has such an id, to look its groups up by. */
static struct pmt_block block_of(enum pmt_group_by by, uint32_t id)
{
    struct pmt_block block = {0};

    if (by == PMT_BY_TYPE)
        block.type = id & 0xffffff;
    else if (by == PMT_BY_THREAD)
        block.thread = id;
    else if (by == PMT_BY_DOMAIN)
        block.domain = id & (PMT_BLOCK_DOMAINS - 1);
    else if (by == PMT_BY_SIZE)
        block.size = pmt_size_class_range(id).high;
    else
        block.stack = id;
    return block;
}

bool profile_made(struct profile_stream *stream, const struct pmt_block *block,
                 bool temporary)
{
    enum pmt_group_by by = stream->profile->grouping.by;
    struct tally one = {.count = !temporary,
                        .bytes = temporary ? 0 : block->size,
                        .temporary = temporary,
                        .temporary_bytes = temporary ? block->size : 0};
    struct tally *tally;

    if (stream->sample_bytes)
        return add_made(stream, block, &one);
    tally = tally_of(&stream->tallies, id_of(by, block));
    if (!tally)
        return false;
    tally->count += one.count;
    tally->bytes += one.bytes;
    tally->temporary += one.temporary;
    tally->temporary_bytes += one.temporary_bytes;
    return true;
}

/* ---- the end ------------------------------------------------------------ */

bool profile_add_tallies(struct profile_stream *stream)
{
    struct tallies *tallies = &stream->tallies;
    enum pmt_group_by by = stream->profile->grouping.by;

    for (uint32_t page = 0; page < tallies->page_count; page++)
        for (uint32_t i = 0; tallies->pages[page] && i < 1u << PMT_ID_PAGE_BITS;
             i++) {
            const struct tally *tally = &tallies->pages[page][i];
            struct pmt_block block =
                block_of(by, (page << PMT_ID_PAGE_BITS) + i);

            if ((tally->count || tally->temporary) &&
                !add_made(stream, &block, tally))
                return false;
        }
    return true;
}

int pmt_profile_allocated_range(const struct pmt_profile *profile,
                                uint32_t group, struct pmt_range *blocks,
                                struct pmt_range *bytes)
{
    const struct pmt_profile_part *part =
        group == PMT_GROUP_TOTAL ? &profile->total : &profile->parts[group];
    const struct pmt_samples *samples = &profile->allocated_samples;
    const struct pmt_sample_class *classes;
    uint64_t sampled_bytes = 0;
    size_t count;

    classes = pmt_samples_of(samples, group, &count);
    pmt_samples_range(classes, count, blocks, bytes);
    for (size_t i = 0; i < count; i++)
        sampled_bytes += pmt_sampling_weigh_sum(classes[i].sample_bytes,
                                                classes[i].count,
                                                classes[i].bytes)
                             .bytes;
    /* What was not sampled is exact. */
    blocks->low += part->allocated.exact;
    blocks->high += part->allocated.exact;
    if (part->allocated.exact) {
        uint64_t exact = part->allocated.bytes > sampled_bytes
                             ? part->allocated.bytes - sampled_bytes
                             : 0;

        bytes->low += exact;
        bytes->high += exact;
    }
    return PMT_OK;
}
