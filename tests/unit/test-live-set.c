/* test-live-set.c: the live set of one stream, on records made by hand. The
 * expected numbers are counted by hand from the rules of the spec (8.3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "live-set.h"
#include "pmt/error.h"

/* ---- records ----------------------------------------------------------- */

#define FREE(a)                                                               \
    {                                                                         \
        .op = PMT_ALLOC_FREE, .address = (a), .thread = 1                     \
    }
#define MALLOC(a, n)                                                          \
    {                                                                         \
        .op = PMT_ALLOC_MALLOC, .address = (a), .size = (n), .stack = 7,      \
        .thread = 1, .domain = PMT_DOMAIN_OBJ                                 \
    }
#define REALLOC_FREE(a, t)                                                    \
    {                                                                         \
        .op = PMT_ALLOC_REALLOC_FREE, .address = (a), .thread = (t)           \
    }
#define REALLOC(a, n, t)                                                      \
    {                                                                         \
        .op = PMT_ALLOC_REALLOC, .address = (a), .size = (n), .stack = 9,     \
        .thread = (t)                                                         \
    }
#define UNDO(a, t)                                                            \
    {                                                                         \
        .op = PMT_ALLOC_REALLOC_UNDO, .address = (a), .thread = (t)           \
    }
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Takes records at ticks 1, 2, 3, ... behind those taken before. */
static void take(struct pmt_live_set *set, const struct pmt_alloc *records,
                 size_t n)
{
    struct pmt_alloc copy[64];

    assert_true(n <= COUNT(copy));
    for (size_t i = 0; i < n; i++) {
        copy[i] = records[i];
        copy[i].time = set->now.time + i + 1;
    }
    assert_int_equal(pmt_live_set_allocs(set, copy, n), PMT_OK);
}

static void take_objects(struct pmt_live_set *set,
                         const struct pmt_object *records, size_t n,
                         const struct pmt_id_map *sizes)
{
    assert_int_equal(pmt_live_set_objects(set, records, NULL, NULL, n, sizes),
                     PMT_OK);
}

static void live_is(const struct pmt_live_set *set, uint64_t count,
                    uint64_t bytes)
{
    assert_int_equal(set->now.count, count);
    assert_int_equal(set->now.bytes, bytes);
    assert_int_equal(set->table.count, count);
}

/* The block at `address`, which must be live. */
static const struct pmt_block *block_at(struct pmt_live_set *set,
                                        uint64_t address)
{
    const struct pmt_block *block =
        pmt_live_table_find(&set->table, address);

    assert_non_null(block);
    return block;
}

static int begin_blocks(void **state)
{
    struct pmt_live_set *set = malloc(sizeof *set);

    pmt_live_set_init(set, PMT_KIND_ALLOC);
    *state = set;
    return set == NULL;
}

static int begin_objects(void **state)
{
    begin_blocks(state);
    ((struct pmt_live_set *)*state)->kind = PMT_KIND_OBJECT;
    return 0;
}

static int finish(void **state)
{
    pmt_live_set_release(*state);
    free(*state);
    return 0;
}

/* ---- blocks ------------------------------------------------------------ */

static void test_malloc_and_free(void **state)
{
    static const struct pmt_alloc records[] = {
        MALLOC(0x1000, 10), MALLOC(0x2000, 20), MALLOC(0x3000, 30),
        FREE(0x2000),       MALLOC(0x2000, 5),  FREE(0x1000),
    };
    struct pmt_live_set *set = *state;

    take(set, records, COUNT(records));
    live_is(set, 2, 35);
    assert_int_equal(set->counts.created, 4);
    assert_int_equal(set->counts.bytes, 65);
    assert_int_equal(set->counts.destroyed, 2);
    assert_int_equal(set->counts.unknown_before_loss, 0);
    assert_int_equal(set->counts.unseen, 0);
    assert_int_equal(set->peak.bytes, 60);
    assert_int_equal(set->peak.count, 3);
    assert_int_equal(set->peak.step, 3);
    assert_int_equal(set->peak.time, 3);
    assert_int_equal(block_at(set, 0x2000)->size, 5);
    assert_int_equal(block_at(set, 0x2000)->time, 5);
    assert_int_equal(block_at(set, 0x2000)->stack, 7);
    assert_int_equal(block_at(set, 0x2000)->domain, PMT_DOMAIN_OBJ);
    assert_null(pmt_live_table_find(&set->table, 0x1000));
}

static void test_free_of_unknown(void **state)
{
    static const struct pmt_alloc before[] = {FREE(0x10), FREE(0x20),
                                              MALLOC(0x10, 1)};
    static const struct pmt_alloc after[] = {FREE(0x20), FREE(0x10),
                                             REALLOC_FREE(0x30, 1)};
    struct pmt_live_set *set = *state;

    take(set, before, COUNT(before));
    pmt_live_set_lost(set, 4);
    pmt_live_set_lost(set, 5);
    take(set, after, COUNT(after));
    live_is(set, 0, 0);
    assert_int_equal(set->counts.unknown_before_loss, 2);
    assert_int_equal(set->counts.unknown_after_loss, 2);
    assert_int_equal(set->counts.destroyed, 1);
    assert_true(set->lossy);
    assert_int_equal(set->loss_time, 4);
}

static void test_address_used_again(void **state)
{
    static const struct pmt_alloc records[] = {MALLOC(0x10, 100),
                                               MALLOC(0x10, 3)};
    struct pmt_live_set *set = *state;

    take(set, records, COUNT(records));
    live_is(set, 1, 3);
    assert_int_equal(set->counts.unseen, 1);
    assert_int_equal(set->counts.inferred, 0);
    assert_int_equal(block_at(set, 0x10)->time, 2);
    assert_int_equal(set->peak.bytes, 100);
}

static void test_resize(void **state)
{
    static const struct pmt_alloc records[] = {
        MALLOC(0x10, 100),     REALLOC_FREE(0x10, 1), REALLOC(0x10, 150, 1),
        REALLOC_FREE(0x10, 1), REALLOC(0x90, 70, 1),
        /* Of a block made before recording began, and of NULL. */
        REALLOC_FREE(0x50, 1), REALLOC(0x60, 1, 1),   REALLOC(0x70, 2, 1),
    };
    struct pmt_live_set *set = *state;

    take(set, records, COUNT(records));
    live_is(set, 3, 73);
    assert_int_equal(set->counts.created, 2);
    assert_int_equal(set->counts.destroyed, 0);
    assert_int_equal(set->counts.resized, 3);
    assert_int_equal(set->counts.unknown_before_loss, 1);
    assert_int_equal(set->counts.bytes, 100 + 150 + 70 + 1 + 2);
    assert_int_equal(block_at(set, 0x90)->stack, 9);
    assert_int_equal(set->peak.bytes, 150);
}

static void test_failed_realloc(void **state)
{
    static const struct pmt_alloc records[] = {
        MALLOC(0x10, 100),
        REALLOC_FREE(0x10, 5),
        UNDO(0x10, 5),
    };
    struct pmt_live_set *set = *state;

    take(set, records, COUNT(records));
    live_is(set, 1, 100);
    assert_int_equal(block_at(set, 0x10)->time, 1);
    assert_int_equal(block_at(set, 0x10)->stack, 7);
    assert_int_equal(block_at(set, 0x10)->thread, 1);
    assert_int_equal(block_at(set, 0x10)->domain, PMT_DOMAIN_OBJ);
    assert_int_equal(set->counts.undone, 1);
    assert_int_equal(set->counts.resized, 0);
    assert_int_equal(set->counts.destroyed, 0);
    assert_int_equal(set->counts.bytes, 100);
}

/* Two threads in realloc at once; one succeeds, one fails. */
static void test_failed_realloc_of_two_threads(void **state)
{
    static const struct pmt_alloc records[] = {
        MALLOC(0x10, 100),     MALLOC(0x20, 200), REALLOC_FREE(0x10, 1),
        REALLOC_FREE(0x20, 2), UNDO(0x10, 1),     REALLOC(0x30, 300, 2),
        /* Nothing of thread 2 is open: this undoes nothing. */
        UNDO(0x20, 2),
    };
    struct pmt_live_set *set = *state;

    take(set, records, COUNT(records));
    live_is(set, 2, 400);
    assert_int_equal(block_at(set, 0x10)->time, 1);
    assert_int_equal(block_at(set, 0x30)->time, 6);
    assert_int_equal(set->counts.undone, 2);
}

static void test_failed_realloc_of_unknown(void **state)
{
    static const struct pmt_alloc records[] = {
        REALLOC_FREE(0x10, 1), UNDO(0x10, 1), FREE(0x10),
    };
    struct pmt_live_set *set = *state;

    take(set, records, COUNT(records));
    live_is(set, 0, 0);
    /* The failed one released nothing; the free did. */
    assert_int_equal(set->counts.unknown_before_loss, 1);
    pmt_live_set_lost(set, 9);
    take(set, records, COUNT(records));
    assert_int_equal(set->counts.unknown_before_loss, 1);
    assert_int_equal(set->counts.unknown_after_loss, 1);
}

/* The realloc_free was lost: the block is still there as it was. */
static void test_failed_realloc_without_its_beginning(void **state)
{
    static const struct pmt_alloc records[] = {
        MALLOC(0x10, 100), UNDO(0x10, 1), UNDO(0x20, 1),
    };
    struct pmt_live_set *set = *state;

    take(set, records, COUNT(records));
    live_is(set, 1, 100);
    assert_int_equal(block_at(set, 0x10)->time, 1);
    assert_int_equal(set->counts.unseen, 0);
}

static void test_until(void **state)
{
    static const struct pmt_alloc records[] = {
        MALLOC(0x10, 1), MALLOC(0x20, 2), MALLOC(0x30, 4), FREE(0x10),
    };
    struct pmt_live_set *set = *state;

    set->until_time = 2;
    take(set, records, COUNT(records));
    live_is(set, 2, 3);
    set->until_time = UINT64_MAX;
    set->until_step = 3;
    take(set, records + 2, 2);
    live_is(set, 3, 7);
    pmt_live_set_lost(set, 9);
    assert_false(set->lossy);
}

/* ---- live sets in the trace -------------------------------------------- */

static void test_state_replaces(void **state)
{
    static const struct pmt_alloc before[] = {MALLOC(0x10, 1),
                                              MALLOC(0x20, 2)};
    static const struct pmt_live part0[] = {
        {.address = 0x20, .size = 50, .time = 3, .stack = 4, .thread = 2},
        {.address = 0x30, .size = 60, .time = 1, .domain = PMT_DOMAIN_RAW},
    };
    static const struct pmt_live part1[] = {{.address = 0x40, .size = 70}};
    static const struct pmt_alloc after[] = {FREE(0x10), FREE(0x30)};
    struct pmt_live_set *set = *state;

    take(set, before, 2);
    pmt_live_set_lost(set, 3);
    assert_int_equal(pmt_live_set_part(set, 10, part0, 2, 0, 2, NULL),
                     PMT_OK);
    assert_int_equal(set->counts.parts_missing, 1);
    assert_int_equal(pmt_live_set_part(set, 10, part1, 1, 1, 2, NULL),
                     PMT_OK);
    live_is(set, 3, 180);
    assert_false(set->lossy);
    assert_int_equal(set->counts.parts_missing, 0);
    assert_int_equal(set->counts.states, 1);
    assert_int_equal(set->peak.bytes, 180);
    assert_int_equal(block_at(set, 0x20)->time, 3);
    assert_int_equal(block_at(set, 0x20)->stack, 4);
    assert_int_equal(block_at(set, 0x20)->thread, 2);
    take(set, after, 2);
    live_is(set, 2, 120);
    assert_int_equal(set->counts.unknown_before_loss, 1);
    assert_int_equal(set->counts.destroyed, 1);
    /* An empty one: nothing is live. */
    assert_int_equal(pmt_live_set_part(set, 20, NULL, 0, 0, 1, NULL), PMT_OK);
    live_is(set, 0, 0);
    assert_int_equal(set->counts.states, 2);
}

static void test_state_with_a_part_missing(void **state)
{
    static const struct pmt_live part[] = {{.address = 0x40, .size = 70}};
    struct pmt_live_set *set = *state;

    assert_int_equal(pmt_live_set_part(set, 10, part, 1, 1, 3, NULL),
                     PMT_OK);
    live_is(set, 1, 70);
    assert_true(set->lossy);
    assert_int_equal(set->counts.parts_missing, 1);
}

/* ---- objects ----------------------------------------------------------- */

#define CREATE(t, a, y)                                                       \
    {                                                                         \
        .time = (t), .op = PMT_OBJECT_CREATE, .address = (a), .type = (y),    \
        .stack = 3, .thread = 1                                               \
    }
#define DESTROY(t, a)                                                         \
    {                                                                         \
        .time = (t), .op = PMT_OBJECT_DESTROY, .address = (a)                 \
    }

static void test_objects(void **state)
{
    static const struct pmt_object records[] = {
        CREATE(1, 0x10, 1), CREATE(2, 0x20, 2), CREATE(3, 0x30, 2),
        DESTROY(4, 0x20),   DESTROY(5, 0x99),   CREATE(6, 0x30, 1),
    };
    static const uint64_t own[] = {1000, 2000, 3000, 0, 0, 4000};
    struct pmt_live_set *set = *state;
    struct pmt_id_map sizes = {0};

    assert_int_equal(pmt_id_map_set(&sizes, 1, 16), PMT_OK);
    assert_int_equal(pmt_id_map_set(&sizes, 2, 56), PMT_OK);
    set->infer = true;
    take_objects(set, records, 6, &sizes);
    live_is(set, 2, 32);
    assert_int_equal(set->counts.inferred, 1);
    assert_int_equal(set->counts.unseen, 0);
    assert_int_equal(set->counts.unknown_before_loss, 1);
    assert_int_equal(set->peak.count, 3);
    assert_int_equal(set->peak.step, 3);
    assert_int_equal(block_at(set, 0x30)->type, 1);
    pmt_live_set_release(set);
    pmt_live_set_init(set, PMT_KIND_OBJECT);
    assert_int_equal(pmt_live_set_objects(set, records, NULL, own, 6, &sizes),
                     PMT_OK);
    live_is(set, 2, 5000);
    assert_int_equal(set->counts.unseen, 1);
    pmt_id_map_release(&sizes);
}

/* ---- what is watched adds up ------------------------------------------- */

struct sums {
    int64_t count, bytes;
    uint64_t calls;
};

static void sum(void *context, const struct pmt_block *block, int sign,
                uint64_t time)
{
    struct sums *sums = context;

    (void)time;
    sums->count += sign;
    sums->bytes += sign * (int64_t)block->size;
    sums->calls++;
}

static void test_watch(void **state)
{
    static const struct pmt_alloc records[] = {
        MALLOC(0x10, 100), MALLOC(0x20, 200), REALLOC_FREE(0x10, 1),
        UNDO(0x10, 1),     MALLOC(0x20, 5),   FREE(0x77),
    };
    static const struct pmt_live live[] = {{.address = 0x20, .size = 50}};
    struct pmt_live_set *set = *state;
    struct sums sums = {0};

    set->watch = sum;
    set->watch_context = &sums;
    take(set, records, COUNT(records));
    assert_int_equal(sums.count, 2);
    assert_int_equal(sums.bytes, 105);
    assert_int_equal(sums.calls, 6);
    assert_int_equal(pmt_live_set_part(set, 9, live, 1, 0, 1, NULL), PMT_OK);
    assert_int_equal(sums.count, 1);
    assert_int_equal(sums.bytes, 50);
}

#define BLOCKS(test)                                                          \
    cmocka_unit_test_setup_teardown(test, begin_blocks, finish)
#define OBJECTS(test)                                                         \
    cmocka_unit_test_setup_teardown(test, begin_objects, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BLOCKS(test_malloc_and_free),
        BLOCKS(test_free_of_unknown),
        BLOCKS(test_address_used_again),
        BLOCKS(test_resize),
        BLOCKS(test_failed_realloc),
        BLOCKS(test_failed_realloc_of_two_threads),
        BLOCKS(test_failed_realloc_of_unknown),
        BLOCKS(test_failed_realloc_without_its_beginning),
        BLOCKS(test_until),
        BLOCKS(test_state_replaces),
        BLOCKS(test_state_with_a_part_missing),
        OBJECTS(test_objects),
        BLOCKS(test_watch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
