/* series-fill.c: the second pass, which fills the columns; see series.h. */
#include <stdlib.h>
#include <string.h>

#include "series.h"

struct filling {
    struct pmt_series *series;
    struct pmt_grouping grouping;
    size_t slots;                   /* lines, and all others */
    struct filled_stream **streams; /* by index */
    size_t stream_count;
    bool no_memory;
};

/* How far a stream has come. */
struct filled_stream {
    struct filling *filling;
    const struct pmt_stream *stream;
    size_t index;
    uint32_t tick_ns;
    uint64_t sample_bytes;
    uint64_t offset_ns;   /* of its begin on the axis */
    size_t column;        /* being filled */
    uint64_t column_end;  /* ns on the axis */
    uint64_t total[PMT_SERIES_WHATS];
    uint64_t best_total[PMT_SERIES_WHATS]; /* the highest in this column */
    /* By slot, first of bytes, then of counts (as pmt_weight): what is live;
     * and what was at the highest total of the column. */
    uint64_t *now, *best;
};

static void flush_column(struct filled_stream *stream)
{
    struct filling *filling = stream->filling;
    struct pmt_series *series = filling->series;

    for (size_t what = 0; what < PMT_SERIES_WHATS; what++) {
        uint64_t *column =
            series->values[what] + stream->column * filling->slots;
        uint64_t *best = stream->best + what * filling->slots;
        const uint64_t *now = stream->now + what * filling->slots;

        for (size_t i = 0; i < filling->slots; i++)
            column[i] += what == PMT_SERIES_COUNT ? pmt_weight_blocks(best[i])
                                                  : best[i];
        memcpy(best, now, filling->slots * sizeof *best);
        stream->best_total[what] = stream->total[what];
    }
}

static void set_column(struct filled_stream *stream, uint64_t column)
{
    const struct pmt_series *series = stream->filling->series;

    if (column >= series->columns - 1) {
        stream->column = series->columns - 1;
        stream->column_end = UINT64_MAX;
    } else {
        stream->column = (size_t)column;
        stream->column_end =
            series->begin_ns + (column + 1) * series->column_ns;
    }
}

static inline void advance(struct filled_stream *stream, uint64_t axis_ns)
{
    while (axis_ns >= stream->column_end) {
        flush_column(stream);
        set_column(stream, stream->column + UINT64_C(1));
    }
}

static void add(struct filled_stream *stream, int what, size_t slot,
                int sign, uint64_t amount)
{
    size_t slots = stream->filling->slots, first = (size_t)what * slots;
    uint64_t *now = &stream->now[first + slot];

    if (sign < 0 && *now < amount) /* as in series.c */
        amount = *now;
    *now += sign < 0 ? -amount : amount;
    stream->total[what] += sign < 0 ? -amount : amount;
    if (stream->total[what] > stream->best_total[what]) {
        stream->best_total[what] = stream->total[what];
        memcpy(stream->best + first, stream->now + first,
               slots * sizeof *stream->now);
    }
}

static void watch(void *context, const struct pmt_block *block, int sign,
                  uint64_t time)
{
    struct filled_stream *stream = context;
    struct filling *filling = stream->filling;
    const struct pmt_series *series = filling->series;
    uint32_t group = pmt_grouping_of(&filling->grouping, stream->stream,
                                     stream->index, block);
    struct pmt_weight weight =
        pmt_sampling_weigh(stream->sample_bytes, block->size);
    uint32_t line;

    if (group == PMT_INTERN_NONE) {
        filling->no_memory = true;
        return;
    }
    advance(stream, stream->offset_ns + time * stream->tick_ns);
    line = group < series->group_count ? series->line_of[group] : 0;
    if (line == 0)
        line = (uint32_t)filling->slots;
    add(stream, PMT_SERIES_BYTES, line - 1, sign, weight.bytes);
    add(stream, PMT_SERIES_COUNT, line - 1, sign, weight.blocks);
}

static struct filled_stream *new_stream(struct filling *filling,
                                        const struct pmt_live_stream *stream,
                                        size_t index)
{
    size_t values = filling->slots * PMT_SERIES_WHATS;
    struct filled_stream *own =
        calloc(1, sizeof *own + 2 * values * sizeof *own->now);

    if (!own)
        return NULL;
    own->filling = filling;
    own->stream = stream->stream;
    own->index = index;
    own->tick_ns = stream->tick_ns;
    own->sample_bytes = stream->sets[filling->series->which].sample_bytes;
    own->offset_ns = pmt_series_offset(filling->series, stream->stream);
    own->now = (uint64_t *)(own + 1);
    own->best = own->now + values;
    set_column(own, pmt_series_column(filling->series, own->offset_ns));
    return own;
}

static void begin(void *context, struct pmt_live_stream *stream, size_t index)
{
    struct filling *filling = context;
    struct pmt_live_set *set = &stream->sets[filling->series->which];
    struct filled_stream *own, **more;

    if (index < filling->stream_count) { /* as in series.c */
        set->until_step = 0;
        return;
    }
    more = realloc(filling->streams, (index + 1) * sizeof *more);
    if (more)
        filling->streams = more;
    own = more ? new_stream(filling, stream, index) : NULL;
    if (!own) {
        filling->no_memory = true;
        return;
    }
    filling->streams[filling->stream_count++] = own;
    set->watch = watch;
    set->watch_context = own;
}

/* What is live lasts to the end of its stream, and no longer. */
static void finish(struct filling *filling, const struct pmt_live_sets *live)
{
    for (size_t i = 0; i < filling->stream_count; i++) {
        struct filled_stream *own = filling->streams[i];

        if (!live->streams[i].seen[filling->series->which])
            continue;
        advance(own, own->offset_ns + live->streams[i].end_ns);
        flush_column(own);
    }
}

static int read_all(struct filling *filling, struct pmt_live_sets *live,
                    struct pmt_trace *in, struct pmt_error *err)
{
    const struct pmt_series *series = filling->series;
    struct pmt_event event;
    int code;

    while ((code = pmt_trace_next(in, &event, err)) == PMT_OK) {
        code = pmt_live_sets_take(live, in->reader, &event, err);
        if (code)
            return code;
        if (series->gauges &&
            pmt_gauges_take(series->gauges, series, in->reader, &event))
            filling->no_memory = true;
        if (series->shares &&
            pmt_shares_take(series->shares, series, in->reader, &event))
            filling->no_memory = true;
        if (filling->no_memory)
            return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                                 "out of memory");
    }
    if (code != PMT_END)
        return code;
    if (pmt_series_changed(series, live))
        return pmt_error_set(err, PMT_ERR_BUSY, PMT_NO_OFFSET,
                             "its recorder removed a part meanwhile: try "
                             "again");
    finish(filling, live);
    if (series->gauges)
        pmt_gauges_finish(series->gauges, series, live);
    if (series->shares)
        pmt_shares_finish(series->shares, series, live);
    return PMT_OK;
}

static bool make_columns(struct pmt_series *series)
{
    for (int what = 0; what < PMT_SERIES_WHATS; what++) {
        series->values[what] =
            calloc(series->columns * (series->line_count + 1),
                   sizeof *series->values[what]);
        if (!series->values[what])
            return false;
    }
    series->column_ns =
        (series->span_ns - series->begin_ns) / series->columns + 1;
    return true;
}

int pmt_series_fill(struct pmt_series *series, struct pmt_trace *in,
                    struct pmt_error *err)
{
    struct filling filling = {
        .series = series,
        .slots = series->line_count + 1,
    };
    struct pmt_live_sets live;
    int code;

    if (!make_columns(series))
        return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                             "out of memory");
    filling.grouping.by = series->by;
    pmt_live_sets_init(&live, 1u << series->which);
    live.until = series->until;
    live.begin = begin;
    live.begin_context = &filling;
    code = read_all(&filling, &live, in, err);
    pmt_live_sets_release(&live);
    for (size_t i = 0; i < filling.stream_count; i++)
        free(filling.streams[i]);
    free(filling.streams);
    pmt_grouping_release(&filling.grouping);
    return code;
}
