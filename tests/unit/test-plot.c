/* test-plot.c: the columns of a chart on traces made by the writer, counted by
 * hand and by a model; and the script for gnuplot on hostile names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "live-trace.h"
#include "plot/figure-text.h"
#include "plot/figure-draw.h"
#include "plot/series.h"

static struct live_trace trace;
static struct pmt_series series;
static struct pmt_error err;

static int finish(void **state)
{
    (void)state;
    pmt_series_release(&series);
    live_trace_release(&trace);
    return 0;
}

static void both_passes(size_t columns, size_t lines)
{
    struct pmt_trace in;

    series = (struct pmt_series){
        .which = series.which,
        .by = series.by,
        .lines_max = lines,
        .columns = columns,
        .until = {.is_end = true, .ns = UINT64_MAX},
    };
    live_trace_open(&trace, &in);
    assert_int_equal(pmt_series_rank(&series, &in, &err), PMT_OK);
    pmt_trace_release(&in);
    live_trace_open(&trace, &in);
    assert_int_equal(pmt_series_fill(&series, &in, &err), PMT_OK);
    pmt_trace_release(&in);
}

static void begin(enum pmt_live_which which, enum pmt_group_by by)
{
    series = (struct pmt_series){.which = which, .by = by};
    live_trace_stream(&trace, 1, 0, NULL);
    live_trace_site(&trace, 1, "a.py", "f", 1);
    live_trace_site(&trace, 2, "b.py", "g", 2);
    live_trace_site(&trace, 3, "c.py", "h", 3);
}

/* Bytes in a column: of each line, then of all others. */
static void column_is(size_t column, uint64_t first, uint64_t second,
                      uint64_t others)
{
    const uint64_t *values = series.values[PMT_SERIES_BYTES] +
                             column * (series.line_count + 1);

    assert_int_equal(values[0], first);
    assert_int_equal(values[1], second);
    assert_int_equal(values[2], others);
}

/* Ticks of 10 ns; the trace ends at tick 9, 90 ns: ten columns of 10 ns. */
static void test_columns(void **state)
{
    (void)state;
    begin(PMT_LIVE_BLOCKS, PMT_BY_SITE);
    live_trace_malloc(&trace, 0x10, 5, 1);
    live_trace_malloc(&trace, 0x20, 100, 2);
    live_trace_malloc(&trace, 0x30, 1, 3);
    live_trace_free(&trace, 0x20);
    trace.time = 6;
    live_trace_malloc(&trace, 0x20, 7, 2);
    live_trace_free(&trace, 0x10);
    live_trace_malloc(&trace, 0x10, 4, 1); /* tick 9 */
    live_trace_finish(&trace, 1);
    both_passes(10, 2);
    assert_int_equal(series.span_ns, 90);
    assert_int_equal(series.column_ns, 10);
    assert_int_equal(series.line_count, 2);
    assert_string_equal(series.lines[0].name, "b.py:2 g");
    assert_int_equal(series.lines[0].most[PMT_SERIES_BYTES], 100);
    assert_int_equal(series.lines[0].most[PMT_SERIES_COUNT], 1);
    assert_string_equal(series.lines[1].name, "a.py:1 f");
    assert_int_equal(series.others, 1);
    assert_int_equal(series.peak.bytes, 106);
    assert_int_equal(series.peak_ns, 30);
    column_is(0, 0, 0, 0);
    column_is(1, 0, 5, 0);
    column_is(2, 100, 5, 0);
    column_is(3, 100, 5, 1);
    column_is(4, 100, 5, 1); /* it was there when the column began */
    column_is(5, 0, 5, 1);
    column_is(7, 7, 5, 1);
    column_is(8, 7, 5, 1);
    column_is(9, 7, 4, 1);
}

/* One tick of a peak in a column of 100: it is what the column shows. */
static void test_short_peak(void **state)
{
    (void)state;
    begin(PMT_LIVE_BLOCKS, PMT_BY_SITE);
    live_trace_malloc(&trace, 0x10, 5, 1);
    trace.time = 140;
    live_trace_malloc(&trace, 0x20, 1000, 2);
    live_trace_malloc(&trace, 0x30, 1, 3);
    live_trace_free(&trace, 0x20);
    live_trace_free(&trace, 0x30);
    trace.time = 298;
    live_trace_free(&trace, 0x10);
    live_trace_finish(&trace, 1);
    both_passes(3, 2);
    column_is(0, 0, 5, 0);
    column_is(1, 1000, 5, 1);
    column_is(2, 0, 5, 0);
}

/* The second begins 200 ns after the first and is over before it ends. */
static void test_two_streams(void **state)
{
    (void)state;
    begin(PMT_LIVE_BLOCKS, PMT_BY_SITE);
    live_trace_malloc(&trace, 0x10, 5, 1);
    trace.time = 58;
    live_trace_malloc(&trace, 0x30, 1, 2); /* tick 59, 590 ns */
    live_trace_finish(&trace, 1);
    live_trace_stream(&trace, 2, 200, NULL);
    live_trace_site(&trace, 9, "a.py", "f", 1);
    live_trace_malloc(&trace, 0x10, 50, 9); /* tick 1: 210 ns */
    trace.time = 18;
    live_trace_free(&trace, 0x77); /* 390 ns */
    live_trace_finish(&trace, 1);
    both_passes(6, 2);
    assert_int_equal(series.span_ns, 590);
    assert_int_equal(series.streams, 2);
    column_is(0, 5, 0, 0);
    column_is(1, 5, 0, 0);
    column_is(2, 55, 0, 0);
    column_is(3, 55, 0, 0);
    column_is(4, 5, 0, 0);
    column_is(5, 5, 1, 0);
}

/* The same stream twice is drawn once. */
static void test_same_stream_twice(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        begin(PMT_LIVE_BLOCKS, PMT_BY_SITE);
        live_trace_malloc(&trace, 0x10, 5, 1);
        live_trace_malloc(&trace, 0x20, 3, 2);
        live_trace_finish(&trace, 1);
    }
    both_passes(1, 2);
    column_is(0, 5, 3, 0);
}

/* ---- against a model --------------------------------------------------- */

#define TICKS 5000
#define ADDRESSES 40

static uint64_t random_state = 0x9e3779b97f4a7c15;

static uint32_t random_below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state % limit);
}

/* What is live behind every tick, by site 1 to 3. */
static uint64_t model[TICKS + 1][3];

static void make_model(void)
{
    uint64_t sizes[ADDRESSES] = {0};
    uint32_t sites[ADDRESSES] = {0};

    for (uint64_t tick = 1; tick <= TICKS; tick++) {
        uint32_t at = random_below(ADDRESSES);

        memcpy(model[tick], model[tick - 1], sizeof model[tick]);
        if (sizes[at]) {
            model[tick][sites[at] - 1] -= sizes[at];
            sizes[at] = 0;
            live_trace_free(&trace, 0x1000 + at * 16);
        } else {
            sizes[at] = 1 + random_below(1000);
            sites[at] = 1 + random_below(3);
            model[tick][sites[at] - 1] += sizes[at];
            live_trace_malloc(&trace, 0x1000 + at * 16, sizes[at],
                              sites[at]);
        }
    }
}

static uint64_t total(uint64_t tick)
{
    return model[tick][0] + model[tick][1] + model[tick][2];
}

static void test_against_model(void **state)
{
    size_t columns = 97, tick = 0;

    (void)state;
    begin(PMT_LIVE_BLOCKS, PMT_BY_SITE);
    make_model();
    live_trace_finish(&trace, 1);
    both_passes(columns, 3);
    assert_int_equal(series.line_count, 3);
    for (size_t c = 0; c < columns; c++) {
        const uint64_t *values = series.values[PMT_SERIES_BYTES] + c * 4;
        uint64_t end = (c + 1) * series.column_ns, best = tick;

        /* The state that the column begins with, and those in it. */
        for (; tick < TICKS && (tick + 1) * 10 < end; tick++)
            if (total(tick + 1) > total(best))
                best = tick + 1;
        for (size_t i = 0; i < 3; i++) {
            const char *name = series.lines[i].name;

            assert_int_equal(values[i], model[best][name[0] - 'a']);
        }
        assert_int_equal(values[3], 0);
    }
    assert_int_equal(tick, TICKS);
}

/* ---- the script -------------------------------------------------------- */

/* Lines that begin with `set label` have one text in double quotes, in which
 * all but plain characters are octal escapes, and after it only a place, a
 * font and a colour; nothing of the names is elsewhere. */
static void check_script(char *script)
{
    char *line, *rest = script;

    while ((line = strsep(&rest, "\n")) != NULL) {
        if (strncmp(line, "set label ", 10) != 0) {
            assert_null(strstr(line, "pwned"));
            continue;
        }
        assert_int_equal(line[10], '"');
        for (line += 11; *line != '"'; line++) {
            if (*line == '\\')
                assert_true(strspn(line + 1, "01234567") >= 3);
            assert_null(strchr("`$@'{}%;", *line)); /* nor the end */
            assert_true((unsigned char)*line >= ' ');
        }
        assert_int_equal(strncmp(line, "\" at screen ", 12), 0);
        assert_null(strstr(line, "pwned"));
    }
}

static void make_figure(struct pmt_plot_figure *figure,
                        const char *const names[5])
{
    struct pmt_panel *panel =
        pmt_figure_panel(figure, PMT_PANEL_STACKED, "live", PMT_UNIT_BYTES,
                         series.columns, 0, (double)series.span_ns, true);

    assert_non_null(panel);
    pmt_figure_title(figure, "%s", "'`touch pwned`'\n.pmt");
    pmt_figure_subtitle(figure, "%s", names[1]);
    pmt_figure_note(figure, "%s", names[2]);
    for (size_t i = 0; i < 5; i++) {
        struct pmt_curve *curve = pmt_panel_curve(
            figure, panel, series.lines[i].name, (int)i, false);

        assert_non_null(curve);
        curve->note = strdup(names[i]);
        curve->values[0] = 1;
        pmt_figure_mark(figure, (double)(i * 10), names[i]);
    }
    assert_false(figure->failed);
}

static void test_hostile_names(void **state)
{
    static const char *const names[] = {
        "`touch pwned`", "\"; system('touch pwned')\"", "'\nset print 'pwned",
        "pwned\\", "@pwned $pwned {/Symbol pwned}_%s%n\x1b[31m\xff\xfe",
    };
    struct pmt_plot_figure figure = {0};
    struct pmt_figure_drawing drawing = {
        .figure = &figure, .width = 1200, .height = 800};
    char *script = NULL;
    size_t size;
    FILE *file;

    (void)state;
    begin(PMT_LIVE_BLOCKS, PMT_BY_SITE);
    for (uint32_t i = 0; i < 5; i++) {
        live_trace_site(&trace, 10 + i, names[i], names[i], i);
        live_trace_malloc(&trace, 0x1000 + i * 16, 10 + i, 10 + i);
    }
    live_trace_finish(&trace, 1);
    both_passes(10, 9);
    assert_int_equal(series.line_count, 5);
    make_figure(&figure, names);
    file = open_memstream(&script, &size);
    assert_non_null(file);
    pmt_figure_script(&drawing, file);
    assert_int_equal(fclose(file), 0);
    assert_non_null(strstr(script, "touch pwned"));
    check_script(script);
    free(script);
    pmt_figure_release(&figure);
}

static void name_is(const char *name, size_t width, const char *expected)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    assert_non_null(file);
    pmt_figure_put_name(file, name, width);
    assert_int_equal(fclose(file), 0);
    assert_string_equal(text, expected);
    free(text);
}

static void test_names(void **state)
{
    (void)state;
    name_is("/usr/lib/python3/json/decoder.py:355 raw_decode", 60,
            "\"/usr/lib/python3/json/decoder.py:355 raw_decode\"");
    name_is("/usr/lib/python3/json/decoder.py:355 raw_decode", 40,
            "\"…/json/decoder.py:355 raw_decode\"");
    name_is("raw_decode (/usr/lib/python3/json/decoder.py)", 40,
            "\"raw_decode (…/json/decoder.py)\"");
    name_is("/usr/lib/python3/json/decoder.py:355 raw_decode", 30,
            "\"…/decoder.py:355 raw_decode\"");
    name_is("/usr/lib/python3/json/decoder.py:355 raw_decode", 10,
            "\"dec…decode\"");
    name_is("it's", 40, "\"it\\047s\"");
    name_is("/", 40, "\"/\"");
    name_is("", 40, "\"\"");
    name_is("/a//////////////////////////////////////////////", 9,
            "\"…//\"");
}

static void tic_is(const char *name, const char *expected)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    assert_non_null(file);
    pmt_figure_put_tic(file, name, 40);
    assert_int_equal(fclose(file), 0);
    assert_string_equal(text, expected);
    free(text);
}

/* gnuplot takes the label of a tic as a format: %% is a per cent sign. */
static void test_tics(void **state)
{
    (void)state;
    tic_is("100% of a.py", "\"100\\045\\045 of a.py\"");
    tic_is("%n7", "\"\\045\\045n7\"");
    tic_is("a.py", "\"a.py\"");
}

static void copy_is(const char *bytes, size_t length, const char *expected)
{
    char *copy = pmt_figure_copy(bytes, length);

    assert_non_null(copy);
    assert_string_equal(copy, expected);
    free(copy);
}

static void test_spelled(void **state)
{
    char name[8];

    (void)state;
    copy_is("", 0, "");
    copy_is(NULL, 0, "");
    copy_is("abc", 2, "ab");
    copy_is("\0a\0\0", 4, "\\x00a\\x00\\x00");
    /* What has no room goes from the end. */
    memcpy(name, "ab\0defg", 8);
    assert_string_equal(pmt_figure_spell(name, sizeof name, 7), "ab\\x00d");
    memcpy(name, "abcdef\0", 8);
    assert_string_equal(pmt_figure_spell(name, sizeof name, 9), "abcdef");
    memcpy(name, "\0\0\0\0\0\0\0", 8);
    assert_string_equal(pmt_figure_spell(name, sizeof name, 7), "\\x00");
    memcpy(name, "abcdefg", 8);
    assert_string_equal(pmt_figure_spell(name, sizeof name, 2), "ab");
}

#define TEST(test) cmocka_unit_test_teardown(test, finish)

/* What is told apart stays longest: the last part of a path, the line, the
 * function. */
static void test_short_names(void **state)
{
    static const struct {
        const char *name;
        size_t width;
        const char *want;
    } cases[] = {
        {"/srv/shop/app.py:12 load", 24, "/srv/shop/app.py:12 load"},
        {"/srv/shop/app.py:12 load", 23, "…/shop/app.py:12 load"},
        {"/srv/shop/app.py:12 load", 20, "…/app.py:12 load"},
        {"/srv/shop/app.py:12 load", 15, "app.py:12 load"},
        {"load (/srv/shop/app.py)", 22, "load (…/shop/app.py)"},
        {"load (/srv/shop/app.py)", 15, "load (…/app.py)"},
        {"load (/srv/shop/app.py)", 14, "load"},
        {"load (<frozen importlib._bootstrap>)", 30, "load"},
        {"python3 -c f(1) (a b c)", 10, "python3 -c f(1) (a b c)"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *name = pmt_figure_short_paths(cases[i].name, cases[i].width);

        assert_string_equal(name, cases[i].want);
        free(name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short_names),
        TEST(test_columns),
        TEST(test_short_peak),
        TEST(test_two_streams),
        TEST(test_same_stream_twice),
        TEST(test_against_model),
        TEST(test_hostile_names),
        TEST(test_names),
        TEST(test_tics),
        TEST(test_spelled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
