/*
 * trace-details.h: what the records of a stream say, in a few numbers: figures,
 * snapshots, collections; and, where those are read too, calls, lines, objects
 * and blocks by what they are.
 *
 * Never prints. Memory: some hundred bytes a figure and a snapshot, up to a
 * limit, and 12 a class and a thread.
 */
#ifndef PMT_TRACE_DETAILS_H
#define PMT_TRACE_DETAILS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "id-map.h"
#include "pmt/reader.h"
#include "process-list.h"

/* How many of each are kept; the others are counted. */
#define PMT_DETAIL_FIGURES 4096
#define PMT_DETAIL_SNAPSHOTS 1000

/* A figure of `sample` or `heap` records; of samples those of the stream's own
 * process. */
struct pmt_detail_figure {
    enum pmt_kind kind;
    struct pmt_text name, unit; /* owned; `bytes` is not NULL */
    bool counter;
    struct pmt_figure_range values;
};

struct pmt_detail_snapshot {
    uint64_t number;   /* 1, 2, ... in the file, as `pmt live --snapshot` */
    struct pmt_text name; /* owned; `bytes` is not NULL */
    uint64_t time;     /* tick */
    uint64_t rows, blocks, bytes;
};

/* Collections of a generation; the last of these is for all higher ones. */
#define PMT_DETAIL_GENERATIONS 4
struct pmt_detail_gc {
    uint64_t collections, collected, uncollectable, total_ns, longest_ns;
};

/* How often each of a number of ids was met. Zeroed is empty. */
struct pmt_detail_tally {
    struct pmt_detail_count {
        uint64_t count;
        uint32_t id;
    } *rows;           /* in the order met */
    size_t count, capacity;
    uint64_t others;   /* of ids that can't be */
    struct pmt_id_map places; /* private */
};

/* Whats of call and line, ops of object, op and domain of alloc. */
#define PMT_DETAIL_WHATS 32

/* Records of call, line, object or alloc. */
struct pmt_detail_events {
    uint64_t records;
    uint64_t by_what[PMT_DETAIL_WHATS]; /* alloc: op << 2 | domain */
    uint64_t unknown;    /* of a class that is not stated */
    uint64_t filtered;   /* events passed over, as asked for (7.1 gap) */
    uint64_t functions;  /* code objects in which such were; call and line */
    uint64_t cfunctions; /* that they were of */
    struct pmt_detail_tally threads;
    struct pmt_detail_tally classes; /* private */
};

enum pmt_detail_which {
    PMT_DETAIL_CALL, PMT_DETAIL_LINE, PMT_DETAIL_OBJECT, PMT_DETAIL_ALLOC,
    PMT_DETAIL_KINDS
};

struct pmt_details {
    const struct pmt_stream *stream; /* borrowed from the reader */
    struct pmt_detail_events events[PMT_DETAIL_KINDS];
    struct pmt_detail_range rss;     /* bytes, of event records */
    uint64_t rss_reads;              /* of them read there, not carried */
    struct pmt_detail_figure *figures;
    size_t figure_count;
    uint64_t figures_dropped;
    struct pmt_detail_snapshot *snapshots;
    size_t snapshot_count;
    uint64_t snapshots_dropped;
    struct pmt_detail_gc gc[PMT_DETAIL_GENERATIONS];
    struct pmt_process_list processes; /* of samples and of kind process */

    /* Private. */
    size_t figure_at; /* where the last one was found */
    uint64_t rss_from, rss_to; /* ticks of the first and last */
    struct pmt_detail_snapshot now; /* the snapshot being read */
};

/* The kind of the records, and the other way round. */
enum pmt_kind pmt_detail_kind(enum pmt_detail_which which);

/* Bits of the kinds whose records are looked at; `all`: of events too. */
uint64_t pmt_details_kinds(bool all);

/* Takes records last read from `r`. *snapshots counts those of the file.
 * PMT_OK or PMT_ERR_MEMORY. */
int pmt_details_take(struct pmt_details *d, struct pmt_reader *r,
                     const struct pmt_event *event, uint64_t *snapshots);

/* Behind the last; the reader's tables must still be there. PMT_OK or
 * PMT_ERR_MEMORY. */
int pmt_details_finish(struct pmt_details *d);

/* Accepts a zeroed one. */
void pmt_details_release(struct pmt_details *d);

#endif
