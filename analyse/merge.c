/* merge.c: the order of a merge. */
#include "merge.h"

#include <stdlib.h>
#include <string.h>

#include "pmt/record.h"

/* ---- one cut of each stream ---------------------------------------------- */

/* Which cut of a stream is taken: the least. */
static int compare_cuts(const struct pmt_merge_stream *a,
                        const struct pmt_merge_stream *b)
{
    size_t n = a->cut_bytes < b->cut_bytes ? a->cut_bytes : b->cut_bytes;
    int order;

    if (a->has_header != b->has_header)
        return a->has_header ? -1 : 1;
    if (a->filters != b->filters)
        return a->filters < b->filters ? -1 : 1;
    order = n > 0 ? memcmp(a->cut, b->cut, n) : 0;
    if (order == 0 && a->cut_bytes != b->cut_bytes)
        order = a->cut_bytes < b->cut_bytes ? -1 : 1;
    return order != 0 ? order : memcmp(a->uuid, b->uuid, sizeof a->uuid);
}

static int by_key_and_cut(const void *a, const void *b)
{
    const struct pmt_merge_stream *const *x = a, *const *y = b;

    if ((*x)->key != (*y)->key)
        return (*x)->key < (*y)->key ? -1 : 1;
    return compare_cuts(*x, *y);
}

/* What becomes of each stream of the list. */
struct fate {
    uint32_t rank;       /* in the order of the result; of the taken ones */
    uint32_t into;       /* the stream that its chunks are of, */
    bool left_out;       /* or none */
    uint64_t chunks;
    int64_t offset_ns;   /* clamped: real time of tick 0 */
};

static bool is_plain(const struct pmt_merge_stream *s)
{
    return s->has_header && s->filters == 0 && s->cut_bytes == 0;
}

/* Chunks without a header are of the stream as it was recorded. `sorted` is
 * by key and cut; ranks follow the UUIDs, whose beginnings are the keys. */
static void choose_cuts(struct pmt_merge_list *list,
                        struct pmt_merge_stream **sorted, struct fate *fates,
                        struct pmt_merge_report *report)
{
    const struct pmt_merge_stream *taken = NULL;

    for (size_t i = 0; i < list->stream_count; i++) {
        struct pmt_merge_stream *s = sorted[i];
        struct fate *fate = &fates[s - list->stream];

        fate->rank = (uint32_t)i;
        fate->into = (uint32_t)(s - list->stream);
        if (s->refused || fate->chunks == 0) {
            fate->left_out = true;
            continue;
        }
        if (taken == NULL || taken->key != s->key) {
            taken = s;
            report->streams++;
        } else if (!s->has_header && is_plain(taken)) {
            fate->into = (uint32_t)(taken - list->stream);
            fate->rank = fates[fate->into].rank;
        } else {
            fate->left_out = true;
            report->cuts++;
            report->cut_chunks += fate->chunks;
        }
    }
}

/* ---- one clock ------------------------------------------------------------ */

static int64_t clamp(__int128 v)
{
    return v > INT64_MAX ? INT64_MAX : v < INT64_MIN ? INT64_MIN : (int64_t)v;
}

static bool shares_clock(const struct pmt_merge_clock *c)
{
    static const uint8_t none[16];

    return memcmp(c->boot, none, sizeof none) != 0 && c->clock <= 1;
}

static int by_clock(const void *a, const void *b)
{
    const struct pmt_merge_stream *const *x = a, *const *y = b;
    const struct pmt_merge_clock *c = &(*x)->start, *d = &(*y)->start;
    int order = memcmp(c->boot, d->boot, sizeof c->boot);

    if (order == 0 && c->clock != d->clock)
        order = c->clock < d->clock ? -1 : 1;
    /* The best reading of both clocks first. */
    if (order == 0 && c->uncertainty_ns != d->uncertainty_ns)
        order = c->uncertainty_ns < d->uncertainty_ns ? -1 : 1;
    return order != 0 ? order : memcmp((*x)->uuid, (*y)->uuid, 16);
}

/* Wall clock at monotonic 0, as a stream read both. */
static __int128 wall_at_zero(const struct pmt_merge_clock *c)
{
    return (__int128)c->real_ns - c->mono_ns;
}

/* `sorted` gets another order: streams of one clock together. */
static void set_clocks(struct pmt_merge_list *list,
                       struct pmt_merge_stream **sorted, struct fate *fates,
                       struct pmt_merge_report *report)
{
    const struct pmt_merge_stream *first = NULL;
    uint64_t worst = 0, moved = 0;

    qsort(sorted, list->stream_count, sizeof *sorted, by_clock);
    for (size_t i = 0; i < list->stream_count; i++) {
        const struct pmt_merge_stream *s = sorted[i];
        struct fate *fate = &fates[s - list->stream];
        __int128 apart;

        if (fate->left_out || !s->has_header)
            continue;
        if (s->start.uncertainty_ns > worst)
            worst = s->start.uncertainty_ns;
        if (first == NULL || !shares_clock(&s->start) ||
            memcmp(first->start.boot, s->start.boot, 16) != 0 ||
            first->start.clock != s->start.clock) {
            first = s;
            report->clocks++;
        }
        fate->offset_ns = clamp(wall_at_zero(&first->start) +
                                s->start.mono_ns);
        /* How far the wall clock was set, or went astray, meanwhile. */
        apart = wall_at_zero(&s->start) - wall_at_zero(&first->start);
        apart = apart < 0 ? -apart : apart;
        if (apart > moved)
            moved = apart < INT64_MAX ? (uint64_t)apart : INT64_MAX;
    }
    if (report->clocks > 1)
        report->uncertainty_ns =
            worst < UINT64_MAX - moved ? worst + moved : UINT64_MAX;
}

/* ---- the chunks ------------------------------------------------------------ */

static int by_class(const struct pmt_merge_chunk *chunk)
{
    return chunk->kind == PMT_KIND_STREAM ? 0
           : chunk->kind == PMT_KIND_END  ? 2
                                          : 1;
}

/* Of chunks with the same number the first is taken. */
static int by_preference(const struct pmt_merge_chunk *x,
                         const struct pmt_merge_chunk *y)
{
    if (by_class(x) != by_class(y))
        return by_class(x) - by_class(y);
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    if (x->frame_bytes != y->frame_bytes)
        return x->frame_bytes > y->frame_bytes ? -1 : 1;
    if (x->crc != y->crc)
        return x->crc < y->crc ? -1 : 1;
    /* The same bytes: any. */
    if (x->input != y->input)
        return x->input < y->input ? -1 : 1;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* `stream` of a chunk is a rank by now. */
static int by_number(const void *a, const void *b)
{
    const struct pmt_merge_chunk *x = a, *y = b;

    if (x->drop != y->drop)
        return x->drop ? 1 : -1;
    if (x->stream != y->stream)
        return x->stream < y->stream ? -1 : 1;
    if (x->seq != y->seq)
        return x->seq < y->seq ? -1 : 1;
    return by_preference(x, y);
}

static int by_time(const void *a, const void *b)
{
    const struct pmt_merge_chunk *x = a, *y = b;

    if (x->drop != y->drop)
        return x->drop ? 1 : -1;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return by_number(a, b);
}

static bool same_number(const struct pmt_merge_chunk *a,
                        const struct pmt_merge_chunk *b)
{
    return a->stream == b->stream && a->seq == b->seq;
}

static void count_copies(const struct pmt_merge_chunk *chunk, size_t n,
                         struct pmt_merge_report *report)
{
    for (size_t i = 1; i < n; i++) {
        bool same = chunk[i].kind == chunk->kind &&
                    chunk[i].count == chunk->count &&
                    chunk[i].frame_bytes == chunk->frame_bytes &&
                    chunk[i].crc == chunk->crc;

        if (same)
            report->duplicates++;
        else if (chunk[i].kind == PMT_KIND_END)
            report->ends++;
        else
            report->differing++;
    }
}

/* The chunks of one stream, sorted by number: each gets the time at which it
 * stands, which does not fall; an end that is not the last is dropped. */
static void place_stream(struct pmt_merge_chunk *chunk, size_t n,
                         const struct pmt_merge_stream *s, int64_t offset_ns,
                         struct pmt_merge_report *report)
{
    uint64_t next = chunk->kind == PMT_KIND_STREAM ? chunk->seq : 0;
    int64_t time = INT64_MIN;
    size_t copies;

    for (size_t i = 0; i < n; i += copies) {
        uint32_t tick_ns = s->has_header ? s->start.tick_ns : 1;
        int64_t at = clamp((__int128)(uint64_t)chunk[i].time * tick_ns +
                           offset_ns);

        for (copies = 1; i + copies < n &&
                         same_number(&chunk[i], &chunk[i + copies]);)
            copies++;
        time = at > time ? at : time;
        for (size_t k = 0; k < copies; k++)
            chunk[i + k].time = time;
        count_copies(&chunk[i], copies, report);
        if (chunk[i].kind == PMT_KIND_END && i + copies < n) {
            for (size_t k = 0; k < copies; k++)
                chunk[i + k].drop = true;
            report->ends++;
            continue;
        }
        if (s->filters == 0 && chunk[i].seq > next)
            report->missing += chunk[i].seq - next;
        next = (uint64_t)chunk[i].seq + 1;
    }
}

static void place_chunks(struct pmt_merge_list *list,
                         struct pmt_merge_stream *const *by_rank,
                         const struct fate *fates,
                         struct pmt_merge_report *report)
{
    struct pmt_merge_chunk *chunk = list->chunk;
    size_t n;

    for (size_t i = 0; i < list->chunk_count && !chunk[i].drop; i += n) {
        const struct pmt_merge_stream *s = by_rank[chunk[i].stream];

        for (n = 1; i + n < list->chunk_count && !chunk[i + n].drop &&
                    chunk[i + n].stream == chunk[i].stream;)
            n++;
        place_stream(chunk + i, n, s, fates[s - list->stream].offset_ns,
                     report);
    }
}

size_t pmt_merge_copies(const struct pmt_merge_list *list, size_t i)
{
    const struct pmt_merge_chunk *chunk = list->chunk;
    size_t n = list->chunk_count, copies = 0;

    while (i + copies < n && !chunk[i + copies].drop &&
           same_number(&chunk[i], &chunk[i + copies]))
        copies++;
    return copies;
}

int pmt_merge_plan(struct pmt_merge_list *list,
                   struct pmt_merge_report *report, struct pmt_error *err)
{
    size_t n = list->stream_count;
    struct fate *fates = calloc(n + 1, sizeof *fates);
    struct pmt_merge_stream **by_rank = calloc(2 * n + 1, sizeof *by_rank);

    memset(report, 0, sizeof *report);
    report->refused = list->refused;
    if (fates == NULL || by_rank == NULL) {
        free(fates);
        free(by_rank);
        return pmt_error_set_memory(err);
    }
    for (size_t i = 0; i < list->chunk_count; i++)
        fates[list->chunk[i].stream].chunks++;
    for (size_t i = 0; i < n; i++)
        by_rank[i] = by_rank[n + i] = &list->stream[i];
    qsort(by_rank, n, sizeof *by_rank, by_key_and_cut);
    choose_cuts(list, by_rank, fates, report);
    set_clocks(list, by_rank + n, fates, report);
    for (size_t i = 0; i < list->chunk_count; i++) {
        struct pmt_merge_chunk *c = &list->chunk[i];

        c->drop = c->drop || fates[c->stream].left_out;
        c->stream = fates[c->stream].rank;
    }
    if (list->chunk_count == 0) {
        free(fates);
        free(by_rank);
        return PMT_OK;
    }
    qsort(list->chunk, list->chunk_count, sizeof *list->chunk, by_number);
    place_chunks(list, by_rank, fates, report);
    qsort(list->chunk, list->chunk_count, sizeof *list->chunk, by_time);
    free(fates);
    free(by_rank);
    return PMT_OK;
}
