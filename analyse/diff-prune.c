/* diff-prune.c: which blocks of a trace are asked for: by when they were made,
 * and by patterns; and when streams came to a moment. See diff-read.h. */
#include <stdlib.h>
#include <string.h>

#include "diff-pass.h"

static const struct pmt_diff_moment *
moment_of(const struct pmt_diff_moments *moments, uint64_t stream_key)
{
    for (size_t i = 0; i < moments->count; i++)
        if (moments->moments[i].stream_key == stream_key)
            return &moments->moments[i];
    return NULL;
}

/* Of which blocks of a stream there is to be word: made at ticks `first` to
 * `last`. */
struct span {
    uint64_t first, last;
};

static uint64_t tick_behind(uint64_t ns, uint32_t tick_ns)
{
    return ns == UINT64_MAX ? ns : ns / tick_ns + 1;
}

/* False: none of the stream. */
static bool span_of(struct pmt_diff_pass *pass, const struct pmt_live_stream *stream,
                    struct span *span)
{
    const struct pmt_diff_window *window = pass->reading->window;
    const struct pmt_diff_moment *after, *until;

    *span = (struct span){0, UINT64_MAX};
    if (pass->reading->from)
        span->first = tick_behind(
            pmt_instant_in_stream(pass->reading->from, stream->stream),
            stream->tick_ns);
    if (!window)
        return true;
    until = moment_of(&window->until, stream->key);
    after = moment_of(&window->after, stream->key);
    if (!until)
        return false;
    pass->found->born += after != NULL;
    if (until->ns != UINT64_MAX)
        span->last = until->ns / stream->tick_ns;
    if (after && tick_behind(after->ns, stream->tick_ns) > span->first)
        span->first = tick_behind(after->ns, stream->tick_ns);
    return true;
}

/* Takes out what is not asked for. PMT_OK or PMT_ERR_MEMORY. */
static int prune_table(struct pmt_diff_pass *pass, size_t place, bool any,
                       struct span span, struct pmt_live_table *table)
{
    const struct pmt_live_stream *stream = &pass->live.streams[place];
    const struct pmt_block *block;
    struct pmt_block gone;
    uint32_t at = 0;

    while ((block = pmt_live_table_next(table, &at)) != NULL) {
        int want = any && block->time >= span.first &&
                   block->time <= span.last;

        if (want)
            want = pmt_patterns_want(&pass->patterns, stream->stream, place,
                                     block->stack);
        if (want < 0)
            return want;
        if (!want)
            pmt_live_table_remove(table, block->address, &gone);
    }
    return PMT_OK;
}

static int prune_snapshot(struct pmt_diff_pass *pass, size_t place)
{
    struct pmt_snapshot_stream *stream = &pass->snapshots.streams[place];
    struct pmt_snapshot *found = &stream->found;
    size_t kept = 0;

    for (size_t i = 0; i < found->row_count; i++) {
        int want = pmt_patterns_want(&pass->patterns, stream->stream, place,
                                     found->rows[i].stack);

        if (want < 0)
            return want;
        if (want)
            found->rows[kept++] = found->rows[i];
    }
    found->row_count = kept;
    return PMT_OK;
}

int pmt_diff_prune(struct pmt_diff_pass *pass)
{
    bool patterns = pmt_patterns_any(&pass->patterns);
    int code = PMT_OK;

    for (size_t i = 0; code == PMT_OK && i < pass->live.stream_count; i++) {
        struct pmt_live_stream *stream = &pass->live.streams[i];
        struct span span;
        bool any = span_of(pass, stream, &span);

        if (any && !patterns && span.first == 0 && span.last == UINT64_MAX)
            continue;
        for (int which = 0; code == PMT_OK && which < PMT_LIVE_KINDS; which++)
            code = prune_table(pass, i, any, span,
                               &stream->sets[which].table);
    }
    for (size_t i = 0; i < pass->live.stream_count; i++)
        pmt_patterns_forget(&pass->patterns, i);
    for (size_t i = 0; patterns && code == PMT_OK &&
                       i < pass->snapshots.stream_count; i++)
        code = prune_snapshot(pass, i);
    return code;
}

/* ---- moments of streams ------------------------------------------------ */

uint64_t pmt_diff_moments_skip_kinds(void)
{
    return ~(UINT64_C(1) << PMT_KIND_STREAM);
}

void pmt_diff_window_release(struct pmt_diff_window *window)
{
    free(window->after.moments);
    free(window->until.moments);
    memset(window, 0, sizeof *window);
}

static struct pmt_diff_moment *add_moment(struct pmt_diff_moments *moments,
                                          uint64_t stream_key)
{
    for (size_t i = 0; i < moments->count; i++)
        if (moments->moments[i].stream_key == stream_key)
            return &moments->moments[i];
    if (moments->count == moments->capacity) {
        size_t more = moments->capacity * 2 + 8;
        void *grown = realloc(moments->moments,
                              more * sizeof *moments->moments);

        if (!grown)
            return NULL;
        moments->moments = grown;
        moments->capacity = more;
    }
    moments->moments[moments->count] =
        (struct pmt_diff_moment){.stream_key = stream_key};
    return &moments->moments[moments->count++];
}

int pmt_diff_find_moments(struct pmt_trace *in,
                          const struct pmt_instant *until,
                          struct pmt_diff_moments *moments,
                          struct pmt_error *err)
{
    struct pmt_event event;
    int code;

    while ((code = pmt_trace_next(in, &event, err)) == PMT_OK) {
        struct pmt_diff_moment *moment;
        uint64_t ns;

        if (event.type != PMT_EVENT_STREAM &&
            event.type != PMT_EVENT_SKIPPED_CHUNK)
            continue;
        moment = add_moment(moments, event.envelope.stream_key);
        if (!moment)
            return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                                 "out of memory");
        ns = pmt_instant_in_stream(until, event.stream);
        if (ns == UINT64_MAX)
            ns = event.envelope.t1 *
                 pmt_stream_header(event.stream)->tick_ns;
        if (!until->is_end || ns > moment->ns)
            moment->ns = ns;
    }
    return code == PMT_END ? PMT_OK : code;
}
