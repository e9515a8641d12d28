/* gauges.c: see gauges.h. */
#include "gauges.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "figure.h"
#include "group.h"
#include "names.h"
#include "series.h"

#define BIT(kind) (UINT64_C(1) << (kind))

uint64_t pmt_gauges_kinds(const struct pmt_gauges *g)
{
    uint64_t kinds = 0;

    if (g->memory)
        kinds |= BIT(PMT_KIND_CALL) | BIT(PMT_KIND_LINE) |
                 BIT(PMT_KIND_OBJECT) | BIT(PMT_KIND_SAMPLE) |
                 BIT(PMT_KIND_HEAP);
    if (g->gc)
        kinds |= BIT(PMT_KIND_GC);
    return kinds;
}

static void release_gauge(struct pmt_gauge *gauge)
{
    free(gauge->name);
    free(gauge->program);
    free(gauge->values);
    free(gauge->least);
    free(gauge->ends);
    free(gauge->there);
}

void pmt_gauges_release(struct pmt_gauges *g)
{
    for (size_t i = 0; i < g->count; i++)
        release_gauge(&g->gauges[i]);
    free(g->gauges);
    free(g->pauses.longest_ns);
    free(g->pauses.collections);
    memset(g, 0, sizeof *g);
}

/* ---- places ------------------------------------------------------------ */

static size_t column_of(const struct pmt_series *series,
                        const struct pmt_stream *stream, uint64_t ns)
{
    return pmt_series_column(series, pmt_series_offset(series, stream) + ns);
}

static bool is_named(const struct pmt_gauge *gauge,
                     const struct pmt_stream *stream, struct pmt_text name)
{
    return gauge->stream == stream && strlen(gauge->name) == name.length &&
           memcmp(gauge->name, name.bytes, name.length) == 0;
}

static bool make_gauge(struct pmt_gauge *gauge, size_t columns,
                       const struct pmt_stream *stream, struct pmt_text name)
{
    char program[PMT_NAME_SIZE];

    pmt_figure_spell(program, sizeof program,
                     pmt_stream_name(program, sizeof program, stream));
    *gauge = (struct pmt_gauge){
        .stream = stream,
        .name = pmt_figure_copy(name.bytes, name.length),
        .program = strdup(program),
        .values = calloc(columns, sizeof *gauge->values),
        .least = calloc(columns, sizeof *gauge->least),
        .ends = calloc(columns, sizeof *gauge->ends),
        .there = calloc(columns, sizeof *gauge->there),
    };
    if (gauge->name && gauge->program && gauge->values && gauge->least &&
        gauge->ends && gauge->there)
        return true;
    release_gauge(gauge);
    return false;
}

/* The gauge, made when it is new. *found is NULL when there are too many. */
static int find_gauge(struct pmt_gauges *g, const struct pmt_series *series,
                      const struct pmt_stream *stream, struct pmt_text name,
                      struct pmt_gauge **found)
{
    struct pmt_gauge *more;

    *found = NULL;
    for (size_t i = 0; i < g->count; i++)
        if (is_named(&g->gauges[i], stream, name)) {
            *found = &g->gauges[i];
            return PMT_OK;
        }
    if (g->count == PMT_GAUGES_MAX) {
        g->dropped++;
        return PMT_OK;
    }
    more = reallocarray(g->gauges, g->count + 1, sizeof *more);
    if (!more)
        return PMT_ERR_MEMORY;
    g->gauges = more;
    if (!make_gauge(&g->gauges[g->count], series->columns, stream, name))
        return PMT_ERR_MEMORY;
    *found = &g->gauges[g->count++];
    return PMT_OK;
}

static void set_value(struct pmt_gauge *gauge,
                      const struct pmt_series *series, uint64_t ns,
                      int64_t value)
{
    size_t column = column_of(series, gauge->stream, ns);

    if (!gauge->there[column] || value > gauge->values[column])
        gauge->values[column] = value;
    if (!gauge->there[column] || value < gauge->least[column])
        gauge->least[column] = value;
    gauge->ends[column] = value;
    gauge->there[column] = true;
    if (value > gauge->most)
        gauge->most = value;
    if (ns >= gauge->last_ns) {
        gauge->last_ns = ns;
        gauge->last = value;
    }
}

/* ---- records ----------------------------------------------------------- */

static const struct pmt_text rss_name = {"RSS", 3};

/* Of records of events. */
static int take_rss(struct pmt_gauges *g, const struct pmt_series *series,
                    struct pmt_reader *r, const struct pmt_event *event)
{
    const struct pmt_stream_header *header = pmt_stream_header(event->stream);
    const uint64_t *rss = pmt_reader_column(r, PMT_COL_RSS);
    const uint64_t *times = pmt_reader_column(r, PMT_COL_TIME);
    uint64_t until = pmt_instant_in_stream(&series->until, event->stream);
    struct pmt_gauge *gauge = NULL;

    for (uint32_t i = 0; rss && times && i < event->envelope.count; i++) {
        uint64_t ns = times[i] * header->tick_ns;

        if (rss[i] == 0 || ns > until) /* 0: not had yet */
            continue;
        if (!gauge &&
            find_gauge(g, series, event->stream, rss_name, &gauge))
            return PMT_ERR_MEMORY;
        if (!gauge)
            return PMT_OK;
        gauge->is_rss = gauge->bytes = true;
        set_value(gauge, series, ns, (int64_t)(rss[i] * header->rss_unit));
    }
    return PMT_OK;
}

static bool begins(struct pmt_text text, const char *with)
{
    return text.bytes && text.length >= strlen(with) &&
           memcmp(text.bytes, with, strlen(with)) == 0;
}

static bool is(struct pmt_text text, const char *what)
{
    return text.length == strlen(what) && begins(text, what);
}

static bool ends(struct pmt_text text, const char *with)
{
    size_t length = strlen(with);

    return text.length >= length &&
           memcmp(text.bytes + text.length - length, with, length) == 0;
}

/* Bytes that come and go; not sizes of the allocator's own parts, nor those
 * of one arena or mapping: there may be many; nor limits, peaks and addresses
 * that are only reserved. */
static bool is_drawn(const struct pmt_figure *figure)
{
    return (is(figure->unit, "B") || is(figure->unit, "bytes")) &&
           figure->value == 0 && figure->name.bytes &&
           !begins(figure->name, "glibc.arena.") &&
           !begins(figure->name, "map_") &&
           !is(figure->name, "vms") && !is(figure->name, "rss_peak") &&
           !is(figure->name, "cgroup_memory_max") &&
           !is(figure->name, "cgroup_memory_peak") &&
           !ends(figure->name, "_size") && !ends(figure->name, "_threshold");
}

/* Is a sample of the one process? Those of several are shares.h's. */
static bool is_single(const struct pmt_series *series,
                      const struct pmt_event *event, uint64_t pid)
{
    return event->envelope.kind != PMT_KIND_SAMPLE || !series->shares ||
           pmt_shares_is_single(series->shares, event->stream, pid);
}

/* Is any row of a chunk? */
static bool has_single(const struct pmt_series *series,
                       const struct pmt_event *event, const uint64_t *pids)
{
    for (uint32_t i = 0; pids && i < event->envelope.count; i++)
        if (is_single(series, event, pids[i]))
            return true;
    return !pids && is_single(series, event, 0);
}

static int take_figures(struct pmt_gauges *g, const struct pmt_series *series,
                        struct pmt_reader *r, const struct pmt_event *event)
{
    uint32_t tick_ns = pmt_stream_header(event->stream)->tick_ns;
    uint64_t until = pmt_instant_in_stream(&series->until, event->stream);
    const uint64_t *times = pmt_reader_column(r, PMT_COL_TIME);
    const uint64_t *pids = event->envelope.kind == PMT_KIND_SAMPLE
                               ? pmt_reader_column(r, PMT_COL_PID)
                               : NULL;
    size_t count;
    const struct pmt_figure *figures = pmt_reader_figures(r, &count);

    if (!has_single(series, event, pids))
        return PMT_OK;
    for (size_t f = 0; times && f < count; f++) {
        const int64_t *values = pmt_reader_figure(r, f);
        bool rss = event->envelope.kind == PMT_KIND_SAMPLE &&
                   is(figures[f].name, "rss");
        struct pmt_gauge *gauge;

        if (!values ||
            !(g->wants ? g->wants : is_drawn)(&figures[f]) || event->envelope.count == 0 ||
            times[0] * tick_ns > until)
            continue;
        if (find_gauge(g, series, event->stream,
                       rss ? rss_name : figures[f].name, &gauge))
            return PMT_ERR_MEMORY;
        for (uint32_t i = 0; gauge && i < event->envelope.count; i++)
            if (times[i] * tick_ns <= until &&
                is_single(series, event, pids ? pids[i] : 0))
                set_value(gauge, series, times[i] * tick_ns, values[i]);
        if (!gauge)
            continue;
        gauge->is_rss |= rss;
        gauge->bytes = is(figures[f].unit, "B") || is(figures[f].unit, "bytes");
        gauge->counter = figures[f].value == 1;
    }
    return PMT_OK;
}

static int take_pauses(struct pmt_gauges *g, const struct pmt_series *series,
                       struct pmt_reader *r, const struct pmt_event *event)
{
    struct pmt_pauses *pauses = &g->pauses;
    uint32_t tick_ns = pmt_stream_header(event->stream)->tick_ns;
    uint64_t until = pmt_instant_in_stream(&series->until, event->stream);
    const uint64_t *times = pmt_reader_column(r, PMT_COL_TIME);
    const uint64_t *ops = pmt_reader_column(r, PMT_COL_OP);
    const uint64_t *durations = pmt_reader_column(r, PMT_COL_DURATION);

    if (!pauses->longest_ns) {
        pauses->longest_ns =
            calloc(series->columns, sizeof *pauses->longest_ns);
        pauses->collections =
            calloc(series->columns, sizeof *pauses->collections);
    }
    if (!pauses->longest_ns || !pauses->collections)
        return PMT_ERR_MEMORY;
    for (uint32_t i = 0; times && ops && i < event->envelope.count; i++) {
        uint64_t took = durations ? durations[i] : 0;
        size_t column;

        if (ops[i] != 1 || times[i] * tick_ns > until)
            continue;
        column = column_of(series, event->stream, times[i] * tick_ns);
        pauses->collections[column]++;
        pauses->count++;
        pauses->total_ns += took;
        if (took > pauses->longest_ns[column])
            pauses->longest_ns[column] = took;
        if (took > pauses->most_ns)
            pauses->most_ns = took;
    }
    return PMT_OK;
}

int pmt_gauges_take(struct pmt_gauges *g, const struct pmt_series *series,
                    struct pmt_reader *r, const struct pmt_event *event)
{
    if (event->type != PMT_EVENT_RECORDS ||
        !(pmt_gauges_kinds(g) >> event->envelope.kind & 1))
        return PMT_OK;
    switch (event->envelope.kind) {
    case PMT_KIND_SAMPLE:
    case PMT_KIND_HEAP:
        return take_figures(g, series, r, event);
    case PMT_KIND_GC:
        return take_pauses(g, series, r, event);
    default:
        return take_rss(g, series, r, event);
    }
}

/* ---- the end ----------------------------------------------------------- */

static int compare_gauges(const void *a, const void *b)
{
    const struct pmt_gauge *x = a, *y = b;

    if (x->twin != y->twin)
        return x->twin ? 1 : -1;
    if (x->is_rss != y->is_rss)
        return x->is_rss ? -1 : 1;
    if (x->most != y->most)
        return x->most < y->most ? 1 : -1;
    return strcmp(x->name, y->name);
}

static bool same_values(const struct pmt_gauge *a, const struct pmt_gauge *b,
                        size_t columns)
{
    return a->stream == b->stream && a->most == b->most &&
           a->last == b->last &&
           memcmp(a->there, b->there, columns * sizeof *a->there) == 0 &&
           memcmp(a->values, b->values, columns * sizeof *a->values) == 0;
}

/* Allocators say some things in two ways. Those that are sorted first stay. */
static void find_twins(struct pmt_gauges *g, size_t columns)
{
    g->distinct = 0;
    for (size_t i = 0; i < g->count; i++) {
        for (size_t k = 0; k < i && !g->gauges[i].twin; k++)
            g->gauges[i].twin =
                same_values(&g->gauges[k], &g->gauges[i], columns);
        g->distinct += !g->gauges[i].twin;
    }
}

/* A value holds to the end of its stream. */
static void extend(struct pmt_gauge *gauge, const struct pmt_series *series,
                   const struct pmt_live_sets *live)
{
    uint64_t until = pmt_instant_in_stream(&series->until, gauge->stream);

    for (size_t i = 0; i < live->stream_count; i++) {
        uint64_t end = live->streams[i].end_ns;
        size_t column;

        if (live->streams[i].stream != gauge->stream)
            continue;
        column = column_of(series, gauge->stream, end < until ? end : until);
        if (!gauge->there[column])
            gauge->values[column] = gauge->least[column] =
                gauge->ends[column] = gauge->last;
        gauge->there[column] = true;
    }
}

void pmt_gauge_hold(const struct pmt_gauge *gauge, size_t columns,
                    double *values, double *low, double *high)
{
    size_t end = columns;
    double held = NAN;

    while (end > 0 && !gauge->there[end - 1])
        end--;
    for (size_t c = 0; c < columns; c++) {
        bool there = gauge->there[c];

        held = c >= end ? NAN : held;
        values[c] = there ? (double)gauge->values[c] : held;
        if (low)
            low[c] = there ? fmin((double)gauge->least[c],
                                  isnan(held) ? INFINITY : held)
                           : held;
        if (high)
            high[c] = values[c];
        if (there)
            held = (double)gauge->ends[c];
    }
}

void pmt_gauges_finish(struct pmt_gauges *g, const struct pmt_series *series,
                       const struct pmt_live_sets *live)
{
    g->streams = 0;
    for (size_t i = 0; i < g->count; i++) {
        size_t k = 0;

        extend(&g->gauges[i], series, live);
        while (k < i && g->gauges[k].stream != g->gauges[i].stream)
            k++;
        g->streams += k == i;
    }
    if (g->count == 0)
        return;
    qsort(g->gauges, g->count, sizeof *g->gauges, compare_gauges);
    find_twins(g, series->columns);
    qsort(g->gauges, g->count, sizeof *g->gauges, compare_gauges);
}
