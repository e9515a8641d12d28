/* series-json.c: see series-json.h. */
#include "series-json.h"

#include <string.h>

#include "cli/json.h"

static void put_bytes(struct pmt_json *j, const char *key, const char *text)
{
    pmt_json_bytes(j, key, text, strlen(text));
}

static void put_head(struct pmt_json *j, const struct pmt_series *series,
                     const char *trace)
{
    pmt_json_line_begin(j);
    pmt_json_string(j, "row", "plot");
    pmt_json_string(j, "trace", trace);
    if (series->streams > 0) {
        pmt_json_string(j, "kind", series->which == PMT_LIVE_BLOCKS
                                       ? "alloc"
                                       : "object");
        pmt_json_string(j, "by", pmt_group_by_names[series->by]);
        pmt_json_u64(j, "peak_count", series->peak.count);
        pmt_json_u64(j, "peak_bytes", series->peak.bytes);
        pmt_json_u64(j, "others", series->others);
    }
    put_bytes(j, "program", series->program ? series->program : "");
    pmt_json_u64(j, "columns", series->columns);
    pmt_json_u64(j, "column_ns", series->column_ns);
    pmt_json_u64(j, "begin_ns", series->begin_ns);
    pmt_json_u64(j, "span_ns", series->span_ns);
    pmt_json_u64(j, "streams", series->streams);
    pmt_json_bool(j, "estimated", series->sample_bytes > 0);
    pmt_json_u64(j, "sample_bytes", series->sample_bytes);
    pmt_json_bool(j, "approximate", series->approximate);
    pmt_json_line_end(j);
}

static void put_marks(struct pmt_json *j, const struct pmt_series *series)
{
    for (size_t i = 0; i < series->mark_count; i++) {
        pmt_json_line_begin(j);
        pmt_json_string(j, "row", "mark");
        pmt_json_u64(j, "time_ns", series->marks[i].ns);
        put_bytes(j, "text", series->marks[i].text);
        pmt_json_line_end(j);
    }
}

/* The last line is all others. */
static void put_line(struct pmt_json *j, const struct pmt_series *series,
                     int what, size_t line)
{
    size_t stride = series->line_count + 1;

    pmt_json_line_begin(j);
    pmt_json_string(j, "row", "live");
    pmt_json_string(j, "what", what == PMT_SERIES_BYTES ? "bytes" : "count");
    if (line < series->line_count) {
        put_bytes(j, "name", series->lines[line].name);
        pmt_json_u64(j, "most", series->lines[line].most[what]);
    } else {
        pmt_json_null(j, "name");
        pmt_json_u64(j, "groups", series->others);
    }
    pmt_json_array_begin(j, "values");
    for (size_t c = 0; c < series->columns; c++)
        pmt_json_u64(j, NULL, series->values[what][c * stride + line]);
    pmt_json_array_end(j);
    pmt_json_line_end(j);
}

static void put_gauge(struct pmt_json *j, const struct pmt_series *series,
                      const struct pmt_gauge *gauge)
{
    pmt_json_line_begin(j);
    pmt_json_string(j, "row", "memory");
    put_bytes(j, "name", gauge->name);
    put_bytes(j, "program", gauge->program);
    pmt_json_u64(j, "most", gauge->most);
    pmt_json_array_begin(j, "values");
    for (size_t c = 0; c < series->columns; c++)
        if (gauge->there[c])
            pmt_json_u64(j, NULL, gauge->values[c]);
        else
            pmt_json_null(j, NULL);
    pmt_json_array_end(j);
    pmt_json_line_end(j);
}

static void put_pauses(struct pmt_json *j, const struct pmt_series *series,
                       const struct pmt_pauses *pauses)
{
    pmt_json_line_begin(j);
    pmt_json_string(j, "row", "gc");
    pmt_json_u64(j, "collections", pauses->count);
    pmt_json_u64(j, "duration_ns", pauses->total_ns);
    pmt_json_u64(j, "longest_ns", pauses->most_ns);
    pmt_json_array_begin(j, "values");
    for (size_t c = 0; c < series->columns; c++)
        pmt_json_u64(j, NULL, pauses->longest_ns[c]);
    pmt_json_array_end(j);
    pmt_json_array_begin(j, "counts");
    for (size_t c = 0; c < series->columns; c++)
        pmt_json_u64(j, NULL, pauses->collections[c]);
    pmt_json_array_end(j);
    pmt_json_line_end(j);
}

/* A process, a program, or with the name null all others. */
static void put_share(struct pmt_json *j, const struct pmt_chart *chart,
                      size_t line)
{
    const struct pmt_series *series = chart->series;
    const struct pmt_shares *s = series->shares;
    bool one = s->processes == 1;

    pmt_json_line_begin(j);
    pmt_json_string(j, "row", s->programs ? "program" : "process");
    if (line < s->line_count) {
        put_bytes(j, "name", s->lines[line].name);
        pmt_json_u64(j, "processes", s->lines[line].processes);
        pmt_json_u64(j, "most", s->lines[line].most);
    } else {
        pmt_json_null(j, "name");
        pmt_json_u64(j, "processes", s->others);
    }
    for (int what = 0; what < 2; what++) {
        const struct pmt_stack *stack = what ? &s->cpu : &s->rss;

        if (what ? !chart->cpu || !s->has_cpu : !chart->memory)
            continue;
        pmt_json_array_begin(j, what ? "cpu_ns" : "rss");
        for (size_t c = 0; c < series->columns; c++)
            pmt_json_u64(j, NULL,
                         one && what
                             ? stack->values[2 * c] + stack->values[2 * c + 1]
                             : stack->values[c * stack->slots + line]);
        pmt_json_array_end(j);
    }
    pmt_json_line_end(j);
}

void pmt_series_json(const struct pmt_chart *chart, const char *trace,
                     FILE *file)
{
    const struct pmt_series *series = chart->series;
    const struct pmt_gauges *gauges = series->gauges;
    struct pmt_json json;

    pmt_json_init(&json, file);
    put_head(&json, series, trace);
    put_marks(&json, series);
    for (int what = 0; what < PMT_SERIES_WHATS; what++)
        for (size_t i = 0; series->streams > 0 && chart->show[what] &&
                           i < series->line_count + (series->others > 0);
             i++)
            put_line(&json, series, what, i);
    for (size_t i = 0; gauges && chart->memory && i < gauges->count; i++)
        put_gauge(&json, series, &gauges->gauges[i]);
    for (size_t i = 0; series->shares && series->shares->rss.values &&
                       i < series->shares->line_count +
                               (series->shares->others > 0);
         i++)
        put_share(&json, chart, i);
    if (gauges && chart->gc && gauges->pauses.count > 0)
        put_pauses(&json, series, &gauges->pauses);
}
