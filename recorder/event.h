/*
 * event.h - one call or line event, from the hook into the thread's segment.
 *
 * All but the few cases in event.c is inline here. Hooks are called with the
 * GIL, in the interpreter where they were put in; an exception that is
 * pending is left alone, no Python object is made.
 */
#ifndef REC_EVENT_H
#define REC_EVENT_H

#include "event-class.h"
#include "pmt/record.h"
#include "rss.h"
#include "thread.h"

/* Not every event is recorded: there is a trigger, or a list of files. Set
 * by rec_event_install(). */
extern bool rec_event_selective;

/* Once for each of the modes call and line, with the GIL: gets ready, unless
 * for a `floor`, and calls put_in(floor), which puts in the hooks. What that
 * returned: 0, or -1 with a Python exception and nothing put in. */
int rec_event_install(int (*put_in)(bool floor), bool floor);
void rec_event_uninstall(void);

/* In the child of a fork, where the hooks stay in. */
void rec_event_renew(void);

/* To be called at the end: notes in the trace when a mode's hooks are no
 * longer in. */
void rec_event_check(const char *mode, bool in);

/* Records, or not, an event where rec_event_selective. `number` 0: by its
 * file it is not wanted. */
void rec_event_select(struct rec_thread *t, unsigned kind, uint64_t now,
                      uint32_t number, uint32_t b);

static inline uint64_t rec_event_word(unsigned kind)
{
    return (uint64_t)(kind == PMT_KIND_CALL ? PMT_RAW_CALL : PMT_RAW_LINE)
           << PMT_RAW_ADDRESS_BITS;
}

/* `b`: as in the raw record. */
static inline void rec_event(const struct rec_event *e, uint32_t b)
{
    struct rec_thread *t = rec_enter();
    uint64_t value, now;

    if (REC_UNLIKELY(t == NULL))
        return;
    value = rec_class(t, e);
    now = rec_now();
    if (REC_UNLIKELY(rec_event_selective)) {
        if (value != 0)
            rec_event_select(t, e->kind, now, (uint32_t)value, b);
    } else if (REC_LIKELY(value != 0)) {
        rec_rss_at_event(t, now);
        rec_append(t, now, rec_event_word(e->kind), (uint32_t)value, b);
    }
    rec_leave(t);
}

#endif
