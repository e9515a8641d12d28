/*
 * fuzz-reader.c - any bytes as a trace: from memory, and from a pipe, which
 * must give the same; by options, which must not crash.
 */
#include <string.h>

#include "fuzz.h"

#define PIPED_MAX 65536u

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room,
                               unsigned seed)
{
    return fuzz_mutate_trace(data, size, room, seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_walk whole, piped, part;
    uint64_t h = fuzz_touch(data, size);

    fuzz_walk(data, size, 0, NULL, &whole);
    FUZZ_MUST(whole.ended == PMT_END || whole.ended == PMT_ERR_NOT_A_TRACE);
    /* A part of the inputs, told by their bytes, so that a finding can be
     * made again. */
    if (h % 16 == 0 && size <= PIPED_MAX) {
        fuzz_walk(data, size, 1, NULL, &piped);
        FUZZ_MUST(piped.opened == whole.opened);
        FUZZ_MUST(piped.ended == whole.ended);
        FUZZ_MUST(piped.events == whole.events);
        FUZZ_MUST(piped.digest == whole.digest);
    }
    if (h % 16 == 1) {
        const struct pmt_reader_options options = {
            .skip_kinds = h >> 8,
            .from_ns = h >> 40,
            .to_ns = h >> 36,
            .no_tables = h >> 4 & 1,
        };

        fuzz_walk(data, size, 0, &options, &part);
    }
    return 0;
}
