/*
 * fuzz-recut.c - any trace through pmt archive, in chunks and pieces of sizes
 * that its bytes choose: what is written is sound. Of a trace without damage
 * each piece is a trace, there are as many records, and where the digest is
 * that of the trace an archive of the archive has the same again.
 */
#include <string.h>

#include "archive.h"
#include "fuzz.h"

#define PIECES 500u

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room,
                               unsigned seed)
{
    return fuzz_mutate_trace(data, size, room, seed);
}

/* All pieces are written behind each other, as `cat` would put them. */
struct cutting {
    struct pmt_buffer *out;
    size_t starts[PIECES + 1];
    size_t pieces;
};

static int next_piece(void *context, uint32_t part, struct pmt_sink *sink,
                      struct pmt_error *err)
{
    struct cutting *c = context;

    if (c->pieces == PIECES)
        return pmt_error_set(err, PMT_ERR_ARGUMENT, PMT_NO_OFFSET,
                             "too many pieces");
    FUZZ_MUST(part >= 1);
    c->starts[c->pieces++] = c->out->used;
    pmt_sink_to_buffer(sink, c->out);
    return PMT_OK;
}

static bool open_trace(struct pmt_trace *in, const uint8_t *data, size_t size)
{
    struct pmt_source source;
    struct pmt_error err;

    pmt_source_from_memory(&source, data, size);
    return pmt_trace_from_source(in, &source, "fuzz", NULL, &err) == PMT_OK;
}

static bool read_content(const uint8_t *data, size_t size,
                         struct pmt_archive_content *content)
{
    struct pmt_trace in;
    struct pmt_error err;

    if (!open_trace(&in, data, size))
        return false;
    FUZZ_MUST(pmt_archive_read(content, &in, &err) == PMT_OK);
    pmt_trace_release(&in);
    return true;
}

/* False: it was refused, with a reason. */
static bool archive(const uint8_t *data, size_t size,
                    const struct pmt_archive_content *content,
                    struct pmt_recut_options *options, struct cutting *c)
{
    struct pmt_archive_report report;
    struct pmt_trace in;
    struct pmt_sink sink;
    struct pmt_error err = {0};
    int code;

    c->out->used = 0;
    c->pieces = 1;
    c->starts[0] = 0;
    options->next_piece = next_piece;
    options->context = c;
    pmt_sink_to_buffer(&sink, c->out);
    FUZZ_MUST(open_trace(&in, data, size));
    code = pmt_archive_write(&in, content, &sink, options, &report, &err);
    pmt_trace_release(&in);
    FUZZ_MUST(code == PMT_OK || (code == PMT_ERR_ARGUMENT && err.message[0]));
    c->starts[c->pieces] = c->out->used;
    FUZZ_MUST(code != PMT_OK || report.bytes == c->out->used);
    return code == PMT_OK;
}

/* Each piece is a trace by itself. */
static void check_pieces(const struct cutting *c)
{
    for (size_t i = 0; i < c->pieces; i++) {
        struct fuzz_walk walk;

        fuzz_walk(c->out->bytes + c->starts[i],
                  c->starts[i + 1] - c->starts[i], 0, NULL, &walk);
        FUZZ_MUST(walk.opened == PMT_OK && walk.ended == PMT_END);
        FUZZ_MUST(walk.damages == 0);
    }
}

static void check(const uint8_t *data, size_t size,
                  const struct pmt_archive_content *content,
                  struct pmt_recut_options *options)
{
    static struct pmt_buffer first, second;
    struct cutting c = {.out = &first}, again = {.out = &second};
    struct pmt_recut_options plain = {.level = 1};
    struct pmt_archive_content written, twice;
    struct fuzz_walk before, after;

    if (!archive(data, size, content, options, &c))
        return;
    fuzz_walk(first.bytes, first.used, 0, NULL, &after);
    FUZZ_MUST(after.damages == 0);
    fuzz_walk(data, size, 0, NULL, &before);
    if (before.damages > 0 || before.refused > 0 || first.used == 0)
        return;
    check_pieces(&c);
    if (!options->split_bytes && !options->split_ns)
        FUZZ_MUST(after.records == before.records);
    FUZZ_MUST(read_content(first.bytes, first.used, &written));
    if (pmt_archive_same(content, &written) &&
        archive(first.bytes, first.used, &written, &plain, &again)) {
        FUZZ_MUST(read_content(second.bytes, second.used, &twice));
        FUZZ_MUST(pmt_archive_same(&written, &twice));
        pmt_archive_release(&twice);
    }
    pmt_archive_release(&written);
}

/* Each takes several passes. */
const unsigned fuzz_changes = 1;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t records[] = {1, 3, 20, 0};
    uint64_t choice = fuzz_touch(data, size);
    struct pmt_recut_options options = {
        .chunk_records = records[choice & 3],
        .level = 1,
        .split_bytes = choice >> 2 & 1 ? 400 + (choice >> 3 & 4095) : 0,
        .split_ns = choice >> 20 & 1 ? 100 + (choice >> 21 & 65535) : 0,
        .memory_bytes = choice >> 40 & 1 ? 1000 : 0,
    };
    struct pmt_archive_content content;

    if (!read_content(data, size, &content))
        return 0;
    if (content.count > 0)
        check(data, size, &content, &options);
    pmt_archive_release(&content);
    return 0;
}
