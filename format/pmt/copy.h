/*
 * copy.h - makes a trace of chunks of other traces, whose bytes stay as they
 * are: labels, data frames, an index at the end (spec 2 and 3).
 *
 * Not thread-safe; one thread at a time per copier.
 */
#ifndef PMT_COPY_H
#define PMT_COPY_H

#include <stddef.h>
#include <stdint.h>

#include "pmt/error.h"
#include "pmt/index.h"
#include "pmt/io.h"
#include "pmt/reader.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PMT_LABEL_SIZE 72u /* bytes of a label's frame (spec 3.1) */

/* Chunks of a region at most: an index is written, and another region begun,
 * so that the memory of a copier is bounded (9 MiB). */
#define PMT_COPY_REGION_CHUNKS 131072u

struct pmt_copier;

/* Keeps `sink` by value. PMT_ERR_MEMORY. */
int pmt_copier_new(struct pmt_copier **out, const struct pmt_sink *sink,
                   struct pmt_error *err);

/* NULL is allowed. Writes nothing: without _finish there is no index. */
void pmt_copier_free(struct pmt_copier *c);

/* Bytes given to the sink so far: where the next label will be. */
uint64_t pmt_copier_offset(const struct pmt_copier *c);

/*
 * Copies a label and the data frame behind it, `n` bytes in all.
 * PMT_ERR_CORRUPT: the label is not sound or of a later version, or is not of
 * these bytes, or their CRC differs; nothing was written then. What the sink
 * returns.
 */
int pmt_copier_labelled(struct pmt_copier *c, const void *bytes, size_t n,
                        struct pmt_error *err);

/* Copies the data frame that `entry` tells of (entry->frame_bytes at
 * `frame`), behind a label made of it; entry->offset and frame_crc are filled
 * here. */
int pmt_copier_frame(struct pmt_copier *c, struct pmt_entry *entry,
                     const void *frame, struct pmt_error *err);

/* The index of what has none yet. */
int pmt_copier_finish(struct pmt_copier *c, struct pmt_error *err);

/*
 * The data frame of the reader's last event, which has a chunk, as it lies in
 * the file (or was made of the journal): `entry` is filled, the CRC too;
 * *frame (entry->frame_bytes) is borrowed until the next pmt_reader_next.
 * PMT_ERR_IO, PMT_ERR_MEMORY.
 */
int pmt_event_entry(struct pmt_reader *r, const struct pmt_event *event,
                    struct pmt_entry *entry, const uint8_t **frame,
                    struct pmt_error *err);

#ifdef __cplusplus
}
#endif
#endif
