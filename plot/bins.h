/*
 * bins.h: what happened over time, counted in one pass over a trace of any
 * length: a fixed number of bins, of which two neighbours become one when the
 * time they span no longer has room.
 *
 *     struct pmt_bins bins;
 *
 *     pmt_bins_init(&bins, 2, PMT_BINS);        // two rows: made, freed
 *     pmt_bin_note(pmt_bins_at(&bins, ns) + 1, size);
 *     pmt_bins_amounts(&bins, 1, PMT_BINS_SUM, true, panel, curve);
 *     pmt_bins_release(&bins);
 *
 * Bins are finer than the columns of a chart: a column shows the mean over
 * its time, and from the least to the most of its bins. So what happens in a
 * short time is in the chart, however long the trace.
 *
 * Never prints. Threads: one at a time.
 */
#ifndef PMT_BINS_H
#define PMT_BINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "figure.h"

/* Enough for the time axis of a picture; 40 bytes each and row. */
#define PMT_BINS 8192
/* Columns are at least so many bins wide. */
#define PMT_BINS_A_COLUMN 8

/* What was noted in a bin; low, high and last only where count is not 0. */
struct pmt_bin {
    double count;      /* of values; those of samples stand for several */
    double sum;
    double low, high;
    double last;
};

struct pmt_bins {
    /* Private. */
    size_t rows, capacity;
    unsigned shift;    /* a bin is 2^shift ns; the first begins at 0 */
    size_t used;
    struct pmt_bin *cells; /* by bin and row; owned */
};

/* PMT_OK or PMT_ERR_MEMORY. capacity: 2 or more. */
int pmt_bins_init(struct pmt_bins *bins, size_t rows, size_t capacity);
/* Accepts a zeroed one. */
void pmt_bins_release(struct pmt_bins *bins);

/* For pmt_bins_at(). */
struct pmt_bin *pmt_bins_reach(struct pmt_bins *bins, uint64_t ns);

/* The rows of the bin of a moment on the time axis; they may come in any
 * order. Borrowed until the next call. */
static inline struct pmt_bin *pmt_bins_at(struct pmt_bins *bins, uint64_t ns)
{
    uint64_t at = ns >> bins->shift;

    if (at < bins->used)
        return &bins->cells[at * bins->rows];
    return pmt_bins_reach(bins, ns);
}

/* One value, which stands for `count` of them and `sum` in all. */
static inline void pmt_bin_weigh(struct pmt_bin *bin, double value,
                                 double count, double sum)
{
    if (!(bin->count > 0) || value < bin->low)
        bin->low = value;
    if (!(bin->count > 0) || value > bin->high)
        bin->high = value;
    bin->count += count;
    bin->sum += sum;
    bin->last = value;
}

static inline void pmt_bin_note(struct pmt_bin *bin, double value)
{
    pmt_bin_weigh(bin, value, 1, value);
}

/* ns of a bin. */
static inline double pmt_bins_width(const struct pmt_bins *bins)
{
    return (double)(UINT64_C(1) << bins->shift);
}

enum pmt_bins_what { PMT_BINS_COUNT, PMT_BINS_SUM };

/* Of a row, all bins together. */
double pmt_bins_total(const struct pmt_bins *bins, size_t row,
                      enum pmt_bins_what what);

/* Columns for a time axis of so many ns, `most` at most. */
size_t pmt_bins_columns(const struct pmt_bins *bins, double span,
                        size_t most);

/*
 * Fills a curve of a panel over time with a row: how much of it in each
 * column. A bin that is in two columns is divided; what lies outside of the
 * axis is left out. With `a_second` it is what came a second, and low and high,
 * where the curve has them, are those of its bins.
 */
void pmt_bins_amounts(const struct pmt_bins *bins, size_t row,
                      enum pmt_bins_what what, bool a_second,
                      const struct pmt_panel *panel, struct pmt_curve *curve);

/*
 * The same of a level: its mean in each column, the lowest and the highest,
 * with what it had when the column began; where nothing was noted it stays
 * what it was, up to `until` (ns). NaN before the first and behind `until`.
 * PMT_OK or PMT_ERR_MEMORY.
 */
int pmt_bins_levels(const struct pmt_bins *bins, size_t row, double until,
                     const struct pmt_panel *panel, struct pmt_curve *curve);

/* The same of a level of which the sum of a row is by how much it went up or
 * down: exact where a bin ends, in whatever order the values came. */
void pmt_bins_running(const struct pmt_bins *bins, size_t row, double until,
                      const struct pmt_panel *panel, struct pmt_curve *curve);

#endif
