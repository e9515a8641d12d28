/*
 * rewrite-private.h - the inside of a rewriter, for the files rewrite*.c only.
 *
 *   rewrite.c         chunks as they are, headers, ends
 *   rewrite-rows.c    some of the records of a chunk
 *   rewrite-live.c    live sets that are put in, with their tables
 */
#ifndef PMT_REWRITE_PRIVATE_H
#define PMT_REWRITE_PRIVATE_H

#include "chunk-out.h"
#include "encode.h"
#include "pmt/rewrite.h"

struct pmt_rewriter {
    struct pmt_chunk_out out;
    struct pmt_body body;
    struct pmt_encoder *encoder;
    struct pmt_addresser *addresser; /* NULL: not needed yet */
    /* Work space of a chunk: values of a column, and more for addresses. */
    uint64_t *values, *addresses;
    uint64_t *slots64[3];
    uint8_t *slots;
    uint16_t *classes;
};

/* Writes the body, which is emptied also on failure. */
int pmt_rewriter_write(struct pmt_rewriter *w,
                       const struct pmt_envelope *envelope,
                       struct pmt_error *err);

#endif
