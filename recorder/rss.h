/*
 * rss.h - the resident set size at events.
 *
 * It is read when the last value is older than rec_set.rss_us, or at the
 * first event after an arena of Python's allocator came or went. All other
 * events cost one comparison.
 */
#ifndef REC_RSS_H
#define REC_RSS_H

#include "thread.h"

struct rec_rss {
    uint64_t next;            /* atomic; clock value from which to read */
    uint64_t value;           /* atomic; last one read, in rss units */
};
extern struct rec_rss rec_rss;

/* In the child of a fork: nobody reads it. */
void rec_rss_forked(void);
/* And it is read anew, where it was read. */
void rec_rss_renew(void);

/* Puts in what is needed to read it; counted: a mode that calls it calls
 * rec_rss_uninstall() too. With the GIL. `always`: also when rec_set.rss_us
 * is 0. */
void rec_rss_install(bool always);
void rec_rss_uninstall(void);

/* Reads it and appends a record. Leaves errno alone. Inside a hook. */
void rec_rss_read(struct rec_thread *t, uint64_t now);

/* Appends the record of a value that was read at this event. */
void rec_rss_append(struct rec_thread *t, uint64_t now);

/* Reads it only; appends nothing. False: another thread is reading it. */
bool rec_rss_refresh(uint64_t now);

/* Something large came or went: the next event reads it. Any thread. */
static inline void rec_rss_moved(void)
{
    __atomic_store_n(&rec_rss.next, 0, __ATOMIC_RELAXED);
}

static inline bool rec_rss_is_due(uint64_t now)
{
    return now >= __atomic_load_n(&rec_rss.next, __ATOMIC_RELAXED);
}

/* To be called before each record of the kinds call, line and object, with
 * its time. */
static inline void rec_rss_at_event(struct rec_thread *t, uint64_t now)
{
    if (REC_UNLIKELY(rec_rss_is_due(now)))
        rec_rss_read(t, now);
}

#endif
