/*
 * writer-parts.h - what it takes to write a stream in parts, each of which
 * begins with what is live: private to libpmt, for drains.
 */
#ifndef PMT_WRITER_PARTS_H
#define PMT_WRITER_PARTS_H

#include "live-map.h"
#include "pmt/writer.h"

/* From here on what is live is kept. PMT_ERR_MEMORY. */
int pmt_writer_keep_live(struct pmt_writer *w);

/* What is kept; borrowed. NULL: nothing is. */
struct pmt_live_map *pmt_writer_live(const struct pmt_writer *w);

/* Events written, without those of live sets. */
uint64_t pmt_writer_records(const struct pmt_writer *w);

/* Where a writer stands between two chunks. */
struct pmt_writer_point {
    struct pmt_sink sink;
    uint64_t offset;
    uint64_t seq, records;
    uint64_t ordinals[PMT_KIND_KNOWN];
    uint32_t part;
};

/* Ends the region with its index, unless it is empty, and notes the place
 * behind that. Nothing may be staged. */
int pmt_writer_end_region(struct pmt_writer *w,
                          struct pmt_writer_point *point,
                          struct pmt_error *err);

/* Goes on from there: what was written since counts as never written. A new
 * epoch begins. */
void pmt_writer_go_back(struct pmt_writer *w,
                        const struct pmt_writer_point *point);

/* Writes to `sink` what makes a copy of all up to here a whole trace: its end,
 * as a dump, and the index of the region. The writer goes on as if nothing had
 * been. Nothing may be staged but marks, anchors and losses, which are not in
 * the copy. */
int pmt_writer_end_copy(struct pmt_writer *w, const struct pmt_sink *sink,
                        struct pmt_error *err);

/* What follows goes to another sink, of the same file. */
void pmt_writer_to(struct pmt_writer *w, const struct pmt_sink *sink);

/* Writes the live set of each kind of which records came, or are `recorded`
 * though none came yet, and which is known: of the others *unknown, a set of
 * bits, tells. To be called before anything is written of a part. */
int pmt_writer_carry_over(struct pmt_writer *w,
                          const bool recorded[PMT_KEPT_KINDS],
                          unsigned *unknown, struct pmt_error *err);

#endif
