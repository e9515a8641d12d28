/*
 * top-report.h: what `pmt top` shows of a profile, as text or JSON.
 *
 * Writes to the stream it is given and nowhere else. Threads: one at a time.
 */
#ifndef PMT_TOP_REPORT_H
#define PMT_TOP_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "calls.h"
#include "cli/json.h"
#include "cli/listing.h"
#include "cli/moment.h"
#include "live-report.h"
#include "profile.h"
#include "snapshots.h"
#include "tables.h"

/* Columns: bits in the order of pmt_top_show_names. */
enum pmt_top_show {
    PMT_TOP_LIVE = 1,
    PMT_TOP_ALLOCATED = 2,
    PMT_TOP_RATE = 4,
    PMT_TOP_TEMPORARY = 8,
    PMT_TOP_LIFETIMES = 16,
    PMT_TOP_PEAK = 32
};
extern const char *const pmt_top_show_names[];

/* What rows are sorted by, the largest first; SIZE CLASS: the smallest. */
enum pmt_top_sort {
    PMT_TOP_BY_BYTES,
    PMT_TOP_BY_COUNT,
    PMT_TOP_BY_AVERAGE,
    PMT_TOP_BY_ALLOCATED,
    PMT_TOP_BY_ALLOCATIONS,
    PMT_TOP_BY_TEMPORARY,
    PMT_TOP_BY_LIFETIME,
    PMT_TOP_BY_PEAK,
    PMT_TOP_BY_CLASS,
    PMT_TOP_BY_OWN,   /* time, of calls and lines */
    PMT_TOP_BY_TOTAL
};
extern const char *const pmt_top_sort_names[];

struct pmt_top_report {
    const char *name;                /* of the trace */
    const char *path;                /* as opened (together.h) */
    const struct pmt_moment *moment; /* as asked for */
    const struct pmt_moment *from;   /* the same; NULL: the beginning */
    struct pmt_profile *profile;     /* finished */
    const struct pmt_snapshots *snapshots; /* of which it is made; or NULL */
    unsigned show;                   /* of enum pmt_top_show */
    enum pmt_top_sort sort;
    uint64_t top;                    /* rows at most */
    bool stacks;                     /* callers below each row */
    bool high_water;                 /* the moment is the peak of all streams
                                        together */
    bool first;                      /* of a replay: changes are since its
                                        first moment */
};

/* ---- top-rows.c --------------------------------------------------------- */

struct pmt_top_rows {
    uint32_t *order;   /* numbers of groups */
    size_t count;      /* of them */
    size_t shown;      /* the first of them */
    bool estimated;    /* some of them are */
    struct pmt_live_total total; /* of what is live: what may be wrong */
};

/* PMT_OK, or PMT_ERR_MEMORY with nothing to release. */
int pmt_top_rows_make(struct pmt_top_rows *rows,
                      const struct pmt_top_report *report);
void pmt_top_rows_release(struct pmt_top_rows *rows);

/* bytes / count, rounded; 0 of none. */
uint64_t pmt_top_average(uint64_t bytes, uint64_t count);
/* So much a second over the report's span; 0 where that has no length. */
double pmt_top_rate(const struct pmt_top_report *report, uint64_t number);

/* ---- top-text.c, top-json.c --------------------------------------------- */

/* Both return PMT_OK or PMT_ERR_MEMORY, then having written nothing. */
int pmt_top_text(const struct pmt_top_report *report, FILE *file);
int pmt_top_json(const struct pmt_top_report *report, struct pmt_json *json);

/* ---- top-replay.c ------------------------------------------------------- */

/* A table for each moment of the profile's replay. PMT_OK, PMT_ERR_MEMORY or
 * PMT_ERR_LIMIT. */
int pmt_top_replay(const struct pmt_top_report *report,
                   struct pmt_tables *tables);

/* ---- top-calls.c -------------------------------------------------------- */

struct pmt_top_calls {
    const char *name;                /* of the trace */
    const char *path;                /* as opened (together.h) */
    const struct pmt_moment *moment; /* as asked for */
    const struct pmt_moment *from;   /* the same; NULL: the beginning */
    const struct pmt_calls *calls;   /* finished */
    enum pmt_top_sort sort;          /* BYTES (of rss), COUNT, OWN or TOTAL */
    uint64_t top;                    /* rows at most */
};

/* A table of what functions, or lines, did. PMT_OK or PMT_ERR_MEMORY. */
int pmt_top_calls(const struct pmt_top_calls *what,
                  struct pmt_tables *tables);

/* "at the peak", "at mark "warm"": a moment as it is said; `ns` is where. */
void pmt_top_moment_text(const struct pmt_moment *moment, uint64_t ns,
                         FILE *file);
/* "end", "time", "mark", ... */
const char *pmt_top_moment_word(const struct pmt_moment *moment);

#endif
