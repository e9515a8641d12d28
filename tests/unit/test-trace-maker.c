/* test-trace-maker.c: the traces that tests of laws are made of are valid,
 * differ, and are the same for the same seed; writes them for other tests
 * (trace-maker.h). */
#include "trace-maker.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pmt/reader.h"

static struct pmt_error err;

static void same_seed_same_bytes(void **state)
{
    struct pmt_buffer a = {0}, b = {0};
    struct trace_plan plan = {.seed = 5};

    (void)state;
    assert_int_equal(trace_make(&a, &plan, &err), PMT_OK);
    assert_int_equal(trace_make(&b, &plan, &err), PMT_OK);
    assert_int_equal(a.used, b.used);
    assert_memory_equal(a.bytes, b.bytes, a.used);
    pmt_buffer_release(&b);
    plan.seed = 6;
    assert_int_equal(trace_make(&b, &plan, &err), PMT_OK);
    assert_true(a.used != b.used || memcmp(a.bytes, b.bytes, a.used));
    pmt_buffer_release(&a);
    pmt_buffer_release(&b);
}

static void sound_and_varied(void **state)
{
    unsigned parts = 0, incomplete = 0;
    uint64_t kinds = 0;

    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct trace_plan plan = {.seed = seed};
        struct pmt_buffer bytes = {0};
        struct pmt_source source;
        struct pmt_reader *r;
        struct pmt_event event;
        unsigned streams = 0, ends = 0;
        int rc;

        assert_int_equal(trace_make(&bytes, &plan, &err), PMT_OK);
        pmt_source_from_memory(&source, bytes.bytes, bytes.used);
        assert_int_equal(pmt_reader_open(&r, &source, NULL, &err), PMT_OK);
        while ((rc = pmt_reader_next(r, &event, &err)) == PMT_OK) {
            assert_int_not_equal(event.type, PMT_EVENT_DAMAGE);
            assert_int_equal(event.seq_missing, 0);
            kinds |= UINT64_C(1) << event.envelope.kind;
            streams += event.type == PMT_EVENT_STREAM && !event.goes_on;
            parts += event.goes_on;
            ends += event.type == PMT_EVENT_END;
        }
        assert_int_equal(rc, PMT_END);
        assert_true(streams >= 1);
        incomplete += ends < streams;
        pmt_reader_free(r);
        pmt_buffer_release(&bytes);
    }
    for (int kind = PMT_KIND_STREAM; kind <= PMT_KIND_END; kind++)
        assert_true(kinds >> kind & 1);
    assert_true(parts > 3);
    assert_true(incomplete > 3);
}

static int write_traces(uint64_t seed, uint64_t count, const char *folder)
{
    for (uint64_t i = seed; i < seed + count; i++) {
        struct trace_plan plan = {.seed = i};
        struct pmt_buffer bytes = {0};
        char path[4096];
        FILE *file;
        int rc = trace_make(&bytes, &plan, &err);

        snprintf(path, sizeof path, "%s/%" PRIu64 ".pmt", folder, i);
        file = rc == PMT_OK ? fopen(path, "wb") : NULL;
        if (!file || fwrite(bytes.bytes, 1, bytes.used, file) != bytes.used ||
            fclose(file))
            return 2;
        pmt_buffer_release(&bytes);
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_seed_same_bytes),
        cmocka_unit_test(sound_and_varied),
    };

    if (argc == 4)
        return write_traces(strtoull(argv[1], NULL, 10),
                            strtoull(argv[2], NULL, 10), argv[3]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
