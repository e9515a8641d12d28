/* trace-details.c: see trace-details.h. */
#include "trace-details.h"

#include <stdlib.h>
#include <string.h>

#include "pmt/error.h"
#include "pmt/record.h"

#define BIT(kind) (UINT64_C(1) << (kind))

static const enum pmt_kind kinds[PMT_DETAIL_KINDS] = {
    [PMT_DETAIL_CALL] = PMT_KIND_CALL,
    [PMT_DETAIL_LINE] = PMT_KIND_LINE,
    [PMT_DETAIL_OBJECT] = PMT_KIND_OBJECT,
    [PMT_DETAIL_ALLOC] = PMT_KIND_ALLOC,
};

enum pmt_kind pmt_detail_kind(enum pmt_detail_which which)
{
    return kinds[which];
}

uint64_t pmt_details_kinds(bool all)
{
    uint64_t bits = BIT(PMT_KIND_SAMPLE) | BIT(PMT_KIND_HEAP) |
                    BIT(PMT_KIND_SNAPSHOT) | BIT(PMT_KIND_GC) |
                    BIT(PMT_KIND_PROCESS);

    for (int i = 0; all && i < PMT_DETAIL_KINDS; i++)
        bits |= BIT(kinds[i]);
    return bits;
}

/* A copy; false: no memory. */
static bool copy(struct pmt_text *to, struct pmt_text text)
{
    char *bytes = malloc(text.length + (size_t)1);

    *to = (struct pmt_text){bytes, text.bytes ? text.length : 0};
    if (bytes != NULL && to->length > 0)
        memcpy(bytes, text.bytes, to->length);
    return bytes != NULL;
}

static void release(struct pmt_text *text)
{
    free((char *)(uintptr_t)text->bytes);
    text->bytes = NULL;
}

static bool is_text(struct pmt_text a, struct pmt_text b)
{
    size_t length = b.bytes ? b.length : 0;

    return a.length == length &&
           (length == 0 || memcmp(a.bytes, b.bytes, length) == 0);
}

/* ---- tallies ----------------------------------------------------------- */

static int tally_add(struct pmt_detail_tally *tally, uint64_t id)
{
    uint32_t place;

    if (id > PMT_ID_MAX) {
        tally->others++;
        return PMT_OK;
    }
    place = pmt_id_map_get(&tally->places, (uint32_t)id);
    if (place > 0) {
        tally->rows[place - 1].count++;
        return PMT_OK;
    }
    if (tally->count == tally->capacity) {
        size_t capacity = tally->capacity * 2 + 16;
        void *more = reallocarray(tally->rows, capacity, sizeof *tally->rows);

        if (more == NULL)
            return PMT_ERR_MEMORY;
        tally->rows = more;
        tally->capacity = capacity;
    }
    tally->rows[tally->count++] =
        (struct pmt_detail_count){.id = (uint32_t)id, .count = 1};
    return pmt_id_map_set(&tally->places, (uint32_t)id,
                          (uint32_t)tally->count);
}

static void tally_release(struct pmt_detail_tally *tally)
{
    pmt_id_map_release(&tally->places);
    free(tally->rows);
    memset(tally, 0, sizeof *tally);
}

/* ---- events ------------------------------------------------------------ */

/* Chunks of several kinds lie side by side: first and last are by time. */
static void add_rss(struct pmt_details *d, struct pmt_reader *r,
                    const struct pmt_event *event)
{
    const uint64_t *rss = pmt_reader_column(r, PMT_COL_RSS);
    const uint64_t *read = pmt_reader_column(r, PMT_COL_RSS_READ);
    const uint64_t *times = pmt_reader_column(r, PMT_COL_TIME);
    uint64_t unit = pmt_stream_header(event->stream)->rss_unit;

    for (uint32_t i = 0; rss != NULL && i < event->envelope.count; i++) {
        uint64_t time = times ? times[i] : event->envelope.t0;
        bool first = d->rss.count == 0 || time < d->rss_from;
        bool last = d->rss.count == 0 || time >= d->rss_to;
        struct pmt_detail_range before = d->rss;

        if (rss[i] == 0) /* not had yet */
            continue;
        pmt_detail_range_add(&d->rss, rss[i] * unit);
        d->rss.first = first ? rss[i] * unit : before.first;
        d->rss.last = last ? rss[i] * unit : before.last;
        d->rss_from = first ? time : d->rss_from;
        d->rss_to = last ? time : d->rss_to;
        d->rss_reads += read != NULL && read[i] != 0;
    }
}

static int add_events(struct pmt_details *d, struct pmt_reader *r,
                      const struct pmt_event *event,
                      enum pmt_detail_which which)
{
    struct pmt_detail_events *events = &d->events[which];
    const uint64_t *gaps = pmt_reader_column(r, PMT_COL_GAP);
    const uint64_t *threads = pmt_reader_column(r, PMT_COL_THREAD);
    const uint64_t *classes = pmt_reader_column(r, PMT_COL_CLASS);
    const uint64_t *ops = pmt_reader_column(r, PMT_COL_OP);
    int code = PMT_OK;

    events->records += event->envelope.count;
    for (uint32_t i = 0; code == PMT_OK && i < event->envelope.count; i++) {
        uint64_t class = classes ? classes[i] : 0;

        events->filtered += gaps ? gaps[i] : 0;
        if (which == PMT_DETAIL_ALLOC)
            events->by_what[ops ? ops[i] % PMT_DETAIL_WHATS : 0]++;
        else if (which == PMT_DETAIL_OBJECT)
            events->by_what[pmt_class_object_op(class)]++;
        else
            code = tally_add(&events->classes, class);
        if (code == PMT_OK)
            code = tally_add(&events->threads, threads ? threads[i] : 0);
    }
    if (code == PMT_OK)
        add_rss(d, r, event);
    return code;
}

/* What the classes of calls and lines are, once all of them are stated. */
static int resolve(struct pmt_details *d, struct pmt_detail_events *events)
{
    struct pmt_detail_tally codes = {0}, functions = {0};
    int rc = PMT_OK;

    events->unknown = events->classes.others;
    for (size_t i = 0; rc == PMT_OK && i < events->classes.count; i++) {
        const struct pmt_detail_count *row = &events->classes.rows[i];
        struct pmt_class class;
        struct pmt_site site;

        if (!pmt_stream_class(d->stream, row->id, &class) ||
            class.what >= PMT_DETAIL_WHATS) {
            events->unknown += row->count;
            continue;
        }
        events->by_what[class.what] += row->count;
        if (pmt_stream_site(d->stream, class.stack, &site) && site.code)
            rc = tally_add(&codes, site.code);
        if (rc == PMT_OK && class.cfunction)
            rc = tally_add(&functions, class.cfunction);
    }
    events->functions = codes.count;
    events->cfunctions = functions.count;
    tally_release(&codes);
    tally_release(&functions);
    return rc;
}

/* ---- figures ----------------------------------------------------------- */

static bool is_figure(const struct pmt_detail_figure *figure,
                      enum pmt_kind kind, const struct pmt_figure *said)
{
    return figure->kind == kind && is_text(figure->name, said->name) &&
           is_text(figure->unit, said->unit);
}

/* The figure, made when it is new; *found is NULL when there are too many.
 * They come in the same order in each chunk, so it is mostly the next one. */
static int find_figure(struct pmt_details *d, enum pmt_kind kind,
                       const struct pmt_figure *said,
                       struct pmt_detail_figure **found)
{
    struct pmt_detail_figure *more;

    *found = NULL;
    for (size_t i = 0; i < d->figure_count; i++) {
        size_t at = (d->figure_at + 1 + i) % d->figure_count;

        if (is_figure(&d->figures[at], kind, said)) {
            d->figure_at = at;
            *found = &d->figures[at];
            return PMT_OK;
        }
    }
    if (d->figure_count == PMT_DETAIL_FIGURES) {
        d->figures_dropped++;
        return PMT_OK;
    }
    more = reallocarray(d->figures, d->figure_count + 1, sizeof *more);
    if (more == NULL)
        return PMT_ERR_MEMORY;
    d->figures = more;
    more = &d->figures[d->figure_count];
    *more = (struct pmt_detail_figure){.kind = kind,
                                       .counter = said->value == 1};
    d->figure_at = d->figure_count++;
    *found = more;
    return copy(&more->name, said->name) && copy(&more->unit, said->unit)
               ? PMT_OK
               : PMT_ERR_MEMORY;
}

/* Is any row of the stream's own process? */
static bool has_own(const uint64_t *pids, uint32_t count)
{
    for (uint32_t i = 0; pids != NULL && i < count; i++)
        if (pids[i] == 0)
            return true;
    return pids == NULL;
}

static int add_figures(struct pmt_details *d, struct pmt_reader *r,
                       const struct pmt_event *event)
{
    size_t count;
    const struct pmt_figure *figures = pmt_reader_figures(r, &count);
    const uint64_t *pids = event->envelope.kind == PMT_KIND_SAMPLE
                               ? pmt_reader_column(r, PMT_COL_PID)
                               : NULL;

    if (!has_own(pids, event->envelope.count))
        return PMT_OK;
    for (size_t f = 0; f < count; f++) {
        const int64_t *values = pmt_reader_figure(r, f);
        struct pmt_detail_figure *figure;

        if (values == NULL)
            continue;
        if (find_figure(d, (enum pmt_kind)event->envelope.kind, &figures[f],
                        &figure))
            return PMT_ERR_MEMORY;
        for (uint32_t i = 0; figure && i < event->envelope.count; i++)
            if (pids == NULL || pids[i] == 0)
                pmt_figure_range_add(&figure->values, values[i]);
    }
    return PMT_OK;
}

/* ---- snapshots --------------------------------------------------------- */

static int keep_snapshot(struct pmt_details *d)
{
    struct pmt_detail_snapshot *more;

    if (d->now.number == 0)
        return PMT_OK;
    if (d->snapshot_count == PMT_DETAIL_SNAPSHOTS) {
        d->snapshots_dropped++;
        release(&d->now.name);
    } else {
        more = reallocarray(d->snapshots, d->snapshot_count + 1,
                            sizeof *more);
        if (more == NULL)
            return PMT_ERR_MEMORY;
        d->snapshots = more;
        d->snapshots[d->snapshot_count++] = d->now;
    }
    memset(&d->now, 0, sizeof d->now);
    return PMT_OK;
}

static int add_snapshot(struct pmt_details *d, struct pmt_reader *r,
                        const struct pmt_event *event, uint64_t *snapshots)
{
    const uint64_t *blocks = pmt_reader_column(r, PMT_COL_BLOCKS);
    const uint64_t *bytes = pmt_reader_column(r, PMT_COL_SIZE);
    struct pmt_text name = pmt_reader_text(r, 0);

    if (d->now.number == 0 || d->now.time != event->envelope.t0 ||
        !is_text(d->now.name, name)) {
        if (keep_snapshot(d))
            return PMT_ERR_MEMORY;
        if (!copy(&d->now.name, name))
            return PMT_ERR_MEMORY;
        d->now.number = ++*snapshots;
        d->now.time = event->envelope.t0;
    }
    d->now.rows += event->envelope.count;
    for (uint32_t i = 0; i < event->envelope.count; i++) {
        d->now.blocks += blocks ? blocks[i] : 0;
        d->now.bytes += bytes ? bytes[i] : 0;
    }
    return PMT_OK;
}

/* ---- collections ------------------------------------------------------- */

static uint64_t at(const uint64_t *column, uint32_t i)
{
    return column ? column[i] : 0;
}

static void add_collections(struct pmt_details *d, struct pmt_reader *r,
                            uint32_t count)
{
    const uint64_t *op = pmt_reader_column(r, PMT_COL_OP);
    const uint64_t *generation = pmt_reader_column(r, PMT_COL_GENERATION);
    const uint64_t *collected = pmt_reader_column(r, PMT_COL_COLLECTED);
    const uint64_t *failed = pmt_reader_column(r, PMT_COL_UNCOLLECTABLE);
    const uint64_t *duration = pmt_reader_column(r, PMT_COL_DURATION);

    for (uint32_t i = 0; i < count; i++) {
        uint64_t which = at(generation, i), ns = at(duration, i);
        struct pmt_detail_gc *gc =
            &d->gc[which < PMT_DETAIL_GENERATIONS ? which
                                                  : PMT_DETAIL_GENERATIONS -
                                                        1];

        if (at(op, i) != 1) /* only the end of one has numbers */
            continue;
        gc->collections++;
        gc->collected += at(collected, i);
        gc->uncollectable += at(failed, i);
        gc->total_ns += ns;
        if (ns > gc->longest_ns)
            gc->longest_ns = ns;
    }
}

/* ---- all --------------------------------------------------------------- */

int pmt_details_take(struct pmt_details *d, struct pmt_reader *r,
                     const struct pmt_event *event, uint64_t *snapshots)
{
    d->stream = event->stream;
    for (int i = 0; i < PMT_DETAIL_KINDS; i++)
        if (event->envelope.kind == kinds[i])
            return add_events(d, r, event, (enum pmt_detail_which)i);
    switch (event->envelope.kind) {
    case PMT_KIND_PROCESS:
        return pmt_process_list_take(&d->processes, r, event, true);
    case PMT_KIND_SAMPLE:
        if (pmt_process_list_take(&d->processes, r, event, true))
            return PMT_ERR_MEMORY;
        return add_figures(d, r, event);
    case PMT_KIND_HEAP:
        return add_figures(d, r, event);
    case PMT_KIND_SNAPSHOT:
        return add_snapshot(d, r, event, snapshots);
    case PMT_KIND_GC:
        add_collections(d, r, event->envelope.count);
        break;
    default:
        break;
    }
    return PMT_OK;
}

int pmt_details_finish(struct pmt_details *d)
{
    int code = keep_snapshot(d);

    if (code == PMT_OK)
        code = pmt_process_list_finish(&d->processes);
    if (code == PMT_OK)
        code = resolve(d, &d->events[PMT_DETAIL_CALL]);
    if (code == PMT_OK)
        code = resolve(d, &d->events[PMT_DETAIL_LINE]);
    return code;
}

void pmt_details_release(struct pmt_details *d)
{
    for (int i = 0; i < PMT_DETAIL_KINDS; i++) {
        tally_release(&d->events[i].threads);
        tally_release(&d->events[i].classes);
    }
    for (size_t i = 0; i < d->figure_count; i++) {
        release(&d->figures[i].name);
        release(&d->figures[i].unit);
    }
    for (size_t i = 0; i < d->snapshot_count; i++)
        release(&d->snapshots[i].name);
    release(&d->now.name);
    pmt_process_list_release(&d->processes);
    free(d->figures);
    free(d->snapshots);
    memset(d, 0, sizeof *d);
}
