/*
 * journal-read.h - takes records out of a journal in order of time over all
 * threads, and definitions before them, and gives both to a writer.
 */
#ifndef PMT_JOURNAL_READ_H
#define PMT_JOURNAL_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "pmt/journal.h"
#include "pmt/writer.h"

/* A straight piece of the line from raw clock values to ticks. */
struct pmt_clock_line {
    uint64_t raw;          /* the piece begins here, */
    uint64_t tick;         /* at this tick */
    uint64_t ticks_per_raw_q32;
    uint64_t fraction_q32; /* of a tick, to add */
};

/* One segment as far as it was read. */
struct pmt_segment_cursor {
    uint64_t order;        /* use of the segment that is being read */
    uint64_t read;         /* bytes of data taken */
    uint64_t head;         /* bytes committed when the pass began */
    uint32_t thread;
    uint32_t index;
    bool damaged;          /* what it says of itself can't be */
};

/* A segment in the queue of a pass. */
struct pmt_queued {
    uint64_t order;
    uint32_t thread;
    uint32_t index;
};

/* A definition that has a time, and was read but lies ahead of the records:
 * a mark, figures, or a snapshot. */
struct pmt_waiting {
    uint64_t raw;
    uint64_t order;        /* use of the segment that it begins in (of a
                            * snapshot, its rows), */
    uint64_t start;        /* and where it does there */
    uint32_t type;         /* enum pmt_def_type */
    uint32_t v[4];
    uint32_t text_bytes;
    char *text;            /* owned */
    struct pmt_snapshot_entry *rows; /* owned; v[1] of them */
};

/* The rows of a snapshot, until its head comes. */
struct pmt_snapshot_rows {
    uint32_t serial;       /* 0: there are none */
    uint64_t order, start; /* where they begin, as above */
    bool released;         /* they don't wait in the journal */
    struct pmt_snapshot_entry *rows; /* owned */
    size_t count, room;
};

/* What a thread's next record is told by those before it. */
struct pmt_ahead {
    uint32_t thread;
    bool any;              /* something is */
    bool rss_read;         /* of the next call, line or object record */
    uint64_t gap[4];       /* of the next record of a kind, from CALL on */
    uint64_t order, start; /* where the first of them lies */
    uint32_t index;
};

/* The segments of one thread in the queue, and how far they were read. */
struct pmt_lane {
    uint32_t at, end;      /* in the queue */
    uint64_t time;         /* of the next record; UINT64_MAX: no more */
    struct pmt_ahead ahead;
};

struct pmt_journal_reader {
    struct pmt_journal *journal;
    struct pmt_writer *writer;
    bool trusted;          /* a living journal, written by this process */
    bool one_by_one;       /* `full` is called before each record; may be
                            * changed at any time */
    struct pmt_clock_line line;
    struct pmt_segment_cursor *cursors; /* by segment */
    struct pmt_queued *queue; /* of the pass, by thread and order */
    struct pmt_lane *lanes;   /* of the pass: one a thread */
    uint32_t lane_count;      /* 0 between passes */
    struct pmt_waiting *waiting; /* in order; [first, count) wait */
    size_t waiting_first, waiting_count, waiting_room;
    uint64_t last_waiting; /* raw time of the last of them read */
    struct pmt_snapshot_rows rows;
    struct pmt_ahead *aheads;  /* by thread; between passes */
    size_t ahead_count, ahead_room;
    uint64_t rss;          /* resident set size now; 0: not known */
    uint32_t id_end[PMT_DEF_CLASS + 1]; /* by type: ids from here on are not
                                         * believed, for ids have no gaps */
    uint64_t records;      /* taken since the start */
    uint64_t damaged;      /* not usable */
};

int pmt_journal_reader_init(struct pmt_journal_reader *r,
                            struct pmt_journal *j, struct pmt_writer *w,
                            bool trusted);
void pmt_journal_reader_release(struct pmt_journal_reader *r);

/* Called when the writer has no room for another record: must flush it; and
 * before each record, as long as that is asked for. */
typedef int pmt_full_callback(void *context, struct pmt_error *err);

/*
 * Takes all definitions, and all records whose raw time is below `cut`, which
 * must have been read from the clock before the call. Records go to the
 * writer in order; `full` is called whenever it has no room.
 */
int pmt_journal_reader_pass(struct pmt_journal_reader *r, uint64_t cut,
                            pmt_full_callback *full, void *context,
                            struct pmt_error *err);

/* How much of segment `i` has been given to the writer: what was read, but
 * no more than up to the first thing in it that still waits. */
uint64_t pmt_journal_reader_given(const struct pmt_journal_reader *r,
                                  uint32_t i);

/* There is no room in the journal for what waits for something that has not
 * come: the rows of a snapshot for their head, what a thread's next record is
 * told for that record. From now on it is in memory only. */
void pmt_journal_reader_let_go(struct pmt_journal_reader *r);

/* Tick of a raw clock value on the line; values before it are raised. */
uint64_t pmt_clock_line_tick(const struct pmt_clock_line *line, uint64_t raw);

#endif
