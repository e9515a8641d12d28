/*
 * merge-list.h: what a merge has before it: the chunks of all inputs, where
 * each lies, and the streams that they are of. 48 bytes a chunk.
 *
 * Threads: the main thread only.
 */
#ifndef PMT_MERGE_LIST_H
#define PMT_MERGE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/options.h"
#include "pmt/copy.h"
#include "pmt/error.h"
#include "pmt/io.h"

/* The input of chunks that lie in the list's own spool file. */
#define PMT_MERGE_SPOOL UINT32_MAX

/* A chunk behind its label. */
struct pmt_merge_chunk {
    uint64_t offset;      /* of the label, in its input */
    int64_t time;         /* t0, in ticks (as uint64_t); see merge.c */
    uint32_t input;
    uint32_t stream;      /* in `stream` of the list */
    uint32_t seq;
    uint32_t frame_bytes; /* without the label */
    uint32_t crc;         /* of the frame */
    uint32_t count;
    uint16_t kind;
    bool drop;            /* not to be copied */
};

/*
 * A stream as one recording of it, or one cut of that: what was filtered or
 * archived has the UUID of what it was made of, and other chunks.
 */
struct pmt_merge_stream {
    uint64_t key;
    bool has_header;      /* of all others, only the key is known */
    bool refused;         /* of a greater major version */
    uint8_t uuid[16];
    uint32_t filters;     /* expressions; 0: not filtered */
    unsigned char *cut;   /* what tells cuts apart; NULL: as recorded */
    size_t cut_bytes;
    /* What the header says that a merge keeps: of several the first by
     * number, then the preferred one (merge.h). */
    uint32_t header_seq, header_bytes, header_crc;
    struct pmt_merge_clock {
        uint8_t boot[16]; /* zeros: not known */
        uint32_t clock, tick_ns;
        uint64_t mono_ns;
        int64_t real_ns;
        uint64_t uncertainty_ns;
    } start;
    size_t next;          /* + 1: of those with the same hash */
};

struct pmt_merge_input {
    const char *path;     /* borrowed */
    bool pinned;          /* its process records: `source` stays open */
    struct pmt_source source;
};

struct pmt_merge_list {
    struct pmt_merge_chunk *chunk;
    size_t chunk_count, chunk_room;
    struct pmt_merge_stream *stream;
    size_t stream_count, stream_room;
    size_t *hash;         /* stream + 1 by key; 0 none */
    struct pmt_merge_input *input;
    size_t input_count, input_room;
    FILE *spool;          /* of what can't be read again */
    struct pmt_copier *spooler;
    uint64_t bytes;       /* of all labels and frames */
    uint64_t refused;     /* streams left out */
    const char *failing;  /* input that could not be read, of the last error
                           * of pmt_merge_copy; NULL: it was the output */
};

/* Begins zeroed. */
void pmt_merge_list_release(struct pmt_merge_list *list);

/*
 * Adds the chunks of the trace at `path` ("-": standard input), those in the
 * journal of a dead process too. Says on stderr what is wrong with it. Returns
 * an exit status: TROUBLE when it could not be read, or something is wrong and
 * `strict` is set; NO when it is corrupt; what is sound is in the list then.
 * A stream of a later version is counted in list->refused, and left out.
 * `path` is borrowed as long as the list is used.
 */
int pmt_merge_list_add(struct pmt_merge_list *list, const char *path,
                       const struct pmt_common *common, bool strict);

#endif
