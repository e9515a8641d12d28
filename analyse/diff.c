/* diff.c: from cells to changes in their order; see diff.h. */
#include "diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff-noise.h"
#include "pmt/error.h"

/* ---- values ------------------------------------------------------------ */

static size_t runs_of(const struct pmt_diff *diff)
{
    return diff->runs[PMT_DIFF_A] + diff->runs[PMT_DIFF_B];
}

/* The values of a row, of each run; row_count: of the sum. */
static pmt_diff_number *values_of(const struct pmt_diff *diff,
                                  enum pmt_diff_measure measure, size_t row)
{
    size_t at = (size_t)measure * (diff->row_count + 1) + row;

    return diff->matrix + at * runs_of(diff);
}

static int make_matrix(struct pmt_diff *diff)
{
    size_t runs = runs_of(diff), rows = diff->row_count;

    diff->matrix = calloc(PMT_DIFF_MEASURES * (rows + 1) * runs,
                          sizeof *diff->matrix);
    if (!diff->matrix)
        return PMT_ERR_MEMORY;
    for (size_t i = 0; i < diff->cell_count; i++) {
        const struct pmt_diff_cell *cell = &diff->cells[i];
        size_t row = cell->row == PMT_DIFF_ALL ? rows : cell->row;

        values_of(diff, PMT_DIFF_COUNT, row)[cell->run] += cell->count;
        values_of(diff, PMT_DIFF_BYTES, row)[cell->run] +=
            diff->figures ? (pmt_diff_number)(int64_t)cell->bytes
                          : (pmt_diff_number)cell->bytes;
    }
    for (size_t i = 0; diff->divisors &&
                       i < PMT_DIFF_MEASURES * (rows + 1) * runs; i++)
        diff->matrix[i] /= diff->divisors[i % runs];
    return PMT_OK;
}

static int compare_numbers(const void *a, const void *b)
{
    pmt_diff_number x = *(const pmt_diff_number *)a;
    pmt_diff_number y = *(const pmt_diff_number *)b;

    return x < y ? -1 : x > y;
}

static pmt_diff_number median(const pmt_diff_number *values, size_t count,
                              pmt_diff_number *room)
{
    if (count == 1)
        return values[0];
    memcpy(room, values, count * sizeof *values);
    qsort(room, count, sizeof *room, compare_numbers);
    if (count % 2)
        return room[count / 2];
    return (room[count / 2 - 1] + room[count / 2]) / 2;
}

static void set_values(const struct pmt_diff *diff, struct pmt_diff_row *row,
                       size_t number, pmt_diff_number *room)
{
    for (int m = 0; m < PMT_DIFF_MEASURES; m++) {
        const pmt_diff_number *values =
            values_of(diff, (enum pmt_diff_measure)m, number);

        row->value[PMT_DIFF_A][m] =
            median(values, diff->runs[PMT_DIFF_A], room);
        row->value[PMT_DIFF_B][m] =
            median(values + diff->runs[PMT_DIFF_A], diff->runs[PMT_DIFF_B],
                   room);
        row->change[m] =
            row->value[PMT_DIFF_B][m] - row->value[PMT_DIFF_A][m];
    }
}

static int make_values(struct pmt_diff *diff)
{
    pmt_diff_number *room = calloc(runs_of(diff), sizeof *room);
    int code = room ? make_matrix(diff) : PMT_ERR_MEMORY;

    for (size_t i = 0; code == PMT_OK && i < diff->row_count; i++)
        set_values(diff, &diff->rows[i], i, room);
    if (code == PMT_OK)
        set_values(diff, &diff->all, diff->row_count, room);
    free(room);
    return code;
}

/* ---- noise ------------------------------------------------------------- */

static int find_noise(struct pmt_diff *diff, enum pmt_diff_measure measure)
{
    size_t rows = diff->row_count + 1;
    bool *beyond = calloc(rows, sizeof *beyond);
    struct pmt_noise noise = {
        .runs = {diff->runs[PMT_DIFF_A], diff->runs[PMT_DIFF_B]},
        .rows = rows,
        .values = values_of(diff, measure, 0),
        .both = true,
    };
    int code = beyond ? pmt_noise_test(&noise, beyond) : PMT_ERR_MEMORY;

    for (size_t i = 0; code == PMT_OK && i < diff->row_count; i++)
        diff->rows[i].beyond[measure] = beyond[i];
    if (code == PMT_OK)
        diff->all.beyond[measure] = beyond[diff->row_count];
    free(beyond);
    return code;
}

/* ---- order ------------------------------------------------------------- */

static int compare_texts(const struct pmt_diff *diff, uint32_t a, uint32_t b)
{
    struct pmt_text x, y;
    int order;

    if (a == b)
        return 0;
    x = pmt_diff_text(diff, a);
    y = pmt_diff_text(diff, b);
    if (!x.bytes || !y.bytes)
        return x.bytes ? 1 : -1;
    order = memcmp(x.bytes, y.bytes,
                   x.length < y.length ? x.length : y.length);
    if (order)
        return order;
    return x.length < y.length ? -1 : x.length > y.length;
}

/* From the outermost frame inwards, as tracemalloc's Traceback. */
static int compare_frames(const struct pmt_diff *diff,
                          const struct pmt_diff_row *a,
                          const struct pmt_diff_row *b)
{
    uint32_t i = a->frame_count, j = b->frame_count;

    while (i > 0 && j > 0) {
        const struct pmt_diff_site *x = pmt_diff_frame(diff, a, --i);
        const struct pmt_diff_site *y = pmt_diff_frame(diff, b, --j);
        int order = compare_texts(diff, x->file, y->file);

        if (order)
            return order;
        if (x->line != y->line)
            return x->line < y->line ? -1 : 1;
        order = compare_texts(diff, x->function, y->function);
        if (order)
            return order;
    }
    return i == j ? 0 : i < j ? -1 : 1;
}

static int falling(pmt_diff_number a, pmt_diff_number b)
{
    return a > b ? -1 : a < b;
}

static pmt_diff_number size_of(pmt_diff_number change)
{
    return change < 0 ? -change : change;
}

static int compare_rows(const void *a, const void *b, void *context)
{
    const struct pmt_diff *diff = context;
    const struct pmt_diff_row *x = &diff->rows[*(const uint32_t *)a];
    const struct pmt_diff_row *y = &diff->rows[*(const uint32_t *)b];
    int order = 0;

    for (int m = PMT_DIFF_MEASURES - 1; order == 0 && m >= 0; m--) {
        order = falling(size_of(x->change[m]), size_of(y->change[m]));
        if (order == 0)
            order = falling(x->value[PMT_DIFF_B][m],
                            y->value[PMT_DIFF_B][m]);
    }
    if (order == 0)
        order = -compare_texts(diff, x->name, y->name);
    if (order == 0)
        order = -compare_frames(diff, x, y);
    return order ? order : x < y ? -1 : x > y;
}

static bool has_change(const struct pmt_diff_row *row)
{
    return row->change[PMT_DIFF_COUNT] != 0 ||
           row->change[PMT_DIFF_BYTES] != 0;
}

static bool has_value(const struct pmt_diff *diff, size_t row)
{
    for (size_t run = 0; run < runs_of(diff); run++)
        for (int m = 0; m < PMT_DIFF_MEASURES; m++)
            if (values_of(diff, (enum pmt_diff_measure)m, row)[run] != 0)
                return true;
    return false;
}

/* What did not change comes last; figures stay in the order of the trace. */
static int make_order(struct pmt_diff *diff)
{
    diff->order = calloc(diff->row_count + 1, sizeof *diff->order);
    if (!diff->order)
        return PMT_ERR_MEMORY;
    for (size_t i = 0; i < diff->row_count; i++)
        if (has_change(&diff->rows[i]))
            diff->order[diff->changed++] = (uint32_t)i;
    diff->present = diff->changed;
    for (size_t i = 0; i < diff->row_count; i++)
        if (!has_change(&diff->rows[i]) && has_value(diff, i))
            diff->order[diff->present++] = (uint32_t)i;
    if (diff->figures)
        return PMT_OK;
    qsort_r(diff->order, diff->changed, sizeof *diff->order, compare_rows,
            diff);
    qsort_r(diff->order + diff->changed, diff->present - diff->changed,
            sizeof *diff->order, compare_rows, diff);
    return PMT_OK;
}

int pmt_diff_finish(struct pmt_diff *diff)
{
    int code = diff->no_memory ? PMT_ERR_MEMORY : PMT_OK;

    if (code == PMT_OK && diff->match_lines && diff->by == PMT_BY_SITE)
        code = pmt_diff_match_lines(diff);
    if (code == PMT_OK)
        code = make_values(diff);
    if (code == PMT_OK && runs_of(diff) == 2)
        code = pmt_diff_spread_rows(diff);
    diff->noisy = diff->runs[PMT_DIFF_A] > 1 && diff->runs[PMT_DIFF_B] > 1;
    for (int m = 0; code == PMT_OK && diff->noisy && m < PMT_DIFF_MEASURES;
         m++)
        code = find_noise(diff, (enum pmt_diff_measure)m);
    return code == PMT_OK ? make_order(diff) : code;
}
