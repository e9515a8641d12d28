/* bins.c: see bins.h. */
#include "bins.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pmt/error.h"

/* The first bins are of about a microsecond. */
#define FIRST_SHIFT 10

int pmt_bins_init(struct pmt_bins *bins, size_t rows, size_t capacity)
{
    *bins = (struct pmt_bins){
        .rows = rows,
        .capacity = capacity,
        .shift = FIRST_SHIFT,
        .cells = calloc(rows * capacity, sizeof *bins->cells),
    };
    return bins->cells ? PMT_OK : PMT_ERR_MEMORY;
}

void pmt_bins_release(struct pmt_bins *bins)
{
    free(bins->cells);
    memset(bins, 0, sizeof *bins);
}

/* ---- room -------------------------------------------------------------- */

/* `from` is the later of the two. */
static void merge(struct pmt_bin *to, const struct pmt_bin *from)
{
    if (!(from->count > 0))
        return;
    if (!(to->count > 0)) {
        *to = *from;
        return;
    }
    to->count += from->count;
    to->sum += from->sum;
    to->low = fmin(to->low, from->low);
    to->high = fmax(to->high, from->high);
    to->last = from->last;
}

/* Bins 2 n and 2 n + 1 become bin n. */
static void halve(struct pmt_bins *bins)
{
    size_t rows = bins->rows, half = (bins->used + 1) / 2;

    for (size_t i = 0; i < half; i++) {
        struct pmt_bin *to = bins->cells + i * rows;
        const struct pmt_bin *from = bins->cells + 2 * i * rows;

        memmove(to, from, rows * sizeof *to);
        for (size_t row = 0; 2 * i + 1 < bins->used && row < rows; row++)
            merge(&to[row], &from[rows + row]);
    }
    memset(bins->cells + half * rows, 0,
           (bins->used - half) * rows * sizeof *bins->cells);
    bins->used = half;
    bins->shift++;
}

struct pmt_bin *pmt_bins_reach(struct pmt_bins *bins, uint64_t ns)
{
    while (ns >> bins->shift >= bins->capacity)
        halve(bins);
    if (ns >> bins->shift >= bins->used) /* those between are zero */
        bins->used = (size_t)(ns >> bins->shift) + 1;
    return &bins->cells[(ns >> bins->shift) * bins->rows];
}

/* ---- columns ----------------------------------------------------------- */

static double amount_of(const struct pmt_bins *bins, size_t i, size_t row,
                        enum pmt_bins_what what)
{
    const struct pmt_bin *bin = &bins->cells[i * bins->rows + row];

    return what == PMT_BINS_SUM ? bin->sum : bin->count;
}

double pmt_bins_total(const struct pmt_bins *bins, size_t row,
                      enum pmt_bins_what what)
{
    double total = 0;

    for (size_t i = 0; i < bins->used; i++)
        total += amount_of(bins, i, row, what);
    return total;
}

size_t pmt_bins_columns(const struct pmt_bins *bins, double span, size_t most)
{
    double fit = span / pmt_bins_width(bins) / PMT_BINS_A_COLUMN;

    return fit < 1 ? 1 : fit < (double)most ? (size_t)fit : most;
}

/* A bin, as far as it is on an axis. */
static void find_span(const struct pmt_bins *bins, size_t i,
                      const struct pmt_panel *panel, double *from, double *to)
{
    double width = pmt_bins_width(bins);

    *from = fmax((double)i * width, panel->x_from);
    *to = fmin((double)(i + 1) * width, panel->x_to);
}

static void add_amount(struct pmt_curve *curve, size_t column, double amount,
                       double width, double rate, bool whole)
{
    curve->values[column] += amount / width;
    if (!curve->low || !whole)
        return;
    curve->low[column] = fmin(curve->low[column], rate);
    curve->high[column] = fmax(curve->high[column], rate);
}

/* Divides a bin of so many ns, `from` to `to` of it on the axis, among the
 * columns that it is in. */
static void add_bin(const struct pmt_panel *panel, struct pmt_curve *curve,
                    double from, double to, double bin, double amount,
                    double second)
{
    double wide = (to - from) / 2;

    for (size_t c = pmt_panel_column(panel, from); c < panel->columns; c++) {
        double left = pmt_panel_edge(panel, c);
        double right = pmt_panel_edge(panel, c + 1);
        double shared = fmin(right, to) - fmax(left, from);

        if (left >= to)
            break;
        if (shared > 0)
            add_amount(curve, c, amount * shared / (to - from),
                       second > 0 ? (right - left) / second : 1,
                       amount / bin * second, shared > wide);
    }
}

void pmt_bins_amounts(const struct pmt_bins *bins, size_t row,
                      enum pmt_bins_what what, bool a_second,
                      const struct pmt_panel *panel, struct pmt_curve *curve)
{
    double end = (double)bins->used * pmt_bins_width(bins), from, to;

    for (size_t c = 0; c < panel->columns; c++)
        curve->values[c] = 0;
    for (size_t i = 0; i < bins->used; i++) {
        find_span(bins, i, panel, &from, &to);
        if (to > from)
            add_bin(panel, curve, from, to, pmt_bins_width(bins),
                    amount_of(bins, i, row, what), a_second ? 1e9 : 0);
    }
    for (size_t c = 0; curve->low && c < panel->columns; c++) {
        /* Nothing was noted in bins that are not there. */
        if (pmt_panel_edge(panel, c + 1) > end)
            curve->low[c] = 0;
        curve->low[c] = fmin(curve->low[c], curve->values[c]);
        curve->high[c] = fmax(curve->high[c], curve->values[c]);
    }
}

/* What a column has so far. */
static void add_level(struct pmt_curve *curve, size_t column, double *weight,
                      const struct pmt_bin *bin)
{
    double sum = isnan(curve->values[column]) ? 0
                                              : curve->values[column] *
                                                    weight[column];

    weight[column] += bin->count;
    curve->values[column] = (sum + bin->sum) / weight[column];
    if (!curve->low)
        return;
    curve->low[column] = fmin(curve->low[column], bin->low);
    curve->high[column] = fmax(curve->high[column], bin->high);
}

int pmt_bins_levels(const struct pmt_bins *bins, size_t row, double until,
                    const struct pmt_panel *panel, struct pmt_curve *curve)
{
    double *weight = calloc(panel->columns * 2, sizeof *weight);
    double *last = weight ? weight + panel->columns : NULL, level = NAN;

    if (!weight)
        return PMT_ERR_MEMORY;
    for (size_t i = 0; i < bins->used; i++) {
        const struct pmt_bin *bin = &bins->cells[i * bins->rows + row];
        double from, to;
        size_t c;

        find_span(bins, i, panel, &from, &to);
        if (!(bin->count > 0) || to <= from)
            continue;
        c = pmt_panel_column(panel, (from + to) / 2);
        add_level(curve, c, weight, bin);
        last[c] = bin->last;
    }
    for (size_t c = 0; c < panel->columns; c++) {
        if (!isnan(level) && pmt_panel_edge(panel, c) < until) {
            if (!(weight[c] > 0))
                curve->values[c] = level;
            if (curve->low) {
                curve->low[c] = fmin(curve->low[c], level);
                curve->high[c] = fmax(curve->high[c], level);
            }
        }
        level = weight[c] > 0 ? last[c] : level;
    }
    free(weight);
    return PMT_OK;
}

void pmt_bins_running(const struct pmt_bins *bins, size_t row, double until,
                      const struct pmt_panel *panel, struct pmt_curve *curve)
{
    double width = pmt_bins_width(bins), level = 0;
    size_t next = 0;

    for (size_t c = 0; c < panel->columns; c++) {
        double left = pmt_panel_edge(panel, c);
        double right = pmt_panel_edge(panel, c + 1);
        double low = level, high = level, sum = level, count = 1;

        if (left > until)
            break;
        for (; next < bins->used && (double)next * width < right; next++) {
            level += amount_of(bins, next, row, PMT_BINS_SUM);
            low = fmin(low, level);
            high = fmax(high, level);
            sum += level;
            count++;
        }
        curve->values[c] = sum / count;
        if (curve->low) {
            curve->low[c] = low;
            curve->high[c] = high;
        }
    }
}
