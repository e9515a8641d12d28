/*
 * fuzz-filter.c - any trace through pmt filter, by an expression and a window
 * that its bytes choose. What comes of a sound trace is sound.
 */
#include <string.h>

#include "filter.h"
#include "fuzz.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room,
                               unsigned seed)
{
    return fuzz_mutate_trace(data, size, room, seed);
}

static const char *const expressions[] = {
    "kind == alloc or kind == mark",
    "type == dict or size > 100",
    "not (file == \"*.py\" and line < 50)",
    "stack contains main or label == *",
    "thread == * and domain != raw",
    "module == * or cfunction == len or text == *",
    "alive at 1us or kind == object",
    "lived < 1us",
    "not (pid == 77 or process == *)",
};

static struct pmt_instant instant(uint64_t ns)
{
    return (struct pmt_instant){.ns = ns};
}

/* False: the trace cannot be opened. */
static bool go(const uint8_t *data, size_t size, struct pmt_filter *f)
{
    struct pmt_reader_options options = {0};
    struct pmt_source source;
    struct pmt_event event;
    struct pmt_error err;
    struct pmt_trace in;
    int code;

    pmt_filter_options(f, &options);
    pmt_source_from_memory(&source, data, size);
    if (pmt_trace_from_source(&in, &source, "fuzz", &options, &err))
        return false;
    while ((code = pmt_trace_next(&in, &event, &err)) == PMT_OK) {
        code = pmt_filter_take(f, in.reader, &event, &err);
        FUZZ_MUST(code == PMT_OK || code == PMT_ERR_CORRUPT);
    }
    FUZZ_MUST(code == PMT_END);
    FUZZ_MUST(pmt_filter_finish(f, &err) == PMT_OK);
    pmt_trace_release(&in);
    return true;
}

static void filter(const uint8_t *data, size_t size, struct pmt_buffer *out,
                   struct pmt_expression *x, unsigned choice)
{
    const struct pmt_filter_bound bounds[] = {
        {instant((choice >> 8 & 15) * 300), PMT_FROM},
        {instant((choice >> 12 & 15) * 2000), PMT_UP_TO}};
    struct pmt_instant alive[PMT_EXPRESSION_LIVES] = {instant(1000)};
    struct pmt_filter lives, f;
    struct pmt_sink sink;
    struct pmt_error err;

    pmt_filter_init(&lives, x, NULL);
    pmt_filter_init(&f, x, NULL);
    lives.first_pass = true;
    lives.alive = f.alive = alive;
    f.bounds = bounds;
    f.bound_count = choice >> 5 & 3 ? 2 : 0;
    f.no_carry = choice >> 7 & 1 && x->lives == 0;
    f.lives = x->lives ? &lives : NULL;
    pmt_sink_to_buffer(&sink, out);
    FUZZ_MUST(pmt_rewriter_new(&f.out, &sink, 1, &err) == PMT_OK);
    if (!x->lives || go(data, size, &lives))
        go(data, size, &f);
    pmt_rewriter_free(f.out);
    pmt_filter_release(&f);
    pmt_filter_release(&lives);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pmt_buffer out = {0};
    struct pmt_expression x;
    struct fuzz_walk before, after;
    unsigned choice = 0;
    char why[200];

    for (size_t i = 0; i < size; i++)
        choice = choice * 31 + data[i];
    pmt_expression_init(&x);
    FUZZ_MUST(pmt_expression_add(
                  &x,
                  expressions[(choice & 31) %
                              (sizeof expressions / sizeof *expressions)],
                  why, sizeof why) == 0);
    filter(data, size, &out, &x, choice);
    if (out.used > 0) {
        fuzz_walk(data, size, 0, NULL, &before);
        fuzz_walk(out.bytes, out.used, 0, NULL, &after);
        FUZZ_MUST(before.damages > 0 || after.damages == 0);
    }
    pmt_buffer_release(&out);
    pmt_expression_release(&x);
    return 0;
}
