/*
 * trace-summary.h: what is in a trace, counted by chunks: streams, kinds,
 * bytes, loss. From the indexes alone where they cover the file, else by
 * going from label to label. Only chunks of the kinds stream, loss, end and
 * those that trace-details.h looks at are decompressed; so damage inside
 * another is not seen (`pmt check` is for that).
 *
 * Never prints. Memory: the index, some hundred bytes a stream, the details;
 * and the tables, where events are looked at.
 */
#ifndef PMT_TRACE_SUMMARY_H
#define PMT_TRACE_SUMMARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "open.h"
#include "pmt/io.h"
#include "pmt/journal.h"
#include "pmt/reader.h"
#include "pmt/record.h"
#include "trace-details.h"

/* Chunks of one kind. */
struct pmt_summary_kind {
    uint64_t chunks;
    uint64_t records;       /* or table entries */
    uint64_t bytes;         /* in the file, with labels */
    uint64_t content_bytes; /* decompressed */
};

/* The row of kinds that this library does not know. */
#define PMT_SUMMARY_OTHER PMT_KIND_KNOWN
#define PMT_SUMMARY_KINDS (PMT_KIND_KNOWN + 1)

/* Causes of loss; the last one is for those of a later version. */
#define PMT_SUMMARY_CAUSES (PMT_LOSS_CAUSES + 1)

struct pmt_summary_stream {
    uint64_t key;
    /* NULL: its header was not met. Borrowed from the summary's reader or
     * the caller's input. */
    const struct pmt_stream_header *header;
    struct pmt_summary_kind kinds[PMT_SUMMARY_KINDS];
    uint64_t t0, t1;        /* ticks of the first and last record's chunk */
    bool has_time;
    uint64_t epochs;        /* the highest number and one more */
    uint64_t lost;          /* events */
    uint64_t lost_by_cause[PMT_SUMMARY_CAUSES];
    uint64_t chunks_missing; /* gaps in seq; 0 when filtered (5.4) */
    uint64_t journal_records;
    uint64_t headers;       /* stream chunks met: parts that are here (5.3) */
    uint32_t part_first, part_last; /* their numbers */
    /* Records in parts that were let go before the first one here, but for
     * live sets; `let_go_known`: the header says. */
    uint64_t let_go;
    bool let_go_known;
    bool has_end, end_clean, end_dump;
    bool refused;           /* of a greater major version: counts are 0 */
    struct pmt_details *details; /* NULL: no such records */
    uint64_t next_seq;      /* private */
};

struct pmt_summary {
    struct pmt_summary_stream *streams; /* in file order */
    size_t stream_count, stream_capacity;
    bool from_index;
    bool all;               /* the details are of events too */
    uint64_t bytes;         /* of the file; PMT_NO_OFFSET: a pipe */
    uint64_t foreign;       /* skippable frames that are not ours */
    /* private: what the headers are borrowed from */
    struct pmt_reader *reader;
    struct pmt_source source;
    struct pmt_extents *extents;
    uint64_t snapshots;     /* met so far */
};

/*
 * From the indexes of the trace at `path` with its older parts; `all`: look at
 * events too. PMT_END: they are not there, do not cover the files, or do not
 * fit what they point to: the caller walks. Negative as
 * pmt_source_open_trace() and pmt_index_read(). `s` need not be released
 * unless PMT_OK.
 */
int pmt_summary_from_index(struct pmt_summary *s, const char *path, bool all,
                           struct pmt_error *err);

/* Reader options for an input that is then walked. */
struct pmt_reader_options pmt_summary_options(bool all);

/* By going through `in` to its end. PMT_OK or negative. Headers are borrowed
 * from `in`. */
int pmt_summary_walk(struct pmt_summary *s, struct pmt_trace *in, bool all,
                     struct pmt_error *err);

/* Accepts a zeroed one. */
void pmt_summary_release(struct pmt_summary *s);

/* Sums over a stream: all chunks; records of record kinds only. */
struct pmt_summary_kind
pmt_summary_stream_total(const struct pmt_summary_stream *stream);
uint64_t pmt_summary_stream_records(const struct pmt_summary_stream *stream);

#endif
