/* live-text.c: a live set as a person reads it; see live-report.h. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "cli/text.h"
#include "live-report.h"
#include "names.h"

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

/* What stands before an estimate. */
static const char *about(const struct pmt_live_total *total)
{
    return total->estimated ? "~" : "";
}

static void print_moment(const struct pmt_live_report *report,
                         const struct pmt_live_total *total, FILE *file)
{
    const struct pmt_moment *moment = report->moment;
    char buffer[PMT_TEXT_SIZE], wall[PMT_WALL_SIZE];
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
    case PMT_MOMENT_WALL:
        fprintf(file, "at %s (%s)", pmt_name_wall(wall, moment->real_ns),
                seconds);
        return;
    case PMT_MOMENT_PEAK:
        if (total->streams > 1)
            fputs("each at its own peak", file);
        else
            fprintf(file, "at the peak (%s)", seconds);
        return;
    case PMT_MOMENT_EXIT:
        fprintf(file, "at %s, where the interpreter began to end", seconds);
        return;
    case PMT_MOMENT_NONE:
    case PMT_MOMENT_END:
        break;
    }
    fputs("at ", file);
    pmt_live_end_text(total, file);
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

    fprintf(file, "  %s%s %s, %s%s %s", about(total),
            pmt_text_count(a, counts->created),
            blocks ? "allocated" : "created", about(total),
            pmt_text_count(b, counts->destroyed),
            blocks ? "freed" : "destroyed");
    if (counts->resized)
        fprintf(file, ", %s%s resized", about(total),
                pmt_text_count(a, counts->resized));
    if (counts->undone)
        fprintf(file, ", %s resizes failed",
                pmt_text_count(b, counts->undone));
    if (total->streams == 1 && report->moment->kind != PMT_MOMENT_PEAK)
        fprintf(file, "; peak %s%s %s of %s%s at %s", about(total),
                pmt_text_count(a, total->peak.count),
                noun(report, total->peak.count), about(total),
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
    if (!total->approximate)
        return;
    pmt_live_lost_text(total, file);
    if (total->begun_late && !total->lost && !total->missing)
        fputs(": what was live then was too much to be written", file);
    fputc('\n', file);
}

/* What samples of 512 KiB are good for. */
static void say_what_is_estimated(const struct pmt_live_report *report,
                                  const struct pmt_live_total *total,
                                  const struct pmt_live_rows *rows,
                                  FILE *file)
{
    char a[PMT_TEXT_SIZE], b[PMT_RANGE_TEXT_SIZE], c[PMT_RANGE_TEXT_SIZE];

    if (!total->estimated)
        return;
    fprintf(file, "  ~ estimates from samples of %s",
            pmt_text_size(a, total->sample_bytes_low));
    if (total->sample_bytes_high != total->sample_bytes_low)
        fprintf(file, " to %s", pmt_text_size(a, total->sample_bytes_high));
    fprintf(file, ": %s sampled block%s live; 95%% sure of %s blocks, %s\n",
            pmt_text_count(a, total->samples),
            total->samples == 1 ? "" : "s",
            pmt_live_range_text(b, rows->all_blocks, false),
            pmt_live_range_text(c, rows->all_bytes, true));
    pmt_live_unseen_text(report->view.by, total->sample_bytes_high, file);
}

static void print_head(const struct pmt_live_report *report,
                       const struct pmt_live_total *total,
                       const struct pmt_live_rows *rows, FILE *file)
{
    char count[PMT_TEXT_SIZE];

    pmt_text_write(file, report->name, strlen(report->name));
    fprintf(file, ": %s%s%s %s, ", total->approximate ? "about " : "",
            about(total), pmt_text_count(count, total->now.count),
            noun(report, total->now.count));
    pmt_live_bytes_text(total->now.bytes, total->estimated, file);
    fputs(" live ", file);
    if (total->streams > 1)
        fprintf(file, "in %zu streams ", total->streams);
    print_moment(report, total, file);
    fputc('\n', file);
    say_what_is_estimated(report, total, rows, file);
    say_what_happened(report, total, file);
    pmt_live_let_go_text(total, file);
    say_what_is_not_known(report, total, file);
    say_what_is_lost(total, file);
}

int pmt_live_report_text(const struct pmt_live_report *report, FILE *file)
{
    struct pmt_live_total total;
    struct pmt_live_rows rows;
    int code = pmt_live_rows_make(&rows, report);

    if (code)
        return code;
    pmt_live_total_of(&total, report);
    print_head(report, &total, &rows, file);
    if (rows.count > 0) {
        fputc('\n', file);
        pmt_live_rows_text(&rows, &report->view, &total.now,
                           noun(report, 2), file);
    }
    pmt_live_rows_release(&rows);
    return PMT_OK;
}
