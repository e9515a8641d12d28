/*
 * diff.h: what changed between two sides, A and B, each of one or more runs:
 * live sets by a key, or figures.
 *
 *     struct pmt_diff diff = {.by = PMT_BY_SITE, .runs = {1, 1}};
 *
 *     … pmt_diff_add_grouping(&diff, PMT_DIFF_A, 0, &grouping);
 *     … pmt_diff_add_grouping(&diff, PMT_DIFF_B, 0, &other);
 *     pmt_diff_finish(&diff);
 *     for (size_t i = 0; i < diff.changed; i++)
 *         … diff.rows[diff.order[i]] …
 *     pmt_diff_release(&diff);
 *
 * A row is what reads the same in all runs: files, functions, lines, names of
 * types; not ids, sizes of types, process ids and native ids of threads, which
 * differ between runs of the same program. Values of a side of several runs
 * are medians; a run without a row has 0 there.
 *
 * Rows are in the order of tracemalloc's compare_to: by the absolute change of
 * bytes, bytes, absolute change of the count, count, and the key, all falling.
 *
 * Never prints. Memory grows with the rows and the runs; nothing is borrowed
 * from a trace once it was added. Threads: one at a time.
 */
#ifndef PMT_DIFF_H
#define PMT_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "estimate.h"
#include "group.h"
#include "intern.h"

enum pmt_diff_side { PMT_DIFF_A, PMT_DIFF_B, PMT_DIFF_SIDES };

/* A figure has bytes only, whatever its unit. */
enum pmt_diff_measure { PMT_DIFF_COUNT, PMT_DIFF_BYTES, PMT_DIFF_MEASURES };

/* Whole numbers up to 2^64 are exact where the type has 64 bits for them. */
typedef long double pmt_diff_number;

struct pmt_diff_limits {
    pmt_diff_number low, high;
};

/* A file, a line and a function; numbers of texts, PMT_INTERN_NONE: none. */
struct pmt_diff_site {
    uint32_t file, function, line;
    uint32_t first_line[PMT_DIFF_SIDES]; /* of the function, 0: not known */
    uint8_t sides;         /* bit PMT_DIFF_x: the site is in a table of it */
    bool many;             /* several functions there have the name */
};

struct pmt_diff_row {
    uint32_t name;         /* number of a text; NONE: see the frames */
    uint32_t unit;         /* of a figure: number of a text, else NONE */
    uint32_t frame_at;     /* of the innermost of `frame_count` frames, the */
    uint32_t frame_count;  /* others behind it: pmt_diff_frame() */
    uint32_t line_before;  /* of a site that moved: its line in A; else 0 */
    bool apart;            /* private: a site that is A's alone */

    pmt_diff_number value[PMT_DIFF_SIDES][PMT_DIFF_MEASURES];
    pmt_diff_number change[PMT_DIFF_MEASURES]; /* B - A */
    bool estimated;        /* samples are in it: `limits` hold the change */
    bool unsure[PMT_DIFF_MEASURES]; /* and these hold 0 */
    bool beyond[PMT_DIFF_MEASURES]; /* of several runs: the change is more
                                     * than the noise between them */
    bool over;             /* pmt_diff_gate(): grew by more than its limit */
    struct pmt_diff_limits limits[PMT_DIFF_MEASURES];
};

/* The row of a cell that is of the sum of all. */
#define PMT_DIFF_ALL UINT32_MAX

/* What one run has of a row. */
struct pmt_diff_cell {
    uint32_t row, run;     /* run: those of A, then those of B */
    uint64_t count, bytes; /* of a figure: bytes is its int64_t */
    bool sampled;
    struct pmt_range blocks_95, bytes_95; /* when it is sampled */
};

/* Squares of how far a change may be below and above its estimate. */
struct pmt_diff_spread {
    double below, above;
};

/* A beginning of paths that is read as another one. */
struct pmt_diff_map {
    const char *from, *to;
    size_t from_length, to_length;
    bool tried, fitted;    /* paths were looked at; one of them was below it */
};

/* A threshold: see pmt_diff_gate(). */
enum pmt_diff_limit_kind {
    PMT_DIFF_NO_LIMIT, PMT_DIFF_PERCENT, PMT_DIFF_OF_BYTES, PMT_DIFF_OF_COUNT
};
struct pmt_diff_limit {
    enum pmt_diff_limit_kind kind;
    double value;
    const char *text;      /* as typed; not for pmt_diff_limit_parse */
};

struct pmt_diff {
    /* To be set on a zeroed one. */
    enum pmt_group_by by;
    bool figures;          /* rows are figures, of which there is no sum */
    bool same;             /* both sides are moments of one trace: its
                            * threads and streams are told apart by ids */
    bool match_lines;      /* by SITE: lines that moved are found again */
    size_t runs[PMT_DIFF_SIDES]; /* at least 1 each */
    /* What each run's values are divided by, those of A, then those of B;
     * NULL: 1. Borrowed. */
    const double *divisors;
    struct pmt_diff_map *maps; /* borrowed */
    size_t map_count;
    /* Of one run a side that are the same streams: what came and went; then
     * limits of a change are those of the two. */
    bool residue;

    /* To be read after finish. */
    struct pmt_diff_row *rows;
    size_t row_count;
    struct pmt_diff_row all; /* all rows */
    uint32_t *order;       /* rows of any value, as said above */
    size_t changed;        /* the first of them: those that changed */
    size_t present;        /* all of them */
    size_t moved;          /* sites of other lines in A */
    bool estimated;        /* some row is */
    bool noisy;            /* several runs a side: `beyond` was found */

    /* Private. */
    bool no_memory;
    size_t row_capacity;
    struct pmt_intern texts, sites, keys;
    struct pmt_diff_site *site_parts; /* by number of the site */
    size_t site_capacity;
    uint32_t *frames;      /* numbers of sites */
    size_t frame_count, frame_capacity;
    struct pmt_diff_cell *cells;
    size_t cell_count, cell_capacity;
    struct pmt_diff_cell *residues[PMT_DIFF_SIDES]; /* gone, come; by row */
    size_t residue_count[PMT_DIFF_SIDES], residue_capacity[PMT_DIFF_SIDES];
    uint64_t sample_bytes[PMT_DIFF_SIDES];  /* 0: the side is no sample */
    struct pmt_diff_spread spread[PMT_DIFF_MEASURES]; /* of the sum */
    pmt_diff_number *matrix; /* by measure, row (the sum last) and run */
    unsigned char *key;    /* being put together */
    size_t key_capacity;
};

void pmt_diff_release(struct pmt_diff *diff);

/* All return PMT_OK or PMT_ERR_MEMORY; then it is only to be released. */

/* Adds all groups of a grouping by diff->by, of run `run` (0, 1, ...) of a
 * side. The streams of the grouping must be there still. */
int pmt_diff_add_grouping(struct pmt_diff *diff, enum pmt_diff_side side,
                          size_t run, struct pmt_grouping *grouping);

/* Which sites there are in a stream of a side: for match_lines. */
int pmt_diff_add_sites(struct pmt_diff *diff, enum pmt_diff_side side,
                       const struct pmt_stream *stream);

/* With diff->residue: blocks that A alone had (side A), or B alone. */
int pmt_diff_add_residue(struct pmt_diff *diff, enum pmt_diff_side side,
                         struct pmt_grouping *grouping);

/* Adds to the value of a figure. */
int pmt_diff_add_figure(struct pmt_diff *diff, enum pmt_diff_side side,
                        size_t run, struct pmt_text name,
                        struct pmt_text unit, int64_t value);

int pmt_diff_finish(struct pmt_diff *diff);

/* Are rows of this key made of frames? */
bool pmt_diff_by_frames(enum pmt_group_by by);

/* Text number `text`; of NONE no bytes. Borrowed. */
struct pmt_text pmt_diff_text(const struct pmt_diff *diff, uint32_t text);

/* Frame `i` of a row, 0 the innermost. Borrowed. */
const struct pmt_diff_site *pmt_diff_frame(const struct pmt_diff *diff,
                                           const struct pmt_diff_row *row,
                                           uint32_t i);

/* What the row is called, as in names.h: of a stack its innermost frame. */
size_t pmt_diff_name(char *buffer, size_t size, const struct pmt_diff *diff,
                     const struct pmt_diff_row *row);

/* The same of frame `frame` of its stack. */
size_t pmt_diff_frame_name(char *buffer, size_t size,
                           const struct pmt_diff *diff,
                           const struct pmt_diff_row *row, uint32_t frame);

/* ---- diff-limit.c ------------------------------------------------------ */

/* "5%", "10M", "1000". False: it is none. */
bool pmt_diff_limit_parse(const char *text, struct pmt_diff_limit *limit,
                          char *why, size_t why_size);

/*
 * Finds the rows, and the sum of all, that grew by more than the limit, beyond
 * the noise of several runs: sets their `over`, and *over to how many they
 * are. A percent is of all that A has; of a figure, of its value in A. Of
 * figures those in bytes are looked at, with a limit of a count those in
 * anything else.
 */
int pmt_diff_gate(struct pmt_diff *diff, const struct pmt_diff_limit *limit,
                  size_t *over);

/* Is the unit of a figure that of bytes? */
bool pmt_diff_in_bytes(struct pmt_text unit);

/* What the limit comes to for a row, in its measure. */
enum pmt_diff_measure pmt_diff_limit_measure(const struct pmt_diff *diff,
                                             const struct pmt_diff_limit *l);
pmt_diff_number pmt_diff_limit_of(const struct pmt_diff *diff,
                                  const struct pmt_diff_limit *limit,
                                  const struct pmt_diff_row *row);

/* ---- diff-spread.c ----------------------------------------------------- */

/* What a sampled grouping adds to the spread of the sum. */
int pmt_diff_spread_all(struct pmt_diff *diff, enum pmt_diff_side side,
                        const struct pmt_grouping *grouping,
                        const uint32_t *order, size_t count);

/* Sets the limits of all rows. Part of finish. */
int pmt_diff_spread_rows(struct pmt_diff *diff);

/* ---- diff-lines.c ------------------------------------------------------ */

/* Finds the lines of functions that moved: cells of A go to the rows of the
 * lines that they are in B. Part of finish. */
int pmt_diff_match_lines(struct pmt_diff *diff);

/* ---- diff-rows.c, for diff-lines.c ------------------------------------- */

/* The row of a site alone; `apart`: one that is only A's. PMT_INTERN_NONE: no
 * memory. */
uint32_t pmt_diff_site_row(struct pmt_diff *diff, uint32_t site, bool apart);

#endif
