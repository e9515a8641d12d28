/*
 * fuzz-live.c - any trace through the analyses of what is live: the sets at the
 * end, at the peak and at a time, their groups by one key as text and JSON, and
 * the data and script of a chart.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"
#include "fuzz.h"
#include "live-report.h"
#include "live.h"
#include "open.h"
#include "plot/figure-draw.h"
#include "plot/series.h"
#include "plot/series.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room,
                               unsigned seed)
{
    return fuzz_mutate_trace(data, size, room, seed);
}

static FILE *nowhere(void)
{
    static FILE *file;

    if (!file) {
        file = fopen("/dev/null", "w");
        FUZZ_MUST(file);
    }
    return file;
}

/* False: no trace. */
static bool open_bytes(const uint8_t *data, size_t size, struct pmt_trace *in)
{
    struct pmt_source source;
    struct pmt_error err;

    pmt_source_from_memory(&source, data, size);
    return pmt_trace_from_source(in, &source, "fuzz", NULL, &err) == PMT_OK;
}

/* One of the keys, told by the bytes: a finding can be made again. */
static enum pmt_group_by key_of(const uint8_t *data, size_t size)
{
    return (enum pmt_group_by)(size ? data[size / 3] % (PMT_BY_LABEL + 1)
                                    : 0);
}

/* What a set says of itself is what is in it. */
static void check_set(const struct pmt_live_set *set)
{
    const struct pmt_block *block;
    uint64_t count = 0, bytes = 0;
    uint32_t at = 0;

    while ((block = pmt_live_table_next(&set->table, &at)) != NULL) {
        count++;
        bytes += pmt_sampling_weigh(set->sample_bytes, block->size).bytes;
    }
    FUZZ_MUST(count == set->now.count && count == set->table.count);
    FUZZ_MUST(bytes == set->now.bytes);
    /* Sums of bytes may pass 2^64, so nothing is known of their peak. */
    FUZZ_MUST(set->kind == PMT_KIND_ALLOC || count <= set->peak.count);
}

static void report_all(const struct pmt_live_sets *live,
                       const struct pmt_moment *moment, enum pmt_group_by by)
{
    struct pmt_live_report report = {
        .name = "fuzz", .moment = moment, .live = live,
        .view = {.top = 3, .stacks = true, .by = by},
    };
    struct pmt_json json;

    pmt_json_init(&json, nowhere());
    for (int which = 0; which < PMT_LIVE_KINDS; which++) {
        report.which = (enum pmt_live_which)which;
        FUZZ_MUST(pmt_live_report_text(&report, nowhere()) == PMT_OK);
        FUZZ_MUST(pmt_live_report_json(&report, &json) == PMT_OK);
    }
}

/* With `steps` at the peak, else up to `until`. Returns steps of the peak, to
 * be freed. */
static void *read_live(const uint8_t *data, size_t size,
                       struct pmt_instant until, void *steps, size_t *count)
{
    struct pmt_moment moment = {.kind = PMT_MOMENT_TIME, .ns = until.ns};
    struct pmt_live_sets live;
    struct pmt_trace in;
    struct pmt_error err;
    void *peaks;

    if (!open_bytes(data, size, &in))
        return NULL;
    pmt_live_sets_init(&live, PMT_LIVE_ALLOC | PMT_LIVE_OBJECT);
    live.until = until;
    live.until_steps = steps;
    live.until_step_count = *count;
    FUZZ_MUST(pmt_live_sets_read(&live, &in, &err) == PMT_OK);
    for (size_t i = 0; i < live.stream_count; i++)
        for (int which = 0; which < PMT_LIVE_KINDS; which++) {
            const struct pmt_live_set *set = &live.streams[i].sets[which];

            check_set(set);
            if (steps)
                FUZZ_MUST(set->now.bytes == set->peak.bytes &&
                          set->now.count == set->peak.count);
        }
    report_all(&live, &moment, key_of(data, size));
    peaks = pmt_live_sets_peaks(&live);
    *count = live.stream_count;
    FUZZ_MUST(peaks);
    pmt_live_sets_release(&live);
    pmt_trace_release(&in);
    return peaks;
}

/* The last snapshots not after a moment, or the largest. */
static void read_snapshots(const uint8_t *data, size_t size,
                           struct pmt_instant until)
{
    struct pmt_moment moment = {.kind = PMT_MOMENT_TIME, .ns = until.ns};
    struct pmt_snapshots snapshots;
    struct pmt_snapshot_report report = {
        .name = "fuzz", .moment = &moment, .snapshots = &snapshots,
        .view = {.top = 3, .stacks = true, .by = key_of(data, size)},
    };
    struct pmt_trace in;
    struct pmt_event event;
    struct pmt_error err;
    struct pmt_json json;

    if (!open_bytes(data, size, &in))
        return;
    pmt_snapshots_init(&snapshots, until.is_end ? PMT_SNAPSHOT_LARGEST
                                                : PMT_SNAPSHOT_LATEST);
    snapshots.until = until;
    while (pmt_trace_next(&in, &event, &err) == PMT_OK)
        FUZZ_MUST(pmt_snapshots_take(&snapshots, in.reader, &event, &err) ==
                  PMT_OK);
    pmt_snapshots_finish(&snapshots);
    pmt_json_init(&json, nowhere());
    if (snapshots.count > 0) {
        FUZZ_MUST(pmt_snapshot_report_text(&report, nowhere()) == PMT_OK);
        FUZZ_MUST(pmt_snapshot_report_json(&report, &json) == PMT_OK);
    }
    pmt_snapshots_release(&snapshots);
    pmt_trace_release(&in);
}

static void draw_series(const struct pmt_series *series)
{
    struct pmt_plot_figure figure = {0};
    struct pmt_figure_drawing drawing = {
        .figure = &figure, .width = 1200, .height = 800};
    struct pmt_panel *panel = pmt_figure_panel(
        &figure, PMT_PANEL_LINES, "", PMT_UNIT_BYTES, series->columns,
        (double)series->begin_ns, (double)series->span_ns, true);
    const struct pmt_gauges *gauges = series->gauges;
    const struct pmt_terminal_look terminal = {
        .columns = 80, .rows = 24, .colours = gauges->count & 1,
        .ascii = gauges->count & 2};
    struct pmt_json json;

    FUZZ_MUST(panel != NULL);
    for (size_t i = 0; i < gauges->count; i++) {
        struct pmt_curve *curve = pmt_panel_curve(
            &figure, panel, gauges->gauges[i].name, (int)i, true);

        FUZZ_MUST(curve != NULL);
        pmt_gauge_hold(&gauges->gauges[i], series->columns, curve->values,
                       curve->low, curve->high);
    }
    for (size_t i = 0; i < series->line_count; i++)
        FUZZ_MUST(pmt_panel_curve(&figure, panel, series->lines[i].name,
                                  (int)i, false) != NULL);
    pmt_figure_script(&drawing, nowhere());
    pmt_figure_table(&figure, nowhere());
    pmt_json_init(&json, nowhere());
    pmt_figure_json(&figure, &json);
    pmt_figure_terminal(&figure, &terminal, nowhere());
    pmt_figure_release(&figure);
}

static void draw(const uint8_t *data, size_t size, enum pmt_live_which which)
{
    struct pmt_gauges gauges = {.memory = true, .gc = true};
    struct pmt_series series = {
        .which = which,
        .gauges = &gauges,
        .by = key_of(data, size),
        .lines_max = 3,
        .columns = 20,
        .until = {.is_end = true, .ns = UINT64_MAX},
    };
    struct pmt_trace in;
    struct pmt_error err;

    if (!open_bytes(data, size, &in))
        return;
    FUZZ_MUST(pmt_series_rank(&series, &in, &err) == PMT_OK);
    pmt_trace_release(&in);
    FUZZ_MUST(open_bytes(data, size, &in));
    FUZZ_MUST(pmt_series_fill(&series, &in, &err) == PMT_OK);
    pmt_trace_release(&in);
    draw_series(&series);
    pmt_series_release(&series);
    pmt_gauges_release(&gauges);
}

/* Each takes several passes. */
const unsigned fuzz_changes = 1;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pmt_instant end = {.is_end = true, .ns = UINT64_MAX};
    struct pmt_instant then = {.ns = size ? data[size / 2] * 10 : 0};
    size_t count = 0;
    void *steps, *again;

    steps = read_live(data, size, end, NULL, &count);
    if (!steps)
        return 0;
    again = read_live(data, size, end, steps, &count);
    free(again);
    free(steps);
    count = 0;
    free(read_live(data, size, then, NULL, &count));
    read_snapshots(data, size, end);
    read_snapshots(data, size, then);
    draw(data, size, PMT_LIVE_BLOCKS);
    draw(data, size, PMT_LIVE_OBJECTS);
    return 0;
}
