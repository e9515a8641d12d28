/* diff-json.c: a diff for programs; see diff-report.h. */
#include <math.h>
#include <string.h>

#include "diff-report.h"
#include "names.h"

static const char *const what_names[] = {
    [PMT_DIFF_BLOCKS] = "alloc", [PMT_DIFF_OBJECTS] = "object",
    [PMT_DIFF_HEAP] = "heap", [PMT_DIFF_PROCESS] = "sample"};

/* Whole numbers as such. */
static void put_number(struct pmt_json *json, const char *key,
                       pmt_diff_number value)
{
    if (value != floorl(value) || fabsl(value) >= 0x1p64L)
        pmt_json_double(json, key, (double)value);
    else if (value >= 0)
        pmt_json_u64(json, key, (uint64_t)value);
    else if (value >= -0x1p63L)
        pmt_json_i64(json, key, (int64_t)value);
    else
        pmt_json_double(json, key, (double)value);
}

static void put_text(struct pmt_json *json, const char *key,
                     struct pmt_text text)
{
    if (text.bytes)
        pmt_json_bytes(json, key, text.bytes, text.length);
    else
        pmt_json_null(json, key);
}

static void put_values(const struct pmt_diff_report *report,
                       const struct pmt_diff_row *row, struct pmt_json *json)
{
    static const char *const keys[PMT_DIFF_MEASURES][5] = {
        {"count_before", "count", "count_diff", "count_diff_low",
         "count_diff_high"},
        {"bytes_before", "bytes", "bytes_diff", "bytes_diff_low",
         "bytes_diff_high"}};
    static const char *const figure_keys[] = {"before", "value", "diff", "",
                                              ""};
    const struct pmt_diff *diff = report->diff;

    for (int m = diff->figures ? PMT_DIFF_BYTES : 0; m < PMT_DIFF_MEASURES;
         m++) {
        const char *const *key = diff->figures ? figure_keys : keys[m];

        put_number(json, key[0], row->value[PMT_DIFF_A][m]);
        put_number(json, key[1], row->value[PMT_DIFF_B][m]);
        put_number(json, key[2], row->change[m]);
        if (!row->estimated)
            continue;
        put_number(json, key[3], row->limits[m].low);
        put_number(json, key[4], row->limits[m].high);
    }
    if (diff->estimated) {
        pmt_json_bool(json, "estimated", row->estimated);
        pmt_json_bool(json, "unsure", row->unsure[PMT_DIFF_BYTES]);
    }
    if (diff->noisy && !diff->figures)
        pmt_json_bool(json, "count_beyond_noise",
                      row->beyond[PMT_DIFF_COUNT]);
    if (diff->noisy)
        pmt_json_bool(json, diff->figures ? "beyond_noise"
                                          : "bytes_beyond_noise",
                      row->beyond[PMT_DIFF_BYTES]);
    if (report->limit)
        pmt_json_bool(json, "over", row->over);
}

static void put_side(const struct pmt_diff_report *report,
                     enum pmt_diff_side side, struct pmt_json *json)
{
    const struct pmt_diff_found *found = report->found[side];

    pmt_json_object_begin(json, side == PMT_DIFF_A ? "a" : "b");
    pmt_json_string(json, "name", report->names[side]);
    pmt_json_u64(json, "runs", report->diff->runs[side]);
    pmt_json_bool(json, "records", found->has[report->what]);
    pmt_json_bool(json, "snapshot", found->snapshot);
    pmt_json_bool(json, "approximate", found->approximate);
    pmt_json_bool(json, "exit", found->exit);
    pmt_json_object_end(json);
}

static void put_head(const struct pmt_diff_report *report,
                     struct pmt_json *json)
{
    const struct pmt_diff *diff = report->diff;

    pmt_json_line_begin(json);
    pmt_json_string(json, "row", "diff");
    pmt_json_string(json, "kind", what_names[report->what]);
    pmt_json_string(json, "by", diff->figures ? "figure"
                                              : pmt_group_by_names[diff->by]);
    pmt_json_bool(json, "cumulative", report->cumulative);
    put_side(report, PMT_DIFF_A, json);
    put_side(report, PMT_DIFF_B, json);
    pmt_json_string(json, "alive_at", report->names[2]);
    pmt_json_string(json, "per", report->per);
    if (!diff->figures)
        put_values(report, &diff->all, json);
    pmt_json_u64(json, "moved_lines", diff->moved);
    pmt_json_u64(json, "changed", diff->changed);
    if (report->limit) {
        pmt_json_string(json, "limit", report->limit->text);
        pmt_json_u64(json, "rows_over", report->over);
    }
    pmt_json_line_end(json);
}

static void put_frame(const struct pmt_diff *diff,
                      const struct pmt_diff_site *site, struct pmt_json *json)
{
    enum pmt_group_by by = diff->by;

    put_text(json, "file", pmt_diff_text(diff, site->file));
    if (by != PMT_BY_FILE && by != PMT_BY_FUNCTION)
        pmt_json_u64(json, "line", site->line);
    if (by == PMT_BY_FUNCTION || by == PMT_BY_SITE || by == PMT_BY_STACK)
        put_text(json, "function", pmt_diff_text(diff, site->function));
}

static void put_key(const struct pmt_diff *diff,
                    const struct pmt_diff_row *row, struct pmt_json *json)
{
    static const struct pmt_diff_site none = {
        .file = PMT_INTERN_NONE, .function = PMT_INTERN_NONE};

    if (diff->figures) {
        put_text(json, "unit", pmt_diff_text(diff, row->unit));
        return;
    }
    if (!pmt_diff_by_frames(diff->by))
        return;
    put_frame(diff, row->frame_count ? pmt_diff_frame(diff, row, 0) : &none,
              json);
    if (row->line_before)
        pmt_json_u64(json, "line_before", row->line_before);
    if (diff->by != PMT_BY_STACK && diff->by != PMT_BY_TRACEBACK)
        return;
    pmt_json_array_begin(json, "stack");
    for (uint32_t i = 0; i < row->frame_count; i++) {
        pmt_json_object_begin(json, NULL);
        put_frame(diff, pmt_diff_frame(diff, row, i), json);
        pmt_json_object_end(json);
    }
    pmt_json_array_end(json);
}

static void put_row(const struct pmt_diff_report *report,
                    const struct pmt_diff_row *row, struct pmt_json *json)
{
    const struct pmt_diff *diff = report->diff;
    char name[PMT_NAME_SIZE];

    pmt_diff_name(name, sizeof name, diff, row);
    pmt_json_line_begin(json);
    pmt_json_string(json, "row", diff->figures ? "figure"
                                               : pmt_group_by_names[diff->by]);
    pmt_json_string(json, "name", name);
    put_values(report, row, json);
    put_key(diff, row, json);
    pmt_json_line_end(json);
}

void pmt_diff_report_json(const struct pmt_diff_report *report,
                          struct pmt_json *json)
{
    const struct pmt_diff *diff = report->diff;
    size_t rows = report->all ? diff->present : diff->changed;

    put_head(report, json);
    for (size_t i = 0; i < rows; i++)
        if (pmt_diff_shows(report, i))
            put_row(report, &diff->rows[diff->order[i]], json);
}
