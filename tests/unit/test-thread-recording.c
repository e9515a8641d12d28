/*
 * test-thread-recording.c: threads that record while recordings begin inside
 * each other, pause and end, with fewer segments than threads. Meant for the
 * thread sanitizer too.
 *
 * LINK: recorder/recording.c recorder/files.c recorder/descriptors.c recorder/drainer.c recorder/fork.c recorder/nest.c recorder/parts-all.c recorder/room.c recorder/thread.c recorder/define.c recorder/table.c recorder/dump.c recorder/tidy.c recorder/signals.c recorder/proc-linux-self.c recorder/proc-linux-text.c recorder/filter.c
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "pmt/reader.h"
#include "recorder/define.h"
#include "recorder/thread.h"

#define THREADS 12u
#define SEGMENTS 6u
#define ROUNDS 40
#define EVENTS 2000u

const struct rec_part *const rec_parts[] = {&rec_part_threads,
                                            &rec_part_define, NULL};

static char folder[] = "/tmp/pmtrace-test-XXXXXX";
static uint64_t recorded; /* atomic: events that were let in */
static uint64_t lost;     /* of these, as the figures tell */
static unsigned stopping; /* atomic */

static void begin(const char *name)
{
    struct rec_config c;
    struct pmt_error err = {0};
    char path[200];

    memset(&c, 0, sizeof c);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    c.path = path;
    c.settings.wait = 1;
    c.settings.segments = SEGMENTS;
    c.settings.tick_ns = 100;
    c.settings.force = 1;
    assert_int_equal(rec_recording_open(&c, &err), PMT_OK);
    rec_recording_go();
}

static void end(void)
{
    uint32_t serial = rec_recording_serial();
    struct pmt_error err = {0};
    struct rec_stats stats;

    assert_int_equal(rec_recording_close(&err), PMT_OK);
    rec_recording_go();
    rec_recording_stats(serial, &stats);
    for (int i = 0; i < PMT_LOSS_CAUSES; i++)
        lost += stats.lost[i];
}

/* Alloc records in a trace, which must be whole. */
static uint64_t records_in(const char *name)
{
    struct pmt_source source;
    struct pmt_reader *r;
    struct pmt_event e;
    uint64_t records = 0;
    char path[200];
    int rc;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(pmt_source_open_file(&source, path, NULL), PMT_OK);
    assert_int_equal(pmt_reader_open(&r, &source, NULL, NULL), PMT_OK);
    while ((rc = pmt_reader_next(r, &e, NULL)) == PMT_OK) {
        assert_int_not_equal(e.type, PMT_EVENT_DAMAGE);
        if (pmt_reader_allocs(r) != NULL)
            records += e.envelope.count;
    }
    assert_int_equal(rc, PMT_END);
    pmt_reader_free(r);
    return records;
}

static void event(uint64_t address)
{
    struct rec_thread *t = rec_enter();

    if (t == NULL)
        return;
    rec_append(t, rec_now(),
               pmt_raw_word(pmt_raw_alloc_tag(0, 0),
                            (const void *)(uintptr_t)address),
               16, 0);
    __atomic_fetch_add(&recorded, 1, __ATOMIC_RELAXED);
    rec_leave(t);
}

static void *work(void *context)
{
    uint64_t n = (uint64_t)(uintptr_t)context << 40;

    for (unsigned i = 0; i < EVENTS ||
                         !__atomic_load_n(&stopping, __ATOMIC_ACQUIRE); i++) {
        event(n += 16);
        if (i % 500 == 0)
            usleep(1000); /* idle, with a segment */
    }
    return NULL;
}

static void start_threads(pthread_t *threads)
{
    recorded = lost = 0;
    stopping = 0;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work,
                                        (void *)(uintptr_t)(i + 1)), 0);
}

static void join_threads(pthread_t *threads)
{
    __atomic_store_n(&stopping, 1, __ATOMIC_RELEASE);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* Twice as many threads as segments. Where all segments are held by threads
 * that the system keeps from running, something may be lost. */
static void test_more_threads_than_segments(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    begin("crowd.pmt");
    start_threads(threads);
    join_threads(threads);
    end();
    assert_int_equal(rec_phase(), REC_PHASE_NONE);
    assert_int_equal(records_in("crowd.pmt") + lost, recorded);
    assert_true(lost < recorded / 10);
    assert_true(recorded >= THREADS * EVENTS);
}

/* Each event that was let in is in one of the traces. */
static void test_inside_each_other(void **state)
{
    pthread_t threads[THREADS];
    uint64_t inner = 0;

    (void)state;
    begin("outer.pmt");
    start_threads(threads);
    for (int i = 0; i < ROUNDS; i++) {
        if (i % 2 == 0) {
            begin("inner.pmt");
            usleep(2000);
            end();
            inner += records_in("inner.pmt");
        } else {
            assert_true(rec_recording_suspend(0));
            usleep(500);
            assert_true(rec_recording_resume(0));
        }
        usleep(2000);
    }
    join_threads(threads);
    end();
    assert_int_equal(records_in("outer.pmt") + inner + lost, recorded);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
    static const char *const names[] = {"crowd.pmt", "outer.pmt",
                                        "inner.pmt"};
    char path[200];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_more_threads_than_segments),
        cmocka_unit_test(test_inside_each_other),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
