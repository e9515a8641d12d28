/*
 * growth-verdict.c: the rules; see growth-verdict.h.
 *
 * What is judged is the *kept* level: at each bin the least that was live in
 * it or in any later one, so that nothing temporary counts. In words:
 *
 * - A level that fell by a third of its height, more than once, is a saw-tooth
 *   (or has shrunk), unless its lowest points rise steadily, or it went on
 *   rising for twice as long as ever before, and no full collection of garbage
 *   had a chance to end that.
 * - From where growth began (2 % of it) to the end there are four quarters. Of
 *   a steady leak the last three grow about alike; when they grow less and
 *   less, something fills. That is by records of the stream. Where the group
 *   itself makes most of the records there is no other measure of what went on
 *   than time, so then it must be steady by time, too.
 * - Steady is what stays within a fifth of its growth from a straight line,
 *   with enough steps to tell, or grows ever faster.
 * - What fills at first may leak slowly behind that: if the last half alone is
 *   very straight and has many steps, it is a leak.
 * - Growth must be more than what the level goes up and down within a bin:
 *   less than that is left by garbage that waits for a collection, too.
 * - What lives on must be of all ages. When what was born in the first half of
 *   the growth is nearly all gone, it is a cache or a pool that gets larger.
 */
#include "growth-verdict.h"

#include <math.h>
#include <string.h>

const char *const pmt_growth_kind_names[] = {
    [PMT_GROWTH_LEAK] = "steady leak",
    [PMT_GROWTH_FILLING] = "cache filling",
    [PMT_GROWTH_SHORT] = "too short to tell",
    [PMT_GROWTH_SAW_TOOTH] = "saw-tooth",
    [PMT_GROWTH_ONE_OFF] = "one-off",
    [PMT_GROWTH_PLATEAU] = "plateau",
    [PMT_GROWTH_SHRINKING] = "shrinking",
    [PMT_GROWTH_KINDS] = NULL,
};

const char *const pmt_growth_kind_keys[] = {
    [PMT_GROWTH_LEAK] = "leak",
    [PMT_GROWTH_FILLING] = "filling",
    [PMT_GROWTH_SHORT] = "short",
    [PMT_GROWTH_SAW_TOOTH] = "saw_tooth",
    [PMT_GROWTH_ONE_OFF] = "one_off",
    [PMT_GROWTH_PLATEAU] = "plateau",
    [PMT_GROWTH_SHRINKING] = "shrinking",
    [PMT_GROWTH_KINDS] = NULL,
};

#define FALL (1.0 / 3)      /* of the highest level */
#define BINS_LEAST 8        /* for a verdict on growth */
#define STEPS_LEAST 8       /* bins that rose, for a leak */
#define BLOCKS_LEAST 16     /* that live, resizes, or replaced */
#define BYTES_LEAST 8192    /* that were kept */
#define STRAIGHT 0.2        /* farthest from the line, of the growth */
#define VERY_STRAIGHT 0.1
#define OWN_RECORDS 0.5     /* share from which time counts, too */
#define IMPORTED 0.8

/* ---- shapes ------------------------------------------------------------ */

/* A stretch of a course: y kept at x, both rising. */
struct shape {
    double x[PMT_GROWTH_BINS], y[PMT_GROWTH_BINS];
    size_t count;
};

/* y at x, between the points. */
static double shape_at(const struct shape *shape, double x)
{
    size_t i = 1;

    while (i + 1 < shape->count && shape->x[i] < x)
        i++;
    if (shape->x[i] <= shape->x[i - 1])
        return shape->y[i];
    x = (x - shape->x[i - 1]) / (shape->x[i] - shape->x[i - 1]);
    x = x < 0 ? 0 : x > 1 ? 1 : x;
    return shape->y[i - 1] + x * (shape->y[i] - shape->y[i - 1]);
}

/* Growth in each quarter of x. */
static void quarters_of(const struct shape *shape, double quarters[4])
{
    double from = shape->x[0];
    double span = shape->x[shape->count - 1] - from;

    for (int i = 0; i < 4; i++)
        quarters[i] = shape_at(shape, from + span * (i + 1) / 4) -
                      shape_at(shape, from + span * i / 4);
}

/* How far it gets from the straight line between its ends, of its growth, from
 * point `first` on. */
static double bend_of(const struct shape *shape, size_t first)
{
    size_t last = shape->count - 1;
    double width = shape->x[last] - shape->x[first];
    double height = shape->y[last] - shape->y[first], most = 0;

    if (width <= 0 || height <= 0)
        return 1;
    for (size_t i = first; i <= last; i++) {
        double off = (shape->y[i] - shape->y[first]) / height -
                     (shape->x[i] - shape->x[first]) / width;

        if (fabs(off) > most)
            most = fabs(off);
    }
    return most;
}

static size_t rises_of(const struct shape *shape)
{
    size_t rises = 0;

    for (size_t i = 1; i < shape->count; i++)
        rises += shape->y[i] > shape->y[i - 1];
    return rises;
}

/* Share of the growth that the greatest rise between two points has. */
static double jump_of(const struct shape *shape, size_t first)
{
    double height = shape->y[shape->count - 1] - shape->y[first], most = 0;

    for (size_t i = first + 1; i < shape->count; i++)
        if (shape->y[i] - shape->y[i - 1] > most)
            most = shape->y[i] - shape->y[i - 1];
    return height > 0 ? most / height : 1;
}

static struct shape part_of(const double *x, const double *y, size_t from,
                            size_t to)
{
    struct shape shape = {.count = to - from + 1};

    memcpy(shape.x, x + from, shape.count * sizeof *x);
    memcpy(shape.y, y + from, shape.count * sizeof *y);
    return shape;
}

/* ---- a level ----------------------------------------------------------- */

/* What is judged: bytes or blocks. */
struct level {
    const struct pmt_growth_course *course;
    const double *low;            /* of the course */
    double kept[PMT_GROWTH_BINS];
    double number[PMT_GROWTH_BINS]; /* of the bin: x by records */
    size_t bins;
    double most;                  /* highest of `low` */
    unsigned falls, falls_collected;
    size_t trough;                /* bin of the last of them */
    size_t rise_before;           /* bins of the longest rise before it */
    double peak_before;           /* highest before it */
    double troughs[PMT_GROWTH_BINS]; /* levels */
};

/* What came of it. */
struct result {
    enum pmt_growth_kind kind;
    size_t from, to;
    double bend;
    size_t rises;
};

static void find_falls(struct level *level)
{
    const double *low = level->low;
    size_t start = 0, top = 0;

    for (size_t i = 1; i < level->bins; i++) {
        if (low[i] >= low[top]) {
            top = i;
            continue;
        }
        if (low[top] - low[i] < FALL * level->most)
            continue;
        while (i + 1 < level->bins && low[i + 1] <= low[i])
            i++;
        if (top - start > level->rise_before)
            level->rise_before = top - start;
        if (low[top] > level->peak_before)
            level->peak_before = low[top];
        for (size_t k = top; k <= i; k++)
            if (level->course->collected[k]) {
                level->falls_collected++;
                break;
            }
        level->troughs[level->falls++] = low[i];
        level->trough = start = top = i;
    }
}

static void level_init(struct level *level,
                       const struct pmt_growth_course *course,
                       const double *low)
{
    double least = INFINITY;

    memset(level, 0, sizeof *level);
    level->course = course;
    level->low = low;
    level->bins = course->bins;
    for (size_t i = course->bins; i-- > 0;) {
        if (low[i] < least)
            least = low[i];
        if (low[i] > level->most)
            level->most = low[i];
        level->kept[i] = least;
        level->number[i] = (double)i;
    }
    find_falls(level);
}

static bool decelerates(const double quarters[4])
{
    double before = (quarters[0] + quarters[1] + quarters[2]) / 3;

    if (quarters[3] < 0.4 * before)
        return true;
    return quarters[3] < 0.65 * quarters[1] &&
           quarters[2] < 0.95 * quarters[1] &&
           quarters[3] < 0.95 * quarters[2];
}

static bool accelerates(const double quarters[4])
{
    return quarters[3] > quarters[2] && quarters[2] > quarters[1] &&
           quarters[1] >= quarters[0];
}

/* Of growth by time: the same, less strict, since a process may have to
 * wait. */
static bool stops_in_time(const struct level *level, size_t from, size_t to)
{
    const struct pmt_growth_course *course = level->course;
    struct shape shape;
    double quarters[4];

    if (course->records < OWN_RECORDS)
        return false;
    shape = part_of(course->seconds, level->kept, from, to);
    quarters_of(&shape, quarters);
    return quarters[3] < 0.45 * quarters[1] && quarters[2] < quarters[1] &&
           quarters[3] < quarters[2];
}

/* Ever faster by records, but straight by time: the records become rare, as
 * those of an array do that is resized to ever more. */
static bool straight_in_time(const struct level *level, struct result *result,
                             double limit)
{
    struct shape shape = part_of(level->course->seconds, level->kept,
                                 result->from, result->to);
    double bend = bend_of(&shape, shape.count / 4);

    if (bend > limit)
        return false;
    result->bend = bend;
    return true;
}

/* What grew, and then stayed. */
static enum pmt_growth_kind stayed_kind(const struct level *level,
                                        const struct shape *whole,
                                        const double quarters[4])
{
    double all = quarters[0] + quarters[1] + quarters[2] + quarters[3];

    if (level->course->turned_over > 0.75)
        return PMT_GROWTH_PLATEAU;
    return jump_of(whole, 0) > 0.6 || quarters[0] > 0.95 * all
               ? PMT_GROWTH_ONE_OFF
               : PMT_GROWTH_PLATEAU;
}

/* A slow leak behind what was made at first: the last half alone. */
static bool leaks_behind(const struct level *level, struct result *result)
{
    size_t to = level->bins - 1, from = to / 2;
    struct shape half = part_of(level->number, level->kept, from, to);
    double quarters[4];

    quarters_of(&half, quarters);
    if (half.count < BINS_LEAST || bend_of(&half, 0) > VERY_STRAIGHT ||
        rises_of(&half) * 10 < half.count * 8 ||
        half.y[half.count - 1] - half.y[0] < BYTES_LEAST ||
        quarters[3] < 0.8 * quarters[0])
        return false;
    result->from = from;
    result->bend = bend_of(&half, 0);
    result->rises = rises_of(&half);
    return true;
}

/* The level grew and has not fallen: how? */
static enum pmt_growth_kind growth_kind(const struct level *level,
                                        struct result *result)
{
    struct shape whole =
        part_of(level->number, level->kept, result->from, result->to);
    size_t late = whole.count / 4;
    double quarters[4], limit = STRAIGHT;

    if (whole.count < BINS_LEAST)
        return jump_of(&whole, 0) > 0.8 ? PMT_GROWTH_ONE_OFF
                                        : PMT_GROWTH_SHORT;
    quarters_of(&whole, quarters);
    result->bend = bend_of(&whole, late);
    result->rises = rises_of(&whole);
    if (quarters[2] + quarters[3] < 0.2 * (quarters[0] + quarters[1])) {
        if (leaks_behind(level, result))
            return PMT_GROWTH_LEAK;
        if (quarters[3] > 0.02 * (quarters[0] + quarters[1]))
            return PMT_GROWTH_FILLING;
        return stayed_kind(level, &whole, quarters);
    }
    if (level->course->sampled && level->course->samples > 0)
        limit += 0.7 / sqrt(level->course->samples);
    if (jump_of(&whole, late) > 0.45)
        return PMT_GROWTH_SHORT;
    if (decelerates(quarters))
        return PMT_GROWTH_FILLING;
    if (stops_in_time(level, result->from, result->to))
        return PMT_GROWTH_FILLING;
    if (result->rises < STEPS_LEAST)
        return PMT_GROWTH_SHORT;
    if (result->bend <= limit ||
        (accelerates(quarters) &&
         (result->bend <= 2 * limit ||
          straight_in_time(level, result, limit))))
        return PMT_GROWTH_LEAK;
    return PMT_GROWTH_SHORT;
}

/* Where the growth to bin `to` begins. */
static size_t growth_begins(const struct level *level, size_t from, size_t to)
{
    double base = level->kept[from];
    double little = base + 0.02 * (level->kept[to] - base);

    while (from < to && level->kept[from + 1] <= little)
        from++;
    return from;
}

/* Fell more than once, or not long ago. */
static enum pmt_growth_kind falls_kind(struct level *level,
                                       struct result *result)
{
    const struct pmt_growth_course *course = level->course;
    size_t end = level->bins - 1, since = end - level->trough;
    double now = level->low[end], trough = level->low[level->trough];
    bool collected = false, rising = level->falls >= 3;

    for (unsigned i = 1; i < level->falls; i++)
        rising &= level->troughs[i] > 1.02 * level->troughs[i - 1];
    for (size_t i = level->trough + 1; i <= end; i++)
        collected |= course->collected[i];
    if (rising && trough >= FALL * level->most) {
        result->from = growth_begins(level, 0, level->trough);
        result->to = level->trough;
        return growth_kind(level, result) == PMT_GROWTH_LEAK
                   ? PMT_GROWTH_LEAK
                   : PMT_GROWTH_SAW_TOOTH;
    }
    if (now - trough < 0.1 * level->most)
        return level->falls == 1 ? PMT_GROWTH_SHRINKING
                                 : PMT_GROWTH_SAW_TOOTH;
    if (level->falls_collected && !collected)
        return PMT_GROWTH_SAW_TOOTH;
    if (since >= 2 * level->rise_before && since >= level->bins / 3) {
        result->from = growth_begins(level, level->trough, end);
        result->to = end;
        if (growth_kind(level, result) == PMT_GROWTH_LEAK)
            return PMT_GROWTH_LEAK;
    }
    if (level->falls > 1)
        return PMT_GROWTH_SAW_TOOTH;
    return now <= 1.2 * level->peak_before ? PMT_GROWTH_SAW_TOOTH
                                           : PMT_GROWTH_SHORT;
}

/* The level stayed where it was: by how much more than that it went up. */
static enum pmt_growth_kind flat_kind(const struct level *level)
{
    const struct pmt_growth_course *course = level->course;
    double high = 0, low = 0;

    for (size_t i = 0; i < course->bins; i++) {
        high += course->bytes_high[i];
        low += course->bytes_low[i];
    }
    return low < 0.5 * high ? PMT_GROWTH_SAW_TOOTH : PMT_GROWTH_PLATEAU;
}

static struct result judge_level(struct level *level)
{
    struct result result = {.to = level->bins - 1, .bend = 1};
    double growth = level->kept[level->bins - 1] - level->kept[0];

    if (level->falls > 0) {
        result.kind = falls_kind(level, &result);
    } else if (growth < 0.03 * level->most) {
        result.kind = flat_kind(level);
    } else {
        result.from = growth_begins(level, 0, result.to);
        result.kind = growth_kind(level, &result);
    }
    return result;
}

/* ---- the verdict ------------------------------------------------------- */

/* Rates of 8 stretches of the time, and what their scatter says. */
static struct pmt_growth_rate rate_of(const struct level *level, size_t from,
                                      size_t to)
{
    struct shape shape =
        part_of(level->course->seconds, level->kept, from, to);
    double begin = from > 0 ? level->course->seconds[from - 1] : 0;
    double span = shape.x[shape.count - 1] - begin;
    double sum = 0, squares = 0, margin;
    struct pmt_growth_rate rate = {0};

    if (shape.count < 2 || span <= 0)
        return rate;
    shape.x[0] = begin;
    for (int i = 0; i < 8; i++) {
        double one = (shape_at(&shape, begin + span * (i + 1) / 8) -
                      shape_at(&shape, begin + span * i / 8)) /
                     (span / 8);

        sum += one;
        squares += one * one;
    }
    rate.value = (shape.y[shape.count - 1] - shape.y[0]) / span;
    squares = squares / 8 - (sum / 8) * (sum / 8);
    /* 2.365: Student's t of 7 degrees of freedom. */
    margin = 2.365 * sqrt((squares > 0 ? squares : 0) / 7);
    rate.low = rate.value - margin;
    rate.high = rate.value + margin;
    return rate;
}

static void ages_of(const struct pmt_growth_course *course,
                    double ages[PMT_GROWTH_AGES])
{
    double all = 0;

    for (size_t i = 0; i < course->bins; i++)
        all += course->born[i];
    for (size_t i = 0; all > 0 && i < course->bins; i++)
        ages[i * PMT_GROWTH_AGES / course->bins] += course->born[i] / all;
}

/* Is what was born in the first half of the growth gone? */
static bool old_are_gone(const struct pmt_growth_course *course, size_t from,
                         size_t to)
{
    double old = 0, all = 0;

    for (size_t i = from; i <= to; i++) {
        all += course->born[i];
        if (i - from < (to - from + 1) / 2)
            old += course->born[i];
    }
    return all >= 2 * BLOCKS_LEAST && old < 0.1 * all;
}

/* Blocks that live, or resizes, or blocks that took the place of others: one
 * string that gets longer is a new one each time. */
static double evidence_of(const struct pmt_growth_course *course)
{
    return fmax(course->samples, fmax(course->resized, course->replaced));
}

/* How far the level goes up and down within a bin, in the mean of those of the
 * growth. */
static double swing_of(const struct pmt_growth_course *course,
                       const struct result *result)
{
    double sum = 0;

    for (size_t i = result->from; i <= result->to; i++)
        sum += course->bytes_high[i] - course->bytes_low[i];
    return sum / (double)(result->to - result->from + 1);
}

/* A leak must be worth the word. */
static enum pmt_growth_kind
check_leak(const struct pmt_growth_course *course, const struct level *bytes,
           const struct result *result, bool by_count)
{
    double kept = bytes->kept[result->to] - bytes->kept[result->from];
    size_t half = (result->from + result->to) / 2;

    if (kept < BYTES_LEAST || bytes->kept[result->to] <= bytes->kept[half])
        return PMT_GROWTH_SHORT;
    if (evidence_of(course) < BLOCKS_LEAST ||
        kept < swing_of(course, result))
        return PMT_GROWTH_SHORT;
    if (course->imported > IMPORTED)
        return PMT_GROWTH_ONE_OFF;
    if (by_count && old_are_gone(course, result->from, result->to))
        return PMT_GROWTH_FILLING;
    return PMT_GROWTH_LEAK;
}

static double confidence_of(const struct pmt_growth_course *course,
                            const struct result *result)
{
    double steps = (double)result->rises / 24;
    double blocks = evidence_of(course);
    double straight = 1 - result->bend;

    return straight * (steps < 1 ? steps : 1) *
           (blocks < 64 ? blocks / 64 : 1);
}

static void judge(const struct pmt_growth_course *course,
                  struct pmt_growth_verdict *verdict)
{
    struct level bytes, blocks;
    struct result result, counted;
    bool by_count;

    level_init(&bytes, course, course->bytes_low);
    level_init(&blocks, course, course->count_low);
    result = judge_level(&bytes);
    counted = judge_level(&blocks);
    by_count = counted.kind == PMT_GROWTH_LEAK;
    if (by_count && result.kind != PMT_GROWTH_LEAK)
        result = counted;
    if (result.kind == PMT_GROWTH_LEAK)
        result.kind = check_leak(course, &bytes, &result, by_count);
    if (result.kind == PMT_GROWTH_LEAK)
        verdict->confidence = confidence_of(course, &result);
    verdict->kind = result.kind;
    verdict->from = result.from;
    verdict->to = result.to;
    verdict->bytes = rate_of(&bytes, result.from, result.to);
    verdict->blocks = rate_of(&blocks, result.from, result.to);
    if (result.to > result.from) {
        struct shape shape =
            part_of(bytes.number, bytes.kept, result.from, result.to);

        verdict->rose =
            (double)rises_of(&shape) / (double)(shape.count - 1);
    }
    verdict->falls = bytes.falls;
    verdict->falls_collected = bytes.falls_collected;
}

void pmt_growth_judge(const struct pmt_growth_course *course,
                      struct pmt_growth_verdict *verdict)
{
    memset(verdict, 0, sizeof *verdict);
    verdict->kind = PMT_GROWTH_SHORT;
    if (course->bins == 0)
        return;
    verdict->to = course->bins - 1;
    ages_of(course, verdict->ages);
    if (course->bins >= BINS_LEAST)
        judge(course, verdict);
}
