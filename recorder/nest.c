/*
 * nest.c - a recording inside another one: the outer one is kept as a whole
 * until the inner one has ended (running.h).
 *
 * All that was recorded is in the outer trace before the inner recording
 * begins, so that nothing of it can be lost meanwhile.
 */
#include <stdio.h>
#include <string.h>

#include "define.h"
#include "parts.h"
#include "running.h"
#include "table.h"
#include "thread.h"

#define DEPTH_MAX 64

/* A recording that is kept. Guarded by rec_life. */
struct level {
    struct level *outer;
    void *parts, *threads;
    struct rec_running running;
    struct pmt_journal journal;
    struct rec_settings set;
    struct rec_hot hot;
    uint32_t serial;
    struct rec_stats stats;
};

static struct level *levels;

/* Puts all that was recorded into the trace, and gives up all segments.
 * Nobody is in a hook. */
static void settle(void)
{
    rec_drainer_rest();
    rec_lock();
    rec_threads_detach();
    rec_define_give();
    rec_unlock();
    rec_drainer_end(REC_LAST_FLUSH, NULL); /* else it stays in the journal */
}

static bool keep(struct level *l)
{
    rec_count_now(&l->stats);
    l->running = rec_running;
    l->journal = rec_journal;
    l->set = rec_set;
    l->hot = rec_hot;
    l->serial = rec_serial;
    rec_lock();
    l->threads = rec_threads_save();
    if (l->threads != NULL) {
        l->parts = rec_parts_save();
        if (l->parts == NULL)
            rec_threads_restore(l->threads);
    }
    rec_unlock();
    return l->threads != NULL && l->parts != NULL;
}

/* Lets the running recording go on that was to be kept. */
static int go_on(struct pmt_error *err, int code,
                 const char *message)
{
    rec_drainer_start(NULL);
    if (rec_running.suspends == 0)
        __atomic_store_n(&rec_hot.active, REC_ACTIVE, __ATOMIC_SEQ_CST);
    rec_mark_own("pmtrace: resumed");
    return pmt_error_set(err, code, PMT_NO_OFFSET, "%s", message);
}

int rec_nest_enter(const uint8_t uuid[16], struct pmt_error *err)
{
    char text[100], name[33];
    struct level *l;
    int depth = 1;

    for (l = levels; l != NULL; l = l->outer)
        depth++;
    if (depth > DEPTH_MAX)
        return pmt_error_set(err, PMT_ERR_BUSY, PMT_NO_OFFSET,
                             "%d recordings run inside each other already",
                             depth);
    l = rec_pages_new(sizeof *l);
    if (l == NULL)
        return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET,
                             "no memory for another recording");
    rec_uuid_text(uuid, name);
    snprintf(text, sizeof text, "pmtrace: suspended, stream %s takes over",
             name);
    rec_pages_share(l, sizeof *l); /* for rec_nest_forked() */
    rec_mark_own(text);
    __atomic_store_n(&rec_hot.active, REC_INACTIVE, __ATOMIC_SEQ_CST);
    if (!rec_threads_quiesce()) {
        rec_pages_free(l, sizeof *l);
        return go_on(err, PMT_ERR_BUSY,
                     "the recording that runs could not be left");
    }
    settle();
    if (!keep(l)) {
        rec_pages_free(l, sizeof *l);
        return go_on(err, PMT_ERR_MEMORY, "no memory for another recording");
    }
    l->outer = levels;
    levels = l;
    return PMT_OK;
}

bool rec_nest_leave(void)
{
    struct level *l = levels;

    if (l == NULL)
        return false;
    levels = l->outer;
    rec_running = l->running;
    rec_running.taken_over = true;
    rec_journal = l->journal;
    rec_set = l->set;
    rec_hot_set(&l->hot);
    rec_serial = l->serial;
    rec_lock();
    rec_parts_restore(l->parts);
    rec_threads_restore(l->threads);
    rec_unlock();
    rec_pages_free(l, sizeof *l);
    return true;
}

bool rec_nest_writes(const char *path)
{
    for (const struct level *l = levels; l != NULL; l = l->outer)
        if (rec_files_are_at(path, &l->running.trace, &l->journal))
            return true;
    return false;
}

static struct level *find(uint32_t serial)
{
    struct level *l = levels;

    while (l != NULL && l->serial != serial)
        l = l->outer;
    return l;
}

bool rec_nest_stats(uint32_t serial, struct rec_stats *stats)
{
    const struct level *l = find(serial);

    if (l != NULL)
        *stats = l->stats;
    return l != NULL;
}

bool rec_nest_suspend(uint32_t serial, int by)
{
    struct level *l = find(serial);

    if (l == NULL || (by < 0 && l->running.suspends == 0))
        return false;
    l->running.suspends += (uint32_t)by;
    return true;
}

void rec_nest_forked(void)
{
    while (levels != NULL) {
        struct level *l = levels;

        levels = l->outer;
        rec_files_forked(&l->running.trace, &l->journal);
        pmt_drain_free(l->running.drain);
        rec_pages_free(l, sizeof *l);
    }
}
