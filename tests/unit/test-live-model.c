/* test-live-model.c: the live set of one stream against a model that searches
 * a list from end to end, on records without sense; and its size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "live-set.h"
#include "pmt/error.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static int begin(void **state)
{
    struct pmt_live_set *set = malloc(sizeof *set);

    pmt_live_set_init(set, PMT_KIND_ALLOC);
    *state = set;
    return 0;
}

static int finish(void **state)
{
    pmt_live_set_release(*state);
    free(*state);
    return 0;
}

/* ---- against a model --------------------------------------------------- */

#define MODEL_SIZE 512

struct model_block {
    uint64_t address, size, time;
    uint32_t stack;
};

struct model {
    struct model_block live[MODEL_SIZE], open[4];
    bool is_open[4], was_live[4];
    size_t count;
    uint64_t unknown, unseen, peak;
};

static uint64_t random_state = 0x2545f4914f6cdd1d;

static uint64_t random_below(uint64_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % limit;
}

static size_t model_find(const struct model *model, uint64_t address)
{
    size_t i;

    for (i = 0; i < model->count; i++)
        if (model->live[i].address == address)
            break;
    return i;
}

static void model_add(struct model *model, const struct model_block *block)
{
    size_t i = model_find(model, block->address);
    uint64_t bytes = 0;

    model->unseen += i < model->count;
    model->live[i] = *block;
    model->count += i == model->count;
    for (i = 0; i < model->count; i++)
        bytes += model->live[i].size;
    if (bytes > model->peak)
        model->peak = bytes;
}

static void model_take(struct model *model, const struct pmt_alloc *record)
{
    struct model_block block = {record->address, record->size, record->time,
                                record->stack};
    size_t i = model_find(model, record->address);
    uint32_t t = record->thread;

    if (record->op == PMT_ALLOC_FREE ||
        record->op == PMT_ALLOC_REALLOC_FREE) {
        if (record->op == PMT_ALLOC_REALLOC_FREE) {
            model->is_open[t] = true;
            model->was_live[t] = i < model->count;
            model->open[t] = i < model->count ? model->live[i] : block;
        }
        if (i < model->count)
            model->live[i] = model->live[--model->count];
        else
            model->unknown++;
        return;
    }
    if (record->op != PMT_ALLOC_REALLOC_UNDO) {
        model_add(model, &block);
    } else if (model->is_open[t] &&
               model->open[t].address == record->address) {
        if (model->was_live[t])
            model_add(model, &model->open[t]);
        else
            model->unknown--;
    }
    if (record->op != PMT_ALLOC_MALLOC && record->op != PMT_ALLOC_CALLOC)
        model->is_open[t] = false;
}

/* Records without sense in them: any op at any of 300 addresses. */
static struct pmt_alloc random_record(uint64_t time)
{
    static const uint8_t ops[] = {0, 0, 0, 1, 1, 2, 3, 4, 5, 5};
    struct pmt_alloc record = {
        .time = time,
        .address = random_below(300) * 16,
        .size = random_below(1000),
        .stack = (uint32_t)random_below(50),
        .thread = (uint32_t)random_below(4),
        .op = ops[random_below(COUNT(ops))],
    };

    if (!pmt_alloc_has_size(record.op))
        record.size = 0;
    return record;
}

static void same_as_model(struct pmt_live_set *set, const struct model *model)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < model->count; i++) {
        const struct pmt_block *block =
            pmt_live_table_find(&set->table, model->live[i].address);

        assert_non_null(block);
        assert_int_equal(block->size, model->live[i].size);
        assert_int_equal(block->time, model->live[i].time);
        assert_int_equal(block->stack, model->live[i].stack);
        bytes += block->size;
    }
    assert_int_equal(set->table.count, model->count);
    assert_int_equal(set->now.count, model->count);
    assert_int_equal(set->now.bytes, bytes);
    assert_int_equal(set->counts.unknown_before_loss, model->unknown);
    assert_int_equal(set->counts.unseen, model->unseen);
    assert_int_equal(set->peak.bytes, model->peak);
}

static void test_against_model(void **state)
{
    struct pmt_alloc records[97];
    struct pmt_live_set *set = *state;
    static struct model model;
    uint64_t time = 0;

    for (int round = 0; round < 300; round++) {
        for (size_t i = 0; i < COUNT(records); i++) {
            records[i] = random_record(++time);
            model_take(&model, &records[i]);
        }
        assert_int_equal(pmt_live_set_allocs(set, records, COUNT(records)),
                         PMT_OK);
        same_as_model(set, &model);
    }
}

/* The same where the records tell of earlier ones with their address: of any of
 * them, or of none, as a hostile trace may. */
static void test_links(void **state)
{
    enum { ROWS = 999 };
    static uint64_t columns[6][ROWS];
    static uint32_t link[ROWS];
    static struct model model;
    struct pmt_live_set *set = *state;
    uint64_t time = 0;
    const struct pmt_live_columns given = {
        .time = columns[0], .op = columns[1], .address = columns[2],
        .size = columns[3], .stack = columns[4], .thread = columns[5],
        .link = link};

    for (int round = 0; round < 30; round++) {
        for (size_t i = 0; i < ROWS; i++) {
            struct pmt_alloc record = random_record(++time);

            model_take(&model, &record);
            columns[0][i] = record.time;
            columns[1][i] = (uint64_t)record.op << 2;
            columns[2][i] = record.address;
            columns[3][i] = record.size;
            columns[4][i] = record.stack;
            columns[5][i] = record.thread;
            link[i] = (uint32_t)random_below(i + 1);
            while (link[i] && columns[2][link[i] - 1] != record.address)
                link[i]--;
        }
        assert_int_equal(pmt_live_set_columns(set, &given, ROWS), PMT_OK);
        same_as_model(set, &model);
    }
}

/* ---- size -------------------------------------------------------------- */

/* 64 bytes a live block at any number of blocks from 20,000 up, also for
 * addresses that differ in their top bits only. */
static void test_memory(void **state)
{
    struct pmt_live_set *set = *state;
    uint64_t live = 0;

    while (live < 300000) {
        struct pmt_alloc records[1000];

        for (size_t i = 0; i < COUNT(records); i++)
            records[i] = (struct pmt_alloc){.op = PMT_ALLOC_MALLOC,
                                            .address = live++ << 40};
        assert_int_equal(pmt_live_set_allocs(set, records, COUNT(records)),
                         PMT_OK);
        if (live >= 20000)
            assert_true(pmt_live_set_memory(set) <= live * 64);
    }
    assert_int_equal(set->now.count, 300000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_against_model, begin, finish),
        cmocka_unit_test_setup_teardown(test_links, begin, finish),
        cmocka_unit_test_setup_teardown(test_memory, begin, finish),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
