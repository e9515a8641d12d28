/* diff-limit.c: what grew by more than it may; see diff.h. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/value.h"
#include "diff-noise.h"
#include "diff.h"
#include "pmt/error.h"

/* ---- what the limit is ------------------------------------------------- */

static bool parse_percent(const char *text, size_t length,
                          struct pmt_diff_limit *limit)
{
    char *end;

    if (length < 2 || strspn(text, "0123456789.") != length - 1)
        return false;
    limit->kind = PMT_DIFF_PERCENT;
    limit->value = strtod(text, &end);
    return end == text + length - 1 && isfinite(limit->value);
}

bool pmt_diff_limit_parse(const char *text, struct pmt_diff_limit *limit,
                          char *why, size_t why_size)
{
    size_t length = strlen(text);
    uint64_t bytes;
    int64_t count;

    if (length > 0 && text[length - 1] == '%') {
        if (parse_percent(text, length, limit))
            return true;
    } else if (length > 0 && strspn(text, "0123456789") == length) {
        if (pmt_value_int(text, 0, INT64_MAX, &count, why, why_size)) {
            limit->kind = PMT_DIFF_OF_COUNT;
            limit->value = (double)count;
            return true;
        }
    } else if (pmt_value_size(text, &bytes, why, why_size)) {
        limit->kind = PMT_DIFF_OF_BYTES;
        limit->value = (double)bytes;
        return true;
    }
    snprintf(why, why_size, "not a limit (try 5%%, 10M, or 1000 for a count)");
    return false;
}

enum pmt_diff_measure pmt_diff_limit_measure(const struct pmt_diff *diff,
                                             const struct pmt_diff_limit *l)
{
    return l->kind == PMT_DIFF_OF_COUNT && !diff->figures ? PMT_DIFF_COUNT
                                                          : PMT_DIFF_BYTES;
}

pmt_diff_number pmt_diff_limit_of(const struct pmt_diff *diff,
                                  const struct pmt_diff_limit *limit,
                                  const struct pmt_diff_row *row)
{
    const struct pmt_diff_row *of = diff->figures ? row : &diff->all;
    pmt_diff_number value = limit->value;

    if (limit->kind == PMT_DIFF_PERCENT)
        value = value / 100 * fabsl(of->value[PMT_DIFF_A][PMT_DIFF_BYTES]);
    return value;
}

/* Percents and sizes are for figures in bytes, counts for the others. */
static bool in_question(const struct pmt_diff *diff,
                        const struct pmt_diff_limit *limit,
                        const struct pmt_diff_row *row)
{
    struct pmt_text unit = pmt_diff_text(diff, row->unit);
    bool bytes;

    if (!diff->figures)
        return true;
    bytes = pmt_diff_in_bytes(unit);
    return bytes == (limit->kind != PMT_DIFF_OF_COUNT);
}

bool pmt_diff_in_bytes(struct pmt_text unit)
{
    return (unit.length == 1 && unit.bytes[0] == 'B') ||
           (unit.length == 5 && memcmp(unit.bytes, "bytes", 5) == 0);
}

/* ---- who passes it ----------------------------------------------------- */

static void judge(struct pmt_diff_row *row, enum pmt_diff_measure measure,
                  pmt_diff_number limit, bool beyond, size_t *over)
{
    row->over = beyond && row->change[measure] > limit;
    if (row->estimated && row->limits[measure].low <= limit)
        row->over = false;
    *over += row->over;
}

int pmt_diff_gate(struct pmt_diff *diff, const struct pmt_diff_limit *limit,
                  size_t *over)
{
    enum pmt_diff_measure measure = pmt_diff_limit_measure(diff, limit);
    size_t runs = diff->runs[PMT_DIFF_A] + diff->runs[PMT_DIFF_B];
    size_t rows = diff->row_count, all = diff->figures ? 0 : 1;
    bool *beyond = calloc(rows + 1, sizeof *beyond);
    long double *limits = calloc(rows + 1, sizeof *limits);
    struct pmt_noise noise = {
        .runs = {diff->runs[PMT_DIFF_A], diff->runs[PMT_DIFF_B]},
        .rows = rows + all,
        .values = diff->matrix + (size_t)measure * (rows + 1) * runs,
        .limits = limits,
    };
    int code = PMT_ERR_MEMORY;

    *over = 0;
    for (size_t i = 0; limits && i < rows; i++)
        limits[i] = in_question(diff, limit, &diff->rows[i])
                        ? pmt_diff_limit_of(diff, limit, &diff->rows[i])
                        : INFINITY;
    if (limits)
        limits[rows] = pmt_diff_limit_of(diff, limit, &diff->all);
    if (limits && beyond)
        code = pmt_noise_test(&noise, beyond);
    for (size_t i = 0; code == PMT_OK && i < rows; i++)
        judge(&diff->rows[i], measure, limits[i], beyond[i], over);
    if (code == PMT_OK && all)
        judge(&diff->all, measure, limits[rows], beyond[rows], over);
    free(beyond);
    free(limits);
    return code;
}
