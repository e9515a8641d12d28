/*
 * frame.h - data frames: the one door to zstd (spec 2.3).
 */
#ifndef PMT_FRAME_H
#define PMT_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "pmt/error.h"
#include "pmt/io.h"

#define PMT_FRAME_MAGIC 0xFD2FB528u
#define PMT_CONTENT_MAX (16u << 20) /* spec 10 */
#define PMT_FRAME_MAX (17u << 20)

struct pmt_compressor;
struct pmt_decompressor;

/* `level` as zstd counts them. PMT_ERR_MEMORY. */
int pmt_compressor_new(struct pmt_compressor **out, int level,
                       struct pmt_error *err);
void pmt_compressor_free(struct pmt_compressor *c);
uint64_t pmt_compressor_memory(const struct pmt_compressor *c);

/* Appends one data frame with the `n` bytes of `content` to `out`. */
int pmt_compress(struct pmt_compressor *c, const void *content, size_t n,
                 struct pmt_buffer *out, struct pmt_error *err);

int pmt_decompressor_new(struct pmt_decompressor **out,
                         struct pmt_error *err);
void pmt_decompressor_free(struct pmt_decompressor *d);

/*
 * Bytes of the frame that begins at `p`, of which `n` bytes are there.
 * Returns PMT_OK; PMT_END when the frame goes on past `n`; PMT_ERR_CORRUPT
 * when it is no data frame as spec 2.3 wants it, PMT_ERR_LIMIT when its
 * content is too large. `offset` is where `p` is in the file, for `err`.
 */
int pmt_frame_measure(const uint8_t *p, size_t n, uint64_t offset,
                      size_t *frame_bytes, size_t *content_bytes,
                      struct pmt_error *err);

/* Decompresses a whole frame that pmt_frame_measure found good into `out`,
 * whose former content is dropped. PMT_ERR_CORRUPT, PMT_ERR_MEMORY. */
int pmt_decompress(struct pmt_decompressor *d, const uint8_t *p, size_t n,
                   uint64_t offset, size_t content_bytes,
                   struct pmt_buffer *out, struct pmt_error *err);

#endif
