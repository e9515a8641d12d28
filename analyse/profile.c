/* profile.c: see profile.h. */
#include "profile.h"

#include <stdlib.h>
#include <string.h>

/* ---- sums by id --------------------------------------------------------- */

/* What was allocated under an id, until groups are looked up at the end: no
 * more than a few instructions a record. Only where nothing is sampled. */
struct tally {
    uint64_t count, bytes, temporary, temporary_bytes;
};

struct tallies {
    struct tally **pages; /* as in id-map.h */
    uint32_t page_count;
};

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

static void tallies_release(struct tallies *tallies)
{
    for (uint32_t i = 0; i < tallies->page_count; i++)
        free(tallies->pages[i]);
    free(tallies->pages);
    memset(tallies, 0, sizeof *tallies);
}

/* ---- the blocks that a thread made last --------------------------------- */

struct last_block {
    uint64_t address;
    struct pmt_block block;
    bool open; /* not given back since */
};

struct last_blocks {
    struct last_block *ring; /* `within` of them; NULL: none yet */
    uint32_t next;
};

/* ---- streams ------------------------------------------------------------ */

struct profile_stream {
    struct pmt_profile *profile;
    size_t place;
    uint64_t from;          /* tick; only what is later counts */
    bool all;               /* there is no `from` */
    uint64_t sample_bytes;
    struct tallies tallies;
    struct last_blocks *threads; /* by thread id */
    uint32_t thread_count;
};

static void release_stream(struct profile_stream *stream)
{
    tallies_release(&stream->tallies);
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

static bool has_parts(struct pmt_profile *profile)
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
static const uint32_t *groups_of(struct pmt_profile *profile, size_t place,
                                 const struct pmt_block *block, size_t *count)
{
    const uint32_t *groups = pmt_grouping_all_of(
        &profile->grouping, profile->live.streams[place].stream, place, block,
        count);

    return groups && has_parts(profile) ? groups : NULL;
}

/* Is a block that was made at `time` on `stack` one of those asked for? */
static int is_wanted(struct profile_stream *stream, uint64_t time,
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

static void amount_add(struct pmt_amount *amount, uint64_t sample_bytes,
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

/* ---- what comes and goes ------------------------------------------------ */

/* An eighth of a power of 2 each, but for the first ones, of 1 ns. */
static uint32_t lifetime_class(uint64_t ns)
{
    uint32_t bits;

    if (ns < 16)
        return (uint32_t)ns;
    bits = 63 - (uint32_t)__builtin_clzll(ns);
    return (bits - 2) * 8 + (uint32_t)(ns >> (bits - 3) & 7);
}

/* The middle of a class. */
static uint64_t lifetime_of(uint32_t class)
{
    uint32_t bits = class / 8 + 2;

    if (class < 16)
        return class;
    return ((UINT64_C(8) + class % 8) << (bits - 3)) +
           (UINT64_C(1) << (bits - 3)) / 2;
}

static bool lifetimes_add(struct pmt_profile_part *part, uint64_t ns,
                          uint64_t count)
{
    if (!part->lifetimes &&
        !(part->lifetimes = calloc(1, sizeof *part->lifetimes)))
        return false;
    part->lifetimes->count += count;
    part->lifetimes->classes[lifetime_class(ns)] += count;
    if (ns > part->lifetimes->longest_ns)
        part->lifetimes->longest_ns = ns;
    return true;
}

uint64_t pmt_lifetimes_percentile(const struct pmt_lifetimes *lifetimes,
                                  unsigned percent)
{
    unsigned __int128 wanted =
        ((unsigned __int128)lifetimes->count * percent + 99) / 100;
    unsigned __int128 sum = 0;

    for (uint32_t i = 0; i < PMT_LIFETIME_CLASSES; i++) {
        sum += lifetimes->classes[i];
        if (sum >= wanted && sum > 0)
            return lifetime_of(i) < lifetimes->longest_ns
                       ? lifetime_of(i)
                       : lifetimes->longest_ns;
    }
    return lifetimes->longest_ns;
}

static bool change_part(struct profile_stream *stream,
                        struct pmt_profile_part *part,
                        const struct pmt_block *block, int sign,
                        uint64_t lived_ns)
{
    struct pmt_profile *profile = stream->profile;
    bool by_bytes = profile->which == PMT_LIVE_BLOCKS;

    if (sign < 0 && profile->want & PMT_PROFILE_LIFETIMES &&
        !lifetimes_add(part, lived_ns,
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
    amount_add(&part->now, stream->sample_bytes, 1, block->size);
    if (by_bytes ? part->now.bytes > part->peak.bytes
                 : part->now.count > part->peak.count)
        part->peak = part->now;
    return true;
}

static void watch(void *context, const struct pmt_block *block, int sign,
                  uint64_t time)
{
    struct profile_stream *stream = context;
    struct pmt_profile *profile = stream->profile;
    uint64_t lived = time > block->time ? time - block->time : 0;
    const uint32_t *groups;
    size_t count;
    int wanted = is_wanted(stream, block->time, block->stack);

    profile->no_memory |= wanted < 0;
    if (wanted <= 0)
        return;
    lived *= profile->live.streams[stream->place].tick_ns;
    groups = groups_of(profile, stream->place, block, &count);
    if (!groups) {
        profile->no_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++)
        profile->no_memory |= !change_part(stream, &profile->parts[groups[i]],
                                           block, sign, lived);
    profile->no_memory |=
        !change_part(stream, &profile->total, block, sign, lived);
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

    groups = groups_of(profile, stream->place, block, &count);
    if (!groups)
        return false;
    for (size_t i = 0; ok && i <= count; i++) {
        struct pmt_profile_part *part =
            i < count ? &profile->parts[groups[i]] : &profile->total;

        amount_add(&part->allocated, n, tally->count, tally->bytes);
        amount_add(&part->temporary, n, tally->temporary,
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

static bool made(struct profile_stream *stream, const struct pmt_block *block,
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

/* ---- what is temporary -------------------------------------------------- */

static struct last_blocks *thread_of(struct profile_stream *stream,
                                     uint32_t thread)
{
    struct last_blocks *last;

    if (thread >= stream->thread_count) {
        uint32_t count = thread + thread / 2 + 8;
        void *more = realloc(stream->threads,
                             count * sizeof *stream->threads);

        if (!more)
            return NULL;
        stream->threads = more;
        memset(stream->threads + stream->thread_count, 0,
               (count - stream->thread_count) * sizeof *stream->threads);
        stream->thread_count = count;
    }
    last = &stream->threads[thread];
    if (!last->ring)
        last->ring = calloc(stream->profile->within, sizeof *last->ring);
    return last->ring ? last : NULL;
}

static bool remember_made(struct profile_stream *stream,
                          const struct pmt_block *block)
{
    struct last_blocks *last = thread_of(stream, block->thread);

    if (!last)
        return false;
    last->ring[last->next] = (struct last_block){block->address, *block, true};
    last->next = (last->next + 1) % stream->profile->within;
    return true;
}

/* A block is given back: was it one of the last that its thread made? */
static bool given_back(struct profile_stream *stream, uint32_t thread,
                       uint64_t address)
{
    struct last_blocks *last =
        thread < stream->thread_count ? &stream->threads[thread] : NULL;

    for (uint32_t i = 0; last && last->ring && i < stream->profile->within;
         i++)
        if (last->ring[i].open && last->ring[i].address == address) {
            last->ring[i].open = false;
            return made(stream, &last->ring[i].block, true);
        }
    return true;
}

/* ---- records ------------------------------------------------------------ */

/* One record: a block that is acquired or released. */
static inline int take_one(struct profile_stream *stream,
                           const struct pmt_block *block, bool acquires)
{
    bool temporary = stream->profile->want & PMT_PROFILE_TEMPORARY;
    int wanted;

    if (!acquires)
        return !temporary ||
                       given_back(stream, block->thread, block->address)
                   ? PMT_OK
                   : PMT_ERR_MEMORY;
    wanted = stream->all && !stream->profile->patterns
                 ? 1
                 : is_wanted(stream, block->time, block->stack);
    if (wanted < 0 || (wanted > 0 && !made(stream, block, false)))
        return PMT_ERR_MEMORY;
    if (!temporary)
        return PMT_OK;
    /* One that is not wanted still pushes out an older one. */
    if (!remember_made(stream, block))
        return PMT_ERR_MEMORY;
    if (!wanted) {
        struct last_blocks *last = &stream->threads[block->thread];
        uint32_t within = stream->profile->within;

        last->ring[(last->next + within - 1) % within].open = false;
    }
    return PMT_OK;
}

static int take_allocs(struct profile_stream *stream, struct pmt_reader *r,
                       uint64_t count)
{
    const struct pmt_alloc *records = pmt_reader_allocs(r);
    int code = PMT_OK;

    if (!records && count > 0)
        return PMT_ERR_MEMORY;
    for (uint64_t i = 0; code == PMT_OK && i < count; i++) {
        const struct pmt_alloc *record = &records[i];
        struct pmt_block block = {.address = record->address,
                                  .size = record->size,
                                  .time = record->time,
                                  .stack = record->stack,
                                  .thread = record->thread,
                                  .domain = record->domain & 3};

        if (record->op == PMT_ALLOC_REALLOC_UNDO)
            continue;
        code = take_one(stream, &block,
                        record->op != PMT_ALLOC_FREE &&
                            record->op != PMT_ALLOC_REALLOC_FREE);
    }
    return code;
}

static int take_objects(struct profile_stream *stream, struct pmt_reader *r,
                        uint64_t count)
{
    const struct pmt_object *records = pmt_reader_objects(r);
    const uint64_t *sizes = pmt_reader_column(r, PMT_COL_SIZE);
    const struct pmt_id_map *type_sizes =
        &stream->profile->live.streams[stream->place].type_sizes;
    int code = PMT_OK;

    if (!records && count > 0)
        return PMT_ERR_MEMORY;
    for (uint64_t i = 0; code == PMT_OK && i < count; i++) {
        const struct pmt_object *record = &records[i];
        struct pmt_block block = {
            .address = record->address,
            .size = sizes ? sizes[i]
                          : pmt_id_map_get(type_sizes, record->type),
            .time = record->time,
            .stack = record->stack,
            .thread = record->thread,
            .type = record->type & 0xffffff};

        code = take_one(stream, &block, record->op == PMT_OBJECT_CREATE);
    }
    return code;
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
    if (profile->want & (PMT_PROFILE_LIFETIMES | PMT_PROFILE_PEAK)) {
        set->watch = watch;
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
        code = kind == PMT_KIND_ALLOC ? take_allocs(stream, r, taken)
                                      : take_objects(stream, r, taken);
    }
    if (code || profile->no_memory)
        return pmt_error_set(err, PMT_ERR_MEMORY, event->offset,
                             "out of memory");
    return PMT_OK;
}

/* ---- the end ------------------------------------------------------------ */

static bool add_tallies(struct profile_stream *stream)
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
        return has_parts(profile);
    while ((block = pmt_live_table_next(table, &at)) != NULL) {
        int wanted = is_wanted(stream, block->time, block->stack);

        if (wanted < 0 ||
            (wanted > 0 && pmt_grouping_add(&profile->grouping, live->stream,
                                            stream->place, block, 1,
                                            block->size,
                                            stream->sample_bytes)))
            return false;
    }
    return has_parts(profile);
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

int pmt_profile_finish(struct pmt_profile *profile, struct pmt_error *err)
{
    bool ok = !profile->no_memory;

    pmt_live_sets_finish(&profile->live);
    for (size_t i = 0; ok && i < profile->live.stream_count; i++) {
        ok = add_live(profile->streams[i]) &&
             add_tallies(profile->streams[i]);
        add_span(profile, profile->streams[i]);
    }
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
    return code == PMT_OK && has_parts(profile) ? PMT_OK : PMT_ERR_MEMORY;
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
