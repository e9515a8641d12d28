/* filter-seek.c: see filter-seek.h. */
#include "filter-seek.h"

#include <stdlib.h>
#include <string.h>

#include "filter-private.h"
#include "pmt/index.h"
#include "pmt/parts.h"

#define LABEL_BYTES (8 + 64)
#define SETS_LOOKED_AT 4u /* live sets before the window, of a stream */

struct stream {
    uint64_t key;
    struct pmt_filter_stream *s;
    size_t from[PMT_FILTER_SETS]; /* entry from which blocks are followed */
    uint32_t epoch;          /* the last one, going back, that is needed */
    bool epoch_needed;
    uint32_t next_seq;
    bool begun, filtered;
    unsigned sets;           /* live sets that were looked at, */
    uint64_t set_time;       /* the last one's tick */
};

struct work {
    struct pmt_filter f;     /* for windows and kinds of the streams */
    struct pmt_index index;
    uint8_t *needed;         /* by entry */
    struct stream *streams;  /* by key */
    size_t stream_count;
    struct pmt_source *base;
    struct pmt_seek_start *starts; /* of find_starts() */
    size_t start_count;
};

/* ---- pieces -------------------------------------------------------------- */

/* The entries that are marked, as a source. NULL: no memory. */
static struct pmt_extents *pieces_of(const struct work *w,
                                     const uint8_t *marked)
{
    struct pmt_extents *pieces = pmt_extents_new(w->base);
    uint64_t start = 0, end = 0;
    int code = pieces ? PMT_OK : PMT_ERR_MEMORY;

    for (size_t i = 0; code == PMT_OK && i < w->index.count; i++) {
        const struct pmt_entry *e = &w->index.entries[i];

        if (!marked[i])
            continue;
        if (e->offset != end) {
            if (end > start)
                code = pmt_extents_add(pieces, start, end - start);
            start = e->offset;
        }
        end = e->offset + LABEL_BYTES + e->frame_bytes;
    }
    if (code == PMT_OK && end > start)
        code = pmt_extents_add(pieces, start, end - start);
    if (code == PMT_OK)
        return pieces;
    pmt_extents_free(pieces);
    return NULL;
}

static int open_pieces(const struct work *w, const uint8_t *marked,
                       struct pmt_extents **pieces, struct pmt_reader **r,
                       struct pmt_error *err)
{
    const struct pmt_reader_options options = {.no_tables = true};
    struct pmt_source source;
    int code;

    *pieces = pieces_of(w, marked);
    if (!*pieces)
        return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                             "out of memory");
    pmt_extents_source(*pieces, &source);
    code = pmt_reader_open(r, &source, &options, err);
    if (code == PMT_OK)
        return code;
    pmt_extents_free(*pieces);
    return code == PMT_ERR_MEMORY || code == PMT_ERR_IO ? code : PMT_END;
}

/* ---- streams ------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
    const struct stream *x = a, *y = b;

    return (x->key > y->key) - (x->key < y->key);
}

static struct stream *find(const struct work *w, uint64_t key)
{
    struct stream wanted = {.key = key};

    return w->stream_count
               ? bsearch(&wanted, w->streams, w->stream_count,
                         sizeof *w->streams, by_key)
               : NULL;
}

/* All headers, so that windows and kinds are known. */
static int read_headers(struct work *w, struct pmt_reader *r,
                        struct pmt_error *err)
{
    struct pmt_event event;
    int code;

    while ((code = pmt_reader_next(r, &event, err)) == PMT_OK) {
        if (event.type != PMT_EVENT_STREAM)
            return PMT_END;
        if (event.goes_on)
            continue;
        if (pmt_stream_index(event.stream) < w->f.stream_count)
            return PMT_END; /* it begins again */
        if (!pmt_filter_stream_of(&w->f, event.stream))
            return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                                 "out of memory");
    }
    return code == PMT_END ? PMT_OK : code;
}

static int list_streams(struct work *w, struct pmt_error *err)
{
    w->streams = calloc(w->f.stream_count + 1, sizeof *w->streams);
    if (!w->streams)
        return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                             "out of memory");
    for (size_t i = 0; i < w->f.stream_count; i++) {
        struct pmt_filter_stream *s = &w->f.streams[i];

        w->streams[w->stream_count++] = (struct stream){
            .key = s->key,
            .s = s,
            .filtered = pmt_stream_header(s->stream)->filter != NULL};
    }
    qsort(w->streams, w->stream_count, sizeof *w->streams, by_key);
    return PMT_OK;
}

/* Are all chunks there, of streams that are known? */
static bool is_whole(struct work *w)
{
    for (size_t i = 0; i < w->index.count; i++) {
        const struct pmt_entry *e = &w->index.entries[i];
        struct stream *t = find(w, e->stream_key);

        if (!t || (!t->begun && e->kind != PMT_KIND_STREAM))
            return false;
        if (t->begun && !t->filtered && e->seq != t->next_seq)
            return false;
        t->begun = true;
        t->next_seq = e->seq + 1;
    }
    return true;
}

/* ---- live sets before the window ----------------------------------------- */

static bool follows(const struct work *w, const struct stream *t)
{
    return !w->f.no_carry && (t->s->kinds[PMT_KIND_ALLOC] != PMT_NEVER ||
                              t->s->kinds[PMT_KIND_OBJECT] != PMT_NEVER);
}

/* Marks the last live sets before each window. Are there any? */
static bool mark_sets(struct work *w, uint8_t *marked)
{
    bool any = false;

    for (size_t i = w->index.count; i-- > 0;) {
        const struct pmt_entry *e = &w->index.entries[i];
        struct stream *t = find(w, e->stream_key);

        marked[i] = e->kind == PMT_KIND_STREAM;
        if (e->kind != PMT_KIND_LIVE_SET || e->t0 >= t->s->from ||
            !follows(w, t))
            continue;
        t->sets += t->sets == 0 || t->set_time != e->t0;
        t->set_time = e->t0;
        marked[i] = t->sets <= SETS_LOOKED_AT;
        any |= marked[i];
    }
    return any;
}

/* Of which kind each is, and whether all its parts are there. */
static int read_sets(struct work *w, struct pmt_reader *r,
                     const uint8_t *marked, struct pmt_error *err)
{
    struct pmt_event event;
    size_t i = 0, first = 0;
    uint32_t kind, part, parts, expected = 0;
    int code;

    for (; (code = pmt_reader_next(r, &event, err)) == PMT_OK; i++) {
        while (i < w->index.count && !marked[i])
            i++;
        if (i == w->index.count || event.type == PMT_EVENT_DAMAGE ||
            event.envelope.kind != w->index.entries[i].kind)
            return PMT_END;
        if (event.type != PMT_EVENT_RECORDS)
            continue;
        pmt_reader_live_part(r, &kind, &part, &parts);
        if (part == 0)
            first = i;
        expected = part == 0 ? 1 : part == expected ? expected + 1 : UINT32_MAX;
        if (expected == parts && (kind == PMT_KIND_ALLOC ||
                                  kind == PMT_KIND_OBJECT))
            find(w, event.envelope.stream_key)
                ->from[kind == PMT_KIND_ALLOC ? PMT_FILTER_BLOCKS
                                              : PMT_FILTER_OBJECTS] = first;
    }
    return code == PMT_END ? PMT_OK : code;
}

static int find_sets(struct work *w, struct pmt_error *err)
{
    struct pmt_extents *pieces;
    struct pmt_reader *r;
    int code;

    if (!mark_sets(w, w->needed))
        return PMT_OK;
    code = open_pieces(w, w->needed, &pieces, &r, err);
    if (code != PMT_OK)
        return code;
    code = read_sets(w, r, w->needed, err);
    pmt_reader_free(r);
    pmt_extents_free(pieces);
    return code;
}

/* ---- what is needed ------------------------------------------------------ */

static bool is_table(uint32_t kind)
{
    return kind >= PMT_KIND_STRINGS && kind <= PMT_KIND_CLASSES;
}

static bool needs_live_set(const struct work *w, const struct stream *t,
                           const struct pmt_entry *e, size_t i)
{
    const struct pmt_filter_stream *s = t->s;
    bool blocks = s->kinds[PMT_KIND_ALLOC] != PMT_NEVER;
    bool objects = s->kinds[PMT_KIND_OBJECT] != PMT_NEVER;

    if (e->t0 > s->to || (e->t0 < s->from && w->f.no_carry))
        return false;
    return (blocks && i >= t->from[PMT_FILTER_BLOCKS]) ||
           (objects && i >= t->from[PMT_FILTER_OBJECTS]);
}

static bool needs(const struct work *w, const struct stream *t,
                  const struct pmt_entry *e, size_t i)
{
    const struct pmt_envelope label = {.kind = e->kind, .t0 = e->t0,
                                       .t1 = e->t1};

    if (e->kind == PMT_KIND_LIVE_SET)
        return needs_live_set(w, t, e, i);
    if (!pmt_filter_is_record(e->kind))
        return !is_table(e->kind) || (t->epoch_needed && t->epoch == e->epoch);
    if (pmt_filter_useless(&w->f, t->s, &label))
        return false;
    if (e->t1 >= t->s->from)
        return true;
    return i >= t->from[e->kind == PMT_KIND_ALLOC ? PMT_FILTER_BLOCKS
                                                  : PMT_FILTER_OBJECTS];
}

/* Backwards, since tables come before what needs them. False: all are. */
static bool mark_needed(struct work *w)
{
    bool some_not = false;

    for (size_t i = w->index.count; i-- > 0;) {
        const struct pmt_entry *e = &w->index.entries[i];
        struct stream *t = find(w, e->stream_key);

        w->needed[i] = needs(w, t, e, i);
        some_not |= !w->needed[i];
        if (w->needed[i] && (pmt_filter_is_record(e->kind) ||
                             e->kind == PMT_KIND_LIVE_SET)) {
            t->epoch = e->epoch;
            t->epoch_needed = true;
        }
    }
    return some_not;
}

static int find_chunks(struct work *w, struct pmt_error *err)
{
    (void)err;
    return mark_needed(w) ? PMT_OK : PMT_END;
}

/* Instead: where the live sets begin. */
static int find_starts(struct work *w, struct pmt_error *err)
{
    w->starts = calloc(w->stream_count + 1, sizeof *w->starts);
    if (!w->starts)
        return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                             "out of memory");
    for (size_t i = 0; i < w->stream_count; i++) {
        const struct stream *t = &w->streams[i];
        size_t blocks = t->from[PMT_FILTER_BLOCKS];
        size_t objects = t->from[PMT_FILTER_OBJECTS];

        if (blocks > 0 || objects > 0)
            w->starts[w->start_count++] = (struct pmt_seek_start){
                .key = t->key,
                .seq = {[PMT_LIVE_BLOCKS] =
                            blocks ? w->index.entries[blocks].seq : 0,
                        [PMT_LIVE_OBJECTS] =
                            objects ? w->index.entries[objects].seq : 0}};
    }
    return w->start_count > 0 ? PMT_OK : PMT_END;
}

/* ---- all together -------------------------------------------------------- */

/* The streams, and then `then` while their headers are there. */
static int find_needed(struct work *w,
                       int (*then)(struct work *w, struct pmt_error *err),
                       struct pmt_error *err)
{
    struct pmt_extents *pieces;
    struct pmt_reader *r;
    int code;

    for (size_t i = 0; i < w->index.count; i++)
        w->needed[i] = w->index.entries[i].kind == PMT_KIND_STREAM;
    code = open_pieces(w, w->needed, &pieces, &r, err);
    if (code != PMT_OK)
        return code;
    code = read_headers(w, r, err);
    if (code == PMT_OK)
        code = list_streams(w, err);
    if (code == PMT_OK)
        code = is_whole(w) ? find_sets(w, err) : PMT_END;
    if (code == PMT_OK)
        code = then(w, err);
    pmt_reader_free(r); /* the streams of w->f are its own */
    pmt_extents_free(pieces);
    return code;
}

static int with_index(struct work *w,
                      int (*then)(struct work *w, struct pmt_error *err),
                      struct pmt_error *err)
{
    int code = pmt_index_read(&w->index, w->base, err);

    if (code == PMT_ERR_CORRUPT)
        return PMT_END; /* the whole is read, and says so */
    if (code != PMT_OK)
        return code;
    w->needed = calloc(w->index.count + 1, 1);
    if (!w->needed)
        return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                             "out of memory");
    return find_needed(w, then, err);
}

static int seek_needed(struct work *w, struct pmt_filter_seek *seek,
                       struct pmt_filter *f, struct pmt_error *err)
{
    int code = with_index(w, find_chunks, err);

    if (code != PMT_OK)
        return code;
    seek->pieces = pieces_of(w, w->needed);
    if (!seek->pieces)
        return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                             "out of memory");
    for (size_t i = 0; i < w->index.count; i++)
        if (!w->needed[i] && pmt_filter_is_record(w->index.entries[i].kind))
            f->seen[w->index.entries[i].kind] += w->index.entries[i].count;
    return PMT_OK;
}

static void release(struct work *w)
{
    pmt_filter_release(&w->f);
    pmt_index_release(&w->index);
    free(w->needed);
    free(w->streams);
}

int pmt_filter_seek_starts(const char *path, const struct pmt_instant *until,
                           struct pmt_seek_start **starts, size_t *count,
                           struct pmt_error *err)
{
    const struct pmt_filter_bound from = {*until, PMT_FROM};
    struct pmt_expression all;
    struct pmt_source base;
    struct work w = {.base = &base};
    int code = pmt_source_open_trace(&base, path, NULL, err);

    if (code != PMT_OK)
        return code;
    pmt_expression_init(&all);
    pmt_filter_init(&w.f, &all, NULL);
    w.f.bounds = &from;
    w.f.bound_count = 1;
    code = with_index(&w, find_starts, err);
    release(&w);
    pmt_expression_release(&all);
    pmt_source_close(&base);
    if (code == PMT_OK) {
        *starts = w.starts;
        *count = w.start_count;
    } else {
        free(w.starts);
    }
    return code;
}

int pmt_filter_seek(struct pmt_filter_seek *seek, struct pmt_filter *f,
                    const char *path, struct pmt_error *err)
{
    struct work w = {.base = &seek->base};
    int code;

    memset(seek, 0, sizeof *seek);
    if (f->lives || f->first_pass || f->bound_count == 0)
        return PMT_END;
    code = pmt_source_open_trace(&seek->base, path, NULL, err);
    if (code != PMT_OK)
        return code;
    pmt_filter_init(&w.f, f->x, NULL);
    w.f.bounds = f->bounds;
    w.f.bound_count = f->bound_count;
    w.f.no_carry = f->no_carry;
    code = seek_needed(&w, seek, f, err);
    release(&w);
    if (code != PMT_OK)
        pmt_filter_seek_release(seek);
    return code;
}

void pmt_filter_seek_release(struct pmt_filter_seek *seek)
{
    pmt_extents_free(seek->pieces);
    pmt_source_close(&seek->base);
    memset(seek, 0, sizeof *seek);
}
