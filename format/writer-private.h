/*
 * writer-private.h - the inside of a writer, for the files writer*.c only.
 */
#ifndef PMT_WRITER_PRIVATE_H
#define PMT_WRITER_PRIVATE_H

#include "chunk-out.h"
#include "defs.h"
#include "encode.h"
#include "live-map.h"
#include "pmt/journal.h" /* PMT_LOSS_CAUSES */
#include "pmt/writer.h"

/* Bytes of text in a chunk, about: far below the limit of a chunk. */
#define PMT_TEXT_CHUNK_BYTES (1u << 20)

struct pmt_figure_group;
struct pmt_process_stage;

/* A class of object records that the epoch `mark` has stated or wants. */
struct pmt_seen_class {
    uint64_t key;
    uint32_t id;
    uint32_t mark;
};
#define PMT_SEEN_BITS 12

struct pmt_writer {
    struct pmt_chunk_out out;
    struct pmt_body body;
    struct pmt_encoder *encoder;
    struct pmt_defs *defs;
    uint32_t chunk_records, epoch_chunks;
    uint32_t alloc_model;      /* spec 7.2 */

    struct pmt_body header;    /* of the stream, but for the part */
    uint32_t part;
    uint64_t stream_key;
    uint64_t seq;
    uint32_t epoch, epoch_used; /* record chunks in this epoch */
    uint64_t ordinals[PMT_KIND_KNOWN];
    uint64_t records;
    uint64_t lost[PMT_LOSS_CAUSES], lost_written[PMT_LOSS_CAUSES];
    uint64_t lost_total;
    uint64_t lost_time;
    uint64_t last_time;

    struct pmt_live_map *live; /* NULL: what is live is not kept */
    struct pmt_alloc_stage allocs;
    struct pmt_object_stage objects;
    struct pmt_call_stage calls, lines;
    /* By number of a class: the mark of the epoch in which it was last found
     * to be stated, plus 1 where it is one of line. */
    uint32_t *call_marks;
    uint32_t call_marks_room;
    /* A class that was seen before has mostly kept its place here: PMT_SEEN_BITS
     * of a hash of its key. */
    struct pmt_seen_class *seen_classes; /* NULL: no object came yet */
    uint32_t epoch_mark;       /* of this epoch; even, and not 0 */
    struct pmt_gc *gcs;
    size_t gc_count, gc_room;
    struct pmt_figure_group *figures; /* in the order of their chunks */
    size_t figure_count, figure_room;
    struct pmt_buffer figure_list;    /* work space */
    struct pmt_process_stage *processes; /* NULL: none came yet */
    struct pmt_staged_mark *marks;
    size_t mark_count, mark_room;
    struct pmt_buffer mark_text;
    struct pmt_anchor *anchors;
    size_t anchor_count, anchor_room;
};

/* ---- writer.c ---- */

/* Writes the body as a chunk; kind, count, times, align, model and rss0 are
 * the caller's, the rest is filled here. */
int pmt_writer_put(struct pmt_writer *w, const struct pmt_envelope *given,
                   struct pmt_error *err);

/* The stream's header, with the part's number. */
int pmt_writer_put_header(struct pmt_writer *w, uint64_t time,
                          struct pmt_error *err);

/* Nothing counts as stated any more. */
void pmt_writer_begin_epoch(struct pmt_writer *w);

/* All entries that are wanted, as chunks at tick `time`. */
int pmt_writer_put_tables(struct pmt_writer *w, uint64_t time,
                          struct pmt_error *err);

/* ---- writer-records.c ---- */

/* The time of a record: never before the last. */
uint64_t pmt_writer_raise(struct pmt_writer *w, uint64_t time);

/* ---- writer-sets.c ---- */

/* Writes a live set, which is sorted by address, at the time of the last
 * record. */
int pmt_writer_put_live(struct pmt_writer *w, enum pmt_kind kind,
                        const struct pmt_kept *live, size_t count,
                        struct pmt_error *err);

/* ---- figures.c: records of kind sample and heap ---- */

/* Writes what is staged. */
int pmt_figures_write(struct pmt_writer *w, struct pmt_error *err);
uint64_t pmt_figures_staged(const struct pmt_writer *w);
void pmt_figures_release(struct pmt_writer *w);
uint64_t pmt_figures_memory(const struct pmt_writer *w);

/* Are the texts of figures or values allowed (pmt/writer.h)?
 * Figures have names, which differ. */
int pmt_values_check(const struct pmt_value *values, size_t count,
                     bool figures, struct pmt_error *err);

/* ---- processes.c: records of kind process ---- */

/* Writes what is staged. */
int pmt_processes_write(struct pmt_writer *w, struct pmt_error *err);
uint64_t pmt_processes_staged(const struct pmt_writer *w);
void pmt_processes_release(struct pmt_writer *w);
uint64_t pmt_processes_memory(const struct pmt_writer *w);

/* ---- writer-define.c ---- */

/* The result of a definition as an error that names the id. */
int pmt_writer_defined(int rc, uint32_t id, struct pmt_error *err);

#endif
