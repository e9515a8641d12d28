/*
 * pieces.h: a product in several files, as the parts of a flight recorder lie
 * (spec 5.3): the last is PATH, those before it are PATH.NNNNNN, by number.
 * PATH gets its name last; without it the others are no trace that anybody
 * finds.
 *
 *     pmt_pieces_open(&p, path, flags, &sink)     // an exit status
 *     pmt_pieces_next(&p, part, &sink, &err)      // as often as needed
 *     pmt_pieces_source(&p, &source, &err)        // all of it, to read again
 *     pmt_pieces_commit(&p)                       // an exit status
 *
 * Threads: the main thread only.
 */
#ifndef PMT_PIECES_H
#define PMT_PIECES_H

#include <stddef.h>
#include <stdint.h>

#include "cli/output.h"
#include "pmt/error.h"
#include "pmt/io.h"

/* A reader has all of them open at once. */
#define PMT_PIECES_MAX 500

struct pmt_pieces {
    struct pmt_output out; /* the last */
    char *path;
    unsigned flags;
    char **name;           /* of those that are done */
    size_t count, room;
};

/* As pmt_output_open; nothing to release after a failure. */
int pmt_pieces_open(struct pmt_pieces *p, const char *path, unsigned flags,
                    struct pmt_sink *sink);

/* The piece that is written is done; the next has the number `part`. Says
 * itself what went wrong, and returns PMT_ERR_IO with an empty message then.
 * Its type is that of pmt_recut_options.next_piece, with context `p`. */
int pmt_pieces_next(void *p, uint32_t part, struct pmt_sink *sink,
                    struct pmt_error *err);

/* All pieces behind each other; `p` must live longer. PMT_ERR_MEMORY; a last
 * piece that is no file: PMT_ERR_ARGUMENT. */
int pmt_pieces_source(struct pmt_pieces *p, struct pmt_source *source,
                      struct pmt_error *err);

/* Release `p`. Unless it is whole, no piece stays. */
int pmt_pieces_commit(struct pmt_pieces *p);
void pmt_pieces_abandon(struct pmt_pieces *p);

#endif
