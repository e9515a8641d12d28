/*
 * diff-lines.c: lines that moved inside a function; see diff.h.
 *
 * A function is a file (after the maps) and a qualified name. Which lines of
 * it there are on a side is known from the tables, also of lines that hold
 * nothing. Where the function itself begins at another line, its lines are
 * counted from there. First each line pairs with its like; then those that
 * are left, which exist on one side only, pair with the nearest one that is
 * left on the other, the nearest two of all first. Functions of which several
 * have one name (lambdas) are left alone.
 *
 * Pairing does not depend on which side is A.
 */
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "pmt/error.h"

/* A site and its function. */
struct place {
    uint32_t site, file, function;
};

struct pair {
    uint64_t distance;
    int64_t sum;          /* so that equal distances have one order */
    size_t a, b;          /* places */
};

struct lines {
    struct pmt_diff *diff;
    struct place *places; /* by function */
    size_t count;
    uint32_t *becomes;    /* by site of A: the site in B, plus 1; 0: itself */
    uint32_t *taken;      /* by site of B: the one of A, plus 1 */
    struct pair *pairs;
    size_t pair_capacity;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    if (x->function != y->function)
        return x->function < y->function ? -1 : 1;
    return x->site < y->site ? -1 : x->site > y->site;
}

static int compare_pairs(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;

    if (x->distance != y->distance)
        return x->distance < y->distance ? -1 : 1;
    if (x->sum != y->sum)
        return x->sum < y->sum ? -1 : 1;
    return x->a != y->a ? (x->a < y->a ? -1 : 1) : x->b < y->b ? -1 : 1;
}

static const struct pmt_diff_site *site_at(const struct lines *lines,
                                           size_t place)
{
    return &lines->diff->site_parts[lines->places[place].site];
}

static bool on(const struct lines *lines, size_t place,
               enum pmt_diff_side side)
{
    return site_at(lines, place)->sides >> side & 1;
}

/* By how many lines the function itself moved. False: it is not one. */
static bool shift_of(const struct lines *lines, size_t from, size_t to,
                     int64_t *shift)
{
    uint32_t first[PMT_DIFF_SIDES] = {0, 0};

    for (size_t i = from; i < to; i++) {
        const struct pmt_diff_site *site = site_at(lines, i);

        if (site->many || site->file == PMT_INTERN_NONE)
            return false;
        for (int side = 0; side < PMT_DIFF_SIDES; side++) {
            uint32_t line = site->first_line[side];

            if (line && first[side] && first[side] != line)
                return false;
            if (line)
                first[side] = line;
        }
    }
    *shift = first[0] && first[1] ? (int64_t)first[1] - first[0] : 0;
    return true;
}

static void join(struct lines *lines, size_t a, size_t b)
{
    uint32_t from = lines->places[a].site, to = lines->places[b].site;

    lines->becomes[from] = to + 1;
    lines->taken[to] = from + 1;
}

static bool free_in_a(const struct lines *lines, size_t place)
{
    return on(lines, place, PMT_DIFF_A) &&
           !lines->becomes[lines->places[place].site];
}

static bool free_in_b(const struct lines *lines, size_t place)
{
    return on(lines, place, PMT_DIFF_B) &&
           !lines->taken[lines->places[place].site];
}

/* Those at the same line of the function. */
static void join_likes(struct lines *lines, size_t from, size_t to,
                       int64_t shift)
{
    for (size_t a = from; a < to; a++) {
        int64_t line = (int64_t)site_at(lines, a)->line + shift;

        for (size_t b = from; on(lines, a, PMT_DIFF_A) && b < to; b++)
            if (site_at(lines, b)->line == line && free_in_b(lines, b))
                join(lines, a, b);
    }
}

static int list_pairs(struct lines *lines, size_t from, size_t to,
                      int64_t shift, size_t *count)
{
    for (size_t a = from; a < to; a++) {
        for (size_t b = from; free_in_a(lines, a) && b < to; b++) {
            int64_t x = (int64_t)site_at(lines, a)->line + shift;
            int64_t y = site_at(lines, b)->line;

            if (!free_in_b(lines, b))
                continue;
            if (*count == lines->pair_capacity) {
                size_t more = *count * 2 + 64;
                void *grown =
                    realloc(lines->pairs, more * sizeof *lines->pairs);

                if (!grown)
                    return PMT_ERR_MEMORY;
                lines->pairs = grown;
                lines->pair_capacity = more;
            }
            lines->pairs[(*count)++] = (struct pair){
                .distance = (uint64_t)(x < y ? y - x : x - y),
                .sum = x + y, .a = a, .b = b};
        }
    }
    return PMT_OK;
}

/* More lines than any function of a person has are not all compared. */
#define LINES_MAX 2000

static int match_function(struct lines *lines, size_t from, size_t to)
{
    size_t count = 0;
    int64_t shift;

    if (to - from > LINES_MAX || !shift_of(lines, from, to, &shift))
        return PMT_OK;
    join_likes(lines, from, to, shift);
    if (list_pairs(lines, from, to, shift, &count))
        return PMT_ERR_MEMORY;
    if (count > 0)
        qsort(lines->pairs, count, sizeof *lines->pairs, compare_pairs);
    for (size_t i = 0; i < count; i++)
        if (free_in_a(lines, lines->pairs[i].a) &&
            free_in_b(lines, lines->pairs[i].b))
            join(lines, lines->pairs[i].a, lines->pairs[i].b);
    return PMT_OK;
}

/* ---- rows -------------------------------------------------------------- */

/* The row of a site of A is now that of what it became. A line of A that is
 * left, when its number is that of another line in B, is one of its own. */
static uint32_t new_row(struct lines *lines, uint32_t row)
{
    struct pmt_diff *diff = lines->diff;
    uint32_t site = diff->frames[diff->rows[row].frame_at];

    if (!lines->becomes[site])
        return lines->taken[site] ? pmt_diff_site_row(diff, site, true) : row;
    if (lines->becomes[site] - 1 == site)
        return row;
    return pmt_diff_site_row(diff, lines->becomes[site] - 1, false);
}

static int move_cells(struct lines *lines)
{
    struct pmt_diff *diff = lines->diff;

    for (size_t i = 0; i < diff->cell_count; i++) {
        struct pmt_diff_cell *cell = &diff->cells[i];
        uint32_t row;

        if (cell->run >= diff->runs[PMT_DIFF_A] ||
            cell->row == PMT_DIFF_ALL ||
            !diff->rows[cell->row].frame_count)
            continue;
        row = new_row(lines, cell->row);
        if (row == PMT_INTERN_NONE)
            return PMT_ERR_MEMORY;
        cell->row = row;
    }
    return PMT_OK;
}

static void name_rows(const struct lines *lines)
{
    struct pmt_diff *diff = lines->diff;

    for (size_t i = 0; i < diff->row_count; i++) {
        struct pmt_diff_row *row = &diff->rows[i];
        uint32_t site, from;

        if (!row->frame_count || row->apart)
            continue;
        site = diff->frames[row->frame_at];
        from = lines->taken[site];
        if (!from || from - 1 == site)
            continue;
        row->line_before = diff->site_parts[from - 1].line;
        diff->moved += row->line_before != diff->site_parts[site].line;
    }
}

static int match_all(struct lines *lines)
{
    struct pmt_diff *diff = lines->diff;

    for (uint32_t i = 0; i < diff->sites.count; i++)
        lines->places[lines->count++] = (struct place){
            .site = i, .file = diff->site_parts[i].file,
            .function = diff->site_parts[i].function};
    qsort(lines->places, lines->count, sizeof *lines->places, compare_places);
    for (size_t from = 0, to; from < lines->count; from = to) {
        for (to = from + 1;
             to < lines->count &&
             lines->places[to].file == lines->places[from].file &&
             lines->places[to].function == lines->places[from].function; to++)
            continue;
        if (match_function(lines, from, to))
            return PMT_ERR_MEMORY;
    }
    if (move_cells(lines))
        return PMT_ERR_MEMORY;
    name_rows(lines);
    return PMT_OK;
}

int pmt_diff_match_lines(struct pmt_diff *diff)
{
    size_t count = diff->sites.count;
    struct lines lines = {
        .diff = diff,
        .places = calloc(count + 1, sizeof *lines.places),
        .becomes = calloc(count + 1, sizeof *lines.becomes),
        .taken = calloc(count + 1, sizeof *lines.taken),
    };
    int code = PMT_ERR_MEMORY;

    if (lines.places && lines.becomes && lines.taken)
        code = match_all(&lines);
    free(lines.places);
    free(lines.becomes);
    free(lines.taken);
    free(lines.pairs);
    return code;
}
