/*
 * test-thread-ahead.c - a reader that reads ahead gives the events of one
 * that does not, in the same order, of sound and of damaged traces.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pmt/reader.h"
#include "pmt/writer.h"

#define RECORDS 6000
#define CHUNK 100
#define DAMAGED 150

static uint64_t random_state = 1;

static uint64_t random_below(uint64_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % limit;
}

/* ---- traces ------------------------------------------------------------- */

static void define(struct pmt_writer *w, uint32_t id)
{
    char name[32];
    int n = snprintf(name, sizeof name, "function_%u", id);

    assert_int_equal(pmt_writer_define_code(w, id, "a.py", 4, name, (size_t)n,
                                            id, NULL), PMT_OK);
    assert_int_equal(pmt_writer_define_stack(w, id, id - 1, id, id, NULL),
                     PMT_OK);
    assert_int_equal(pmt_writer_define_type(w, id, name, (size_t)n, 16, 0,
                                            NULL), PMT_OK);
}

static void put(struct pmt_writer *w, uint64_t i, uint32_t ids)
{
    const struct pmt_alloc a = {.time = i * 10,
                                .address = 4096 + (i / 2 % 500) * 64,
                                .size = i % 2 ? 0 : 16 + i % 100,
                                .stack = 1 + (uint32_t)(i % ids),
                                .op = i % 2 ? PMT_ALLOC_FREE
                                            : PMT_ALLOC_MALLOC};
    const struct pmt_object o = {.time = i * 10,
                                 .address = 8192 + i / 2 * 16,
                                 .type = 1 + (uint32_t)(i % ids),
                                 .stack = 1,
                                 .op = i % 2 ? PMT_OBJECT_DESTROY
                                             : PMT_OBJECT_CREATE};
    const struct pmt_mark m = {.time = i * 10, .text = "here",
                               .text_bytes = 4};

    assert_int_equal(pmt_writer_alloc(w, &a, NULL), PMT_OK);
    assert_int_equal(pmt_writer_object(w, &o, NULL), PMT_OK);
    if (i % 500 == 0)
        assert_int_equal(pmt_writer_mark(w, &m, NULL), PMT_OK);
}

/* Appends a stream whose tables grow, in epochs of some chunks. */
static void append_stream(struct pmt_buffer *b, uint8_t uuid, bool labels)
{
    struct pmt_stream_info info = {.tick_ns = 100, .uuid = {uuid}};
    const struct pmt_writer_options options = {.chunk_records = CHUNK,
                                               .epoch_chunks = 7,
                                               .no_labels = !labels};
    struct pmt_sink sink;
    struct pmt_writer *w;
    uint32_t ids = 0;

    pmt_sink_to_buffer(&sink, b);
    assert_int_equal(pmt_writer_new(&w, &sink, &info, &options, NULL), PMT_OK);
    for (uint64_t i = 0; i < RECORDS; i++) {
        if (i % 300 == 0)
            define(w, ++ids);
        put(w, i, ids);
    }
    assert_int_equal(pmt_writer_finish(w, 1, NULL), PMT_OK);
    pmt_writer_free(w);
}

/* ---- what a reader says -------------------------------------------------- */

static void say_columns(struct pmt_buffer *out, struct pmt_reader *r,
                        const struct pmt_event *event)
{
    uint64_t sum = 0;

    for (unsigned id = 0; id < 32; id++) {
        const uint64_t *values = pmt_reader_column(r, id);

        for (uint32_t i = 0; values && i < event->envelope.count; i++)
            sum = sum * 31 + values[i] + id;
    }
    if (pmt_reader_allocs(r))
        for (uint32_t i = 0; i < event->envelope.count; i++)
            sum = sum * 31 + pmt_reader_allocs(r)[i].address;
    if (pmt_reader_objects(r))
        for (uint32_t i = 0; i < event->envelope.count; i++)
            sum = sum * 31 + pmt_reader_objects(r)[i].type;
    assert_int_equal(pmt_buffer_append(out, &sum, sizeof sum), PMT_OK);
}

static void say(struct pmt_buffer *out, struct pmt_reader *r,
                const struct pmt_event *event)
{
    char line[1024];
    uint64_t at, of;
    int n;

    pmt_reader_position(r, &at, &of);
    n = snprintf(line, sizeof line,
                 "%d %llu %llu %u %u %d kind %u key %llx seq %llu n %u t %llu "
                 "%llu at %llu of %llu lost %d missing %llu %s\n",
                 event->type, (unsigned long long)event->offset,
                 (unsigned long long)event->frame_offset, event->frame_bytes,
                 event->content_bytes, event->has_label, event->envelope.kind,
                 (unsigned long long)event->envelope.stream_key,
                 (unsigned long long)event->envelope.seq,
                 event->envelope.count,
                 (unsigned long long)event->envelope.t0,
                 (unsigned long long)event->envelope.t1,
                 (unsigned long long)at, (unsigned long long)of,
                 event->data_lost, (unsigned long long)event->seq_missing,
                 event->type == PMT_EVENT_DAMAGE ? event->damage.message : "");
    assert_int_equal(pmt_buffer_append(out, line, (size_t)n), PMT_OK);
    if (event->type == PMT_EVENT_RECORDS || event->type == PMT_EVENT_TABLE)
        say_columns(out, r, event);
}

/* All that a reader says of the bytes; `skip` as its options have it. `few`
 * events at most. */
static struct pmt_buffer all_of(const struct pmt_buffer *b, bool ahead,
                                uint64_t skip, size_t few)
{
    const struct pmt_reader_options options = {.skip_kinds = skip};
    struct pmt_buffer out = {NULL, 0, 0};
    struct pmt_source source;
    struct pmt_reader *r;
    struct pmt_event event;
    struct pmt_error err = {0};
    int rc;

    pmt_source_from_memory(&source, b->bytes, b->used);
    rc = pmt_reader_open(&r, &source, &options, &err);
    if (rc == PMT_OK) {
        if (ahead)
            assert_true(pmt_reader_read_ahead(r));
        while (few-- && (rc = pmt_reader_next(r, &event, &err)) == PMT_OK)
            say(&out, r, &event);
        if (rc == PMT_END)
            assert_int_equal(pmt_reader_next(r, &event, &err), PMT_END);
        pmt_reader_free(r);
    }
    assert_int_equal(pmt_buffer_append(&out, &rc, sizeof rc), PMT_OK);
    return out;
}

static void same(const struct pmt_buffer *b, uint64_t skip, size_t few)
{
    struct pmt_buffer one = all_of(b, false, skip, few);
    struct pmt_buffer two = all_of(b, true, skip, few);

    assert_int_equal(one.used, two.used);
    assert_memory_equal(one.bytes, two.bytes, one.used);
    pmt_buffer_release(&one);
    pmt_buffer_release(&two);
}

/* ---- tests --------------------------------------------------------------- */

static void make(struct pmt_buffer *b)
{
    append_stream(b, 1, true);
    append_stream(b, 2, false);
    append_stream(b, 3, true);
}

static void sound_traces(void **state)
{
    struct pmt_buffer b = {NULL, 0, 0};

    (void)state;
    make(&b);
    same(&b, 0, SIZE_MAX);
    same(&b, UINT64_C(1) << PMT_KIND_ALLOC, SIZE_MAX);
    pmt_buffer_release(&b);
}

/* Closed before the end, at any place. */
static void left_early(void **state)
{
    struct pmt_buffer b = {NULL, 0, 0};

    (void)state;
    make(&b);
    for (size_t few = 0; few < 40; few++)
        same(&b, 0, few);
    pmt_buffer_release(&b);
}

static void damaged_traces(void **state)
{
    struct pmt_buffer b = {NULL, 0, 0}, copy = {NULL, 0, 0};

    (void)state;
    make(&b);
    for (int i = 0; i < DAMAGED; i++) {
        uint64_t places = 1 + random_below(4);

        copy.used = 0;
        assert_int_equal(pmt_buffer_append(&copy, b.bytes, b.used), PMT_OK);
        while (places--)
            copy.bytes[random_below(copy.used)] ^= 1u << random_below(8);
        if (random_below(4) == 0)
            copy.used = random_below(copy.used);
        same(&copy, 0, SIZE_MAX);
    }
    pmt_buffer_release(&b);
    pmt_buffer_release(&copy);
}

/* What a window of time leaves out hangs on the stream's header. */
static void not_ahead(void **state)
{
    const struct pmt_reader_options window = {.from_ns = 1};
    struct pmt_buffer b = {NULL, 0, 0};
    struct pmt_source source;
    struct pmt_reader *r;

    (void)state;
    append_stream(&b, 1, true);
    pmt_source_from_memory(&source, b.bytes, b.used);
    assert_int_equal(pmt_reader_open(&r, &source, &window, NULL), PMT_OK);
    assert_false(pmt_reader_read_ahead(r));
    pmt_reader_free(r);
    pmt_buffer_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sound_traces),
        cmocka_unit_test(left_early),
        cmocka_unit_test(damaged_traces),
        cmocka_unit_test(not_ahead),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
