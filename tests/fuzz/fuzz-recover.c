/*
 * fuzz-recover.c - any bytes as a damaged trace: what recovery makes of them
 * is sound, holds what a reader found, and is left alone by another recovery.
 */
#include <string.h>

#include "fuzz.h"
#include "pmt/recover.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room,
                               unsigned seed)
{
    return fuzz_mutate_trace(data, size, room, seed);
}

static int recover(const uint8_t *data, size_t size, struct pmt_buffer *out,
                   struct pmt_recovery *report)
{
    struct pmt_source source;
    struct pmt_sink sink;
    struct pmt_error err;
    int rc;

    pmt_source_from_memory(&source, data, size);
    out->used = 0;
    pmt_sink_to_buffer(&sink, out);
    rc = pmt_recover(&source, NULL, &sink, report, &err);
    pmt_source_close(&source);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct pmt_buffer first, second;
    struct pmt_recovery report, again;
    struct fuzz_walk before, after;
    int rc = recover(data, size, &first, &report);

    if (rc < 0) {
        FUZZ_MUST(rc == PMT_ERR_NOT_A_TRACE || rc == PMT_ERR_VERSION);
        return 0;
    }
    FUZZ_MUST(rc == PMT_OK);
    FUZZ_MUST((report.damaged_places > 0) ==
              (report.first_damage != PMT_NO_OFFSET));
    FUZZ_MUST(report.bytes_dropped <= size);
    fuzz_walk(first.bytes, first.used, 0, NULL, &after);
    if (!report.chunks_kept) {
        FUZZ_MUST(after.chunks == 0);
        return 0;
    }
    FUZZ_MUST(after.ended == PMT_END && after.damages == 0);
    FUZZ_MUST(after.indexes >= 1);
    FUZZ_MUST(after.chunks == report.chunks_kept + report.streams_ended);
    FUZZ_MUST(after.records == report.records_kept);
    if (fuzz_touch(data, size) % 16 == 0) {
        fuzz_walk(data, size, 0, NULL, &before);
        FUZZ_MUST(before.chunks == report.chunks_kept);
        FUZZ_MUST(before.damages == report.damaged_places);
        FUZZ_MUST(recover(first.bytes, first.used, &second, &again) ==
                  PMT_OK);
        FUZZ_MUST(again.was_complete && again.bytes_dropped == 0);
        FUZZ_MUST(second.used == first.used &&
                  !memcmp(second.bytes, first.bytes, first.used));
    }
    return 0;
}
