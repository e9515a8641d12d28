/*
 * recut.h - cuts the chunks of a trace anew: what a reader gives goes into
 * chunks of another size, compressed at another level. The records, tables,
 * texts and ids stay; numbers of chunks and parts do not.
 *
 * Chunks of kinds whose rows are lists (snapshot, process, live) and of kinds,
 * features and codecs of a later version keep their bodies as they are.
 * The parts of a stream become one; or the trace is split into pieces, each of
 * them a trace by itself, in which a part of each stream begins that goes on
 * (spec 5.3): its header, all entries of its tables, its live sets.
 *
 * Not thread-safe; one thread at a time per recutter.
 */
#ifndef PMT_RECUT_H
#define PMT_RECUT_H

#include <stdbool.h>
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
    /* When one of these is not 0 the trace is split, at the ends of chunks: a
     * piece ends once it has about so many bytes, or so many ns of some
     * stream. */
    uint64_t split_bytes, split_ns;
    /* Says where the next piece goes: its first stream's part `part` begins
     * there, at *sink. What `context` is and how long it lives is the caller's
     * business. */
    int (*next_piece)(void *context, uint32_t part, struct pmt_sink *sink,
                      struct pmt_error *err);
    void *context;
};

/* What the header of a stream says, and what is known of it before. */
struct pmt_recut_note {
    const uint8_t *digest;   /* 32 bytes, of its content (5.1, key 14) */
    bool allocs, objects;    /* it has records of these kinds */
};

struct pmt_recutter;

/* Keeps `sink` by value; options may be NULL. */
int pmt_recutter_new(struct pmt_recutter **out, const struct pmt_sink *sink,
                     const struct pmt_recut_options *options,
                     struct pmt_error *err);
void pmt_recutter_free(struct pmt_recutter *c); /* NULL is allowed */

/*
 * Takes the reader's last event. The reader must decode everything and keep
 * tables. `note` (or NULL: the header stays) is asked for when the event opens
 * a stream. PMT_ERR_MEMORY; PMT_ERR_ARGUMENT when a trace that is to be split
 * has a stream without a header, or twice; and what the sink returns.
 */
int pmt_recutter_take(struct pmt_recutter *c, struct pmt_reader *r,
                      const struct pmt_event *event,
                      const struct pmt_recut_note *note,
                      struct pmt_error *err);

/* Writes what waits, and the index. */
int pmt_recutter_finish(struct pmt_recutter *c, struct pmt_error *err);

/* Bytes given to all sinks, and chunks. */
uint64_t pmt_recutter_offset(const struct pmt_recutter *c);
uint64_t pmt_recutter_chunks(const struct pmt_recutter *c);

#ifdef __cplusplus
}
#endif
#endif
