/*
 * diff-spread.c: within what limits the change of an estimate is; see diff.h.
 *
 * Samples of two sides, or what came and what went of one, are independent,
 * so distances from the estimate add up by their squares, as in estimate.c.
 * Where a side is sampled and has nothing of a row, its upper limit is that of
 * what no sample was seen of.
 */
#include <math.h>
#include <stdlib.h>

#include "diff.h"
#include "pmt/error.h"

static void add_distance(struct pmt_diff_spread *spread,
                         enum pmt_diff_side side, double below, double above)
{
    if (below < 0)
        below = 0;
    if (above < 0)
        above = 0;
    spread->below += side == PMT_DIFF_B ? below * below : above * above;
    spread->above += side == PMT_DIFF_B ? above * above : below * below;
}

static void add_range(struct pmt_diff_spread *spread, enum pmt_diff_side side,
                      uint64_t value, struct pmt_range range)
{
    add_distance(spread, side, (double)value - (double)range.low,
                 (double)range.high - (double)value);
}

int pmt_diff_spread_all(struct pmt_diff *diff, enum pmt_diff_side side,
                        const struct pmt_grouping *grouping,
                        const uint32_t *order, size_t count)
{
    const struct pmt_group *total = &grouping->total;
    struct pmt_range blocks_95, bytes_95;

    for (size_t i = 0; i < grouping->samples.count; i++)
        if (grouping->samples.classes[i].sample_bytes >
            diff->sample_bytes[side])
            diff->sample_bytes[side] =
                grouping->samples.classes[i].sample_bytes;
    if (grouping->samples.count == 0)
        return PMT_OK;
    diff->all.estimated = true;
    if (pmt_grouping_range(grouping, order, count, true, &blocks_95,
                           &bytes_95))
        return PMT_ERR_MEMORY;
    add_range(&diff->spread[PMT_DIFF_COUNT], side, total->count, blocks_95);
    add_range(&diff->spread[PMT_DIFF_BYTES], side, total->bytes, bytes_95);
    return PMT_OK;
}

/* ---- rows -------------------------------------------------------------- */

struct row_spread {
    struct pmt_diff_spread measure[PMT_DIFF_MEASURES];
    uint64_t count, bytes;          /* of both sides, for a mean size */
    bool seen[PMT_DIFF_SIDES], sampled;
};

static void add_cell(struct row_spread *rows, enum pmt_diff_side side,
                     const struct pmt_diff_cell *cell)
{
    struct row_spread *row = &rows[cell->row];

    row->seen[side] = true;
    row->count += cell->count;
    row->bytes += cell->bytes;
    if (!cell->sampled)
        return;
    row->sampled = true;
    add_range(&row->measure[PMT_DIFF_COUNT], side, cell->count,
              cell->blocks_95);
    add_range(&row->measure[PMT_DIFF_BYTES], side, cell->bytes,
              cell->bytes_95);
}

/* What may have been there and was not seen. */
static void add_unseen(const struct pmt_diff *diff, struct row_spread *row)
{
    for (int side = 0; side < PMT_DIFF_SIDES; side++) {
        double bytes, size;

        if (row->seen[side] || !diff->sample_bytes[side])
            continue;
        bytes = (double)pmt_samples_unseen(diff->sample_bytes[side]);
        size = row->count ? (double)row->bytes / (double)row->count : 1;
        add_distance(&row->measure[PMT_DIFF_BYTES], (enum pmt_diff_side)side,
                     0, bytes);
        add_distance(&row->measure[PMT_DIFF_COUNT], (enum pmt_diff_side)side,
                     0, bytes / (size < 1 ? 1 : size));
    }
}

static void set_limits(struct pmt_diff_row *row,
                       const struct pmt_diff_spread *spread, double divisor)
{
    for (int m = 0; m < PMT_DIFF_MEASURES; m++) {
        row->limits[m].low = row->change[m] - sqrt(spread[m].below) / divisor;
        row->limits[m].high = row->change[m] + sqrt(spread[m].above) / divisor;
        row->unsure[m] = row->limits[m].low <= 0 && row->limits[m].high >= 0;
    }
}

int pmt_diff_spread_rows(struct pmt_diff *diff)
{
    struct row_spread *rows = calloc(diff->row_count + 1, sizeof *rows);
    double divisor = 1;

    if (!rows)
        return PMT_ERR_MEMORY;
    if (diff->divisors) /* the nearer one: the limits are the wider */
        divisor = fmin(diff->divisors[0], diff->divisors[1]);
    for (size_t i = 0; !diff->residue && i < diff->cell_count; i++)
        if (diff->cells[i].row != PMT_DIFF_ALL)
            add_cell(rows, diff->cells[i].run ? PMT_DIFF_B : PMT_DIFF_A,
                     &diff->cells[i]);
    for (int side = 0; side < PMT_DIFF_SIDES; side++)
        for (size_t i = 0; i < diff->residue_count[side]; i++)
            add_cell(rows, (enum pmt_diff_side)side,
                     &diff->residues[side][i]);
    for (size_t i = 0; i < diff->row_count; i++) {
        struct pmt_diff_row *row = &diff->rows[i];

        row->estimated = rows[i].sampled;
        diff->estimated |= row->estimated;
        if (!row->estimated)
            continue;
        add_unseen(diff, &rows[i]);
        set_limits(row, rows[i].measure, divisor);
    }
    if (diff->all.estimated)
        set_limits(&diff->all, diff->spread, divisor);
    free(rows);
    return PMT_OK;
}
