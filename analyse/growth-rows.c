/* growth-rows.c: what came of the courses at the moment; see growth.h. */
#include <stdlib.h>
#include <string.h>

#include "growth-private.h"
#include "growth.h"

/* ---- what lives -------------------------------------------------------- */

/* The bin in which a tick is: the first that ends at it or behind it. */
static size_t bin_of(const struct pmt_growth_stream *s, uint64_t time)
{
    size_t low = 0, high = s->at;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (s->time[middle] < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void note_alive(struct pmt_growth_stream *s, struct series *series,
                       const struct pmt_block *block, struct pmt_weight weight,
                       bool imported)
{
    uint64_t now = s->time[s->at];

    if (imported)
        series->imported += weight.bytes;
    if (block->stack == series->voted) {
        series->vote += weight.bytes;
    } else if (weight.bytes <= series->vote) {
        series->vote -= weight.bytes;
    } else {
        series->vote = weight.bytes - series->vote;
        series->voted = block->stack;
    }
    if (!series->course)
        return;
    series->course->born[bin_of(s, block->time)] += weight.blocks;
    series->course->alive_by_age[pmt_growth_age_class(
        now > block->time ? now - block->time : 0)]++;
}

static int note_all_alive(struct pmt_growth_stream *s)
{
    struct pmt_growth *growth = s->growth;
    const struct pmt_live_set *set =
        &growth->live->streams[s->place].sets[growth->which];
    const struct pmt_block *block;
    uint32_t at = 0;

    while ((block = pmt_live_table_next(&set->table, &at)) != NULL) {
        struct series *series;
        struct pmt_block owned;
        bool imported;
        uint32_t group;

        if (growth->match &&
            !pmt_match_block(growth->match, s->stream, s->place, block))
            continue;
        owned = pmt_growth_owned(s, block, &imported);
        group = pmt_grouping_of(&growth->grouping, s->stream, s->place,
                                &owned);
        series = group == PMT_INTERN_NONE ? NULL
                                          : pmt_growth_series(s, group);
        if (!series || growth->failed)
            return PMT_ERR_MEMORY;
        note_alive(s, series, block,
                   pmt_sampling_weigh(set->sample_bytes, block->size),
                   imported);
    }
    return PMT_OK;
}

/* ---- a group in a stream ----------------------------------------------- */

static double blocks_of(uint64_t weight)
{
    return (double)weight / (double)PMT_WEIGHT_ONE;
}

static void describe(const struct pmt_growth_stream *s,
                     struct series *series, const struct pmt_live_set *set,
                     struct pmt_growth_course *out)
{
    struct course *course = series->course;
    uint64_t records =
        series->created + series->destroyed + 2 * series->resized;

    pmt_growth_roll(s, series, series->bytes, series->weight);
    memset(out, 0, sizeof *out);
    /* The lowest in the last bin may be of the end that was cut off. */
    out->bins = course->at + !(s->cut && course->at > 0);
    for (size_t i = 0; i < out->bins; i++) {
        out->bytes_low[i] = (double)course->bins[i].bytes_low;
        out->bytes_high[i] = (double)course->bins[i].bytes_high;
        out->count_low[i] = blocks_of(course->bins[i].count_low);
        out->born[i] = blocks_of(course->born[i]);
        out->seconds[i] = (double)s->time[i] * s->tick_ns / 1e9;
    }
    for (size_t i = 0; i < s->collection_count; i++)
        if (s->collections[i] <= s->time[s->at])
            out->collected[bin_of(s, s->collections[i])] = true;
    out->records = s->steps ? (double)records / (double)s->steps : 0;
    out->samples = series->samples;
    out->resized = (double)series->resized;
    out->replaced = (double)series->destroyed;
    out->imported = series->bytes ? (double)series->imported /
                                        (double)series->bytes
                                  : 0;
    if (series->last_freed)
        out->turned_over = (double)bin_of(s, series->last_freed - 1) /
                           (double)out->bins;
    out->sampled = set->sample_bytes > 0;
}

/* The age at which half of all that were ever made were gone, in ticks; 0:
 * more of them live. */
static uint64_t half_life(const struct course *course)
{
    uint64_t all = 0, gone = 0;

    for (int i = 0; i < AGES; i++)
        all += course->gone_by_age[i] + course->alive_by_age[i];
    for (int i = 0; i < AGES; i++) {
        gone += course->gone_by_age[i];
        if (gone > 0 && gone * 2 >= all)
            return i > 0 ? UINT64_C(1) << (i - 1) : 1;
    }
    return 0;
}

/* Is the inner site another one than that of the group? */
static uint32_t through_of(struct pmt_growth_stream *s,
                           const struct series *series)
{
    struct pmt_block block = {.stack = series->voted};
    bool imported;

    if (s->growth->grouping.by != PMT_BY_OWN ||
        pmt_growth_owned(s, &block, &imported).stack == block.stack)
        return 0;
    return block.stack;
}

static bool says_more(const struct pmt_growth_row *row,
                      const struct pmt_growth_verdict *verdict, double score,
                      uint64_t bytes)
{
    if (row->streams == 0)
        return true;
    if (verdict->kind != row->verdict.kind)
        return verdict->kind < row->verdict.kind;
    if (score > row->score || score < row->score)
        return score > row->score;
    return bytes > row->bytes;
}

static void add_series(struct pmt_growth_row *row,
                       struct pmt_growth_stream *s, struct series *series,
                       const struct pmt_live_set *set)
{
    struct pmt_growth_course course;
    struct pmt_growth_verdict verdict;
    double score;

    describe(s, series, set, &course);
    pmt_growth_judge(&course, &verdict);
    score = verdict.kind == PMT_GROWTH_LEAK
                ? verdict.bytes.value * verdict.confidence
                : 0;
    if (says_more(row, &verdict, score, series->bytes)) {
        row->verdict = verdict;
        row->from_ns = verdict.from > 0
                           ? s->time[verdict.from - 1] * s->tick_ns
                           : 0;
        row->to_ns = s->time[verdict.to] * s->tick_ns;
        row->last_freed_ns =
            series->last_freed ? (series->last_freed - 1) * s->tick_ns : 0;
        row->half_life_ns = half_life(series->course) * s->tick_ns;
        row->through = through_of(s, series);
        row->through_stream = s->stream;
        row->imported = course.imported;
    }
    row->score += score;
    row->leaking += verdict.kind == PMT_GROWTH_LEAK;
    row->streams++;
    row->count += pmt_weight_blocks(series->weight);
    row->bytes += series->bytes;
    row->peak_bytes += series->peak;
    row->created += series->created;
    row->destroyed += series->destroyed;
    row->resized += series->resized;
    row->estimated |= set->sample_bytes > 0;
}

/* ---- rows -------------------------------------------------------------- */

static int compare_rows(const void *a, const void *b)
{
    const struct pmt_growth_row *x = a, *y = b;

    if (x->verdict.kind != y->verdict.kind)
        return x->verdict.kind < y->verdict.kind ? -1 : 1;
    if (x->score > y->score || x->score < y->score)
        return x->score > y->score ? -1 : 1;
    if (x->bytes != y->bytes)
        return x->bytes > y->bytes ? -1 : 1;
    return x->group < y->group ? -1 : x->group > y->group;
}

static void add_small(struct pmt_growth *growth, const struct series *series)
{
    if (series->weight == 0)
        return;
    growth->small++;
    growth->small_live += series->bytes;
    if (series->peak > growth->small_bytes)
        growth->small_bytes = series->peak;
}

static void finish_stream(struct pmt_growth_stream *s)
{
    struct pmt_growth *growth = s->growth;
    const struct pmt_live_set *set =
        &growth->live->streams[s->place].sets[growth->which];

    for (size_t i = 0; i < s->collection_count; i++)
        growth->full_collections += s->collections[i] <= s->time[s->at];
    for (size_t i = 0; i < s->count; i++) {
        struct series *series = &s->series[i];

        if (!series->course)
            add_small(growth, series);
        else if (series->weight > 0)
            add_series(&growth->rows[series->group], s, series, set);
    }
}

int pmt_growth_finish(struct pmt_growth *growth)
{
    size_t count = 0;

    if (growth->failed)
        return PMT_ERR_MEMORY;
    for (size_t i = 0; i < growth->stream_count; i++)
        if (growth->streams[i] && note_all_alive(growth->streams[i]))
            return PMT_ERR_MEMORY;
    growth->rows =
        calloc(growth->grouping.group_count + 1, sizeof *growth->rows);
    if (!growth->rows)
        return PMT_ERR_MEMORY;
    for (size_t i = 0; i < growth->stream_count; i++)
        if (growth->streams[i])
            finish_stream(growth->streams[i]);
    for (size_t i = 0; i < growth->grouping.group_count; i++)
        if (growth->rows[i].streams > 0) {
            growth->rows[count] = growth->rows[i];
            growth->rows[count++].group = (uint32_t)i;
        }
    growth->row_count = count;
    qsort(growth->rows, count, sizeof *growth->rows, compare_rows);
    return PMT_OK;
}

bool pmt_growth_course_of(const struct pmt_growth *growth,
                          const struct pmt_growth_row *row,
                          struct pmt_growth_course *course)
{
    for (size_t i = 0; i < growth->stream_count; i++) {
        struct pmt_growth_stream *s = growth->streams[i];
        uint32_t slot;

        if (!s || s->stream != row->through_stream)
            continue;
        slot = pmt_id_map_get(&s->slots, row->group);
        if (!slot || !s->series[slot - 1].course)
            return false;
        describe(s, &s->series[slot - 1],
                 &growth->live->streams[s->place].sets[growth->which], course);
        return true;
    }
    return false;
}
