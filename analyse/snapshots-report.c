/* snapshots-report.c: a snapshot as `pmt live` shows it; see
 * live-report.h. */
#include <inttypes.h>
#include <string.h>

#include "cli/text.h"
#include "live-report.h"
#include "names.h"

/* What was found, of all streams. */
struct sum {
    struct pmt_live_level level; /* with estimates */
    uint64_t ns;      /* of the latest */
    uint64_t sample_bytes; /* N of the streams that are sampled, the largest */
};

static struct sum sum_of(const struct pmt_snapshots *snapshots)
{
    struct sum sum = {0};

    for (size_t i = 0; i < snapshots->stream_count; i++) {
        const struct pmt_snapshot_stream *stream = &snapshots->streams[i];
        const struct pmt_snapshot *found = &stream->found;
        uint64_t ns, sample_bytes;

        if (!found->number)
            continue;
        ns = found->time * pmt_stream_header(stream->stream)->tick_ns;
        sample_bytes = pmt_sampling_of(stream->stream);
        if (ns > sum.ns)
            sum.ns = ns;
        if (sample_bytes > sum.sample_bytes)
            sum.sample_bytes = sample_bytes;
    }
    return sum;
}

/* All groups, which hold all rows. */
static void add_up(struct sum *sum, const struct pmt_live_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct pmt_group *group =
            &rows->grouping.groups[rows->order[i]];

        sum->level.count += group->count;
        sum->level.bytes += group->bytes;
    }
}

static int make_rows(struct pmt_live_rows *rows,
                     const struct pmt_snapshot_report *report)
{
    int code;

    memset(rows, 0, sizeof *rows);
    rows->grouping.by = report->view.by;
    code = pmt_snapshots_group(report->snapshots, &rows->grouping);
    if (code == PMT_OK)
        code = pmt_live_rows_sort(rows, &report->view);
    if (code != PMT_OK)
        pmt_live_rows_release(rows);
    return code;
}

/* ---- text -------------------------------------------------------------- */

static void print_values(const struct pmt_snapshot *found, FILE *file)
{
    for (size_t i = 0; i < found->value_count; i++) {
        const struct pmt_snapshot_value *value = &found->values[i];

        fputs("  ", file);
        pmt_text_write(file, value->title, strlen(value->title));
        fprintf(file, ": %" PRId64, value->value);
        if (*value->unit) {
            putc(' ', file);
            pmt_text_write(file, value->unit, strlen(value->unit));
        }
        putc('\n', file);
    }
}

/* "snapshot 3 "warm" (12.3 s)" */
static void print_which(const struct pmt_snapshot_stream *stream, FILE *file)
{
    const struct pmt_snapshot *found = &stream->found;
    char seconds[PMT_TEXT_SIZE];

    fprintf(file, "snapshot %" PRIu64 " \"", found->number);
    pmt_text_write(file, found->name, found->name_length);
    fprintf(file, "\" (%s)",
            pmt_text_seconds(seconds,
                             found->time *
                                 pmt_stream_header(stream->stream)->tick_ns));
}

static void print_why(const struct pmt_snapshot_report *report, FILE *file)
{
    char buffer[PMT_TEXT_SIZE], wall[PMT_WALL_SIZE];

    if (report->chosen)
        return;
    fputs("  no alloc records: this is the ", file);
    switch (report->moment->kind) {
    case PMT_MOMENT_PEAK:
        fputs("largest snapshot\n", file);
        return;
    case PMT_MOMENT_TIME:
        fprintf(file, "last snapshot up to %s\n",
                pmt_text_seconds(buffer, report->moment->ns));
        return;
    case PMT_MOMENT_MARK:
        fputs("last snapshot up to mark \"", file);
        pmt_text_write(file, report->moment->name,
                       strlen(report->moment->name));
        fputs("\"\n", file);
        return;
    case PMT_MOMENT_WALL:
        fprintf(file, "last snapshot up to %s\n",
                pmt_name_wall(wall, report->moment->real_ns));
        return;
    case PMT_MOMENT_EXIT:
    case PMT_MOMENT_NONE:
    case PMT_MOMENT_END:
        break;
    }
    fputs("last snapshot\n", file);
}

static void print_estimate(const struct sum *sum,
                           const struct pmt_live_rows *rows, FILE *file)
{
    char a[PMT_TEXT_SIZE], b[PMT_RANGE_TEXT_SIZE];

    if (!rows->estimated)
        return;
    fprintf(file, "  ~ estimates from samples of %s, by the mean size of each "
            "row: 95%% sure of %s\n",
            pmt_text_size(a, sum->sample_bytes),
            pmt_live_range_text(b, rows->all_bytes, true));
    pmt_live_unseen_text(rows->grouping.by, sum->sample_bytes, file);
}

static void print_head(const struct pmt_snapshot_report *report,
                       const struct sum *sum,
                       const struct pmt_live_rows *rows, FILE *file)
{
    const struct pmt_snapshots *snapshots = report->snapshots;
    char buffer[PMT_TEXT_SIZE];

    pmt_text_write(file, report->name, strlen(report->name));
    fprintf(file, ": %s%s block%s, ", rows->estimated ? "~" : "",
            pmt_text_count(buffer, sum->level.count),
            sum->level.count == 1 ? "" : "s");
    pmt_live_bytes_text(sum->level.bytes, rows->estimated, file);
    if (snapshots->count > 1)
        fprintf(file, " in %zu snapshots, one a stream", snapshots->count);
    for (size_t i = 0; i < snapshots->stream_count; i++) {
        if (!snapshots->streams[i].found.number)
            continue;
        fputs(snapshots->count > 1 ? "\n  " : " in ", file);
        print_which(&snapshots->streams[i], file);
    }
    putc('\n', file);
    print_why(report, file);
    print_estimate(sum, rows, file);
    for (size_t i = 0; i < snapshots->stream_count; i++)
        print_values(&snapshots->streams[i].found, file);
}

int pmt_snapshot_report_text(const struct pmt_snapshot_report *report,
                             FILE *file)
{
    struct sum sum = sum_of(report->snapshots);
    struct pmt_live_rows rows;
    int code = make_rows(&rows, report);

    if (code)
        return code;
    add_up(&sum, &rows);
    print_head(report, &sum, &rows, file);
    if (rows.count > 0) {
        putc('\n', file);
        pmt_live_rows_text(&rows, &report->view, &sum.level, "blocks", file);
    }
    pmt_live_rows_release(&rows);
    return PMT_OK;
}

/* ---- JSON -------------------------------------------------------------- */

static void json_found(const struct pmt_snapshot_stream *stream,
                       struct pmt_json *json)
{
    const struct pmt_snapshot *found = &stream->found;
    char key[PMT_KEY_SIZE];

    pmt_json_object_begin(json, NULL);
    pmt_json_string(json, "stream",
                    pmt_name_key(key, pmt_stream_key(stream->stream)));
    pmt_json_u64(json, "number", found->number);
    pmt_json_bytes(json, "name", found->name, found->name_length);
    pmt_json_u64(json, "time_ns",
                 found->time * pmt_stream_header(stream->stream)->tick_ns);
    pmt_json_u64(json, "count", found->blocks);
    pmt_json_u64(json, "bytes", found->bytes);
    pmt_json_array_begin(json, "values");
    for (size_t i = 0; i < found->value_count; i++) {
        pmt_json_array_begin(json, NULL);
        pmt_json_bytes(json, NULL, found->values[i].title,
                       strlen(found->values[i].title));
        pmt_json_bytes(json, NULL, found->values[i].unit,
                       strlen(found->values[i].unit));
        pmt_json_i64(json, NULL, found->values[i].value);
        pmt_json_array_end(json);
    }
    pmt_json_array_end(json);
    pmt_json_object_end(json);
}

int pmt_snapshot_report_json(const struct pmt_snapshot_report *report,
                             struct pmt_json *json)
{
    const struct pmt_snapshots *snapshots = report->snapshots;
    struct sum sum = sum_of(snapshots);
    struct pmt_live_rows rows;
    int code = make_rows(&rows, report);

    if (code)
        return code;
    add_up(&sum, &rows);
    pmt_json_line_begin(json);
    pmt_json_string(json, "row", "live");
    pmt_json_string(json, "trace", report->name);
    pmt_json_string(json, "kind", "snapshot");
    pmt_json_u64(json, "time_ns", sum.ns);
    pmt_json_u64(json, "count", sum.level.count);
    pmt_json_u64(json, "bytes", sum.level.bytes);
    pmt_json_bool(json, "estimated", rows.estimated);
    if (rows.estimated) {
        pmt_json_u64(json, "sample_bytes", sum.sample_bytes);
        pmt_live_range_json(rows.all_blocks, rows.all_bytes, json);
        pmt_json_u64(json, "unseen_high",
                     pmt_samples_unseen(sum.sample_bytes));
    }
    pmt_json_array_begin(json, "snapshots");
    for (size_t i = 0; i < snapshots->stream_count; i++)
        if (snapshots->streams[i].found.number)
            json_found(&snapshots->streams[i], json);
    pmt_json_array_end(json);
    pmt_json_u64(json, "streams", snapshots->count);
    pmt_json_u64(json, "groups", rows.count);
    pmt_json_line_end(json);
    pmt_live_rows_json(&rows, &report->view, json);
    pmt_live_rows_release(&rows);
    return PMT_OK;
}
