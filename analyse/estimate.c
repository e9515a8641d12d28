/*
 * estimate.c: see estimate.h.
 *
 * A block of size s is in the sample with the probability p = 1 - exp(-x),
 * x = s / N, and missed with q = exp(-x). What was seen is known, so only what
 * was missed is in question: the sum U of a(s) over the missed blocks, where a
 * is s for bytes and 1 for blocks. For any number l with q exp(l a) < 1 let
 *
 *     g(s, l) = ln p - ln(1 - q exp(l a));
 *
 * then exp(l a) for a block that is missed and exp(-g) for one that is seen
 * have the mean q exp(l a) + p exp(-g) = 1. Blocks are independent, so the
 * product of these over all blocks has the mean 1 too, whatever blocks there
 * are: it is exp(l U - G), G the sum of g over the blocks seen. By Markov's
 * inequality it is above 1 / e at most as often as e says. So
 *
 *     U <= (G(l) + ln(1/e)) / l          for an l above 0,
 *     U >= (-G(-l) - ln(1/e)) / l        likewise,
 *
 * each but for a share e of all recordings. Nothing was assumed of sizes or
 * of numbers. The best l is taken: for bytes anything below 1 / N, with which
 * q exp(l s) is below 1 for blocks of any size. For blocks that can't be had:
 * any number of blocks of a byte could have been missed. There l is below the
 * smallest x in the sample, which is right where no block of the group is
 * much smaller than the smallest one seen (where none was, than a byte).
 *
 * Of a group without a sample G is 0 and the best l is 1 / N: U is at most
 * N ln(1/e), which is exact, as exp(-U / N) is the chance to see nothing.
 * With more samples Markov's inequality gives away more and more: at a
 * distance of z standard deviations exp(-z^2/2), a normal distribution has
 * 1 / (2.5 z) of that. slack() gives back what a Poisson distribution does
 * not need, which the sum is near to. Each side is left TAIL; tests/unit/
 * test-estimate.c measures what comes of it.
 */
#include "estimate.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "pmt/error.h"

/* The share of recordings in which a limit may be passed: in 1 of 100 one of
 * the two, so that 100 recordings have 95 in the interval all but always. */
#define TAIL 0.005

/* Steps towards the best l, which needs no more than a few digits. */
#define STEPS 28

struct side {
    const struct pmt_sample_class *classes;
    size_t count;
    bool bytes;        /* else blocks */
    double smallest;   /* x of the smallest block, for blocks */
    double log_tail;   /* ln(1/e) */
};

static double x_of(const struct pmt_sample_class *c)
{
    double size = c->count ? (double)c->bytes / (double)c->count : 0;

    return (size < 1 ? 1 : size) / (double)c->sample_bytes;
}

/* ln(1 - exp(-x)), the logarithm of a chance. */
static double log_chance(double x)
{
    return log(-expm1(-x));
}

/* G, of l in units of 1 / N for bytes. Blocks without bytes are nothing to
 * the bytes. */
static double sum_of(const struct side *s, double l)
{
    double sum = 0;

    for (size_t i = 0; i < s->count; i++) {
        double x = x_of(&s->classes[i]);

        if (s->classes[i].count == 0 ||
            (s->bytes && s->classes[i].bytes == 0))
            continue;
        sum += (double)s->classes[i].count *
               (log_chance(x) - log_chance(x - l * (s->bytes ? x : 1)));
    }
    return sum;
}

/* What is to be as small as possible, of a number from all to all. */
static double upper_at(const struct side *s, double t)
{
    double l = 1 / (1 + exp(-t));

    if (!s->bytes)
        l *= s->smallest;
    return (sum_of(s, l) + s->log_tail) / l;
}

static double lower_at(const struct side *s, double t)
{
    double l = exp(t);

    return (sum_of(s, -l) + s->log_tail) / l;
}

/* The least value between two places; it has but one. */
static double least(double (*at)(const struct side *, double),
                    const struct side *s, double from, double to)
{
    const double golden = 0.6180339887498949;
    double a = to - golden * (to - from), b = from + golden * (to - from);
    double at_a = at(s, a), at_b = at(s, b);

    for (int i = 0; i < STEPS; i++) {
        if (at_a <= at_b) {
            to = b;
            b = a;
            at_b = at_a;
            a = to - golden * (to - from);
            at_a = at(s, a);
        } else {
            from = a;
            a = b;
            at_a = at_b;
            b = from + golden * (to - from);
            at_b = at(s, b);
        }
    }
    return at_a < at_b ? at_a : at_b;
}

static double slack(double n, double rate)
{
    double factor = 1 + rate * sqrt(n);

    return factor < 6.5 ? factor : 6.5;
}

static double at_least_0(double value)
{
    return value > 0 ? value : 0;
}

/* Of samples of one rate: how much was missed, from, to and about. */
struct missed {
    double low, high, about;
};

static struct missed missed_of(const struct pmt_sample_class *classes,
                               size_t count, bool bytes)
{
    struct side s = {.classes = classes, .count = count, .bytes = bytes,
                     .smallest = INFINITY};
    double n = (double)classes[0].sample_bytes, sum = 0, squares = 0, k = 0;
    struct missed m;

    for (size_t i = 0; i < count; i++) {
        double x = x_of(&classes[i]), some = (double)classes[i].count;
        double weight = exp(-x) / -expm1(-x);

        if (x < s.smallest && classes[i].count)
            s.smallest = x;
        if (bytes)
            weight *= classes[i].bytes ? x : 0;
        sum += some * weight;
        squares += some * weight * weight;
        k += some * exp(-x);
    }
    if (s.smallest == INFINITY)
        s.smallest = 1 / n;
    if (squares > 0 && sum * sum / squares < k)
        k = sum * sum / squares;
    m.about = bytes ? sum * n : sum;
    s.log_tail = -log(TAIL * slack(k, 1.37));
    m.high = least(upper_at, &s, -14, 7);
    s.log_tail = -log(TAIL * slack(k, 1.7));
    m.low = at_least_0(-least(lower_at, &s, -14, 14));
    if (bytes) {
        m.high *= n;
        m.low *= n;
    }
    return m;
}

static uint64_t whole(double value)
{
    return value < 0x1p64 ? (uint64_t)value : UINT64_MAX;
}

/* Samples of several rates: distances from the estimate add up by their
 * squares. */
static struct pmt_range range_of(const struct pmt_sample_class *classes,
                                 size_t count, bool bytes)
{
    double seen = 0, about = 0, below = 0, above = 0;
    struct missed m;
    size_t n;

    for (; count > 0; classes += n, count -= n) {
        for (n = 0; n < count &&
                    classes[n].sample_bytes == classes[0].sample_bytes; n++)
            seen += (double)(bytes ? classes[n].bytes : classes[n].count);
        m = missed_of(classes, n, bytes);
        about += m.about;
        below += pow(at_least_0(m.about - m.low), 2);
        above += pow(at_least_0(m.high - m.about), 2);
    }
    return (struct pmt_range){
        .low = whole(floor(seen + at_least_0(about - sqrt(below)))),
        .high = whole(ceil(seen + about + sqrt(above))),
    };
}

/* ---- keeping them ------------------------------------------------------ */

void pmt_samples_release(struct pmt_samples *samples)
{
    free(samples->classes);
    memset(samples, 0, sizeof *samples);
}

/* Sizes with the same first 7 bits. */
static uint32_t size_class_of(uint64_t size)
{
    unsigned shift;

    if (size < 128)
        return (uint32_t)size;
    shift = 57 - (unsigned)__builtin_clzll(size);
    return shift * 128 + (uint32_t)(size >> shift);
}

static int compare(const void *a, const void *b)
{
    const struct pmt_sample_class *x = a, *y = b;

    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    if (x->sample_bytes != y->sample_bytes)
        return x->sample_bytes < y->sample_bytes ? -1 : 1;
    return x->size_class < y->size_class ? -1
                                         : x->size_class > y->size_class;
}

void pmt_samples_sort(struct pmt_samples *samples)
{
    struct pmt_sample_class *classes = samples->classes;
    size_t n = 0;

    if (samples->count == 0)
        return;
    qsort(classes, samples->count, sizeof *classes, compare);
    for (size_t i = 1; i < samples->count; i++) {
        if (compare(&classes[n], &classes[i]) == 0) {
            classes[n].count += classes[i].count;
            classes[n].bytes += classes[i].bytes;
        } else {
            classes[++n] = classes[i];
        }
    }
    samples->count = n + 1;
}

/* Room for one more: what can be put together is, before there is more. */
static bool make_room(struct pmt_samples *samples)
{
    size_t capacity = samples->capacity * 2 + 64;
    void *more;

    if (samples->count < samples->capacity)
        return true;
    pmt_samples_sort(samples);
    if (samples->count < samples->capacity / 2)
        return true;
    more = realloc(samples->classes, capacity * sizeof *samples->classes);
    if (!more)
        return false;
    samples->classes = more;
    samples->capacity = capacity;
    return true;
}

int pmt_samples_add(struct pmt_samples *samples, uint32_t group,
                    uint64_t sample_bytes, uint64_t count, uint64_t bytes)
{
    if (!make_room(samples))
        return PMT_ERR_MEMORY;
    samples->classes[samples->count++] = (struct pmt_sample_class){
        .sample_bytes = sample_bytes,
        .count = count,
        .bytes = bytes,
        .group = group,
        .size_class = count ? size_class_of(bytes / count) : 0,
    };
    return PMT_OK;
}

const struct pmt_sample_class *
pmt_samples_of(const struct pmt_samples *samples, uint32_t group,
               size_t *count)
{
    size_t from = 0, to = samples->count, end;

    while (from < to) {
        size_t middle = from + (to - from) / 2;

        if (samples->classes[middle].group < group)
            from = middle + 1;
        else
            to = middle;
    }
    for (end = from; end < samples->count &&
                     samples->classes[end].group == group; end++)
        continue;
    *count = end - from;
    return samples->classes + from;
}

void pmt_samples_range(const struct pmt_sample_class *classes, size_t count,
                       struct pmt_range *blocks, struct pmt_range *bytes)
{
    *blocks = range_of(classes, count, false);
    *bytes = range_of(classes, count, true);
}

uint64_t pmt_samples_unseen(uint64_t sample_bytes)
{
    return whole(ceil((double)sample_bytes * -log(TAIL)));
}
