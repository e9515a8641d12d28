/*
 * recut-private.h - the inside of a recutter, for the files recut*.c only.
 *
 *   recut.c        streams, when chunks are written, bodies that stay
 *   recut-rows.c   rows that wait, and their columns
 */
#ifndef PMT_RECUT_PRIVATE_H
#define PMT_RECUT_PRIVATE_H

#include "chunk-out.h"
#include "encode.h"
#include "kinds.h"
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
};

/* Puts rows of the event's chunk, from row `at` on, with those that wait;
 * *taken of them. 0: those that wait must be written first. PMT_ERR_MEMORY. */
int pmt_recut_add(struct pmt_recutter *c, struct pmt_recut_stream *s,
                  struct pmt_reader *r, const struct pmt_event *event,
                  uint32_t at, uint32_t *taken);

/* The body of the rows, into c->body; what follows of the envelope. */
int pmt_recut_encode(struct pmt_recutter *c, struct pmt_pending *p,
                     struct pmt_envelope *e);

void pmt_recut_drop(struct pmt_recutter *c, struct pmt_recut_stream *s,
                    unsigned kind);

#endif
