/*
 * input.h - a window on a source: bytes at an offset, however far, with
 * memory bounded by what is asked for at once.
 */
#ifndef PMT_INPUT_H
#define PMT_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "pmt/io.h"

struct pmt_input {
    struct pmt_source source; /* owned */
    struct pmt_buffer window;
    uint64_t start;           /* offset of window.bytes[0] */
    uint64_t end;             /* of the file, once it was met; else
                               * PMT_NO_OFFSET */
    size_t step;              /* so many bytes are read next, or more */
    int rc;                   /* what made the last pmt_input_at fail, or
                               * PMT_OK */
};

void pmt_input_init(struct pmt_input *in, struct pmt_source *source);
void pmt_input_release(struct pmt_input *in);

/*
 * Bytes at `offset`, at least `n` of them unless the file ends before:
 * `have` says how many are there (it may be more than `n`). What lies before
 * `offset` is forgotten: of a pipe it can't be asked for again. The pointer
 * is borrowed until the next call. NULL: reading failed, or memory ran out;
 * `err` is filled.
 */
const uint8_t *pmt_input_at(struct pmt_input *in, uint64_t offset, size_t n,
                            size_t *have, struct pmt_error *err);

#endif
