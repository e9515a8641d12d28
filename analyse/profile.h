/*
 * profile.h: what was allocated, by whom, and what became of it: for each
 * group (group.h) what is live at a moment, how much was allocated up to it
 * and since another, how much of that was temporary, how long blocks lived,
 * and how much was live at most.
 *
 *     struct pmt_profile profile;
 *
 *     pmt_profile_init(&profile, PMT_LIVE_BLOCKS, PMT_BY_SITE);
 *     profile.want = PMT_PROFILE_ALLOCATED;
 *     profile.live.until = instant;              // or leave: the end
 *     while (… pmt_trace_next …)
 *         pmt_profile_take(&profile, reader, &event, &err);
 *     pmt_profile_finish(&profile, &err);
 *     … profile.grouping.groups[i], profile.parts[i] …
 *     pmt_profile_release(&profile);
 *
 * Memory grows with the live set, the tables and the groups. Never prints.
 * Threads: one at a time.
 */
#ifndef PMT_PROFILE_H
#define PMT_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "group.h"
#include "live.h"
#include "open.h"
#include "pmt/error.h"
#include "pmt/reader.h"
#include "replay.h"
#include "snapshots.h"
#include "top-pattern.h"

/* What is wanted beside what is live. */
enum pmt_profile_want {
    PMT_PROFILE_ALLOCATED = 1,
    PMT_PROFILE_TEMPORARY = 2,
    PMT_PROFILE_LIFETIMES = 4,
    PMT_PROFILE_PEAK = 8
};

#define PMT_PROFILE_WITHIN_MAX 1024

/* Blocks and bytes: of samples an estimate of all. */
struct pmt_amount {
    uint64_t count, bytes;
    uint64_t exact, weight; /* private: `count` is their sum */
};

/* Times that blocks lived, in ns: counted by classes an eighth of a power of 2
 * wide, so a percentile is right to 1 part in 16. */
#define PMT_LIFETIME_CLASSES 512
struct pmt_lifetimes {
    uint64_t count, longest_ns;
    uint64_t classes[PMT_LIFETIME_CLASSES];
};

/* What is known of a group beside what group.h has of it. */
struct pmt_profile_part {
    struct pmt_amount allocated;   /* by malloc, calloc, realloc; created */
    struct pmt_amount temporary;   /* of them */
    struct pmt_amount now, peak;   /* live bytes (objects: count) at most;
                                      `now` is private */
    struct pmt_lifetimes *lifetimes; /* of those that ended; NULL: none did */
};

struct pmt_profile {
    /* To be set after init. */
    unsigned want;               /* of enum pmt_profile_want */
    uint32_t within;             /* a block is temporary when its thread gives
                                    it back before it has made `within` more */
    bool has_from;
    struct pmt_instant from;     /* only what is made after it */
    bool together;               /* what a stream had when it ended before the
                                    moment is no longer live at it */
    struct pmt_patterns *patterns; /* borrowed; NULL: none */
    struct pmt_replay *replay;   /* is filled; borrowed; NULL: none */
    struct pmt_live_sets live;   /* `until` and `until_steps` may be set */
    struct pmt_grouping grouping; /* `by` and `cumulative` may be set */

    /* To be read after finish. */
    struct pmt_profile_part *parts; /* by group, grouping.group_count */
    struct pmt_profile_part total;
    uint64_t span_ns;            /* from `from` to the moment, in the longest
                                    stream */
    uint64_t moment_ns;          /* the moment, since its stream began */

    /* Private. */
    enum pmt_live_which which;
    size_t part_capacity;
    struct profile_stream **streams; /* by place in live.streams */
    size_t stream_count;
    struct pmt_samples allocated_samples;
    bool no_memory;              /* in a watch */
};

/* by: pmt_group_by. Gives back nothing that it had. */
void pmt_profile_init(struct pmt_profile *profile, enum pmt_live_which which,
                      enum pmt_group_by by);
void pmt_profile_release(struct pmt_profile *profile);

/* Takes the event last read from `r`; the profile must stay where it is from
 * the first on. PMT_OK or PMT_ERR_MEMORY. */
int pmt_profile_take(struct pmt_profile *profile, struct pmt_reader *r,
                     const struct pmt_event *event, struct pmt_error *err);

/* Behind the last event. PMT_OK or PMT_ERR_MEMORY. */
int pmt_profile_finish(struct pmt_profile *profile, struct pmt_error *err);

/* Instead of events: what is live is what the snapshots found hold; nothing is
 * wanted beside it. PMT_OK or PMT_ERR_MEMORY. */
int pmt_profile_of_snapshots(struct pmt_profile *profile,
                             const struct pmt_snapshots *snapshots);

/* Within what the allocated blocks and bytes of a group are, of sampled
 * streams; PMT_GROUP_TOTAL: of all. PMT_OK or PMT_ERR_MEMORY. */
int pmt_profile_allocated_range(const struct pmt_profile *profile,
                                uint32_t group, struct pmt_range *blocks,
                                struct pmt_range *bytes);

/* The time that so many percent of the blocks did not live longer than. */
uint64_t pmt_lifetimes_percentile(const struct pmt_lifetimes *lifetimes,
                                  unsigned percent);

#endif
