/*
 * column.h - the byte codecs of columns (spec 4.3) and their transforms
 * (spec 4.4), on arrays of u64.
 */
#ifndef PMT_COLUMN_H
#define PMT_COLUMN_H

#include <stddef.h>
#include <stdint.h>

#include "cbor-item.h"
#include "pmt/error.h"
#include "pmt/io.h"

enum pmt_codec {
    PMT_CODEC_CONSTANT = 0,
    PMT_CODEC_ULEB = 1,
    PMT_CODEC_FIXED = 2,
    PMT_CODEC_PLANES = 3,
    PMT_CODEC_RUNS = 4,
    PMT_CODEC_LATER = 5   /* a codec that is not known here */
};

/* A column as it lies in a chunk. */
struct pmt_column_view {
    uint32_t id;
    enum pmt_codec codec;
    uint32_t width;       /* FIXED: bytes of a value */
    uint64_t constant;
    const uint8_t *bytes; /* borrowed from the chunk */
    size_t length;
};

/* Reads the column whose head is `head`. PMT_ERR_CORRUPT: it is in no codec
 * of this version or a later one. */
int pmt_column_parse(struct pmt_cbor_cursor *c, const struct pmt_cbor *head,
                     struct pmt_column_view *view, struct pmt_error *err);

/* Decodes `rows` values into `out`. PMT_ERR_CORRUPT: wrong length, sum, or
 * number. PMT_ERR_UNSUPPORTED: PMT_CODEC_LATER. */
int pmt_column_decode(const struct pmt_column_view *view, size_t rows,
                      uint64_t *out, uint64_t offset, struct pmt_error *err);

/* x[i] = x[i-1] + v[i], and with zigzag; x[-1] is `base`. In place. */
void pmt_column_undelta(uint64_t *values, size_t rows, uint64_t base);
void pmt_column_unzigzag(uint64_t *values, size_t rows, uint64_t base);

/*
 * Appends key `id` and the column to `b`: as a constant when all values are
 * the same, else by `codec` (FIXED only for values below 256; PLANES with as
 * many planes as the greatest value needs). Writes nothing when all are 0 and
 * `may_be_absent`, or when rows is 0. Returns the number of map entries
 * written, 0 or 1, or PMT_ERR_MEMORY.
 */
int pmt_column_put(struct pmt_buffer *b, uint32_t id, const uint64_t *values,
                   size_t rows, enum pmt_codec codec, int may_be_absent);

/* The same by FIXED for values that are bytes, all of which may be 0. */
int pmt_column_put_bytes(struct pmt_buffer *b, uint32_t id,
                         const uint8_t *values, size_t rows);

#endif
