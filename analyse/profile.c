/* profile.c: see profile.h. */
#include "profile-private.h"

#include <stdlib.h>
#include <string.h>

/* ---- streams ------------------------------------------------------------ */

static void release_stream(struct profile_stream *stream)
{
    profile_tallies_release(&stream->tallies);
    for (uint32_t i = 0; i < stream->thread_count; i++)
        free(stream->threads[i].ring);
    free(stream->threads);
    memset(stream, 0, sizeof *stream);
}

void pmt_profile_init(struct pmt_profile *profile, enum pmt_live_which which,
                      enum pmt_group_by by)
{
    memset(profile, 0, sizeof *profile);
    pmt_live_sets_init(&profile->live, 1u << which);
    profile->which = which;
    profile->grouping.by = by;
    profile->within = 1;
}

void pmt_profile_release(struct pmt_profile *profile)
{
    for (size_t i = 0; i < profile->stream_count; i++)
        if (profile->streams[i]) {
            release_stream(profile->streams[i]);
            free(profile->streams[i]);
        }
    free(profile->streams);
    for (size_t i = 0; i < profile->part_capacity; i++)
        free(profile->parts[i].lifetimes);
    free(profile->parts);
    free(profile->total.lifetimes);
    pmt_samples_release(&profile->allocated_samples);
    pmt_grouping_release(&profile->grouping);
    pmt_live_sets_release(&profile->live);
    memset(profile, 0, sizeof *profile);
}

/* ---- groups ------------------------------------------------------------- */

bool profile_has_parts(struct pmt_profile *profile)
{
    size_t count = profile->grouping.group_count, capacity;
    void *more;

    if (count <= profile->part_capacity)
        return true;
    capacity = count * 2 + 64;
    more = realloc(profile->parts, capacity * sizeof *profile->parts);
    if (!more)
        return false;
    profile->parts = more;
    memset(profile->parts + profile->part_capacity, 0,
           (capacity - profile->part_capacity) * sizeof *profile->parts);
    profile->part_capacity = capacity;
    return true;
}

/* The groups of a block, each of which has a part. NULL: no memory. */
const uint32_t *profile_groups_of(struct pmt_profile *profile, size_t place,
                                 const struct pmt_block *block, size_t *count)
{
    const uint32_t *groups = pmt_grouping_all_of(
        &profile->grouping, profile->live.streams[place].stream, place, block,
        count);

    return groups && profile_has_parts(profile) ? groups : NULL;
}

/* Is a block that was made at `time` on `stack` one of those asked for? */
int profile_is_wanted(struct profile_stream *stream, uint64_t time,
                     uint32_t stack)
{
    struct pmt_profile *profile = stream->profile;

    if (!stream->all && time <= stream->from)
        return 0;
    if (!profile->patterns)
        return 1;
    return pmt_patterns_want(profile->patterns,
                             profile->live.streams[stream->place].stream,
                             stream->place, stack);
}

void profile_amount_add(struct pmt_amount *amount, uint64_t sample_bytes,
                       uint64_t count, uint64_t bytes)
{
    struct pmt_weight weight;

    if (!sample_bytes) {
        amount->exact += count;
        amount->bytes += bytes;
    } else {
        weight = pmt_sampling_weigh_sum(sample_bytes, count, bytes);
        amount->weight += weight.blocks;
        amount->bytes += weight.bytes;
    }
    amount->count = amount->exact + pmt_weight_blocks(amount->weight);
}

/* ---- events ------------------------------------------------------------- */

/* A stream is new, or starts again: then what it did before is forgotten, as
 * its live set is. */
static void begin(void *context, struct pmt_live_stream *live, size_t place)
{
    struct pmt_profile *profile = context;
    struct pmt_live_set *set = &live->sets[profile->which];
    struct profile_stream *stream;

    if (place >= profile->stream_count) {
        size_t count = place * 2 + 4;
        void *more = realloc(profile->streams,
                             count * sizeof *profile->streams);

        if (!more) {
            profile->no_memory = true;
            return;
        }
        profile->streams = more;
        memset(profile->streams + profile->stream_count, 0,
               (count - profile->stream_count) * sizeof *profile->streams);
        profile->stream_count = count;
    }
    stream = profile->streams[place];
    if (stream) {
        release_stream(stream);
        pmt_grouping_forget(&profile->grouping, place);
        if (profile->patterns)
            pmt_patterns_forget(profile->patterns, place);
    } else if (!(stream = profile->streams[place] =
                     calloc(1, sizeof *stream))) {
        profile->no_memory = true;
        return;
    }
    stream->profile = profile;
    stream->place = place;
    stream->sample_bytes = set->sample_bytes;
    stream->all = !profile->has_from;
    if (profile->has_from)
        stream->from = pmt_instant_in_stream(&profile->from, live->stream) /
                       live->tick_ns;
    if (profile->replay)
        pmt_replay_begin(profile->replay, place, live->stream,
                         set->sample_bytes);
    if (profile->replay ||
        profile->want & (PMT_PROFILE_LIFETIMES | PMT_PROFILE_PEAK)) {
        set->watch = profile_watch;
        set->watch_context = stream;
    }
}

/* Steps of the stream of an event; it may not be there yet. */
static struct pmt_live_stream *stream_of(struct pmt_profile *profile,
                                         const struct pmt_event *event)
{
    unsigned index;

    if (!event->stream)
        return NULL;
    index = pmt_stream_index(event->stream);
    if (index >= profile->live.place_count || !profile->live.places[index])
        return NULL;
    return &profile->live.streams[profile->live.places[index] - 1];
}

static uint64_t step_of(struct pmt_profile *profile,
                        const struct pmt_event *event)
{
    const struct pmt_live_stream *stream = stream_of(profile, event);

    return stream ? stream->sets[profile->which].now.step : 0;
}

int pmt_profile_take(struct pmt_profile *profile, struct pmt_reader *r,
                     const struct pmt_event *event, struct pmt_error *err)
{
    enum pmt_kind kind = profile->which == PMT_LIVE_BLOCKS ? PMT_KIND_ALLOC
                                                           : PMT_KIND_OBJECT;
    uint64_t before = step_of(profile, event), taken;
    struct pmt_live_stream *live;
    struct profile_stream *stream;
    int code;

    profile->live.begin = begin;
    profile->live.begin_context = profile;
    code = pmt_live_sets_take(&profile->live, r, event, err);
    if (code)
        return code;
    live = stream_of(profile, event);
    if (live && !profile->no_memory &&
        profile->want & (PMT_PROFILE_ALLOCATED | PMT_PROFILE_TEMPORARY) &&
        event->type == PMT_EVENT_RECORDS && event->envelope.kind == kind) {
        /* The live set has taken all records, or those up to the moment. */
        taken = live->sets[profile->which].now.step - before;
        stream = profile->streams[live - profile->live.streams];
        code = kind == PMT_KIND_ALLOC ? profile_take_allocs(stream, r, taken)
                                      : profile_take_objects(stream, r, taken);
    }
    if (code || profile->no_memory)
        return pmt_error_set(err, PMT_ERR_MEMORY, event->offset,
                             "out of memory");
    return PMT_OK;
}

/* ---- the end ------------------------------------------------------------ */

/* Was the stream over before the moment? */
static bool is_over(const struct pmt_profile *profile,
                    const struct pmt_live_stream *live)
{
    return !profile->live.until.is_end && !live->past &&
           live->end_ns < pmt_instant_in_stream(&profile->live.until,
                                                live->stream);
}

static bool add_live(struct profile_stream *stream)
{
    struct pmt_profile *profile = stream->profile;
    struct pmt_live_stream *live = &profile->live.streams[stream->place];
    const struct pmt_live_table *table = &live->sets[profile->which].table;
    const struct pmt_block *block;
    uint32_t at = 0;

    if (stream->sample_bytes &&
        pmt_grouping_sampled(&profile->grouping, stream->sample_bytes))
        return false;
    if (profile->together && is_over(profile, live))
        return profile_has_parts(profile);
    while ((block = pmt_live_table_next(table, &at)) != NULL) {
        int wanted = profile_is_wanted(stream, block->time, block->stack);

        if (wanted < 0 ||
            (wanted > 0 && pmt_grouping_add(&profile->grouping, live->stream,
                                            stream->place, block, 1,
                                            block->size,
                                            stream->sample_bytes)))
            return false;
    }
    return profile_has_parts(profile);
}

static void add_span(struct pmt_profile *profile,
                     const struct profile_stream *stream)
{
    const struct pmt_live_stream *live =
        &profile->live.streams[stream->place];
    const struct pmt_live_set *set = &live->sets[profile->which];
    uint64_t end = live->end_ns, from = live->begun_ns;

    if (!live->seen[profile->which])
        return;
    if (profile->live.until_steps)
        end = set->now.time * live->tick_ns;
    else if (!profile->live.until.is_end && live->past)
        end = pmt_instant_in_stream(&profile->live.until, live->stream);
    if (!stream->all && stream->from * live->tick_ns > from)
        from = stream->from * live->tick_ns;
    if (end > profile->moment_ns)
        profile->moment_ns = end;
    if (end > from && end - from > profile->span_ns)
        profile->span_ns = end - from;
}

static void finish_replay(struct pmt_profile *profile)
{
    for (size_t i = 0; i < profile->live.stream_count; i++) {
        const struct pmt_live_stream *live = &profile->live.streams[i];
        uint64_t now;

        if (!live->seen[profile->which])
            continue;
        now = pmt_live_sets_now_ns(&profile->live, live,
                                   &live->sets[profile->which]);
        pmt_replay_end(profile->replay, i, now,
                       live->end_ns > now ? live->end_ns : now);
    }
    pmt_replay_finish(profile->replay);
}

int pmt_profile_finish(struct pmt_profile *profile, struct pmt_error *err)
{
    bool ok = !profile->no_memory;

    pmt_live_sets_finish(&profile->live);
    for (size_t i = 0; ok && i < profile->live.stream_count; i++) {
        ok = add_live(profile->streams[i]) &&
             profile_add_tallies(profile->streams[i]);
        add_span(profile, profile->streams[i]);
    }
    if (ok && profile->replay)
        finish_replay(profile);
    pmt_samples_sort(&profile->grouping.samples);
    pmt_samples_sort(&profile->allocated_samples);
    if (!ok)
        return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                             "out of memory");
    return PMT_OK;
}

static int add_snapshot(struct pmt_profile *profile,
                        const struct pmt_snapshot_stream *stream,
                        size_t place)
{
    uint64_t sample_bytes = pmt_sampling_of(stream->stream);
    struct pmt_grouping *grouping = &profile->grouping;

    if (stream->found.number && sample_bytes &&
        pmt_grouping_sampled(grouping, sample_bytes))
        return PMT_ERR_MEMORY;
    for (size_t i = 0; i < stream->found.row_count; i++) {
        const struct pmt_snapshot_row *row = &stream->found.rows[i];
        struct pmt_block block = {
            .size = row->blocks ? row->bytes / row->blocks : 0,
            .stack = row->stack,
            .type = row->type & 0xffffff,
            .domain = row->domain & (PMT_BLOCK_DOMAINS - 1),
        };
        int wanted = profile->patterns
                         ? pmt_patterns_want(profile->patterns, stream->stream,
                                             place, row->stack)
                         : 1;

        if (wanted < 0 ||
            (wanted > 0 && row->blocks &&
             pmt_grouping_add(grouping, stream->stream, place, &block,
                              row->blocks, row->bytes, sample_bytes)))
            return PMT_ERR_MEMORY;
    }
    return PMT_OK;
}

int pmt_profile_of_snapshots(struct pmt_profile *profile,
                             const struct pmt_snapshots *snapshots)
{
    int code = PMT_OK;

    profile->want = 0;
    /* Streams without blocks may have been judged under other numbers. */
    if (profile->patterns)
        pmt_patterns_release(profile->patterns);
    for (size_t i = 0; code == PMT_OK && i < snapshots->stream_count; i++)
        code = add_snapshot(profile, &snapshots->streams[i], i);
    pmt_samples_sort(&profile->grouping.samples);
    return code == PMT_OK && profile_has_parts(profile) ? PMT_OK : PMT_ERR_MEMORY;
}
