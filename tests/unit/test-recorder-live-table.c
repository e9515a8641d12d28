/*
 * test-recorder-live-table.c: the table of live blocks, against an array.
 *
 * LINK: recorder/live-table.c recorder/table.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recorder/live-table.h"
#include "table.h"

static struct rec_live table;

#define PLACES 60000u   /* addresses that are used */
#define STEPS 2000000u

static struct rec_live_block model[PLACES];  /* size 0: none */

static uint64_t address_of(uint32_t i)
{
    return UINT64_C(0x7f0000000000) + (uint64_t)i * 48;
}

static void *pointer(uint32_t i)
{
    return (void *)(uintptr_t)address_of(i);
}

static struct rec_live_block random_block(uint32_t i)
{
    struct rec_live_block b = {.address = address_of(i)};

    b.size = 1 + (uint64_t)random() % 5000;
    b.stack = (uint32_t)random();
    b.thread = (uint32_t)random() % 9;
    b.domain = (uint32_t)random() % 3;
    return b;
}

static bool same(const struct rec_live_block *a,
                 const struct rec_live_block *b)
{
    return a->address == b->address && a->size == b->size &&
           a->stack == b->stack && a->thread == b->thread &&
           a->domain == b->domain;
}

struct seen {
    uint32_t count;
    uint64_t bytes;
    bool wrong;
};

static void visit(void *arg, const struct rec_live_block *b)
{
    struct seen *seen = arg;
    uint64_t i = (b->address - address_of(0)) / 48;

    seen->count++;
    seen->bytes += b->size;
    if (i >= PLACES || !same(b, &model[i]))
        seen->wrong = true;
}

static void check_all(void)
{
    struct seen seen = {0, 0, false};
    uint64_t bytes = 0, now, peak;
    uint32_t count = 0;

    for (uint32_t i = 0; i < PLACES; i++) {
        count += model[i].size != 0;
        bytes += model[i].size;
    }
    assert_int_equal(rec_live_visit(&table, visit, &seen), 0);
    assert_false(seen.wrong);
    assert_int_equal(seen.count, count);
    assert_int_equal(seen.bytes, bytes);
    assert_int_equal(rec_live_count(&table), count);
    rec_live_figures(&table, &now, &peak);
    assert_int_equal(now, bytes);
    assert_true(peak >= now);
}

static void random_steps(bool filtered)
{
    uint64_t bytes = 0, most = 0, now, peak;
    uint32_t no = 0;

    memset(model, 0, sizeof model);
    for (uint32_t step = 0; step < STEPS; step++) {
        uint32_t i = (uint32_t)random() % PLACES;
        struct rec_live_block b;
        bool there = model[i].size != 0;

        if (filtered) {
            assert_true(!there || rec_live_maybe(&table, pointer(i)));
            no += !rec_live_maybe(&table, pointer(i));
        }
        assert_true(rec_live_get(&table, pointer(i), &b) == there);
        assert_true(!there || same(&b, &model[i]));
        if (random() % 3 == 0) {
            bytes -= model[i].size;
            model[i] = random_block(i);
            bytes += model[i].size;
            assert_true(rec_live_add(&table, &model[i]));
        } else {
            assert_true(rec_live_take(&table, pointer(i), &b) == there);
            assert_true(!there || same(&b, &model[i]));
            bytes -= model[i].size;
            model[i].size = 0;
        }
        if (bytes > most)
            most = bytes;
        if (step % (STEPS / 8) == 0)
            check_all();
    }
    check_all();
    rec_live_figures(&table, &now, &peak);
    assert_int_equal(peak, most);
    assert_true(!filtered || no > 0);
}

static void test_random(void **state)
{
    uint64_t before = rec_memory_bytes();

    (void)state;
    assert_int_equal(rec_live_start(&table, false, false), 0);
    random_steps(false);
    rec_live_stop(&table);
    assert_int_equal(rec_memory_bytes(), before);
}

static void test_filtered(void **state)
{
    uint64_t before = rec_memory_bytes();

    (void)state;
    assert_int_equal(rec_live_start(&table, true, false), 0);
    random_steps(true);
    for (uint32_t i = 0; i < PLACES; i++) {
        struct rec_live_block b;

        if (model[i].size != 0)
            assert_true(rec_live_take(&table, pointer(i), &b));
    }
    for (uint32_t i = 0; i < PLACES; i++)
        assert_false(rec_live_maybe(&table, pointer(i)));
    rec_live_stop(&table);
    assert_int_equal(rec_memory_bytes(), before);
}

static void test_clear(void **state)
{
    struct rec_live_block b, block = random_block(3);
    struct seen seen = {0, 0, false};
    uint64_t now, peak;

    (void)state;
    for (int keep = 0; keep < 2; keep++) {
        assert_int_equal(rec_live_start(&table, true, keep), 0);
        assert_true(rec_live_add(&table, &block));
        rec_live_clear(&table);
        rec_live_figures(&table, &now, &peak);
        assert_int_equal(now, 0);
        assert_int_equal(peak, 0);
        assert_int_equal(rec_live_visit(&table, visit, &seen), 0);
        assert_int_equal(seen.count, 0);
        assert_int_equal(rec_live_maybe(&table, pointer(3)), keep);
        assert_int_equal(rec_live_take(&table, pointer(3), &b), keep);
        assert_true(!keep || (b.forgotten && same(&b, &block)));
        rec_live_figures(&table, &now, &peak);
        assert_int_equal(now, 0);
        assert_false(rec_live_maybe(&table, pointer(3)));
        /* It is tracked anew. */
        assert_true(rec_live_add(&table, &block));
        rec_live_figures(&table, &now, &peak);
        assert_int_equal(now, block.size);
        rec_live_stop(&table);
    }
}

static void test_peak(void **state)
{
    struct rec_live_block b, block = {.address = address_of(0), .size = 100};
    uint64_t now, peak;

    (void)state;
    assert_int_equal(rec_live_start(&table, false, false), 0);
    assert_true(rec_live_add(&table, &block));
    assert_true(rec_live_take(&table, pointer(0), &b));
    rec_live_figures(&table, &now, &peak);
    assert_int_equal(now, 0);
    assert_int_equal(peak, 100);
    rec_live_reset_peak(&table);
    rec_live_figures(&table, &now, &peak);
    assert_int_equal(peak, 0);
    /* Again at the same address: the release was not seen. */
    assert_true(rec_live_add(&table, &block));
    block.size = 70;
    assert_true(rec_live_add(&table, &block));
    rec_live_figures(&table, &now, &peak);
    assert_int_equal(now, 70);
    assert_int_equal(rec_live_count(&table), 1);
    rec_live_stop(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random), cmocka_unit_test(test_filtered),
        cmocka_unit_test(test_clear), cmocka_unit_test(test_peak)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
