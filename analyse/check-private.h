/*
 * check-private.h: what a check knows of a trace and its streams; for the
 * files check*.c only.
 *
 *   check.c         goes through the events
 *   check-stream.c  the rules between the chunks of a stream
 */
#ifndef PMT_CHECK_PRIVATE_H
#define PMT_CHECK_PRIVATE_H

#include "check.h"
#include "check-tables.h"

/* What is known of one kind of records of a stream. */
struct pmt_check_kind {
    bool met;
    uint64_t next_ordinal, t0;
};

struct pmt_check_stream {
    uint64_t key;
    uint64_t next_seq, lost, lost_recorded, records;
    uint32_t epoch;
    bool ended;
    bool gap;            /* chunks are missing or wrongly numbered */
    bool tables_unread;  /* entries are in chunks that can't be read */
    bool records_unread; /* so are records, or may be */
    bool filtered;       /* chunks and records were left out (5.4) */
    bool begun_late;     /* earlier parts were let go (5.3), */
    bool before_known;   /* and the header says how many records they had */
    struct pmt_check_kind kinds[PMT_KIND_KNOWN];
    struct pmt_stated stated;
};

struct pmt_check_state {
    struct pmt_check_report *report;
    pmt_check_found *found;
    void *context;
    struct pmt_reader *reader;
    struct pmt_check_stream *streams;
    size_t stream_count, stream_capacity;
    uint64_t damaged_from; /* PMT_NO_OFFSET: the last frame was sound */
    uint64_t next_offset;  /* where the next frame must begin; likewise */
};

/* A finding about the chunk of `event`. */
__attribute__((format(printf, 4, 5))) void
pmt_check_find_chunk(struct pmt_check_state *c, const struct pmt_event *event,
                     enum pmt_finding_status status, const char *format, ...);

/* A finding about a whole stream. */
__attribute__((format(printf, 4, 5))) void
pmt_check_find_stream(struct pmt_check_state *c,
                      const struct pmt_check_stream *stream,
                      enum pmt_finding_status status, const char *format, ...);

/* ---- check-stream.c ---- */

/* The stream of an event; a header begins it, or a part of it. NULL: no
 * memory. */
struct pmt_check_stream *pmt_check_stream_of(struct pmt_check_state *c,
                                             const struct pmt_event *event);

/* What there is to say when no chunk of a stream will follow. */
void pmt_check_stream_close(struct pmt_check_state *c,
                            struct pmt_check_stream *stream);

/* What the envelope of any chunk, and the header of a part, say against those
 * before; then what records and ends say. */
void pmt_check_chunk(struct pmt_check_state *c, struct pmt_check_stream *stream,
                     const struct pmt_event *event);
void pmt_check_records(struct pmt_check_state *c,
                       struct pmt_check_stream *stream,
                       const struct pmt_event *event);
void pmt_check_end(struct pmt_check_state *c, struct pmt_check_stream *stream,
                   const struct pmt_event *event);

#endif
