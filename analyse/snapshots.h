/*
 * snapshots.h: the snapshots of a trace (spec 7.7): which one is asked for,
 * and what it holds.
 *
 *     struct pmt_snapshots snapshots;
 *
 *     pmt_snapshots_init(&snapshots, PMT_SNAPSHOT_LATEST);
 *     … pmt_snapshots_take(&snapshots, reader, &event, &err) …
 *     pmt_snapshots_finish(&snapshots);
 *     … snapshots.streams[i].found …
 *     pmt_snapshots_release(&snapshots);
 *
 * A snapshot of many rows is several chunks: those of one stream, time and
 * name that follow each other. Memory: two snapshots a stream.
 *
 * Never prints. Threads: one at a time.
 */
#ifndef PMT_SNAPSHOTS_H
#define PMT_SNAPSHOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "group.h"
#include "open.h"
#include "pmt/error.h"
#include "pmt/reader.h"

enum pmt_snapshot_choice {
    PMT_SNAPSHOT_LATEST,  /* of each stream the last not after `until` */
    PMT_SNAPSHOT_LARGEST, /* of each stream the first of most bytes */
    PMT_SNAPSHOT_NUMBER,  /* the one with this number */
    PMT_SNAPSHOT_NAME     /* the first, second, ... of this name */
};

struct pmt_snapshot_row {
    uint64_t blocks, bytes;
    uint32_t stack, type;
    uint8_t domain;
};

/* A value of the user. Strings: raw bytes of the trace, NUL behind. */
struct pmt_snapshot_value {
    char *title, *unit;
    int64_t value;
};

struct pmt_snapshot {
    uint64_t number;      /* 1, 2, ... in the file; 0: there is none */
    uint64_t time;        /* tick */
    char *name;           /* raw bytes, with a NUL behind */
    size_t name_length;
    uint64_t blocks, bytes;
    struct pmt_snapshot_row *rows;
    size_t row_count, row_capacity;
    struct pmt_snapshot_value *values;
    size_t value_count;
};

struct pmt_snapshot_stream {
    const struct pmt_stream *stream; /* borrowed from the reader */
    struct pmt_snapshot found;       /* what was asked for */
    struct pmt_snapshot now;         /* private: being read */
    bool passed;                     /* private: a chunk was passed over */
};

struct pmt_snapshots {
    /* To be set after init. */
    struct pmt_instant until; /* later ones are not looked at */
    uint64_t number;          /* NUMBER; NAME: 1 for the first of it */
    const char *name;         /* NAME */

    /* To be read after finish. */
    struct pmt_snapshot_stream *streams; /* in the order met */
    size_t stream_count;
    size_t count;             /* streams that have found one */
    uint64_t seen;            /* snapshots in the file */

    /* Private. */
    enum pmt_snapshot_choice choice;
    uint64_t named;           /* of that name */
    char *own_name;           /* what `name` is, of choose */
};

/* No limit. */
void pmt_snapshots_init(struct pmt_snapshots *s,
                        enum pmt_snapshot_choice choice);
void pmt_snapshots_release(struct pmt_snapshots *s);

/* The same for one that a person asked for: "NAME", "NAME#2", the second of
 * that name, or "12", the number. PMT_OK or PMT_ERR_MEMORY. */
int pmt_snapshots_choose(struct pmt_snapshots *s, const char *asked);

/* What a reader may pass over for this: for its options. */
#define PMT_SNAPSHOTS_SKIP_KINDS                                              \
    (~(UINT64_C(1) << PMT_KIND_STREAM | UINT64_C(1) << PMT_KIND_STRINGS |     \
       UINT64_C(1) << PMT_KIND_CODES | UINT64_C(1) << PMT_KIND_TYPES |        \
       UINT64_C(1) << PMT_KIND_STACKS | UINT64_C(1) << PMT_KIND_SNAPSHOT))

/* Takes the event last read from `r`. PMT_OK or PMT_ERR_MEMORY. */
int pmt_snapshots_take(struct pmt_snapshots *s, struct pmt_reader *r,
                       const struct pmt_event *event, struct pmt_error *err);

/* Behind the last event. */
void pmt_snapshots_finish(struct pmt_snapshots *s);

/* Adds all rows of what was found. PMT_OK or PMT_ERR_MEMORY. */
int pmt_snapshots_group(const struct pmt_snapshots *s,
                        struct pmt_grouping *grouping);

#endif
