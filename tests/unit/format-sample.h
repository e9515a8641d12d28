/*
 * format-sample.h - what the tests of libpmt share: numbers by a seed, traces
 * made of them, and what a reader says of a trace as a list.
 */
#ifndef PMT_FORMAT_SAMPLE_H
#define PMT_FORMAT_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "pmt/io.h"
#include "pmt/reader.h"
#include "pmt/writer.h"

/* ---- numbers --------------------------------------------------------------- */

/* The same numbers on every machine: SplitMix64, whose state is `seed`. */
uint64_t sample_next(uint64_t *seed);
uint64_t sample_below(uint64_t *seed, uint64_t limit);

/* ---- traces ---------------------------------------------------------------- */

/* A stream of a fixed UUID, in ticks of 100 ns. */
struct pmt_stream_info sample_info(void);

/* Defines threads 1 and 2, codes 1 to 3, stacks 1 to 4 and types 1 to 3. */
void sample_define(struct pmt_writer *w);

/* `n` records of malloc, realloc and free of blocks that are live, in order of
 * time from `time` on. Addresses and sizes are those of a small allocator. */
void sample_allocs(uint64_t *seed, uint64_t time, struct pmt_alloc *records,
                   size_t n);

/* `n` records of objects created and destroyed. */
void sample_objects(uint64_t *seed, uint64_t time, struct pmt_object *records,
                    size_t n);

/* A trace of some 2 KB: header, tables, an anchor, a loss, two marks, two
 * chunks of alloc, one of object, a live set, end and index. */
void sample_golden(struct pmt_buffer *out);

/* ---- frames ---------------------------------------------------------------- */

/* A frame of a trace that is whole, found by its bytes alone. */
struct sample_frame {
    enum { SAMPLE_LABEL, SAMPLE_DATA, SAMPLE_INDEX } type;
    size_t offset, bytes;
    unsigned kind;       /* of a label and its data frame */
};

/* The frames of a trace that has labels and an index; their number. */
size_t sample_frames(const struct pmt_buffer *trace,
                     struct sample_frame *frames, size_t room);

/* ---- what a reader says ---------------------------------------------------- */

struct sample_event {
    enum pmt_event_type type;
    uint64_t offset;
    uint32_t kind, count;
    uint64_t seq;
    uint64_t digest;     /* of all columns and texts */
    int code;            /* of damage */
    uint64_t damage_offset;
};

struct sample_events {
    struct sample_event list[256];
    size_t count;
    int opened;          /* by pmt_reader_open */
    int ended;           /* by the last pmt_reader_next */
};

/* Reads all of it. `piece` 0: from memory; else from a source that can't seek
 * and gives `piece` bytes at a time. */
void sample_read(const void *bytes, size_t n, size_t piece,
                 struct sample_events *events);

/* A source that can't seek; `at` begins at 0. Fails the test when it is asked
 * for anything but what follows. */
struct sample_pipe {
    const uint8_t *bytes;
    size_t n, piece;
    uint64_t at;
};
void sample_pipe_source(struct pmt_source *source, struct sample_pipe *pipe);

#endif
