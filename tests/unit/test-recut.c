/* test-recut.c: whatever the size of chunks and pieces, an archive of a random
 * trace (trace-maker.h) has its content digest and its records; another record
 * is another digest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "archive.h"
#include "trace-maker.h"

#define SEEDS 40

static struct pmt_error err;

static void open_trace(struct pmt_trace *in, const struct pmt_buffer *bytes)
{
    struct pmt_source source;

    pmt_source_from_memory(&source, bytes->bytes, bytes->used);
    assert_int_equal(pmt_trace_from_source(in, &source, "test", NULL, &err),
                     PMT_OK);
}

static void read_content(const struct pmt_buffer *bytes,
                         struct pmt_archive_content *content)
{
    struct pmt_trace in;

    open_trace(&in, bytes);
    assert_int_equal(pmt_archive_read(content, &in, &err), PMT_OK);
    assert_int_equal(in.health.corrupt, 0);
    pmt_trace_release(&in);
}

/* Pieces are written behind each other. */
static int next_piece(void *context, uint32_t part, struct pmt_sink *sink,
                      struct pmt_error *error)
{
    (void)part;
    (void)error;
    pmt_sink_to_buffer(sink, context);
    return PMT_OK;
}

static uint64_t archive(const struct pmt_buffer *from, struct pmt_buffer *to,
                        const struct pmt_archive_content *content,
                        struct pmt_recut_options options)
{
    struct pmt_archive_report report;
    struct pmt_trace in;
    struct pmt_sink sink;

    to->used = 0;
    pmt_sink_to_buffer(&sink, to);
    options.level = 1;
    options.next_piece = next_piece;
    options.context = to;
    open_trace(&in, from);
    if (pmt_archive_write(&in, content, &sink, &options, &report, &err))
        fail_msg("records %u, memory %u, bytes %u, ns %u: %s",
                 options.chunk_records, (unsigned)options.memory_bytes,
                 (unsigned)options.split_bytes, (unsigned)options.split_ns,
                 err.message);
    pmt_trace_release(&in);
    assert_int_equal(report.bytes, to->used);
    return report.records;
}

static void test_one_digest(void **state)
{
    static const struct pmt_recut_options ways[] = {
        {.chunk_records = 0},  {.chunk_records = 1}, {.chunk_records = 7},
        {.memory_bytes = 500}, {.split_bytes = 3000}, {.split_ns = 100000},
    };
    struct pmt_buffer bytes = {0}, kept = {0};

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct trace_plan plan = {.seed = seed};
        struct pmt_archive_content content, written;
        size_t archived;

        bytes.used = 0;
        assert_int_equal(trace_make(&bytes, &plan, &err), PMT_OK);
        read_content(&bytes, &content);
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
            archive(&bytes, &kept, &content, ways[i]);
            read_content(&kept, &written);
            if (!pmt_archive_same(&content, &written))
                fail_msg("trace %d, way %zu: another digest", (int)seed, i);
            assert_int_equal(pmt_archive_changed(&written, &archived), 0);
            assert_int_equal(archived, content.count);
            pmt_archive_release(&written);
        }
        pmt_archive_release(&content);
    }
    pmt_buffer_release(&bytes);
    pmt_buffer_release(&kept);
}

static void test_another_digest(void **state)
{
    struct pmt_buffer a = {0}, b = {0};
    struct pmt_archive_content one, other;

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct trace_plan plan = {.seed = seed, .uuid_seed = 1};

        a.used = b.used = 0;
        assert_int_equal(trace_make(&a, &plan, &err), PMT_OK);
        plan.seed += 1000;
        assert_int_equal(trace_make(&b, &plan, &err), PMT_OK);
        read_content(&a, &one);
        read_content(&b, &other);
        assert_false(pmt_archive_same(&one, &other));
        assert_true(pmt_archive_same(&one, &one));
        pmt_archive_release(&one);
        pmt_archive_release(&other);
    }
    pmt_buffer_release(&a);
    pmt_buffer_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_digest),
        cmocka_unit_test(test_another_digest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
