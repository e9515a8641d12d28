/* live-text.c: a live set as a person reads it; see live-report.h. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "cli/listing.h"
#include "cli/text.h"
#include "live-report.h"
#include "names.h"

/* Callers shown below a row at most: stacks from a trace may be any depth. */
#define FRAMES_MAX 100

/* ---- what is said first ------------------------------------------------- */

static const char *noun(const struct pmt_live_report *report, uint64_t count)
{
    if (report->which == PMT_LIVE_BLOCKS)
        return count == 1 ? "block" : "blocks";
    return count == 1 ? "object" : "objects";
}

static const char *release(const struct pmt_live_report *report,
                           uint64_t count)
{
    if (report->which == PMT_LIVE_BLOCKS)
        return count == 1 ? "free" : "frees";
    return count == 1 ? "destruction" : "destructions";
}

static void print_moment(const struct pmt_live_report *report,
                         const struct pmt_live_total *total, FILE *file)
{
    const struct pmt_moment *moment = report->moment;
    char buffer[PMT_TEXT_SIZE];
    char *seconds = pmt_text_seconds(buffer, total->now_ns);

    switch (moment->kind) {
    case PMT_MOMENT_TIME:
        if (total->now_ns < moment->ns)
            break;
        fprintf(file, "at %s", seconds);
        return;
    case PMT_MOMENT_MARK:
        fputs("at mark \"", file);
        pmt_text_write(file, moment->name, strlen(moment->name));
        fprintf(file, "\" (%s)", seconds);
        return;
    case PMT_MOMENT_PEAK:
        if (total->streams > 1)
            fputs("with each stream at its own peak", file);
        else
            fprintf(file, "at the peak (%s)", seconds);
        return;
    case PMT_MOMENT_NONE:
    case PMT_MOMENT_END:
        break;
    }
    fprintf(file, "at the end (%s)", seconds);
}

static void say(FILE *file, uint64_t count, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "  1,234 frees of …": a line for a number that is not 0. */
static void say(FILE *file, uint64_t count, const char *format, ...)
{
    char buffer[PMT_TEXT_SIZE];
    va_list args;

    if (count == 0)
        return;
    fprintf(file, "  %s ", pmt_text_count(buffer, count));
    va_start(args, format);
    vfprintf(file, format, args);
    va_end(args);
    fputc('\n', file);
}

static void say_what_happened(const struct pmt_live_report *report,
                              const struct pmt_live_total *total, FILE *file)
{
    const struct pmt_live_counts *counts = &total->counts;
    bool blocks = report->which == PMT_LIVE_BLOCKS;
    char a[PMT_TEXT_SIZE], b[PMT_TEXT_SIZE], c[PMT_TEXT_SIZE];

    fprintf(file, "  %s %s, %s %s", pmt_text_count(a, counts->created),
            blocks ? "allocated" : "created",
            pmt_text_count(b, counts->destroyed),
            blocks ? "freed" : "destroyed");
    if (counts->resized)
        fprintf(file, ", %s resized", pmt_text_count(a, counts->resized));
    if (counts->undone)
        fprintf(file, ", %s resizes failed",
                pmt_text_count(b, counts->undone));
    if (total->streams == 1 && report->moment->kind != PMT_MOMENT_PEAK)
        fprintf(file, "; peak %s %s of %s at %s",
                pmt_text_count(a, total->peak.count),
                noun(report, total->peak.count),
                pmt_text_size(b, total->peak.bytes),
                pmt_text_seconds(c, total->peak_ns));
    fputc('\n', file);
    if (!blocks && !total->sized)
        fputs("  bytes are the basic size of each object's type\n", file);
}

static void say_what_is_not_known(const struct pmt_live_report *report,
                                  const struct pmt_live_total *total,
                                  FILE *file)
{
    const struct pmt_live_counts *counts = &total->counts;

    say(file, counts->unknown_before_loss,
        "%s of %s made before recording began",
        release(report, counts->unknown_before_loss), noun(report, 2));
    say(file, counts->unknown_after_loss,
        "%s of %s made before recording began, or lost",
        release(report, counts->unknown_after_loss), noun(report, 2));
    say(file, counts->inferred,
        "%s inferred: the address was used again, and this interpreter does "
        "not report every one",
        release(report, counts->inferred));
    if (total->inferring && !counts->inferred)
        fputs("  this interpreter does not report every destruction\n", file);
    if (total->inferring)
        fputs("  objects whose end it did not report may be among the live "
              "ones\n", file);
    say(file, counts->unseen,
        "%s gone by the look of it: the address was used again",
        noun(report, counts->unseen));
    say(file, counts->filtered, "%s left out, as the recorder was told",
        counts->filtered == 1 ? "event" : "events");
    if (total->streams > 1)
        say(file, total->incomplete,
            "%s without an end: a process died or still runs",
            total->incomplete == 1 ? "stream" : "streams");
    else if (total->incomplete)
        fputs("  the trace has no end: its process died or still runs\n",
              file);
}

static void say_what_is_lost(const struct pmt_live_total *total, FILE *file)
{
    char buffer[PMT_TEXT_SIZE];

    if (!total->approximate)
        return;
    fprintf(file, "  approximate since %s",
            pmt_text_seconds(buffer, total->loss_ns));
    if (total->lost)
        fprintf(file, ": %s event%s lost",
                pmt_text_count(buffer, total->lost),
                total->lost == 1 ? "" : "s");
    if (total->missing)
        fprintf(file, "%s %s chunk%s missing", total->lost ? "," : ":",
                pmt_text_count(buffer, total->missing),
                total->missing == 1 ? "" : "s");
    fputc('\n', file);
}

static void print_head(const struct pmt_live_report *report,
                       const struct pmt_live_total *total, FILE *file)
{
    char a[PMT_TEXT_SIZE], b[PMT_TEXT_SIZE], c[PMT_TEXT_SIZE];

    pmt_text_write(file, report->name, strlen(report->name));
    fprintf(file, ": %s%s %s, %s bytes (%s) live ",
            total->approximate ? "about " : "",
            pmt_text_count(a, total->now.count),
            noun(report, total->now.count),
            pmt_text_count(b, total->now.bytes),
            pmt_text_size(c, total->now.bytes));
    print_moment(report, total, file);
    if (total->streams > 1)
        fprintf(file, " in %zu streams", total->streams);
    fputc('\n', file);
    say_what_happened(report, total, file);
    say_what_is_not_known(report, total, file);
    say_what_is_lost(total, file);
}

/* ---- the table ---------------------------------------------------------- */

static void put_share(struct pmt_listing *list, uint64_t part, uint64_t whole)
{
    pmt_listing_printf(list, "%.1f%%",
                       whole ? 100.0 * (double)part / (double)whole : 0.0);
}

static void put_numbers(struct pmt_listing *list,
                        const struct pmt_live_report *report, uint64_t count,
                        uint64_t bytes, const struct pmt_live_level *whole)
{
    pmt_listing_count(list, count);
    pmt_listing_count(list, bytes);
    pmt_listing_size(list, bytes);
    if (report->sort == PMT_SORT_BYTES)
        put_share(list, bytes, whole->bytes);
    else
        put_share(list, count, whole->count);
}

/* Calls of frames: 5 cells, 4 of them empty. */
static void put_frames(struct pmt_listing *list,
                       const struct pmt_group *group)
{
    char name[PMT_NAME_SIZE];
    struct pmt_site site;
    uint32_t id = group->id, depth = 0;

    while (pmt_stream_site(group->stream, id, &site) && site.parent &&
           site.parent < id) {
        id = site.parent;
        if (depth++ >= FRAMES_MAX)
            continue;
        for (int i = 0; i < 4; i++)
            pmt_listing_text(list, NULL);
        pmt_name_site(name, sizeof name, group->stream, id);
        pmt_listing_printf(list, "  by %s", name);
    }
    if (depth > FRAMES_MAX) {
        for (int i = 0; i < 4; i++)
            pmt_listing_text(list, NULL);
        pmt_listing_printf(list, "  and %" PRIu32 " more",
                           depth - FRAMES_MAX);
    }
}

static void put_name(struct pmt_listing *list, const struct pmt_live_rows *rows,
                     const struct pmt_group *group)
{
    char name[PMT_NAME_SIZE + 64];

    pmt_group_name(name, PMT_NAME_SIZE, &rows->grouping, group);
    if (rows->grouping.by == PMT_BY_TYPE && group->ids > 1)
        snprintf(name + strlen(name), 64, " (%" PRIu32 " types)", group->ids);
    pmt_listing_text(list, name);
}

static void print_table(const struct pmt_live_report *report,
                        const struct pmt_live_level *whole,
                        const struct pmt_live_rows *rows, FILE *file)
{
    const struct pmt_listing_column columns[] = {
        {.title = noun(report, 2), .right = true},
        {.title = "bytes", .right = true},
        {.title = "size", .right = true},
        {.title = "share", .right = true},
        {.title = pmt_group_by_names[report->by], .shrinks = true},
    };
    struct pmt_listing *list = pmt_listing_new(columns, 5);
    struct pmt_live_level rest = *whole;

    for (size_t i = 0; i < rows->shown; i++) {
        const struct pmt_group *group =
            &rows->grouping.groups[rows->order[i]];

        rest.count -= group->count;
        rest.bytes -= group->bytes;
        put_numbers(list, report, group->count, group->bytes, whole);
        put_name(list, rows, group);
        if (report->stacks)
            put_frames(list, group);
    }
    if (rows->shown < rows->count) {
        put_numbers(list, report, rest.count, rest.bytes, whole);
        pmt_listing_printf(list, "(%zu other%s)", rows->count - rows->shown,
                           rows->count - rows->shown == 1 ? "" : "s");
    }
    put_numbers(list, report, whole->count, whole->bytes, whole);
    pmt_listing_text(list, "(all)");
    pmt_listing_print(list, file);
    pmt_listing_free(list);
}

int pmt_live_report_text(const struct pmt_live_report *report, FILE *file)
{
    struct pmt_live_total total;
    struct pmt_live_rows rows;
    int code = pmt_live_rows_make(&rows, report);

    if (code)
        return code;
    pmt_live_total_of(&total, report);
    print_head(report, &total, file);
    if (rows.count > 0) {
        fputc('\n', file);
        print_table(report, &total.now, &rows, file);
    }
    pmt_live_rows_release(&rows);
    return PMT_OK;
}
