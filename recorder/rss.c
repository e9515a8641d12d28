/*
 * rss.c - the resident set size at events (rss.h).
 */
#include "rss.h"

#include <errno.h>
#include <unistd.h>

#include "cpython.h"
#include "proc.h"

#define RSS_UNIT 4096u
#define LEAST_US 100u

struct rec_rss rec_rss = {.next = UINT64_MAX};

/* Guarded by the GIL. */
static unsigned installed;
static bool arenas_in;
static PyObjectArenaAllocator below;

static uint64_t period;       /* between reads, of the clock of records */
static uint32_t busy;         /* atomic; somebody reads */

/* ---- arenas ------------------------------------------------------------------- */

static bool never(void)
{
    return __atomic_load_n(&rec_rss.next, __ATOMIC_RELAXED) == UINT64_MAX;
}

static void *arena_alloc(void *ctx, size_t bytes)
{
    if (!never())
        rec_rss_moved();
    return below.alloc(ctx, bytes);
}

static void arena_free(void *ctx, void *p, size_t bytes)
{
    if (!never())
        rec_rss_moved();
    below.free(ctx, p, bytes);
}

/* Once others' are above ours, ours stays where it is. */
static void put_in_arenas(void)
{
    PyObjectArenaAllocator now;

    if (arenas_in)
        return;
    PyObject_GetArenaAllocator(&below);
    now = below;
    now.alloc = arena_alloc;
    now.free = arena_free;
    PyObject_SetArenaAllocator(&now);
    arenas_in = true;
}

static void take_out_arenas(void)
{
    PyObjectArenaAllocator now;

    PyObject_GetArenaAllocator(&now);
    if (now.alloc != arena_alloc || now.free != arena_free)
        return;
    PyObject_SetArenaAllocator(&below);
    arenas_in = false;
}

/* ---- begin and end -------------------------------------------------------------- */

/* Counts of the clock in so many microseconds. */
static uint64_t counts_of(uint64_t us)
{
    const struct pmt_journal_header *h = rec_journal.header;
    uint64_t ns = us * 1000;

    if (h == NULL || h->clock != PMT_CLOCK_COUNTER)
        return ns;
    return (uint64_t)((double)ns * (double)h->raw_per_ns_q32 / 4294967296.0);
}

void rec_rss_forked(void)
{
    busy = 0;
}

void rec_rss_renew(void)
{
    if (installed == 0)
        return;
    rec_rss.value = 0;
    rec_rss_moved();
}

void rec_rss_install(bool always)
{
    uint64_t us = rec_set.rss_us;

    if (us == 0 && !always)
        return;
    if (installed++ > 0)
        return;
    period = counts_of(us > 0 ? us : LEAST_US);
    rec_proc_rss_open();
    put_in_arenas();
    rec_rss.value = 0;
    rec_rss_moved();
}

void rec_rss_uninstall(void)
{
    if (installed == 0 || --installed > 0)
        return;
    __atomic_store_n(&rec_rss.next, UINT64_MAX, __ATOMIC_RELAXED);
    take_out_arenas();
    rec_proc_rss_close();
}

/* ---- reading -------------------------------------------------------------------- */

bool rec_rss_refresh(uint64_t now)
{
    static uint64_t page_bytes;
    int saved = errno;
    uint64_t pages;

    /* Interpreters with locks of their own may come here at once. */
    if (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE))
        return false;
    if (page_bytes == 0)
        page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    pages = rec_proc_rss();
    if (pages > 0)
        __atomic_store_n(&rec_rss.value, pages * page_bytes / RSS_UNIT,
                         __ATOMIC_RELAXED);
    __atomic_store_n(&rec_rss.next, now + period, __ATOMIC_RELAXED);
    __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
    errno = saved;
    return true;
}

void rec_rss_read(struct rec_thread *t, uint64_t now)
{
    if (rec_rss_refresh(now))
        rec_rss_append(t, now);
}

void rec_rss_append(struct rec_thread *t, uint64_t now)
{
    uint64_t value = __atomic_load_n(&rec_rss.value, __ATOMIC_RELAXED);

    if (value > 0 &&
        rec_append(t, now,
                   (uint64_t)PMT_RAW_RSS << PMT_RAW_ADDRESS_BITS |
                       (value & PMT_RAW_ADDRESS_MASK),
                   0, 0))
        rec_was_note(t);
}
