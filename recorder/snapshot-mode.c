/*
 * snapshot-mode.c - the mode `snapshot` (snapshot-mode.h): snapshots at an
 * interval, at marks, at a signal and at the end.
 *
 * Those at an interval and at a signal are written by the draining thread,
 * which must not wait for itself: it writes as much as there are free
 * segments for, and the rest at the next tick.
 */
#include "snapshot-mode.h"

#include <string.h>

#include "alloc.h"
#include "live-python.h"
#include "signals.h"
#include "snapshot.h"
#include "thread.h"

/* The draining thread's. */
static struct rec_snapshot own;
static const char *own_name;   /* NULL: none is being written */
static uint64_t last_ns;

static void stop(void)
{
    rec_snapshot_release(&own);
    own_name = NULL;
    last_ns = 0;
}

static const struct rec_saved state[] = {REC_SAVED(own), REC_SAVED(own_name),
                                         REC_SAVED(last_ns), {NULL, 0}};

const struct rec_part rec_part_snapshot_mode = {.stop = stop,
                                                .saved = state};

/* ---- by the draining thread ------------------------------------------------------ */

/* True while a quarter of all segments is free. */
static bool has_room(void)
{
    uint32_t count = rec_journal.header->segment_count, free_ones = 0;

    for (uint32_t i = 0; i < count; i++)
        free_ones +=
            __atomic_load_n(&pmt_journal_segment(&rec_journal, i)->state,
                            __ATOMIC_RELAXED) == PMT_SEGMENT_FREE;
    return free_ones >= count / 4;
}

static const char *due(uint64_t now_ns)
{
    if (last_ns == 0)
        last_ns = now_ns;
    if (rec_signal_take(REC_SIGNAL_SNAPSHOT))
        return "signal";
    if (rec_set.snapshot_ms != 0 &&
        now_ns - last_ns >= rec_set.snapshot_ms * UINT64_C(1000000)) {
        last_ns = now_ns;
        return "interval";
    }
    return NULL;
}

static void tick(uint64_t now_ns)
{
    if (own_name == NULL) {
        own_name = due(now_ns);
        if (own_name == NULL)
            return;
        rec_snapshot_begin(&own);
        rec_snapshot_add_live(&own);
    }
    while (has_room())
        if (!rec_snapshot_write(&own, own_name, strlen(own_name), NULL, 0)) {
            rec_snapshot_release(&own);
            own_name = NULL;
            return;
        }
}

/* ---- the mode ------------------------------------------------------------------- */

static int install(bool floor)
{
    int number = floor ? 0 : (int)rec_set.snapshot_signal;

    if (number != 0 && rec_signal_catch(REC_SIGNAL_SNAPSHOT, number) != 0) {
        PyErr_Format(PyExc_ValueError, "signal %d can't be used", number);
        return -1;
    }
    if (rec_alloc_install(floor) == 0)
        return 0;
    rec_signal_release(REC_SIGNAL_SNAPSHOT);
    return -1;
}

static void uninstall(void)
{
    rec_signal_release(REC_SIGNAL_SNAPSHOT);
    rec_alloc_uninstall();
}

static void moment(void)
{
    if (rec_set.snapshot_marks)
        rec_live_snapshot("mark");
}

static void end(void)
{
    rec_live_snapshot("end");
}

const struct rec_mode rec_mode_snapshot = {
    .name = "snapshot", .bit = REC_MODE_SNAPSHOT, .install = install,
    .uninstall = uninstall, .is_called = rec_alloc_is_called,
    .moment = moment, .end = end, .tick = tick,
    .methods = rec_live_methods};
