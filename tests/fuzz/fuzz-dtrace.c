/*
 * fuzz-dtrace.c - any text through the converter of D and bpftrace scripts'
 * output: fed whole and in pieces the result is the same, every line is
 * counted once, and what comes out is a sound trace whose records are those
 * that the report tells.
 */
#include <stdlib.h>
#include <string.h>

#include "dtrace/convert.h"
#include "fuzz.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room,
                               unsigned seed)
{
    (void)seed;
    return LLVMFuzzerMutate(data, size, room);
}

/* The log in pieces of `piece` bytes; without `out` nothing is written.
 * Returns whether it gave a trace. */
static bool convert(const uint8_t *data, size_t size, size_t piece,
                    struct dt_report *report, struct pmt_buffer *out)
{
    struct dt_options options = {.producer = "fuzz", .chunk_records = 64,
                                 .count_only = !out};
    struct dt_convert *c;
    struct pmt_error err;
    struct pmt_sink sink = {0};
    bool any;

    if (out)
        pmt_sink_to_buffer(&sink, out);
    FUZZ_MUST(dt_convert_new(&c, &sink, &options, &err) == PMT_OK);
    for (size_t at = 0; at < size; at += piece) {
        size_t n = size - at < piece ? size - at : piece;
        uint8_t *copy = malloc(n); /* so that one byte too far is seen */

        FUZZ_MUST(copy);
        memcpy(copy, data + at, n);
        FUZZ_MUST(dt_convert_feed(c, copy, n, &err) == PMT_OK);
        free(copy);
    }
    FUZZ_MUST(dt_convert_finish(c, &any, &err) == PMT_OK);
    *report = *dt_convert_report(c);
    dt_convert_free(c);
    return any;
}

static void check_report(const struct dt_report *r, const uint8_t *data,
                         size_t size)
{
    const struct dt_totals *t = &r->totals;
    uint64_t lines = 0, causes = 0;

    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    lines += size > 0 && data[size - 1] != '\n';
    FUZZ_MUST(r->lines == lines);
    FUZZ_MUST(r->used + r->other + r->unused == lines);
    for (int i = 0; i < DT_CAUSES; i++)
        causes += r->causes[i].count;
    FUZZ_MUST(causes >= r->unused);
    FUZZ_MUST(t->bytes == t->bytes_freed + t->bytes_live + t->unseen_bytes);
    FUZZ_MUST(t->mallocs == t->frees + t->blocks_live + t->unseen);
}

/* The trace's records are those that were counted. */
static void check_trace(const struct pmt_buffer *out,
                        const struct dt_report *r)
{
    const struct dt_totals *t = &r->totals;
    struct fuzz_walk walk;

    fuzz_walk(out->bytes, out->used, 0, NULL, &walk);
    FUZZ_MUST(walk.damages == 0 && walk.opened == PMT_OK);
    FUZZ_MUST(walk.records == t->mallocs + t->frees + t->before + t->calls +
                                  t->gcs + r->table_rows + (r->lost > 0));
}

/* One input in 32 is written, and fed in pieces: that takes a hundred times as
 * long. */
static bool is_written(const uint8_t *data, size_t size)
{
    uint32_t h = 0;

    for (size_t i = 0; i < size; i++)
        h = (h ^ data[i]) * 0x01000193u;
    return (h >> 16 & 31) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pmt_buffer written = {0};
    struct dt_report whole, cut;
    bool any = convert(data, size, size + 1, &whole, NULL);
    size_t piece = size ? 1 + data[size / 2] % 64u : 1;

    check_report(&whole, data, size);
    if (is_written(data, size)) {
        FUZZ_MUST(convert(data, size, piece, &cut, &written) == any);
        FUZZ_MUST(memcmp(&whole, &cut, sizeof whole) == 0);
        FUZZ_MUST(any == (written.used > 0));
        if (any)
            check_trace(&written, &whole);
    }
    pmt_buffer_release(&written);
    return 0;
}
