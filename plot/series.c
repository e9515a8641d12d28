/* series.c: the first pass, which finds the largest groups; see series.h. */
#include "series.h"

#include <stdlib.h>
#include <string.h>

#include "figure.h"
#include "names.h"

/* What a group has and had; counts as pmt_weight. */
struct tally {
    uint64_t now[PMT_SERIES_WHATS], most[PMT_SERIES_WHATS];
};

struct ranking {
    struct pmt_series *series;
    struct pmt_grouping grouping;
    struct tally *tallies; /* by group */
    size_t capacity;
    struct ranked_stream **streams; /* by index */
    size_t stream_count;
    bool no_memory;
};

/* What the watch of a stream's set is called with. */
struct ranked_stream {
    struct ranking *ranking;
    const struct pmt_stream *stream;
    size_t index;
    uint64_t sample_bytes;
};

uint64_t pmt_series_skip_kinds(const struct pmt_series *series)
{
    return pmt_live_sets_skip_kinds(1u << series->which) &
           ~(series->shares ? pmt_shares_kinds() : 0);
}

void pmt_series_release(struct pmt_series *series)
{
    for (size_t i = 0; i < series->line_count; i++)
        free(series->lines[i].name);
    for (int what = 0; what < PMT_SERIES_WHATS; what++)
        free(series->values[what]);
    free(series->lines);
    free(series->line_of);
    memset(series, 0, sizeof *series);
}

/* ---- what the groups have ---------------------------------------------- */

static struct tally *tally_of(struct ranking *ranking, uint32_t group)
{
    if (group >= ranking->capacity) {
        size_t capacity = group * (size_t)2 + 64;
        struct tally *more =
            realloc(ranking->tallies, capacity * sizeof *more);

        if (!more)
            return NULL;
        memset(more + ranking->capacity, 0,
               (capacity - ranking->capacity) * sizeof *more);
        ranking->tallies = more;
        ranking->capacity = capacity;
    }
    return &ranking->tallies[group];
}

static void watch(void *context, const struct pmt_block *block, int sign,
                  uint64_t time)
{
    struct ranked_stream *stream = context;
    struct pmt_weight weight =
        pmt_sampling_weigh(stream->sample_bytes, block->size);
    const uint64_t step[PMT_SERIES_WHATS] = {
        [PMT_SERIES_BYTES] = weight.bytes,
        [PMT_SERIES_COUNT] = weight.blocks,
    };
    struct ranking *ranking = stream->ranking;
    uint32_t group = pmt_grouping_of(&ranking->grouping, stream->stream,
                                     stream->index, block);
    struct tally *tally =
        group == PMT_INTERN_NONE ? NULL : tally_of(ranking, group);

    (void)time;
    if (!tally) {
        ranking->no_memory = true;
        return;
    }
    for (int what = 0; what < PMT_SERIES_WHATS; what++) {
        if (sign > 0)
            tally->now[what] += step[what];
        else if (tally->now[what] >= step[what])
            tally->now[what] -= step[what];
        else /* its group had another name: damage hid the table */
            tally->now[what] = 0;
        if (tally->now[what] > tally->most[what])
            tally->most[what] = tally->now[what];
    }
}

/* A stream that starts again (5.1) would be drawn over itself: the first
 * time is the one that counts. */
static void begin(void *context, struct pmt_live_stream *stream, size_t index)
{
    struct ranking *ranking = context;
    struct pmt_live_set *set = &stream->sets[ranking->series->which];
    struct ranked_stream *own, **more;

    if (index < ranking->stream_count) {
        set->until_step = 0;
        return;
    }
    more = realloc(ranking->streams, (index + 1) * sizeof *more);
    if (more)
        ranking->streams = more;
    own = more ? malloc(sizeof *own) : NULL;
    if (!own) {
        ranking->no_memory = true;
        return;
    }
    *own = (struct ranked_stream){ranking, stream->stream, index,
                                  set->sample_bytes};
    ranking->streams[ranking->stream_count++] = own;
    set->watch = watch;
    set->watch_context = own;
}

/* ---- what comes of it -------------------------------------------------- */

struct rank {
    uint64_t most;
    uint32_t group;
};

static int compare_ranks(const void *a, const void *b)
{
    const struct rank *x = a, *y = b;

    if (x->most != y->most)
        return x->most < y->most ? 1 : -1;
    return x->group < y->group ? -1 : x->group > y->group;
}

static bool make_line(struct pmt_series *series,
                      const struct ranking *ranking, uint32_t group)
{
    struct pmt_series_line *line = &series->lines[series->line_count];
    char name[PMT_NAME_SIZE];

    line->name = strdup(pmt_figure_spell(
        name, sizeof name,
        pmt_group_name(name, sizeof name, &ranking->grouping,
                       &ranking->grouping.groups[group])));
    if (!line->name)
        return false;
    memcpy(line->most, ranking->tallies[group].most, sizeof line->most);
    line->most[PMT_SERIES_COUNT] =
        pmt_weight_blocks(line->most[PMT_SERIES_COUNT]);
    series->line_of[group] = (uint32_t)++series->line_count;
    return true;
}

static bool make_lines(struct pmt_series *series,
                       const struct ranking *ranking)
{
    size_t count = ranking->grouping.group_count, n = 0;
    struct rank *ranks = calloc(count + 1, sizeof *ranks);

    series->lines = calloc(series->lines_max + 1, sizeof *series->lines);
    series->line_of = calloc(count + 1, sizeof *series->line_of);
    series->group_count = count;
    if (!ranks || !series->lines || !series->line_of) {
        free(ranks);
        return false;
    }
    for (size_t i = 0; i < count && i < ranking->capacity; i++)
        if (ranking->tallies[i].most[PMT_SERIES_COUNT])
            ranks[n++] = (struct rank){
                ranking->tallies[i].most[series->rank], (uint32_t)i};
    qsort(ranks, n, sizeof *ranks, compare_ranks);
    for (size_t i = 0; i < n && i < series->lines_max; i++)
        if (!make_line(series, ranking, ranks[i].group)) {
            free(ranks);
            return false;
        }
    series->others = n - series->line_count;
    free(ranks);
    return true;
}

uint64_t pmt_series_offset(const struct pmt_series *series,
                           const struct pmt_stream *stream)
{
    int64_t start = pmt_stream_header(stream)->start_real_ns;

    if (start < series->origin_real_ns)
        return 0;
    return (uint64_t)start - (uint64_t)series->origin_real_ns;
}

size_t pmt_series_column(const struct pmt_series *series, uint64_t axis_ns)
{
    uint64_t column = axis_ns > series->begin_ns
                          ? (axis_ns - series->begin_ns) / series->column_ns
                          : 0;

    return column < series->columns ? (size_t)column : series->columns - 1;
}

bool pmt_series_changed(const struct pmt_series *series,
                        const struct pmt_live_sets *live)
{
    return pmt_live_sets_begun_ns(live) != series->let_go_ns;
}

/* Nothing is drawn before the first record of any stream. */
static void find_begin(struct pmt_series *series,
                       const struct pmt_live_sets *live)
{
    uint64_t first = UINT64_MAX;

    for (size_t i = 0; i < live->stream_count; i++) {
        const struct pmt_live_stream *stream = &live->streams[i];
        uint64_t begin = pmt_series_offset(series, stream->stream) +
                         (stream->begun_late ? stream->begun_ns : 0);

        if (begin < first)
            first = begin;
    }
    series->begin_ns = first < series->span_ns ? first : 0;
}

static void find_span(struct pmt_series *series,
                      const struct pmt_live_sets *live)
{
    for (size_t i = 0; i < live->stream_count; i++) {
        const struct pmt_live_stream *stream = &live->streams[i];
        const struct pmt_live_set *set = &stream->sets[series->which];

        if (!stream->seen[series->which])
            continue;
        series->streams++;
        if (set->sample_bytes > series->sample_bytes)
            series->sample_bytes = set->sample_bytes;
        series->peak.count += pmt_live_set_blocks(set, &set->peak);
        series->peak.bytes += set->peak.bytes;
        series->peak_ns = set->peak.time * stream->tick_ns;
        series->approximate |= pmt_live_set_is_approximate(set);
        series->inferred |= set->infer;
        series->basic |=
            series->which == PMT_LIVE_OBJECTS && !stream->sized;
    }
    for (size_t i = 0; i < live->stream_count; i++) {
        const struct pmt_live_stream *stream = &live->streams[i];
        uint64_t end =
            pmt_series_offset(series, stream->stream) + stream->end_ns;

        if (end > series->span_ns)
            series->span_ns = end;
    }
    find_begin(series, live);
    series->let_go_ns = pmt_live_sets_begun_ns(live);
}

/* ---- the pass ---------------------------------------------------------- */

static int read_all(struct ranking *ranking, struct pmt_live_sets *live,
                    struct pmt_trace *in, struct pmt_error *err)
{
    struct pmt_event event;
    int code;

    while ((code = pmt_trace_next(in, &event, err)) == PMT_OK) {
        struct pmt_shares *shares = ranking->series->shares;
        bool ok =
            !shares || pmt_shares_meet(shares, in->reader, &event) == PMT_OK;

        if ((event.type == PMT_EVENT_RECORDS ||
             event.type == PMT_EVENT_SKIPPED_CHUNK) &&
            event.envelope.count > 0 && event.envelope.kind < 64)
            ranking->series->kinds |= UINT64_C(1) << event.envelope.kind;
        code = pmt_live_sets_take(live, in->reader, &event, err);
        if (code)
            return code;
        if (!ok || ranking->no_memory)
            return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                                 "out of memory");
    }
    if (code != PMT_END)
        return code;
    pmt_live_sets_finish(live);
    find_span(ranking->series, live);
    if (!make_lines(ranking->series, ranking) ||
        (ranking->series->shares && pmt_shares_rank(ranking->series->shares)))
        return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                             "out of memory");
    return PMT_OK;
}

int pmt_series_rank(struct pmt_series *series, struct pmt_trace *in,
                    struct pmt_error *err)
{
    struct ranking ranking = {.series = series};
    struct pmt_live_sets live;
    int code;

    ranking.grouping.by = series->by;
    pmt_live_sets_init(&live, 1u << series->which);
    live.until = series->until;
    live.begin = begin;
    live.begin_context = &ranking;
    code = read_all(&ranking, &live, in, err);
    pmt_live_sets_release(&live);
    for (size_t i = 0; i < ranking.stream_count; i++)
        free(ranking.streams[i]);
    free(ranking.streams);
    free(ranking.tallies);
    pmt_grouping_release(&ranking.grouping);
    return code;
}
