/*
 * fuzz.h - what the fuzz targets share: going through a trace, and changing
 * one in such a way that its checksums are right again.
 */
#ifndef PMT_FUZZ_H
#define PMT_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "pmt/reader.h"

/* The entry points of a target, as libFuzzer names them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t room,
                               unsigned seed);
/* libFuzzer's own changes; replay.c has one that changes nothing. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t room);

/* Ends the program with a message, as a finding, unless `condition`. */
#define FUZZ_MUST(condition)                                                  \
    do {                                                                      \
        if (!(condition)) {                                                   \
            fuzz_failed(__FILE__, __LINE__, #condition);                      \
        }                                                                     \
    } while (0)
_Noreturn void fuzz_failed(const char *file, int line, const char *what);

/* ---- walk.c -------------------------------------------------------------- */

struct fuzz_walk {
    uint64_t events, chunks, records, damages, corrupt, truncated, refused;
    uint64_t indexes;
    uint64_t digest; /* of everything that was read, but texts of errors */
    int opened;      /* what pmt_reader_open returned */
    int ended;       /* what the last pmt_reader_next returned */
    struct pmt_error err; /* of the call that failed */
};

/* Everything there is in the trace of `size` bytes, all columns, records,
 * texts and tables; `piped` gives it in small pieces that come once. */
void fuzz_walk(const uint8_t *data, size_t size, int piped,
               const struct pmt_reader_options *options,
               struct fuzz_walk *walk);

/* The same of a reader that was opened; frees it. */
void fuzz_walk_reader(struct pmt_reader *r, uint64_t size,
                      struct fuzz_walk *walk);

/* Reads every byte of it. */
uint64_t fuzz_touch(const void *bytes, size_t n);

/* How often replay.c changes each input; 8 where a target has no such. */
extern const unsigned fuzz_changes;

/* ---- mutate.c ------------------------------------------------------------ */

/* A trace changed by its frames: content is changed and wrapped again, frames
 * are moved, labels and indexes are changed with their CRCs made right. */
size_t fuzz_mutate_trace(uint8_t *data, size_t size, size_t room,
                         unsigned seed);

#endif
