/* top-calls.c: what functions did, as text and as JSON; see top-report.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"
#include "group-json.h"
#include "names.h"
#include "together.h"
#include "top-report.h"

struct rank {
    int64_t first, second;
    uint32_t row;
};

struct shown {
    const struct pmt_top_calls *what;
    const struct pmt_calls *calls;
    struct rank *ranks;
    size_t count, shown;
    bool lines; /* of kind line */
};

/* ---- rows ---------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const struct rank *x = a, *y = b;

    if (x->first != y->first)
        return x->first < y->first ? 1 : -1;
    if (x->second != y->second)
        return x->second < y->second ? 1 : -1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static int64_t number_of(const struct shown *s, const struct pmt_calls_row *row)
{
    return (int64_t)(s->lines ? row->lines : row->calls);
}

static struct rank rank_of(const struct shown *s, uint32_t number)
{
    const struct pmt_calls_row *row = &s->calls->rows[number];

    switch ((int)s->what->sort) {
    case PMT_TOP_BY_BYTES:
        return (struct rank){row->own_rss, row->own_ns, number};
    case PMT_TOP_BY_COUNT:
        return (struct rank){number_of(s, row), row->own_ns, number};
    case PMT_TOP_BY_TOTAL:
        return (struct rank){row->total_ns, row->own_ns, number};
    default:
        return (struct rank){row->own_ns, number_of(s, row), number};
    }
}

static bool rank_all(struct shown *s)
{
    s->ranks = calloc(s->calls->row_count + 1, sizeof *s->ranks);
    if (!s->ranks)
        return false;
    for (uint32_t i = 0; i < s->calls->row_count; i++)
        if (pmt_calls_is_row(&s->calls->rows[i]))
            s->ranks[s->count++] = rank_of(s, i);
    qsort(s->ranks, s->count, sizeof *s->ranks, compare);
    s->shown = s->count < s->what->top ? s->count : s->what->top;
    return true;
}

static double rate(const struct shown *s, uint64_t number)
{
    uint64_t ns = s->calls->span_ns;

    return ns ? (double)number / ((double)ns / 1e9) : 0;
}

/* Of Python the group's name, of C functions "module.name". */
static void name_of(char name[PMT_NAME_SIZE], const struct shown *s,
                    uint32_t row)
{
    const struct pmt_grouping *grouping = &s->calls->grouping;
    size_t length;
    const void *bytes;

    if (!(row & 1)) {
        pmt_group_name(name, PMT_NAME_SIZE, grouping,
                       &grouping->groups[row / 2]);
        return;
    }
    bytes = pmt_intern_bytes(&s->calls->names, row / 2, &length);
    if (length > PMT_NAME_SIZE - 1)
        length = PMT_NAME_SIZE - 1;
    memcpy(name, bytes, length);
    name[length] = '\0';
}

/* ---- text ---------------------------------------------------------------- */

/* "-12 B" */
static void put_change(struct pmt_listing *list, int64_t bytes)
{
    char text[PMT_TEXT_SIZE];

    pmt_listing_text(list, bytes ? pmt_text_size_delta(text, bytes) : "0 B");
}

static void put_numbers(struct pmt_listing *list, const struct shown *s,
                        const struct pmt_calls_row *row, bool all)
{
    char text[PMT_TEXT_SIZE];
    uint64_t number = (uint64_t)number_of(s, row);

    if (s->lines)
        pmt_listing_count(list, row->lines);
    pmt_listing_count(list, row->calls);
    pmt_listing_text(list, pmt_text_count(text, (uint64_t)rate(s, number)));
    pmt_listing_seconds(list, (uint64_t)row->own_ns);
    if (all)
        pmt_listing_text(list, NULL);
    else
        pmt_listing_seconds(list, (uint64_t)row->total_ns);
    if (!s->calls->has_rss)
        return;
    put_change(list, row->own_rss);
    if (all)
        pmt_listing_text(list, NULL);
    else
        put_change(list, row->total_rss);
}

static void print_head(const struct shown *s, FILE *file)
{
    const struct pmt_calls *calls = s->calls;
    char a[PMT_TEXT_SIZE], b[PMT_TEXT_SIZE], c[PMT_TEXT_SIZE];
    uint64_t number = s->lines ? calls->all.lines : calls->all.calls;

    pmt_text_write(file, s->what->name, strlen(s->what->name));
    fprintf(file, ": %s %s%s, ", pmt_text_count(a, number),
            s->lines ? "line" : "call", pmt_text_plural(number));
    if (!s->lines)
        fprintf(file, "%s of them of C functions, ",
                pmt_text_count(a, calls->c_calls));
    fprintf(file, "in %s: %s a second\n", pmt_text_seconds(b, calls->span_ns),
            pmt_text_count(c, (uint64_t)rate(s, number)));
    if (s->what->from || s->what->moment->kind != PMT_MOMENT_NONE) {
        fputs("  ", file);
        if (s->what->from) {
            fputs("since ", file);
            pmt_top_moment_text(s->what->from, 0, file);
            fputc(' ', file);
        }
        fputs("up to ", file);
        pmt_top_moment_text(s->what->moment, calls->now_ns, file);
        fputc('\n', file);
    }
    if (calls->all.exceptions)
        fprintf(file, s->lines ? "  %s exceptions\n" : "  %s left by an exception\n",
                pmt_text_count(a, calls->all.exceptions));
    if (calls->has_rss)
        fprintf(file, "  the resident set size changed by %s\n",
                calls->all.own_rss
                    ? pmt_text_size_delta(a, calls->all.own_rss)
                    : "0 B");
    if (calls->not_recorded)
        fprintf(file, "  %s events were not recorded, as asked for\n",
                pmt_text_count(a, calls->not_recorded));
    if (calls->exits_unknown)
        fputs("  functions that were entered before recording began have no "
              "call\n", file);
}

static void print_text(const struct shown *s, FILE *file)
{
    struct pmt_listing_column columns[8] = {{0}};
    struct pmt_listing *list;
    char name[PMT_NAME_SIZE];
    size_t n = 0;

    if (s->lines)
        columns[n++].title = "lines";
    columns[n++].title = "calls";
    columns[n++].title = "a second";
    columns[n++].title = "own";
    columns[n++].title = "total";
    if (s->calls->has_rss) {
        columns[n++].title = "rss own";
        columns[n++].title = "rss total";
    }
    for (size_t i = 0; i < n; i++)
        columns[i].right = true;
    columns[n] = (struct pmt_listing_column){
        .title = pmt_group_by_names[s->calls->by], .shrinks = true};
    list = pmt_listing_new(columns, n + 1);
    for (size_t i = 0; i < s->shown; i++) {
        put_numbers(list, s, &s->calls->rows[s->ranks[i].row], false);
        name_of(name, s, s->ranks[i].row);
        pmt_listing_text(list, name);
    }
    if (s->shown < s->count) {
        snprintf(name, sizeof name, "(%zu more)", s->count - s->shown);
        pmt_listing_below(list, n, name);
    }
    put_numbers(list, s, &s->calls->all, true);
    pmt_listing_text(list, "(all)");
    fputc('\n', file);
    pmt_listing_print(list, file);
    pmt_listing_free(list);
}

/* ---- JSON ---------------------------------------------------------------- */

static void put_row(struct pmt_json *json, const struct shown *s,
                    const struct pmt_calls_row *row, bool all)
{
    if (s->lines)
        pmt_json_u64(json, "lines", row->lines);
    pmt_json_u64(json, "calls", row->calls);
    if (!s->lines)
        pmt_json_u64(json, "resumes", row->resumes);
    pmt_json_u64(json, "exceptions", row->exceptions);
    pmt_json_double(json, s->lines ? "lines_per_second" : "calls_per_second",
                    rate(s, (uint64_t)number_of(s, row)));
    pmt_json_i64(json, "own_ns", row->own_ns);
    if (!all)
        pmt_json_i64(json, "total_ns", row->total_ns);
    if (!s->calls->has_rss)
        return;
    pmt_json_i64(json, "own_rss", row->own_rss);
    if (!all)
        pmt_json_i64(json, "total_rss", row->total_rss);
}

static void print_json(const struct shown *s, struct pmt_json *json)
{
    const struct pmt_calls *calls = s->calls;
    char name[PMT_NAME_SIZE];

    pmt_json_line_begin(json);
    pmt_json_string(json, "row", "top");
    pmt_json_string(json, "trace", s->what->name);
    pmt_together_json(s->what->path, json);
    pmt_json_string(json, "kind", s->lines ? "line" : "call");
    pmt_json_string(json, "by", pmt_group_by_names[calls->by]);
    pmt_json_string(json, "moment", pmt_top_moment_word(s->what->moment));
    pmt_json_u64(json, "time_ns", calls->now_ns);
    pmt_json_u64(json, "span_ns", calls->span_ns);
    pmt_json_u64(json, "records", calls->records);
    put_row(json, s, &calls->all, true);
    if (!s->lines)
        pmt_json_u64(json, "c_calls", calls->c_calls);
    pmt_json_u64(json, "not_recorded", calls->not_recorded);
    pmt_json_u64(json, "streams", calls->streams);
    pmt_json_u64(json, "groups", s->count);
    pmt_json_line_end(json);
    for (size_t i = 0; i < s->shown; i++) {
        uint32_t row = s->ranks[i].row;

        name_of(name, s, row);
        pmt_json_line_begin(json);
        pmt_json_string(json, "row", pmt_group_by_names[calls->by]);
        pmt_json_string(json, "name", name);
        pmt_json_bool(json, "c", row & 1);
        put_row(json, s, &calls->rows[row], false);
        if (!(row & 1))
            pmt_group_json(json, calls->by, &calls->grouping.groups[row / 2]);
        pmt_json_line_end(json);
    }
}

int pmt_top_calls(const struct pmt_top_calls *what, struct pmt_tables *tables)
{
    struct shown s = {.what = what, .calls = what->calls,
                      .lines = what->calls->kind == PMT_KIND_LINE};

    if (!rank_all(&s))
        return PMT_ERR_MEMORY;
    pmt_tables_next(tables);
    if (tables->as_json) {
        print_json(&s, &tables->json);
    } else {
        print_head(&s, tables->out.file);
        print_text(&s, tables->out.file);
    }
    free(s.ranks);
    return PMT_OK;
}
