/*
 * replay.h: what was live at equally spaced moments, by the groups of a
 * profile (profile.h): a profile with `replay` set fills it.
 *
 *     struct pmt_replay replay = {.every_ns = 10000000000};
 *
 *     profile.replay = &replay;                 // before the first event
 *     … pmt_profile_take …; pmt_profile_finish(&profile, &err);
 *     while (pmt_replay_next(&replay, &profile.grouping) == PMT_OK)
 *         … replay.now_ns, replay.levels[1 + group], replay.levels[0] …
 *     pmt_replay_release(&replay);
 *
 * The moments are each `every_ns` behind `from`, and the last one: that of the
 * profile. All are on the clock of the stream that was met first, since it
 * began; other streams are put on it by the monotonic
 * clock where both are of one boot, else by the wall clock. What a stream had
 * is live until it ends; from where its interpreter began to end (live.h) on it
 * is what it had there.
 *
 * Memory grows with what changed between two moments: 32 bytes for each group
 * in each stream. Never prints. Threads: one at a time.
 */
#ifndef PMT_REPLAY_H
#define PMT_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "group.h"
#include "open.h"
#include "pmt/reader.h"

/* Moments at most. */
#define PMT_REPLAY_MOMENTS 100000

/* What is live of a group; private: `exact` and `weight`, of which `count` is
 * the sum. */
struct pmt_replay_level {
    uint64_t count, bytes;
    int64_t exact, weight;
};

struct pmt_replay_change {
    uint32_t moment; /* the first at which it can be seen, from 1 */
    uint32_t slot;   /* 0: all; group + 1 */
    int64_t exact, weight, bytes;
};

struct pmt_replay_stream {
    int64_t offset_ns;      /* when it began, on the common clock */
    uint32_t tick_ns;
    uint64_t sample_bytes;
    uint32_t moment;        /* of `pending` */
    int64_t after_ns, until_ns; /* what is later than the one, and not later
                                   than the other, belongs to it */
    struct pmt_replay_change *changes; /* those of `moment` are the last, from
                                          `begin` on */
    size_t count, capacity, begin;
    uint32_t *places;       /* by slot: in `changes`, plus 1; below `begin`: of
                               another moment */
    size_t place_count;
};

struct pmt_replay {
    /* To be set on a zeroed one. */
    uint64_t every_ns;      /* > 0 */
    const struct pmt_instant *from; /* NULL: the beginning; borrowed */

    /* To be read behind pmt_replay_next. */
    uint64_t now_ns;        /* the moment */
    bool is_last;           /* the moment of the profile */
    struct pmt_replay_level *levels; /* [0]: of all; [1 + group] */
    size_t level_count;     /* groups behind it have had nothing yet */

    /* Private. */
    const struct pmt_stream_header *base; /* of the common clock */
    struct pmt_replay_stream *streams; /* by place of the profile */
    size_t stream_count;
    bool no_memory, too_many;
    uint64_t from_ns, last_ns;
    uint32_t moment, last;
    struct pmt_replay_change *changes; /* of all streams, in order */
    size_t count, at;
};

void pmt_replay_release(struct pmt_replay *replay);

/*
 * The next moment at which anything is known. PMT_OK; PMT_END behind the last;
 * PMT_ERR_MEMORY; PMT_ERR_LIMIT: there are more than PMT_REPLAY_MOMENTS.
 */
int pmt_replay_next(struct pmt_replay *replay,
                    const struct pmt_grouping *grouping);

/* ---- for the profile ----------------------------------------------------- */

/* Stream `place` begins, or starts again. */
void pmt_replay_begin(struct pmt_replay *replay, size_t place,
                      const struct pmt_stream *stream, uint64_t sample_bytes);

/* A block of these groups comes (sign 1) or goes (-1) at a tick. */
void pmt_replay_change(struct pmt_replay *replay, size_t place,
                       const uint32_t *groups, size_t count, uint64_t size,
                       int sign, uint64_t time);

/* The stream was taken up to `now_ns` since it began, and nothing of it is live
 * behind `end_ns`. */
void pmt_replay_end(struct pmt_replay *replay, size_t place, uint64_t now_ns,
                    uint64_t end_ns);

/* Behind the last event of all streams. */
void pmt_replay_finish(struct pmt_replay *replay);

#endif
