/*
 * reader-private.h - the inside of a reader, for the files reader*.c only.
 *
 *   reader.c          frames into events
 *   reader-streams.c  the streams, and what came of each
 *   reader-open.c     opening, closing, and what recovery asks for
 *   reader-records.c  the records of the last event
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

struct pmt_reader {
    struct pmt_reader_options options;
    struct pmt_input input;
    struct pmt_scan *scan;
    struct pmt_scanned item;   /* that of the last event */
    struct pmt_buffer content;
    struct pmt_chunk chunk;
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

/* The next event of the file, or of its journal. PMT_END: no more. */
int pmt_reader_next_event(struct pmt_reader *r, struct pmt_event *event,
                          struct pmt_error *err);

#endif
