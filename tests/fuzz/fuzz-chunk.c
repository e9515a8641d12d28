/*
 * fuzz-chunk.c - any bytes as the content of a data frame: the envelope and
 * the body of a chunk, without file, frame and checksum around them.
 *
 * The work space is kept from run to run, as a reader does from chunk to
 * chunk; so this is the fastest of the targets, by far.
 */
#include <stdlib.h>
#include <string.h>

#include "chunk.h"
#include "fuzz.h"
#include "kinds.h"

static void check(const struct pmt_chunk *c)
{
    uint32_t n = c->envelope.count;
    const uint64_t *time = pmt_chunk_column(c, PMT_COL_TIME);

    for (unsigned id = 0; id < PMT_KNOWN_COLUMNS + 8; id++) {
        const uint64_t *values = pmt_chunk_column(c, id);

        /* Columns 8 to 10 have fewer rows. */
        if (values && (id < PMT_COL_RELEASE || id > PMT_COL_EXPLICIT)) {
            fuzz_touch(values, n * sizeof *values);
        }
    }
    if (time && c->envelope.kind >= PMT_KIND_ANCHORS) {
        for (uint32_t i = 0; i < n; i++) {
            FUZZ_MUST(time[i] >= c->envelope.t0);
            FUZZ_MUST(time[i] <= c->envelope.t1);
        }
    }
    for (size_t i = 0; i < c->text_count; i++) {
        fuzz_touch(c->texts[i].bytes, c->texts[i].length);
    }
    for (size_t i = 0; i < c->figure_count; i++) {
        fuzz_touch(c->figures[i].name.bytes, c->figures[i].name.length);
    }
}

/* The header of a stream, from a copy that the stream owns. */
static void header(const uint8_t *data, size_t size)
{
    struct pmt_stream *s = pmt_stream_new(2, 0);
    struct pmt_buffer content = {malloc(size), size, size};
    struct pmt_chunk c;
    struct pmt_error err;
    uint32_t version[2];

    FUZZ_MUST(s && content.bytes);
    memset(&c, 0, sizeof c);
    memcpy(content.bytes, data, size);
    s->header_bytes = content.bytes;
    if (pmt_chunk_open(&c, &content, 0, version, &err) == PMT_OK &&
        pmt_stream_parse(s, &c.body_head, &err) == PMT_OK) {
        FUZZ_MUST(s->header.tick_ns >= 1 && s->header.tick_ns <= 1000000000);
        for (size_t i = 0; i < s->header.argc; i++) {
            fuzz_touch(s->header.argv[i].bytes, s->header.argv[i].length);
        }
    }
    pmt_chunk_release(&c);
    pmt_stream_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pmt_chunk chunk;
    struct pmt_buffer content = {(unsigned char *)(uintptr_t)data, size,
                                 size};
    struct pmt_error err = {0};
    uint32_t version[2] = {0, 0};
    int rc = pmt_chunk_open(&chunk, &content, 72, version, &err);

    if (rc == PMT_OK && chunk.envelope.kind == PMT_KIND_STREAM) {
        header(data, size);
        return 0;
    }
    if (rc == PMT_OK && chunk.envelope.kind &&
        chunk.envelope.kind < PMT_KIND_KNOWN) {
        rc = pmt_chunk_decode(&chunk, &err);
        if (rc == PMT_OK) {
            check(&chunk);
        }
    }
    FUZZ_MUST(rc == PMT_OK || rc == PMT_ERR_CORRUPT || rc == PMT_ERR_LIMIT ||
              rc == PMT_ERR_UNSUPPORTED);
    FUZZ_MUST(rc == PMT_OK || (err.code == rc && err.message[0]));
    return 0;
}
