/*
 * test-format-ring.c: a drain that writes a ring. What is live by the parts
 * that are left is what the program knows to be live, and what the whole
 * stream says, whose parts the test keeps by links of its own; the limits
 * hold; nothing is lost when no part can begin.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "format-producer.h"
#include "format-sample.h"
#include "pmt/parts.h"
#include "ring-world.h"

#define KEPT_MAX 2000
#define NAME 640

/* ---- system calls of this program ------------------------------------------- */

/* The files of all parts, from the moment at which each becomes the newest. */
static char kept[KEPT_MAX][NAME];
static unsigned kept_count;
static int no_links;         /* link(2) fails so */
static int no_names;         /* and rename(2) */
static int no_disk;          /* so many pwrite(2)s from now find it full */

int rename(const char *from, const char *to)
{
    if (no_names && strstr(from, PMT_PART_NEW_SUFFIX)) {
        errno = no_names;
        return -1;
    }
    if (strstr(from, PMT_PART_NEW_SUFFIX)) {
        assert_true(kept_count < KEPT_MAX);
        snprintf(kept[kept_count], NAME, "%s-kept-%u", to, kept_count);
        unlink(kept[kept_count]);
        assert_int_equal(syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD,
                                 kept[kept_count], 0), 0);
        kept_count++;
    }
    return (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
}

int link(const char *from, const char *to)
{
    if (no_links) {
        errno = no_links;
        return -1;
    }
    return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
    if (no_disk > 0) {
        no_disk--;
        errno = ENOSPC;
        return -1;
    }
    return (ssize_t)syscall(SYS_pwrite64, fd, bytes, n, at);
}

/* ---- a recording ------------------------------------------------------------ */

struct ring {
    char trace[512];
    int fd;
    struct pmt_journal journal;
    struct pmt_drain *drain;
    struct world world;
    uint64_t max_bytes;
};

static void begin(struct ring *r, uint64_t max_bytes, uint64_t max_age_ns,
                  uint32_t chunk_records, uint64_t seed)
{
    struct pmt_stream_info info = sample_info();
    const struct pmt_writer_options options = {.chunk_records =
                                                   chunk_records};
    struct pmt_drain_target target = {.max_bytes = max_bytes,
                                      .max_age_ns = max_age_ns};
    static const char *const hooks[] = {"alloc:obj", "object"};

    memset(r, 0, sizeof *r);
    snprintf(r->trace, sizeof r->trace, "%s", temporary_path("ring.pmt"));
    unlink(r->trace);
    r->fd = open(r->trace, O_RDWR | O_CREAT | O_EXCL, 0600);
    assert_true(r->fd >= 0);
    assert_int_equal(pmt_journal_create(&r->journal, NULL, 24, 100, 1, NULL),
                     PMT_OK);
    info.hooks = hooks;
    info.hook_count = 2;
    target.fd = r->fd;
    target.path = r->trace;
    assert_int_equal(pmt_drain_new(&r->drain, &r->journal, &target, &info,
                                   &options, NULL), PMT_OK);
    r->max_bytes = max_bytes;
    kept_count = 1;
    snprintf(kept[0], NAME, "%s-kept-0", r->trace);
    unlink(kept[0]);
    assert_int_equal(syscall(SYS_linkat, AT_FDCWD, r->trace, AT_FDCWD,
                             kept[0], 0), 0);
    world_init(&r->world, &r->journal, seed);
}

/* The parts that are there, oldest first; they follow one another. */
static size_t parts_of(const struct ring *r, char names[][NAME],
                       const char **paths)
{
    struct pmt_ring_figures f;
    size_t n = 0;

    pmt_drain_ring(r->drain, &f);
    for (uint32_t part = 0; part < f.part; part++) {
        assert_int_equal(pmt_part_path(names[n], NAME, r->trace, part), 0);
        if (access(names[n], F_OK) == 0) {
            paths[n] = names[n];
            n++;
        } else {
            assert_int_equal(n, 0);
        }
    }
    paths[n++] = r->trace;
    assert_int_equal(n, f.parts);
    return n;
}

static uint64_t disk_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    return (uint64_t)st.st_blocks * 512;
}

static void end(struct ring *r)
{
    char names[80][NAME];
    const char *paths[80];
    size_t n = parts_of(r, names, paths);

    pmt_drain_free(r->drain);
    pmt_journal_close(&r->journal);
    close(r->fd);
    for (size_t i = 0; i < n; i++) {
        unlink(paths[i]);
    }
    for (unsigned i = 0; i < kept_count; i++) {
        unlink(kept[i]);
    }
}

/* `whole`: also by all parts that ever were. */
static void check_live(const struct ring *r, bool whole)
{
    static struct world_read got;
    static const char *all[KEPT_MAX];
    char names[80][NAME];
    const char *paths[80];
    size_t n = parts_of(r, names, paths);
    struct pmt_ring_figures f;
    uint64_t bytes = 0;

    for (size_t i = 0; i < n; i++) {
        bytes += disk_of(paths[i]);
    }
    pmt_drain_ring(r->drain, &f);
    assert_true(bytes <= f.bytes);
    assert_true(!r->max_bytes || f.bytes <= r->max_bytes);
    world_read(&got, paths, n);
    assert_int_equal(got.damages + got.missing, 0);
    world_compare(&got.live, &r->world.live);
    if (whole) {
        for (unsigned i = 0; i < kept_count; i++) {
            all[i] = kept[i];
        }
        world_read(&got, all, kept_count);
        assert_int_equal(got.damages + got.missing, 0);
        assert_int_equal(got.records, r->world.made);
        world_compare(&got.live, &r->world.live);
    }
}

/* A while of recording, with passes; all of it is in the trace then. */
static void go(struct ring *r, uint64_t *seed, unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        world_go(&r->world, (unsigned)sample_below(seed, 3000));
        pmt_drain_pass(r->drain, sample_below(seed, 3) == 0, NULL);
    }
    assert_int_equal(pmt_drain_pass(r->drain, true, NULL), PMT_OK);
}

/* ---- what is live ------------------------------------------------------------ */

/* What decode.py makes of all parts: it has no complaint. */
static void check_by_decode(const struct ring *r)
{
    const char *python = getenv("PMT_CBOR_PYTHON");
    const char *source = getenv("PMT_SOURCE");
    char command[4096];
    int n;

    if (!python || !*python || !source) {
        return;
    }
    n = snprintf(command, sizeof command,
                 "cat '%s'.?????? '%s' | '%s' '%s/spec/decode.py' - "
                 ">/dev/null 2>'%s.said' && ! test -s '%s.said'",
                 r->trace, r->trace, python, source, r->trace, r->trace);
    assert_true(n > 0 && (size_t)n < sizeof command);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, "%s.said", r->trace);
    unlink(command);
}

static void test_live_at_many_moments(void **state)
{
    static const uint32_t chunks[] = {200, 1000, 0};
    static struct ring r;

    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        uint64_t seed = i + 1;
        struct pmt_ring_figures f;

        begin(&r, i < 3 ? 250000 : 400000, 0, chunks[i % 3], i);
        r.world.long_reallocs = i & 1;
        for (unsigned moment = 0; moment < 60; moment++) {
            r.world.busy = 200 + (uint32_t)sample_below(&seed, 2000);
            go(&r, &seed, (unsigned)sample_below(&seed, 6));
            check_live(&r, moment % 20 == 19);
        }
        pmt_drain_ring(r.drain, &f);
        assert_true(f.part > 5 && f.let_go > 0); /* or nothing was shown */
        check_by_decode(&r);
        world_stop(&r.world);
        assert_int_equal(pmt_drain_finish(r.drain, NULL), PMT_OK);
        check_live(&r, true);
        end(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_live_at_many_moments),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
