/*
 * test-format-ring-kill.c: a process that writes a ring is killed at any
 * moment, also within the turn from one part to the next. What its parts and
 * its journal hold goes on without a gap from where they begin to the last
 * record that was committed, and what is live is known.
 *
 * Record k is a malloc of block k / 2, or (odd) a free of the block of LIVE
 * before; so each record, and what is live before it, can be told from k.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "format-producer.h"
#include "format-sample.h"
#include "pmt/parts.h"
#include "pmt/recover.h"

#define KILLS 200
#define CALLS 100            /* each of the first so many is interrupted */
#define LIVE 300u
#define LIMIT 100000u        /* bytes of all parts */
#define JOURNAL (PMT_JOURNAL_HEADER_BYTES + 4 * PMT_SEGMENT_BYTES)

/* ---- system calls of this program ------------------------------------------- */

enum fault { FAULT_NONE, FAULT_BEFORE, FAULT_HALF, FAULT_AFTER };

static enum fault fault;
static int fault_at, calls;
static bool no_links;

/* Before and behind each call that changes files. */
static void before_call(void)
{
    if (fault == FAULT_BEFORE && calls == fault_at) {
        raise(SIGKILL);
    }
}

static void behind_call(void)
{
    if (fault != FAULT_NONE && calls++ == fault_at) {
        raise(SIGKILL);
    }
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    ssize_t done;

    before_call();
    if (fault == FAULT_HALF && calls == fault_at) {
        n /= 2;
    }
    done = (ssize_t)syscall(SYS_pwrite64, fd, bytes, n, at);
    behind_call();
    return done;
}

int rename(const char *from, const char *to)
{
    int rc;

    before_call();
    rc = (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
    behind_call();
    return rc;
}

int renameat2(int a, const char *from, int b, const char *to, unsigned flags)
{
    int rc;

    before_call();
    rc = (int)syscall(SYS_renameat2, a, from, b, to, flags);
    behind_call();
    return rc;
}

int link(const char *from, const char *to)
{
    int rc;

    if (no_links) {
        errno = EPERM;
        return -1;
    }
    before_call();
    rc = (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
    behind_call();
    return rc;
}

int unlink(const char *path)
{
    int rc;

    before_call();
    rc = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    behind_call();
    return rc;
}

/* ---- the records -------------------------------------------------------------- */

static bool put(struct producer *p)
{
    uint64_t k = p->made, i = k / 2;

    if (k % 2 == 0) {
        return producer_put(p, PMT_ALLOC_MALLOC, producer_address(1, i),
                            (uint32_t)i + 1, 0);
    }
    return producer_put(p, PMT_ALLOC_FREE,
                        i < LIVE ? producer_address(2, i)
                                 : producer_address(1, i - LIVE),
                        0, 0);
}

static uint64_t number_of(const struct pmt_alloc *a)
{
    uint64_t i = (a->address & ((UINT64_C(1) << 40) - 1)) >> 4;

    if (a->op == PMT_ALLOC_MALLOC) {
        assert_int_equal(a->size, i + 1);
        return 2 * i;
    }
    return 2 * (a->address >> 40 == 2 ? i : i + LIVE) + 1;
}

/* The blocks that are live before record k: from *first to *end. */
static void live_before(uint64_t k, uint64_t *first, uint64_t *end)
{
    *end = (k + 1) / 2;
    *first = k / 2 > LIVE ? k / 2 - LIVE : 0;
}

/* ---- a process that records -------------------------------------------------- */

static char trace[512], journal_path[560];

struct shared {
    uint64_t committed;
};

static void remove_files(void)
{
    char pattern[520];
    glob_t found;

    snprintf(pattern, sizeof pattern, "%s*", trace);
    if (glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            unlink(found.gl_pathv[i]);
        }
        globfree(&found);
    }
}

static struct pmt_drain *begin(struct pmt_journal *j)
{
    const struct pmt_stream_info info = sample_info();
    const struct pmt_writer_options options = {.chunk_records = 200};
    struct pmt_drain_target target = {.path = trace,
                                      .max_bytes = JOURNAL + LIMIT};
    struct pmt_drain *d = NULL;

    target.fd = open(trace, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (target.fd < 0 ||
        pmt_journal_create(j, journal_path, 4, 100, 0, NULL) != PMT_OK ||
        pmt_drain_new(&d, j, &target, &info, &options, NULL) != PMT_OK) {
        _exit(3);
    }
    return d;
}

struct producing {
    struct producer producer;
    struct shared *shared;
};

static void *produce(void *context)
{
    struct producing *p = context;
    uint64_t seed = 3;

    for (;;) {
        while (!put(&p->producer)) {
            p->producer.made--; /* full: the same again, none is lost */
            usleep(100);
        }
        __atomic_store_n(&p->shared->committed, p->producer.made,
                         __ATOMIC_RELEASE);
        if (sample_below(&seed, 3000) == 0) {
            usleep((useconds_t)sample_below(&seed, 300));
        }
    }
    return NULL;
}

static void record_until_killed(struct shared *shared, uint64_t seed)
{
    struct pmt_journal journal;
    struct pmt_drain *d = begin(&journal);
    struct producing p = {.producer = {.journal = &journal, .thread = 1},
                          .shared = shared};
    pthread_t id;

    pthread_create(&id, NULL, produce, &p);
    for (;;) {
        pmt_drain_pass(d, sample_below(&seed, 3) == 0, NULL);
    }
}

/* Records and drains in one thread; it dies at a call. */
static void record_until_fault(struct shared *shared)
{
    struct pmt_journal journal;
    struct pmt_drain *d = begin(&journal);
    struct producer p = {.journal = &journal, .thread = 1};
    uint64_t seed = 9;

    for (;;) {
        uint64_t n = sample_below(&seed, 3000);

        for (uint64_t i = 0; i < n; i++) {
            if (!put(&p)) {
                _exit(4);
            }
        }
        shared->committed = p.made;
        if (pmt_drain_pass(d, sample_below(&seed, 2), NULL) != PMT_OK) {
            _exit(5);
        }
    }
}

/* ---- what is left -------------------------------------------------------------- */

struct left {
    bool any;                /* a record came */
    uint64_t first, next;    /* numbers of records */
    uint64_t sets, parts, damages, missing;
    bool ended;
    int rc;
};

static void read_set(struct left *l, struct pmt_reader *r,
                     const struct pmt_event *e, uint64_t *first,
                     uint64_t *end)
{
    const struct pmt_live *v = pmt_reader_lives(r);
    uint32_t n = e->envelope.count;

    l->sets++;
    *first = n ? (v[0].address & ((UINT64_C(1) << 40) - 1)) >> 4 : 0;
    *end = *first + n;
    for (uint32_t i = 0; i < n; i++) {
        assert_int_equal(v[i].address, producer_address(1, *first + i));
        assert_int_equal(v[i].size, *first + i + 1);
    }
}

/* All that a reader gives. */
static void read_left(struct left *l, struct pmt_reader *r)
{
    uint64_t first = 0, end = 0, is_first, is_end;
    struct pmt_event e;
    bool set = false;        /* one waits for the record behind it */

    while ((l->rc = pmt_reader_next(r, &e, NULL)) == PMT_OK) {
        const struct pmt_alloc *a;

        l->damages += e.type == PMT_EVENT_DAMAGE;
        l->missing += e.seq_missing;
        l->ended |= e.type == PMT_EVENT_END;
        l->parts += e.type == PMT_EVENT_STREAM;
        if (e.type != PMT_EVENT_RECORDS) {
            continue;
        }
        if (e.envelope.kind == PMT_KIND_LIVE_SET) {
            read_set(l, r, &e, &first, &end);
            set = true;
        }
        a = pmt_reader_allocs(r);
        for (uint32_t i = 0; a && i < e.envelope.count; i++) {
            uint64_t k = number_of(&a[i]);

            if (l->any) {
                assert_int_equal(k, l->next);
            } else {
                l->first = k;
                assert_true(k == 0 || set);
            }
            if (set) {
                live_before(k, &is_first, &is_end);
                assert_int_equal(first, is_first);
                assert_int_equal(end, is_end);
                set = false;
            }
            l->any = true;
            l->next = k + 1;
        }
    }
    assert_int_equal(l->rc, PMT_END);
    assert_int_equal(l->damages + l->missing, 0);
    if (set && !l->any) { /* nothing came behind the last set */
        l->next = 2 * end;
    }
}

static void read_trace(struct left *l)
{
    struct pmt_reader *r;

    memset(l, 0, sizeof *l);
    l->rc = pmt_reader_open_path(&r, trace, NULL, NULL);
    if (l->rc == PMT_OK) {
        read_left(l, r);
        pmt_reader_free(r);
    }
}

static void read_recovered(struct left *l)
{
    struct pmt_buffer out = {NULL, 0, 0};
    struct pmt_recovery report;
    struct pmt_source source;
    struct pmt_reader *r;
    struct pmt_sink sink;
    uint64_t last_part_at;

    memset(l, 0, sizeof *l);
    assert_int_equal(pmt_source_open_trace(&source, trace, &last_part_at,
                                           NULL), PMT_OK);
    pmt_sink_to_buffer(&sink, &out);
    assert_int_equal(pmt_recover_parts(&source, last_part_at, journal_path,
                                       &sink, &report, NULL), PMT_OK);
    pmt_source_close(&source);
    pmt_source_from_memory(&source, out.bytes, out.used);
    assert_int_equal(pmt_reader_open(&r, &source, NULL, NULL), PMT_OK);
    read_left(l, r);
    pmt_reader_free(r);
    pmt_buffer_release(&out);
}

/* Returns the number of parts. */
static uint64_t check_left(uint64_t committed)
{
    struct left l, again;

    read_trace(&l);
    if (!committed && l.rc == PMT_ERR_NOT_A_TRACE) {
        return 0; /* killed before it began */
    }
    assert_int_equal(l.rc, PMT_END);
    assert_in_range(l.next, committed, committed + 1);
    read_recovered(&again);
    assert_int_equal(again.first, l.first);
    assert_int_equal(again.next, l.next);
    assert_true(again.ended);
    return l.parts;
}

static void wait_killed(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static struct shared *set_up(void)
{
    struct shared *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(p != MAP_FAILED);
    snprintf(trace, sizeof trace, "%s", temporary_path("ringkill.pmt"));
    snprintf(journal_path, sizeof journal_path, "%s%s", trace,
             PMT_JOURNAL_SUFFIX);
    remove_files();
    return p;
}

/* At most a second. */
static void wait_for(const struct shared *shared, uint64_t records)
{
    for (unsigned i = 0; i < 10000; i++) {
        if (__atomic_load_n(&shared->committed, __ATOMIC_ACQUIRE) >=
            records) {
            return;
        }
        usleep(100);
    }
}

static void test_killed_at_random(void **state)
{
    struct shared *shared = set_up();
    unsigned with_parts = 0;
    uint64_t seed = 77;

    (void)state;
    for (int i = 0; i < KILLS; i++) {
        pid_t pid;

        shared->committed = 0;
        pid = fork();
        if (!pid) {
            record_until_killed(shared, (uint64_t)i);
        }
        wait_for(shared, sample_below(&seed, 100000));
        assert_int_equal(kill(pid, SIGKILL), 0);
        wait_killed(pid);
        if (access(trace, R_OK) == 0) {
            with_parts += check_left(shared->committed) > 1;
        }
        remove_files();
    }
    assert_true(with_parts > KILLS / 4); /* or nothing was shown */
    munmap(shared, 4096);
}

static void killed_around(struct shared *shared, enum fault how, int at)
{
    pid_t pid = fork();

    if (!pid) {
        fault = how;
        fault_at = at;
        record_until_fault(shared);
    }
    wait_killed(pid);
    check_left(shared->committed);
    remove_files();
}

static void test_killed_around_a_call(void **state)
{
    static const enum fault faults[] = {FAULT_BEFORE, FAULT_HALF,
                                        FAULT_AFTER};
    struct shared *shared = set_up();

    (void)state;
    for (int i = 0; i < 3 * CALLS; i++) {
        shared->committed = 0;
        killed_around(shared, faults[i % 3], i / 3);
    }
    munmap(shared, 4096);
}

/* The same where files have one name only. */
static void test_killed_without_links(void **state)
{
    struct shared *shared = set_up();

    (void)state;
    no_links = true;
    for (int i = 0; i < 2 * CALLS; i++) {
        shared->committed = 0;
        killed_around(shared, i & 1 ? FAULT_BEFORE : FAULT_AFTER, i / 2);
    }
    no_links = false;
    munmap(shared, 4096);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_at_random),
        cmocka_unit_test(test_killed_around_a_call),
        cmocka_unit_test(test_killed_without_links),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
