/*
 * test-format-failures.c: memory that runs out at every single allocation, and
 * sources and sinks that fail: each call says so, nothing is lost track of.
 * Also what files that lie about sizes may cost. (A little long, for the
 * allocator that fails can be in one program only once.)
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <zstd.h>

#include "crc32c.h"
#include "format-sample.h"
#include "label.h"
#include "pmt/index.h"
#include "pmt/recover.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OWN_ALLOCATOR 0      /* the sanitizer has one */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OWN_ALLOCATOR 0
#endif
#endif
#ifndef OWN_ALLOCATOR
#define OWN_ALLOCATOR 1
#endif

/* ---- an allocator that fails --------------------------------------------------- */

#if OWN_ALLOCATOR

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t each);
void *__libc_realloc(void *p, size_t n);
void __libc_free(void *p);

static long fail_at = -1;    /* that many from now; below 0: never */
static long blocks;          /* that are live, while `counting` */
static int counting;

static int fails(void)
{
    return counting && fail_at >= 0 && fail_at-- == 0;
}

static void *counted(void *p)
{
    blocks += counting && p;
    return p;
}

void *malloc(size_t n)
{
    return fails() ? NULL : counted(__libc_malloc(n));
}

void *calloc(size_t n, size_t each)
{
    return fails() ? NULL : counted(__libc_calloc(n, each));
}

void *realloc(void *p, size_t n)
{
    void *q;

    if (fails()) {
        return NULL;
    }
    q = __libc_realloc(p, n);
    blocks += counting && q && !p;
    return q;
}

void free(void *p)
{
    blocks -= counting && p;
    __libc_free(p);
}

/* Runs `work` with a failure at its first, second, ... allocation, until one
 * run meets none. Returns how many runs failed. */
static unsigned with_failures(int (*work)(struct pmt_error *err))
{
    for (unsigned n = 0;; n++) {
        struct pmt_error err;
        int rc;

        memset(&err, 0, sizeof err);
        assert_true(n < 10000);
        blocks = 0;
        fail_at = n;
        counting = 1;
        rc = work(&err);
        counting = 0;
        if (fail_at >= 0) {
            assert_int_equal(rc, PMT_OK);
            assert_int_equal(blocks, 0);
            return n;
        }
        if (rc != PMT_ERR_MEMORY && rc != PMT_OK) {
            fail_msg("allocation %u: returned %d (%s)", n, rc, err.message);
        }
        if (rc < 0 && err.code != rc) {
            fail_msg("allocation %u: the error is not filled", n);
        }
        if (blocks) {
            fail_msg("allocation %u: %ld blocks are leaked", n, blocks);
        }
    }
}
#endif

static struct pmt_buffer golden;

static int64_t read_golden(void *context, uint64_t offset, void *buffer,
                           size_t n, struct pmt_error *err)
{
    (void)context;
    (void)err;
    n = n < golden.used - offset ? n : golden.used - (size_t)offset;
    memcpy(buffer, golden.bytes + offset, n);
    return (int64_t)n;
}

/* A source that allocates nothing. */
static struct pmt_source golden_source(void)
{
    return (struct pmt_source){.read_at = read_golden, .size = golden.used};
}

#if OWN_ALLOCATOR

static int read_all(struct pmt_error *err)
{
    struct pmt_source source = golden_source();
    struct pmt_reader *r;
    struct pmt_event e;
    int rc = pmt_reader_open(&r, &source, NULL, err);
    int missing = 0;

    if (rc < 0) {
        return rc;
    }
    while ((rc = pmt_reader_next(r, &e, err)) == PMT_OK) {
        assert_int_not_equal(e.type, PMT_EVENT_DAMAGE);
        /* These can't say why: NULL is for want of memory only. */
        missing |= e.type == PMT_EVENT_RECORDS &&
                   e.envelope.kind == PMT_KIND_ALLOC && !pmt_reader_allocs(r);
        missing |= e.type == PMT_EVENT_RECORDS &&
                   e.envelope.kind == PMT_KIND_OBJECT &&
                   !pmt_reader_objects(r);
        missing |= e.envelope.kind == PMT_KIND_LIVE_SET &&
                   !pmt_reader_lives(r);
    }
    pmt_reader_free(r);
    if (missing) {
        return pmt_error_set(err, PMT_ERR_MEMORY, PMT_NO_OFFSET, "records");
    }
    return rc == PMT_END ? PMT_OK : rc;
}

static int read_index(struct pmt_error *err)
{
    struct pmt_source source = golden_source();
    struct pmt_index index = {NULL, 0, 0};
    int rc = pmt_index_read(&index, &source, err);

    pmt_index_release(&index);
    return rc;
}

static int drop(void *context, const void *bytes, size_t n,
                struct pmt_error *err)
{
    (void)context;
    (void)bytes;
    (void)n;
    (void)err;
    return PMT_OK;
}

static int recover_all(struct pmt_error *err)
{
    struct pmt_source source = golden_source();
    const struct pmt_sink sink = {.write = drop};
    struct pmt_recovery report;

    return pmt_recover(&source, NULL, &sink, &report, err);
}

static int write_some(struct pmt_writer *w, struct pmt_error *err)
{
    const struct pmt_mark mark = {3, 1, "warm", 4};
    const struct pmt_alloc a = {.time = 4, .address = 16, .size = 9,
                                .stack = 2, .thread = 1,
                                .op = PMT_ALLOC_MALLOC};
    const struct pmt_object o = {.time = 5, .address = 32, .type = 1,
                                 .stack = 1, .thread = 1};
    const struct pmt_live live = {.address = 16, .size = 9};
    int rc = pmt_writer_define_code(w, 1, "a.py", 4, "f", 1, 1, err);

    rc = rc < 0 ? rc : pmt_writer_define_stack(w, 1, 0, 1, 2, err);
    rc = rc < 0 ? rc : pmt_writer_define_stack(w, 2, 1, 1, 3, err);
    rc = rc < 0 ? rc : pmt_writer_define_type(w, 1, "list", 4, 56, 8, err);
    rc = rc < 0 ? rc : pmt_writer_define_thread(w, 1, 4, 5, "m", 1, err);
    rc = rc < 0 ? rc : pmt_writer_mark(w, &mark, err);
    rc = rc < 0 ? rc : pmt_writer_alloc(w, &a, err);
    rc = rc < 0 ? rc : pmt_writer_object(w, &o, err);
    pmt_writer_anchor(w, 1, 2, 3, 4);
    rc = rc < 0 ? rc : pmt_writer_live_set(w, 9, PMT_KIND_ALLOC, &live, 1,
                                           err);
    return rc < 0 ? rc : pmt_writer_finish(w, 1, err);
}

static int write_all(struct pmt_error *err)
{
    const struct pmt_stream_info info = sample_info();
    const struct pmt_writer_options options = {.chunk_records = 10};
    const struct pmt_sink sink = {.write = drop};
    struct pmt_writer *w;
    int rc = pmt_writer_new(&w, &sink, &info, &options, err);

    if (rc == PMT_OK) {
        rc = write_some(w, err);
        pmt_writer_free(w);
    } else {
        assert_null(w);
    }
    return rc;
}
#endif

static void test_memory(void **state)
{
    (void)state;
#if OWN_ALLOCATOR
    assert_true(with_failures(read_all) > 10);
    assert_true(with_failures(read_index) > 0);
    assert_true(with_failures(recover_all) > 10);
    assert_true(with_failures(write_all) > 10);
#else
    skip();
#endif
}

/* ---- sources and sinks that fail ------------------------------------------------- */

struct broken {
    uint64_t from;       /* fails when this byte is asked for */
};

static int64_t read_broken(void *context, uint64_t offset, void *buffer,
                           size_t n, struct pmt_error *err)
{
    const struct broken *b = context;

    if (offset >= b->from) {
        return pmt_error_set_errno(err, EIO, offset, "can't read");
    }
    n = n < b->from - offset ? n : (size_t)(b->from - offset);
    return read_golden(NULL, offset, buffer, n, err);
}

static void test_source_fails(void **state)
{
    (void)state;
    for (uint64_t from = 0; from < golden.used; from += 5) {
        for (int seeks = 0; seeks < 2; seeks++) {
            struct broken broken = {from};
            struct pmt_source source = {
                .context = &broken, .read_at = read_broken,
                .size = seeks ? golden.used : PMT_NO_OFFSET};
            struct pmt_error err = {0};
            struct pmt_reader *r;
            struct pmt_event e;
            int rc = pmt_reader_open(&r, &source, NULL, &err);

            while (rc == PMT_OK) {
                rc = pmt_reader_next(r, &e, &err);
            }
            assert_int_equal(rc, PMT_ERR_IO);
            assert_int_equal(err.code, PMT_ERR_IO);
            assert_int_equal(err.sys_errno, EIO);
            pmt_reader_free(r);
        }
    }
}

static int refuse(void *context, const void *bytes, size_t n,
                  struct pmt_error *err)
{
    int *left = context;

    (void)bytes;
    (void)n;
    return (*left)-- > 0 ? PMT_OK
                         : pmt_error_set_errno(err, ENOSPC, PMT_NO_OFFSET,
                                               "can't write");
}

static int write_until(int writes, struct pmt_error *err)
{
    const struct pmt_stream_info info = sample_info();
    const struct pmt_alloc a = {.time = 4, .address = 16, .size = 9,
                                .op = PMT_ALLOC_MALLOC};
    const struct pmt_sink sink = {&writes, refuse};
    struct pmt_writer *w;
    int rc = pmt_writer_new(&w, &sink, &info, NULL, err);

    for (int i = 0; rc == PMT_OK && i < 5; i++) {
        rc = pmt_writer_alloc(w, &a, err);
        rc = rc < 0 ? rc : pmt_writer_flush(w, err);
    }
    rc = rc < 0 ? rc : pmt_writer_finish(w, 1, err);
    pmt_writer_free(w);
    return rc;
}

static void test_sink_fails(void **state)
{
    struct pmt_error err;
    int n = 0;
    int rc;

    (void)state;
    while ((rc = write_until(n, &err)) != PMT_OK) {
        assert_int_equal(rc, PMT_ERR_IO);
        assert_int_equal(err.code, PMT_ERR_IO);
        assert_int_equal(err.sys_errno, ENOSPC);
        n++;
    }
    assert_int_equal(n, 8); /* header, five chunks, end, index */
    for (int i = 0; i < 5; i++) {
        struct pmt_source source = golden_source();
        struct pmt_recovery report;
        int left = i;
        const struct pmt_sink sink = {&left, refuse};

        assert_int_equal(pmt_recover(&source, NULL, &sink, &report, &err),
                         PMT_ERR_IO);
        assert_int_equal(err.sys_errno, ENOSPC);
    }
}

/* ---- files that lie -------------------------------------------------------------- */

/* Puts content into a frame with a label that fits, behind what is there. */
static void add_frame(struct pmt_buffer *file, const void *content, size_t n)
{
    size_t bound = ZSTD_compressBound(n);
    uint8_t *frame = malloc(bound);
    ZSTD_CCtx *c = ZSTD_createCCtx();
    struct pmt_entry e = {.kind = 13, .stream_key = 1};
    uint8_t label[72] = {0x5b, 0x2a, 0x4d, 0x18, 0x40};
    size_t bytes;

    ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
    ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, 24);
    bytes = ZSTD_compress2(c, frame, bound, content, n);
    assert_false(ZSTD_isError(bytes));
    e.content_bytes = (uint32_t)n;
    e.frame_bytes = (uint32_t)bytes;
    e.frame_crc = pmt_crc32c(0, frame, bytes);
    pmt_label_encode(label + 8, &e);
    pmt_buffer_append(file, label, sizeof label);
    pmt_buffer_append(file, frame, bytes);
    ZSTD_freeCCtx(c);
    free(frame);
}

#define ENVELOPE "\xaa\x00\x0d\x01\x01\x02\x01"
#define REST "\x04\x00\x05\x00\x07\x00\x08\x00\x09\x00\x0f\xa1\x01"

/* A frame of `bytes` of content that says it has far more. */
static void huge_claim(struct pmt_buffer *file, uint64_t bytes)
{
    uint8_t frame[14] = {0x28, 0xb5, 0x2f, 0xfd, 0xe4};

    for (unsigned i = 0; i < 8; i++) {
        frame[5 + i] = (uint8_t)(bytes >> (8 * i));
    }
    pmt_buffer_append(file, frame, sizeof frame);
}

/* What a file ends with. */
enum ending { ENDING_2_60, ENDING_2_24, ENDING_INDEX, ENDING_FOREIGN, ENDINGS };

static void make_ending(struct pmt_buffer *file, enum ending ending)
{
    static const uint8_t index[8] = {0x5c, 0x2a, 0x4d, 0x18, 0, 0, 0, 4};
    static const uint8_t foreign[8] = {0x53, 0x2a, 0x4d, 0x18,
                                       0xff, 0xff, 0xff, 0xff};

    if (ending == ENDING_INDEX || ending == ENDING_FOREIGN) {
        pmt_buffer_append(file, ending == ENDING_INDEX ? index : foreign, 8);
    } else {
        huge_claim(file, UINT64_C(1) << (ending == ENDING_2_60 ? 60 : 24));
    }
}

#define LIES 8u

static void make_lies(struct pmt_buffer *file)
{
    static uint8_t bomb[16u << 20];
    uint8_t deep[10001];

    /* 2^60 records; 2^60 items; a text and a column of 10 GB. */
    add_frame(file, ENVELOPE "\x03\x1b\x10\0\0\0\0\0\0\0" REST "\x00", 30);
    add_frame(file, ENVELOPE "\x03\x01" REST "\x9b\x10\0\0\0\0\0\0\0", 30);
    add_frame(file, ENVELOPE "\x03\x01" REST "\xbb\x10\0\0\0\0\0\0\0", 30);
    add_frame(file, ENVELOPE "\x03\x01" REST "\x7b\0\0\0\x02\x54\x0b\xe4\0",
              30);
    add_frame(file, ENVELOPE "\x03\x01" REST "\x5b\0\0\0\x02\x54\x0b\xe4\0",
              30);
    memset(deep, 0x81, sizeof deep);
    add_frame(file, deep, sizeof deep);
    add_frame(file, bomb, sizeof bomb); /* of the greatest size there is */
    memset(bomb, 0x80, sizeof bomb);    /* 16 million items */
    add_frame(file, bomb, sizeof bomb);
}

static long rss_kb(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* In a child of its own, for the greatest memory of a process only grows. */
static void read_liars(const struct pmt_buffer *file, size_t piece)
{
    static struct sample_events events;
    long before = rss_kb();
    size_t damages = 0;
    long more;

    sample_read(file->bytes, file->used, piece, &events);
    for (size_t i = 0; i < events.count; i++) {
        damages += events.list[i].type == PMT_EVENT_DAMAGE;
    }
    more = rss_kb() - before;
    if (events.ended != PMT_END || damages != LIES + 1 || more > 64 * 1024) {
        fprintf(stderr, "ended %d, %zu damages, %ld KB\n", events.ended,
                damages, more);
        _exit(1);
    }
    _exit(0);
}

static void test_bounded_memory(void **state)
{
    struct pmt_buffer file = {NULL, 0, 0};
    size_t lies;

    (void)state;
    make_lies(&file);
    lies = file.used;
    for (int i = 0; i < 2 * ENDINGS; i++) {
        pid_t pid;
        int status;

        file.used = lies;
        make_ending(&file, i / 2);
        pid = fork();
        if (!pid) {
            read_liars(&file, i % 2 ? 4096 : 0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
    }
    pmt_buffer_release(&file);
}

static int begin(void **state)
{
    (void)state;
    sample_golden(&golden);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    pmt_buffer_release(&golden);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_source_fails),
        cmocka_unit_test(test_sink_fails),
        cmocka_unit_test(test_bounded_memory),
    };

    return cmocka_run_group_tests(tests, begin, finish);
}
