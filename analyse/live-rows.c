/* live-rows.c: the groups of a live set or a snapshot; see live-report.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "callers.h"
#include "cli/listing.h"
#include "cli/text.h"
#include "group-json.h"
#include "live-report.h"
#include "names.h"

/* ---- which rows -------------------------------------------------------- */

void pmt_live_rows_release(struct pmt_live_rows *rows)
{
    free(rows->order);
    pmt_grouping_release(&rows->grouping);
}

int pmt_live_rows_sort(struct pmt_live_rows *rows,
                       const struct pmt_live_view *view)
{
    rows->order =
        pmt_grouping_sorted(&rows->grouping, view->sort, &rows->count);
    if (!rows->order)
        return PMT_ERR_MEMORY;
    rows->shown = rows->count < view->top ? rows->count : view->top;
    for (size_t i = 0; i < rows->count; i++) {
        const struct pmt_group *group =
            &rows->grouping.groups[rows->order[i]];

        rows->estimated |= group->samples > 0;
    }
    if (pmt_grouping_range(&rows->grouping, rows->order, rows->count, true,
                           &rows->all_blocks, &rows->all_bytes))
        return PMT_ERR_MEMORY;
    return pmt_grouping_range(&rows->grouping, rows->order + rows->shown,
                              rows->count - rows->shown, false,
                              &rows->rest_blocks, &rows->rest_bytes);
}

int pmt_live_rows_make(struct pmt_live_rows *rows,
                       const struct pmt_live_report *report)
{
    const struct pmt_live_sets *live = report->live;
    int code = PMT_OK;

    memset(rows, 0, sizeof *rows);
    rows->grouping.by = report->view.by;
    for (size_t i = 0; code == PMT_OK && i < live->stream_count; i++) {
        const struct pmt_live_set *set = &live->streams[i].sets[report->which];

        code = pmt_grouping_add_table(&rows->grouping,
                                      live->streams[i].stream, i, &set->table,
                                      set->sample_bytes);
    }
    if (code == PMT_OK)
        code = pmt_live_rows_sort(rows, &report->view);
    if (code != PMT_OK)
        pmt_live_rows_release(rows);
    return code;
}

/* ---- text -------------------------------------------------------------- */

void pmt_live_bytes_text(uint64_t bytes, bool estimated, FILE *file)
{
    char a[PMT_TEXT_SIZE], b[PMT_TEXT_SIZE];

    fprintf(file, "%s%s byte%s", estimated ? "~" : "",
            pmt_text_count(a, bytes), bytes == 1 ? "" : "s");
    if (bytes >= 1024)
        fprintf(file, " (%s)", pmt_text_size(b, bytes));
}

char *pmt_live_range_text(char *buffer, struct pmt_range range, bool bytes)
{
    char low[PMT_TEXT_SIZE], high[PMT_TEXT_SIZE];

    snprintf(buffer, PMT_RANGE_TEXT_SIZE, "%s..%s",
             bytes ? pmt_text_size(low, range.low)
                   : pmt_text_count(low, range.low),
             bytes ? pmt_text_size(high, range.high)
                   : pmt_text_count(high, range.high));
    return buffer;
}

void pmt_live_unseen_text(enum pmt_group_by by, uint64_t sample_bytes,
                          FILE *file)
{
    char text[PMT_TEXT_SIZE];

    fprintf(file, "  a %s of which nothing was sampled has at most %s\n",
            pmt_group_by_names[by],
            pmt_text_size(text, pmt_samples_unseen(sample_bytes)));
}

/* What a row of numbers says. */
struct amount {
    uint64_t count, bytes;
    struct pmt_range blocks_95, bytes_95;
    bool estimated;
};

static void put_share(struct pmt_listing *list, uint64_t part, uint64_t whole)
{
    pmt_listing_printf(list, "%.1f%%",
                       whole ? 100.0 * (double)part / (double)whole : 0.0);
}

static void put_numbers(struct pmt_listing *list,
                        const struct pmt_live_view *view, bool column_95,
                        const struct amount *amount,
                        const struct pmt_live_level *whole)
{
    bool by_bytes = view->sort == PMT_SORT_BYTES;
    const char *about = amount->estimated ? "~" : "";
    char text[PMT_TEXT_SIZE], range[PMT_RANGE_TEXT_SIZE];

    pmt_listing_printf(list, "%s%s", about,
                       pmt_text_count(text, amount->count));
    pmt_listing_printf(list, "%s%s", about,
                       pmt_text_count(text, amount->bytes));
    pmt_listing_printf(list, "%s%s", about,
                       pmt_text_size(text, amount->bytes));
    if (column_95 && amount->estimated)
        pmt_listing_text(list, pmt_live_range_text(
                                   range,
                                   by_bytes ? amount->bytes_95
                                            : amount->blocks_95,
                                   by_bytes));
    else if (column_95)
        pmt_listing_text(list, NULL);
    if (by_bytes)
        put_share(list, amount->bytes, whole->bytes);
    else
        put_share(list, amount->count, whole->count);
}

/* Cells of a row before its name. */
static int cells_before(const struct pmt_live_rows *rows)
{
    return rows->estimated ? 5 : 4;
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

static void add_amount(struct amount *sum, const struct pmt_group *group)
{
    sum->count += group->count;
    sum->bytes += group->bytes;
    sum->estimated |= group->samples > 0;
}

/* Within what a group is. For want of memory, which it needs little of, all
 * that is known is what was not sampled. */
static void range_of(const struct pmt_live_rows *rows, uint32_t number,
                     struct pmt_range *blocks, struct pmt_range *bytes)
{
    const struct pmt_group *group = &rows->grouping.groups[number];

    if (pmt_grouping_range(&rows->grouping, &number, 1, false, blocks,
                           bytes)) {
        *blocks = (struct pmt_range){group->exact, UINT64_MAX};
        *bytes = (struct pmt_range){group->exact_bytes, UINT64_MAX};
    }
}

static void put_rows(struct pmt_listing *list,
                     const struct pmt_live_rows *rows,
                     const struct pmt_live_view *view,
                     const struct pmt_live_level *whole)
{
    struct amount rest = {.blocks_95 = rows->rest_blocks,
                          .bytes_95 = rows->rest_bytes};

    for (size_t i = 0; i < rows->count; i++) {
        const struct pmt_group *group =
            &rows->grouping.groups[rows->order[i]];
        struct amount amount = {0};

        if (i >= rows->shown) {
            add_amount(&rest, group);
            continue;
        }
        add_amount(&amount, group);
        if (amount.estimated)
            range_of(rows, rows->order[i], &amount.blocks_95,
                     &amount.bytes_95);
        put_numbers(list, view, rows->estimated, &amount, whole);
        put_name(list, rows, group);
        if (view->stacks)
            pmt_callers_list(list, (size_t)cells_before(rows), group);
    }
    if (rows->shown < rows->count) {
        put_numbers(list, view, rows->estimated, &rest, whole);
        pmt_listing_printf(list, "(%zu other%s)", rows->count - rows->shown,
                           rows->count - rows->shown == 1 ? "" : "s");
    }
}

void pmt_live_rows_text(const struct pmt_live_rows *rows,
                        const struct pmt_live_view *view,
                        const struct pmt_live_level *whole, const char *noun,
                        FILE *file)
{
    struct pmt_listing_column columns[6] = {
        {.title = noun, .right = true},
        {.title = "bytes", .right = true},
        {.title = "size", .right = true},
        {.title = "95% range", .right = true},
        {.title = "share", .right = true},
        {.title = pmt_group_by_names[view->by], .shrinks = true},
    };
    struct amount all = {whole->count, whole->bytes, rows->all_blocks,
                         rows->all_bytes, rows->estimated};
    struct pmt_listing *list;

    if (!rows->estimated)
        memmove(&columns[3], &columns[4], 2 * sizeof *columns);
    list = pmt_listing_new(columns, (size_t)cells_before(rows) + 1);
    put_rows(list, rows, view, whole);
    put_numbers(list, view, rows->estimated, &all, whole);
    pmt_listing_text(list, "(all)");
    pmt_listing_print(list, file);
    pmt_listing_free(list);
}

/* ---- JSON -------------------------------------------------------------- */

void pmt_live_range_json(struct pmt_range blocks, struct pmt_range bytes,
                         struct pmt_json *json)
{
    pmt_json_u64(json, "count_low", blocks.low);
    pmt_json_u64(json, "count_high", blocks.high);
    pmt_json_u64(json, "bytes_low", bytes.low);
    pmt_json_u64(json, "bytes_high", bytes.high);
}

void pmt_live_rows_json(const struct pmt_live_rows *rows,
                        const struct pmt_live_view *view,
                        struct pmt_json *json)
{
    struct pmt_range blocks, bytes;
    char name[PMT_NAME_SIZE];

    for (size_t i = 0; i < rows->shown; i++) {
        const struct pmt_group *group = &rows->grouping.groups[rows->order[i]];

        pmt_group_name(name, sizeof name, &rows->grouping, group);
        pmt_json_line_begin(json);
        pmt_json_string(json, "row", pmt_group_by_names[view->by]);
        pmt_json_string(json, "name", name);
        pmt_json_u64(json, "count", group->count);
        pmt_json_u64(json, "bytes", group->bytes);
        if (rows->estimated) {
            pmt_json_bool(json, "estimated", group->samples > 0);
            pmt_json_u64(json, "samples", group->samples);
            range_of(rows, rows->order[i], &blocks, &bytes);
            pmt_live_range_json(blocks, bytes, json);
        }
        pmt_group_json(json, view->by, group);
        if (view->stacks)
            pmt_group_json_stack(json, group);
        pmt_json_line_end(json);
    }
}
