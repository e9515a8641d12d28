/* test-live.c: live sets and groups of whole traces, on traces made by the
 * writer; the numbers are counted by hand. (tests/cli/test-live.py compares
 * every vector with a model.) */
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
#include "pmt/journal.h"

static struct live_trace trace;
static struct pmt_live_sets live;
static struct pmt_trace in;
static struct pmt_error err;

static int finish(void **state)
{
    (void)state;
    pmt_live_sets_release(&live);
    pmt_trace_release(&in);
    live_trace_release(&trace);
    return 0;
}

/* Reads the trace up to `until_ns` of its streams. */
static void read_live(uint64_t until_ns)
{
    pmt_live_sets_release(&live);
    pmt_trace_release(&in);
    live_trace_open(&trace, &in);
    pmt_live_sets_init(&live, PMT_LIVE_ALLOC | PMT_LIVE_OBJECT);
    if (until_ns != UINT64_MAX)
        live.until = (struct pmt_instant){.ns = until_ns};
    assert_int_equal(pmt_live_sets_read(&live, &in, &err), PMT_OK);
}

static const struct pmt_live_set *blocks(size_t stream)
{
    assert_true(stream < live.stream_count);
    return &live.streams[stream].sets[PMT_LIVE_BLOCKS];
}

static void lose(uint64_t events)
{
    uint64_t lost[PMT_LOSS_CAUSES] = {[PMT_LOSS_FULL] = events};

    pmt_writer_lost(trace.writer, trace.time, lost);
}

/* ---- loss -------------------------------------------------------------- */

static void test_loss(void **state)
{
    (void)state;
    live_trace_stream(&trace, 1, 0, NULL);
    live_trace_malloc(&trace, 0x1000, 10, 0); /* tick 1 */
    live_trace_free(&trace, 0x9000);          /* made before */
    live_trace_flush(&trace);
    trace.time++;
    lose(7);                                  /* tick 3 */
    live_trace_malloc(&trace, 0x2000, 20, 0);
    live_trace_free(&trace, 0x9010);          /* made before, or lost */
    live_trace_free(&trace, 0x9020);
    live_trace_finish(&trace, 1);
    read_live(UINT64_MAX);
    assert_int_equal(blocks(0)->now.count, 2);
    assert_int_equal(blocks(0)->counts.unknown_before_loss, 1);
    assert_int_equal(blocks(0)->counts.unknown_after_loss, 2);
    assert_true(pmt_live_set_is_approximate(blocks(0)));
    assert_int_equal(live.streams[0].lost, 7);
    assert_true(live.streams[0].ended);
    assert_int_equal(live.streams[0].missing, 0);
    /* Before the loss nothing is wrong yet. */
    read_live(20);
    assert_int_equal(blocks(0)->now.count, 1);
    assert_false(pmt_live_set_is_approximate(blocks(0)));
    assert_int_equal(live.streams[0].lost, 0);
    assert_true(live.streams[0].past);
    assert_int_equal(live.streams[0].end_ns, 20);
}

/* A live set in the trace makes the numbers right again. */
static void test_loss_then_live_set(void **state)
{
    static const struct pmt_live set[] = {
        {.address = 0x5000, .size = 5, .time = 1},
        {.address = 0x6000, .size = 6, .time = 2},
    };

    (void)state;
    live_trace_stream(&trace, 1, 0, NULL);
    lose(1);
    live_trace_malloc(&trace, 0x1000, 10, 0);
    live_trace_flush(&trace);
    assert_int_equal(pmt_writer_live_set(trace.writer, ++trace.time,
                                         PMT_KIND_ALLOC, set, 2, &err),
                     PMT_OK);
    live_trace_free(&trace, 0x5000);
    live_trace_finish(&trace, 1);
    read_live(UINT64_MAX);
    assert_int_equal(blocks(0)->now.count, 1);
    assert_int_equal(blocks(0)->now.bytes, 6);
    assert_false(pmt_live_set_is_approximate(blocks(0)));
}

/* A byte flipped in the second of three chunks: one is lost, and the number of
 * chunks missing says so. */
static void test_damage(void **state)
{
    size_t second;

    (void)state;
    live_trace_stream(&trace, 1, 0, NULL);
    live_trace_malloc(&trace, 0x1000, 10, 0);
    live_trace_flush(&trace);
    second = trace.bytes.used;
    live_trace_malloc(&trace, 0x2000, 20, 0);
    live_trace_flush(&trace);
    trace.bytes.bytes[(second + trace.bytes.used) / 2 + 36] ^= 0x10;
    live_trace_malloc(&trace, 0x3000, 40, 0);
    live_trace_free(&trace, 0x2000);
    live_trace_finish(&trace, 1);
    read_live(UINT64_MAX);
    assert_int_equal(blocks(0)->now.bytes, 50);
    assert_int_equal(blocks(0)->counts.unknown_after_loss, 1);
    assert_int_equal(live.streams[0].missing, 1);
    assert_true(pmt_live_set_is_approximate(blocks(0)));
    assert_int_equal(in.health.corrupt, 1);
}

/* The damaged chunk is the last one: no gap tells whose it was. */
static void test_damage_at_the_end(void **state)
{
    size_t last;

    (void)state;
    live_trace_stream(&trace, 1, 0, NULL);
    live_trace_malloc(&trace, 0x1000, 10, 0);
    live_trace_flush(&trace);
    last = trace.bytes.used;
    live_trace_malloc(&trace, 0x2000, 20, 0);
    live_trace_finish(&trace, 0);
    trace.bytes.bytes[(last + trace.bytes.used) / 2 + 36] ^= 0x10;
    read_live(UINT64_MAX);
    assert_int_equal(in.health.corrupt, 1);
    assert_int_equal(blocks(0)->now.bytes, 10);
    assert_true(pmt_live_set_is_approximate(blocks(0)));
    assert_false(live.streams[0].ended);
}

static void test_truncated(void **state)
{
    size_t last;

    (void)state;
    live_trace_stream(&trace, 1, 0, NULL);
    live_trace_malloc(&trace, 0x1000, 10, 0);
    live_trace_flush(&trace);
    last = trace.bytes.used;
    live_trace_malloc(&trace, 0x2000, 20, 0);
    live_trace_finish(&trace, 0);
    trace.bytes.used = last + 80;
    read_live(UINT64_MAX);
    assert_true(in.health.truncated);
    assert_int_equal(blocks(0)->now.bytes, 10);
    assert_false(live.streams[0].ended);
}

/* ---- streams ----------------------------------------------------------- */

static void test_two_streams(void **state)
{
    (void)state;
    live_trace_stream(&trace, 1, 1000, NULL);
    live_trace_malloc(&trace, 0x1000, 10, 0);
    live_trace_malloc(&trace, 0x2000, 20, 0);
    live_trace_finish(&trace, 1);
    live_trace_stream(&trace, 2, 1010, NULL);
    live_trace_malloc(&trace, 0x1000, 1, 0);
    live_trace_free(&trace, 0x2000);
    live_trace_finish(&trace, 1);
    read_live(UINT64_MAX);
    assert_int_equal(live.stream_count, 2);
    assert_int_equal(blocks(0)->now.bytes, 30);
    assert_int_equal(blocks(1)->now.bytes, 1);
    assert_int_equal(blocks(1)->counts.unknown_before_loss, 1);
    /* 10 ns is tick 1 of each. */
    read_live(10);
    assert_int_equal(blocks(0)->now.bytes, 10);
    assert_int_equal(blocks(1)->now.bytes, 1);
    /* A mark of the first stream's is a time on the clock: 20 ns of the first
     * is 10 ns of the second. */
    pmt_live_sets_release(&live);
    pmt_trace_release(&in);
    live_trace_open(&trace, &in);
    pmt_live_sets_init(&live, PMT_LIVE_ALLOC);
    live.until = (struct pmt_instant){
        .ns = 20, .has_stream = true, .stream_key = 1, .real_ns = 1020};
    assert_int_equal(pmt_live_sets_read(&live, &in, &err), PMT_OK);
    assert_int_equal(blocks(0)->now.bytes, 30);
    assert_int_equal(blocks(1)->counts.unknown_before_loss, 0);
}

/* The same stream again (cat a a) starts from nothing. */
static void test_same_stream_twice(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        live_trace_stream(&trace, 1, 0, NULL);
        live_trace_malloc(&trace, 0x1000, 10, 0);
        live_trace_malloc(&trace, 0x2000, 20, 0);
        live_trace_finish(&trace, 1);
    }
    read_live(UINT64_MAX);
    assert_int_equal(live.stream_count, 1);
    assert_int_equal(blocks(0)->now.bytes, 30);
    assert_int_equal(blocks(0)->counts.unseen, 0);
    assert_int_equal(blocks(0)->counts.created, 2);
}

static void test_peak(void **state)
{
    uint64_t(*peaks)[PMT_LIVE_KINDS];

    (void)state;
    live_trace_stream(&trace, 1, 0, NULL);
    live_trace_malloc(&trace, 0x1000, 10, 0);
    live_trace_malloc(&trace, 0x2000, 90, 0); /* most */
    live_trace_free(&trace, 0x2000);
    live_trace_malloc(&trace, 0x3000, 90, 0); /* as much: not the first */
    live_trace_flush(&trace);
    lose(3);
    live_trace_free(&trace, 0x1000);
    live_trace_finish(&trace, 1);
    read_live(UINT64_MAX);
    peaks = pmt_live_sets_peaks(&live);
    assert_int_equal(peaks[0][PMT_LIVE_BLOCKS], 2);
    pmt_live_sets_release(&live);
    pmt_trace_release(&in);
    live_trace_open(&trace, &in);
    pmt_live_sets_init(&live, PMT_LIVE_ALLOC);
    live.until_steps = (const uint64_t(*)[PMT_LIVE_KINDS])peaks;
    live.until_step_count = 1;
    assert_int_equal(pmt_live_sets_read(&live, &in, &err), PMT_OK);
    assert_int_equal(blocks(0)->now.bytes, 100);
    assert_int_equal(blocks(0)->now.time, 2);
    assert_false(pmt_live_set_is_approximate(blocks(0)));
    free(peaks);
}

static void test_unreliable_interpreter(void **state)
{
    const struct pmt_live_set *objects;

    (void)state;
    live_trace_stream(&trace, 1, 0, "object:destroy-unreliable");
    live_trace_type(&trace, 1, "dict", 48);
    live_trace_create(&trace, 0x1000, 1);
    live_trace_create(&trace, 0x1000, 1);
    live_trace_create(&trace, 0x2000, 1);
    live_trace_destroy(&trace, 0x2000);
    live_trace_finish(&trace, 1);
    read_live(UINT64_MAX);
    objects = &live.streams[0].sets[PMT_LIVE_OBJECTS];
    assert_int_equal(objects->now.count, 1);
    assert_int_equal(objects->now.bytes, 48);
    assert_int_equal(objects->counts.inferred, 1);
    assert_int_equal(objects->counts.unseen, 0);
    assert_false(live.streams[0].sized);
}

/* ---- groups ------------------------------------------------------------ */

/* The group in place `rank` by bytes is called `name`. */
static void group_is(struct pmt_grouping *grouping, size_t rank,
                     const char *name, uint64_t count, uint64_t bytes,
                     uint32_t ids)
{
    const struct pmt_group *group;
    char buffer[100];
    size_t n;
    uint32_t *order = pmt_grouping_sorted(grouping, PMT_SORT_BYTES, &n);

    assert_non_null(order);
    assert_true(rank < n);
    group = &grouping->groups[order[rank]];
    free(order);
    assert_int_equal(pmt_group_name(buffer, sizeof buffer, grouping, group),
                     strlen(name));
    assert_string_equal(buffer, name);
    assert_int_equal(group->count, count);
    assert_int_equal(group->bytes, bytes);
    assert_int_equal(group->ids, ids);
}

static void group_all(struct pmt_grouping *grouping, enum pmt_live_which which)
{
    for (size_t i = 0; i < live.stream_count; i++)
        assert_int_equal(
            pmt_grouping_add_table(grouping, live.streams[i].stream, i,
                                   &live.streams[i].sets[which].table, 0),
            PMT_OK);
}

/* Types of one name: one line if their sizes are the same too. */
static void test_types_of_one_name(void **state)
{
    struct pmt_grouping grouping = {.by = PMT_BY_TYPE};

    (void)state;
    live_trace_stream(&trace, 1, 0, NULL);
    live_trace_type(&trace, 1, "Point", 48);
    live_trace_type(&trace, 2, "Point", 56);
    live_trace_type(&trace, 3, "Point", 48);
    live_trace_type(&trace, 4, "Line", 16);
    for (uint32_t i = 0; i < 5; i++)
        live_trace_create(&trace, 0x1000 + i * 16, i);
    live_trace_finish(&trace, 1);
    read_live(UINT64_MAX);
    group_all(&grouping, PMT_LIVE_OBJECTS);
    group_is(&grouping, 0, "Point #1", 2, 96, 2);
    group_is(&grouping, 1, "Point #2", 1, 56, 1);
    group_is(&grouping, 2, "Line", 1, 16, 1);
    group_is(&grouping, 3, "(no type)", 1, 0, 1);
    pmt_grouping_release(&grouping);
}

/* Under other ids, in other streams: what reads the same is the same. */
static void test_sites_of_two_streams(void **state)
{
    struct pmt_grouping sites = {.by = PMT_BY_SITE};
    struct pmt_grouping files = {.by = PMT_BY_FILE};
    struct pmt_grouping functions = {.by = PMT_BY_FUNCTION};
    struct pmt_grouping streams = {.by = PMT_BY_STREAM};

    (void)state;
    live_trace_stream(&trace, 1, 0, NULL);
    live_trace_site(&trace, 1, "a.py", "f", 7);
    live_trace_site(&trace, 2, "a.py", "f", 8);
    live_trace_malloc(&trace, 0x1000, 1, 1);
    live_trace_malloc(&trace, 0x2000, 2, 2);
    live_trace_malloc(&trace, 0x3000, 4, 0);
    live_trace_finish(&trace, 1);
    live_trace_stream(&trace, 2, 0, NULL);
    live_trace_site(&trace, 1, "b.py", "f", 7);
    live_trace_site(&trace, 2, "a.py", "f", 7);
    live_trace_malloc(&trace, 0x1000, 8, 1);
    live_trace_malloc(&trace, 0x2000, 16, 2);
    live_trace_finish(&trace, 1);
    read_live(UINT64_MAX);
    group_all(&sites, PMT_LIVE_BLOCKS);
    group_is(&sites, 0, "a.py:7 f", 2, 17, 2);
    group_is(&sites, 1, "b.py:7 f", 1, 8, 1);
    group_is(&sites, 2, "(no Python frame)", 1, 4, 1);
    group_is(&sites, 3, "a.py:8 f", 1, 2, 1);
    group_all(&files, PMT_LIVE_BLOCKS);
    group_is(&files, 0, "a.py", 3, 19, 3);
    group_all(&functions, PMT_LIVE_BLOCKS);
    group_is(&functions, 0, "f (a.py)", 3, 19, 3);
    group_is(&functions, 1, "f (b.py)", 1, 8, 1);
    group_all(&streams, PMT_LIVE_BLOCKS);
    group_is(&streams, 0, "pid 102: ./prog arg", 2, 24, 1);
    group_is(&streams, 1, "pid 101: ./prog arg", 3, 7, 1);
    pmt_grouping_release(&sites);
    pmt_grouping_release(&files);
    pmt_grouping_release(&functions);
    pmt_grouping_release(&streams);
}

/* Two stacks with the same site; 100,000 frames deep; ids that are stated
 * nowhere. */
static void test_stacks(void **state)
{
    struct pmt_grouping sites = {.by = PMT_BY_SITE};
    struct pmt_grouping stacks = {.by = PMT_BY_STACK};
    uint32_t id;

    (void)state;
    live_trace_stream(&trace, 1, 0, NULL);
    live_trace_site(&trace, 1, "a.py", "main", 1);
    live_trace_site(&trace, 2, "a.py", "f", 2);
    assert_int_equal(pmt_writer_define_stack(trace.writer, 3, 1, 2, 2, &err),
                     PMT_OK);
    for (id = 4; id < 100004; id++)
        assert_int_equal(
            pmt_writer_define_stack(trace.writer, id, id - 1, 2, 2, &err),
            PMT_OK);
    live_trace_malloc(&trace, 0x1000, 1, 2);
    live_trace_malloc(&trace, 0x2000, 2, 3);
    live_trace_malloc(&trace, 0x3000, 4, id - 1);
    live_trace_finish(&trace, 1);
    read_live(UINT64_MAX);
    group_all(&sites, PMT_LIVE_BLOCKS);
    group_is(&sites, 0, "a.py:2 f", 3, 7, 3);
    group_all(&stacks, PMT_LIVE_BLOCKS);
    group_is(&stacks, 0, "a.py:2 f", 1, 4, 1);
    group_is(&stacks, 1, "a.py:2 f", 1, 2, 1);
    group_is(&stacks, 2, "a.py:2 f", 1, 1, 1);
    pmt_grouping_release(&sites);
    pmt_grouping_release(&stacks);
}

#define TEST(test) cmocka_unit_test_teardown(test, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_loss),
        TEST(test_loss_then_live_set),
        TEST(test_damage),
        TEST(test_damage_at_the_end),
        TEST(test_truncated),
        TEST(test_two_streams),
        TEST(test_same_stream_twice),
        TEST(test_peak),
        TEST(test_unreliable_interpreter),
        TEST(test_types_of_one_name),
        TEST(test_sites_of_two_streams),
        TEST(test_stacks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
