/*
 * test-format-kill.c: what is left when the process that records is killed,
 * or the disk is full. Every record that was committed is there afterwards,
 * once, in the trace or in its journal. (A little long: the tests share the
 * process that records and a pwrite(2) that fails.)
 */
#include <errno.h>
#include <fcntl.h>
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
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "format-producer.h"
#include "format-sample.h"
#include "pmt/recover.h"

#define KILLS 200
#define WRITES 12            /* each of the first so many is interrupted */

/* ---- pwrite(2) of this program ---------------------------------------------- */

enum fault {
    FAULT_NONE,
    FAULT_DIE_BEFORE,  /* SIGKILL before the write, */
    FAULT_DIE_HALF,    /* after half of it, */
    FAULT_DIE_AFTER,   /* after all of it */
    FAULT_FULL,        /* ENOSPC */
    FAULT_SHORT        /* half of it, then ENOSPC */
};

static enum fault fault;
static int fault_at;         /* this call and, of ENOSPC, those up to */
static int fault_until;
static int calls;
static bool half_done;

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    size_t part = n;

    if (fault != FAULT_NONE && calls++ >= fault_at) {
        if (fault == FAULT_FULL || fault == FAULT_SHORT) {
            half_done = fault == FAULT_SHORT && !half_done;
            if (calls <= fault_until && !half_done) {
                errno = ENOSPC;
                return -1;
            }
            part = calls <= fault_until ? n / 2 : n;
        } else if (fault == FAULT_DIE_BEFORE) {
            raise(SIGKILL);
        }
        part = fault == FAULT_DIE_HALF ? n / 2 : part;
    }
    n = (size_t)syscall(SYS_pwrite64, fd, bytes, part, at);
    if (calls > fault_at &&
        (fault == FAULT_DIE_HALF || fault == FAULT_DIE_AFTER)) {
        raise(SIGKILL);
    }
    return (ssize_t)n;
}

/* ---- a process that records ------------------------------------------------- */

struct files {
    char trace[512];
    char journal[520];
};

static void new_files(struct files *f)
{
    snprintf(f->trace, sizeof f->trace, "%s", temporary_path("kill.pmt"));
    snprintf(f->journal, sizeof f->journal, "%s%s", f->trace,
             PMT_JOURNAL_SUFFIX);
    unlink(f->trace);
    unlink(f->journal);
}

static void remove_files(const struct files *f)
{
    unlink(f->trace);
    unlink(f->journal);
}

struct recording {
    struct pmt_journal journal;
    struct pmt_drain *drain;
    int fd;
};

/* false: could not begin (the disk is full already). */
static bool begin(struct recording *r, const struct files *f,
                  uint32_t segments)
{
    const struct pmt_stream_info info = sample_info();
    const struct pmt_writer_options options = {.chunk_records = 200};

    memset(r, 0, sizeof *r);
    r->fd = open(f->trace, O_RDWR | O_CREAT | O_EXCL, 0600);
    return r->fd >= 0 &&
           pmt_journal_create(&r->journal, f->journal, segments, 100, 0,
                              NULL) == PMT_OK &&
           pmt_drain_new(&r->drain, &r->journal,
                         &(struct pmt_drain_target){.fd = r->fd,
                                                    .path = f->trace},
                         &info, &options, NULL) == PMT_OK;
}

static void close_all(struct recording *r)
{
    pmt_drain_free(r->drain);
    pmt_journal_close(&r->journal);
    close(r->fd);
}

struct shared {
    uint64_t committed;      /* records, as the producer knows */
    uint32_t stop;
};

struct producing {
    struct producer producer;
    struct shared *shared;
};

/* Records until it is told to stop, and says how many it has committed. */
static void *produce(void *context)
{
    struct producing *p = context;
    uint64_t seed = 3;

    while (!__atomic_load_n(&p->shared->stop, __ATOMIC_RELAXED)) {
        while (!producer_next(&p->producer)) {
            p->producer.made--; /* full: the same again, none is lost */
            usleep(100);
        }
        __atomic_store_n(&p->shared->committed, p->producer.made,
                         __ATOMIC_RELEASE);
        if (sample_below(&seed, 500) == 0) {
            usleep((useconds_t)sample_below(&seed, 300));
        }
    }
    return NULL;
}

/* In a child: a thread records, this one drains, until it is killed. */
static void record_until_killed(const struct files *f, struct shared *shared,
                                uint64_t seed)
{
    struct recording r;
    struct producing p = {.producer = {.thread = 1}, .shared = shared};
    pthread_t id;

    if (!begin(&r, f, 4)) {
        _exit(3);
    }
    p.producer.journal = &r.journal;
    pthread_create(&id, NULL, produce, &p);
    for (;;) {
        pmt_drain_pass(r.drain, sample_below(&seed, 3) == 0, NULL);
        if (sample_below(&seed, 2)) {
            usleep((useconds_t)sample_below(&seed, 500));
        }
    }
}

/* ---- what is left ----------------------------------------------------------- */

/* All `committed` records are there, and at most one more that was committed
 * and not counted yet. */
static void check_left(const struct files *f, uint64_t committed)
{
    struct produced got;
    struct pmt_recovery report;
    struct pmt_buffer out = {NULL, 0, 0};
    struct pmt_source source;
    struct pmt_sink sink;

    produced_read(&got, f->trace, NULL);
    if (!committed && got.rc == PMT_ERR_NOT_A_TRACE) {
        return; /* killed before it began */
    }
    assert_int_equal(got.rc, PMT_END);
    assert_int_equal(got.damages, 0);
    assert_int_equal(got.records, got.next[1]);
    assert_in_range(got.records, committed, committed + 1);

    assert_int_equal(pmt_source_open_file(&source, f->trace, NULL), PMT_OK);
    pmt_sink_to_buffer(&sink, &out);
    assert_int_equal(pmt_recover(&source, f->journal, &sink, &report, NULL),
                     PMT_OK);
    pmt_source_close(&source);
    assert_true(report.records_kept >= got.records); /* and of loss */
    pmt_source_from_memory(&source, out.bytes, out.used);
    produced_read(&got, NULL, &source);
    assert_int_equal(got.rc, PMT_END);
    assert_int_equal(got.damages, 0);
    assert_int_equal(got.records, got.next[1]);
    assert_in_range(got.records, committed, committed + 1);
    assert_true(got.ended);
    pmt_buffer_release(&out);
}

static struct shared *shared_page(void)
{
    struct shared *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(p != MAP_FAILED);
    return p;
}

static void wait_killed(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void test_killed_at_random(void **state)
{
    struct shared *shared = shared_page();
    struct files files;
    uint64_t seed = 42;
    unsigned with_records = 0;

    (void)state;
    for (int i = 0; i < KILLS; i++) {
        pid_t pid;

        new_files(&files);
        shared->committed = 0;
        pid = fork();
        if (!pid) {
            record_until_killed(&files, shared, (uint64_t)i);
        }
        usleep((useconds_t)sample_below(&seed, 25000));
        assert_int_equal(kill(pid, SIGKILL), 0);
        wait_killed(pid);
        if (access(files.trace, R_OK) == 0) {
            check_left(&files, shared->committed);
        }
        with_records += shared->committed > 0;
        remove_files(&files);
    }
    /* Or the test has shown nothing. */
    assert_true(with_records > KILLS / 4);
    munmap(shared, 4096);
}

/* ---- killed around a write --------------------------------------------------- */

/* In a child: records and drains in one thread; it dies at a write. */
static void record_until_fault(const struct files *f, struct shared *shared)
{
    struct recording r;
    struct producer p = {.thread = 1};
    uint64_t seed = 9;

    if (!begin(&r, f, 4)) {
        _exit(3);
    }
    p.journal = &r.journal;
    for (;;) {
        uint64_t n = sample_below(&seed, 300);

        for (uint64_t i = 0; i < n; i++) {
            if (!producer_next(&p)) {
                _exit(4);
            }
        }
        shared->committed = p.made;
        if (pmt_drain_pass(r.drain, sample_below(&seed, 2), NULL) != PMT_OK) {
            _exit(5);
        }
    }
}

static void test_killed_around_a_write(void **state)
{
    static const enum fault faults[] = {FAULT_DIE_BEFORE, FAULT_DIE_HALF,
                                        FAULT_DIE_AFTER};
    struct shared *shared = shared_page();
    struct files files;

    (void)state;
    for (size_t i = 0; i < 3 * WRITES; i++) {
        pid_t pid;

        new_files(&files);
        shared->committed = 0;
        pid = fork();
        if (!pid) {
            fault = faults[i % 3];
            fault_at = (int)(i / 3);
            record_until_fault(&files, shared);
        }
        wait_killed(pid);
        check_left(&files, shared->committed);
        remove_files(&files);
    }
    munmap(shared, 4096);
}

/* ---- a disk that is full for a while ----------------------------------------- */

/* What is in the trace, and what it says was lost, is all that was made. */
static void check_all_told(const struct files *f, const struct producer *p)
{
    struct produced got;

    produced_read(&got, f->trace, NULL);
    assert_int_equal(got.rc, PMT_END);
    assert_int_equal(got.damages, 0);
    assert_true(got.ended);
    assert_int_equal(got.records + got.lost, p->made);
    assert_int_equal(got.lost, p->lost);
    assert_int_equal(got.end_lost, p->lost);
}

/* Records `n`, with a pass now and then; true when one of them failed. */
static bool record_some(struct recording *r, struct producer *p, unsigned n)
{
    bool failed = false;

    for (unsigned i = 0; i < n; i++) {
        producer_next(p);
        if (i % 1000 == 0) {
            struct pmt_error err;
            int rc = pmt_drain_pass(r->drain, i % 3000 == 0, &err);

            assert_true(rc == PMT_OK || rc == PMT_ERR_IO);
            if (rc == PMT_ERR_IO) {
                assert_int_equal(err.code, PMT_ERR_IO);
                assert_true(err.sys_errno == ENOSPC ||
                            err.sys_errno == EFBIG);
                failed = true;
            }
        }
    }
    return failed;
}

/* The file on disk is always a trace that is whole as far as it goes. */
static void check_file_is_whole(const struct files *f)
{
    const struct pmt_reader_options options = {.no_journal = true};
    struct pmt_reader *r;
    struct pmt_event e;

    assert_int_equal(pmt_reader_open_path(&r, f->trace, &options, NULL), 0);
    while (pmt_reader_next(r, &e, NULL) == PMT_OK) {
        assert_int_not_equal(e.type, PMT_EVENT_DAMAGE);
    }
    pmt_reader_free(r);
}

static void full_for_a_while(enum fault how, int from, int until,
                             unsigned records)
{
    struct recording r;
    struct producer p = {.thread = 1};
    struct files files;

    new_files(&files);
    assert_true(begin(&r, &files, 4));
    p.journal = &r.journal;
    fault = how;
    calls = 0;
    half_done = false;
    fault_at = from;
    fault_until = until;
    assert_true(record_some(&r, &p, records));
    check_file_is_whole(&files);
    fault = FAULT_NONE;
    producer_stop(&p);
    assert_int_equal(pmt_drain_finish(r.drain, NULL), PMT_OK);
    check_all_told(&files, &p);
    close_all(&r);
    remove_files(&files);
}

static void test_disk_full_for_a_while(void **state)
{
    (void)state;
    for (int from = 0; from < 5; from++) {
        full_for_a_while(FAULT_FULL, from, from + 3, 30000);
        full_for_a_while(FAULT_SHORT, from, from + 4, 30000);
    }
    /* So long that the journal fills up: then something is lost, by cause
     * io, and counted. */
    full_for_a_while(FAULT_FULL, 2, 100000, 60000);
}

/* A recording whose disk is full from now on. */
static void begin_without_room(struct recording *r, struct files *files,
                               struct producer *p)
{
    new_files(files);
    assert_true(begin(r, files, 2));
    p->journal = &r->journal;
    fault = FAULT_FULL;
    calls = fault_at = 0;
    fault_until = 1 << 30;
}

static void test_lost_by_io(void **state)
{
    struct recording r;
    struct producer p = {.thread = 1};
    struct produced got;
    struct files files;

    (void)state;
    begin_without_room(&r, &files, &p);
    assert_true(record_some(&r, &p, 30000));
    assert_true(p.lost > 0);
    fault = FAULT_NONE;
    producer_stop(&p);
    assert_int_equal(pmt_drain_pass(r.drain, true, NULL), PMT_OK);
    assert_int_equal(pmt_drain_finish(r.drain, NULL), PMT_OK);
    check_all_told(&files, &p);
    produced_read(&got, files.trace, NULL);
    assert_true(got.lost_by[PMT_LOSS_IO] > 0);
    close_all(&r);
    remove_files(&files);
}

/* One write is refused, and the next goes well: all that was dropped in
 * between, which no pass saw while the disk was full, is its fault. */
static void test_lost_between_passes(void **state)
{
    struct recording r;
    struct producer p = {.thread = 1};
    struct produced got;
    struct files files;

    (void)state;
    begin_without_room(&r, &files, &p);
    for (unsigned i = 0; i < 100; i++) {
        assert_true(producer_next(&p));
    }
    assert_int_equal(pmt_drain_pass(r.drain, true, NULL), PMT_ERR_IO);
    while (p.made < 20000) {
        producer_next(&p);
    }
    fault = FAULT_NONE;
    producer_stop(&p);
    assert_true(p.lost > 0);
    assert_int_equal(pmt_drain_pass(r.drain, true, NULL), PMT_OK);
    assert_int_equal(pmt_drain_finish(r.drain, NULL), PMT_OK);
    check_all_told(&files, &p);
    produced_read(&got, files.trace, NULL);
    assert_int_equal(got.lost_by[PMT_LOSS_IO], p.lost);
    assert_int_equal(got.lost_by[PMT_LOSS_FULL], 0);
    close_all(&r);
    remove_files(&files);
}

/* The same by the system's own hand: no file may pass a size. */
static void limited_file(const struct files *f)
{
    struct recording r;
    struct producer p = {.thread = 1};
    struct rlimit limit;
    struct stat st;

    assert_true(begin(&r, f, 4));
    p.journal = &r.journal;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = 20000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, SIG_IGN);
    assert_true(record_some(&r, &p, 30000));
    assert_int_equal(fstat(r.fd, &st), 0);
    assert_true(st.st_size <= 20000);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    check_file_is_whole(f);
    producer_stop(&p);
    assert_int_equal(pmt_drain_finish(r.drain, NULL), PMT_OK);
    check_all_told(f, &p);
    close_all(&r);
}

static void test_file_size_limit(void **state)
{
    struct files files;

    (void)state;
    new_files(&files);
    limited_file(&files);
    remove_files(&files);
}

/* A journal whose process lives is not taken; one that is finished adds
 * nothing. */
static void test_living_and_closed(void **state)
{
    struct recording r;
    struct producer p = {.thread = 1};
    struct produced got;
    struct pmt_journal other;
    struct files files;
    pid_t pid;
    int status;

    (void)state;
    new_files(&files);
    assert_true(begin(&r, &files, 2));
    p.journal = &r.journal;
    for (int i = 0; i < 500; i++) {
        producer_next(&p);
    }
    pid = fork(); /* the lock is this process's: only another one sees it */
    if (!pid) {
        _exit(pmt_journal_open(&other, files.journal, NULL) == PMT_ERR_BUSY
                  ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    producer_stop(&p);
    assert_int_equal(pmt_drain_finish(r.drain, NULL), PMT_OK);
    close_all(&r);
    produced_read(&got, files.trace, NULL);
    assert_int_equal(got.records, 500);
    assert_true(got.ended);
    remove_files(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_at_random),
        cmocka_unit_test(test_killed_around_a_write),
        cmocka_unit_test(test_disk_full_for_a_while),
        cmocka_unit_test(test_lost_by_io),
        cmocka_unit_test(test_lost_between_passes),
        cmocka_unit_test(test_file_size_limit),
        cmocka_unit_test(test_living_and_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
