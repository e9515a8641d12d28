/* profile-peak.c: what comes and goes, block by block: the most that was live
 * of a group, and the lives that end; see profile-private.h. */
#include "profile-private.h"

static void amount_remove(struct pmt_amount *amount, uint64_t sample_bytes,
                          uint64_t bytes)
{
    struct pmt_weight weight = pmt_sampling_weigh(sample_bytes, bytes);

    if (!sample_bytes)
        amount->exact -= amount->exact > 0;
    else
        amount->weight -= amount->weight < weight.blocks ? amount->weight
                                                         : weight.blocks;
    amount->bytes -= amount->bytes < weight.bytes ? amount->bytes
                                                  : weight.bytes;
    amount->count = amount->exact + pmt_weight_blocks(amount->weight);
}

static bool change_part(struct profile_stream *stream,
                        struct pmt_profile_part *part,
                        const struct pmt_block *block, int sign,
                        uint64_t lived_ns)
{
    struct pmt_profile *profile = stream->profile;
    bool by_bytes = profile->which == PMT_LIVE_BLOCKS;

    if (sign < 0 && profile->want & PMT_PROFILE_LIFETIMES &&
        !profile_lifetimes_add(part, lived_ns,
                       stream->sample_bytes
                           ? pmt_weight_blocks(
                                 pmt_sampling_weigh(stream->sample_bytes,
                                                    block->size)
                                     .blocks)
                           : 1))
        return false;
    if (!(profile->want & PMT_PROFILE_PEAK))
        return true;
    if (sign < 0) {
        amount_remove(&part->now, stream->sample_bytes, block->size);
        return true;
    }
    profile_amount_add(&part->now, stream->sample_bytes, 1, block->size);
    if (by_bytes ? part->now.bytes > part->peak.bytes
                 : part->now.count > part->peak.count)
        part->peak = part->now;
    return true;
}

void profile_watch(void *context, const struct pmt_block *block, int sign,
                  uint64_t time)
{
    struct profile_stream *stream = context;
    struct pmt_profile *profile = stream->profile;
    const struct pmt_live_set *set =
        &profile->live.streams[stream->place].sets[profile->which];
    uint64_t lived = time > block->time ? time - block->time : 0;
    bool undone = set->why == PMT_LIVE_UNDONE;
    const uint32_t *groups;
    size_t count;
    int wanted;

    /* The end of the interpreter is taken back: a peak and a life that ended
     * are not. */
    if (undone && !profile->replay)
        return;
    wanted = profile_is_wanted(stream, block->time, block->stack);
    profile->no_memory |= wanted < 0;
    if (wanted <= 0)
        return;
    lived *= profile->live.streams[stream->place].tick_ns;
    groups = profile_groups_of(profile, stream->place, block, &count);
    if (!groups) {
        profile->no_memory = true;
        return;
    }
    if (profile->replay)
        pmt_replay_change(profile->replay, stream->place, groups, count,
                          block->size, sign, undone ? set->undone_time : time);
    for (size_t i = 0; !undone && i < count; i++)
        profile->no_memory |= !change_part(stream, &profile->parts[groups[i]],
                                           block, sign, lived);
    if (!undone)
        profile->no_memory |=
            !change_part(stream, &profile->total, block, sign, lived);
}
