/* calls-threads.c: what threads are doing: their stacks, and whose the time and
 * the growth between two records are; see calls-private.h. */
#include "calls-private.h"

#include <stdlib.h>
#include <string.h>

/* Frames on a stack at most; deeper ones are counted, not kept. */
#define DEPTH_MAX 65536u

bool calls_grow(void **array, size_t *count, size_t wanted, size_t size)
{
    size_t more = wanted * 2 + 16;
    void *bigger;

    if (wanted < *count)
        return true;
    bigger = realloc(*array, more * size);
    if (!bigger)
        return false;
    memset((char *)bigger + *count * size, 0, (more - *count) * size);
    *array = bigger;
    *count = more;
    return true;
}

/* Sums are modulo 2^64. */
static inline void add(int64_t *sum, int64_t n)
{
    *sum = (int64_t)((uint64_t)*sum + (uint64_t)n);
}

static bool enter_row(struct calls_thread *t, uint32_t row)
{
    void *running = t->running;
    bool ok;

    if (row == CALLS_NO_ROW)
        return true;
    ok = calls_grow(&running, &t->running_count, row, sizeof *t->running);
    t->running = running;
    if (ok && t->running[row].depth++ == 0) {
        t->running[row].ns = t->ns;
        t->running[row].rss = t->rss;
    }
    return ok;
}

static void leave_row(struct pmt_calls *calls, struct calls_thread *t,
                      uint32_t row)
{
    if (row == CALLS_NO_ROW || --t->running[row].depth > 0)
        return;
    add(&calls->rows[row].total_ns,
        (int64_t)((uint64_t)t->ns - (uint64_t)t->running[row].ns));
    add(&calls->rows[row].total_rss,
        (int64_t)((uint64_t)t->rss - (uint64_t)t->running[row].rss));
}

static bool push(struct calls_thread *t, uint32_t row, uint32_t code)
{
    if (t->depth == t->capacity) {
        uint32_t capacity = t->capacity * 2 + 64;
        void *more;

        if (t->depth >= DEPTH_MAX) {
            t->too_deep++;
            return true;
        }
        more = realloc(t->frames, capacity * sizeof *t->frames);
        if (!more)
            return false;
        t->frames = more;
        t->capacity = capacity;
    }
    t->frames[t->depth++] = (struct calls_frame){row, code};
    return enter_row(t, row);
}

/* The innermost frame of `code` and those above it, whose exits were not
 * seen. */
static void pop(struct pmt_calls *calls, struct calls_thread *t, uint32_t code)
{
    uint32_t at = t->depth;

    if (t->too_deep) {
        t->too_deep--;
        return;
    }
    while (at > 0 && t->frames[at - 1].code != code)
        at--;
    calls->exits_unknown |= at == 0;
    while (at > 0 && t->depth >= at)
        leave_row(calls, t, t->frames[--t->depth].row);
}

void calls_attribute(struct pmt_calls *calls, struct calls_stream *s,
                      struct calls_thread *t, uint64_t time, uint64_t rss)
{
    int64_t ns = t->met && time > t->time
                     ? (int64_t)((time - t->time) * s->tick_ns)
                     : 0;
    int64_t grown = s->rss && rss ? (int64_t)((rss - s->rss) * s->unit) : 0;

    add(&t->ns, ns);
    add(&t->rss, grown);
    add(&calls->all.own_ns, ns);
    add(&calls->all.own_rss, grown);
    if (t->depth && t->frames[t->depth - 1].row != CALLS_NO_ROW) {
        struct pmt_calls_row *row = &calls->rows[t->frames[t->depth - 1].row];

        add(&row->own_ns, ns);
        add(&row->own_rss, grown);
    }
}

enum does { ENTERS = 1, LEAVES = 2, RUNS = 4 };

static unsigned does(const struct pmt_calls *calls, uint32_t what)
{
    static const unsigned char of_call[] = {
        [PMT_CALL_CALL] = ENTERS,     [PMT_CALL_RETURN] = LEAVES,
        [PMT_CALL_C_CALL] = ENTERS,   [PMT_CALL_C_RETURN] = LEAVES,
        [PMT_CALL_C_EXCEPTION] = LEAVES, [PMT_CALL_RESUME] = ENTERS,
        [PMT_CALL_YIELD] = LEAVES,    [PMT_CALL_UNWIND] = LEAVES,
        [PMT_CALL_THROW] = ENTERS};
    static const unsigned char of_line[] = {
        [PMT_LINE_LINE] = RUNS, [PMT_LINE_CALL] = ENTERS,
        [PMT_LINE_RETURN] = LEAVES, [PMT_LINE_EXCEPTION] = 0,
        [PMT_LINE_OPCODE] = 0};

    if (calls->kind == PMT_KIND_CALL)
        return what < sizeof of_call ? of_call[what] : 0;
    return what < sizeof of_line ? of_line[what] : 0;
}

bool calls_move(struct pmt_calls *calls, struct calls_thread *t,
                 uint32_t what, uint32_t row, uint32_t code)
{
    unsigned moves = does(calls, what);
    struct calls_frame *top;

    if (moves & ENTERS)
        return push(t, row, code);
    if (moves & LEAVES)
        pop(calls, t, code);
    if (!(moves & RUNS) || t->too_deep)
        return true;
    top = t->depth ? &t->frames[t->depth - 1] : NULL;
    if (!top || top->code != code)
        return push(t, row, code); /* entered before recording began */
    if (top->row == row)
        return true;
    leave_row(calls, t, top->row);
    top->row = row;
    return enter_row(t, row);
}

void calls_leave_all(struct pmt_calls *calls, struct calls_thread *t)
{
    while (t->depth)
        leave_row(calls, t, t->frames[--t->depth].row);
}
