/* growth.c: keeps the courses; see growth.h. What is made of them is in
 * growth-rows.c. */
#include "growth.h"

#include <stdlib.h>
#include <string.h>

#include "growth-private.h"
#include "own-site.h"

/* A group has a course from so much on, at first. */
#define LARGE_BYTES 1024
#define LARGE_COUNT 8

/* Records in a bin, at first: 2 to the power of. */
#define FIRST_SHIFT 4

void pmt_growth_init(struct pmt_growth *growth, enum pmt_live_which which,
                     enum pmt_group_by by)
{
    memset(growth, 0, sizeof *growth);
    growth->which = which;
    growth->grouping.by = by;
    growth->large_bytes = LARGE_BYTES;
    growth->large_count = LARGE_COUNT;
}

static void release_stream(struct pmt_growth_stream *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->count; i++) {
        s->growth->courses -= s->series[i].course != NULL;
        free(s->series[i].course);
    }
    free(s->series);
    free(s->collections);
    pmt_id_map_release(&s->own);
    pmt_id_map_release(&s->slots);
    free(s);
}

void pmt_growth_release(struct pmt_growth *growth)
{
    for (size_t i = 0; i < growth->stream_count; i++)
        release_stream(growth->streams[i]);
    free(growth->streams);
    free(growth->rows);
    pmt_grouping_release(&growth->grouping);
    memset(growth, 0, sizeof *growth);
}

uint64_t pmt_growth_memory(const struct pmt_growth *growth)
{
    uint64_t sum = growth->courses * sizeof(struct course);

    for (size_t i = 0; i < growth->stream_count; i++)
        if (growth->streams[i])
            sum += growth->streams[i]->capacity * sizeof(struct series) +
                   sizeof *growth->streams[i];
    return sum;
}

/* ---- groups ------------------------------------------------------------ */

/* The site, with its mark; 0: no memory. */
static uint32_t own_of(struct pmt_growth_stream *s, uint32_t stack)
{
    uint32_t known = pmt_id_map_get(&s->own, stack);
    struct pmt_own_site own;

    if (known)
        return known - 1;
    own = pmt_own_site(s->stream, stack);
    known = own.stack * 2 + own.imported;
    if (stack && pmt_id_map_set(&s->own, stack, known + 1))
        s->growth->failed = true;
    return known;
}

struct pmt_block pmt_growth_owned(struct pmt_growth_stream *s,
                                  const struct pmt_block *block,
                                  bool *imported)
{
    struct pmt_block owned = *block;
    uint32_t own = own_of(s, block->stack);

    *imported = own & 1;
    if (s->growth->grouping.by == PMT_BY_OWN)
        owned.stack = own >> 1;
    return owned;
}

struct series *pmt_growth_series(struct pmt_growth_stream *s, uint32_t group)
{
    uint32_t slot = pmt_id_map_get(&s->slots, group);

    if (slot)
        return &s->series[slot - 1];
    if (group > PMT_ID_MAX)
        return NULL;
    if (s->count == s->capacity) {
        size_t capacity = s->capacity * 2 + 32;
        struct series *more = realloc(s->series, capacity * sizeof *more);

        if (!more)
            return NULL;
        s->series = more;
        s->capacity = capacity;
    }
    if (pmt_id_map_set(&s->slots, group, (uint32_t)s->count + 1))
        return NULL;
    s->series[s->count] = (struct series){.group = group};
    return &s->series[s->count++];
}

/* ---- bins -------------------------------------------------------------- */

/* Two bins become one. */
static void halve_course(struct course *course)
{
    struct bin *bins = course->bins;

    for (size_t i = 0; i <= course->at / 2; i++) {
        size_t a = 2 * i, b = 2 * i + 1 <= course->at ? 2 * i + 1 : a;

        bins[i].bytes_low = bins[a].bytes_low < bins[b].bytes_low
                                ? bins[a].bytes_low
                                : bins[b].bytes_low;
        bins[i].bytes_high = bins[a].bytes_high > bins[b].bytes_high
                                 ? bins[a].bytes_high
                                 : bins[b].bytes_high;
        bins[i].count_low = bins[a].count_low < bins[b].count_low
                                ? bins[a].count_low
                                : bins[b].count_low;
    }
    course->at /= 2;
    course->shift++;
}

void pmt_growth_roll(const struct pmt_growth_stream *s, struct series *series,
                     uint64_t bytes, uint64_t weight)
{
    struct course *course = series->course;

    while (course->shift < s->shift)
        halve_course(course);
    if (course->at > s->at)
        course->at = s->at;
    while (course->at < s->at)
        course->bins[++course->at] = (struct bin){bytes, bytes, weight};
}

static void halve_clock(struct pmt_growth_stream *s)
{
    for (size_t i = 0; i <= s->at / 2; i++)
        s->time[i] = s->time[2 * i + 1 <= s->at ? 2 * i + 1 : 2 * i];
    s->at /= 2;
    s->shift++;
}

/* The stream has come to a step, of those that no import made: else the work of
 * a quiet program would be a few bins behind its imports. Bins in which nothing
 * was noted end when the one before them does. */
static void move_clock(struct pmt_growth_stream *s, uint64_t step,
                       uint64_t time, bool imported)
{
    s->imported += imported;
    step -= s->imported < step ? s->imported : step;
    while (step >> s->shift >= PMT_GROWTH_BINS)
        halve_clock(s);
    while (s->at < step >> s->shift) {
        s->at++;
        s->time[s->at] = s->time[s->at - 1];
    }
    s->time[s->at] = time;
    s->steps = step;
}

/* What lies behind a step is no more. */
static void cut_clock(struct pmt_growth_stream *s, uint64_t time)
{
    if (s->cut)
        return;
    s->cut = true;
    while (s->at > 0 && s->time[s->at - 1] >= time)
        s->at--;
    s->time[s->at] = time;
}

/* ---- what is large ----------------------------------------------------- */

static bool is_large(const struct pmt_growth *growth, uint64_t bytes,
                     uint64_t weight)
{
    return bytes >= growth->large_bytes ||
           weight >> PMT_WEIGHT_BITS >= growth->large_count;
}

/* Makes room for courses: what never was large by twice the measure has none
 * any more. */
static void fold(struct pmt_growth *growth)
{
    growth->large_bytes *= 2;
    growth->large_count *= 2;
    for (size_t i = 0; i < growth->stream_count; i++) {
        struct pmt_growth_stream *s = growth->streams[i];

        for (size_t k = 0; s && k < s->count; k++) {
            struct series *series = &s->series[k];

            if (!series->course || series->peak >= growth->large_bytes ||
                is_large(growth, series->bytes, series->weight))
                continue;
            free(series->course);
            series->course = NULL;
            growth->courses--;
        }
    }
}

/* Up to now it was too small to be looked at: nothing, as good as. */
static void begin_course(struct pmt_growth_stream *s, struct series *series)
{
    while (s->growth->courses >= PMT_GROWTH_COURSES)
        fold(s->growth);
    series->course = calloc(1, sizeof *series->course);
    if (!series->course) {
        s->growth->failed = true;
        return;
    }
    s->growth->courses++;
    series->course->shift = s->shift;
    pmt_growth_roll(s, series, 0, 0);
}

/* ---- blocks come and go ------------------------------------------------ */

unsigned pmt_growth_age_class(uint64_t ticks)
{
    unsigned n = ticks ? 64 - (unsigned)__builtin_clzll(ticks) : 0;

    return n < AGES ? n : AGES - 1;
}

static void come(struct pmt_growth_stream *s, struct series *series,
                 const struct pmt_live_set *set, struct pmt_weight weight)
{
    uint64_t bytes = series->bytes, blocks = series->weight;

    series->bytes += weight.bytes;
    series->weight += weight.blocks;
    series->samples++;
    if (set->why == PMT_LIVE_RESIZED) {
        /* Between its two ends a realloc has no block. */
        bytes = series->bytes;
        blocks = series->weight;
        series->resized++;
    } else if (set->why == PMT_LIVE_CREATED) {
        series->created++;
    }
    if (series->course)
        pmt_growth_roll(s, series, bytes, blocks);
    else if (is_large(s->growth, series->bytes, series->weight))
        begin_course(s, series);
    if (series->bytes > series->peak)
        series->peak = series->bytes;
    if (series->course) {
        struct bin *bin = &series->course->bins[series->course->at];

        if (series->bytes > bin->bytes_high)
            bin->bytes_high = series->bytes;
    }
}

static void go(struct pmt_growth_stream *s, struct series *series,
               const struct pmt_live_set *set, const struct pmt_block *block,
               struct pmt_weight weight)
{
    struct course *course = series->course;
    struct bin *bin;

    if (course)
        pmt_growth_roll(s, series, series->bytes, series->weight);
    series->bytes -= weight.bytes;
    series->weight -= weight.blocks;
    series->samples--;
    if (set->why == PMT_LIVE_RESIZED || set->why == PMT_LIVE_RELOADED)
        return;
    series->destroyed++;
    if (series->last_freed <= set->tail.time + 1)
        series->freed_before = series->last_freed;
    series->last_freed = set->now.time + 1;
    if (!course)
        return;
    bin = &course->bins[course->at];
    if (series->bytes < bin->bytes_low)
        bin->bytes_low = series->bytes;
    if (series->weight < bin->count_low)
        bin->count_low = series->weight;
    if (set->now.time >= block->time)
        course->gone_by_age[pmt_growth_age_class(set->now.time -
                                                 block->time)]++;
}

/* An event of the interpreter's end is taken back. */
static void undo(struct series *series, const struct pmt_live_set *set,
                 const struct pmt_block *block, int sign,
                 struct pmt_weight weight)
{
    if (sign < 0) {
        series->bytes -= weight.bytes;
        series->weight -= weight.blocks;
        series->samples--;
        series->created -= series->created > 0;
        return;
    }
    series->bytes += weight.bytes;
    series->weight += weight.blocks;
    series->samples++;
    series->destroyed -= series->destroyed > 0;
    if (series->last_freed > set->tail.time + 1)
        series->last_freed = series->freed_before;
    if (series->course && set->undone_time >= block->time) {
        uint32_t *gone =
            &series->course->gone_by_age[pmt_growth_age_class(
                set->undone_time - block->time)];

        *gone -= *gone > 0;
    }
}

static void observe(void *context, const struct pmt_live_set *set,
                    const struct pmt_block *block, int sign)
{
    struct pmt_growth_stream *s = context;
    struct pmt_growth *growth = s->growth;
    struct series *series;
    struct pmt_block owned;
    bool imported;
    uint32_t group;

    if (growth->failed)
        return;
    owned = pmt_growth_owned(s, block, &imported);
    if (set->why != PMT_LIVE_UNDONE)
        move_clock(s, set->now.step, set->now.time, imported);
    else
        cut_clock(s, set->now.time);
    if (growth->match &&
        !pmt_match_block(growth->match, s->stream, s->place, block))
        return;
    group = pmt_grouping_of(&growth->grouping, s->stream, s->place, &owned);
    series = group == PMT_INTERN_NONE ? NULL : pmt_growth_series(s, group);
    if (!series)
        growth->failed = true;
    else if (set->why == PMT_LIVE_UNDONE)
        undo(series, set, block, sign,
             pmt_sampling_weigh(set->sample_bytes, block->size));
    else if (sign > 0)
        come(s, series, set,
             pmt_sampling_weigh(set->sample_bytes, block->size));
    else
        go(s, series, set, block,
           pmt_sampling_weigh(set->sample_bytes, block->size));
}

/* ---- streams ----------------------------------------------------------- */

static struct pmt_growth_stream **stream_at(struct pmt_growth *growth,
                                            size_t place)
{
    if (place >= growth->stream_count) {
        size_t count = place * 2 + 4;
        struct pmt_growth_stream **more =
            realloc(growth->streams, count * sizeof *more);

        if (!more)
            return NULL;
        memset(more + growth->stream_count, 0,
               (count - growth->stream_count) * sizeof *more);
        growth->streams = more;
        growth->stream_count = count;
    }
    return &growth->streams[place];
}

static void begin_one(struct pmt_growth *growth,
                      struct pmt_live_stream *stream, size_t index)
{
    struct pmt_growth_stream **at = stream_at(growth, index), *s;

    s = at ? calloc(1, sizeof *s) : NULL;
    if (!s) {
        growth->failed = true;
        return;
    }
    release_stream(*at);
    pmt_grouping_forget(&growth->grouping, index);
    if (growth->match)
        pmt_match_forget(growth->match, index);
    *at = s;
    s->growth = growth;
    s->stream = stream->stream;
    s->place = index;
    s->tick_ns = stream->tick_ns;
    s->shift = FIRST_SHIFT;
    stream->sets[growth->which].observe = observe;
    stream->sets[growth->which].observe_context = s;
}

static void begin(void *context, struct pmt_live_stream *stream, size_t index)
{
    struct pmt_growth *growth = context;

    for (; growth; growth = growth->next)
        begin_one(growth, stream, index);
}

void pmt_growth_attach(struct pmt_growth *growths, size_t count,
                       struct pmt_live_sets *live)
{
    for (size_t i = 0; i < count; i++) {
        growths[i].live = live;
        growths[i].next = i + 1 < count ? &growths[i + 1] : NULL;
    }
    live->begin = begin;
    live->begin_context = growths;
}

/* ---- collections of garbage -------------------------------------------- */

static int note_collection(struct pmt_growth_stream *s, uint64_t time)
{
    if (!s->collections) {
        s->collections = calloc(COLLECTIONS_MAX, sizeof *s->collections);
        if (!s->collections)
            return PMT_ERR_MEMORY;
    }
    if (s->collection_count == COLLECTIONS_MAX) {
        for (size_t i = 0; i < COLLECTIONS_MAX / 2; i++)
            s->collections[i] = s->collections[2 * i + 1];
        s->collection_count = COLLECTIONS_MAX / 2;
    }
    s->collections[s->collection_count++] = time;
    return PMT_OK;
}

int pmt_growth_take(struct pmt_growth *growth, struct pmt_reader *r,
                    const struct pmt_event *event)
{
    const uint64_t *times, *ops, *generations;
    struct pmt_growth_stream *s = NULL;

    if (event->type != PMT_EVENT_RECORDS ||
        event->envelope.kind != PMT_KIND_GC)
        return PMT_OK;
    for (size_t i = 0; !s && i < growth->stream_count; i++)
        if (growth->streams[i] && growth->streams[i]->stream == event->stream)
            s = growth->streams[i];
    times = pmt_reader_column(r, PMT_COL_TIME);
    ops = pmt_reader_column(r, PMT_COL_OP);
    generations = pmt_reader_column(r, PMT_COL_GENERATION);
    if (!s || !times || !ops || !generations)
        return PMT_OK;
    for (uint32_t i = 0; i < event->envelope.count; i++)
        if (ops[i] == 1 && generations[i] >= 2 &&
            note_collection(s, times[i]))
            return PMT_ERR_MEMORY;
    return PMT_OK;
}
