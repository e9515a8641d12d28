/*
 * kinds.h - which columns each kind of chunk has (spec 6 and 7), as a table.
 */
#ifndef PMT_KINDS_H
#define PMT_KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pmt_transform {
    PMT_PLAIN,
    PMT_REFERENCE,   /* plain; an id of a table, at most 2^24 - 1 */
    PMT_DELTA,       /* from 0 */
    PMT_ZIGZAG,      /* zigzag delta from 0 */
    PMT_TIME,        /* delta from t0, within t1 */
    PMT_TIME_FROM_0, /* delta from 0, within t0 and t1 */
    PMT_TICK,        /* delta from 0, within t0 and t1 */
    PMT_RSS,         /* zigzag delta from rss0 */
    PMT_IDS,         /* delta from 0; 1 or more, rising, at most 2^24 - 1 */
    PMT_ADDRESSES,   /* sections 7.2: decoded together */
    PMT_SIZED        /* plain, one row for each record that has a size */
};

struct pmt_column_rule {
    uint8_t id;
    uint8_t transform; /* enum pmt_transform */
    bool must;
};

/* What else the body of a kind holds. */
enum pmt_body_extra {
    PMT_EXTRA_NONE,
    PMT_EXTRA_STRINGS,  /* key 1: count texts */
    PMT_EXTRA_ANCHORS,  /* columns 32 to 34 */
    PMT_EXTRA_FIGURES,  /* key 16: figures; columns 32 + i */
    PMT_EXTRA_SNAPSHOT, /* key 16: name; 17: values */
    PMT_EXTRA_MARKS,    /* key 16: count texts */
    PMT_EXTRA_LIVE,     /* keys 16 to 18: numbers */
    PMT_EXTRA_PROCESS,  /* keys 16 to 19: count texts, or lists of them */
    PMT_EXTRA_END       /* keys 0 to 3: numbers */
};

struct pmt_kind_rule {
    const struct pmt_column_rule *columns;
    size_t column_count;
    enum pmt_body_extra extra;
    bool records;       /* has an ordinal */
    bool moment;        /* t0 = t1 */
};

/* The rule of a kind below PMT_KIND_KNOWN other than 0. */
const struct pmt_kind_rule *pmt_kind_rule(uint32_t kind);

#endif
