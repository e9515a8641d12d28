/* live.c: see live.h. */
#include "live.h"

#include <stdlib.h>
#include <string.h>

#include "live-exit.h"

static const enum pmt_kind kind_of[PMT_LIVE_KINDS] = {
    [PMT_LIVE_BLOCKS] = PMT_KIND_ALLOC,
    [PMT_LIVE_OBJECTS] = PMT_KIND_OBJECT,
};

void pmt_live_sets_init(struct pmt_live_sets *live, unsigned wanted)
{
    memset(live, 0, sizeof *live);
    live->until = (struct pmt_instant){.is_end = true, .ns = UINT64_MAX};
    live->wanted = wanted;
}

static void release_stream(struct pmt_live_stream *stream)
{
    for (int which = 0; which < PMT_LIVE_KINDS; which++)
        pmt_live_set_release(&stream->sets[which]);
    pmt_id_map_release(&stream->type_sizes);
    pmt_id_map_release(&stream->program);
    memset(stream, 0, sizeof *stream);
}

void pmt_live_sets_release(struct pmt_live_sets *live)
{
    for (size_t i = 0; i < live->stream_count; i++)
        release_stream(&live->streams[i]);
    free(live->streams);
    free(live->places);
    memset(live, 0, sizeof *live);
}

/* Marks are read so that damage to them is said: one may tell where the
 * interpreter began to end. */
uint64_t pmt_live_sets_skip_kinds(unsigned wanted)
{
    uint64_t need = UINT64_C(1) << PMT_KIND_STREAM |
                    UINT64_C(1) << PMT_KIND_STRINGS |
                    UINT64_C(1) << PMT_KIND_CODES |
                    UINT64_C(1) << PMT_KIND_TYPES |
                    UINT64_C(1) << PMT_KIND_STACKS |
                    UINT64_C(1) << PMT_KIND_THREADS |
                    UINT64_C(1) << PMT_KIND_CLASSES |
                    UINT64_C(1) << PMT_KIND_LIVE_SET |
                    UINT64_C(1) << PMT_KIND_MARK |
                    UINT64_C(1) << PMT_KIND_END;

    for (int which = 0; which < PMT_LIVE_KINDS; which++)
        if (wanted & 1u << which)
            need |= UINT64_C(1) << kind_of[which];
    return ~need;
}

bool pmt_live_set_is_approximate(const struct pmt_live_set *set)
{
    return set->lossy || set->counts.parts_missing > 0;
}

uint64_t (*pmt_live_sets_peaks(const struct pmt_live_sets *live))
    [PMT_LIVE_KINDS]
{
    uint64_t(*steps)[PMT_LIVE_KINDS] =
        calloc(live->stream_count + 1, sizeof *steps);

    for (size_t i = 0; steps && i < live->stream_count; i++)
        for (int which = 0; which < PMT_LIVE_KINDS; which++)
            steps[i][which] = live->streams[i].sets[which].peak.step;
    return steps;
}

/* ---- streams ----------------------------------------------------------- */

static void begin_stream(struct pmt_live_sets *live,
                         struct pmt_live_stream *stream, size_t index)
{
    uint64_t until_ns = pmt_instant_in_stream(&live->until, stream->stream);

    pmt_live_exit_begin(live, stream);
    if (stream->exit_ns < until_ns)
        until_ns = stream->exit_ns;
    for (int which = 0; which < PMT_LIVE_KINDS; which++) {
        struct pmt_live_set *set = &stream->sets[which];

        pmt_live_set_init(set, kind_of[which]);
        if (until_ns != UINT64_MAX)
            set->until_time = until_ns / stream->tick_ns;
        if (live->until_steps)
            set->until_step = index < live->until_step_count
                                  ? live->until_steps[index][which]
                                  : 0;
        set->infer = which == PMT_LIVE_OBJECTS &&
                     pmt_stream_has_hook(stream->stream,
                                         "object:destroy-unreliable");
        set->wind_down = live->wind_down;
        if (which == PMT_LIVE_BLOCKS)
            set->sample_bytes = pmt_sampling_of(stream->stream);
    }
    if (live->begin)
        live->begin(live->begin_context, stream, index);
}

static void lose(struct pmt_live_stream *stream, uint64_t time)
{
    for (int which = 0; which < PMT_LIVE_KINDS; which++)
        pmt_live_set_lost(&stream->sets[which], time);
}

/* Where earlier parts were let go nothing is known until the live set comes
 * that a part begins with. */
static void begin_late(struct pmt_live_stream *stream,
                       const struct pmt_event *event)
{
    const struct pmt_envelope *envelope = &event->envelope;

    if (event->type != PMT_EVENT_STREAM || event->goes_on ||
        pmt_stream_header(event->stream)->part == 0)
        return;
    stream->begun_late = true;
    stream->begun_ns = envelope->t0 * stream->tick_ns;
    stream->lost = stream->lost_before = envelope->lost;
    lose(stream, envelope->t0);
}

static void open_stream(struct pmt_live_stream *stream,
                        const struct pmt_event *event)
{
    memset(stream, 0, sizeof *stream);
    stream->stream = event->stream;
    stream->key = event->envelope.stream_key;
    stream->tick_ns = pmt_stream_header(event->stream)->tick_ns;
}

/* A stream whose header comes again starts from nothing (5.1). */
static void restart_stream(struct pmt_live_sets *live,
                           const struct pmt_event *event, size_t index)
{
    struct pmt_live_stream *stream = &live->streams[index];

    release_stream(stream);
    open_stream(stream, event);
    begin_stream(live, stream, index);
    begin_late(stream, event);
}

static struct pmt_live_stream *add_stream(struct pmt_live_sets *live,
                                          const struct pmt_event *event)
{
    struct pmt_live_stream *stream;

    if (live->stream_count == live->stream_capacity) {
        size_t capacity = live->stream_capacity * 2 + 4;
        void *more = realloc(live->streams, capacity * sizeof *stream);

        if (!more)
            return NULL;
        live->streams = more;
        live->stream_capacity = capacity;
    }
    stream = &live->streams[live->stream_count];
    open_stream(stream, event);
    begin_stream(live, stream, live->stream_count++);
    begin_late(stream, event);
    return stream;
}

/* Where the place of stream `index` is kept; NULL: no memory. */
static size_t *place_of(struct pmt_live_sets *live, size_t index)
{
    if (index >= live->place_count) {
        size_t count = index * 2 + 4;
        size_t *places = realloc(live->places, count * sizeof *places);

        if (!places)
            return NULL;
        memset(places + live->place_count, 0,
               (count - live->place_count) * sizeof *places);
        live->places = places;
        live->place_count = count;
    }
    return &live->places[index];
}

/* The stream of the event, made when it is new; NULL: no memory. */
static struct pmt_live_stream *stream_of(struct pmt_live_sets *live,
                                         const struct pmt_event *event)
{
    struct pmt_live_stream *stream;
    size_t *place;

    place = place_of(live, pmt_stream_index(event->stream));
    if (!place)
        return NULL;
    if (*place && event->type == PMT_EVENT_STREAM && !event->goes_on)
        restart_stream(live, event, *place - 1);
    if (*place)
        return &live->streams[*place - 1];
    stream = add_stream(live, event);
    *place = stream ? live->stream_count : 0;
    return stream;
}

/* In a filtered stream anchors, losses and tables may be of later (5.4): they
 * say nothing of where a window ends. */
static bool is_aside(const struct pmt_event *event)
{
    uint32_t kind = event->envelope.kind;

    return event->stream && pmt_stream_header(event->stream)->filter != NULL &&
           (kind == PMT_KIND_ANCHORS || kind == PMT_KIND_LOSS ||
            (kind >= PMT_KIND_STRINGS && kind <= PMT_KIND_CLASSES));
}

/* What the envelope says: how far the stream has come, and of loss. False:
 * the chunk lies behind the moment and is none of our business. */
static bool note_envelope(struct pmt_live_sets *live,
                          struct pmt_live_stream *stream,
                          const struct pmt_event *event)
{
    const struct pmt_envelope *envelope = &event->envelope;
    uint64_t limit = stream->sets[0].until_time;

    if (envelope->t0 > limit) {
        stream->past = true;
        return false;
    }
    if (event->seq_missing > 0) {
        stream->missing += event->seq_missing;
        live->damaged = false;
        lose(stream, envelope->t0);
    }
    if (envelope->lost > stream->lost) {
        stream->lost = envelope->lost;
        lose(stream, envelope->t0);
    }
    if (envelope->t1 > limit)
        stream->past = true;
    else if (!is_aside(event) &&
             envelope->t1 * stream->tick_ns > stream->end_ns)
        stream->end_ns = envelope->t1 * stream->tick_ns;
    return true;
}

/* Types are stated before the chunks that need them and never change, so each
 * is looked up once. */
static int look_up_sizes(struct pmt_live_stream *stream)
{
    struct pmt_type type;
    uint32_t count;

    count = pmt_stream_table_size(stream->stream, PMT_KIND_TYPES);
    for (; stream->next_type < count; stream->next_type++)
        if (pmt_stream_type(stream->stream, stream->next_type, &type) &&
            pmt_id_map_set(&stream->type_sizes, stream->next_type,
                           type.basic_size))
            return PMT_ERR_MEMORY;
    return PMT_OK;
}

/* ---- records ----------------------------------------------------------- */

static uint64_t sum_of_gaps(struct pmt_reader *r, uint32_t count)
{
    const uint64_t *gaps = pmt_reader_column(r, PMT_COL_GAP);
    uint64_t sum = 0;

    for (uint32_t i = 0; gaps && i < count; i++)
        sum += gaps[i];
    return sum;
}

static int take_records(const struct pmt_live_sets *live,
                        struct pmt_live_stream *stream, struct pmt_reader *r,
                        const struct pmt_event *event,
                        enum pmt_live_which which)
{
    struct pmt_live_set *set = &stream->sets[which];
    uint32_t count = event->envelope.count;
    const struct pmt_object *objects;
    const uint64_t *sizes;
    int code;

    stream->seen[which] = true;
    set->counts.filtered += sum_of_gaps(r, count);
    code = pmt_live_exit_prepare(live, stream, which);
    if (code)
        return code;
    if (which == PMT_LIVE_BLOCKS) {
        const struct pmt_live_columns columns = {
            .time = pmt_reader_column(r, PMT_COL_TIME),
            .op = pmt_reader_column(r, PMT_COL_OP),
            .address = pmt_reader_column(r, PMT_COL_ADDRESS),
            .size = pmt_reader_column(r, PMT_COL_SIZE),
            .stack = pmt_reader_column(r, PMT_COL_STACK),
            .thread = pmt_reader_column(r, PMT_COL_THREAD),
            .link = pmt_reader_links(r),
        };

        return pmt_live_set_columns(set, &columns, count);
    }
    code = look_up_sizes(stream);
    if (code)
        return code;
    objects = pmt_reader_objects(r);
    sizes = pmt_reader_column(r, PMT_COL_SIZE);
    stream->sized |= sizes != NULL;
    return objects ? pmt_live_set_objects(set, objects, pmt_reader_links(r),
                                          sizes, count, &stream->type_sizes)
                   : PMT_ERR_MEMORY;
}

static int take_live_set(struct pmt_live_sets *live,
                         struct pmt_live_stream *stream, struct pmt_reader *r,
                         const struct pmt_event *event)
{
    uint32_t of_kind, part, parts;
    const struct pmt_live *blocks;
    bool sized = pmt_reader_column(r, PMT_COL_SIZE) != NULL;
    enum pmt_live_which which;
    int code;

    pmt_reader_live_part(r, &of_kind, &part, &parts);
    if (of_kind != PMT_KIND_ALLOC && of_kind != PMT_KIND_OBJECT)
        return PMT_OK;
    which = of_kind == PMT_KIND_ALLOC ? PMT_LIVE_BLOCKS : PMT_LIVE_OBJECTS;
    if (!(live->wanted & 1u << which))
        return PMT_OK;
    stream->seen[which] = true;
    code = look_up_sizes(stream);
    if (code == PMT_OK)
        code = pmt_live_exit_prepare(live, stream, which);
    if (code)
        return code;
    if (live->quick && part == 0) {
        pmt_live_set_begin_anew(&stream->sets[which]);
        stream->begun_late = true;
        stream->begun_ns = event->envelope.t0 * stream->tick_ns;
    }
    blocks = pmt_reader_lives(r);
    if (!blocks && event->envelope.count > 0)
        return PMT_ERR_MEMORY;
    return pmt_live_set_part(&stream->sets[which], event->envelope.t0, blocks,
                             event->envelope.count, part, parts,
                             sized || which == PMT_LIVE_BLOCKS
                                 ? NULL
                                 : &stream->type_sizes);
}

static int take_chunk(struct pmt_live_sets *live,
                      struct pmt_live_stream *stream, struct pmt_reader *r,
                      const struct pmt_event *event)
{
    if (event->envelope.kind == PMT_KIND_LIVE_SET)
        return take_live_set(live, stream, r, event);
    for (int which = 0; which < PMT_LIVE_KINDS; which++)
        if (event->envelope.kind == kind_of[which] &&
            live->wanted & 1u << which)
            return take_records(live, stream, r, event,
                                (enum pmt_live_which)which);
    return PMT_OK;
}

/* ---- events ------------------------------------------------------------ */

/* A chunk that could not be read: what was in it is lost. */
static void miss_chunk(struct pmt_live_stream *stream,
                       const struct pmt_event *event)
{
    uint32_t kind = event->envelope.kind;

    for (int which = 0; which < PMT_LIVE_KINDS; which++)
        if (kind == kind_of[which] || kind == PMT_KIND_LIVE_SET)
            pmt_live_set_lost(&stream->sets[which], event->envelope.t0);
}

int pmt_live_sets_take(struct pmt_live_sets *live, struct pmt_reader *r,
                       const struct pmt_event *event, struct pmt_error *err)
{
    struct pmt_live_stream *stream;
    int code = PMT_OK;

    if (event->type == PMT_EVENT_DAMAGE && event->data_lost)
        live->damaged = true;
    if (!pmt_event_is_chunk(event))
        return PMT_OK;
    stream = stream_of(live, event);
    if (!stream)
        return pmt_error_set(err, PMT_ERR_MEMORY, event->offset,
                             "out of memory");
    if (!note_envelope(live, stream, event))
        return PMT_OK;
    if (event->type == PMT_EVENT_RECORDS)
        code = take_chunk(live, stream, r, event);
    else if (event->type == PMT_EVENT_FEATURES ||
             event->type == PMT_EVENT_UNREADABLE)
        miss_chunk(stream, event);
    else if (event->type == PMT_EVENT_END)
        stream->ended = true;
    if (code)
        return pmt_error_set(err, code, event->offset,
                             "out of memory for the live set");
    return PMT_OK;
}

uint64_t pmt_live_sets_begun_ns(const struct pmt_live_sets *live)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < live->stream_count; i++)
        sum += live->streams[i].begun_ns;
    return sum;
}

/* No gap in seq tells of what was lost behind the last chunk of a stream: any
 * stream that goes on to the end of the file may be the one. */
void pmt_live_sets_finish(struct pmt_live_sets *live)
{
    for (size_t i = 0; live->damaged && i < live->stream_count; i++) {
        struct pmt_live_stream *stream = &live->streams[i];

        if (!stream->ended && !stream->past)
            lose(stream, stream->end_ns / stream->tick_ns);
    }
    for (size_t i = 0; live->exits && i < live->stream_count; i++)
        pmt_live_exit_finish(live, &live->streams[i]);
}

uint64_t pmt_live_sets_now_ns(const struct pmt_live_sets *live,
                              const struct pmt_live_stream *stream,
                              const struct pmt_live_set *set)
{
    if (set->ended && stream->exit_told && !set->wound_down)
        return stream->exit_ns;
    if (live->until_steps || set->ended || set->wound_down)
        return set->now.time * stream->tick_ns;
    if (!live->until.is_end && stream->past)
        return pmt_instant_in_stream(&live->until, stream->stream);
    return stream->end_ns;
}

int pmt_live_sets_read(struct pmt_live_sets *live, struct pmt_trace *in,
                       struct pmt_error *err)
{
    struct pmt_event event;
    int code;

    while ((code = pmt_trace_next(in, &event, err)) == PMT_OK) {
        code = pmt_live_sets_take(live, in->reader, &event, err);
        if (code)
            return code;
    }
    if (code != PMT_END)
        return code;
    pmt_live_sets_finish(live);
    return PMT_OK;
}
