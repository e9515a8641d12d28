/*
 * reader-private.h - the inside of a reader, for the files reader*.c only.
 *
 *   reader.c          frames into events
 *   reader-streams.c  the streams, and what came of each
 *   reader-open.c     opening, closing, and what recovery asks for
 *   reader-records.c  the records of the last event
 *   reader-take.c     a frame, without its stream
 *   reader-ahead.c    the coming chunks, decoded by a thread
 */
#ifndef PMT_READER_PRIVATE_H
#define PMT_READER_PRIVATE_H

#include "chunk.h"
#include "input.h"
#include "journal-tail.h"
#include "pmt/reader.h"
#include "resume.h"
#include "scan.h"

/* A stream, and where it stands. */
struct pmt_stream_slot {
    struct pmt_stream *stream;
    struct pmt_resume_point at;
};

/* What came of a frame, as far as that hangs on no stream. */
struct pmt_taken {
    bool skip;                 /* the options pass it over by its kind */
    bool opened;               /* the envelope is known */
    bool decoded;              /* the body was tried too */
    int rc;                    /* of all that was done */
    struct pmt_error why;
    uint32_t content_bytes;    /* 0: could not be had */
    uint32_t version[2];       /* of a stream's header */
    bool label_differs;
};

struct pmt_ahead;

struct pmt_reader {
    struct pmt_reader_options options;
    struct pmt_ahead *ahead;   /* the thread has scan and input; or NULL */
    uint64_t ahead_at;         /* where the last frame it gave ends */
    struct pmt_input input;
    struct pmt_scan *scan;
    struct pmt_scanned item;   /* that of the last event */
    struct pmt_buffer content;
    struct pmt_chunk chunk;
    struct pmt_taken taken;
    bool chunk_ready;          /* `chunk` is that of the last event */
    bool opened;               /* the first event was made while opening */
    struct pmt_event first;
    bool has_waiting;          /* a chunk waits behind a DAMAGE event */
    struct pmt_event waiting;

    struct pmt_stream_slot *streams;
    size_t stream_count, stream_room;
    uint64_t *refused;         /* keys of streams of a greater version */
    size_t refused_count;

    struct pmt_journal journal;
    bool has_journal;          /* to be taken when the file is through */
    bool in_journal;
    struct pmt_source file;    /* of the file, once the journal is read */
    struct pmt_buffer tail;
    struct pmt_tail_report tail_report;
    uint64_t file_bytes;       /* of the file, without the journal */
    uint64_t sound_bytes;      /* in frames that are sound */

    struct pmt_alloc *allocs;
    struct pmt_object *objects;
    struct pmt_live *lives;
    struct pmt_process *processes;
    bool allocs_made, objects_made, lives_made, processes_made;
    /* Of how many records what is rare may not be 0 (reader-records.c). */
    size_t allocs_filled, objects_filled;
};

/* The slot of a stream, or NULL; and one that is made when it is not there
 * (NULL: no memory). Valid until another is made. */
struct pmt_stream_slot *pmt_reader_find(struct pmt_reader *r, uint64_t key);
struct pmt_stream_slot *pmt_reader_get(struct pmt_reader *r, uint64_t key);

/* Streams of a greater major version. */
bool pmt_reader_is_refused(const struct pmt_reader *r, uint64_t key);
int pmt_reader_refuse(struct pmt_reader *r, uint64_t key,
                      struct pmt_error *err);

/* Keeps count of what came of a stream; fills the event's stream and gap. */
void pmt_reader_follow(struct pmt_stream_slot *slot, struct pmt_event *event);
/* A header was met: the stream begins, or goes on. */
void pmt_reader_begin(struct pmt_stream_slot *slot, bool goes_on);
/* Adds up the loss records of a chunk, by cause. */
void pmt_reader_follow_losses(const struct pmt_chunk *c,
                              struct pmt_resume_point *at);

/* Keeps the resident set size of the last record. */
void pmt_reader_follow_rss(const struct pmt_chunk *c,
                           struct pmt_resume_point *at);

/* The next frame of the scan, and what can be told of it without its stream:
 * content, envelope, columns. Returns what pmt_scan_next does. */
int pmt_reader_take(struct pmt_reader *r, struct pmt_scanned *item,
                    struct pmt_buffer *content, struct pmt_chunk *chunk,
                    struct pmt_taken *taken, struct pmt_error *err);

/* The same for r->item, r->content, r->chunk and r->taken, from the thread. */
int pmt_ahead_next(struct pmt_reader *r, struct pmt_error *err);

/* Ends the thread; the scan is the caller's again. NULL is allowed. */
void pmt_ahead_free(struct pmt_ahead *a);

/* Is the chunk of a known kind, and needs nothing that is not known? */
static inline bool pmt_reader_knows(const struct pmt_chunk *c)
{
    return !c->feature_count && c->envelope.kind &&
           c->envelope.kind < PMT_KIND_KNOWN;
}

/* What a label says, as the envelope of its chunk. */
static inline struct pmt_envelope
pmt_reader_envelope(const struct pmt_entry *l)
{
    return (struct pmt_envelope){
        .kind = l->kind,
        .stream_key = l->stream_key,
        .seq = l->seq,
        .count = l->count,
        .t0 = l->t0,
        .t1 = l->t1,
        .epoch = l->epoch,
        .lost = l->lost,
    };
}

/* May the thread go past a chunk of this kind before its events were made? A
 * header decides what is refused, a table may turn out to be damaged. */
static inline bool pmt_reader_waits_for(const struct pmt_chunk *c)
{
    return c->envelope.kind <= PMT_KIND_CLASSES;
}

/* The next event of the file, or of its journal. PMT_END: no more. */
int pmt_reader_next_event(struct pmt_reader *r, struct pmt_event *event,
                          struct pmt_error *err);

#endif
