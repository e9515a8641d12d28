/*
 * chunk-out.h - puts chunks into a file: envelope around a body, data frame,
 * label before it, index at the end (spec 2 to 4).
 */
#ifndef PMT_CHUNK_OUT_H
#define PMT_CHUNK_OUT_H

#include <stdbool.h>
#include <stdint.h>

#include "column.h"
#include "frame.h"
#include "pmt/error.h"
#include "pmt/index.h"
#include "pmt/io.h"
#include "pmt/reader.h"

/* A body being written: `entries` pairs of key and value in `bytes`. */
struct pmt_body {
    struct pmt_buffer bytes;
    size_t entries;
};

/* Appends a column as pmt_column_put does. */
int pmt_body_column(struct pmt_body *body, uint32_t id,
                    const uint64_t *values, size_t rows,
                    enum pmt_codec codec, bool may_be_absent);

/* Where frames go. */
struct pmt_chunk_out {
    struct pmt_sink sink;
    struct pmt_compressor *compressor;
    bool no_labels;
    uint64_t offset;       /* in the file: bytes given to the sink so far */
    uint64_t region_start; /* where the region began */
    struct pmt_buffer index;   /* entries of the region */
    struct pmt_buffer content; /* work space */
    struct pmt_buffer frame;   /* work space */
};

/* Keeps `sink` by value; `offset` bytes are in the file already. */
int pmt_chunk_out_init(struct pmt_chunk_out *out, const struct pmt_sink *sink,
                       int level, bool no_labels, uint64_t offset,
                       struct pmt_error *err);
void pmt_chunk_out_release(struct pmt_chunk_out *out);
uint64_t pmt_chunk_out_memory(const struct pmt_chunk_out *out);

/* Writes the chunk of `envelope` (with_ordinal: kinds of records) and `body`,
 * whose buffer it empties. Label and frame go to the sink in one piece. */
int pmt_chunk_out_write(struct pmt_chunk_out *out,
                        const struct pmt_envelope *envelope,
                        bool with_ordinal, struct pmt_body *body,
                        struct pmt_error *err);

/* What a label says of such a chunk; its offset and frame_crc are zero. */
struct pmt_entry pmt_entry_of(const struct pmt_envelope *envelope,
                              uint32_t content_bytes, uint32_t frame_bytes);

/* Writes the chunk whose content is there, as `envelope` says. */
int pmt_chunk_out_content(struct pmt_chunk_out *out,
                          const struct pmt_envelope *envelope,
                          const struct pmt_buffer *content,
                          struct pmt_error *err);

/* Copies a data frame as it is, behind a label made of `entry`, whose
 * frame_crc and offset are filled here. */
int pmt_chunk_out_copy(struct pmt_chunk_out *out, struct pmt_entry *entry,
                       const uint8_t *frame, struct pmt_error *err);

/* From here on another file is written, of which `offset` bytes are there;
 * its region begins there. */
void pmt_chunk_out_to(struct pmt_chunk_out *out, const struct pmt_sink *sink,
                      uint64_t offset);

/* Ends the region with its index; nothing when there are no labels. */
int pmt_chunk_out_index(struct pmt_chunk_out *out, struct pmt_error *err);

#endif
