/*
 * test-format-damage.c: every prefix and every single flipped bit of a small
 * trace (spec 9). What must come out is told by where its frames lie, which
 * is found here by their bytes, not by the reader.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "format-sample.h"
#include "pmt/recover.h"

#define FRAMES_MAX 64u

static struct pmt_buffer golden;
static struct sample_frame frames[FRAMES_MAX];
static size_t frame_count;
static struct sample_events whole;

/* ---- what is read ---------------------------------------------------------- */

static int is_chunk(const struct sample_event *e)
{
    return e->type != PMT_EVENT_DAMAGE && e->type != PMT_EVENT_INDEX &&
           e->type != PMT_EVENT_FOREIGN;
}

static int same_chunk(const struct sample_event *a,
                      const struct sample_event *b)
{
    return a->type == b->type && a->kind == b->kind && a->seq == b->seq &&
           a->count == b->count && a->digest == b->digest;
}

/* The chunk of a data frame in `whole`. */
static const struct sample_event *chunk_of(const struct sample_frame *f)
{
    for (size_t i = 0; i < whole.count; i++) {
        /* Its label is 72 bytes before it. */
        if (whole.list[i].offset + 72 == f->offset) {
            return &whole.list[i];
        }
    }
    fail_msg("no chunk at %zu", f->offset);
    return NULL;
}

/* `got` has exactly the chunks of data frames that lie below `end`, but not
 * that of frame `lost`. `where` is what was done, for messages. */
static void chunks_are(const struct sample_events *got, size_t end,
                       const struct sample_frame *lost, size_t where)
{
    size_t at = 0;

    for (size_t i = 0; i < frame_count; i++) {
        const struct sample_frame *f = &frames[i];

        if (f->type != SAMPLE_DATA || f->offset + f->bytes > end ||
            f == lost) {
            continue;
        }
        while (at < got->count && !is_chunk(&got->list[at])) {
            at++;
        }
        if (at == got->count ||
            !same_chunk(&got->list[at], chunk_of(f))) {
            fail_msg("at %zu: the chunk at %zu is missing or differs", where,
                     f->offset);
        }
        at++;
    }
    while (at < got->count && !is_chunk(&got->list[at])) {
        at++;
    }
    if (at < got->count && got->list[at].kind != PMT_KIND_END) {
        fail_msg("at %zu: a chunk that was not written", where);
    }
}

static size_t damages(const struct sample_events *got, int code)
{
    size_t n = 0;

    for (size_t i = 0; i < got->count; i++) {
        n += got->list[i].type == PMT_EVENT_DAMAGE &&
             got->list[i].code == code;
    }
    return n;
}

static const struct sample_event *first_damage(const struct sample_events *got)
{
    for (size_t i = 0; i < got->count; i++) {
        if (got->list[i].type == PMT_EVENT_DAMAGE) {
            return &got->list[i];
        }
    }
    return NULL;
}

/* ---- prefixes -------------------------------------------------------------- */

/* Where a file of `n` bytes is cut off: the offset of the label, or of the
 * index, or PMT_NO_OFFSET between two of them. */
static uint64_t cut_at(size_t n)
{
    for (size_t i = 0; i < frame_count; i++) {
        size_t start = frames[i].offset;
        size_t bytes = frames[i].bytes;

        if (frames[i].type == SAMPLE_LABEL) {
            bytes += frames[i + 1].bytes; /* they go together */
        }
        if (n > start && n < start + bytes) {
            return start;
        }
    }
    return PMT_NO_OFFSET;
}

static void check_prefix(const struct sample_events *got, size_t n)
{
    uint64_t cut = cut_at(n);
    const struct sample_event *d = first_damage(got);

    assert_int_equal(got->opened, PMT_OK);
    assert_int_equal(got->ended, PMT_END);
    chunks_are(got, n, NULL, n);
    assert_int_equal(damages(got, PMT_ERR_CORRUPT), 0);
    if (cut == PMT_NO_OFFSET) {
        assert_null(d);
        return;
    }
    if (damages(got, PMT_ERR_TRUNCATED) != 1 || d->damage_offset != cut) {
        fail_msg("prefix of %zu bytes: not truncated at %llu", n,
                 (unsigned long long)cut);
    }
}

static void test_every_prefix(void **state)
{
    static struct sample_events got;

    (void)state;
    for (size_t n = 1; n <= golden.used; n++) {
        uint8_t *copy = malloc(n); /* so that a sanitizer sees its end */

        memcpy(copy, golden.bytes, n);
        sample_read(copy, n, 0, &got);
        check_prefix(&got, n);
        sample_read(copy, n, 1 + n % 50, &got);
        check_prefix(&got, n);
        free(copy);
    }
    sample_read("", 0, 0, &got);
    assert_int_equal(got.opened, PMT_ERR_NOT_A_TRACE);
    sample_read("", 0, 1, &got);
    assert_int_equal(got.opened, PMT_ERR_NOT_A_TRACE);
}

/* ---- flipped bits ---------------------------------------------------------- */

static const struct sample_frame *frame_at(size_t offset)
{
    for (size_t i = 0; i < frame_count; i++) {
        if (offset < frames[i].offset + frames[i].bytes) {
            return &frames[i];
        }
    }
    fail_msg("no frame at %zu", offset);
    return NULL;
}

static void check_flip(const struct sample_events *got, size_t offset)
{
    const struct sample_frame *f = frame_at(offset);
    const struct sample_frame *lost = f->type == SAMPLE_DATA ? f : NULL;
    const struct sample_event *d = first_damage(got);

    assert_int_equal(got->opened, PMT_OK);
    assert_int_equal(got->ended, PMT_END);
    chunks_are(got, golden.used, lost, offset);
    if (!d || d->damage_offset != f->offset || d->code != PMT_ERR_CORRUPT ||
        damages(got, PMT_ERR_CORRUPT) != 1 ||
        damages(got, PMT_ERR_TRUNCATED)) {
        fail_msg("byte %zu, frame at %zu: damage reported %zu times, "
                 "first at %llu",
                 offset, f->offset, damages(got, PMT_ERR_CORRUPT),
                 d ? (unsigned long long)d->damage_offset : 0);
    }
}

static void test_every_bit(void **state)
{
    static struct sample_events got;
    uint8_t *copy = malloc(golden.used);

    (void)state;
    memcpy(copy, golden.bytes, golden.used);
    for (size_t i = 0; i < golden.used; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            copy[i] ^= (uint8_t)(1u << bit);
            sample_read(copy, golden.used, 0, &got);
            check_flip(&got, i);
            if (bit == i % 8) {
                sample_read(copy, golden.used, 1 + i % 300, &got);
                check_flip(&got, i);
            }
            copy[i] ^= (uint8_t)(1u << bit);
        }
    }
    free(copy);
}

/* ---- recovery -------------------------------------------------------------- */

static void recover(const uint8_t *bytes, size_t n, struct pmt_buffer *out,
                    struct pmt_recovery *report)
{
    struct pmt_source source;
    struct pmt_sink sink;

    out->used = 0;
    pmt_sink_to_buffer(&sink, out);
    pmt_source_from_memory(&source, bytes, n);
    assert_int_equal(pmt_recover(&source, NULL, &sink, report, NULL), PMT_OK);
    pmt_source_close(&source);
}

/* What is recovered has no damage, is whole, and ends. */
static void check_recovered(const struct sample_events *got)
{
    assert_int_equal(got->ended, PMT_END);
    assert_null(first_damage(got));
    assert_int_equal(got->list[got->count - 1].type, PMT_EVENT_INDEX);
    assert_int_equal(got->list[got->count - 2].type, PMT_EVENT_END);
}

static void test_recovered_prefix(void **state)
{
    static struct sample_events got;
    struct pmt_buffer out = {NULL, 0, 0};
    struct pmt_recovery report;
    size_t first = frames[1].offset + frames[1].bytes;

    (void)state;
    for (size_t n = first; n < golden.used; n++) {
        recover(golden.bytes, n, &out, &report);
        sample_read(out.bytes, out.used, 0, &got);
        check_recovered(&got);
        chunks_are(&got, n, NULL, n);
        assert_int_equal(report.truncated, cut_at(n) != PMT_NO_OFFSET);
        assert_int_equal(report.first_damage, cut_at(n));
        assert_int_equal(report.bytes_dropped,
                         cut_at(n) == PMT_NO_OFFSET ? 0 : n - cut_at(n));
        assert_false(report.was_complete);
    }
    recover(golden.bytes, golden.used, &out, &report);
    assert_true(report.was_complete);
    assert_int_equal(out.used, golden.used);
    assert_memory_equal(out.bytes, golden.bytes, golden.used);
    pmt_buffer_release(&out);
}

static void test_recovered_bit(void **state)
{
    static struct sample_events got;
    struct pmt_buffer out = {NULL, 0, 0};
    struct pmt_recovery report;
    uint8_t *copy = malloc(golden.used);

    (void)state;
    memcpy(copy, golden.bytes, golden.used);
    for (size_t i = 0; i < golden.used; i++) {
        const struct sample_frame *f = frame_at(i);
        const struct sample_frame *lost = f->type == SAMPLE_DATA ? f : NULL;

        copy[i] ^= (uint8_t)(1u << i % 8);
        recover(copy, golden.used, &out, &report);
        sample_read(out.bytes, out.used, 0, &got);
        check_recovered(&got);
        chunks_are(&got, golden.used, lost, i);
        assert_int_equal(report.first_damage, f->offset);
        assert_false(report.was_complete);
        copy[i] ^= (uint8_t)(1u << i % 8);
    }
    free(copy);
    pmt_buffer_release(&out);
}

/* ---- two traces ------------------------------------------------------------ */

/* Where the frame that is cut off at `n` would have ended. */
static size_t missing(size_t n)
{
    const struct sample_frame *f = frame_at(n);

    return f->offset == n ? 0 : f->offset + f->bytes - n;
}

static int is_frame(size_t offset)
{
    for (size_t i = 0; i < frame_count; i++) {
        if (frames[i].offset == offset) {
            return 1;
        }
    }
    return 0;
}

/* A trace cut off anywhere, and a whole one behind it: the whole one is read,
 * and the place of the cut is told. But where the end of the frame that was
 * cut happens to be the beginning of one in the other, a reader goes on there
 * (9.1, 9.3). */
static void test_cut_trace_before_another(void **state)
{
    static struct sample_events got;
    uint8_t *both = malloc(2 * golden.used);

    (void)state;
    for (size_t n = 1; n < golden.used; n++) {
        const struct sample_event *d;
        size_t chunks = 0;

        if (missing(n) && is_frame(missing(n))) {
            continue;
        }
        memcpy(both, golden.bytes, n);
        memcpy(both + n, golden.bytes, golden.used);
        sample_read(both, n + golden.used, 0, &got);
        assert_int_equal(got.ended, PMT_END);
        d = first_damage(&got);
        if (cut_at(n) != PMT_NO_OFFSET &&
            (!d || d->code != PMT_ERR_CORRUPT || d->damage_offset < cut_at(n) ||
             d->damage_offset > cut_at(n) + 72)) {
            fail_msg("cut at %zu is not told", n);
        }
        for (size_t i = 0; i < got.count; i++) {
            chunks += is_chunk(&got.list[i]) && got.list[i].offset >= n;
        }
        /* One event is the index of the whole one. */
        assert_int_equal(chunks, whole.count - 1);
    }
    free(both);
}

/* A frame of someone else at the end, whole or cut off; a pipe is not asked
 * for more once it has ended. */
static void test_foreign_frame_cut(void **state)
{
    static const uint8_t head[8] = {0x53, 0x2a, 0x4d, 0x18, 40};
    static struct sample_events got;
    size_t all = golden.used + 48;
    uint8_t *file = calloc(1, all);

    (void)state;
    memcpy(file, golden.bytes, golden.used);
    memcpy(file + golden.used, head, sizeof head);
    for (size_t n = golden.used + 1; n <= all; n++) {
        for (size_t piece = 0; piece < 100; piece += 33) {
            const struct sample_event *d;

            sample_read(file, n, piece, &got);
            assert_int_equal(got.ended, PMT_END);
            chunks_are(&got, golden.used, NULL, n);
            d = first_damage(&got);
            assert_int_equal(d != NULL, n < all);
            assert_true(!d || (d->code == PMT_ERR_TRUNCATED &&
                               d->damage_offset == golden.used));
        }
    }
    free(file);
}

static int begin(void **state)
{
    (void)state;
    sample_golden(&golden);
    frame_count = sample_frames(&golden, frames, FRAMES_MAX);
    sample_read(golden.bytes, golden.used, 0, &whole);
    /* A label and a data frame for each chunk, and the index. */
    assert_int_equal(frame_count, 2 * (whole.count - 1) + 1);
    assert_null(first_damage(&whole));
    return 0;
}

static int finish(void **state)
{
    (void)state;
    pmt_buffer_release(&golden);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_every_bit),
        cmocka_unit_test(test_recovered_prefix),
        cmocka_unit_test(test_recovered_bit),
        cmocka_unit_test(test_cut_trace_before_another),
        cmocka_unit_test(test_foreign_frame_cut),
    };

    return cmocka_run_group_tests(tests, begin, finish);
}
