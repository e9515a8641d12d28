/*
 * recut-private.h - the inside of a recutter, for the files recut*.c only.
 *
 *   recut.c        streams, when chunks are written, bodies that stay
 *   recut-rows.c   rows that wait, and their columns
 *   recut-split.c  pieces: when one ends, and what begins the next
 */
#ifndef PMT_RECUT_PRIVATE_H
#define PMT_RECUT_PRIVATE_H

#include "chunk-out.h"
#include "encode.h"
#include "kinds.h"
#include "live-map.h"
#include "pmt/recut.h"
#include "reader-private.h"

struct pmt_recut_column {
    uint64_t *values;
    bool there;          /* some chunk had it */
};

/* Rows of one kind that wait for their chunk. */
struct pmt_pending {
    struct pmt_envelope envelope; /* t0, ordinal of the first; lost, t1 of
                                   * the last */
    uint32_t rows, room, limit;
    uint64_t bytes;               /* of memory, about */
    struct pmt_recut_column column[PMT_KNOWN_COLUMNS]; /* 24: addresses */
    struct pmt_recut_column *figure;  /* of sample and heap */
    size_t figures;
    struct pmt_buffer list;       /* key 16 of sample and heap, as it lies */
    struct pmt_buffer text;       /* of strings and marks */
    uint32_t *length;
};

struct pmt_recut_stream {
    uint64_t key, seq, lost;
    uint32_t epoch;
    bool filtered;
    struct pmt_pending *pending[PMT_KIND_KNOWN];

    /* Of a trace that is split. */
    const struct pmt_stream *stream; /* of the reader; NULL: no header yet */
    struct pmt_body header;       /* of the first part, without its number */
    bool ended;
    uint32_t first_part, parts;   /* of the header; begun here since */
    uint64_t tick, tick_ns, due;  /* the last tick; when the piece ends */
    uint64_t next_ordinal[PMT_KIND_KNOWN];
    uint64_t live_rows;           /* that were put in */
    struct pmt_buffer ids[PMT_KIND_ANCHORS]; /* uint32_t: what tables state */
    bool has_live[PMT_KEPT_KINDS];
    struct pmt_live_map *live[PMT_KEPT_KINDS];
};

struct pmt_recut_work;
int pmt_recut_work_new(struct pmt_recut_work **out);
void pmt_recut_work_free(struct pmt_recut_work *w);

struct pmt_recutter {
    struct pmt_recut_options options;
    struct pmt_chunk_out out;
    struct pmt_recut_stream **streams;
    size_t count, room, last;
    uint64_t waiting;             /* bytes of all that is pending */
    uint64_t chunks;
    struct pmt_body body;
    struct pmt_buffer content, skip;
    struct pmt_recut_work *work;

    /* Of a trace that is split. */
    struct pmt_encoder *encoder;
    struct pmt_event lead_end;    /* of the first stream, which is put last: */
    bool lead_ended;              /* each piece begins with its header */
    uint64_t bytes_before;        /* in the pieces before this one */
    uint64_t opening;             /* of which this one begins: parts */
    uint64_t read_bytes;          /* of chunks taken since the last flush, */
    uint64_t flushed_read, flushed; /* and of those flushed; what they became */
    bool piece_due;
};

/* Puts rows of the event's chunk, from row `at` on, with those that wait;
 * *taken of them. 0: those that wait must be written first. PMT_ERR_MEMORY. */
int pmt_recut_add(struct pmt_recutter *c, struct pmt_recut_stream *s,
                  struct pmt_reader *r, const struct pmt_event *event,
                  uint32_t at, uint32_t *taken);

/* Writes what waits, of one stream and of all. */
int pmt_recut_flush(struct pmt_recutter *c, struct pmt_recut_stream *s,
                    struct pmt_error *err);
int pmt_recut_flush_all(struct pmt_recutter *c, struct pmt_error *err);

/* ---- recut-split.c ---- */

static inline bool pmt_recut_splits(const struct pmt_recutter *c)
{
    return c->options.split_bytes || c->options.split_ns;
}

/* A stream begins, whose header's body is `body`, a map. */
int pmt_recut_stream_begins(struct pmt_recut_stream *s,
                            const struct pmt_event *event,
                            const struct pmt_buffer *body,
                            const struct pmt_recut_note *note,
                            struct pmt_error *err);

/* Before the chunk of the reader's last event: begins a piece when it is time
 * for one. */
int pmt_recut_before(struct pmt_recutter *c, const struct pmt_recut_stream *s,
                     const struct pmt_event *event, struct pmt_error *err);

/* After it: what is live, where the stream is, is the piece full. */
int pmt_recut_after(struct pmt_recutter *c, struct pmt_recut_stream *s,
                    struct pmt_reader *r, const struct pmt_event *event,
                    struct pmt_error *err);

void pmt_recut_stream_release(struct pmt_recut_stream *s);

/* The body of the rows, into c->body; what follows of the envelope. */
int pmt_recut_encode(struct pmt_recutter *c, struct pmt_pending *p,
                     struct pmt_envelope *e);

void pmt_recut_drop(struct pmt_recutter *c, struct pmt_recut_stream *s,
                    unsigned kind);

#endif
