/*
 * test-format-writer.c: what a writer is given, a reader gives back: records,
 * tables, headers, over epochs, with and without labels, in every size of
 * chunk. Also the index, and reading by options. (Longer than most files: the
 * tests share the records that are written and how they are compared.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format-sample.h"
#include "pmt/index.h"
#include "pmt/journal.h"

#define ALLOCS 3000u
#define OBJECTS 1000u

struct given {
    struct pmt_alloc allocs[ALLOCS];
    struct pmt_object objects[OBJECTS];
};

static struct given given;

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

/* All records of `given`, the stacks as they come up, marks in between. */
static void write_given(struct pmt_buffer *out,
                        const struct pmt_writer_options *options)
{
    struct pmt_writer *w = new_writer(out, options);
    uint64_t seed = 12;

    sample_define(w);
    for (size_t i = 0; i < ALLOCS; i++) {
        if (i % 100 == 50) {
            char text[16];
            struct pmt_mark mark = {given.allocs[i].time, 1, text, 0};

            mark.text_bytes = (uint32_t)snprintf(text, sizeof text, "at %zu",
                                                 i);
            assert_int_equal(pmt_writer_mark(w, &mark, NULL), 0);
        }
        assert_int_equal(pmt_writer_alloc(w, &given.allocs[i], NULL), 0);
        if (i % 3 == 0) {
            given.objects[i / 3].time = given.allocs[i].time;
            assert_int_equal(pmt_writer_object(w, &given.objects[i / 3],
                                               NULL), 0);
        }
        if (sample_below(&seed, 400) == 0) {
            assert_int_equal(pmt_writer_flush(w, NULL), 0);
        }
    }
    assert_int_equal(pmt_writer_finish(w, 1, NULL), 0);
    assert_int_equal(pmt_writer_offset(w), out->used);
    pmt_writer_free(w);
}

/* ---- reading it back ---------------------------------------------------------- */

struct back {
    size_t allocs, objects, marks, ends, indexes;
    uint32_t epoch;
    uint64_t ordinal[PMT_KIND_KNOWN];
};

static void same_alloc(const struct pmt_alloc *a, const struct pmt_alloc *b)
{
    assert_int_equal(a->time, b->time);
    assert_int_equal(a->address, b->address);
    assert_int_equal(a->size, b->size);
    assert_int_equal(a->stack, b->stack);
    assert_int_equal(a->thread, b->thread);
    assert_int_equal(a->op, b->op);
    assert_int_equal(a->domain, b->domain);
}

static void same_object(const struct pmt_object *a, const struct pmt_object *b)
{
    assert_int_equal(a->time, b->time);
    assert_int_equal(a->address, b->address);
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->stack, b->stack);
    assert_int_equal(a->thread, b->thread);
    assert_int_equal(a->op, b->op);
}

static void check_mark(struct pmt_reader *r, struct back *b, uint32_t i)
{
    struct pmt_text text = pmt_reader_text(r, i);
    char expected[16];
    int n = snprintf(expected, sizeof expected, "at %zu", 100 * b->marks + 50);

    assert_int_equal(text.length, n);
    assert_memory_equal(text.bytes, expected, n);
    assert_int_equal(pmt_reader_column(r, PMT_COL_TIME)[i],
                     given.allocs[100 * b->marks + 50].time);
    b->marks++;
}

static void take_records(struct pmt_reader *r, const struct pmt_event *e,
                         struct back *b)
{
    const struct pmt_alloc *a = pmt_reader_allocs(r);
    const struct pmt_object *o = pmt_reader_objects(r);

    assert_int_equal(e->envelope.ordinal, b->ordinal[e->envelope.kind]);
    b->ordinal[e->envelope.kind] += e->envelope.count;
    for (uint32_t i = 0; i < e->envelope.count; i++) {
        if (a) {
            same_alloc(&a[i], &given.allocs[b->allocs++]);
        } else if (o) {
            same_object(&o[i], &given.objects[b->objects++]);
        } else if (e->envelope.kind == PMT_KIND_MARK) {
            check_mark(r, b, i);
        }
    }
}

/* In the tables of sample_define. */
static void check_tables(const struct pmt_stream *s)
{
    struct pmt_code code;
    struct pmt_site site;
    struct pmt_type type;
    struct pmt_thread thread;

    assert_true(pmt_stream_code(s, 2, &code));
    assert_int_equal(code.file.length, 8);
    assert_memory_equal(code.file.bytes, "caf\xc3\xa9.py", 8);
    assert_int_equal(code.first_line, 20);
    assert_true(pmt_stream_code(s, 3, &code));
    assert_int_equal(code.file.length, 1);
    assert_memory_equal(code.file.bytes, "\xff", 1);
    for (uint32_t id = 1; id <= 4; id++) {
        assert_true(pmt_stream_site(s, id, &site));
        assert_int_equal(site.parent, id / 2);
        assert_int_equal(site.code, id % 3 + 1);
        assert_int_equal(site.line, 11 * id);
    }
    assert_false(pmt_stream_site(s, 5, &site));
    assert_false(pmt_stream_site(s, 0, &site));
    assert_true(pmt_stream_type(s, 3, &type));
    assert_int_equal(type.basic_size, 48);
    assert_int_equal(type.item_size, 3);
    assert_true(pmt_stream_thread(s, 1, &thread));
    assert_int_equal(thread.native_id, 42);
    assert_int_equal(thread.ident, 1u << 30);
    assert_memory_equal(thread.name.bytes, "main", 4);
    assert_true(pmt_stream_thread(s, 2, &thread));
    assert_int_equal(thread.name.length, 0);
}

static void read_given(const struct pmt_buffer *trace, size_t piece,
                       struct back *b)
{
    struct sample_pipe pipe = {trace->bytes, trace->used, piece, 0};
    struct pmt_source source;
    struct pmt_reader *r;
    struct pmt_event e;
    struct pmt_stream *s = NULL;
    int rc;

    memset(b, 0, sizeof *b);
    if (piece) {
        sample_pipe_source(&source, &pipe);
    } else {
        pmt_source_from_memory(&source, trace->bytes, trace->used);
    }
    assert_int_equal(pmt_reader_open(&r, &source, NULL, NULL), 0);
    while ((rc = pmt_reader_next(r, &e, NULL)) == PMT_OK) {
        assert_int_not_equal(e.type, PMT_EVENT_DAMAGE);
        assert_int_equal(e.seq_missing, 0);
        s = e.stream ? e.stream : s;
        b->ends += e.type == PMT_EVENT_END;
        b->indexes += e.type == PMT_EVENT_INDEX;
        b->epoch = e.envelope.epoch > b->epoch ? e.envelope.epoch : b->epoch;
        if (e.type == PMT_EVENT_RECORDS) {
            take_records(r, &e, b);
        } else if (e.type == PMT_EVENT_END) {
            assert_true(e.end_clean);
            assert_int_equal(e.end_records,
                             ALLOCS + OBJECTS + ALLOCS / 100);
            assert_int_equal(e.end_chunks, e.envelope.seq);
        }
    }
    assert_int_equal(rc, PMT_END);
    check_tables(s);
    assert_int_equal(b->allocs, ALLOCS);
    assert_int_equal(b->objects, OBJECTS);
    assert_int_equal(b->marks, ALLOCS / 100);
    assert_int_equal(b->ends, 1);
    pmt_reader_free(r);
}

static void test_round_trip(void **state)
{
    static const uint32_t chunk_records[] = {1, 7, 100, 1024, 65536, 0};
    struct pmt_buffer trace = {NULL, 0, 0};
    struct back b;

    (void)state;
    for (size_t i = 0; i < 4 * (sizeof chunk_records / 4); i++) {
        const struct pmt_writer_options options = {
            .chunk_records = chunk_records[i / 4],
            .epoch_chunks = i % 4 == 1 ? 1 : i % 4 == 2 ? 5 : 0,
            .no_labels = i % 4 == 3,
            .no_prediction = i % 2,
            .level = (int)(i % 4) * 3,
        };

        trace.used = 0;
        write_given(&trace, &options);
        read_given(&trace, 0, &b);
        assert_int_equal(b.indexes, !options.no_labels);
        if (options.epoch_chunks == 1) {
            assert_true(b.epoch > 5);
        }
        read_given(&trace, 1 + 997 * i, &b);
    }
    pmt_buffer_release(&trace);
}

/* One byte at a time. */
static void test_slow_pipe(void **state)
{
    const struct pmt_writer_options options = {.chunk_records = 500};
    struct pmt_buffer trace = {NULL, 0, 0};
    struct back b;

    (void)state;
    write_given(&trace, &options);
    read_given(&trace, 1, &b);
    pmt_buffer_release(&trace);
}

/* ---- an epoch can be read alone ------------------------------------------------- */

/* Is all that a record refers to stated in the epoch before it? */
static void check_epochs(struct pmt_reader *r, const struct pmt_event *e,
                         uint32_t *stated, uint32_t *epoch)
{
    const struct pmt_alloc *a = pmt_reader_allocs(r);

    if (e->envelope.epoch != *epoch) {
        *epoch = e->envelope.epoch;
        *stated = 0;
    }
    if (e->type == PMT_EVENT_TABLE && e->envelope.kind == PMT_KIND_STACKS) {
        const uint64_t *ids = pmt_reader_column(r, 0);

        for (uint32_t i = 0; i < e->envelope.count; i++) {
            *stated |= 1u << ids[i];
        }
    }
    for (uint32_t i = 0; a && i < e->envelope.count; i++) {
        for (uint32_t id = a[i].stack; id; id /= 2) { /* its parents too */
            assert_true(*stated >> id & 1);
        }
    }
}

static void test_epochs_restate(void **state)
{
    const struct pmt_writer_options options = {.chunk_records = 100,
                                               .epoch_chunks = 2};
    struct pmt_buffer trace = {NULL, 0, 0};
    struct pmt_source source;
    struct pmt_reader *r;
    struct pmt_event e;
    uint32_t stated = 0;
    uint32_t epoch = 0;

    (void)state;
    write_given(&trace, &options);
    pmt_source_from_memory(&source, trace.bytes, trace.used);
    assert_int_equal(pmt_reader_open(&r, &source, NULL, NULL), 0);
    while (pmt_reader_next(r, &e, NULL) == PMT_OK) {
        if (e.stream) {
            check_epochs(r, &e, &stated, &epoch);
        }
    }
    assert_true(epoch > 10);
    pmt_reader_free(r);
    pmt_buffer_release(&trace);
}

/* ---- the index ------------------------------------------------------------------- */

static void test_index(void **state)
{
    const struct pmt_writer_options options = {.chunk_records = 300};
    const struct pmt_writer_options no_labels = {.no_labels = 1};
    struct pmt_buffer trace = {NULL, 0, 0};
    struct sample_frame frames[256];
    struct pmt_index index = {NULL, 0, 0};
    struct pmt_source source;
    size_t count;

    (void)state;
    write_given(&trace, &options);
    count = sample_frames(&trace, frames, 256);
    pmt_source_from_memory(&source, trace.bytes, trace.used);
    assert_int_equal(pmt_index_read(&index, &source, NULL), PMT_OK);
    assert_int_equal(index.count, count / 2);
    for (size_t i = 0; i < index.count; i++) {
        assert_int_equal(index.entries[i].offset, frames[2 * i].offset);
        assert_int_equal(index.entries[i].kind, frames[2 * i].kind);
        assert_int_equal(index.entries[i].frame_bytes,
                         frames[2 * i + 1].bytes);
        assert_int_equal(index.entries[i].seq, i);
    }
    pmt_index_release(&index);

    /* Two traces, one after the other. */
    assert_int_equal(pmt_buffer_reserve(&trace, trace.used), PMT_OK);
    memcpy(trace.bytes + trace.used, trace.bytes, trace.used);
    pmt_source_close(&source);
    pmt_source_from_memory(&source, trace.bytes, 2 * trace.used);
    assert_int_equal(pmt_index_read(&index, &source, NULL), PMT_OK);
    assert_int_equal(index.count, count / 2 * 2);
    assert_int_equal(index.entries[count / 2].offset, trace.used);
    pmt_index_release(&index);
    pmt_source_close(&source);

    /* Cut off, damaged, without. */
    pmt_source_from_memory(&source, trace.bytes, trace.used - 1);
    assert_int_equal(pmt_index_read(&index, &source, NULL), PMT_END);
    assert_int_equal(index.count, 0);
    pmt_source_close(&source);
    trace.bytes[trace.used - 60] ^= 1;
    pmt_source_from_memory(&source, trace.bytes, trace.used);
    assert_int_equal(pmt_index_read(&index, &source, NULL), PMT_ERR_CORRUPT);
    assert_int_equal(index.count, 0);
    pmt_source_close(&source);
    trace.used = 0;
    write_given(&trace, &no_labels);
    pmt_source_from_memory(&source, trace.bytes, trace.used);
    assert_int_equal(pmt_index_read(&index, &source, NULL), PMT_END);
    pmt_source_close(&source);
    pmt_buffer_release(&trace);
}

/* ---- what else a writer writes ---------------------------------------------------- */

static void test_header(void **state)
{
    struct pmt_buffer trace = {NULL, 0, 0};
    struct pmt_writer *w = new_writer(&trace, NULL);
    const struct pmt_stream_header *h;
    struct pmt_source source;
    struct pmt_reader *r;
    struct pmt_event e;

    (void)state;
    pmt_writer_free(w); /* without an end */
    pmt_source_from_memory(&source, trace.bytes, trace.used);
    assert_int_equal(pmt_reader_open(&r, &source, NULL, NULL), 0);
    assert_int_equal(pmt_reader_next(r, &e, NULL), PMT_OK);
    assert_int_equal(e.type, PMT_EVENT_STREAM);
    h = pmt_stream_header(e.stream);
    assert_int_equal(h->major, 1);
    assert_int_equal(h->tick_ns, 100);
    assert_int_equal(h->rss_unit, 4096);
    assert_true(h->has_pid && h->pid == 42);
    assert_int_equal(h->argc, 2);
    assert_int_equal(h->argv[1].length, 11);
    assert_memory_equal(h->argv[1].bytes, "\xff not UTF-8", 11);
    assert_true(pmt_stream_has_hook(e.stream, "stack:4"));
    assert_false(pmt_stream_has_hook(e.stream, "stack:"));
    assert_int_equal(h->setting_count, 1);
    assert_memory_equal(h->settings[0].bytes, "frames", 6);
    assert_int_equal(h->start_mono_ns, 5000000000);
    assert_true(h->start_real_ns == INT64_C(1763683200000000000));
    assert_int_equal(h->start_uncertainty_ns, 250);
    assert_int_equal(h->uuid[15], 0x1f);
    assert_true(pmt_stream_key(e.stream) == UINT64_C(0x1011121314151617));
    assert_false(h->has_boot || h->has_parent || h->has_session);
    assert_int_equal(pmt_reader_next(r, &e, NULL), PMT_END);
    pmt_reader_free(r);
    pmt_buffer_release(&trace);
}

/* A thread's new name counts from then on. */
static void test_thread_renamed(void **state)
{
    struct pmt_buffer trace = {NULL, 0, 0};
    struct pmt_writer *w = new_writer(&trace, NULL);
    struct pmt_alloc a = {.time = 1, .address = 16, .size = 1, .thread = 9,
                          .op = PMT_ALLOC_MALLOC};
    const char *const names[] = {"first", "second"};
    struct pmt_source source;
    struct pmt_reader *r;
    struct pmt_event e;
    unsigned chunks = 0;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(pmt_writer_define_thread(w, 9, 1, 2, names[i],
                                                  strlen(names[i]), NULL),
                         0);
        assert_int_equal(pmt_writer_alloc(w, &a, NULL), 0);
        assert_int_equal(pmt_writer_flush(w, NULL), 0);
    }
    assert_int_equal(pmt_writer_define_stack(w, 1, 0, 1, 1, NULL), 0);
    assert_int_equal(pmt_writer_define_stack(w, 1, 0, 1, 1, NULL),
                     PMT_ERR_ARGUMENT);
    assert_int_equal(pmt_writer_define_stack(w, 0, 0, 1, 1, NULL),
                     PMT_ERR_ARGUMENT);
    assert_int_equal(pmt_writer_define_stack(w, 3, 3, 1, 1, NULL),
                     PMT_ERR_ARGUMENT);
    assert_int_equal(pmt_writer_define_stack(w, 1u << 24, 1, 1, 1, NULL),
                     PMT_ERR_LIMIT);
    pmt_writer_free(w);
    pmt_source_from_memory(&source, trace.bytes, trace.used);
    assert_int_equal(pmt_reader_open(&r, &source, NULL, NULL), 0);
    while (pmt_reader_next(r, &e, NULL) == PMT_OK) {
        struct pmt_thread thread;

        if (e.type == PMT_EVENT_RECORDS) {
            assert_true(pmt_stream_thread(e.stream, 9, &thread));
            assert_int_equal(thread.name.length, strlen(names[chunks]));
            assert_memory_equal(thread.name.bytes, names[chunks],
                                thread.name.length);
            chunks++;
        }
    }
    assert_int_equal(chunks, 2);
    pmt_reader_free(r);
    pmt_buffer_release(&trace);
}

static void check_live(struct pmt_reader *r, const struct pmt_event *e,
                       size_t *seen)
{
    const struct pmt_live *l = pmt_reader_lives(r);
    uint32_t of_kind, part, parts;

    pmt_reader_live_part(r, &of_kind, &part, &parts);
    assert_int_equal(of_kind, PMT_KIND_ALLOC);
    assert_int_equal(parts, 2);
    assert_int_equal(part, *seen / 65536);
    for (uint32_t i = 0; i < e->envelope.count; i++) {
        assert_int_equal(l[i].address, 16 * *seen);
        assert_int_equal(l[i].size, *seen % 1000);
        assert_int_equal(l[i].time, *seen % 77);
        assert_int_equal(l[i].stack, *seen % 5);
        assert_int_equal(l[i].domain, *seen % 4);
        *seen += 1;
    }
}

/* A live set of two parts, given in another order than by address. */
static void test_live_set(void **state)
{
    const size_t n = 70000;
    struct pmt_buffer trace = {NULL, 0, 0};
    struct pmt_writer *w = new_writer(&trace, NULL);
    struct pmt_live *live = calloc(n, sizeof *live);
    struct pmt_source source;
    struct pmt_reader *r;
    struct pmt_event e;
    size_t seen = 0;

    (void)state;
    sample_define(w);
    for (size_t i = 0; i < n; i++) {
        size_t k = n - 1 - i;

        live[i] = (struct pmt_live){.address = 16 * k, .size = k % 1000,
                                    .time = k % 77,
                                    .stack = (uint32_t)(k % 5),
                                    .thread = 1,
                                    .domain = (uint8_t)(k % 4)};
    }
    assert_int_equal(pmt_writer_live_set(w, 500, PMT_KIND_ALLOC, live, n,
                                         NULL), 0);
    assert_int_equal(pmt_writer_finish(w, 0, NULL), 0);
    pmt_writer_free(w);
    pmt_source_from_memory(&source, trace.bytes, trace.used);
    assert_int_equal(pmt_reader_open(&r, &source, NULL, NULL), 0);
    while (pmt_reader_next(r, &e, NULL) == PMT_OK) {
        assert_int_not_equal(e.type, PMT_EVENT_DAMAGE);
        if (e.envelope.kind == PMT_KIND_LIVE_SET) {
            check_live(r, &e, &seen);
        }
        assert_false(e.type == PMT_EVENT_END && e.end_clean);
    }
    assert_int_equal(seen, n);
    pmt_reader_free(r);
    free(live);
    pmt_buffer_release(&trace);
}

/* Losses are free-running; the trace has the differences, and the sum. */
static void test_losses_and_anchors(void **state)
{
    struct pmt_buffer trace = {NULL, 0, 0};
    struct pmt_writer *w = new_writer(&trace, NULL);
    uint64_t lost[PMT_LOSS_CAUSES] = {5};
    uint64_t by_cause[PMT_LOSS_CAUSES] = {0};
    struct pmt_source source;
    struct pmt_reader *r;
    struct pmt_event e;
    unsigned anchors = 0;

    (void)state;
    pmt_writer_lost(w, 10, lost);
    pmt_writer_anchor(w, 10, 1000, -5, 3);
    pmt_writer_anchor(w, 20, 2000, 1, 4);
    assert_int_equal(pmt_writer_flush(w, NULL), 0);
    lost[PMT_LOSS_FULL] = 9;
    lost[PMT_LOSS_IO] = 2;
    pmt_writer_lost(w, 30, lost);
    assert_int_equal(pmt_writer_finish(w, 1, NULL), 0);
    pmt_writer_free(w);
    pmt_source_from_memory(&source, trace.bytes, trace.used);
    assert_int_equal(pmt_reader_open(&r, &source, NULL, NULL), 0);
    while (pmt_reader_next(r, &e, NULL) == PMT_OK) {
        if (e.envelope.kind == PMT_KIND_LOSS) {
            for (uint32_t i = 0; i < e.envelope.count; i++) {
                by_cause[pmt_reader_column(r, PMT_COL_OP)[i]] +=
                    pmt_reader_column(r, PMT_COL_EVENTS)[i];
            }
        } else if (e.envelope.kind == PMT_KIND_ANCHORS) {
            assert_int_equal(e.envelope.count, 2);
            assert_int_equal(pmt_reader_column(r, 1)[1], 20);
            assert_int_equal(pmt_reader_column(r, 32)[1], 2000);
            assert_true((int64_t)pmt_reader_column(r, 33)[0] == -5);
            assert_true((int64_t)pmt_reader_column(r, 33)[1] == 1);
            assert_int_equal(pmt_reader_column(r, 34)[0], 3);
            anchors++;
        } else if (e.type == PMT_EVENT_END) {
            assert_int_equal(e.end_lost, 11);
            assert_int_equal(e.envelope.lost, 11);
        }
    }
    assert_int_equal(by_cause[PMT_LOSS_FULL], 9);
    assert_int_equal(by_cause[PMT_LOSS_IO], 2);
    assert_int_equal(anchors, 1);
    pmt_reader_free(r);
    pmt_buffer_release(&trace);
}

/* Figures are signed: from -2^63 to 2^63 - 1, gauges and counters. Records of
 * another list, and of another kind, come in chunks of their own. */
static const int64_t signed_figures[][2] = {
    {-8, INT64_MIN}, {19, INT64_MAX}, {-20, INT64_MIN}, {0, -1},
    {-1, INT64_MAX}};
#define SIGNED_ROWS (sizeof signed_figures / sizeof *signed_figures)

static void write_figures(struct pmt_buffer *trace)
{
    struct pmt_value figures[] = {
        {.name = {"nice", 4}, .unit = {"count", 5}},
        {.name = {"c", 1}, .unit = {"", 0}, .counter = 1}};
    struct pmt_writer *w = new_writer(trace, NULL);

    for (size_t i = 0; i < SIGNED_ROWS; i++) {
        figures[0].value = signed_figures[i][0];
        figures[1].value = signed_figures[i][1];
        assert_int_equal(pmt_writer_figures(w, PMT_KIND_SAMPLE, 10 + i, 0, 7,
                                            figures, 2, NULL), 0);
        assert_int_equal(pmt_writer_figures(w, PMT_KIND_SAMPLE, 10 + i, 0, 7,
                                            figures + 1, 1, NULL), 0);
        assert_int_equal(pmt_writer_figures(w, PMT_KIND_HEAP, 10 + i, 0, 0,
                                            figures, 1, NULL), 0);
    }
    assert_int_equal(pmt_writer_finish(w, 1, NULL), 0);
    pmt_writer_free(w);
}

static void test_figures(void **state)
{
    struct pmt_buffer trace = {NULL, 0, 0};
    struct pmt_source source;
    struct pmt_reader *r;
    struct pmt_event e;
    size_t chunks = 0;

    (void)state;
    write_figures(&trace);
    pmt_source_from_memory(&source, trace.bytes, trace.used);
    assert_int_equal(pmt_reader_open(&r, &source, NULL, NULL), 0);
    while (pmt_reader_next(r, &e, NULL) == PMT_OK) {
        size_t count;
        const struct pmt_figure *figures = pmt_reader_figures(r, &count);

        assert_int_not_equal(e.type, PMT_EVENT_DAMAGE);
        if (e.type != PMT_EVENT_RECORDS) {
            continue;
        }
        chunks++;
        assert_int_equal(e.envelope.count, SIGNED_ROWS);
        assert_null(pmt_reader_figure(r, count));
        for (size_t f = 0; f < count; f++) {
            const int64_t *values = pmt_reader_figure(r, f);

            for (size_t i = 0; i < SIGNED_ROWS; i++) {
                assert_true(values[i] ==
                            signed_figures[i][figures[f].value]);
            }
        }
    }
    assert_int_equal(chunks, 3);
    pmt_reader_free(r);
    pmt_buffer_release(&trace);
}

/* ---- options of a reader ----------------------------------------------------------- */

static void test_skipping(void **state)
{
    const struct pmt_writer_options written = {.chunk_records = 100};
    const uint64_t from = given.allocs[1000].time;
    const uint64_t to = given.allocs[1200].time;
    const struct pmt_reader_options options = {
        .skip_kinds = UINT64_C(1) << PMT_KIND_OBJECT,
        .from_ns = from * 100,
        .to_ns = to * 100,
    };
    struct pmt_buffer trace = {NULL, 0, 0};
    struct pmt_source source;
    struct pmt_reader *r;
    struct pmt_event e;
    size_t seen = 0;
    size_t skipped = 0;

    (void)state;
    write_given(&trace, &written);
    pmt_source_from_memory(&source, trace.bytes, trace.used);
    assert_int_equal(pmt_reader_open(&r, &source, &options, NULL), 0);
    while (pmt_reader_next(r, &e, NULL) == PMT_OK) {
        const struct pmt_alloc *a = pmt_reader_allocs(r);

        assert_int_not_equal(e.type, PMT_EVENT_DAMAGE);
        assert_null(pmt_reader_objects(r));
        assert_true(e.seq_missing == 0);
        skipped += e.type == PMT_EVENT_SKIPPED_CHUNK;
        if (a) {
            assert_true(e.envelope.t1 >= from && e.envelope.t0 <= to);
        }
        for (uint32_t i = 0; a && i < e.envelope.count; i++) {
            seen += a[i].time >= from && a[i].time <= to;
        }
    }
    assert_true(seen >= 201); /* times may be equal at both ends */
    assert_true(skipped > 30);
    pmt_reader_free(r);
    pmt_buffer_release(&trace);
}

static int begin(void **state)
{
    uint64_t seed = 2026;

    (void)state;
    sample_allocs(&seed, 1, given.allocs, ALLOCS);
    sample_objects(&seed, 1, given.objects, OBJECTS);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_slow_pipe),
        cmocka_unit_test(test_epochs_restate),
        cmocka_unit_test(test_index),
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_thread_renamed),
        cmocka_unit_test(test_live_set),
        cmocka_unit_test(test_losses_and_anchors),
        cmocka_unit_test(test_figures),
        cmocka_unit_test(test_skipping),
    };

    return cmocka_run_group_tests(tests, begin, NULL);
}
