/*
 * event.c - call and line events that are recorded on conditions (event.h).
 */
#include "event.h"

#include <stdio.h>

#include "define.h"

bool rec_event_selective;

/* Guarded by the GIL: the resident set size at the last recorded event of
 * call and of line; 0: there was none. */
static uint64_t recorded_rss[2];
static unsigned installed;

static void get_ready(void)
{
    rec_rss_install(rec_set.rss_trigger != 0);
    rec_event_selective =
        rec_set.rss_trigger != 0 || rec_set.files[0] != '\0';
    if (installed++ == 0)
        recorded_rss[0] = recorded_rss[1] = 0;
}

void rec_event_uninstall(void)
{
    if (installed == 0)
        return;
    installed--;
    rec_rss_uninstall();
}

void rec_event_renew(void)
{
    recorded_rss[0] = recorded_rss[1] = 0;
    rec_rss_renew();
}

int rec_event_install(int (*put_in)(bool floor), bool floor)
{
    if (!floor)
        get_ready();
    if (put_in(floor) == 0)
        return 0;
    if (!floor)
        rec_event_uninstall();
    return -1;
}

void rec_event_check(const char *mode, bool in)
{
    char text[100];
    int n;

    if (in)
        return;
    n = snprintf(text, sizeof text,
                 "pmtrace: the hooks of mode %s were replaced", mode);
    rec_lock();
    if (__atomic_load_n(&rec_hot.active, __ATOMIC_ACQUIRE))
        rec_define_mark(0, rec_now(), text, (size_t)n);
    rec_unlock();
}

static void append_gap(struct rec_thread *t, unsigned kind, uint64_t now,
                       uint64_t *count)
{
    if (*count > 0 &&
        rec_append(t, now,
                   (uint64_t)PMT_RAW_GAP << PMT_RAW_ADDRESS_BITS |
                       (*count & PMT_RAW_ADDRESS_MASK),
                   kind, 0))
        rec_was_note(t);
    *count = 0;
}

/* Whether the size has moved far enough since the last recorded event. */
static bool has_moved(unsigned which)
{
    uint64_t now = __atomic_load_n(&rec_rss.value, __ATOMIC_RELAXED);
    uint64_t then = recorded_rss[which];
    uint64_t by = now > then ? now - then : then - now;

    return then == 0 || by * 4096 >= rec_set.rss_trigger;
}

/* Leaves an event out, but keeps it as the one before the next. */
static void pass_over(struct rec_past *past, uint64_t now, uint64_t word,
                      uint32_t a, uint32_t b)
{
    past->skipped += past->skipped_after + (past->word != 0);
    past->skipped_after = 0;
    past->time = now;
    past->word = word;
    past->a = a;
    past->b = b;
}

void rec_event_select(struct rec_thread *t, unsigned kind, uint64_t now,
                      uint32_t number, uint32_t b)
{
    unsigned which = kind - PMT_KIND_CALL;
    struct rec_past *past = &t->past[which];
    uint64_t word = rec_event_word(kind);
    bool read = false;

    if (number == 0) {
        past->skipped_after++;
        return;
    }
    if (rec_rss_is_due(now))
        read = rec_rss_refresh(now);
    if (rec_set.rss_trigger != 0) {
        if (!has_moved(which)) {
            pass_over(past, now, word, number, b);
            return;
        }
        /* It may have been read at another thread's event. */
        if (!read)
            read = rec_rss_refresh(now);
        append_gap(t, kind, now, &past->skipped);
        if (past->word != 0)
            rec_append(t, past->time, past->word, past->a, past->b);
        past->word = 0;
    }
    append_gap(t, kind, now, &past->skipped_after);
    if (read)
        rec_rss_append(t, now);
    rec_append(t, now, word, number, b);
    recorded_rss[which] = __atomic_load_n(&rec_rss.value, __ATOMIC_RELAXED);
}
