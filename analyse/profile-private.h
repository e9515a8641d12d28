/*
 * profile-private.h: what the files of a profile (profile.h) share.
 *
 *     profile.c            streams, groups, events; what is live at the end
 *     profile-records.c    records: what is made, what is temporary
 *     profile-tallies.c    sums of what is made, by id
 *     profile-peak.c       blocks that come and go: peak, lives that end
 *     profile-lifetimes.c  classes of lives
 */
#ifndef PMT_PROFILE_PRIVATE_H
#define PMT_PROFILE_PRIVATE_H

#include "profile.h"

/* What was allocated under an id, until groups are looked up at the end: no
 * more than a few instructions a record. Only where nothing is sampled. */
struct tally {
    uint64_t count, bytes, temporary, temporary_bytes;
};

struct tallies {
    struct tally **pages; /* as in id-map.h */
    uint32_t page_count;
};

/* The blocks that a thread made last. */
struct last_block {
    uint64_t address;
    struct pmt_block block;
    bool open; /* not given back since */
};

struct last_blocks {
    struct last_block *ring; /* `within` of them; NULL: none yet */
    uint32_t next;
};

struct profile_stream {
    struct pmt_profile *profile;
    size_t place;
    uint64_t from;          /* tick; only what is later counts */
    bool all;               /* there is no `from` */
    uint64_t sample_bytes;
    struct tallies tallies;
    struct last_blocks *threads; /* by thread id */
    uint32_t thread_count;
};

/* ---- profile.c ---------------------------------------------------------- */

/* There is a part for each group. False: no memory. */
bool profile_has_parts(struct pmt_profile *profile);

/* The groups of a block, each of which has a part. NULL: no memory. */
const uint32_t *profile_groups_of(struct pmt_profile *profile, size_t place,
                                  const struct pmt_block *block,
                                  size_t *count);

/* Is a block that was made at `time` on `stack` one of those asked for?
 * PMT_ERR_MEMORY. */
int profile_is_wanted(struct profile_stream *stream, uint64_t time,
                      uint32_t stack);

void profile_amount_add(struct pmt_amount *amount, uint64_t sample_bytes,
                        uint64_t count, uint64_t bytes);

/* ---- profile-records.c --------------------------------------------------- */

/* The first `count` records of a chunk. PMT_OK or PMT_ERR_MEMORY. */
int profile_take_allocs(struct profile_stream *stream, struct pmt_reader *r,
                        uint64_t count);
int profile_take_objects(struct profile_stream *stream, struct pmt_reader *r,
                         uint64_t count);

/* ---- profile-tallies.c: false is no memory ------------------------------- */

/* A block is made; or, `temporary`, one that was made was so. */
bool profile_made(struct profile_stream *stream,
                  const struct pmt_block *block, bool temporary);

/* At the end: to the groups. */
bool profile_add_tallies(struct profile_stream *stream);
void profile_tallies_release(struct tallies *tallies);

/* ---- profile-peak.c ------------------------------------------------------ */

/* A pmt_live_watch; `context` is the stream. */
void profile_watch(void *context, const struct pmt_block *block, int sign,
                   uint64_t time);

/* ---- profile-lifetimes.c ------------------------------------------------- */

/* `count` blocks of the group lived so long. False: no memory. */
bool profile_lifetimes_add(struct pmt_profile_part *part, uint64_t ns,
                           uint64_t count);

#endif
