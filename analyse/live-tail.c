/* live-tail.c: what happened last in a live set, to be taken back when it was
 * the end of the interpreter, or of the program; see live-set.h. */
#include <stdlib.h>

#include "live-set-private.h"
#include "pmt/error.h"

/* What pmt_live_set_undo_end() would take back. */
struct pmt_live_tail_event {
    struct pmt_block block;
    uint64_t time;
    int sign;
};

/* An end releases such a part of what lives, or more: of blocks or bytes. Of an
 * interpreter in so many events for each block that lived, with a few more, for
 * finalizers run; of a program in such a part of its time, and for each block
 * that comes so many go. It may take twice that time where its records come
 * faster than before, for then it does nothing else: work that is worked off
 * is mixed with other things. */
#define TAIL_GONE 6
#define TAIL_EVENTS 8
#define TAIL_EVENTS_MORE 65536
#define WIND_EVENTS 3
#define WIND_TIME 8
#define WIND_GONE 4

/* From here on, with what lives now. */
static void tail_begin(struct pmt_live_set *set)
{
    struct pmt_live_tail *tail = &set->tail;

    tail->count = 0;
    tail->given_up = false;
    tail->step = set->now.step;
    tail->time = set->now.time;
    tail->live = set->now.count;
    tail->live_bytes = set->now.bytes;
}

/* Did the event begin it anew? The end of a program lies behind the most that
 * lived lately. */
static bool tail_begins(struct pmt_live_set *set, const struct pmt_block *block,
                        int sign)
{
    struct pmt_live_tail *tail = &set->tail;
    size_t most = WIND_EVENTS * (size_t)tail->live + TAIL_EVENTS_MORE;

    if (!set->wind_down)
        return sign > 0 && pmt_id_map_get(set->program, block->stack) == 1;
    return tail->given_up || tail->count > most ||
           set->now.time - tail->time > set->now.time / 2 ||
           (set->kind == PMT_KIND_ALLOC ? set->now.bytes >= tail->live_bytes
                                        : set->now.count >= tail->live);
}

/* What is taken next is noted, if any is. */
void pmt_live_tail_open(struct pmt_live_set *set)
{
    set->tail.from = set->program || set->wind_down ? 0 : UINT64_MAX;
}

void pmt_live_tail_note(struct pmt_live_set *set, const struct pmt_block *block,
                        int sign)
{
    struct pmt_live_tail *tail = &set->tail;

    if (tail_begins(set, block, sign)) {
        tail_begin(set);
        return;
    }
    /* Before the program acquired anything there is nothing to go back to. */
    if (tail->given_up || tail->step == 0)
        return;
    if (tail->count > TAIL_EVENTS_MORE &&
        (tail->count - TAIL_EVENTS_MORE) / TAIL_EVENTS > tail->live) {
        tail->given_up = true;
        tail->count = 0;
        return;
    }
    if (tail->count == tail->capacity) {
        size_t capacity = tail->capacity * 2 + 1024;
        void *more = realloc(tail->events, capacity * sizeof *tail->events);

        if (!more) {
            tail->given_up = true;
            return;
        }
        tail->events = more;
        tail->capacity = capacity;
    }
    tail->events[tail->count++] = (struct pmt_live_tail_event){*block,
                                                               set->now.time,
                                                               sign};
}

/* What comes before the last block that the program acquires need not be
 * noted for the end of the interpreter. */
void pmt_live_tail_skip(struct pmt_live_set *set,
                        const struct pmt_live_columns *c, size_t n)
{
    pmt_live_tail_open(set);
    while (set->program && !set->wind_down && n-- > 0)
        if (pmt_alloc_has_size((unsigned)(c->op[n] >> 2)) &&
            pmt_id_map_get(set->program,
                           c->stack ? (uint32_t)c->stack[n] : 0) == 1) {
            set->tail.from = set->now.step + n + 1;
            break;
        }
}

/* ---- the end of the interpreter ---------------------------------------- */

/* How long the events from `first` on took, in ticks, but for a tenth of them at
 * either end: the process may have had to wait there. */
static double tail_time(const struct pmt_live_tail *tail, size_t first)
{
    size_t tenth = (tail->count - first) / 10;

    return (double)(tail->events[tail->count - 1 - tenth].time -
                    tail->events[first + tenth].time) /
           0.8;
}

static bool tail_falls(const struct pmt_live_set *set, uint64_t live,
                       uint64_t live_bytes)
{
    return set->now.count < live - live / TAIL_GONE ||
           set->now.bytes < live_bytes - live_bytes / TAIL_GONE;
}

/* Of what the program lets go of at its end: where most lived, of the moments
 * from which on hardly anything came. The number of an event of the tail, or
 * of those there are. */
static size_t wind_down_at(const struct pmt_live_set *set)
{
    const struct pmt_live_tail *tail = &set->tail;
    bool alloc = set->kind == PMT_KIND_ALLOC;
    struct pmt_live_level level = set->now, best = set->now;
    size_t came = 0, at = tail->count;
    double time;

    for (size_t i = tail->count; i-- > 0;) {
        const struct pmt_live_tail_event *event = &tail->events[i];
        uint64_t bytes = pmt_sampling_weigh(set->sample_bytes,
                                            event->block.size)
                             .bytes;

        came += event->sign > 0;
        level.count -= (uint64_t)(int64_t)event->sign;
        level.bytes -= event->sign > 0 ? bytes : 0 - bytes;
        if (came <= (tail->count - i - came) / WIND_GONE &&
            (alloc ? level.bytes > best.bytes : level.count > best.count)) {
            best = level;
            at = i;
        }
    }
    if (at == tail->count || !tail_falls(set, best.count, best.bytes))
        return tail->count;
    time = tail_time(tail, at) / (double)set->now.time;
    if (time * WIND_TIME > 1 &&
        time >= (double)(tail->count - at) / (double)set->now.step)
        return tail->count;
    return at;
}

/* From which event of the tail on the end is; the number of them: there is
 * none. */
static size_t end_at(const struct pmt_live_set *set)
{
    const struct pmt_live_tail *tail = &set->tail;

    if (tail->step == 0 || tail->given_up || tail->count == 0)
        return tail->count;
    if (set->wind_down)
        return wind_down_at(set);
    return set->program && tail_falls(set, tail->live, tail->live_bytes)
               ? 0
               : tail->count;
}

/* Takes back the events of the tail from `first` on, of which there are. */
static int undo_from(struct pmt_live_set *set, size_t first)
{
    struct pmt_live_tail *tail = &set->tail;
    struct pmt_block old;

    if (pmt_live_table_reserve(&set->table, tail->count))
        return PMT_ERR_MEMORY;
    set->why = PMT_LIVE_UNDONE;
    tail->from = UINT64_MAX;
    set->now.step = tail->step;
    set->now.time = first > 0 ? tail->events[first - 1].time : tail->time;
    while (tail->count > first) {
        const struct pmt_live_tail_event *event = &tail->events[--tail->count];

        set->undone_time = event->time;
        if (event->sign < 0) {
            pmt_live_table_put(&set->table, &event->block, &old);
            pmt_live_level_add(set, &event->block);
        } else if (pmt_live_table_remove(&set->table, event->block.address,
                                         &old)) {
            pmt_live_level_remove(set, &old);
        }
        pmt_live_set_tell(set, &event->block, -event->sign);
    }
    return PMT_OK;
}

int pmt_live_set_undo_end(struct pmt_live_set *set)
{
    size_t first = end_at(set);
    int code;

    if (first == set->tail.count)
        return PMT_OK;
    code = undo_from(set, first);
    if (code == PMT_OK)
        *(set->wind_down ? &set->wound_down : &set->ended) = true;
    return code;
}
