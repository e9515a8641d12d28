/*
 * rewrite.h - writes chunks of a trace that is being read: as they are, with
 * some of their records only, or put in (spec 5.4).
 *
 *     while (pmt_reader_next(r, &event, &err) == PMT_OK)
 *         pmt_rewriter_copy(w, r, &event, &err);
 *     pmt_rewriter_finish(w, &err);
 *
 * Threads: one at a time.
 */
#ifndef PMT_REWRITE_H
#define PMT_REWRITE_H

#include <stddef.h>
#include <stdint.h>

#include "pmt/error.h"
#include "pmt/io.h"
#include "pmt/reader.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pmt_rewriter;

/* `sink` is copied; `level` of zstd, for what is not copied. PMT_ERR_MEMORY. */
int pmt_rewriter_new(struct pmt_rewriter **out, const struct pmt_sink *sink,
                     int level, struct pmt_error *err);
void pmt_rewriter_free(struct pmt_rewriter *w); /* NULL is allowed */

/* Bytes given to the sink so far. */
uint64_t pmt_rewriter_bytes(const struct pmt_rewriter *w);

/* A data frame in memory, for later. Zeroed is none. */
struct pmt_held_chunk {
    struct pmt_envelope envelope;
    uint32_t content_bytes, frame_bytes;
    unsigned char *frame; /* owned */
};

/*
 * Copies the frame of the last event of `r`, which is one of a chunk, also of
 * one passed over. PMT_ERR_CORRUPT: its bytes are not what its label says;
 * nothing was written. PMT_ERR_IO, PMT_ERR_MEMORY.
 */
int pmt_rewriter_copy(struct pmt_rewriter *w, struct pmt_reader *r,
                      const struct pmt_event *event, struct pmt_error *err);

/* The same in two steps. */
int pmt_rewriter_hold(struct pmt_reader *r, const struct pmt_event *event,
                      struct pmt_held_chunk *held, struct pmt_error *err);
int pmt_rewriter_put(struct pmt_rewriter *w,
                     const struct pmt_held_chunk *held,
                     struct pmt_error *err);

/* Gives back its memory; leaves it zeroed. */
void pmt_held_chunk_release(struct pmt_held_chunk *held);

/* Writes the header of the last event, a STREAM, with `filter` as its key 13,
 * in the order given. */
int pmt_rewriter_header(struct pmt_rewriter *w, struct pmt_reader *r,
                        const struct pmt_event *event,
                        const struct pmt_text *filter, size_t count,
                        struct pmt_error *err);

/* Writes the end of the last event, an END, at tick `time`. */
int pmt_rewriter_end(struct pmt_rewriter *w, const struct pmt_event *event,
                     uint64_t time, struct pmt_error *err);

/* What to do with a record. */
enum pmt_keep {
    PMT_DROP = 0,
    PMT_KEEP = 1,
    /* alloc and object, of one that acquires: a release of its address takes
     * its place. */
    PMT_KEEP_AS_RELEASE = 2,
    /* alloc, of a realloc_undo: a malloc takes its place. */
    PMT_KEEP_AS_MALLOC = 3
};

/* What stands in the place of such a record. */
struct pmt_replacement {
    uint32_t class_id;       /* AS_RELEASE of object: lowest bit 1 */
    uint32_t stack, thread;  /* AS_MALLOC */
    uint64_t size;           /* AS_MALLOC, bytes */
};

/*
 * Writes the records of the last event, which are decoded (RECORDS), that
 * `keep` names, an enum pmt_keep for each; without any nothing is written but
 * of a live set, which is then empty. The chunk keeps its seq, ordinal and
 * rss0; its ticks are those of what is in it, but t0 of kinds with figures is
 * that of the event. Columns that this version does not know are left out.
 * `with`: one for each record that is replaced, in their order; NULL when none
 * is.
 */
int pmt_rewriter_rows(struct pmt_rewriter *w, struct pmt_reader *r,
                      const struct pmt_event *event, const uint8_t *keep,
                      const struct pmt_replacement *with, struct pmt_error *err);

/*
 * Writes the live set of `of_kind` (alloc or object), `rows` sorted here by
 * address, and before it the entries of the tables of `s` that it needs.
 * `where` has stream_key, seq, epoch, ordinal, lost and t0, which all chunks
 * get (ordinals go on).
 */
int pmt_rewriter_live_set(struct pmt_rewriter *w, const struct pmt_stream *s,
                          const struct pmt_envelope *where,
                          enum pmt_kind of_kind, struct pmt_live *rows,
                          size_t count, struct pmt_error *err);

/* The index of what was written; nothing when nothing was. */
int pmt_rewriter_finish(struct pmt_rewriter *w, struct pmt_error *err);

#ifdef __cplusplus
}
#endif
#endif
