/* growth-report.c: see growth-report.h. */
#include "growth-report.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/listing.h"
#include "cli/text.h"
#include "group-json.h"
#include "live-report.h"
#include "names.h"

#define LINE_SIZE (PMT_NAME_SIZE + 64)

static const char *noun(const struct pmt_growth *growth)
{
    return growth->which == PMT_LIVE_BLOCKS ? "blocks" : "objects";
}

/* ---- numbers ----------------------------------------------------------- */

/* "1.2 MiB/s", "-3.0 KiB/s". */
static char *rate_text(char *buffer, double rate)
{
    char size[PMT_TEXT_SIZE];

    rate = fabs(rate) < 0.5 || isnan(rate) ? 0 : rate;
    rate = rate > 9e18 ? 9e18 : rate < -9e18 ? -9e18 : rate;
    snprintf(buffer, PMT_TEXT_SIZE, "%s%s/s", rate < 0 ? "-" : "",
             pmt_text_size(size, (uint64_t)fabs(rate)));
    return buffer;
}

/* "1,234", "0.25" for small ones. */
static char *blocks_text(char *buffer, double rate)
{
    char count[PMT_TEXT_SIZE];

    rate = isnan(rate) ? 0 : rate;
    if (fabs(rate) < 10)
        snprintf(buffer, PMT_TEXT_SIZE, "%.2g", rate);
    else
        snprintf(buffer, PMT_TEXT_SIZE, "%s%s", rate < 0 ? "-" : "",
                 pmt_text_count(count, (uint64_t)fmin(fabs(rate), 9e18)));
    return buffer;
}

/* ---- text -------------------------------------------------------------- */

static const char *const titles[] = {"verdict", "bytes/s", NULL, NULL,
                                     "size",    "rose",    NULL};
#define CELLS (sizeof titles / sizeof *titles)

static void put_line(struct pmt_listing *list, const char *text)
{
    for (size_t i = 1; i < CELLS; i++)
        pmt_listing_text(list, NULL);
    pmt_listing_text(list, text);
}

static void put_through(struct pmt_listing *list,
                        const struct pmt_growth_row *row)
{
    char line[LINE_SIZE] = "  through ";

    if (!row->through)
        return;
    pmt_name_site(line + strlen(line), PMT_NAME_SIZE, row->through_stream,
                  row->through);
    put_line(list, line);
}

static void put_rates(struct pmt_listing *list,
                      const struct pmt_growth_row *row)
{
    const struct pmt_growth_verdict *verdict = &row->verdict;
    char a[PMT_TEXT_SIZE], b[PMT_TEXT_SIZE], c[PMT_TEXT_SIZE],
        d[PMT_TEXT_SIZE], line[LINE_SIZE];

    snprintf(line, sizeof line,
             "  %s..%s, %s..%s blocks/s from %.3f s to %.3f s",
             rate_text(a, verdict->bytes.low),
             rate_text(b, verdict->bytes.high),
             blocks_text(c, verdict->blocks.low),
             blocks_text(d, verdict->blocks.high),
             (double)row->from_ns / 1e9, (double)row->to_ns / 1e9);
    if (verdict->kind == PMT_GROWTH_LEAK)
        snprintf(line + strlen(line), sizeof line - strlen(line),
                 "; confidence %.2f", verdict->confidence);
    put_line(list, line);
}

static void put_lives(struct pmt_listing *list,
                      const struct pmt_growth_row *row)
{
    char a[PMT_TEXT_SIZE], b[PMT_TEXT_SIZE], c[PMT_TEXT_SIZE],
        line[LINE_SIZE];

    snprintf(line, sizeof line, "  %s made, %s freed", 
             pmt_text_count(a, row->created),
             pmt_text_count(b, row->destroyed));
    if (row->resized)
        snprintf(line + strlen(line), sizeof line - strlen(line),
                 ", %s resized", pmt_text_count(c, row->resized));
    if (row->last_freed_ns)
        snprintf(line + strlen(line), sizeof line - strlen(line),
                 ", last freed at %.3f s", (double)row->last_freed_ns / 1e9);
    if (row->half_life_ns)
        snprintf(line + strlen(line), sizeof line - strlen(line),
                 ", half-life %.3g s", (double)row->half_life_ns / 1e9);
    else
        snprintf(line + strlen(line), sizeof line - strlen(line),
                 ", more than half live on");
    put_line(list, line);
}

static void put_ages(struct pmt_listing *list,
                     const struct pmt_growth_row *row)
{
    char line[LINE_SIZE] = "  alive by birth, oldest first:";

    for (int i = 0; i < PMT_GROWTH_AGES; i++)
        snprintf(line + strlen(line), sizeof line - strlen(line), " %.0f%%",
                 100 * row->verdict.ages[i]);
    put_line(list, line);
    if (row->verdict.falls) {
        snprintf(line, sizeof line, "  fell %u time%s by a third or more",
                 row->verdict.falls, row->verdict.falls == 1 ? "" : "s");
        if (row->verdict.falls_collected)
            snprintf(line + strlen(line), sizeof line - strlen(line),
                     ", %u with a full garbage collection",
                     row->verdict.falls_collected);
        put_line(list, line);
    }
    if (row->imported > 0.5) {
        snprintf(line, sizeof line, "  %.0f%% was made by imports",
                 100 * row->imported);
        put_line(list, line);
    }
    if (row->streams > 1) {
        snprintf(line, sizeof line,
                 "  in %zu streams, a steady leak in %zu; evidence of one",
                 row->streams, row->leaking);
        put_line(list, line);
    }
}

static void put_row(struct pmt_listing *list,
                    const struct pmt_growth_report *report,
                    const struct pmt_growth_row *row)
{
    const struct pmt_growth *growth = report->growth;
    const char *about = row->estimated ? "~" : "";
    bool growing = row->verdict.kind <= PMT_GROWTH_SHORT;
    char text[PMT_TEXT_SIZE], name[PMT_NAME_SIZE];

    pmt_listing_text(list, pmt_growth_kind_names[row->verdict.kind]);
    pmt_listing_printf(list, "%s%s", growing ? about : "",
                       growing ? rate_text(text, row->verdict.bytes.value)
                               : "");
    pmt_listing_text(list, growing ? blocks_text(text,
                                                 row->verdict.blocks.value)
                                   : NULL);
    pmt_listing_printf(list, "%s%s", about, pmt_text_count(text, row->count));
    pmt_listing_printf(list, "%s%s", about, pmt_text_size(text, row->bytes));
    if (growing)
        pmt_listing_printf(list, "%.0f%%", 100 * row->verdict.rose);
    else
        pmt_listing_text(list, NULL);
    pmt_group_name(name, sizeof name, &growth->grouping,
                   &growth->grouping.groups[row->group]);
    pmt_listing_text(list, name);
    if (!report->evidence && row->verdict.kind != PMT_GROWTH_LEAK)
        return;
    put_through(list, row);
    put_rates(list, row);
    put_ages(list, row);
    put_lives(list, row);
}

/* Of how many streams the course ends before their end, and of the last of
 * them when. */
struct early {
    size_t exits, wound_down;
    uint64_t exit_ns, wound_down_ns;
};

static struct early early_of(const struct pmt_growth_report *report)
{
    struct early early = {0};

    for (size_t i = 0; i < report->live->stream_count; i++) {
        const struct pmt_live_stream *stream = &report->live->streams[i];
        const struct pmt_live_set *set =
            &stream->sets[report->growth->which];
        uint64_t ns = pmt_live_sets_now_ns(report->live, stream, set);

        if (!stream->seen[report->growth->which])
            continue;
        early.exits += set->ended;
        early.wound_down += set->wound_down;
        if (set->wound_down && ns > early.wound_down_ns)
            early.wound_down_ns = ns;
        if (set->ended && stream->exit_ns > early.exit_ns)
            early.exit_ns = stream->exit_ns;
    }
    return early;
}

static void print_early(const struct pmt_growth_report *report,
                        const struct pmt_live_total *total, FILE *file)
{
    static const char letting[] = "began to let go of what it had";
    struct early early = early_of(report);
    char text[PMT_TEXT_SIZE];

    if (total->streams == 1 && early.wound_down)
        fprintf(file, " to %s, where the program %s",
                pmt_text_seconds(text, early.wound_down_ns), letting);
    else if (total->streams == 1 && early.exits)
        fprintf(file, " to %s, where the interpreter began to end",
                pmt_text_seconds(text, early.exit_ns));
    else if (early.wound_down + early.exits > 0)
        fprintf(file, ", of %zu of %zu streams to where the program %s or "
                "the interpreter began to end",
                early.wound_down > early.exits ? early.wound_down
                                               : early.exits,
                total->streams, letting);
}

static void print_head(const struct pmt_growth_report *report,
                       const struct pmt_live_total *total, FILE *file)
{
    const struct pmt_growth *growth = report->growth;
    char a[PMT_TEXT_SIZE], b[PMT_TEXT_SIZE];
    size_t leaks = 0;

    for (size_t i = 0; i < growth->row_count; i++)
        leaks += growth->rows[i].verdict.kind == PMT_GROWTH_LEAK;
    pmt_text_write(file, report->name, strlen(report->name));
    fprintf(file, ": growth of %s", noun(growth));
    print_early(report, total, file);
    fprintf(file, ": %zu steady leak%s\n", leaks, leaks == 1 ? "" : "s");
    fprintf(file, "  %s%s %s of %s%s live", total->estimated ? "~" : "",
            pmt_text_count(a, total->now.count), noun(growth),
            total->estimated ? "~" : "", pmt_text_size(b, total->now.bytes));
    if (growth->full_collections)
        fprintf(file, "; %s full garbage collection%s",
                pmt_text_count(a, growth->full_collections),
                growth->full_collections == 1 ? "" : "s");
    fputc('\n', file);
    if (total->approximate)
        fputs("  events were lost: what seems to live may be gone\n", file);
    if (total->inferring)
        fputs("  this interpreter does not report every destruction: what "
              "seems to live may be gone\n", file);
}

static void print_small(const struct pmt_growth_report *report, FILE *file)
{
    const struct pmt_growth *growth = report->growth;
    char a[PMT_TEXT_SIZE], b[PMT_TEXT_SIZE], c[PMT_TEXT_SIZE];

    if (growth->row_count > report->top)
        fprintf(file, "%zu more\n",
                growth->row_count - (size_t)report->top);
    if (growth->small)
        fprintf(file, "%s small ones, none ever above %s, have %s\n",
                pmt_text_count(a, growth->small),
                pmt_text_size(b, growth->small_bytes),
                pmt_text_size(c, growth->small_live));
}

static struct pmt_live_total total_of(const struct pmt_growth_report *report)
{
    struct pmt_live_report what = {
        .name = report->name,
        .moment = report->moment,
        .live = report->live,
        .which = report->growth->which,
    };
    struct pmt_live_total total;

    pmt_live_total_of(&total, &what);
    return total;
}

void pmt_growth_report_text(const struct pmt_growth_report *report,
                            FILE *file)
{
    const struct pmt_growth *growth = report->growth;
    struct pmt_live_total total = total_of(report);
    struct pmt_listing_column columns[CELLS];
    char rate[32];
    struct pmt_listing *list;

    snprintf(rate, sizeof rate, "%s/s", noun(growth));
    for (size_t i = 0; i < CELLS; i++)
        columns[i] = (struct pmt_listing_column){
            .title = titles[i], .right = i > 0 && i + 1 < CELLS};
    columns[2].title = rate;
    columns[3].title = noun(growth);
    columns[CELLS - 1].title = pmt_group_by_names[growth->grouping.by];
    columns[CELLS - 1].shrinks = true;
    print_head(report, &total, file);
    if (growth->row_count > 0) {
        fputc('\n', file);
        list = pmt_listing_new(columns, CELLS);
        for (size_t i = 0; i < growth->row_count && i < report->top; i++)
            put_row(list, report, &growth->rows[i]);
        pmt_listing_print(list, file);
        pmt_listing_free(list);
    }
    print_small(report, file);
}

/* ---- JSON -------------------------------------------------------------- */

static void put_ns(struct pmt_json *json, const char *key, size_t streams,
                   uint64_t ns)
{
    if (streams)
        pmt_json_u64(json, key, ns);
    else
        pmt_json_null(json, key);
}

static void json_head(const struct pmt_growth_report *report,
                      struct pmt_json *json)
{
    const struct pmt_growth *growth = report->growth;
    struct pmt_live_total total = total_of(report);
    struct early early = early_of(report);

    pmt_json_line_begin(json);
    pmt_json_string(json, "row", "growth");
    pmt_json_string(json, "trace", report->name);
    pmt_json_string(json, "kind",
                    growth->which == PMT_LIVE_BLOCKS ? "alloc" : "object");
    put_ns(json, "exit_ns", early.exits, early.exit_ns);
    put_ns(json, "wound_down_ns", early.wound_down, early.wound_down_ns);
    pmt_json_u64(json, "time_ns", total.now_ns);
    pmt_json_u64(json, "count", total.now.count);
    pmt_json_u64(json, "bytes", total.now.bytes);
    pmt_json_bool(json, "estimated", total.estimated);
    pmt_json_bool(json, "approximate", total.approximate);
    pmt_json_u64(json, "streams", total.streams);
    pmt_json_u64(json, "full_collections", growth->full_collections);
    pmt_json_u64(json, "groups", growth->row_count);
    pmt_json_u64(json, "small_groups", growth->small);
    pmt_json_u64(json, "small_peak_bytes", growth->small_bytes);
    pmt_json_u64(json, "small_bytes", growth->small_live);
    pmt_json_line_end(json);
}

static void json_rate(struct pmt_json *json, const char *key,
                      const struct pmt_growth_rate *rate)
{
    pmt_json_array_begin(json, key);
    pmt_json_double(json, NULL, rate->value);
    pmt_json_double(json, NULL, rate->low);
    pmt_json_double(json, NULL, rate->high);
    pmt_json_array_end(json);
}

static void json_optional(struct pmt_json *json, const char *key, uint64_t n)
{
    if (n)
        pmt_json_u64(json, key, n);
    else
        pmt_json_null(json, key);
}

static void json_evidence(struct pmt_json *json,
                          const struct pmt_growth_row *row)
{
    const struct pmt_growth_verdict *verdict = &row->verdict;
    char through[PMT_NAME_SIZE];

    pmt_json_double(json, "confidence", verdict->confidence);
    pmt_json_double(json, "score", row->score);
    json_rate(json, "bytes_per_s", &verdict->bytes);
    json_rate(json, "blocks_per_s", &verdict->blocks);
    pmt_json_double(json, "rose", verdict->rose);
    pmt_json_array_begin(json, "ages");
    for (int i = 0; i < PMT_GROWTH_AGES; i++)
        pmt_json_double(json, NULL, verdict->ages[i]);
    pmt_json_array_end(json);
    pmt_json_u64(json, "from_ns", row->from_ns);
    pmt_json_u64(json, "to_ns", row->to_ns);
    json_optional(json, "last_freed_ns", row->last_freed_ns);
    json_optional(json, "half_life_ns", row->half_life_ns);
    pmt_json_u64(json, "falls", verdict->falls);
    pmt_json_u64(json, "falls_collected", verdict->falls_collected);
    pmt_json_double(json, "imported", row->imported);
    pmt_json_u64(json, "streams", row->streams);
    pmt_json_u64(json, "leaking_streams", row->leaking);
    if (!row->through) {
        pmt_json_null(json, "through");
        return;
    }
    pmt_name_site(through, sizeof through, row->through_stream, row->through);
    pmt_json_bytes(json, "through", through, strlen(through));
}

static void json_row(const struct pmt_growth_report *report,
                     const struct pmt_growth_row *row, struct pmt_json *json)
{
    const struct pmt_growth *growth = report->growth;
    const struct pmt_group *group = &growth->grouping.groups[row->group];
    char name[PMT_NAME_SIZE];

    pmt_group_name(name, sizeof name, &growth->grouping, group);
    pmt_json_line_begin(json);
    pmt_json_string(json, "row", pmt_group_by_names[growth->grouping.by]);
    pmt_json_bytes(json, "name", name, strlen(name));
    pmt_json_string(json, "verdict",
                    pmt_growth_kind_keys[row->verdict.kind]);
    pmt_json_u64(json, "count", row->count);
    pmt_json_u64(json, "bytes", row->bytes);
    pmt_json_bool(json, "estimated", row->estimated);
    pmt_json_u64(json, "peak_bytes", row->peak_bytes);
    pmt_json_u64(json, "created", row->created);
    pmt_json_u64(json, "destroyed", row->destroyed);
    pmt_json_u64(json, "resized", row->resized);
    json_evidence(json, row);
    pmt_group_json(json, growth->grouping.by, group);
    pmt_json_line_end(json);
}

void pmt_growth_report_json(const struct pmt_growth_report *report,
                            struct pmt_json *json)
{
    json_head(report, json);
    for (size_t i = 0; i < report->growth->row_count && i < report->top; i++)
        json_row(report, &report->growth->rows[i], json);
}
