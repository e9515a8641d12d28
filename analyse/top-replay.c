/* top-replay.c: a profile's replay, a table for each moment; see
 * top-report.h. */
#include <stdlib.h>
#include <string.h>

#include "callers.h"
#include "cli/text.h"
#include "group-json.h"
#include "names.h"
#include "together.h"
#include "top-report.h"

struct replayed {
    const struct pmt_top_report *report;
    struct pmt_replay *replay;
    struct pmt_replay_level *before; /* by slot: what changes are since */
    struct pmt_group_rank *ranks;
    size_t count, shown;             /* of ranks */
    bool estimated, has_before;
};

/* ---- rows ---------------------------------------------------------------- */

static struct pmt_group_rank rank_of(const struct replayed *r, uint32_t group)
{
    const struct pmt_replay_level *level = &r->replay->levels[group + 1];
    const struct pmt_grouping *grouping = &r->report->profile->grouping;
    uint64_t first = level->bytes, second = level->count;

    switch ((int)r->report->sort) {
    case PMT_TOP_BY_COUNT:
        first = level->count;
        second = level->bytes;
        break;
    case PMT_TOP_BY_AVERAGE:
        first = pmt_top_average(level->bytes, level->count);
        second = level->bytes;
        break;
    case PMT_TOP_BY_CLASS:
        first = PMT_SIZE_CLASSES - grouping->groups[group].id;
        second = 0;
        break;
    default:
        break;
    }
    return (struct pmt_group_rank){first, second, group};
}

static void rank_all(struct replayed *r)
{
    r->count = 0;
    r->estimated = r->replay->levels[0].weight != 0;
    for (uint32_t i = 0; i + 1 < r->replay->level_count; i++)
        if (r->replay->levels[i + 1].count)
            r->ranks[r->count++] = rank_of(r, i);
    pmt_group_ranks_sort(r->ranks, r->count);
    r->shown = r->count < r->report->top ? r->count : r->report->top;
}

/* ---- text ---------------------------------------------------------------- */

static void put_numbers(struct pmt_listing *list, const struct replayed *r,
                        uint32_t slot)
{
    const struct pmt_replay_level *now = &r->replay->levels[slot];
    const struct pmt_replay_level *before = &r->before[slot];
    const char *about = now->weight ? "~" : "";
    char text[PMT_TEXT_SIZE];

    pmt_listing_printf(list, "%s%s", about, pmt_text_count(text, now->bytes));
    pmt_listing_printf(list, "%s%s", about, pmt_text_size(text, now->bytes));
    pmt_listing_text(list, !r->has_before
                               ? NULL
                               : pmt_text_size_delta(
                                     text, (int64_t)(now->bytes -
                                                     before->bytes)));
    pmt_listing_printf(list, "%s%s", about, pmt_text_count(text, now->count));
    pmt_listing_text(list, !r->has_before
                               ? NULL
                               : pmt_text_count_delta(
                                     text, (int64_t)(now->count -
                                                     before->count)));
    pmt_listing_printf(
        list, "%s%s", about,
        pmt_text_size(text, pmt_top_average(now->bytes, now->count)));
}

static void print_table(const struct replayed *r, FILE *file)
{
    enum pmt_group_by by = r->report->profile->grouping.by;
    const struct pmt_listing_column columns[] = {
        {.title = "bytes", .right = true}, {.title = "size", .right = true},
        {.title = "+/-", .right = true},   {.title = "count", .right = true},
        {.title = "+/-", .right = true},   {.title = "average", .right = true},
        {.title = pmt_group_by_names[by], .shrinks = true}};
    size_t before = sizeof columns / sizeof *columns - 1;
    const struct pmt_grouping *grouping = &r->report->profile->grouping;
    struct pmt_listing *list = pmt_listing_new(columns, before + 1);
    char name[PMT_NAME_SIZE];

    for (size_t i = 0; i < r->shown; i++) {
        const struct pmt_group *group = &grouping->groups[r->ranks[i].group];

        put_numbers(list, r, r->ranks[i].group + 1);
        pmt_group_name(name, sizeof name, grouping, group);
        pmt_listing_text(list, name);
        if (r->report->stacks)
            pmt_callers_list(list, before, group);
    }
    if (r->shown < r->count) {
        snprintf(name, sizeof name, "(%zu more)", r->count - r->shown);
        pmt_listing_below(list, before, name);
    }
    put_numbers(list, r, 0);
    pmt_listing_text(list, "(all)");
    pmt_listing_print(list, file);
    pmt_listing_free(list);
}

static void print_head(const struct replayed *r, FILE *file)
{
    const struct pmt_top_report *report = r->report;
    bool blocks = report->profile->which == PMT_LIVE_BLOCKS;
    char text[PMT_TEXT_SIZE];

    pmt_text_write(file, report->name, strlen(report->name));
    fprintf(file, ": %s live at %s%s", blocks ? "blocks" : "objects",
            pmt_text_seconds(text, r->replay->now_ns),
            r->replay->is_last ? ", the last moment" : "");
    if (report->from) {
        fputs(", made since ", file);
        pmt_top_moment_text(report->from, 0, file);
    }
    fputs("\n\n", file);
}

/* ---- JSON ---------------------------------------------------------------- */

static void put_levels(struct pmt_json *json, const struct replayed *r,
                       uint32_t slot)
{
    const struct pmt_replay_level *now = &r->replay->levels[slot];
    const struct pmt_replay_level *before = &r->before[slot];

    pmt_json_u64(json, "count", now->count);
    pmt_json_u64(json, "bytes", now->bytes);
    pmt_json_i64(json, "count_diff", (int64_t)(now->count - before->count));
    pmt_json_i64(json, "bytes_diff", (int64_t)(now->bytes - before->bytes));
    pmt_json_double(json, "average",
                    now->count ? (double)now->bytes / (double)now->count : 0);
}

static void print_json(const struct replayed *r, struct pmt_json *json)
{
    const struct pmt_grouping *grouping = &r->report->profile->grouping;
    char name[PMT_NAME_SIZE];

    pmt_json_line_begin(json);
    pmt_json_string(json, "row", "top");
    pmt_json_string(json, "trace", r->report->name);
    pmt_together_json(r->report->path, json);
    pmt_json_string(json, "kind",
                    r->report->profile->which == PMT_LIVE_BLOCKS ? "alloc"
                                                                 : "object");
    pmt_json_string(json, "by", pmt_group_by_names[grouping->by]);
    pmt_json_bool(json, "cumulative", grouping->cumulative);
    pmt_json_u64(json, "every_ns", r->replay->every_ns);
    pmt_json_u64(json, "time_ns", r->replay->now_ns);
    pmt_json_bool(json, "last", r->replay->is_last);
    put_levels(json, r, 0);
    pmt_json_bool(json, "estimated", r->estimated);
    pmt_json_u64(json, "groups", r->count);
    pmt_json_line_end(json);
    for (size_t i = 0; i < r->shown; i++) {
        const struct pmt_group *group = &grouping->groups[r->ranks[i].group];

        pmt_group_name(name, sizeof name, grouping, group);
        pmt_json_line_begin(json);
        pmt_json_string(json, "row", pmt_group_by_names[grouping->by]);
        pmt_json_string(json, "name", name);
        put_levels(json, r, r->ranks[i].group + 1);
        pmt_group_json(json, grouping->by, group);
        if (r->report->stacks)
            pmt_group_json_stack(json, group);
        pmt_json_line_end(json);
    }
}

/* ---- all moments --------------------------------------------------------- */

static void show(struct replayed *r, struct pmt_tables *tables)
{
    rank_all(r);
    pmt_tables_next(tables);
    if (tables->as_json) {
        print_json(r, &tables->json);
    } else {
        print_head(r, tables->out.file);
        print_table(r, tables->out.file);
    }
    if (!r->has_before || !r->report->first)
        memcpy(r->before, r->replay->levels,
               r->replay->level_count * sizeof *r->before);
    r->has_before = true;
}

int pmt_top_replay(const struct pmt_top_report *report,
                   struct pmt_tables *tables)
{
    struct pmt_grouping *grouping = &report->profile->grouping;
    struct replayed r = {.report = report, .replay = report->profile->replay};
    size_t slots = grouping->group_count + 1, twins;
    int code;

    /* For the numbers of types of one name. */
    free(pmt_grouping_sorted(grouping, PMT_SORT_BYTES, &twins));
    r.before = calloc(slots, sizeof *r.before);
    r.ranks = calloc(slots, sizeof *r.ranks);
    code = r.before && r.ranks ? PMT_OK : PMT_ERR_MEMORY;
    while (code == PMT_OK &&
           (code = pmt_replay_next(r.replay, grouping)) == PMT_OK)
        show(&r, tables);
    free(r.before);
    free(r.ranks);
    return code == PMT_END ? PMT_OK : code;
}
