/*
 * snapshot.c - the live set summed by stack (snapshot.h).
 */
#include "snapshot.h"

#include <string.h>

#include "define.h"
#include "thread.h"
#include "tracked.h"

static uint32_t last_serial;   /* atomic */

static const struct rec_saved state[] = {REC_SAVED(last_serial), {NULL, 0}};

static void stop(void)
{
    last_serial = 0;
}

const struct rec_part rec_part_snapshot = {.stop = stop, .saved = state};

void rec_snapshot_begin(struct rec_snapshot *s)
{
    memset(s, 0, sizeof *s);
    s->rows.row_bytes = sizeof(struct pmt_snapshot_row);
    s->time = rec_now();
    s->failed = rec_map_init(&s->index, REC_ROWS_MAX, false, false) != 0;
}

/* The row of a stack and a domain, which may be new; NULL without memory. */
static struct pmt_snapshot_row *row_of(struct rec_snapshot *s,
                                       uint32_t stack, unsigned domain)
{
    uint64_t key = (uint64_t)stack << 8 | domain << 1 | 1;
    struct rec_pair *pair = rec_map_find(&s->index, key);
    struct pmt_snapshot_row *row;

    if (pair != NULL)
        return rec_rows_at(&s->rows, (uint32_t)pair->value);
    row = rec_rows_make(&s->rows, s->count);
    if (row == NULL || rec_map_put(&s->index, key, s->count) != 0)
        return NULL;
    s->count++;
    row->stack = stack;
    row->domain = domain;
    return row;
}

void rec_snapshot_add(struct rec_snapshot *s, uint32_t stack,
                      unsigned domain, uint64_t blocks, uint64_t bytes)
{
    struct pmt_snapshot_row *row;

    if (s->failed)
        return;
    row = row_of(s, stack, domain);
    if (row == NULL) {
        s->failed = true;
        return;
    }
    row->blocks += blocks;
    row->bytes += bytes;
}

static void add_block(void *arg, const struct rec_live_block *block)
{
    rec_snapshot_add(arg, block->stack, block->domain, 1, block->size);
}

void rec_snapshot_add_live(struct rec_snapshot *s)
{
    if (rec_live_visit(&rec_blocks, add_block, s) != 0)
        s->failed = true;
}

bool rec_snapshot_write(struct rec_snapshot *s, const char *name,
                        size_t name_bytes, const char *values,
                        size_t value_bytes)
{
    uint32_t batch = s->count - s->written;
    int failed = 0;

    if (s->failed)
        return false;
    if (s->serial == 0)
        s->serial = __atomic_add_fetch(&last_serial, 1, __ATOMIC_RELAXED);
    if (batch > REC_SNAPSHOT_ROWS)
        batch = REC_SNAPSHOT_ROWS;
    rec_lock();
    if (batch > 0)
        failed = rec_define_snapshot_rows(s->serial,
                                          rec_rows_at(&s->rows, s->written),
                                          batch);
    if (failed == 0 && s->written + batch == s->count)
        failed = rec_define_snapshot(s->serial, s->count, s->time, name,
                                     name_bytes, values, value_bytes);
    rec_unlock();
    s->written += batch;
    if (failed != 0) {
        s->failed = true;
        pmt_journal_lose(&rec_journal, PMT_LOSS_FULL, 1);
        return false;
    }
    return s->written < s->count;
}

void rec_snapshot_release(struct rec_snapshot *s)
{
    rec_map_release(&s->index);
    rec_rows_release(&s->rows);
    memset(s, 0, sizeof *s);
}

_Static_assert(REC_ROWS_CHUNK % REC_SNAPSHOT_ROWS == 0,
               "a batch of rows is in one piece");
