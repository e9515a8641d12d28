/*
 * growth-verdict.h: what the course of a level looks like.
 *
 * Pure functions of numbers: no trace, no memory, nothing is printed. What
 * the rules are and why is told in growth-verdict.c and docs/live.md.
 *
 * Threads: any.
 */
#ifndef PMT_GROWTH_VERDICT_H
#define PMT_GROWTH_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PMT_GROWTH_BINS 64
#define PMT_GROWTH_AGES 8

enum pmt_growth_kind {
    PMT_GROWTH_LEAK,       /* grows steadily, to the end */
    PMT_GROWTH_FILLING,    /* grows ever more slowly, or frees the old */
    PMT_GROWTH_SHORT,      /* too short to tell */
    PMT_GROWTH_SAW_TOOTH,  /* grows and falls, again and again */
    PMT_GROWTH_ONE_OFF,    /* was made in one go, and stays */
    PMT_GROWTH_PLATEAU,    /* stays about what it is */
    PMT_GROWTH_SHRINKING,  /* fell from a peak, and stays down */
    PMT_GROWTH_KINDS
};

/* "steady leak", ...; and as keys of JSON, "leak", ... Both in that order, and
 * end with NULL. */
extern const char *const pmt_growth_kind_names[];
extern const char *const pmt_growth_kind_keys[];

/* The course of one group in one stream. Bins are stretches of equally many
 * records. */
struct pmt_growth_course {
    size_t bins;                          /* in use; 0 to PMT_GROWTH_BINS */
    double bytes_low[PMT_GROWTH_BINS];    /* least that was live in the bin */
    double bytes_high[PMT_GROWTH_BINS];
    double count_low[PMT_GROWTH_BINS];
    double seconds[PMT_GROWTH_BINS];      /* since the stream began, at the
                                             end of the bin */
    double born[PMT_GROWTH_BINS];         /* blocks that live, by birth */
    bool collected[PMT_GROWTH_BINS];      /* a full collection was in it */
    double records;      /* that the group has among all of the stream's: 0..1 */
    double samples;      /* blocks recorded that live */
    double resized;      /* resizes */
    double replaced;     /* blocks that are no more */
    double imported;     /* share of live bytes that imports made: 0..1 */
    double turned_over;  /* when something of it was last freed: 0..1 of the
                            records */
    bool sampled;
};

struct pmt_growth_rate {
    double value, low, high; /* a second; 95 % by the rates of 8 stretches */
};

struct pmt_growth_verdict {
    enum pmt_growth_kind kind;
    double confidence;              /* 0 to 1, of a leak */
    struct pmt_growth_rate bytes, blocks; /* of what was kept, not of noise */
    double rose;                    /* share of the bins that reached a new
                                       level, from `from` on */
    double ages[PMT_GROWTH_AGES];   /* shares of the live blocks by birth, the
                                       oldest eighth of the records first */
    size_t from, to;                /* bins that were looked at */
    unsigned falls;                 /* by a third of the highest level or more */
    unsigned falls_collected;       /* of them with a full collection */
};

void pmt_growth_judge(const struct pmt_growth_course *course,
                      struct pmt_growth_verdict *verdict);

#endif
