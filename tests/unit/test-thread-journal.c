/*
 * test-thread-journal.c: many threads that record, and one that drains, at the
 * same time. Meant for the thread sanitizer too.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "format-producer.h"
#include "format-sample.h"

#define THREADS 4u
#define RECORDS 20000u

struct recording {
    struct pmt_journal journal;
    struct pmt_drain *drain;
    int fd;
    unsigned running;    /* atomic: threads that still record */
};

static void begin(struct recording *r, uint32_t segments,
                  uint32_t chunk_records)
{
    const struct pmt_stream_info info = sample_info();
    const struct pmt_writer_options options = {.chunk_records =
                                                   chunk_records};

    memset(r, 0, sizeof *r);
    assert_int_equal(pmt_journal_create(&r->journal, NULL, segments, 100, 1,
                                        NULL), PMT_OK);
    r->fd = memfd_create("trace", 0);
    assert_true(r->fd >= 0);
    assert_int_equal(pmt_drain_new(&r->drain, &r->journal,
                                   &(struct pmt_drain_target){.fd = r->fd},
                                   &info, &options, NULL), PMT_OK);
}

/* Drains until all threads are done, then to the end. */
static void drain(struct recording *r, uint64_t seed)
{
    while (__atomic_load_n(&r->running, __ATOMIC_ACQUIRE)) {
        assert_int_equal(pmt_drain_pass(r->drain, sample_below(&seed, 3) == 0,
                                        NULL), PMT_OK);
        if (sample_below(&seed, 4) == 0) {
            usleep((useconds_t)sample_below(&seed, 2000));
        }
    }
    assert_int_equal(pmt_drain_finish(r->drain, NULL), PMT_OK);
}

static struct pmt_source trace_of(const struct recording *r)
{
    struct pmt_source source;

    assert_int_equal(pmt_source_from_fd(&source, r->fd, 0, NULL), PMT_OK);
    return source;
}

static void finish(struct recording *r)
{
    pmt_drain_free(r->drain);
    pmt_journal_close(&r->journal);
    close(r->fd);
}

static void pause_at_random(uint64_t *seed)
{
    uint64_t what = sample_below(seed, 400);

    if (what == 0) {
        usleep((useconds_t)sample_below(seed, 500));
    } else if (what < 10) {
        sched_yield();
    }
}

/* ---- every record, once, in the order of its thread ----------------------- */

struct worker {
    struct recording *recording;
    struct producer producer;
    pthread_t id;
};

static void *produce(void *context)
{
    struct worker *w = context;
    uint64_t seed = w->producer.thread;

    for (unsigned i = 0; i < RECORDS; i++) {
        producer_next(&w->producer);
        pause_at_random(&seed);
        if (sample_below(&seed, 3000) == 0) {
            producer_stop(&w->producer); /* a segment that is half full */
        }
    }
    producer_stop(&w->producer);
    __atomic_fetch_sub(&w->recording->running, 1, __ATOMIC_RELEASE);
    return NULL;
}

static uint64_t run_workers(struct recording *r, struct worker *workers)
{
    uint64_t lost = 0;

    r->running = THREADS;
    for (uint32_t t = 0; t < THREADS; t++) {
        memset(&workers[t], 0, sizeof *workers);
        workers[t].recording = r;
        workers[t].producer.journal = &r->journal;
        workers[t].producer.thread = t + 1;
        assert_int_equal(pthread_create(&workers[t].id, NULL, produce,
                                        &workers[t]), 0);
    }
    drain(r, 77);
    for (uint32_t t = 0; t < THREADS; t++) {
        pthread_join(workers[t].id, NULL);
        lost += workers[t].producer.lost;
    }
    return lost;
}

static void test_every_record_once(void **state)
{
    struct worker workers[THREADS];
    struct recording r;
    struct produced got;
    struct pmt_source source;

    (void)state;
    begin(&r, 64, 1000);
    assert_int_equal(run_workers(&r, workers), 0);
    source = trace_of(&r);
    produced_read(&got, NULL, &source);
    assert_int_equal(got.rc, PMT_END);
    assert_int_equal(got.damages, 0);
    assert_int_equal(got.records, THREADS * RECORDS);
    for (uint32_t t = 1; t <= THREADS; t++) {
        assert_int_equal(got.next[t], RECORDS);
    }
    assert_true(got.ended);
    assert_int_equal(got.lost, 0);
    finish(&r);
}

/* With too few segments something is lost, and counted to the last one. */
static void test_loss_is_exact(void **state)
{
    struct worker workers[THREADS];
    struct recording r;
    struct produced got;
    struct pmt_source source;
    uint64_t lost;

    (void)state;
    begin(&r, 4, 0);
    lost = run_workers(&r, workers);
    source = trace_of(&r);
    produced_read(&got, NULL, &source);
    assert_int_equal(got.rc, PMT_END);
    assert_int_equal(got.damages, 0);
    assert_int_equal(got.records + lost, THREADS * RECORDS);
    assert_int_equal(got.lost, lost);
    assert_int_equal(got.lost_by[PMT_LOSS_FULL], lost);
    assert_int_equal(got.end_lost, lost);
    finish(&r);
}

/* Nothing drains: the journal fills up, the rest is lost. */
static void test_journal_full(void **state)
{
    struct recording r;
    struct producer p = {.thread = 1};
    struct produced got;
    struct pmt_source source;
    const uint64_t fit = 2 * ((PMT_SEGMENT_BYTES - PMT_SEGMENT_HEADER_BYTES) /
                              sizeof(struct pmt_raw));

    (void)state;
    begin(&r, 2, 0);
    p.journal = &r.journal;
    for (uint64_t i = 0; i < fit + 123; i++) {
        assert_int_equal(producer_next(&p), i < fit);
    }
    producer_stop(&p);
    assert_int_equal(p.lost, 123);
    assert_int_equal(pmt_drain_finish(r.drain, NULL), PMT_OK);
    source = trace_of(&r);
    produced_read(&got, NULL, &source);
    assert_int_equal(got.records, fit);
    assert_int_equal(got.lost, 123);
    assert_int_equal(got.end_lost, 123);
    finish(&r);
}

/* ---- one thread frees what another has made -------------------------------- */

#define BLOCKS 8192u         /* a power of two */

/* Addresses wait here, put by any thread, taken by any other. */
struct exchange {
    pthread_mutex_t lock;
    uint64_t waiting[BLOCKS];
    size_t count;
    uint64_t next;           /* an address that was not used yet */
    uint32_t stacks;         /* stack ids that are defined */
    struct pmt_segment *definitions;
    struct recording *recording;
};

/* Defines one more stack. Under the lock, as the recorder does it. */
static uint32_t new_stack(struct exchange *x)
{
    struct pmt_journal *j = &x->recording->journal;
    struct pmt_def def = {.type = PMT_DEF_STACK,
                          .v = {x->stacks + 1, x->stacks, 1, x->stacks}};

    if (!x->definitions || !pmt_journal_define(j, x->definitions, &def, NULL,
                                               0, NULL, 0)) {
        if (x->definitions) {
            pmt_journal_give(x->definitions);
        }
        x->definitions = pmt_journal_take(j, PMT_SEGMENT_DEFINITIONS, 0);
        if (!x->definitions ||
            !pmt_journal_define(j, x->definitions, &def, NULL, 0, NULL, 0)) {
            return x->stacks;
        }
    }
    return ++x->stacks;
}

struct trader {
    struct exchange *exchange;
    struct producer producer;
    pthread_t id;
};

/* Takes an address that waits; `fresh` when it must be made first. */
static uint64_t get(struct exchange *x, uint64_t *seed, bool *fresh,
                    uint32_t *stack)
{
    uint64_t address;

    pthread_mutex_lock(&x->lock);
    *fresh = !x->count || (x->count < BLOCKS && sample_below(seed, 2));
    if (*fresh) {
        address = x->next;
        x->next += 16;
    } else {
        size_t i = (size_t)sample_below(seed, x->count);

        address = x->waiting[i];
        x->waiting[i] = x->waiting[--x->count];
    }
    *stack = sample_below(seed, 50) ? x->stacks : new_stack(x);
    pthread_mutex_unlock(&x->lock);
    return address;
}

static void put(struct exchange *x, uint64_t address)
{
    pthread_mutex_lock(&x->lock);
    x->waiting[x->count++ % BLOCKS] = address;
    pthread_mutex_unlock(&x->lock);
}

/* Makes a block and hands it on, or frees one that another thread made. */
static void *trade(void *context)
{
    struct trader *t = context;
    uint64_t seed = 100 + t->producer.thread;

    for (unsigned i = 0; i < RECORDS; i++) {
        bool fresh;
        uint32_t stack;
        uint64_t address = get(t->exchange, &seed, &fresh, &stack);

        producer_put(&t->producer,
                     fresh ? PMT_ALLOC_MALLOC : PMT_ALLOC_FREE, address, 16,
                     fresh ? stack : 0);
        if (fresh) {
            put(t->exchange, address);
        }
        pause_at_random(&seed);
    }
    producer_stop(&t->producer);
    __atomic_fetch_sub(&t->exchange->recording->running, 1, __ATOMIC_RELEASE);
    return NULL;
}

/* Every free comes behind the malloc of its block, every stack is known. */
static void check_order(struct pmt_source *source, uint64_t most)
{
    struct pmt_reader *r;
    struct pmt_event e;
    uint8_t *made = calloc(1, most / 16 + 1);
    uint64_t records = 0;
    uint64_t time = 0;

    assert_int_equal(pmt_reader_open(&r, source, NULL, NULL), PMT_OK);
    while (pmt_reader_next(r, &e, NULL) == PMT_OK) {
        const struct pmt_alloc *a = pmt_reader_allocs(r);

        assert_int_not_equal(e.type, PMT_EVENT_DAMAGE);
        for (uint32_t i = 0; a && i < e.envelope.count; i++) {
            uint8_t *block = &made[a[i].address / 16];
            struct pmt_site site;

            assert_true(a[i].address < most);
            assert_true(a[i].time >= time);
            time = a[i].time;
            assert_int_equal(*block, a[i].op == PMT_ALLOC_FREE);
            *block += 1;
            if (a[i].stack) {
                assert_true(pmt_stream_site(e.stream, a[i].stack, &site));
                assert_int_equal(site.parent, a[i].stack - 1);
            }
            records++;
        }
    }
    assert_int_equal(records, THREADS * RECORDS);
    pmt_reader_free(r);
    free(made);
}

static void test_causes_come_first(void **state)
{
    static struct exchange x;
    struct trader traders[THREADS];
    struct recording r;
    struct pmt_source source;

    (void)state;
    begin(&r, 64, 500);
    pthread_mutex_init(&x.lock, NULL);
    x.next = 16;
    x.recording = &r;
    r.running = THREADS;
    for (uint32_t t = 0; t < THREADS; t++) {
        memset(&traders[t], 0, sizeof *traders);
        traders[t].exchange = &x;
        traders[t].producer.journal = &r.journal;
        traders[t].producer.thread = t + 1;
        pthread_create(&traders[t].id, NULL, trade, &traders[t]);
    }
    drain(&r, 5);
    for (uint32_t t = 0; t < THREADS; t++) {
        pthread_join(traders[t].id, NULL);
        assert_int_equal(traders[t].producer.lost, 0);
    }
    source = trace_of(&r);
    check_order(&source, x.next);
    pthread_mutex_destroy(&x.lock);
    finish(&r);
}

/* ---- no definition comes before what it refers to --------------------------- */

#define STACKS 300000u

/* One segment after the other full of definitions, as fast as they go: each
 * refers to the one before it. */
static void *define_stacks(void *context)
{
    struct exchange *x = context;

    while (x->stacks < STACKS) {
        uint32_t before = x->stacks;

        if (new_stack(x) == before) {
            sched_yield(); /* all segments are full */
        }
    }
    pmt_journal_give(x->definitions);
    __atomic_fetch_sub(&x->recording->running, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void test_callers_come_first(void **state)
{
    static struct exchange x;
    struct recording r;
    struct pmt_source source;
    struct pmt_reader *reader;
    struct pmt_event e;
    struct pmt_site site;
    uint32_t known = 0;
    pthread_t id;

    (void)state;
    begin(&r, 512, 0); /* many: a look at all takes long */
    x.recording = &r;
    r.running = 1;
    assert_int_equal(pthread_create(&id, NULL, define_stacks, &x), 0);
    while (__atomic_load_n(&r.running, __ATOMIC_ACQUIRE)) {
        assert_int_equal(pmt_drain_pass(r.drain, true, NULL), PMT_OK);
    }
    pthread_join(id, NULL);
    assert_int_equal(pmt_drain_finish(r.drain, NULL), PMT_OK);
    source = trace_of(&r);
    assert_int_equal(pmt_reader_open(&reader, &source, NULL, NULL), PMT_OK);
    while (pmt_reader_next(reader, &e, NULL) == PMT_OK) {
        assert_int_not_equal(e.type, PMT_EVENT_DAMAGE);
        while (e.stream && pmt_stream_site(e.stream, known + 1, &site)) {
            assert_int_equal(site.parent, known);
            known++;
        }
        if (e.stream) { /* what is stated has its caller */
            assert_false(pmt_stream_site(e.stream, known + 2, &site));
        }
    }
    assert_int_equal(known, STACKS);
    pmt_reader_free(reader);
    finish(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_record_once),
        cmocka_unit_test(test_loss_is_exact),
        cmocka_unit_test(test_journal_full),
        cmocka_unit_test(test_causes_come_first),
        cmocka_unit_test(test_callers_come_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
