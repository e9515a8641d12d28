/* filter.c: chunks and streams of a filter; see filter.h. */
#include <stdlib.h>
#include <string.h>

#include "filter-private.h"

#define CHUNK_RECORDS 65536u /* spec 10 */

void pmt_filter_init(struct pmt_filter *f, struct pmt_expression *x,
                     struct pmt_rewriter *out)
{
    memset(f, 0, sizeof *f);
    f->x = x;
    f->out = out;
}

static void drop_held(struct pmt_filter_stream *s)
{
    for (size_t i = 0; i < s->held_count; i++)
        pmt_held_chunk_release(&s->held[i]);
    s->held_count = 0;
}

static void release_stream(struct pmt_filter_stream *s)
{
    for (int which = 0; which < PMT_FILTER_SETS; which++)
        pmt_filter_release_set(&s->sets[which]);
    pmt_filter_release_lives(s);
    pmt_id_map_release(&s->destroys);
    drop_held(s);
    free(s->held);
    memset(s, 0, sizeof *s);
}

void pmt_filter_release(struct pmt_filter *f)
{
    for (size_t i = 0; i < f->stream_count; i++)
        release_stream(&f->streams[i]);
    for (size_t i = 0; i < f->own_count; i++)
        free(f->own_texts[i]);
    free(f->own_texts);
    free(f->streams);
    free(f->texts);
    free(f->keep);
    free(f->with);
    memset(f, 0, sizeof *f);
}

static int no_memory(struct pmt_error *err)
{
    return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET, "out of memory");
}

/* ---- streams ------------------------------------------------------------- */

/* The window in ticks: [from, to]; an empty one has from > to. */
static void set_window(const struct pmt_filter *f, struct pmt_filter_stream *s)
{
    s->from = 0;
    s->to = UINT64_MAX;
    for (size_t i = 0; i < f->bound_count && !f->first_pass; i++) {
        uint64_t ns = pmt_instant_in_stream(&f->bounds[i].instant, s->stream);
        bool end = ns == UINT64_MAX;
        uint64_t down = end ? UINT64_MAX : ns / s->tick_ns;
        bool whole = !end && ns % s->tick_ns == 0;
        uint64_t low = 0, high = UINT64_MAX;

        switch (f->bounds[i].relation) {
        case PMT_FROM:
            low = end || whole ? down : down + 1;
            break;
        case PMT_ABOVE:
            low = end ? UINT64_MAX : down + 1;
            break;
        case PMT_UP_TO:
            high = down;
            break;
        case PMT_BELOW:
            high = !whole || down == 0 ? down : down - 1;
            if (whole && down == 0)
                low = UINT64_MAX; /* nothing is before the beginning */
            break;
        case PMT_IS:
        case PMT_IS_NOT:
            break;
        }
        s->from = low > s->from ? low : s->from;
        s->to = high < s->to ? high : s->to;
    }
}

static void begin_stream(struct pmt_filter *f, struct pmt_filter_stream *s,
                         const struct pmt_stream *stream)
{
    const struct pmt_stream_header *h = pmt_stream_header(stream);
    size_t place = (size_t)(s - f->streams);

    release_stream(s);
    s->stream = stream;
    s->key = pmt_stream_key(stream);
    s->tick_ns = h->tick_ns ? h->tick_ns : 1;
    pmt_expression_forget(f->x, place);
    set_window(f, s);
    for (uint32_t kind = 0; kind < PMT_KIND_KNOWN; kind++)
        s->kinds[kind] = pmt_expression_of_kind(f->x, stream, kind);
    /* Otherwise all blocks are known, and their releases. */
    if (f->no_carry)
        pmt_filter_ask_again(s);
}

/* The stream of an event; NULL: no memory. */
struct pmt_filter_stream *pmt_filter_stream_of(struct pmt_filter *f,
                                               const struct pmt_stream *stream)
{
    size_t index = pmt_stream_index(stream);

    if (index >= f->stream_count) {
        void *more = realloc(f->streams, (index + 1) * sizeof *f->streams);

        if (!more)
            return NULL;
        f->streams = more;
        memset(f->streams + f->stream_count, 0,
               (index + 1 - f->stream_count) * sizeof *f->streams);
        f->stream_count = index + 1;
    }
    if (f->streams[index].stream == NULL)
        begin_stream(f, &f->streams[index], stream);
    return &f->streams[index];
}

/* ---- what may be passed over --------------------------------------------- */

static bool inside(const struct pmt_filter_stream *s,
                   const struct pmt_envelope *e)
{
    return e->t0 >= s->from && e->t1 <= s->to;
}

static bool is_block_kind(uint32_t kind)
{
    return kind == PMT_KIND_ALLOC || kind == PMT_KIND_OBJECT;
}

static struct pmt_filter_set *set_of(struct pmt_filter_stream *s,
                                     uint32_t kind)
{
    return &s->sets[kind == PMT_KIND_ALLOC ? PMT_FILTER_BLOCKS
                                           : PMT_FILTER_OBJECTS];
}

/* Is a chunk of records kept as it is, as its label says? */
static bool whole(const struct pmt_filter *f, struct pmt_filter_stream *s,
                  const struct pmt_envelope *e)
{
    if (f->first_pass || s->kinds[e->kind] != PMT_ALWAYS || !inside(s, e))
        return false;
    return !is_block_kind(e->kind) || set_of(s, e->kind)->open == 0;
}

/* Is there nothing of a chunk of records that is kept or must be known? */
bool pmt_filter_useless(const struct pmt_filter *f,
                        const struct pmt_filter_stream *s,
                        const struct pmt_envelope *e)
{
    bool tracked = is_block_kind(e->kind) && !f->no_carry;

    if (f->first_pass)
        return !is_block_kind(e->kind) || s->kinds[e->kind] != PMT_SOMETIMES;
    return s->kinds[e->kind] == PMT_NEVER || e->t0 > s->to ||
           (e->t1 < s->from && !tracked);
}

bool pmt_filter_is_record(uint32_t kind)
{
    return kind >= PMT_KIND_CALL && kind < PMT_KIND_KNOWN &&
           kind != PMT_KIND_END && kind != PMT_KIND_LIVE_SET &&
           kind != PMT_KIND_LOSS;
}

static bool pass_over(void *context, const struct pmt_stream *stream,
                      const struct pmt_envelope *label)
{
    struct pmt_filter *f = context;
    struct pmt_filter_stream *s = pmt_filter_stream_of(f, stream);

    if (s == NULL)
        return false;
    if (label->kind == PMT_KIND_ANCHORS || label->kind == PMT_KIND_LOSS)
        return true;
    return pmt_filter_is_record(label->kind) &&
           (pmt_filter_useless(f, s, label) || whole(f, s, label));
}

void pmt_filter_options(struct pmt_filter *f,
                        struct pmt_reader_options *options)
{
    options->pass_over = pass_over;
    options->pass_over_context = f;
}

/* ---- chunks that wait ---------------------------------------------------- */

static int hold(struct pmt_filter_stream *s, struct pmt_reader *r,
                const struct pmt_event *event, struct pmt_error *err)
{
    int code;

    if (s->held_count == s->held_room) {
        size_t room = s->held_room * 2 + 16;
        void *more = realloc(s->held, room * sizeof *s->held);

        if (!more)
            return no_memory(err);
        s->held = more;
        s->held_room = room;
    }
    memset(&s->held[s->held_count], 0, sizeof *s->held);
    code = pmt_rewriter_hold(r, event, &s->held[s->held_count], err);
    s->held_count += code == PMT_OK;
    return code;
}

/* Writes what waits: tables only when they are needed. */
static int put_held(struct pmt_filter *f, struct pmt_filter_stream *s,
                    bool tables, struct pmt_error *err)
{
    int code = PMT_OK;

    for (size_t i = 0; code == PMT_OK && i < s->held_count; i++) {
        uint32_t kind = s->held[i].envelope.kind;

        if (tables || kind == PMT_KIND_ANCHORS || kind == PMT_KIND_LOSS)
            code = pmt_rewriter_put(f->out, &s->held[i], err);
    }
    drop_held(s);
    return code;
}

int pmt_filter_flush(struct pmt_filter *f, struct pmt_filter_stream *s,
                     struct pmt_error *err)
{
    s->epoch_used = true;
    return f->out ? put_held(f, s, true, err) : PMT_OK;
}

/* A new epoch has tables of its own. */
static int note_epoch(struct pmt_filter *f, struct pmt_filter_stream *s,
                      const struct pmt_event *event, struct pmt_error *err)
{
    int code = PMT_OK;

    if (event->envelope.epoch != s->last.epoch) {
        code = f->out ? put_held(f, s, false, err) : PMT_OK;
        s->epoch_used = false;
        pmt_id_map_release(&s->destroys);
        s->any_destroy = 0;
    }
    s->last = event->envelope;
    return code;
}

/* ---- records ------------------------------------------------------------- */

/* A chunk that is kept as it is. PMT_ERR_CORRUPT: it is damaged. */
static int copy(struct pmt_filter *f, struct pmt_filter_stream *s,
                struct pmt_reader *r, const struct pmt_event *event,
                struct pmt_error *err)
{
    int code = pmt_filter_flush(f, s, err);

    if (code == PMT_OK && f->out)
        code = pmt_rewriter_copy(f->out, r, event, err);
    if (code == PMT_OK) {
        f->kept[event->envelope.kind] += event->envelope.count;
        f->chunks_copied++;
    }
    return code;
}

int pmt_filter_emit(struct pmt_filter *f, struct pmt_filter_stream *s,
                    struct pmt_reader *r, const struct pmt_event *event,
                    struct pmt_error *err)
{
    uint32_t count = event->envelope.count, kept = 0, plain = 0;
    struct pmt_event cut = *event;
    int code;

    for (uint32_t i = 0; i < count; i++) {
        kept += f->keep[i] != PMT_DROP;
        plain += f->keep[i] == PMT_KEEP;
    }
    if (kept == 0 && event->envelope.kind != PMT_KIND_LIVE_SET)
        return PMT_OK;
    if (plain == count)
        return copy(f, s, r, event, err);
    f->kept[event->envelope.kind] += kept;
    f->chunks_cut++;
    code = pmt_filter_flush(f, s, err);
    if (code != PMT_OK || !f->out)
        return code;
    if (cut.envelope.t0 < s->from && cut.envelope.t1 >= s->from)
        cut.envelope.t0 = s->from;
    return pmt_rewriter_rows(f->out, r, &cut, f->keep,
                             f->with_count ? f->with : NULL, err);
}

static int take_records(struct pmt_filter *f, struct pmt_filter_stream *s,
                        struct pmt_reader *r, const struct pmt_event *event,
                        struct pmt_error *err)
{
    uint32_t kind = event->envelope.kind;
    int code = PMT_OK;

    if (f->keep == NULL) {
        f->keep = malloc(CHUNK_RECORDS);
        f->with = malloc(CHUNK_RECORDS * sizeof *f->with);
    }
    if (!f->keep || !f->with)
        return no_memory(err);
    f->with_count = 0;
    if (kind == PMT_KIND_LIVE_SET) {
        code = pmt_filter_live_set(f, s, r, event, err);
        if (code == PMT_END)
            return PMT_OK;
    } else if (pmt_filter_useless(f, s, &event->envelope)) {
        return PMT_OK; /* no label told so before */
    } else if (is_block_kind(kind)) {
        code = pmt_filter_blocks(f, s, r, event, err);
    } else {
        pmt_filter_records(f, s, r, event);
    }
    return code == PMT_OK && !f->first_pass
               ? pmt_filter_emit(f, s, r, event, err)
               : code;
}

/* A chunk that the reader passed over: kept as it is, or left out. */
static int take_passed(struct pmt_filter *f, struct pmt_filter_stream *s,
                       struct pmt_reader *r, const struct pmt_event *event,
                       struct pmt_error *err)
{
    const struct pmt_envelope *e = &event->envelope;
    int code = PMT_OK;

    if (pmt_filter_useless(f, s, e) || !whole(f, s, e))
        return PMT_OK;
    if (is_block_kind(e->kind))
        code = pmt_filter_carry(f, s,
                                e->kind == PMT_KIND_ALLOC ? PMT_FILTER_BLOCKS
                                                          : PMT_FILTER_OBJECTS,
                                e, err);
    return code == PMT_OK ? copy(f, s, r, event, err) : code;
}

/* ---- tables, headers and ends -------------------------------------------- */

static void note_classes(struct pmt_filter_stream *s, struct pmt_reader *r,
                         const struct pmt_event *event)
{
    const uint64_t *ids = pmt_reader_column(r, 0);
    const uint64_t *kinds = pmt_reader_column(r, 1);
    const uint64_t *types = pmt_reader_column(r, 4);

    for (uint32_t i = 0; ids && kinds && i < event->envelope.count; i++) {
        if (kinds[i] != PMT_KIND_OBJECT || !(ids[i] & 1))
            continue;
        s->any_destroy = (uint32_t)ids[i];
        /* Without memory another class is taken. */
        (void)pmt_id_map_set(&s->destroys, types ? (uint32_t)types[i] : 0,
                             (uint32_t)ids[i]);
    }
}

/* A table, anchors or losses: with what needs them. */
static int take_aside(struct pmt_filter *f, struct pmt_filter_stream *s,
                      struct pmt_reader *r, const struct pmt_event *event,
                      struct pmt_error *err)
{
    uint32_t kind = event->envelope.kind;
    bool always = kind == PMT_KIND_ANCHORS || kind == PMT_KIND_LOSS;

    if (kind == PMT_KIND_CLASSES && event->type == PMT_EVENT_TABLE)
        note_classes(s, r, event);
    if (!f->out)
        return PMT_OK;
    return s->epoch_used || (always && s->held_count == 0)
               ? pmt_rewriter_copy(f->out, r, event, err)
               : hold(s, r, event, err);
}

/* Windows that open before the chunk of `where`. */
static int open_windows(struct pmt_filter *f, struct pmt_filter_stream *s,
                        const struct pmt_envelope *where,
                        struct pmt_error *err)
{
    int code = PMT_OK;

    if (f->first_pass || where->t0 < s->from || s->from > s->to)
        return PMT_OK;
    for (int which = 0; code == PMT_OK && which < PMT_FILTER_SETS; which++)
        code = pmt_filter_carry(f, s, (enum pmt_filter_which)which, where,
                                err);
    return code;
}

static int take_header(struct pmt_filter *f, struct pmt_filter_stream *s,
                       struct pmt_reader *r, const struct pmt_event *event,
                       struct pmt_error *err)
{
    struct pmt_envelope where = event->envelope;
    int code = PMT_OK;

    if (!event->goes_on && f->out)
        code = put_held(f, s, false, err);
    if (code != PMT_OK)
        return code;
    if (!event->goes_on)
        begin_stream(f, s, event->stream);
    s->last = event->envelope;
    if (f->out &&
        pmt_filter_join_texts(f, pmt_stream_header(event->stream)) != PMT_OK)
        return no_memory(err);
    if (event->goes_on) {
        /* Before the part, and so before its epoch. */
        where.epoch -= where.epoch > 0;
        code = open_windows(f, s, &where, err);
        s->epoch_used = false;
    }
    return code == PMT_OK && f->out
               ? pmt_rewriter_header(f->out, r, event, f->texts,
                                     f->text_count, err)
               : code;
}

static int take_end(struct pmt_filter *f, struct pmt_filter_stream *s,
                    struct pmt_reader *r, const struct pmt_event *event,
                    struct pmt_error *err)
{
    struct pmt_envelope where = event->envelope;
    uint64_t time = event->envelope.t0;
    int code;

    s->ended = true;
    if (!f->out)
        return PMT_OK;
    code = put_held(f, s, false, err);
    where.t0 = UINT64_MAX; /* also where the window begins behind the end */
    if (code == PMT_OK)
        code = open_windows(f, s, &where, err);
    if (code != PMT_OK)
        return code;
    return time <= s->to ? pmt_rewriter_copy(f->out, r, event, err)
                         : pmt_rewriter_end(f->out, event, s->to, err);
}

/* ---- events -------------------------------------------------------------- */

static int take_chunk(struct pmt_filter *f, struct pmt_filter_stream *s,
                      struct pmt_reader *r, const struct pmt_event *event,
                      struct pmt_error *err)
{
    uint32_t kind = event->envelope.kind;

    switch ((unsigned)event->type) {
    case PMT_EVENT_STREAM:
        return take_header(f, s, r, event, err);
    case PMT_EVENT_END:
        return take_end(f, s, r, event, err);
    case PMT_EVENT_TABLE:
        return take_aside(f, s, r, event, err);
    case PMT_EVENT_SKIPPED_CHUNK:
    case PMT_EVENT_RECORDS:
        break;
    default:
        f->not_understood++;
        return PMT_OK;
    }
    if (kind == PMT_KIND_LOSS || kind == PMT_KIND_ANCHORS)
        return take_aside(f, s, r, event, err);
    if (event->type == PMT_EVENT_SKIPPED_CHUNK)
        return take_passed(f, s, r, event, err);
    return take_records(f, s, r, event, err);
}

int pmt_filter_take(struct pmt_filter *f, struct pmt_reader *r,
                    const struct pmt_event *event, struct pmt_error *err)
{
    uint32_t kind = event->envelope.kind;
    struct pmt_filter_stream *s;
    int code;

    if (!pmt_event_is_chunk(event))
        return PMT_OK;
    s = pmt_filter_stream_of(f, event->stream);
    if (!s)
        return no_memory(err);
    if (pmt_filter_is_record(kind))
        f->seen[kind] += event->envelope.count;
    if (event->envelope.lost > s->last.lost && s->from > 0 &&
        event->envelope.t0 < s->from)
        f->carry_lossy = true;
    code = note_epoch(f, s, event, err);
    return code == PMT_OK ? take_chunk(f, s, r, event, err) : code;
}

int pmt_filter_finish(struct pmt_filter *f, struct pmt_error *err)
{
    int code = PMT_OK;

    for (size_t i = 0; code == PMT_OK && i < f->stream_count; i++) {
        struct pmt_filter_stream *s = &f->streams[i];
        struct pmt_envelope where = s->last;

        if (s->stream == NULL)
            continue;
        for (int which = 0; which < PMT_FILTER_SETS && f->first_pass; which++)
            if (pmt_filter_lives_finish(f, s, (enum pmt_filter_which)which))
                return no_memory(err);
        if (s->ended || !f->out)
            continue;
        code = put_held(f, s, false, err);
        where.t0 = UINT64_MAX;
        if (code == PMT_OK && where.kind != 0)
            code = open_windows(f, s, &where, err);
    }
    return code == PMT_OK && f->out ? pmt_rewriter_finish(f->out, err) : code;
}

uint64_t pmt_filter_count(const struct pmt_filter *f)
{
    uint64_t sum = 0;

    for (uint32_t kind = 0; kind < PMT_KIND_KNOWN; kind++)
        if (pmt_filter_is_record(kind))
            sum += f->kept[kind];
    return sum;
}
