/*
 * test-thread-live-table.c: many threads in the table of live blocks at once,
 * and one that looks at all of it meanwhile. Meant for the thread sanitizer
 * too.
 *
 * LINK: recorder/live-table.c recorder/table.c
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recorder/live-table.h"

static struct rec_live table;

#define THREADS 4u
#define BLOCKS 4000u
#define ROUNDS 20u

static uint32_t running;  /* atomic */
static uint32_t failures; /* atomic */

static void fail_if(bool condition)
{
    if (condition)
        __atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);
}

static struct rec_live_block block_of(uint32_t thread, uint32_t i)
{
    struct rec_live_block b = {.address = 0x10000 + 16 * (i * THREADS +
                                                          thread),
                               .size = i + 1, .stack = i, .thread = thread};

    return b;
}

static void *work(void *arg)
{
    uint32_t thread = (uint32_t)(uintptr_t)arg;

    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < BLOCKS; i++) {
            struct rec_live_block b = block_of(thread, i);

            fail_if(!rec_live_add(&table, &b));
        }
        /* Every fourth stays, to be taken by the next round's add. */
        for (uint32_t i = 0; i < BLOCKS; i++) {
            struct rec_live_block b;
            void *p = (void *)(uintptr_t)block_of(thread, i).address;

            fail_if(!rec_live_maybe(&table, p));
            if (i % 4 != 0)
                fail_if(!rec_live_take(&table, p, &b) || b.thread != thread ||
                        b.size != i + 1);
        }
    }
    __atomic_fetch_sub(&running, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void visit(void *arg, const struct rec_live_block *b)
{
    uint32_t *kept = arg;

    fail_if(b->thread >= THREADS || b->size != b->stack + 1);
    *kept += b->stack % 4 == 0;
}

static void test_threads(void **state)
{
    const uint32_t stay = THREADS * BLOCKS / 4;
    pthread_t threads[THREADS];
    uint32_t kept = 0;

    (void)state;
    running = THREADS;
    assert_int_equal(rec_live_start(&table, true, false), 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)i),
                         0);
    while (__atomic_load_n(&running, __ATOMIC_ACQUIRE) > 0) {
        kept = 0;
        assert_int_equal(rec_live_visit(&table, visit, &kept), 0);
        assert_true(kept <= stay);
    }
    for (uint32_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    kept = 0;
    assert_int_equal(rec_live_visit(&table, visit, &kept), 0);
    assert_int_equal(kept, stay);
    assert_int_equal(rec_live_count(&table), stay);
    assert_int_equal(failures, 0);
    rec_live_stop(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
