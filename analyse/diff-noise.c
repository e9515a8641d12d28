/* diff-noise.c: see diff-noise.h. */
#include "diff-noise.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pmt/error.h"

#define DEALS 9999
#define LEVEL 0.001 /* share of comparisons of the same code that alarm */
#define FAR 5.0     /* robust standard deviations */
#define SPARE 10    /* different deals for each that the level lets be farther */

bool pmt_noise_tests(size_t runs_a, size_t runs_b)
{
    double deals = 1;

    for (size_t i = 1; i <= runs_a; i++)
        deals *= (double)(runs_b + i) / (double)i;
    return runs_a > 0 && runs_b > 0 && deals * LEVEL >= SPARE;
}

/* ---- rows -------------------------------------------------------------- */

/* What the test works on: rows that could be changed at all, each less its
 * limit on B's side, with mean 0 and sum of squares 1. */
struct work {
    size_t runs, count;
    double *values;
    size_t *rows;      /* which they are */
};

static void release(struct work *work)
{
    free(work->values);
    free(work->rows);
}

static long double limit_of(const struct pmt_noise *noise, size_t row)
{
    return noise->limits ? noise->limits[row] : 0;
}

/* Whoever is called A or B, a row that spans no more can't have grown by more:
 * so to leave it out says nothing about who is who. */
static bool spans_more(const struct pmt_noise *noise, size_t row)
{
    size_t runs = noise->runs[0] + noise->runs[1];
    const long double *values = noise->values + row * runs;
    long double low = values[0], high = values[0];

    for (size_t i = 1; i < runs; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    return high - low > limit_of(noise, row);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double median(double *sorted, size_t count)
{
    return count % 2 ? sorted[count / 2]
                     : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

/* Draws in what lies far from the others. room: of `count`. */
static void draw_in(double *values, size_t count, double *room)
{
    double middle, spread;

    memcpy(room, values, count * sizeof *room);
    qsort(room, count, sizeof *room, compare);
    middle = median(room, count);
    for (size_t i = 0; i < count; i++)
        room[i] = fabs(values[i] - middle);
    qsort(room, count, sizeof *room, compare);
    spread = FAR * 1.4826 * median(room, count);
    for (size_t i = 0; spread > 0 && i < count; i++)
        values[i] = fmin(fmax(values[i], middle - spread), middle + spread);
}

/* False: all values are the same. */
static bool put_to_scale(double *values, size_t count)
{
    double mean = 0, squares = 0;

    for (size_t i = 0; i < count; i++)
        mean += values[i] / (double)count;
    for (size_t i = 0; i < count; i++) {
        values[i] -= mean;
        squares += values[i] * values[i];
    }
    for (size_t i = 0; squares > 0 && i < count; i++)
        values[i] /= sqrt(squares);
    return squares > 0;
}

static int prepare(const struct pmt_noise *noise, struct work *work)
{
    size_t runs = noise->runs[0] + noise->runs[1];
    double *room = calloc(runs, sizeof *room);

    work->runs = runs;
    work->values = calloc(noise->rows * runs + 1, sizeof *work->values);
    work->rows = calloc(noise->rows + 1, sizeof *work->rows);
    if (!room || !work->values || !work->rows) {
        free(room);
        return PMT_ERR_MEMORY;
    }
    for (size_t row = 0; row < noise->rows; row++) {
        const long double *from = noise->values + row * runs;
        double *to = work->values + work->count * runs;

        if (!spans_more(noise, row))
            continue;
        for (size_t i = 0; i < runs; i++)
            to[i] = (double)(i < noise->runs[0]
                                 ? from[i]
                                 : from[i] - limit_of(noise, row));
        draw_in(to, runs, room);
        if (put_to_scale(to, runs))
            work->rows[work->count++] = row;
    }
    free(room);
    return PMT_OK;
}

/* ---- deals ------------------------------------------------------------- */

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* The first `count` of `of` numbers are a random choice of them. */
static void deal(size_t *numbers, size_t count, size_t of, uint64_t *state)
{
    for (size_t i = 0; i < count; i++) {
        size_t other = i + (size_t)(next_random(state) % (of - i));
        size_t number = numbers[i];

        numbers[i] = numbers[other];
        numbers[other] = number;
    }
}

/* How far B is above A: the sum of B's values, which have mean 0 with A's. */
static double distance(const double *values, const size_t *b, size_t count,
                       bool both)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += values[b[i]];
    return both ? fabs(sum) : sum;
}

static double largest(const struct work *work, const size_t *b, size_t count,
                      bool both)
{
    double most = -INFINITY;

    for (size_t i = 0; i < work->count; i++) {
        double d = distance(work->values + i * work->runs, b, count, both);

        most = d > most ? d : most;
    }
    return most;
}

static int run_test(const struct pmt_noise *noise, const struct work *work,
                    bool *changed)
{
    double *most = calloc(DEALS, sizeof *most);
    size_t *numbers = calloc(work->runs, sizeof *numbers);
    size_t b = noise->runs[1];
    uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
    double bound;

    if (!most || !numbers) {
        free(most);
        free(numbers);
        return PMT_ERR_MEMORY;
    }
    for (size_t i = 0; i < work->runs; i++)
        numbers[i] = i;
    for (size_t i = 0; i < DEALS; i++) {
        deal(numbers, b, work->runs, &state);
        most[i] = largest(work, numbers, b, noise->both);
    }
    qsort(most, DEALS, sizeof *most, compare);
    /* The real deal is one more: it may be among the LEVEL * (DEALS + 1)
     * farthest, equal ones counted against it. */
    bound = most[DEALS - (size_t)(LEVEL * (DEALS + 1))];
    for (size_t i = 0; i < b; i++)
        numbers[i] = noise->runs[0] + i;
    for (size_t i = 0; i < work->count; i++)
        changed[work->rows[i]] =
            distance(work->values + i * work->runs, numbers, b,
                     noise->both) > bound + 1e-9;
    free(most);
    free(numbers);
    return PMT_OK;
}

/* ---- few runs ---------------------------------------------------------- */

static void span(const long double *values, size_t count, long double *low,
                 long double *high)
{
    *low = *high = values[0];
    for (size_t i = 1; i < count; i++) {
        *low = values[i] < *low ? values[i] : *low;
        *high = values[i] > *high ? values[i] : *high;
    }
}

static bool lies_apart(const struct pmt_noise *noise, size_t row)
{
    size_t runs = noise->runs[0] + noise->runs[1];
    const long double *values = noise->values + row * runs;
    long double low_a, high_a, low_b, high_b, band;

    span(values, noise->runs[0], &low_a, &high_a);
    span(values + noise->runs[0], noise->runs[1], &low_b, &high_b);
    band = high_a - low_a + high_b - low_b + limit_of(noise, row);
    return low_b - high_a > band || (noise->both && low_a - high_b > band);
}

int pmt_noise_test(const struct pmt_noise *noise, bool *changed)
{
    struct work work = {0};
    int code;

    memset(changed, 0, noise->rows * sizeof *changed);
    if (!pmt_noise_tests(noise->runs[0], noise->runs[1])) {
        for (size_t row = 0; row < noise->rows; row++)
            changed[row] = lies_apart(noise, row);
        return PMT_OK;
    }
    code = prepare(noise, &work);
    if (code == PMT_OK)
        code = run_test(noise, &work, changed);
    release(&work);
    return code;
}
