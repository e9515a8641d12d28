/* info-details.c: see info-details.h. */
#include "info-details.h"

#include <inttypes.h>
#include <string.h>

#include "cli/listing.h"
#include "cli/text.h"
#include "info-processes.h"
#include "names.h"
#include "pmt/record.h"
#include "sampling.h"

/* What is shown of each as text; JSON has all that is kept. */
#define FIGURES_SHOWN 24
#define SNAPSHOTS_SHOWN 8
#define THREADS_SHOWN 4

static const struct pmt_details *details_of(
    const struct pmt_summary_stream *stream)
{
    static const struct pmt_details none;

    return stream->details ? stream->details : &none;
}

static bool is_bytes(struct pmt_text unit)
{
    return (unit.length == 5 && memcmp(unit.bytes, "bytes", 5) == 0) ||
           (unit.length == 1 && unit.bytes[0] == 'B');
}

/* ---- text: events ------------------------------------------------------ */

/* "1,234 malloc, 5 free": whats in the order of their numbers. */
static const char *put_whats(FILE *file, enum pmt_detail_which which,
                             const struct pmt_detail_events *events)
{
    char count[PMT_TEXT_SIZE], number[24];
    uint64_t ops[PMT_DETAIL_WHATS] = {0};
    const char *before = "";

    for (uint64_t i = 0; i < PMT_DETAIL_WHATS; i++)
        ops[which == PMT_DETAIL_ALLOC ? i >> 2 : i] += events->by_what[i];
    for (uint64_t i = 0; i < PMT_DETAIL_WHATS; i++) {
        const char *name = which == PMT_DETAIL_ALLOC
                               ? pmt_alloc_op_name(i)
                               : pmt_what_name(pmt_detail_kind(which), i);

        if (ops[i] == 0)
            continue;
        snprintf(number, sizeof number, "what %" PRIu64, i);
        fprintf(file, "%s%s %s", before, pmt_text_count(count, ops[i]),
                name ? name : number);
        before = ", ";
    }
    return before;
}

static void put_threads(FILE *file, const struct pmt_details *d,
                        const struct pmt_detail_tally *threads)
{
    char count[PMT_TEXT_SIZE], name[PMT_NAME_SIZE];

    if (threads->count < 2)
        return;
    fprintf(file, "  %-11s%zu threads:", "", threads->count);
    for (size_t i = 0; i < threads->count && i < THREADS_SHOWN; i++) {
        pmt_name_thread(name, sizeof name, d->stream, threads->rows[i].id);
        fputs(i > 0 ? ", " : " ", file);
        pmt_text_write(file, name, strlen(name));
        fprintf(file, " %s", pmt_text_count(count, threads->rows[i].count));
    }
    if (threads->count > THREADS_SHOWN)
        fprintf(file, " and %zu more", threads->count - THREADS_SHOWN);
    putc('\n', file);
}

static void put_events(FILE *file, const struct pmt_details *d,
                       enum pmt_detail_which which)
{
    const struct pmt_detail_events *events = &d->events[which];
    char a[PMT_TEXT_SIZE], b[PMT_TEXT_SIZE];
    const char *before;

    if (events->records == 0)
        return;
    fprintf(file, "  %-11s", pmt_kind_name(pmt_detail_kind(which)));
    before = put_whats(file, which, events);
    if (events->unknown)
        fprintf(file, "%s%s unknown", before,
                pmt_text_count(a, events->unknown));
    if (events->functions)
        fprintf(file, "; in %s function%s",
                pmt_text_count(a, events->functions),
                events->functions == 1 ? "" : "s");
    if (events->cfunctions)
        fprintf(file, ", of %s C function%s",
                pmt_text_count(b, events->cfunctions),
                events->cfunctions == 1 ? "" : "s");
    if (events->filtered)
        fprintf(file, "; %s passed over by filters or triggers",
                pmt_text_count(a, events->filtered));
    putc('\n', file);
    put_threads(file, d, &events->threads);
}

static void put_rss(FILE *file, const struct pmt_details *d)
{
    char a[4][PMT_TEXT_SIZE], count[PMT_TEXT_SIZE];

    if (d->rss.count == 0)
        return;
    fprintf(file, "  %-11s%s to %s, first %s, last %s; read at %s event%s\n",
            "rss", pmt_text_size(a[0], d->rss.low),
            pmt_text_size(a[1], d->rss.high),
            pmt_text_size(a[2], d->rss.first),
            pmt_text_size(a[3], d->rss.last),
            pmt_text_count(count, d->rss_reads),
            d->rss_reads == 1 ? "" : "s");
}

/* What is in the trace and was not looked at. */
static void put_unread(FILE *file, const struct pmt_summary *s,
                       const struct pmt_summary_stream *stream)
{
    const char *before = "";

    for (int i = 0; !s->all && i < PMT_DETAIL_KINDS; i++) {
        enum pmt_kind kind = pmt_detail_kind((enum pmt_detail_which)i);

        if (stream->kinds[kind].records == 0)
            continue;
        if (!*before)
            fprintf(file, "  %-11s", "not read");
        fprintf(file, "%s%s", before, pmt_kind_name(kind));
        before = ", ";
    }
    if (*before)
        fputs(" records: --all tells what they are\n", file);
}

/* ---- text: the rest ---------------------------------------------------- */

static void put_snapshots(FILE *file, const struct pmt_details *d,
                          uint64_t tick_ns)
{
    char seconds[PMT_TEXT_SIZE], count[PMT_TEXT_SIZE], size[PMT_TEXT_SIZE];
    size_t last = d->snapshot_count, hidden = 0;

    if (last > SNAPSHOTS_SHOWN)
        hidden = last - SNAPSHOTS_SHOWN;
    for (size_t i = 0; i < last; i++) {
        const struct pmt_detail_snapshot *snapshot = &d->snapshots[i];

        /* The last one is shown, and what comes first. */
        if (hidden > 0 && i == SNAPSHOTS_SHOWN - 1) {
            fprintf(file, "  %-11s... and %zu more\n", "", hidden);
            i = last - 1;
            snapshot = &d->snapshots[i];
        }
        fprintf(file, "  %-11s%" PRIu64 " \"", i == 0 ? "snapshots" : "",
                snapshot->number);
        pmt_text_write(file, snapshot->name.bytes, snapshot->name.length);
        fprintf(file, "\" at %s: %s block%s",
                pmt_text_seconds(seconds, snapshot->time * tick_ns),
                pmt_text_count(count, snapshot->blocks),
                snapshot->blocks == 1 ? "" : "s");
        fprintf(file, ", %s by %s row%s\n",
                pmt_text_size(size, snapshot->bytes),
                pmt_text_count(count, snapshot->rows),
                snapshot->rows == 1 ? "" : "s");
    }
    if (d->snapshots_dropped)
        fprintf(file, "  %-11sand %" PRIu64 " behind these\n", "",
                d->snapshots_dropped);
}

static void put_gc(FILE *file, const struct pmt_details *d)
{
    const char *title = "gc";
    char a[PMT_TEXT_SIZE], b[PMT_TEXT_SIZE];

    for (int i = 0; i < PMT_DETAIL_GENERATIONS; i++) {
        const struct pmt_detail_gc *gc = &d->gc[i];

        if (gc->collections == 0)
            continue;
        fprintf(file, "  %-11sgeneration %d%s: %s collection%s", title, i,
                i == PMT_DETAIL_GENERATIONS - 1 ? " and up" : "",
                pmt_text_count(a, gc->collections),
                gc->collections == 1 ? "" : "s");
        fprintf(file, ", %s collected", pmt_text_count(a, gc->collected));
        if (gc->uncollectable)
            fprintf(file, ", %s uncollectable",
                    pmt_text_count(a, gc->uncollectable));
        fprintf(file, ", %s in all, the longest %s\n",
                pmt_text_seconds(a, gc->total_ns),
                pmt_text_seconds(b, gc->longest_ns));
        title = "";
    }
}

static bool begins(struct pmt_text text, const char *with)
{
    return text.length >= strlen(with) &&
           memcmp(text.bytes, with, strlen(with)) == 0;
}

/* What is shown first: figures of the process, then bytes that changed; last
 * those of single size classes, free lists and arenas, which are many. */
static int rank_of(const struct pmt_detail_figure *figure)
{
    if (begins(figure->name, "pymalloc.class.") ||
        begins(figure->name, "free_list.") ||
        begins(figure->name, "glibc.arena."))
        return 3;
    if (figure->kind == PMT_KIND_SAMPLE)
        return 0;
    return is_bytes(figure->unit) && !figure->counter &&
                   figure->values.low != figure->values.high
               ? 1
               : 2;
}

static void put_figure(struct pmt_listing *list,
                       const struct pmt_detail_figure *figure)
{
    bool bytes = is_bytes(figure->unit);

    pmt_listing_printf(list, "  %s %.*s", pmt_kind_name(figure->kind),
                       (int)figure->name.length, figure->name.bytes);
    pmt_listing_signed(list, figure->values.first, bytes);
    pmt_listing_signed(list, figure->values.last, bytes);
    pmt_listing_signed(list, figure->values.low, bytes);
    pmt_listing_signed(list, figure->values.high, bytes);
    pmt_listing_printf(list, "%.*s", (int)figure->unit.length,
                       figure->unit.bytes);
}

static void put_figures(FILE *file, const struct pmt_details *d)
{
    static const struct pmt_listing_column columns[] = {
        {.title = "  figure"},
        {.title = "first", .right = true},
        {.title = "last", .right = true},
        {.title = "least", .right = true},
        {.title = "most", .right = true},
        {.title = "unit"},
    };
    struct pmt_listing *list;
    size_t shown = 0;

    if (d->figure_count == 0)
        return;
    list = pmt_listing_new(columns, sizeof columns / sizeof *columns);
    for (int rank = 0; rank < 4; rank++)
        for (size_t i = 0; i < d->figure_count && shown < FIGURES_SHOWN; i++)
            if (rank_of(&d->figures[i]) == rank) {
                put_figure(list, &d->figures[i]);
                shown++;
            }
    pmt_listing_print(list, file);
    pmt_listing_free(list);
    if (d->figure_count > FIGURES_SHOWN)
        fprintf(file, "  ... and %zu more figures (--json has them)\n",
                d->figure_count - FIGURES_SHOWN);
}

void pmt_info_details_text(const struct pmt_summary *s,
                           const struct pmt_summary_stream *stream,
                           FILE *file)
{
    const struct pmt_details *d = details_of(stream);
    uint64_t tick_ns = stream->header ? stream->header->tick_ns : 1;

    for (int i = 0; i < PMT_DETAIL_KINDS; i++)
        put_events(file, d, (enum pmt_detail_which)i);
    put_rss(file, d);
    put_unread(file, s, stream);
    put_snapshots(file, d, tick_ns);
    put_gc(file, d);
    pmt_info_processes_text(&d->processes, s->all, file);
    put_figures(file, d);
}

/* ---- JSON -------------------------------------------------------------- */

static void json_threads(struct pmt_json *j, const struct pmt_details *d,
                         const struct pmt_detail_tally *threads)
{
    char name[PMT_NAME_SIZE];
    struct pmt_thread thread;

    pmt_json_array_begin(j, "threads");
    for (size_t i = 0; i < threads->count; i++) {
        size_t length = pmt_name_thread(name, sizeof name, d->stream,
                                        threads->rows[i].id);

        pmt_json_object_begin(j, NULL);
        pmt_stream_thread(d->stream, threads->rows[i].id, &thread);
        pmt_json_bytes(j, "name", name,
                       length < sizeof name ? length : sizeof name - 1);
        pmt_json_u64(j, "native_id", thread.native_id);
        pmt_json_u64(j, "records", threads->rows[i].count);
        pmt_json_object_end(j);
    }
    pmt_json_array_end(j);
}

/* Of alloc: {"obj": {"malloc": 12}}; else {"call": 3}. */
static void json_whats(struct pmt_json *j, enum pmt_detail_which which,
                       const struct pmt_detail_events *events)
{
    char number[24];

    pmt_json_object_begin(j, "by");
    for (uint64_t i = 0; i < PMT_DETAIL_WHATS; i++) {
        const char *name = which == PMT_DETAIL_ALLOC
                               ? pmt_alloc_op_name(i >> 2)
                               : pmt_what_name(pmt_detail_kind(which), i);
        char key[64];

        if (events->by_what[i] == 0)
            continue;
        snprintf(number, sizeof number, "%" PRIu64, i);
        snprintf(key, sizeof key, "%s%s%s",
                 which == PMT_DETAIL_ALLOC ? pmt_domain_name(i & 3) : "",
                 which == PMT_DETAIL_ALLOC ? ":" : "", name ? name : number);
        pmt_json_u64(j, key, events->by_what[i]);
    }
    pmt_json_object_end(j);
}

static void json_events(struct pmt_json *j, const struct pmt_details *d)
{
    pmt_json_object_begin(j, "events");
    for (int i = 0; i < PMT_DETAIL_KINDS; i++) {
        enum pmt_detail_which which = (enum pmt_detail_which)i;
        const struct pmt_detail_events *events = &d->events[i];

        if (events->records == 0)
            continue;
        pmt_json_object_begin(j, pmt_kind_name(pmt_detail_kind(which)));
        json_whats(j, which, events);
        if (which == PMT_DETAIL_CALL || which == PMT_DETAIL_LINE) {
            pmt_json_u64(j, "unknown", events->unknown);
            pmt_json_u64(j, "functions", events->functions);
            pmt_json_u64(j, "cfunctions", events->cfunctions);
        }
        pmt_json_u64(j, "filtered", events->filtered);
        json_threads(j, d, &events->threads);
        pmt_json_object_end(j);
    }
    pmt_json_object_end(j);
}

static void json_range(struct pmt_json *j,
                       const struct pmt_detail_range *range)
{
    pmt_json_u64(j, "records", range->count);
    pmt_json_u64(j, "first", range->first);
    pmt_json_u64(j, "last", range->last);
    pmt_json_u64(j, "min", range->low);
    pmt_json_u64(j, "max", range->high);
}

static void json_snapshots(struct pmt_json *j, const struct pmt_details *d,
                           uint64_t tick_ns)
{
    pmt_json_array_begin(j, "snapshots");
    for (size_t i = 0; i < d->snapshot_count; i++) {
        const struct pmt_detail_snapshot *snapshot = &d->snapshots[i];

        pmt_json_object_begin(j, NULL);
        pmt_json_u64(j, "number", snapshot->number);
        pmt_json_bytes(j, "name", snapshot->name.bytes,
                       snapshot->name.length);
        pmt_json_u64(j, "time_ns", snapshot->time * tick_ns);
        pmt_json_u64(j, "rows", snapshot->rows);
        pmt_json_u64(j, "blocks", snapshot->blocks);
        pmt_json_u64(j, "bytes", snapshot->bytes);
        pmt_json_object_end(j);
    }
    pmt_json_array_end(j);
    pmt_json_u64(j, "snapshots_dropped", d->snapshots_dropped);
}

static void json_gc(struct pmt_json *j, const struct pmt_details *d)
{
    pmt_json_array_begin(j, "gc");
    for (uint64_t i = 0; i < PMT_DETAIL_GENERATIONS; i++) {
        const struct pmt_detail_gc *gc = &d->gc[i];

        if (gc->collections == 0)
            continue;
        pmt_json_object_begin(j, NULL);
        pmt_json_u64(j, "generation", i);
        pmt_json_u64(j, "collections", gc->collections);
        pmt_json_u64(j, "collected", gc->collected);
        pmt_json_u64(j, "uncollectable", gc->uncollectable);
        pmt_json_u64(j, "duration_ns", gc->total_ns);
        pmt_json_u64(j, "longest_ns", gc->longest_ns);
        pmt_json_object_end(j);
    }
    pmt_json_array_end(j);
}

static void json_figures(struct pmt_json *j, const struct pmt_details *d)
{
    pmt_json_array_begin(j, "figures");
    for (size_t i = 0; i < d->figure_count; i++) {
        const struct pmt_detail_figure *figure = &d->figures[i];

        pmt_json_object_begin(j, NULL);
        pmt_json_string(j, "kind", pmt_kind_name(figure->kind));
        pmt_info_figure_json(j, figure->name, figure->unit, figure->counter,
                             &figure->values);
        pmt_json_object_end(j);
    }
    pmt_json_array_end(j);
}

void pmt_info_details_json(const struct pmt_summary *s,
                           const struct pmt_summary_stream *stream,
                           struct pmt_json *j)
{
    const struct pmt_details *d = details_of(stream);
    uint64_t tick_ns = stream->header ? stream->header->tick_ns : 1;

    pmt_json_bool(j, "all", s->all);
    if (s->all)
        json_events(j, d);
    if (d->rss.count > 0) {
        pmt_json_object_begin(j, "rss");
        json_range(j, &d->rss);
        pmt_json_u64(j, "read", d->rss_reads);
        pmt_json_object_end(j);
    }
    json_snapshots(j, d, tick_ns);
    json_gc(j, d);
    json_figures(j, d);
    pmt_info_processes_json(&d->processes, j);
}

/* ---- settings ------------------------------------------------------------- */

struct pmt_text pmt_info_setting(struct pmt_text name, struct pmt_text value,
                                 char *buffer)
{
    static const char *const sizes[] = {"dump_rss",  "max_block",
                                        "max_size",  "min_block",
                                        "rss_trigger", "sample_bytes"};
    uint64_t bytes = 0;
    size_t unit = 0, i;

    for (i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (strlen(sizes[i]) == name.length &&
            memcmp(sizes[i], name.bytes, name.length) == 0)
            break;
    if (i == sizeof sizes / sizeof *sizes || value.length > 18)
        return value;
    for (i = 0; i < value.length; i++) {
        if (value.bytes[i] < '0' || value.bytes[i] > '9')
            return value;
        bytes = bytes * 10 + (uint64_t)(value.bytes[i] - '0');
    }
    while (bytes >= 1024 && bytes % 1024 == 0 && unit < 4) {
        bytes /= 1024;
        unit++;
    }
    if (unit == 0)
        return value;
    value.length = (size_t)snprintf(buffer, PMT_TEXT_SIZE, "%" PRIu64 "%c",
                                    bytes, "KMGT"[unit - 1]);
    value.bytes = (void *)buffer;
    return value;
}
