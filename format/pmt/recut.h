/*
 * recut.h - cuts the chunks of a trace anew: what a reader gives goes into
 * chunks of another size, compressed at another level. The records, tables,
 * texts and ids stay; numbers of chunks and parts do not.
 *
 * Chunks of kinds whose rows are lists (snapshot, process, live) and of kinds,
 * features and codecs of a later version keep their bodies as they are.
 * The parts of a stream become one.
 *
 * Not thread-safe; one thread at a time per recutter.
 */
#ifndef PMT_RECUT_H
#define PMT_RECUT_H

#include <stdint.h>

#include "pmt/error.h"
#include "pmt/io.h"
#include "pmt/reader.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The zero value means the default in every field. */
struct pmt_recut_options {
    uint32_t chunk_records;  /* 1..65536; default 65536 */
    int level;               /* of zstd; default 19 */
    uint64_t memory_bytes;   /* records that wait for their chunk, over all
                              * streams; default 64 MiB */
};

struct pmt_recutter;

/* Keeps `sink` by value; options may be NULL. */
int pmt_recutter_new(struct pmt_recutter **out, const struct pmt_sink *sink,
                     const struct pmt_recut_options *options,
                     struct pmt_error *err);
void pmt_recutter_free(struct pmt_recutter *c); /* NULL is allowed */

/*
 * Takes the reader's last event. The reader must decode everything and keep
 * tables. `digest` (32 bytes, or NULL) is what the header says of the content
 * when the event opens a stream (5.1, key 14). PMT_ERR_MEMORY, and what the
 * sink returns.
 */
int pmt_recutter_take(struct pmt_recutter *c, struct pmt_reader *r,
                      const struct pmt_event *event, const uint8_t *digest,
                      struct pmt_error *err);

/* Writes what waits, and the index. */
int pmt_recutter_finish(struct pmt_recutter *c, struct pmt_error *err);

/* Bytes given to the sink, and chunks. */
uint64_t pmt_recutter_offset(const struct pmt_recutter *c);
uint64_t pmt_recutter_chunks(const struct pmt_recutter *c);

#ifdef __cplusplus
}
#endif
#endif
