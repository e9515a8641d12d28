/*
 * test-format-tables.c: what a writer states of its tables, and when; what a
 * reader's records keep from chunk to chunk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format-sample.h"

static struct pmt_writer *new_writer(struct pmt_buffer *out,
                                     const struct pmt_writer_options *options)
{
    const struct pmt_stream_info info = sample_info();
    struct pmt_sink sink;
    struct pmt_writer *w;

    pmt_sink_to_buffer(&sink, out);
    assert_int_equal(pmt_writer_new(&w, &sink, &info, options, NULL), 0);
    return w;
}

static struct pmt_reader *finish(struct pmt_writer *w,
                                 const struct pmt_buffer *trace)
{
    struct pmt_source source;
    struct pmt_reader *r;

    assert_int_equal(pmt_writer_finish(w, 1, NULL), 0);
    pmt_writer_free(w);
    pmt_source_from_memory(&source, trace->bytes, trace->used);
    assert_int_equal(pmt_reader_open(&r, &source, NULL, NULL), 0);
    return r;
}

static void name_thread(struct pmt_writer *w, uint32_t id, const char *name)
{
    assert_int_equal(pmt_writer_define_thread(w, id, 1, 2, name,
                                              strlen(name), NULL), 0);
}

static void add_of_thread(struct pmt_writer *w, uint32_t thread)
{
    const struct pmt_alloc a = {.time = 1, .address = 16, .size = 1,
                                .thread = thread, .op = PMT_ALLOC_MALLOC};

    assert_int_equal(pmt_writer_alloc(w, &a, NULL), 0);
}

/* A thread that gets another name after a record of it, and then has more
 * records in the same chunk, is in the table once, by its last name. */
static void test_named_anew_between_records(void **state)
{
    struct pmt_buffer trace = {NULL, 0, 0};
    struct pmt_writer *w = new_writer(&trace, NULL);
    struct pmt_reader *r;
    struct pmt_event e;
    struct pmt_thread thread;
    unsigned tables = 0;
    unsigned records = 0;

    (void)state;
    name_thread(w, 8, "other");
    name_thread(w, 9, "first");
    add_of_thread(w, 9);
    name_thread(w, 9, "second");
    add_of_thread(w, 8);
    add_of_thread(w, 9);
    name_thread(w, 9, "third one");
    add_of_thread(w, 8);
    add_of_thread(w, 9);
    r = finish(w, &trace);
    while (pmt_reader_next(r, &e, NULL) == PMT_OK) {
        assert_int_not_equal(e.type, PMT_EVENT_DAMAGE);
        if (e.envelope.kind == PMT_KIND_THREADS) {
            assert_int_equal(e.envelope.count, 2);
            assert_int_equal(pmt_reader_column(r, 0)[0], 8);
            assert_int_equal(pmt_reader_column(r, 0)[1], 9);
            tables++;
        } else if (e.type == PMT_EVENT_RECORDS) {
            assert_int_equal(e.envelope.count, 5);
            assert_true(pmt_stream_thread(e.stream, 9, &thread));
            assert_int_equal(thread.name.length, 9);
            assert_memory_equal(thread.name.bytes, "third one", 9);
            records++;
        }
    }
    assert_int_equal(tables, 1);
    assert_int_equal(records, 1);
    pmt_reader_free(r);
    pmt_buffer_release(&trace);
}

/* ---- classes of objects ------------------------------------------------- */

#define ROUNDS 3u

static struct pmt_object of_class(uint32_t i)
{
    return (struct pmt_object){.time = i,
                               .address = 16 * (uint64_t)(i % 100 + 1),
                               .stack = i / 4 % 2500 + 1,
                               .type = i / 2 % 2 + i / 10000 * 2 + 1,
                               .op = i % 2,
                               .thread = 1};
}

/* Every epoch states every class of its records, and states it once. */
static void check_classes(uint32_t classes)
{
    const struct pmt_writer_options options = {.chunk_records = classes,
                                               .epoch_chunks = 1};
    struct pmt_buffer trace = {NULL, 0, 0};
    struct pmt_writer *w = new_writer(&trace, &options);
    struct pmt_reader *r;
    struct pmt_event e;
    uint32_t rounds = 0;
    uint32_t stated = 0;

    for (uint32_t i = 0; i < ROUNDS * classes; i++) {
        /* Every round begins with another class. */
        struct pmt_object o = of_class((i + i / classes * 7777) % classes);

        o.time = i;
        assert_int_equal(pmt_writer_object(w, &o, NULL), 0);
    }
    r = finish(w, &trace);
    while (pmt_reader_next(r, &e, NULL) == PMT_OK) {
        assert_int_not_equal(e.type, PMT_EVENT_DAMAGE);
        if (e.envelope.kind == PMT_KIND_CLASSES) {
            stated += e.envelope.count;
        } else if (e.type == PMT_EVENT_RECORDS) {
            const struct pmt_object *o = pmt_reader_objects(r);

            assert_int_equal(e.envelope.count, classes);
            assert_int_equal(stated, classes);
            for (uint32_t i = 0; i < classes; i++) {
                struct pmt_object was =
                    of_class((i + rounds * 7777) % classes);

                assert_int_equal(o[i].stack, was.stack);
                assert_int_equal(o[i].type, was.type);
                assert_int_equal(o[i].op, was.op);
                assert_int_equal(o[i].address, was.address);
            }
            stated = 0;
            rounds++;
        }
    }
    assert_int_equal(rounds, ROUNDS);
    pmt_reader_free(r);
    pmt_buffer_release(&trace);
}

static void test_few_classes(void **state)
{
    (void)state;
    check_classes(100);
}

/* More than a writer remembers. */
static void test_many_classes(void **state)
{
    (void)state;
    check_classes(30000);
}

/* ---- what few records have ---------------------------------------------- */

/* Chunks with and without it, of several sizes. */
static const struct {
    uint32_t count;
    bool rss, gap;
} chunks[] = {{200, true, true}, {50, false, false}, {300, false, false},
              {100, false, true}, {300, true, false}, {20, false, true},
              {400, false, false}, {400, true, true}, {1, false, false},
              {400, false, false}};

#define CHUNKS (sizeof chunks / sizeof *chunks)

static struct pmt_object rare_object(size_t chunk, uint32_t i)
{
    struct pmt_object o = {.time = chunk, .address = 16 * (i + 1),
                           .thread = 1};

    if (chunks[chunk].rss) {
        o.rss = 1000 + i / 3;
        o.rss_read = i % 3 == 0;
    }
    if (chunks[chunk].gap && i % 2 == 0) {
        o.gap = i + 1;
    }
    return o;
}

static void write_rare(struct pmt_writer *w)
{
    for (size_t k = 0; k < CHUNKS; k++) {
        for (uint32_t i = 0; i < chunks[k].count; i++) {
            const struct pmt_object o = rare_object(k, i);
            const struct pmt_alloc a = {.time = k, .address = 16 * (i + 1),
                                        .size = 1, .gap = o.gap,
                                        .op = PMT_ALLOC_MALLOC};

            assert_int_equal(pmt_writer_object(w, &o, NULL), 0);
            assert_int_equal(pmt_writer_alloc(w, &a, NULL), 0);
        }
        assert_int_equal(pmt_writer_flush(w, NULL), 0);
    }
}

/* Nothing of a chunk is left in the records of the next one. */
static void test_rare_comes_and_goes(void **state)
{
    struct pmt_buffer trace = {NULL, 0, 0};
    struct pmt_writer *w = new_writer(&trace, NULL);
    struct pmt_reader *r;
    struct pmt_event e;
    size_t seen[2] = {0, 0};

    (void)state;
    write_rare(w);
    r = finish(w, &trace);
    while (pmt_reader_next(r, &e, NULL) == PMT_OK) {
        bool allocs = e.envelope.kind == PMT_KIND_ALLOC;
        size_t k = seen[allocs];

        assert_int_not_equal(e.type, PMT_EVENT_DAMAGE);
        if (e.type != PMT_EVENT_RECORDS) {
            continue;
        }
        assert_true(k < CHUNKS);
        assert_int_equal(e.envelope.count, chunks[k].count);
        for (uint32_t i = 0; i < chunks[k].count; i++) {
            const struct pmt_object was = rare_object(k, i);

            if (allocs) {
                assert_int_equal(pmt_reader_allocs(r)[i].gap, was.gap);
                continue;
            }
            assert_int_equal(pmt_reader_objects(r)[i].gap, was.gap);
            assert_int_equal(pmt_reader_objects(r)[i].rss, was.rss);
            assert_int_equal(pmt_reader_objects(r)[i].rss_read, was.rss_read);
        }
        seen[allocs]++;
    }
    assert_int_equal(seen[0], CHUNKS);
    assert_int_equal(seen[1], CHUNKS);
    pmt_reader_free(r);
    pmt_buffer_release(&trace);
}

/* ---- a definition that is not used yet --------------------------------- */

/*
 * What was defined is in the trace with the next flush, though no record
 * refers to it yet: the journal forgets it then, and a process that is killed
 * leaves records that need it. Also where ids of the same table that are
 * higher were stated before: objects' classes are numbered apart from those
 * of calls.
 */
static void test_stated_before_use(void **state)
{
    struct pmt_buffer trace = {NULL, 0, 0};
    struct pmt_writer *w = new_writer(&trace, NULL);
    struct pmt_source source;
    struct pmt_reader *r;
    struct pmt_class class_;
    struct pmt_event e;
    bool found = false;

    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        const struct pmt_object o = of_class(i);

        assert_int_equal(pmt_writer_object(w, &o, NULL), 0);
    }
    assert_int_equal(pmt_writer_flush(w, NULL), 0);
    assert_int_equal(pmt_writer_define_class(w, 7, PMT_KIND_CALL, 1, 0, 0,
                                             NULL), 0);
    assert_int_equal(pmt_writer_flush(w, NULL), 0);

    pmt_source_from_memory(&source, trace.bytes, trace.used);
    assert_int_equal(pmt_reader_open(&r, &source, NULL, NULL), 0);
    while (pmt_reader_next(r, &e, NULL) == PMT_OK) {
        found |= e.type == PMT_EVENT_TABLE &&
                 e.envelope.kind == PMT_KIND_CLASSES &&
                 pmt_stream_class(e.stream, pmt_call_class(7), &class_) &&
                 class_.kind == PMT_KIND_CALL && class_.what == 1;
    }
    assert_true(found);
    pmt_reader_free(r);
    pmt_writer_free(w);
    pmt_buffer_release(&trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_named_anew_between_records),
        cmocka_unit_test(test_few_classes),
        cmocka_unit_test(test_many_classes),
        cmocka_unit_test(test_rare_comes_and_goes),
        cmocka_unit_test(test_stated_before_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
