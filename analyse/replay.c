/* replay.c: see replay.h. */
#include "replay.h"

#include <stdlib.h>
#include <string.h>

#include "pmt/error.h"
#include "sampling.h"

static void release_stream(struct pmt_replay_stream *stream)
{
    free(stream->changes);
    free(stream->places);
    memset(stream, 0, sizeof *stream);
}

void pmt_replay_release(struct pmt_replay *replay)
{
    for (size_t i = 0; i < replay->stream_count; i++)
        release_stream(&replay->streams[i]);
    free(replay->streams);
    free(replay->changes);
    free(replay->levels);
    memset(replay, 0, sizeof *replay);
}

/* ---- moments ------------------------------------------------------------- */

/* The first moment that is not before `ns`. */
static uint32_t moment_of(struct pmt_replay *replay, int64_t ns)
{
    uint64_t since, moment;

    if (ns <= 0 || (uint64_t)ns <= replay->from_ns)
        return 1;
    since = (uint64_t)ns - replay->from_ns;
    moment = since / replay->every_ns + (since % replay->every_ns != 0);
    if (moment > PMT_REPLAY_MOMENTS) {
        replay->too_many = true;
        return PMT_REPLAY_MOMENTS;
    }
    return (uint32_t)moment;
}

static uint64_t ns_of(const struct pmt_replay *replay, uint32_t moment)
{
    uint64_t ns;

    if (__builtin_mul_overflow(replay->every_ns, (uint64_t)moment, &ns) ||
        __builtin_add_overflow(ns, replay->from_ns, &ns))
        return UINT64_MAX;
    return ns;
}

/* ---- streams ------------------------------------------------------------- */

void pmt_replay_begin(struct pmt_replay *replay, size_t place,
                      const struct pmt_stream *stream, uint64_t sample_bytes)
{
    const struct pmt_stream_header *header = pmt_stream_header(stream);
    struct pmt_replay_stream *s;

    if (place >= replay->stream_count) {
        size_t count = place * 2 + 4;
        void *more = realloc(replay->streams, count * sizeof *replay->streams);

        if (!more) {
            replay->no_memory = true;
            return;
        }
        replay->streams = more;
        memset(replay->streams + replay->stream_count, 0,
               (count - replay->stream_count) * sizeof *replay->streams);
        replay->stream_count = count;
    }
    if (!replay->base) {
        replay->base = header;
        replay->from_ns =
            replay->from ? pmt_instant_in_stream(replay->from, stream) : 0;
    }
    s = &replay->streams[place];
    release_stream(s);
    s->offset_ns = pmt_stream_between(replay->base, header);
    s->tick_ns = header->tick_ns ? header->tick_ns : 1;
    s->sample_bytes = sample_bytes;
    s->until_ns = s->after_ns = INT64_MIN;
}

/* The common clock at so many ns since the stream began. */
static int64_t common(const struct pmt_replay_stream *s, uint64_t ns)
{
    int64_t sum;

    if (ns > INT64_MAX || __builtin_add_overflow(s->offset_ns, (int64_t)ns,
                                                 &sum))
        return INT64_MAX;
    return sum;
}

/* Room for a slot in `places`. */
static bool has_place(struct pmt_replay_stream *s, uint32_t slot)
{
    size_t count;
    void *more;

    if (slot < s->place_count)
        return true;
    count = (size_t)slot * 2 + 64;
    more = realloc(s->places, count * sizeof *s->places);
    if (!more)
        return false;
    s->places = more;
    memset(s->places + s->place_count, 0,
           (count - s->place_count) * sizeof *s->places);
    s->place_count = count;
    return true;
}

/* Where the changes of a slot are added up for the present moment. */
static struct pmt_replay_change *change_of(struct pmt_replay_stream *s,
                                           uint32_t slot)
{
    if (!has_place(s, slot))
        return NULL;
    if (s->places[slot] > s->begin)
        return &s->changes[s->places[slot] - 1];
    if (s->count == s->capacity) {
        size_t capacity = s->capacity * 2 + 64;
        void *more = realloc(s->changes, capacity * sizeof *s->changes);

        if (!more || capacity > UINT32_MAX)
            return NULL;
        s->changes = more;
        s->capacity = capacity;
    }
    s->changes[s->count] =
        (struct pmt_replay_change){.moment = s->moment, .slot = slot};
    s->places[slot] = (uint32_t)++s->count;
    return &s->changes[s->count - 1];
}

/* What is added from here on belongs to the first moment not before `ns`. */
static void go_to(struct pmt_replay *replay, struct pmt_replay_stream *s,
                  int64_t ns)
{
    uint64_t until;

    s->moment = moment_of(replay, ns);
    until = ns_of(replay, s->moment);
    s->until_ns = until > INT64_MAX ? INT64_MAX : (int64_t)until;
    s->after_ns = s->moment == 1 || until > INT64_MAX
                      ? INT64_MIN
                      : (int64_t)(until - replay->every_ns);
    s->begin = s->count;
}

static bool add(struct pmt_replay_stream *s, uint32_t slot, int sign,
                uint64_t size, struct pmt_weight weight)
{
    struct pmt_replay_change *change = change_of(s, slot);

    if (!change)
        return false;
    if (s->sample_bytes)
        change->weight += sign * (int64_t)weight.blocks;
    else
        change->exact += sign;
    change->bytes +=
        sign * (int64_t)(s->sample_bytes ? weight.bytes : size);
    return true;
}

void pmt_replay_change(struct pmt_replay *replay, size_t place,
                       const uint32_t *groups, size_t count, uint64_t size,
                       int sign, uint64_t time)
{
    struct pmt_replay_stream *s = &replay->streams[place];
    struct pmt_weight weight = {0, 0};
    uint64_t ns;
    int64_t at;

    if (__builtin_mul_overflow(time, (uint64_t)s->tick_ns, &ns))
        ns = UINT64_MAX;
    at = common(s, ns);
    /* Only what is taken back at the end goes back in time. */
    if (at > s->until_ns || at <= s->after_ns)
        go_to(replay, s, at);
    if (s->sample_bytes)
        weight = pmt_sampling_weigh(s->sample_bytes, size);
    replay->no_memory |= !add(s, 0, sign, size, weight);
    for (size_t i = 0; i < count; i++)
        replay->no_memory |= !add(s, groups[i] + 1, sign, size, weight);
}

/* ---- the end ------------------------------------------------------------- */

static int by_moment(const void *a, const void *b)
{
    const struct pmt_replay_change *x = a, *y = b;

    if (x->moment != y->moment)
        return x->moment < y->moment ? -1 : 1;
    return (x->slot > y->slot) - (x->slot < y->slot);
}

void pmt_replay_end(struct pmt_replay *replay, size_t place, uint64_t now_ns,
                    uint64_t end_ns)
{
    struct pmt_replay_stream *s = &replay->streams[place];
    int64_t at = common(s, now_ns);

    s->until_ns = common(s, end_ns);
    if (at > 0 && (uint64_t)at > replay->last_ns)
        replay->last_ns = (uint64_t)at;
}

/* Takes away all that a stream has when it is over, unless that is the last
 * moment. */
static bool take_away(struct pmt_replay *replay, struct pmt_replay_stream *s)
{
    size_t count = s->count;
    int64_t at = s->until_ns;

    if (count == 0 || (at > 0 && (uint64_t)at >= replay->last_ns))
        return true;
    go_to(replay, s, at < INT64_MAX ? at + 1 : at);
    for (size_t i = 0; i < count; i++) {
        struct pmt_replay_change *gone = change_of(s, s->changes[i].slot);

        if (!gone)
            return false;
        gone->exact -= s->changes[i].exact;
        gone->weight -= s->changes[i].weight;
        gone->bytes -= s->changes[i].bytes;
    }
    return true;
}

void pmt_replay_finish(struct pmt_replay *replay)
{
    size_t count = 0;

    for (size_t i = 0; i < replay->stream_count; i++) {
        replay->no_memory |= !take_away(replay, &replay->streams[i]);
        count += replay->streams[i].count;
    }
    replay->last = moment_of(replay, replay->last_ns > INT64_MAX
                                         ? INT64_MAX
                                         : (int64_t)replay->last_ns);
    replay->changes = malloc((count + 1) * sizeof *replay->changes);
    if (!replay->changes || replay->no_memory) {
        replay->no_memory = true;
        return;
    }
    for (size_t i = 0; i < replay->stream_count; i++) {
        struct pmt_replay_stream *s = &replay->streams[i];

        if (s->count)
            memcpy(replay->changes + replay->count, s->changes,
                   s->count * sizeof *s->changes);
        replay->count += s->count;
        release_stream(s);
    }
    qsort(replay->changes, replay->count, sizeof *replay->changes, by_moment);
    /* Before the first change there is nothing to be seen. */
    replay->moment =
        (replay->count ? replay->changes[0].moment : replay->last) - 1;
}

int pmt_replay_next(struct pmt_replay *replay,
                    const struct pmt_grouping *grouping)
{
    if (replay->no_memory)
        return PMT_ERR_MEMORY;
    if (replay->too_many)
        return PMT_ERR_LIMIT;
    if (!replay->levels) {
        replay->level_count = grouping->group_count + 1;
        replay->levels = calloc(replay->level_count, sizeof *replay->levels);
        if (!replay->levels)
            return PMT_ERR_MEMORY;
    }
    if (replay->moment >= replay->last)
        return PMT_END;
    replay->moment++;
    replay->is_last = replay->moment == replay->last;
    replay->now_ns = replay->is_last ? replay->last_ns
                                     : ns_of(replay, replay->moment);
    for (; replay->at < replay->count &&
           replay->changes[replay->at].moment <= replay->moment;
         replay->at++) {
        const struct pmt_replay_change *change = &replay->changes[replay->at];
        struct pmt_replay_level *level = &replay->levels[change->slot];

        level->exact += change->exact;
        level->weight += change->weight;
        level->bytes += (uint64_t)change->bytes;
        level->count = (uint64_t)level->exact +
                       pmt_weight_blocks((uint64_t)level->weight);
    }
    return PMT_OK;
}
