/* test-group.c: modules of files, classes of sizes, and cumulative groups as
 * counted by hand. Names as they are printed are test-top.py's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "group.h"
#include "live-trace.h"
#include "live.h"

static void expect_module(const char *file, const char *module)
{
    struct pmt_text text = {file, (uint32_t)strlen(file)};
    struct pmt_text found = pmt_group_module(text);

    assert_int_equal(found.length, strlen(module));
    assert_memory_equal(found.bytes, module, found.length);
}

static void test_modules(void **state)
{
    (void)state;
    expect_module("/usr/lib/python3.11/json/decoder.py", "json/decoder");
    expect_module("/usr/lib/python3.11/json/__init__.py", "json");
    expect_module("/v/lib/python3.13/site-packages/numpy/core/x.py",
                  "numpy/core/x");
    expect_module("/usr/lib/python3/dist-packages/cbor2/__init__.py", "cbor2");
    expect_module("/a/b.zip/pack/mod.py", "pack/mod");
    expect_module("/home/me/app.py", "app");
    expect_module("/home/me/pack/__init__.py", "pack");
    expect_module("app.py", "app");
    expect_module("app.pyc", "app");
    expect_module("__init__.py", "__init__");
    expect_module("<frozen importlib._bootstrap>", "importlib._bootstrap");
    expect_module("<frozen >", "<frozen >");
    expect_module("<string>", "<string>");
    expect_module("/x/lib/python", "/x/lib/python");
    expect_module("/x/lib/python3.11", "/x/lib/python3.11");
    expect_module(".py", ".py");
    expect_module("/.py", "/");
    expect_module("", "");
    assert_null(pmt_group_module((struct pmt_text){NULL, 0}).bytes);
}

/* Each size is in the range of its class, and ranges follow each other. */
static void test_size_classes(void **state)
{
    static const uint64_t sizes[] = {
        0, 1, 16, 17, 512, 513, 1024, 1025, 65536, 65537,
        UINT64_C(1) << 63, (UINT64_C(1) << 63) + 1, UINT64_MAX};
    struct pmt_range before = pmt_size_class_range(0);

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint32_t class = pmt_size_class(sizes[i]);
        struct pmt_range range = pmt_size_class_range(class);

        assert_in_range(class, 0, PMT_SIZE_CLASSES - 1);
        assert_in_range(sizes[i], range.low, range.high);
    }
    assert_int_equal(before.low, 0);
    assert_int_equal(before.high, 0);
    for (uint32_t class = 1; class < PMT_SIZE_CLASSES; class++) {
        struct pmt_range range = pmt_size_class_range(class);

        assert_true(range.low == before.high + 1);
        assert_int_equal(pmt_size_class(range.low), class);
        assert_int_equal(pmt_size_class(range.high), class);
        before = range;
    }
    assert_true(before.high == UINT64_MAX);
    assert_int_equal(pmt_size_class_range(32).high, 512);
    assert_int_equal(pmt_size_class_range(33).low, 513);
    assert_int_equal(pmt_size_class_range(33).high, 1024);
}

/* main (1) calls f (2), which calls itself (3) and g (4) of another file. */
static void make(struct live_trace *trace, struct pmt_trace *in,
                 struct pmt_live_sets *live)
{
    static const struct {
        const char *file, *function;
        uint32_t line, parent;
    } sites[] = {{"a.py", "main", 1, 0},
                 {"a.py", "f", 5, 1},
                 {"a.py", "f", 6, 2},
                 {"b.py", "g", 9, 3}};
    struct pmt_error err;

    live_trace_stream(trace, 1, 0, NULL);
    for (uint32_t i = 0; i < 4; i++) {
        const char *file = sites[i].file, *function = sites[i].function;

        assert_int_equal(
            pmt_writer_define_code(trace->writer, i + 1, file, strlen(file),
                                   function, strlen(function), 1, &err),
            PMT_OK);
        assert_int_equal(pmt_writer_define_stack(trace->writer, i + 1,
                                                 sites[i].parent, i + 1,
                                                 sites[i].line, &err),
                         PMT_OK);
    }
    live_trace_malloc(trace, 0x1000, 100, 4);
    live_trace_malloc(trace, 0x2000, 10, 2);
    live_trace_malloc(trace, 0x3000, 1, 1);
    live_trace_malloc(trace, 0x4000, 1000, 0);
    live_trace_finish(trace, 1);
    live_trace_open(trace, in);
    pmt_live_sets_init(live, PMT_LIVE_ALLOC);
    assert_int_equal(pmt_live_sets_read(live, in, &err), PMT_OK);
}

struct row {
    const char *name;
    uint64_t count, bytes;
};

static void expect(enum pmt_group_by by, bool cumulative,
                   const struct pmt_live_sets *live, const struct row *rows,
                   size_t count)
{
    struct pmt_grouping grouping = {.by = by, .cumulative = cumulative};
    const struct pmt_live_stream *stream = &live->streams[0];
    struct pmt_range blocks, bytes;
    char name[256];
    uint32_t *order;
    size_t found;

    assert_int_equal(pmt_grouping_add_table(&grouping, stream->stream, 0,
                                            &stream->sets[0].table, 0),
                     PMT_OK);
    order = pmt_grouping_sorted(&grouping, PMT_SORT_BYTES, &found);
    assert_non_null(order);
    assert_int_equal(found, count);
    for (size_t i = 0; i < count; i++) {
        const struct pmt_group *group = &grouping.groups[order[i]];

        pmt_group_name(name, sizeof name, &grouping, group);
        assert_string_equal(name, rows[i].name);
        assert_int_equal(group->count, rows[i].count);
        assert_int_equal(group->bytes, rows[i].bytes);
    }
    assert_int_equal(grouping.total.count, 4);
    assert_int_equal(grouping.total.bytes, 1111);
    assert_int_equal(pmt_grouping_range(&grouping, order, found, true,
                                        &blocks, &bytes),
                     PMT_OK);
    assert_int_equal(blocks.low, 4);
    assert_int_equal(bytes.high, 1111);
    free(order);
    pmt_grouping_release(&grouping);
}

static void test_cumulative(void **state)
{
    static const struct row flat[] = {{"(no Python frame)", 1, 1000},
                                      {"b.py:9", 1, 100},
                                      {"a.py:5", 1, 10},
                                      {"a.py:1", 1, 1}};
    static const struct row lines[] = {{"(no Python frame)", 1, 1000},
                                       {"a.py:1", 3, 111},
                                       {"a.py:5", 2, 110},
                                       {"b.py:9", 1, 100},
                                       {"a.py:6", 1, 100}};
    static const struct row stacks[] = {{"(no Python frame)", 1, 1000},
                                        {"a.py:1", 3, 111},
                                        {"a.py:5", 2, 110},
                                        {"a.py:6", 1, 100},
                                        {"b.py:9", 1, 100}};
    static const struct row functions[] = {{"(no Python frame)", 1, 1000},
                                           {"main (a.py)", 3, 111},
                                           {"f (a.py)", 2, 110},
                                           {"g (b.py)", 1, 100}};
    static const struct row modules[] = {{"(no Python frame)", 1, 1000},
                                         {"a", 3, 111},
                                         {"b", 1, 100}};
    static const struct row threads[] = {{"(no thread)", 4, 1111}};
    static const struct row sizes[] = {{"513..1024 bytes", 1, 1000},
                                       {"97..112 bytes", 1, 100},
                                       {"1..16 bytes", 2, 11}};
    struct live_trace trace = {0};
    struct pmt_live_sets live;
    struct pmt_trace in;

    (void)state;
    make(&trace, &in, &live);
    expect(PMT_BY_LINENO, false, &live, flat, 4);
    expect(PMT_BY_TRACEBACK, false, &live, flat, 4);
    expect(PMT_BY_LINENO, true, &live, lines, 5);
    expect(PMT_BY_TRACEBACK, true, &live, stacks, 5);
    expect(PMT_BY_FUNCTION, true, &live, functions, 4);
    expect(PMT_BY_MODULE, true, &live, modules, 3);
    expect(PMT_BY_THREAD, true, &live, threads, 1);
    expect(PMT_BY_SIZE, true, &live, sizes, 3);
    pmt_live_sets_release(&live);
    pmt_trace_release(&in);
    live_trace_release(&trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modules),
        cmocka_unit_test(test_size_classes),
        cmocka_unit_test(test_cumulative),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
