/*
 * live-list.h: single blocks and objects: those that live, those that were
 * created and destroyed again, and how many of what was made between two marks
 * live on.
 *
 * Writes to the stream it is given and nowhere else. Threads: one at a time.
 */
#ifndef PMT_LIVE_LIST_H
#define PMT_LIVE_LIST_H

#include <stdint.h>
#include <stdio.h>

#include "cli/json.h"
#include "live-match.h"
#include "live.h"

enum pmt_list_sort { PMT_LIST_BYTES, PMT_LIST_AGE };

struct pmt_listed {
    const struct pmt_stream *stream;
    struct pmt_block block;
    uint64_t gone_ns;     /* of a pair: when it was destroyed */
    uint64_t order;       /* in which they were met: decides ties */
    uint32_t tick_ns;
    bool resized;         /* of a pair: not destroyed but resized */
};

/* The first of many: by size or age, largest first. */
struct pmt_listing_top {
    enum pmt_list_sort sort;
    size_t most;          /* kept */
    struct pmt_listed *items; /* a heap, the least first, until sorted */
    size_t count;
    uint64_t seen, bytes; /* of all that were offered */
    bool failed;          /* no memory */
};

void pmt_list_init(struct pmt_listing_top *top, enum pmt_list_sort sort,
                   size_t most);
void pmt_list_release(struct pmt_listing_top *top);
void pmt_list_offer(struct pmt_listing_top *top,
                    const struct pmt_listed *item);

/* What both lists are made with. */
struct pmt_list {
    struct pmt_listing_top top;
    enum pmt_live_which which;
    struct pmt_match *match;
    /* Private: of pairs. */
    struct pmt_list *next;
    struct pmt_list_stream **streams;
    size_t stream_count;
};

/* Pairs: offers each block of a set when it is no more; for `count` lists that
 * stay where they are, one a kind. Takes over `begin` of `live`. */
void pmt_list_attach(struct pmt_list *lists, size_t count,
                     struct pmt_live_sets *live);
/* Offers all that lives. */
void pmt_list_add_live(struct pmt_list *list, const struct pmt_live_sets *live);
void pmt_list_free(struct pmt_list *list);

/* Sorts. `pairs`: with what time they were destroyed; `name` is the trace's. */
void pmt_list_text(struct pmt_list *list, const char *name, bool pairs,
                   FILE *file);
void pmt_list_json(struct pmt_list *list, const char *name, bool pairs,
                   struct pmt_json *json);

#endif
