/* calls.c: streams, rows and records; see calls.h. */
#include "calls-private.h"

#include <stdlib.h>
#include <string.h>

bool pmt_calls_by(enum pmt_group_by by)
{
    return by == PMT_BY_SITE || by == PMT_BY_FILE || by == PMT_BY_LINENO ||
           by == PMT_BY_FUNCTION || by == PMT_BY_MODULE ||
           by == PMT_BY_THREAD || by == PMT_BY_PROCESS ||
           by == PMT_BY_STREAM;
}

uint64_t pmt_calls_skip_kinds(enum pmt_kind kind)
{
    return ~(UINT64_C(1) << PMT_KIND_STREAM | UINT64_C(1) << PMT_KIND_STRINGS |
             UINT64_C(1) << PMT_KIND_CODES |
             UINT64_C(1) << PMT_KIND_CFUNCTIONS |
             UINT64_C(1) << PMT_KIND_STACKS |
             UINT64_C(1) << PMT_KIND_THREADS |
             UINT64_C(1) << PMT_KIND_CLASSES | UINT64_C(1) << kind);
}

bool pmt_calls_is_row(const struct pmt_calls_row *row)
{
    return row->calls || row->resumes || row->exceptions || row->lines ||
           row->own_ns || row->total_ns || row->own_rss || row->total_rss;
}

static void release_stream(struct calls_stream *s)
{
    for (uint32_t i = 0; i < s->thread_count; i++) {
        free(s->threads[i].frames);
        free(s->threads[i].running);
    }
    free(s->threads);
    pmt_id_map_release(&s->rows);
    memset(s, 0, sizeof *s);
}

void pmt_calls_release(struct pmt_calls *calls)
{
    for (size_t i = 0; i < calls->stream_capacity; i++)
        if (calls->stream[i]) {
            release_stream(calls->stream[i]);
            free(calls->stream[i]);
        }
    free(calls->stream);
    free(calls->rows);
    pmt_grouping_release(&calls->grouping);
    pmt_intern_release(&calls->names);
    memset(calls, 0, sizeof *calls);
}

/* ---- rows ---------------------------------------------------------------- */

static bool has_row(struct pmt_calls *calls, uint32_t row)
{
    void *rows = calls->rows;
    bool ok = calls_grow(&rows, &calls->row_capacity, row, sizeof *calls->rows);

    calls->rows = rows;
    if (ok && row >= calls->row_count)
        calls->row_count = (size_t)row + 1;
    return ok;
}

/* "module.name" of a C function. */
static uint32_t c_row(struct pmt_calls *calls, const struct pmt_stream *stream,
                      uint32_t id)
{
    struct pmt_cfunction c;
    uint32_t number;
    size_t length;
    char *name;

    pmt_stream_cfunction(stream, id, &c);
    length = (size_t)c.module.length + c.name.length + 1;
    name = malloc(length + 1);
    if (!name)
        return CALLS_NO_ROW;
    length = 0;
    if (c.module.bytes && c.module.length) {
        memcpy(name, c.module.bytes, c.module.length);
        length = c.module.length;
        name[length++] = '.';
    }
    if (c.name.bytes)
        memcpy(name + length, c.name.bytes, c.name.length);
    number = pmt_intern_add(&calls->names, name,
                            length + (c.name.bytes ? c.name.length : 0));
    free(name);
    return number == PMT_INTERN_NONE || number > UINT32_MAX / 2 - 2
               ? CALLS_NO_ROW
               : number * 2 + 1;
}

static bool is_c(const struct pmt_calls *calls, uint32_t what)
{
    return calls->kind == PMT_KIND_CALL &&
           (what == PMT_CALL_C_CALL || what == PMT_CALL_C_RETURN ||
            what == PMT_CALL_C_EXCEPTION);
}

/* A frame of a function is in the row of its first line. */
static bool make_row(struct pmt_calls *calls, const struct pmt_stream *stream,
                     size_t place, const struct pmt_class *class,
                     uint32_t thread, uint32_t *row)
{
    struct pmt_block block = {.stack = class->stack, .thread = thread};
    uint32_t group;

    if (is_c(calls, class->what) && calls->by == PMT_BY_FUNCTION) {
        *row = c_row(calls, stream, class->cfunction);
        return *row != CALLS_NO_ROW && has_row(calls, *row);
    }
    calls->grouping.by = calls->by;
    group = pmt_grouping_of(&calls->grouping, stream, place, &block);
    if (group == PMT_INTERN_NONE || group > UINT32_MAX / 2 - 2)
        return false;
    *row = group * 2;
    return has_row(calls, *row);
}

/* The row of a class; CALLS_NO_ROW: of none. False: no memory. */
static bool row_of(struct pmt_calls *calls, struct calls_stream *s,
                   const struct pmt_stream *stream, size_t place, uint32_t id,
                   const struct pmt_class *class, uint32_t thread,
                   uint32_t *row)
{
    bool by_class = calls->by != PMT_BY_THREAD;
    uint32_t known = by_class ? pmt_id_map_get(&s->rows, id) : 0;
    int wanted = 1;

    if (known) {
        *row = known == 1 ? CALLS_NO_ROW : known - 2;
        return true;
    }
    *row = CALLS_NO_ROW;
    if (calls->patterns)
        wanted = pmt_patterns_want(calls->patterns, stream, place,
                                   class->stack);
    if (wanted < 0 ||
        (wanted > 0 && !make_row(calls, stream, place, class, thread, row)))
        return false;
    return !by_class ||
           pmt_id_map_set(&s->rows, id, *row == CALLS_NO_ROW ? 1 : *row + 2) ==
               PMT_OK;
}

/* ---- records ------------------------------------------------------------- */

static void count(struct pmt_calls *calls, struct pmt_calls_row *row,
                  uint32_t what)
{
    bool lines = calls->kind == PMT_KIND_LINE;

    row->lines += lines && what == PMT_LINE_LINE;
    row->calls += lines ? what == PMT_LINE_CALL
                        : what == PMT_CALL_CALL || what == PMT_CALL_C_CALL;
    row->resumes += !lines && (what == PMT_CALL_RESUME ||
                               what == PMT_CALL_THROW);
    row->exceptions += lines ? what == PMT_LINE_EXCEPTION
                             : what == PMT_CALL_UNWIND ||
                                   what == PMT_CALL_C_EXCEPTION;
}

/* A record's thread; ids that are not in the table are taken for 0. */
static struct calls_thread *thread_of(struct calls_stream *s,
                                      const struct pmt_stream *stream,
                                      uint64_t *id)
{
    size_t count = s->thread_count;
    void *threads = s->threads;
    bool ok;

    if (*id >= pmt_stream_table_size(stream, PMT_KIND_THREADS))
        *id = 0;
    ok = calls_grow(&threads, &count, (size_t)*id, sizeof *s->threads);
    s->threads = threads;
    s->thread_count = (uint32_t)count;
    return ok ? &s->threads[*id] : NULL;
}

struct record {
    uint64_t time, rss, thread;
    uint32_t class_id;
};

static bool take_record(struct pmt_calls *calls, struct calls_stream *s,
                        const struct pmt_stream *stream, size_t place,
                        struct record *record)
{
    struct calls_thread *t = thread_of(s, stream, &record->thread);
    struct pmt_site site = {0};
    struct pmt_class class;
    uint32_t row, code;

    if (!t)
        return false;
    pmt_stream_class(stream, record->class_id, &class);
    pmt_stream_site(stream, class.stack, &site);
    code = is_c(calls, class.what) ? class.cfunction | UINT32_C(1) << 31
                                   : site.code;
    if (!row_of(calls, s, stream, place, record->class_id, &class,
                (uint32_t)record->thread, &row))
        return false;
    if (record->time > s->from) {
        calls_attribute(calls, s, t, record->time, record->rss);
        if (row != CALLS_NO_ROW)
            count(calls, &calls->rows[row], class.what);
        count(calls, &calls->all, class.what);
        calls->c_calls += calls->kind == PMT_KIND_CALL &&
                          class.what == PMT_CALL_C_CALL;
        calls->records++;
        s->first = s->seen ? s->first : record->time;
        s->last = record->time > s->last ? record->time : s->last;
        s->seen = true;
    }
    if (record->rss)
        s->rss = record->rss;
    t->met = true;
    t->time = record->time;
    return calls_move(calls, t, class.what, row, code);
}

/* ---- events -------------------------------------------------------------- */

static struct calls_stream *begin(struct pmt_calls *calls, size_t place,
                                  const struct pmt_stream *stream)
{
    const struct pmt_stream_header *h = pmt_stream_header(stream);
    struct calls_stream *s = calls->stream[place];
    uint64_t until;

    if (!s && !(s = calls->stream[place] = calloc(1, sizeof *s)))
        return NULL;
    release_stream(s);
    pmt_grouping_forget(&calls->grouping, place);
    if (calls->patterns)
        pmt_patterns_forget(calls->patterns, place);
    s->tick_ns = h->tick_ns ? h->tick_ns : 1;
    s->unit = h->rss_unit ? h->rss_unit : 4096;
    until = pmt_instant_in_stream(&calls->until, stream);
    s->until = until == UINT64_MAX ? until : until / s->tick_ns;
    if (calls->has_from)
        s->from = pmt_instant_in_stream(&calls->from, stream) / s->tick_ns;
    return s;
}

static struct calls_stream *stream_of(struct pmt_calls *calls,
                                      const struct pmt_stream *stream)
{
    size_t place = pmt_stream_index(stream);
    void *all = calls->stream;
    bool ok = calls_grow(&all, &calls->stream_capacity, place,
                   sizeof *calls->stream);

    calls->stream = all;
    if (!ok)
        return NULL;
    return calls->stream[place] ? calls->stream[place]
                                : begin(calls, place, stream);
}

static bool take_chunk(struct pmt_calls *calls, struct calls_stream *s,
                       struct pmt_reader *r, const struct pmt_event *event)
{
    size_t place = pmt_stream_index(event->stream);
    const uint64_t *classes = pmt_reader_column(r, PMT_COL_CLASS);
    const uint64_t *times = pmt_reader_column(r, PMT_COL_TIME);
    const uint64_t *threads = pmt_reader_column(r, PMT_COL_THREAD);
    const uint64_t *sizes = pmt_reader_column(r, PMT_COL_RSS);
    const uint64_t *gaps = pmt_reader_column(r, PMT_COL_GAP);

    calls->has_rss |= sizes != NULL;
    for (uint32_t i = 0; classes && times && i < event->envelope.count; i++) {
        struct record record = {.time = times[i],
                                .rss = sizes ? sizes[i] : 0,
                                .thread = threads ? threads[i] : 0,
                                .class_id = (uint32_t)classes[i]};

        if (times[i] > s->until)
            break;
        calls->not_recorded += gaps ? gaps[i] : 0;
        if (!take_record(calls, s, event->stream, place, &record))
            return false;
    }
    return true;
}

int pmt_calls_take(struct pmt_calls *calls, struct pmt_reader *r,
                   const struct pmt_event *event, struct pmt_error *err)
{
    struct calls_stream *s;

    if (!event->stream || (event->type != PMT_EVENT_STREAM &&
                           event->type != PMT_EVENT_RECORDS))
        return PMT_OK;
    s = stream_of(calls, event->stream);
    if (s && event->type == PMT_EVENT_STREAM && !event->goes_on)
        s = begin(calls, pmt_stream_index(event->stream), event->stream);
    if (s && (event->type == PMT_EVENT_STREAM ||
              event->envelope.kind != calls->kind ||
              take_chunk(calls, s, r, event)))
        return PMT_OK;
    return pmt_error_set(err, PMT_ERR_MEMORY, event->offset, "out of memory");
}

void pmt_calls_finish(struct pmt_calls *calls)
{
    for (size_t i = 0; i < calls->stream_capacity; i++) {
        struct calls_stream *s = calls->stream[i];
        uint64_t from, span;

        for (uint32_t j = 0; s && j < s->thread_count; j++)
            calls_leave_all(calls, &s->threads[j]);
        if (!s || !s->seen)
            continue;
        calls->streams++;
        from = calls->has_from ? s->from : s->first;
        span = s->last > from ? (s->last - from) * s->tick_ns : 0;
        if (span > calls->span_ns)
            calls->span_ns = span;
        if (s->last * s->tick_ns > calls->now_ns)
            calls->now_ns = s->last * s->tick_ns;
    }
}
