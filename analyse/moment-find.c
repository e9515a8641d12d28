/* moment-find.c: where in a trace a moment is; see open.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/errors.h"
#include "cli/suggest.h"
#include "live-exit.h"
#include "live.h"
#include "open.h"
#include "seek.h"

/* In the clock of the stream of `header`. */
static struct pmt_instant in_stream(const struct pmt_stream_header *header,
                                    uint64_t key, uint64_t ns)
{
    struct pmt_instant instant = {
        .ns = ns,
        .has_stream = true,
        .stream_key = key,
        .real_ns = (int64_t)((uint64_t)header->start_real_ns + ns),
        .has_boot = header->has_boot && header->clock == 0,
        .mono_ns = header->start_mono_ns + ns,
    };

    memcpy(instant.boot, header->boot, sizeof instant.boot);
    return instant;
}

/* ---- marks --------------------------------------------------------------- */

static bool text_is(struct pmt_text text, const char *name)
{
    return text.bytes != NULL && text.length == strlen(name) &&
           memcmp(text.bytes, name, text.length) == 0;
}

#define OFFERS 1000    /* marks whose names are compared */
#define OFFER_BYTES 64 /* longer ones are not */

/* The mark that may have been meant. */
struct near_mark {
    char name[OFFER_BYTES + 1];
    size_t distance, seen;
    bool found;
};

static void offer(struct near_mark *near, const char *typed,
                  struct pmt_text text)
{
    const char *best = near->found ? near->name : NULL;
    char name[OFFER_BYTES + 1];

    if (near->seen++ >= OFFERS || text.bytes == NULL ||
        text.length > OFFER_BYTES)
        return;
    memcpy(name, text.bytes, text.length);
    name[text.length] = '\0';
    pmt_suggest_offer(typed, name, &best, &near->distance);
    if (best != name)
        return;
    memcpy(near->name, name, sizeof name);
    near->found = true;
}

/* The nth mark called `name` among those of one chunk; `left` counts down. */
static bool mark_in_chunk(struct pmt_reader *r, const struct pmt_event *event,
                          const char *name, uint64_t *left,
                          struct near_mark *near, struct pmt_instant *instant)
{
    const struct pmt_stream_header *header = pmt_stream_header(event->stream);
    const uint64_t *times = pmt_reader_column(r, PMT_COL_TIME);

    for (uint32_t i = 0; i < event->envelope.count; i++) {
        if (!text_is(pmt_reader_text(r, i), name) || --*left > 0) {
            offer(near, name, pmt_reader_text(r, i));
            continue;
        }
        *instant = in_stream(header, event->envelope.stream_key,
                             times ? times[i] * header->tick_ns : 0);
        return true;
    }
    return false;
}

static int no_mark(const struct pmt_trace *in, const struct pmt_moment *moment,
                   const struct near_mark *near)
{
    if (moment->ordinal)
        return pmt_fail("%s: no mark \"%s\" number %" PRIu64
                        " (mark:%s#%" PRIu64 "#1 is the first \"%s#%" PRIu64
                        "\")",
                        in->name, moment->name, moment->ordinal, moment->name,
                        moment->ordinal, moment->name, moment->ordinal);
    if (near->found)
        return pmt_fail("%s: no mark \"%s\" (did you mean \"%s\"?)", in->name,
                        moment->name, near->name);
    return pmt_fail("%s: no mark \"%s\" (%s)", in->name, moment->name,
                    near->seen ? "pmt dump --kind mark prints those there are"
                               : "there are no marks");
}

static int find_mark(const struct pmt_trace *in,
                     const struct pmt_moment *moment,
                     struct pmt_instant *instant)
{
    uint64_t left = moment->ordinal ? moment->ordinal : 1;
    struct near_mark near = {.found = false};
    struct pmt_trace pass;
    struct pmt_event event;
    struct pmt_error err;
    bool found = false;
    int code = PMT_OK;

    if (!pmt_trace_reopens(in->path))
        return pmt_fail("%s: a mark cannot be looked up in a pipe", in->name);
    if (pmt_seek_open_kinds(&pass, in->path, UINT64_C(1) << PMT_KIND_MARK))
        return PMT_EXIT_TROUBLE;
    while (!found && (code = pmt_trace_next(&pass, &event, &err)) == PMT_OK)
        if (event.type == PMT_EVENT_RECORDS &&
            event.envelope.kind == PMT_KIND_MARK)
            found = mark_in_chunk(pass.reader, &event, moment->name, &left,
                                  &near, instant);
    if (!found && code < 0)
        return pmt_trace_failed(&pass, &err);
    pmt_trace_release(&pass);
    return found ? PMT_EXIT_OK : no_mark(in, moment, &near);
}

/* ---- the peak ------------------------------------------------------------ */

/* The stream with the largest peak of `which`; NULL: none has such records. */
static const struct pmt_live_stream *
largest(const struct pmt_live_sets *live, enum pmt_live_which which)
{
    const struct pmt_live_stream *best = NULL;

    for (size_t i = 0; i < live->stream_count; i++) {
        const struct pmt_live_stream *s = &live->streams[i];
        const struct pmt_live_level *a = &s->sets[which].peak;
        const struct pmt_live_level *b = best ? &best->sets[which].peak : NULL;

        if (!s->seen[which])
            continue;
        if (b == NULL || (which == PMT_LIVE_BLOCKS ? a->bytes > b->bytes
                                                   : a->count > b->count))
            best = s;
    }
    return best;
}

static int check_reopens(const struct pmt_trace *in, const char *what)
{
    if (pmt_trace_reopens(in->path))
        return PMT_EXIT_OK;
    return pmt_fail("%s: the %s can't be found in a pipe: it takes two passes",
                    in->name, what);
}

/* Reads the whole trace once more, to its live sets; says why not. Both are to
 * be released. */
static int read_again(const struct pmt_trace *in,
                      const struct pmt_live_exits *exits,
                      struct pmt_live_sets *live, struct pmt_trace *pass)
{
    unsigned wanted = PMT_LIVE_ALLOC | PMT_LIVE_OBJECT;
    struct pmt_reader_options options = {
        .skip_kinds = pmt_live_sets_skip_kinds(wanted),
    };
    struct pmt_common silent = {.progress = PMT_PROGRESS_NEVER};
    struct pmt_error err;

    if (pmt_trace_open(pass, in->path, &silent, &options))
        return PMT_EXIT_TROUBLE;
    pmt_live_sets_init(live, wanted);
    live->exits = exits;
    if (pmt_live_sets_read(live, pass, &err)) {
        pmt_live_sets_release(live);
        return pmt_trace_failed(pass, &err);
    }
    return PMT_EXIT_OK;
}

static int find_peak(const struct pmt_trace *in, struct pmt_instant *instant)
{
    enum pmt_live_which which = PMT_LIVE_BLOCKS;
    const struct pmt_live_stream *s;
    struct pmt_live_sets live;
    struct pmt_trace pass;

    if (check_reopens(in, "peak") || read_again(in, NULL, &live, &pass))
        return PMT_EXIT_TROUBLE;
    s = largest(&live, which);
    if (s == NULL)
        s = largest(&live, which = PMT_LIVE_OBJECTS);
    if (s != NULL)
        *instant = in_stream(pmt_stream_header(s->stream), s->key,
                             s->sets[which].peak.time * s->tick_ns);
    pmt_live_sets_release(&live);
    pmt_trace_release(&pass);
    return s != NULL ? PMT_EXIT_OK
                     : pmt_fail("%s: no peak: it has no alloc or object "
                                "records", in->name);
}

/* ---- the end of the interpreter ------------------------------------------ */

static int find_exit(const struct pmt_trace *in, struct pmt_instant *instant)
{
    struct pmt_live_exits exits;
    struct pmt_live_sets live;
    struct pmt_trace pass;
    bool found = false;
    int64_t last = 0;

    if (check_reopens(in, "exit") || pmt_live_exits_find(&exits, in))
        return PMT_EXIT_TROUBLE;
    if (read_again(in, &exits, &live, &pass)) {
        pmt_live_exits_release(&exits);
        return PMT_EXIT_TROUBLE;
    }
    for (size_t i = 0; i < live.stream_count; i++)
        for (int which = 0; which < PMT_LIVE_KINDS; which++) {
            const struct pmt_live_stream *s = &live.streams[i];
            const struct pmt_live_set *set = &s->sets[which];
            struct pmt_instant at =
                in_stream(pmt_stream_header(s->stream), s->key,
                          pmt_live_sets_now_ns(&live, s, set));

            if (!set->ended || (found && at.real_ns <= last))
                continue;
            found = true;
            last = at.real_ns;
            *instant = at;
        }
    pmt_live_sets_release(&live);
    pmt_live_exits_release(&exits);
    pmt_trace_release(&pass);
    return found ? PMT_EXIT_OK
                 : pmt_fail("%s: no exit: nothing in it tells where an "
                            "interpreter began to end", in->name);
}

/* ---- all of them --------------------------------------------------------- */

bool pmt_moment_takes_pass(const struct pmt_moment *moment)
{
    return moment->kind == PMT_MOMENT_MARK ||
           moment->kind == PMT_MOMENT_PEAK || moment->kind == PMT_MOMENT_EXIT;
}

int pmt_trace_find(const struct pmt_trace *in,
                   const struct pmt_moment *moment,
                   struct pmt_instant *instant)
{
    *instant = (struct pmt_instant){.is_end = true, .ns = UINT64_MAX};
    switch (moment->kind) {
    case PMT_MOMENT_NONE:
    case PMT_MOMENT_END:
        break;
    case PMT_MOMENT_TIME:
        instant->is_end = false;
        instant->ns = moment->ns;
        break;
    case PMT_MOMENT_WALL:
        *instant = (struct pmt_instant){.is_wall = true,
                                        .real_ns = moment->real_ns};
        break;
    case PMT_MOMENT_MARK:
        return find_mark(in, moment, instant);
    case PMT_MOMENT_PEAK:
        return find_peak(in, instant);
    case PMT_MOMENT_EXIT:
        return find_exit(in, instant);
    }
    return PMT_EXIT_OK;
}

int pmt_trace_find_moment(const struct pmt_trace *in,
                          struct pmt_instant *instant)
{
    return pmt_trace_find(in, &in->moment, instant);
}

int64_t pmt_stream_between(const struct pmt_stream_header *a,
                           const struct pmt_stream_header *b)
{
    if (a->has_boot && b->has_boot && a->clock == 0 && b->clock == 0 &&
        memcmp(a->boot, b->boot, sizeof a->boot) == 0)
        return (int64_t)(b->start_mono_ns - a->start_mono_ns);
    return (int64_t)((uint64_t)b->start_real_ns - (uint64_t)a->start_real_ns);
}

uint64_t pmt_instant_in_stream(const struct pmt_instant *instant,
                               const struct pmt_stream *s)
{
    const struct pmt_stream_header *header;

    if (instant->is_end || s == NULL ||
        (!instant->is_wall &&
         (!instant->has_stream || pmt_stream_key(s) == instant->stream_key)))
        return instant->ns;
    header = pmt_stream_header(s);
    if (!instant->is_wall && instant->has_boot && header->has_boot &&
        header->clock == 0 && !memcmp(instant->boot, header->boot, 16))
        return instant->mono_ns > header->start_mono_ns
                   ? instant->mono_ns - header->start_mono_ns
                   : 0;
    if (instant->real_ns <= header->start_real_ns)
        return 0;
    return (uint64_t)instant->real_ns - (uint64_t)header->start_real_ns;
}
