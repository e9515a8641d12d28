/* format-producer.c: see format-producer.h. */
#include "format-producer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

bool producer_put(struct producer *p, unsigned op, uint64_t address,
                  uint32_t size, uint32_t stack)
{
    const struct pmt_raw raw = {
        .time = pmt_clock_raw(p->journal->header->clock),
        .word = pmt_raw_word(pmt_raw_alloc_tag(op, PMT_DOMAIN_OBJ),
                             (const void *)(uintptr_t)address),
        .a = size,
        .b = stack,
    };
    uint64_t head = p->segment ? p->segment->head : 0;

    p->made++;
    if (p->segment && head + sizeof raw > pmt_segment_capacity(p->journal)) {
        pmt_journal_give(p->segment);
        p->segment = NULL;
    }
    if (!p->segment) {
        p->segment = pmt_journal_take(p->journal, PMT_SEGMENT_RECORDS,
                                      p->thread);
        head = 0;
    }
    if (!p->segment) {
        p->lost++;
        pmt_journal_lose(p->journal, PMT_LOSS_FULL, 1);
        return false;
    }
    memcpy(p->segment->data + head, &raw, sizeof raw);
    __atomic_store_n(&p->segment->head, head + sizeof raw, __ATOMIC_RELEASE);
    return true;
}

bool producer_next(struct producer *p)
{
    uint64_t i = p->made;

    return producer_put(p, PMT_ALLOC_MALLOC, producer_address(p->thread, i),
                        (uint32_t)i + 1, 0);
}

void producer_stop(struct producer *p)
{
    if (p->segment) {
        pmt_journal_give(p->segment);
        p->segment = NULL;
    }
}

/* ---- out of a trace -------------------------------------------------------- */

static void take_alloc(struct produced *p, const struct pmt_alloc *a)
{
    uint32_t thread = (uint32_t)(a->address >> 40);
    uint64_t i = (a->address & ((UINT64_C(1) << 40) - 1)) >> 4;

    assert_true(thread < 8);
    assert_int_equal(a->op, PMT_ALLOC_MALLOC);
    assert_int_equal(a->domain, PMT_DOMAIN_OBJ);
    assert_int_equal(a->thread, thread);
    assert_int_equal(a->size, i + 1);
    /* Lost ones leave gaps; nothing comes twice or goes back. */
    assert_true(i >= p->next[thread]);
    p->next[thread] = i + 1;
    p->records++;
}

static void take_event(struct produced *p, struct pmt_reader *r,
                       const struct pmt_event *e)
{
    const struct pmt_alloc *a;

    p->damages += e->type == PMT_EVENT_DAMAGE;
    if (e->type == PMT_EVENT_END) {
        p->ended = true;
        p->end_lost = e->end_lost;
    }
    if (e->type != PMT_EVENT_RECORDS) {
        return;
    }
    a = pmt_reader_allocs(r);
    for (uint32_t i = 0; a && i < e->envelope.count; i++) {
        take_alloc(p, &a[i]);
    }
    if (e->envelope.kind == PMT_KIND_LOSS) {
        const uint64_t *cause = pmt_reader_column(r, PMT_COL_OP);
        const uint64_t *events = pmt_reader_column(r, PMT_COL_EVENTS);

        for (uint32_t i = 0; i < e->envelope.count; i++) {
            p->lost += events[i];
            p->lost_by[cause[i] & 7] += events[i];
        }
    }
}

void produced_read(struct produced *p, const char *path,
                   struct pmt_source *source)
{
    struct pmt_error err = {0};
    struct pmt_reader *r;
    struct pmt_event e;

    memset(p, 0, sizeof *p);
    p->rc = source ? pmt_reader_open(&r, source, NULL, &err)
                   : pmt_reader_open_path(&r, path, NULL, &err);
    if (p->rc != PMT_OK) {
        return;
    }
    while ((p->rc = pmt_reader_next(r, &e, &err)) == PMT_OK) {
        take_event(p, r, &e);
    }
    pmt_reader_free(r);
}

const char *temporary_path(const char *name)
{
    static char path[512];
    const char *folder = getenv("TMPDIR");

    snprintf(path, sizeof path, "%s/pmt-%ld-%s", folder ? folder : "/tmp",
             (long)getpid(), name);
    return path;
}
