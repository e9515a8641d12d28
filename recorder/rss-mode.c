/*
 * rss-mode.c - the mode `rss` (rss-mode.h). No hook is put in: the draining
 * thread reads it.
 */
#include "rss-mode.h"

#include <errno.h>

#include "figures.h"
#include "pmt/record.h"
#include "proc.h"
#include "recording.h"
#include "thread.h"

static uint64_t due_ns; /* the draining thread's */

/* False when the lock is taken and is not to be waited for. */
static bool put(bool wait)
{
    uint64_t time = rec_now(), bytes = rec_proc_rss_once();
    char line[64];
    int n;

    n = snprintf(line, sizeof line, "rss\tB\t0\t%llu\n",
                 (unsigned long long)bytes);
    if (wait)
        rec_lock();
    else if (!rec_trylock())
        return false;
    if (bytes != 0 && __atomic_load_n(&rec_hot.active, __ATOMIC_ACQUIRE))
        rec_define_figures(PMT_KIND_SAMPLE, 0, 0, time, line, (size_t)n);
    rec_unlock();
    return true;
}

static void moment(void)
{
    int saved = errno;

    put(true);
    errno = saved;
}

static void begin(void)
{
    moment();
    rec_recording_wake(); /* for the first tick */
}

static int install(bool floor)
{
    (void)floor;
    due_ns = 0;
    return 0;
}

static void uninstall(void)
{
}

static void tick(uint64_t now_ns)
{
    uint64_t every = (uint64_t)rec_set.rss_ms * 1000000u;

    if (due_ns == 0)
        due_ns = now_ns + every;
    if (now_ns >= due_ns && put(false))
        due_ns = due_ns + every > now_ns ? due_ns + every : now_ns + every;
    rec_recording_wake_by(due_ns);
}

const struct rec_mode rec_mode_rss = {.name = "rss",
                                      .bit = REC_MODE_RSS,
                                      .install = install,
                                      .begin = begin,
                                      .end = moment,
                                      .moment = moment,
                                      .uninstall = uninstall,
                                      .tick = tick};
