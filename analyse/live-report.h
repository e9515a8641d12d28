/*
 * live-report.h: what `pmt live` shows of a live set or of a snapshot, as text
 * or JSON.
 *
 * Writes to the stream it is given and nowhere else. Threads: one at a time.
 */
#ifndef PMT_LIVE_REPORT_H
#define PMT_LIVE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/json.h"
#include "cli/moment.h"
#include "cli/text.h"
#include "group.h"
#include "live.h"
#include "snapshots.h"

/* The sets of one kind of all streams, added up. */
struct pmt_live_total {
    /* Blocks and bytes; time and weight are not used. Estimates of all blocks
     * where streams are sampled, and so are the counts that they scale. */
    struct pmt_live_level now;
    struct pmt_live_level peak;  /* of the streams' own peaks */
    struct pmt_live_counts counts;
    uint64_t now_ns;     /* the moment: the latest record of any stream, or
                            the end when that is the moment */
    uint64_t peak_ns;    /* of the stream, when there is one */
    uint64_t loss_ns;    /* earliest, when approximate */
    uint64_t lost;       /* events, by the trace's count */
    uint64_t missing;    /* chunks */
    size_t begun_late;   /* streams whose earlier records were let go; the
                          * first of them begins at begun_ns */
    uint64_t begun_ns;
    bool quick;          /* they are there, and were not counted */
    size_t streams;      /* that have such records */
    size_t exits;        /* of them up to where the interpreter began to end */
    size_t exits_guessed; /* of them, of which the recorder said nothing */
    size_t incomplete;   /* of them without an end */
    size_t inferring;    /* of them with object:destroy-unreliable */
    uint64_t samples;    /* live blocks of sampled streams in the trace */
    uint64_t sample_bytes_low, sample_bytes_high; /* N of these streams */
    bool approximate;
    bool estimated;      /* a stream is sampled */
    bool sized;          /* sizes are in the records; else from the type */
};

/* How groups are shown. */
struct pmt_live_view {
    enum pmt_group_by by;
    enum pmt_group_sort sort;
    uint64_t top;        /* rows at most */
    bool stacks;         /* callers below each row */
};

struct pmt_live_report {
    const char *name;                /* of the trace */
    const struct pmt_moment *moment; /* as asked for */
    const struct pmt_live_sets *live;
    enum pmt_live_which which;
    struct pmt_live_view view;
};

/* ---- live-rows.c ------------------------------------------------------- */

/* Groups, largest first. */
struct pmt_live_rows {
    struct pmt_grouping grouping;
    uint32_t *order; /* numbers of groups */
    size_t count;    /* of them */
    size_t shown;    /* the first of them */
    bool estimated;  /* some of them are */
    /* If so, within what the sums are of all, and of those not shown. */
    struct pmt_range all_blocks, all_bytes, rest_blocks, rest_bytes;
};

/* The groups of the report's sets. PMT_OK, or PMT_ERR_MEMORY with nothing to
 * release. */
int pmt_live_rows_make(struct pmt_live_rows *rows,
                       const struct pmt_live_report *report);
void pmt_live_rows_release(struct pmt_live_rows *rows);

/* The same of a grouping that is filled; nothing is released. */
int pmt_live_rows_sort(struct pmt_live_rows *rows,
                       const struct pmt_live_view *view);

/* The table; `whole` is all of it, `noun` "blocks" or "objects". */
void pmt_live_rows_text(const struct pmt_live_rows *rows,
                        const struct pmt_live_view *view,
                        const struct pmt_live_level *whole, const char *noun,
                        FILE *file);
void pmt_live_rows_json(const struct pmt_live_rows *rows,
                        const struct pmt_live_view *view,
                        struct pmt_json *json);

/* "1,234 bytes (1.2 KiB)", "160 bytes"; "~" before a number when it is
 * `estimated`. */
void pmt_live_bytes_text(uint64_t bytes, bool estimated, FILE *file);

/* "1.2 KiB..3.4 MiB" */
#define PMT_RANGE_TEXT_SIZE (2 * PMT_TEXT_SIZE + 4)
char *pmt_live_range_text(char *buffer, struct pmt_range range, bool bytes);

/* "  a site of which nothing was sampled has at most 2.6 MiB" */
void pmt_live_unseen_text(enum pmt_group_by by, uint64_t sample_bytes,
                          FILE *file);

/* Keys of the limits of an estimate: count_low, count_high, bytes_low,
 * bytes_high. */
void pmt_live_range_json(struct pmt_range blocks, struct pmt_range bytes,
                         struct pmt_json *json);

/* ---- live-total.c ------------------------------------------------------ */

void pmt_live_total_of(struct pmt_live_total *total,
                       const struct pmt_live_report *report);

/* What is said of the moment when none was asked for: "the end (1.2 s)", or
 * "1.1 s, where the interpreter began to end". */
void pmt_live_end_text(const struct pmt_live_total *total, FILE *file);

/* Where what was before was let go, a line that says since when there is
 * anything. */
void pmt_live_let_go_text(const struct pmt_live_total *total, FILE *file);

/* Of an approximate total since when, and what is lost: "  approximate since
 * 1.2 s: 7 events lost", without the end of the line. */
void pmt_live_lost_text(const struct pmt_live_total *total, FILE *file);

/* The same as keys: approximate, loss_time_ns, lost, missing_chunks, and
 * streams. */
void pmt_live_lost_json(const struct pmt_live_total *total,
                        struct pmt_json *json);

/* ---- live-text.c, live-json.c ------------------------------------------ */

/* Both return PMT_OK or PMT_ERR_MEMORY, then having written nothing. */
int pmt_live_report_text(const struct pmt_live_report *report, FILE *file);
int pmt_live_report_json(const struct pmt_live_report *report,
                         struct pmt_json *json);

/* ---- snapshots-report.c ------------------------------------------------ */

struct pmt_snapshot_report {
    const char *name;                /* of the trace */
    const struct pmt_moment *moment; /* as asked for */
    const struct pmt_snapshots *snapshots; /* finished; count > 0 */
    bool chosen;                     /* by the user, not by the moment */
    struct pmt_live_view view;
};

/* As above. */
int pmt_snapshot_report_text(const struct pmt_snapshot_report *report,
                             FILE *file);
int pmt_snapshot_report_json(const struct pmt_snapshot_report *report,
                             struct pmt_json *json);

#endif
