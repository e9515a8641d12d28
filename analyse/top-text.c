/* top-text.c: a profile as a person reads it; see top-report.h. */
#include <inttypes.h>
#include <string.h>

#include "callers.h"
#include "cli/text.h"
#include "names.h"
#include "top-report.h"

#define COLUMNS_MAX 20

/* ---- moments ------------------------------------------------------------ */

const char *pmt_top_moment_word(const struct pmt_moment *moment)
{
    static const char *const words[] = {
        [PMT_MOMENT_NONE] = "end",  [PMT_MOMENT_TIME] = "time",
        [PMT_MOMENT_MARK] = "mark", [PMT_MOMENT_WALL] = "wall",
        [PMT_MOMENT_PEAK] = "peak", [PMT_MOMENT_END] = "end",
        [PMT_MOMENT_EXIT] = "exit",
    };

    return words[moment->kind];
}

void pmt_top_moment_text(const struct pmt_moment *moment, uint64_t ns,
                         FILE *file)
{
    char seconds[PMT_TEXT_SIZE], wall[PMT_WALL_SIZE];

    pmt_text_seconds(seconds, ns);
    switch (moment->kind) {
    case PMT_MOMENT_TIME:
        fputs(pmt_text_seconds(seconds, moment->ns), file);
        return;
    case PMT_MOMENT_MARK:
        fputs("mark \"", file);
        pmt_text_write(file, moment->name, strlen(moment->name));
        fprintf(file, "\"");
        return;
    case PMT_MOMENT_WALL:
        fputs(pmt_name_wall(wall, moment->real_ns), file);
        return;
    case PMT_MOMENT_PEAK:
        fprintf(file, "the peak (%s)", seconds);
        return;
    case PMT_MOMENT_EXIT:
        fprintf(file, "the exit (%s)", seconds);
        return;
    case PMT_MOMENT_NONE:
    case PMT_MOMENT_END:
        break;
    }
    fprintf(file, "the end (%s)", seconds);
}

/* ---- what is said first ------------------------------------------------- */

static const char *noun(const struct pmt_top_report *report, uint64_t count)
{
    if (report->profile->which == PMT_LIVE_BLOCKS)
        return count == 1 ? "block" : "blocks";
    return count == 1 ? "object" : "objects";
}

static void say_allocated(const struct pmt_top_report *report,
                          const char *about, FILE *file)
{
    const struct pmt_profile *profile = report->profile;
    const struct pmt_amount *all = &profile->total.allocated;
    const struct pmt_amount *temporary = &profile->total.temporary;
    bool blocks = profile->which == PMT_LIVE_BLOCKS;
    char a[PMT_TEXT_SIZE], b[PMT_TEXT_SIZE], c[PMT_TEXT_SIZE];

    if (profile->want & (PMT_PROFILE_ALLOCATED | PMT_PROFILE_TEMPORARY)) {
        fprintf(file, "  %s%s %s, ", about, pmt_text_count(a, all->count),
                blocks ? "allocated" : "created");
        pmt_live_bytes_text(all->bytes, *about, file);
        fprintf(file, ", in %s: %s a second, %s/s\n",
                pmt_text_seconds(a, profile->span_ns),
                pmt_text_count(b, (uint64_t)pmt_top_rate(report, all->count)),
                pmt_text_size(c, (uint64_t)pmt_top_rate(report, all->bytes)));
    }
    if (profile->want & PMT_PROFILE_TEMPORARY)
        fprintf(file,
                "  %s%s of them temporary (%.1f%%): given back before their "
                "thread had made %" PRIu32 " more\n",
                about, pmt_text_count(a, temporary->count),
                all->count ? 100.0 * (double)temporary->count /
                                 (double)all->count
                           : 0.0,
                profile->within);
}

static int say_what_is_estimated(const struct pmt_top_report *report,
                                 const struct pmt_top_rows *rows, FILE *file)
{
    const struct pmt_live_total *total = &rows->total;
    char a[PMT_TEXT_SIZE], b[PMT_RANGE_TEXT_SIZE], c[PMT_RANGE_TEXT_SIZE];
    struct pmt_range blocks, bytes;

    if (!total->estimated)
        return PMT_OK;
    if (pmt_grouping_range(&report->profile->grouping, rows->order,
                           rows->count, true, &blocks, &bytes))
        return PMT_ERR_MEMORY;
    fprintf(file, "  ~ estimates from samples of %s",
            pmt_text_size(a, total->sample_bytes_low));
    if (total->sample_bytes_high != total->sample_bytes_low)
        fprintf(file, " to %s", pmt_text_size(a, total->sample_bytes_high));
    fprintf(file, "; of what is live 95%% sure of %s blocks, %s\n",
            pmt_live_range_text(b, blocks, false),
            pmt_live_range_text(c, bytes, true));
    pmt_live_unseen_text(report->profile->grouping.by,
                         total->sample_bytes_high, file);
    return PMT_OK;
}

static void say_what_is_lost(const struct pmt_live_total *total, FILE *file)
{
    pmt_live_let_go_text(total, file);
    if (!total->approximate)
        return;
    pmt_live_lost_text(total, file);
    fputc('\n', file);
}

static int print_head(const struct pmt_top_report *report,
                      const struct pmt_top_rows *rows, FILE *file)
{
    const struct pmt_live_total *total = &rows->total;
    const struct pmt_group *live = &report->profile->grouping.total;
    const char *about = total->estimated ? "~" : "";
    char count[PMT_TEXT_SIZE];

    pmt_text_write(file, report->name, strlen(report->name));
    fprintf(file, ": %s%s%s %s, ", total->approximate ? "about " : "", about,
            pmt_text_count(count, live->count), noun(report, live->count));
    pmt_live_bytes_text(live->bytes, total->estimated, file);
    fputs(" live ", file);
    if (total->streams > 1)
        fprintf(file, "in %zu streams ", total->streams);
    fputs("at ", file);
    if (report->moment->kind == PMT_MOMENT_NONE && !report->high_water)
        pmt_live_end_text(total, file);
    else if (report->high_water)
        fprintf(file, "the peak of all streams together (%s)",
                pmt_text_seconds(count, total->now_ns));
    else
        pmt_top_moment_text(report->moment, total->now_ns, file);
    if (report->from) {
        fputs(", made since ", file);
        pmt_top_moment_text(report->from, 0, file);
    }
    fputc('\n', file);
    if (report->snapshots)
        fputs("  as snapshots have it\n", file);
    if (say_what_is_estimated(report, rows, file))
        return PMT_ERR_MEMORY;
    say_allocated(report, about, file);
    if (report->profile->which == PMT_LIVE_OBJECTS && !total->sized)
        fputs("  bytes are the basic size of each object's type\n", file);
    say_what_is_lost(total, file);
    return PMT_OK;
}

/* ---- the table ---------------------------------------------------------- */

static void add_column(struct pmt_listing_column *columns, size_t *count,
                       const char *title)
{
    columns[(*count)++] =
        (struct pmt_listing_column){.title = title, .right = true};
}

/* All but the name. */
static size_t make_columns(const struct pmt_top_report *report,
                           const struct pmt_top_rows *rows,
                           struct pmt_listing_column *columns)
{
    bool blocks = report->profile->which == PMT_LIVE_BLOCKS;
    unsigned show = report->show;
    size_t count = 0;

    if (show & PMT_TOP_LIVE) {
        add_column(columns, &count, "bytes");
        add_column(columns, &count, "size");
        if (rows->total.estimated)
            add_column(columns, &count, "95% range");
        add_column(columns, &count, "count");
        add_column(columns, &count, "average");
        add_column(columns, &count, "share");
    }
    if (show & PMT_TOP_PEAK)
        add_column(columns, &count, "peak");
    if (show & PMT_TOP_ALLOCATED) {
        add_column(columns, &count, blocks ? "allocated" : "created");
        add_column(columns, &count, blocks ? "allocations" : "creations");
    }
    if (show & PMT_TOP_RATE) {
        add_column(columns, &count, "a second");
        add_column(columns, &count, "size/s");
    }
    if (show & PMT_TOP_TEMPORARY) {
        add_column(columns, &count, "temporary");
        add_column(columns, &count, "of them");
    }
    if (show & PMT_TOP_LIFETIMES) {
        add_column(columns, &count, "ended");
        add_column(columns, &count, "p50");
        add_column(columns, &count, "p90");
        add_column(columns, &count, "p99");
        add_column(columns, &count, "longest");
    }
    return count;
}

static void put_count(struct pmt_listing *list, bool estimated,
                      uint64_t count)
{
    char text[PMT_TEXT_SIZE];

    pmt_listing_printf(list, "%s%s", estimated ? "~" : "",
                       pmt_text_count(text, count));
}

static void put_size(struct pmt_listing *list, bool estimated, uint64_t bytes)
{
    char text[PMT_TEXT_SIZE];

    pmt_listing_printf(list, "%s%s", estimated ? "~" : "",
                       pmt_text_size(text, bytes));
}

static void put_share(struct pmt_listing *list, uint64_t part, uint64_t whole)
{
    pmt_listing_printf(list, "%.1f%%",
                       whole ? 100.0 * (double)part / (double)whole : 0.0);
}

static void put_lifetimes(struct pmt_listing *list,
                          const struct pmt_lifetimes *lifetimes)
{
    static const unsigned percents[] = {50, 90, 99};

    if (!lifetimes) {
        pmt_listing_count(list, 0);
        for (int i = 0; i < 4; i++)
            pmt_listing_text(list, NULL);
        return;
    }
    pmt_listing_count(list, lifetimes->count);
    for (int i = 0; i < 3; i++)
        pmt_listing_seconds(list,
                            pmt_lifetimes_percentile(lifetimes, percents[i]));
    pmt_listing_seconds(list, lifetimes->longest_ns);
}

/* Number of the group, PMT_GROUP_TOTAL for the last row. */
static int put_live(struct pmt_listing *list,
                    const struct pmt_top_report *report,
                    const struct pmt_top_rows *rows, uint32_t number)
{
    const struct pmt_grouping *grouping = &report->profile->grouping;
    bool all = number == PMT_GROUP_TOTAL;
    const struct pmt_group *group =
        all ? &grouping->total : &grouping->groups[number];
    bool estimated = group->samples > 0;
    char range[PMT_RANGE_TEXT_SIZE];
    struct pmt_range blocks, bytes;

    put_count(list, estimated, group->bytes);
    put_size(list, estimated, group->bytes);
    if (rows->total.estimated) {
        if (pmt_grouping_range(grouping, all ? rows->order : &number,
                               all ? rows->count : 1, all, &blocks, &bytes))
            return PMT_ERR_MEMORY;
        pmt_listing_text(list, estimated
                                   ? pmt_live_range_text(range, bytes, true)
                                   : NULL);
    }
    put_count(list, estimated, group->count);
    put_size(list, estimated, pmt_top_average(group->bytes, group->count));
    put_share(list, group->bytes, grouping->total.bytes);
    return PMT_OK;
}

static int put_numbers(struct pmt_listing *list,
                       const struct pmt_top_report *report,
                       const struct pmt_top_rows *rows, uint32_t number)
{
    const struct pmt_profile_part *part =
        number == PMT_GROUP_TOTAL ? &report->profile->total
                                  : &report->profile->parts[number];
    bool estimated = part->allocated.weight > 0;
    unsigned show = report->show;

    if (show & PMT_TOP_LIVE && put_live(list, report, rows, number))
        return PMT_ERR_MEMORY;
    if (show & PMT_TOP_PEAK)
        put_size(list, estimated || part->peak.weight > 0, part->peak.bytes);
    if (show & PMT_TOP_ALLOCATED) {
        put_size(list, estimated, part->allocated.bytes);
        put_count(list, estimated, part->allocated.count);
    }
    if (show & PMT_TOP_RATE) {
        put_count(list, estimated,
                  (uint64_t)pmt_top_rate(report, part->allocated.count));
        put_size(list, estimated,
                 (uint64_t)pmt_top_rate(report, part->allocated.bytes));
    }
    if (show & PMT_TOP_TEMPORARY) {
        put_count(list, estimated, part->temporary.count);
        put_share(list, part->temporary.count, part->allocated.count);
    }
    if (show & PMT_TOP_LIFETIMES)
        put_lifetimes(list, part->lifetimes);
    return PMT_OK;
}

static int put_rows(struct pmt_listing *list, size_t before,
                    const struct pmt_top_report *report,
                    const struct pmt_top_rows *rows)
{
    const struct pmt_grouping *grouping = &report->profile->grouping;
    char name[PMT_NAME_SIZE];

    for (size_t i = 0; i < rows->shown; i++) {
        const struct pmt_group *group = &grouping->groups[rows->order[i]];

        if (put_numbers(list, report, rows, rows->order[i]))
            return PMT_ERR_MEMORY;
        pmt_group_name(name, sizeof name, grouping, group);
        pmt_listing_text(list, name);
        if (report->stacks)
            pmt_callers_list(list, before, group);
    }
    if (rows->shown < rows->count) {
        snprintf(name, sizeof name, "(%zu more)", rows->count - rows->shown);
        pmt_listing_below(list, before, name);
    }
    if (put_numbers(list, report, rows, PMT_GROUP_TOTAL))
        return PMT_ERR_MEMORY;
    pmt_listing_text(list, "(all)");
    return PMT_OK;
}

int pmt_top_text(const struct pmt_top_report *report, FILE *file)
{
    struct pmt_listing_column columns[COLUMNS_MAX];
    enum pmt_group_by by = report->profile->grouping.by;
    struct pmt_listing *list;
    struct pmt_top_rows rows;
    size_t count;
    int code = pmt_top_rows_make(&rows, report);

    if (code)
        return code;
    count = make_columns(report, &rows, columns);
    columns[count] = (struct pmt_listing_column){
        .title = pmt_group_by_names[by], .shrinks = true};
    list = pmt_listing_new(columns, count + 1);
    code = put_rows(list, count, report, &rows);
    if (code == PMT_OK)
        code = print_head(report, &rows, file);
    if (code == PMT_OK && rows.count > 0) {
        fputc('\n', file);
        pmt_listing_print(list, file);
    }
    pmt_listing_free(list);
    pmt_top_rows_release(&rows);
    return code;
}
