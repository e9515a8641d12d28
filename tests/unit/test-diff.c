/*
 * test-diff.c: the laws of diff on 1,000 made traces: diff(a, a) is empty,
 * diff(a, b) = -diff(b, a), and the sums are those of the live sets; lines
 * that moved, paths that moved, limits and three moments on small traces,
 * counted by hand.
 *
 * PMT_DIFF_TRACES=N takes N traces, PMT_DIFF_SEED=N begins with another.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "diff-read.h"
#include "diff.h"
#include "live-trace.h"
#include "live.h"
#include "trace-maker.h"

#define OK(call) assert_int_equal(call, PMT_OK)
#define KEYS (PMT_BY_SIZE + 1)

static struct pmt_error err;

/* ---- two sides --------------------------------------------------------- */

/* A diff of every kind of record there is. */
struct diffs {
    struct pmt_diff tables[PMT_DIFF_WHATS];
    struct pmt_diff_reading reading;
    struct pmt_diff_found found[PMT_DIFF_SIDES];
};

static void open_bytes(const struct pmt_buffer *bytes, struct pmt_trace *in)
{
    struct pmt_source source;

    pmt_source_from_memory(&source, bytes->bytes, bytes->used);
    OK(pmt_trace_from_source(in, &source, "made", NULL, &err));
}

static struct pmt_instant instant_of(uint64_t ns)
{
    return (struct pmt_instant){.is_end = ns == UINT64_MAX, .ns = ns};
}

static void begin(struct diffs *d, enum pmt_group_by by, bool cumulative)
{
    memset(d, 0, sizeof *d);
    d->reading.wanted = PMT_DIFF_ANY;
    d->reading.cumulative = cumulative;
    for (int what = 0; what < PMT_DIFF_WHATS; what++) {
        d->tables[what].by = by;
        d->tables[what].figures = what >= PMT_DIFF_HEAP;
        d->tables[what].runs[0] = d->tables[what].runs[1] = 1;
        d->reading.tables[what] = &d->tables[what];
    }
}

static void add(struct diffs *d, enum pmt_diff_side side,
                const struct pmt_buffer *bytes, uint64_t ns)
{
    struct pmt_instant until = instant_of(ns);
    struct pmt_trace in;

    open_bytes(bytes, &in);
    OK(pmt_diff_read(&d->reading, &in, &until, side, 0, &d->found[side],
                     &err));
    pmt_trace_release(&in);
}

static void finish(struct diffs *d)
{
    for (int what = 0; what < PMT_DIFF_WHATS; what++)
        OK(pmt_diff_finish(&d->tables[what]));
}

static void release(struct diffs *d)
{
    for (int what = 0; what < PMT_DIFF_WHATS; what++)
        pmt_diff_release(&d->tables[what]);
    pmt_diff_reading_release(&d->reading);
}

/* ---- the laws ---------------------------------------------------------- */

/* What a row is, in words; `turned`: as the diff the other way has it. */
static char *words_of(const struct pmt_diff *diff,
                      const struct pmt_diff_row *row, bool turned)
{
    char name[512];
    char *words = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&words, &size);

    assert_non_null(file);
    if (row->frame_count == 0) {
        struct pmt_text unit = pmt_diff_text(diff, row->unit);

        pmt_diff_name(name, sizeof name, diff, row);
        fprintf(file, "%s|%.*s", name, (int)unit.length,
                unit.bytes ? unit.bytes : "");
    }
    for (uint32_t i = 0; i < row->frame_count; i++) {
        const struct pmt_diff_site *site = pmt_diff_frame(diff, row, i);
        struct pmt_text at = pmt_diff_text(diff, site->file);
        struct pmt_text function = pmt_diff_text(diff, site->function);
        uint32_t now = site->line;
        uint32_t before = row->line_before ? row->line_before : now;

        fprintf(file, "%.*s|%.*s|%u|%u;", (int)at.length,
                at.bytes ? at.bytes : "?", (int)function.length,
                function.bytes ? function.bytes : "?",
                turned ? now : before, turned ? before : now);
    }
    fclose(file);
    return words;
}

struct line {
    char *words;
    const struct pmt_diff_row *row;
};

static int compare_lines(const void *a, const void *b)
{
    return strcmp(((const struct line *)a)->words,
                  ((const struct line *)b)->words);
}

static struct line *lines_of(const struct pmt_diff *diff, bool turned)
{
    struct line *lines = calloc(diff->changed + 1, sizeof *lines);

    assert_non_null(lines);
    for (size_t i = 0; i < diff->changed; i++) {
        lines[i].row = &diff->rows[diff->order[i]];
        lines[i].words = words_of(diff, lines[i].row, turned);
    }
    qsort(lines, diff->changed, sizeof *lines, compare_lines);
    return lines;
}

static void assert_opposite(const struct pmt_diff_row *x,
                            const struct pmt_diff_row *y)
{
    for (int m = 0; m < PMT_DIFF_MEASURES; m++) {
        assert_true(x->change[m] == -y->change[m]);
        assert_true(x->value[PMT_DIFF_A][m] == y->value[PMT_DIFF_B][m]);
        assert_true(x->value[PMT_DIFF_B][m] == y->value[PMT_DIFF_A][m]);
    }
}

static void assert_turned(const struct pmt_diff *there,
                          const struct pmt_diff *back)
{
    struct line *x = lines_of(there, false), *y = lines_of(back, true);

    assert_int_equal(there->changed, back->changed);
    for (size_t i = 0; i < there->changed; i++) {
        assert_string_equal(x[i].words, y[i].words);
        assert_opposite(x[i].row, y[i].row);
        free(x[i].words);
        free(y[i].words);
    }
    assert_opposite(&there->all, &back->all);
    free(x);
    free(y);
}

/* What tracemalloc sorts by, falling. */
static void assert_order(const struct pmt_diff *diff)
{
    for (size_t i = 1; i < diff->changed && !diff->figures; i++) {
        const struct pmt_diff_row *x = &diff->rows[diff->order[i - 1]];
        const struct pmt_diff_row *y = &diff->rows[diff->order[i]];
        long double a[4], b[4];
        int k = 0;

        for (int m = PMT_DIFF_BYTES; m >= 0; m--, k += 2) {
            a[k] = x->change[m] < 0 ? -x->change[m] : x->change[m];
            b[k] = y->change[m] < 0 ? -y->change[m] : y->change[m];
            a[k + 1] = x->value[PMT_DIFF_B][m];
            b[k + 1] = y->value[PMT_DIFF_B][m];
        }
        for (k = 0; k < 3 && a[k] == b[k]; k++)
            continue;
        assert_true(a[k] >= b[k]);
    }
}

/* The sum on a side is that of the live sets. */
static void assert_total(const struct diffs *d, enum pmt_diff_side side,
                         const struct pmt_buffer *bytes, uint64_t ns)
{
    struct pmt_live_sets live;
    struct pmt_trace in;
    uint64_t count[PMT_LIVE_KINDS] = {0}, size[PMT_LIVE_KINDS] = {0};

    open_bytes(bytes, &in);
    pmt_live_sets_init(&live, PMT_LIVE_ALLOC | PMT_LIVE_OBJECT);
    live.until = instant_of(ns);
    OK(pmt_live_sets_read(&live, &in, &err));
    for (size_t i = 0; i < live.stream_count; i++)
        for (int which = 0; which < PMT_LIVE_KINDS; which++) {
            count[which] += live.streams[i].sets[which].now.count;
            size[which] += live.streams[i].sets[which].now.bytes;
        }
    for (int what = PMT_DIFF_BLOCKS; what <= PMT_DIFF_OBJECTS; what++) {
        const struct pmt_diff_row *all = &d->tables[what].all;

        if (what == PMT_DIFF_BLOCKS && d->found[side].snapshot)
            continue;
        assert_true(all->value[side][PMT_DIFF_COUNT] == count[what]);
        assert_true(all->value[side][PMT_DIFF_BYTES] == size[what]);
    }
    pmt_live_sets_release(&live);
    pmt_trace_release(&in);
}

/* Rows add up to the sum, where a block is in one only. */
static void assert_sum(const struct pmt_diff *diff)
{
    long double sum[PMT_DIFF_MEASURES] = {0, 0};

    for (size_t i = 0; i < diff->changed; i++)
        for (int m = 0; m < PMT_DIFF_MEASURES; m++)
            sum[m] += diff->rows[diff->order[i]].change[m];
    for (int m = 0; m < PMT_DIFF_MEASURES; m++)
        assert_true(sum[m] == diff->all.change[m]);
}

struct pair {
    struct pmt_buffer a, b;
    uint64_t at_a, at_b;
    bool match_lines, same;
};

static void make_diffs(struct diffs *d, const struct pair *pair, bool turned,
                       enum pmt_group_by by, bool cumulative)
{
    begin(d, by, cumulative);
    d->reading.residue = pair->same;
    for (int what = 0; what < PMT_DIFF_WHATS; what++) {
        d->tables[what].match_lines = pair->match_lines;
        d->tables[what].same = pair->same;
        d->tables[what].residue = pair->same && what == PMT_DIFF_BLOCKS;
    }
    add(d, PMT_DIFF_A, turned ? &pair->b : &pair->a,
        turned ? pair->at_b : pair->at_a);
    add(d, PMT_DIFF_B, turned ? &pair->a : &pair->b,
        turned ? pair->at_a : pair->at_b);
    finish(d);
}

/* Returns the rows that changed. */
static size_t check_pair(const struct pair *pair, enum pmt_group_by by,
                         bool cumulative)
{
    struct diffs there, back;
    size_t changed = 0;

    make_diffs(&there, pair, false, by, cumulative);
    make_diffs(&back, pair, true, by, cumulative);
    for (int what = 0; what < PMT_DIFF_WHATS; what++) {
        assert_turned(&there.tables[what], &back.tables[what]);
        assert_order(&there.tables[what]);
        changed += there.tables[what].changed;
        if (!cumulative && what <= PMT_DIFF_OBJECTS)
            assert_sum(&there.tables[what]);
    }
    assert_total(&there, PMT_DIFF_A, &pair->a, pair->at_a);
    assert_total(&there, PMT_DIFF_B, &pair->b, pair->at_b);
    release(&there);
    release(&back);
    return changed;
}

static void check_empty(const struct pair *pair, enum pmt_group_by by)
{
    struct pair same = *pair;
    struct diffs d;

    same.b = same.a;
    same.at_b = same.at_a;
    make_diffs(&d, &same, false, by, false);
    for (int what = 0; what < PMT_DIFF_WHATS; what++)
        assert_int_equal(d.tables[what].changed, 0);
    release(&d);
}

static uint64_t number_of(const char *name, uint64_t preset)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 10) : preset;
}

static uint64_t some_moment(uint64_t *random)
{
    return trace_below(random, 2) ? UINT64_MAX : trace_below(random, 1000000);
}

static void test_laws(void **state)
{
    uint64_t traces = number_of("PMT_DIFF_TRACES", 1000), changed = 0;
    uint64_t first = number_of("PMT_DIFF_SEED", 1);

    (void)state;
    for (uint64_t seed = first; seed < first + traces; seed++) {
        struct trace_plan plan = {.seed = seed, .records = 200};
        enum pmt_group_by by = (enum pmt_group_by)(seed % KEYS);
        uint64_t random = seed;
        struct pair pair = {.same = trace_below(&random, 3) == 0};

        OK(trace_make(&pair.a, &plan, &err));
        plan.seed = pair.same ? seed : seed + 1000000;
        plan.uuid_seed = trace_below(&random, 2) ? seed : 0;
        if (pair.same)
            plan.uuid_seed = 0;
        OK(trace_make(&pair.b, &plan, &err));
        pair.at_a = some_moment(&random);
        pair.at_b = some_moment(&random);
        pair.match_lines = trace_below(&random, 2) && !pair.same;
        changed += check_pair(&pair, by, pmt_group_has_frames(by) &&
                                             trace_below(&random, 3) == 0);
        check_empty(&pair, by);
        pmt_buffer_release(&pair.a);
        pmt_buffer_release(&pair.b);
    }
    /* So that the laws are about something. */
    assert_true(changed > traces * 5);
}

/* ---- by hand ----------------------------------------------------------- */

static struct live_trace trace_a, trace_b;

static int clean(void **state)
{
    (void)state;
    live_trace_release(&trace_a);
    live_trace_release(&trace_b);
    return 0;
}

static const struct pmt_diff_row *row_named(const struct pmt_diff *diff,
                                            const char *name)
{
    char buffer[256];

    for (size_t i = 0; i < diff->present; i++) {
        const struct pmt_diff_row *row = &diff->rows[diff->order[i]];

        pmt_diff_name(buffer, sizeof buffer, diff, row);
        if (strcmp(buffer, name) == 0)
            return row;
    }
    fail_msg("no row %s", name);
    return NULL;
}

static void assert_row(const struct pmt_diff *diff, const char *name,
                       int count, int count_change, int bytes,
                       int bytes_change)
{
    const struct pmt_diff_row *row = row_named(diff, name);

    assert_int_equal((int)row->value[PMT_DIFF_B][PMT_DIFF_COUNT], count);
    assert_int_equal((int)row->change[PMT_DIFF_COUNT], count_change);
    assert_int_equal((int)row->value[PMT_DIFF_B][PMT_DIFF_BYTES], bytes);
    assert_int_equal((int)row->change[PMT_DIFF_BYTES], bytes_change);
}

/* A function of `file` that begins at line `first`; blocks of 100 bytes. */
static void make_version(struct live_trace *trace, const char *file,
                         uint32_t first, const uint32_t *lines,
                         const int *blocks, size_t count)
{
    uint64_t address = 0x1000;

    live_trace_stream(trace, 1, 0, NULL);
    OK(pmt_writer_define_code(trace->writer, 1, file, strlen(file), "f", 1,
                              first, &err));
    for (size_t i = 0; i < count; i++)
        OK(pmt_writer_define_stack(trace->writer, (uint32_t)i + 1, 0, 1,
                                   lines[i], &err));
    for (size_t i = 0; i < count; i++)
        for (int k = 0; k < blocks[i]; k++, address += 16)
            live_trace_malloc(trace, address, 100, (uint32_t)i + 1);
    live_trace_finish(trace, 1);
}

static void read_versions(struct diffs *d, bool match,
                          struct pmt_diff_map *maps, size_t map_count)
{
    begin(d, PMT_BY_SITE, false);
    d->tables[PMT_DIFF_BLOCKS].match_lines = match;
    d->tables[PMT_DIFF_BLOCKS].maps = maps;
    d->tables[PMT_DIFF_BLOCKS].map_count = map_count;
    add(d, PMT_DIFF_A, &trace_a.bytes, UINT64_MAX);
    add(d, PMT_DIFF_B, &trace_b.bytes, UINT64_MAX);
    finish(d);
}

static void test_moved_lines(void **state)
{
    struct pmt_diff_map map = {
        .from = "/old", .to = "/new", .from_length = 4, .to_length = 4};
    struct pmt_diff *blocks;
    struct diffs d;

    (void)state;
    /* Line 10 is the same; 20 moved to 23, not to 40; 30 stays alone. */
    make_version(&trace_a, "/old/a.py", 8, (uint32_t[]){10, 20},
                 (int[]){1, 3}, 2);
    make_version(&trace_b, "/new/a.py", 8, (uint32_t[]){10, 23, 40},
                 (int[]){1, 5, 2}, 3);
    read_versions(&d, true, &map, 1);
    assert_true(map.tried && map.fitted);
    blocks = &d.tables[PMT_DIFF_BLOCKS];
    assert_int_equal(blocks->changed, 2);
    assert_int_equal(blocks->moved, 1);
    assert_row(blocks, "/new/a.py:20 -> 23 f", 5, 2, 500, 200);
    assert_row(blocks, "/new/a.py:40 f", 2, 2, 200, 200);
    assert_row(blocks, "/new/a.py:10 f", 1, 0, 100, 0);
    release(&d);
    read_versions(&d, false, &map, 1);
    assert_int_equal(d.tables[PMT_DIFF_BLOCKS].changed, 3);
    release(&d);
    /* A map is of whole names of folders. */
    map.from_length = 3;
    map.tried = map.fitted = false;
    read_versions(&d, true, &map, 1);
    assert_true(map.tried && !map.fitted);
    assert_int_equal(d.tables[PMT_DIFF_BLOCKS].changed, 5);
    release(&d);
}

/* The function moved by 10 lines, so line 20 of A is line 30 of B, not 20. */
static void test_moved_function(void **state)
{
    struct pmt_diff *blocks;
    struct diffs d;

    (void)state;
    make_version(&trace_a, "a.py", 8, (uint32_t[]){10, 20}, (int[]){2, 4}, 2);
    make_version(&trace_b, "a.py", 18, (uint32_t[]){20, 30, 31},
                 (int[]){2, 5, 1}, 3);
    read_versions(&d, true, NULL, 0);
    blocks = &d.tables[PMT_DIFF_BLOCKS];
    assert_int_equal(blocks->changed, 2);
    assert_row(blocks, "a.py:10 -> 20 f", 2, 0, 200, 0);
    assert_row(blocks, "a.py:20 -> 30 f", 5, 1, 500, 100);
    assert_row(blocks, "a.py:31 f", 1, 1, 100, 100);
    release(&d);
}

static void test_limits(void **state)
{
    static const struct {
        const char *text;
        size_t over;
    } cases[] = {{"0%", 3}, {"49%", 3}, {"50%", 1}, {"100%", 0},
                 {"199B", 3}, {"200B", 1}, {"0.2k", 1}, {"400B", 0},
                 {"1", 3}, {"2", 1}, {"4", 0}, {"0", 3}};
    struct pmt_diff_limit limit;
    struct diffs d;
    char why[128];
    size_t over;

    (void)state;
    /* 400 bytes; 200 more in each of two lines, so 400 in all. */
    make_version(&trace_a, "a.py", 8, (uint32_t[]){10, 20}, (int[]){1, 3}, 2);
    make_version(&trace_b, "a.py", 8, (uint32_t[]){10, 20}, (int[]){3, 5}, 2);
    read_versions(&d, true, NULL, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(pmt_diff_limit_parse(cases[i].text, &limit, why,
                                         sizeof why));
        OK(pmt_diff_gate(&d.tables[PMT_DIFF_BLOCKS], &limit, &over));
        assert_int_equal(over, cases[i].over);
    }
    release(&d);
    assert_false(pmt_diff_limit_parse("", &limit, why, sizeof why));
    assert_false(pmt_diff_limit_parse("%", &limit, why, sizeof why));
    assert_false(pmt_diff_limit_parse("-1%", &limit, why, sizeof why));
    assert_false(pmt_diff_limit_parse("1..5%", &limit, why, sizeof why));
    assert_false(pmt_diff_limit_parse("5 M", &limit, why, sizeof why));
    assert_false(pmt_diff_limit_parse("much", &limit, why, sizeof why));
}

/* What was made at ticks 3 to 6 and lives at the end: the block of tick 5. */
static void test_three(void **state)
{
    struct pmt_diff_window window = {{NULL, 0, 0}, {NULL, 0, 0}};
    struct pmt_instant after = instant_of(20), until = instant_of(60);
    struct pmt_trace in;
    struct diffs d;

    (void)state;
    live_trace_stream(&trace_a, 1, 0, NULL);
    live_trace_site(&trace_a, 1, "a.py", "f", 3);
    live_trace_malloc(&trace_a, 0x1000, 1, 1);  /* tick 1 */
    live_trace_malloc(&trace_a, 0x2000, 2, 1);
    live_trace_malloc(&trace_a, 0x3000, 4, 1);
    live_trace_free(&trace_a, 0x1000);
    live_trace_malloc(&trace_a, 0x1000, 8, 1);  /* tick 5 */
    live_trace_free(&trace_a, 0x2000);
    live_trace_malloc(&trace_a, 0x2000, 16, 1); /* tick 7 */
    live_trace_free(&trace_a, 0x3000);
    live_trace_finish(&trace_a, 1);
    begin(&d, PMT_BY_SITE, false);
    open_bytes(&trace_a.bytes, &in);
    OK(pmt_diff_find_moments(&in, &after, &window.after, &err));
    pmt_trace_release(&in);
    open_bytes(&trace_a.bytes, &in);
    OK(pmt_diff_find_moments(&in, &until, &window.until, &err));
    pmt_trace_release(&in);
    d.reading.window = &window;
    add(&d, PMT_DIFF_B, &trace_a.bytes, UINT64_MAX);
    finish(&d);
    assert_int_equal(d.found[PMT_DIFF_B].born, 1);
    assert_row(&d.tables[PMT_DIFF_BLOCKS], "a.py:3 f", 1, 1, 8, 8);
    release(&d);
    pmt_diff_window_release(&window);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_laws),
        cmocka_unit_test_teardown(test_moved_lines, clean),
        cmocka_unit_test_teardown(test_moved_function, clean),
        cmocka_unit_test_teardown(test_limits, clean),
        cmocka_unit_test_teardown(test_three, clean),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
