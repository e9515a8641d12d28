/*
 * test-format-ring.c: a drain that writes a ring. What is live by the parts
 * that are left is what the program knows to be live, and what the whole
 * stream says, whose parts the test keeps by links of its own; the limits
 * hold; nothing is lost when no part can begin. (A little long: the tests
 * share the system calls that fail, and the recording.)
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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
static bool no_memory;       /* mremap(2) fails */

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

void *mremap(void *old, size_t old_size, size_t new_size, int flags, ...)
{
    if (no_memory) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    return (void *)syscall(SYS_mremap, old, old_size, new_size, flags, NULL);
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

static void remove_files(const char *trace)
{
    char pattern[NAME];
    glob_t found;

    snprintf(pattern, sizeof pattern, "%s*", trace);
    if (glob(pattern, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            unlink(found.gl_pathv[i]);
        }
        globfree(&found);
    }
}

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
    remove_files(r->trace); /* of a test that failed */
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
    no_names = no_disk = 0;
    no_memory = false;
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
    pmt_drain_free(r->drain);
    pmt_journal_close(&r->journal);
    close(r->fd);
    remove_files(r->trace);
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
    assert_true(!r->max_bytes || f.bytes <= r->max_bytes);
    /* A file system may take more for a file than its bytes, later. */
    assert_true(!r->max_bytes || bytes <= r->max_bytes + n * 4096);
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

/* ---- limits ------------------------------------------------------------------ */

/* What is too old goes, also when nothing comes any more. */
static void test_age(void **state)
{
    static struct ring r;
    struct pmt_ring_figures f;
    uint64_t seed = 1;
    uint32_t most = 0;

    (void)state;
    begin(&r, 0, 160000000, 1000, 7);
    for (unsigned i = 0; i < 60; i++) {
        go(&r, &seed, 1);
        usleep(10000);
        pmt_drain_ring(r.drain, &f);
        most = f.parts > most ? f.parts : most;
        check_live(&r, false);
    }
    assert_true(f.let_go > 0);
    /* Eight of 20 ms at most, those at both ends, and the newest. */
    assert_in_range(most, 2, 11);
    usleep(30000);
    assert_int_equal(pmt_drain_pass(r.drain, true, NULL), PMT_OK);
    usleep(170000);
    assert_int_equal(pmt_drain_pass(r.drain, true, NULL), PMT_OK);
    pmt_drain_ring(r.drain, &f);
    assert_in_range(f.parts, 1, 2);
    check_live(&r, true);
    end(&r);
}

/* What is live is more than half the limit: it is left out, and a mark says
 * so; when it is less again, it is there again. */
static void test_live_set_too_big(void **state)
{
    static struct ring r;
    static struct world_read got;
    char names[80][NAME];
    const char *paths[80];
    uint64_t seed = 1;

    (void)state;
    begin(&r, 66000, 0, 1000, 11);
    r.world.busy = WORLD_SLOTS;
    go(&r, &seed, 60);
    world_read(&got, paths, parts_of(&r, names, paths));
    assert_int_equal(got.damages, 0);
    assert_int_equal(got.sets, 0);
    assert_true(got.marks > 0);
    for (uint32_t i = 0; i < WORLD_SLOTS; i++) {
        r.world.live.blocks[i].live = false;
        world_free(&r.world, i);
    }
    r.world.busy = 50;
    go(&r, &seed, 60);
    world_read(&got, paths, parts_of(&r, names, paths));
    assert_true(got.sets > 0);
    check_live(&r, true);
    end(&r);
}

/* No memory for what is live: the recording goes on; what can't be said is
 * left out, a mark says so, and it is counted. */
static void test_no_memory(void **state)
{
    static struct ring r;
    static struct world_read got;
    char names[80][NAME];
    const char *paths[80];
    uint64_t seed = 1;
    struct pmt_ring_figures f;

    (void)state;
    begin(&r, 150000, 0, 500, 12);
    no_memory = true;
    r.world.busy = 4000;
    go(&r, &seed, 30);
    no_memory = false;
    go(&r, &seed, 30);
    pmt_drain_ring(r.drain, &f);
    assert_true(f.part > 5);
    world_read(&got, paths, parts_of(&r, names, paths));
    assert_int_equal(got.damages + got.missing, 0);
    assert_true(got.marks > 0);
    assert_in_range(r.journal.header->lost[PMT_LOSS_MEMORY], 1, 2);
    end(&r);
}

/* ---- when no part can begin --------------------------------------------------- */

static void test_without_links(void **state)
{
    static struct ring r;
    struct pmt_ring_figures f;
    uint64_t seed = 3;

    (void)state;
    no_links = EPERM;
    begin(&r, 150000, 0, 500, 8);
    go(&r, &seed, 50);
    pmt_drain_ring(r.drain, &f);
    assert_true(f.part > 5);
    check_live(&r, true);
    no_links = 0;
    end(&r);
}

/* The drain stays in its part, loses nothing, and goes on later. */
static void stays_for_a_while(int *what, int why)
{
    static struct ring r;
    struct pmt_ring_figures f, later;
    uint64_t seed = 4;

    begin(&r, 900000, 0, 500, 9);
    go(&r, &seed, 3);
    pmt_drain_ring(r.drain, &f);
    *what = why;
    do {
        go(&r, &seed, 3);
        pmt_drain_ring(r.drain, &later);
    } while (later.bytes < 400000);
    assert_int_equal(later.part, f.part);
    assert_true(access(strcat(strcpy(kept[KEPT_MAX - 1], r.trace),
                              PMT_PART_NEW_SUFFIX), F_OK) < 0);
    *what = 0;
    check_live(&r, true);
    for (unsigned i = 0; i < 500 && later.part == f.part; i++) {
        usleep(10000);
        go(&r, &seed, 1);
        pmt_drain_ring(r.drain, &later);
    }
    assert_true(later.part > f.part);
    go(&r, &seed, 30);
    check_live(&r, true);
    end(&r);
}

static void test_no_names(void **state)
{
    (void)state;
    stays_for_a_while(&no_names, EACCES);
    stays_for_a_while(&no_links, EDQUOT);
}

/* It never passes its limit, also where no part can begin: then it is as if
 * the disk were full. */
static void test_no_part_can_begin(void **state)
{
    static struct ring r;
    struct pmt_ring_figures f;
    struct pmt_error err = {0};
    uint64_t seed = 5;
    int rc = PMT_OK;

    (void)state;
    begin(&r, 150000, 0, 500, 10);
    no_links = EDQUOT;
    while (rc == PMT_OK) {
        world_go(&r.world, 1000);
        world_settle(&r.world); /* what is behind is not read for long */
        rc = pmt_drain_pass(r.drain, true, &err);
        pmt_drain_ring(r.drain, &f);
        assert_true(f.bytes <= r.max_bytes + 20000);
    }
    assert_int_equal(rc, PMT_ERR_IO);
    assert_int_equal(err.sys_errno, ENOSPC);
    no_links = 0;
    for (unsigned i = 0; i < 500 && rc != PMT_OK; i++) {
        usleep(10000);
        rc = pmt_drain_pass(r.drain, true, &err);
    }
    assert_int_equal(rc, PMT_OK);
    check_live(&r, true);
    go(&r, &seed, 30);
    check_live(&r, true);
    end(&r);
}

/* One mark tells of it; what is told to be let go is what is not there: alloc
 * and object records, and a few others. */
static void check_let_go(struct ring *r)
{
    static struct world_read got;
    struct pmt_ring_figures f;
    const char *all[KEPT_MAX], *paths[80];
    char there[80][NAME];

    for (unsigned i = 0; i < kept_count; i++) {
        all[i] = kept[i];
    }
    world_read(&got, all, kept_count);
    assert_int_equal(got.marks, 1);
    pmt_drain_ring(r->drain, &f);
    world_read(&got, paths, parts_of(r, there, paths));
    assert_in_range(f.let_go, r->world.made - got.records,
                    r->world.made - got.records + 200);
}

/* Another's file has the name of a part: that part and those before it are
 * let go, and the ring goes on; the file is not touched, and a mark tells of
 * it, once. Also where there are no links. */
static void name_is_taken(int links, uint64_t max_bytes, uint64_t max_age_ns)
{
    static struct ring r;
    struct pmt_ring_figures f;
    uint64_t seed = 5;
    uint32_t taken[2];
    char names[2][NAME];
    struct stat st;

    no_links = links;
    begin(&r, max_bytes, max_age_ns, 500, 10);
    for (unsigned i = 0; i < 2; i++) {
        int fd;

        do {
            go(&r, &seed, 2);
            pmt_drain_ring(r.drain, &f);
        } while (f.parts < 3);
        taken[i] = f.part;
        assert_int_equal(
            pmt_part_path(names[i], NAME, r.trace, taken[i]), 0);
        fd = open(names[i], O_WRONLY | O_CREAT | O_EXCL, 0640);
        assert_int_equal(write(fd, "mine", 4), 4);
        close(fd);
        for (uint32_t part = f.part; f.part == part;) {
            go(&r, &seed, 1);
            pmt_drain_ring(r.drain, &f);
        }
        for (uint32_t part = 0; part < taken[i]; part++) {
            char name[NAME];

            assert_int_equal(pmt_part_path(name, NAME, r.trace, part), 0);
            assert_true((i && part == taken[0]) || access(name, F_OK) < 0);
        }
    }
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(stat(names[i], &st), 0);
        assert_int_equal(st.st_size, 4);
        assert_int_equal(st.st_mode & 0777, 0640);
        unlink(names[i]);
    }
    check_live(&r, true);
    check_let_go(&r);
    no_links = 0;
    end(&r);
}

static void test_name_is_taken(void **state)
{
    (void)state;
    name_is_taken(0, 150000, 0);
    name_is_taken(EPERM, 150000, 0);
    name_is_taken(0, 0, 160000000);
}

/* The disk is full at any write of a while. */
static void test_disk_full(void **state)
{
    static struct ring r;
    struct pmt_ring_figures f;
    uint64_t seed = 6;

    (void)state;
    begin(&r, 150000, 0, 500, 13);
    for (unsigned i = 0; i < 150; i++) {
        no_disk = sample_below(&seed, 4) ? 0 : (int)sample_below(&seed, 9);
        world_go(&r.world, (unsigned)sample_below(&seed, 1500));
        pmt_drain_pass(r.drain, sample_below(&seed, 2), NULL);
        no_disk = 0;
        if (i % 10 == 9) {
            assert_int_equal(pmt_drain_pass(r.drain, true, NULL), PMT_OK);
            check_live(&r, i % 50 == 49);
        }
    }
    pmt_drain_ring(r.drain, &f);
    assert_true(f.part > 5);
    for (unsigned c = 0; c < PMT_LOSS_CAUSES; c++) {
        assert_int_equal(r.journal.header->lost[c], 0);
    }
    end(&r);
}

/* ---- descriptors --------------------------------------------------------------- */

/* Whatever the program does with the drain's descriptors. */
static void test_descriptors(void **state)
{
    static struct ring r;
    uint64_t seed = 7;
    char name[NAME];
    struct stat st;
    int other;

    (void)state;
    begin(&r, 200000, 0, 500, 14);
    snprintf(name, NAME, "%s.other", r.trace);
    other = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    for (unsigned i = 0; i < 60; i++) {
        for (int fd = 3; fd < 1000; fd++) {
            if (fd != other && (fd == r.fd || fd >= 400)) {
                if (i & 1) {
                    dup2(other, fd);
                } else {
                    close(fd);
                }
            }
        }
        go(&r, &seed, 2);
        if (i % 20 == 7) {
            pmt_drain_leave(r.drain);
            assert_int_equal(pmt_drain_open(r.drain, other, NULL), PMT_OK);
        }
    }
    assert_int_equal(fstat(other, &st), 0);
    assert_int_equal(st.st_size, 0);
    check_live(&r, true);
    for (int fd = 400; fd < 1000; fd++) {
        close(fd);
    }
    close(other);
    unlink(name);
    r.fd = open("/dev/null", O_RDONLY);
    end(&r);
}

/* Its file was taken away: the next part has the name. */
static void test_file_is_gone(void **state)
{
    static struct ring r;
    struct pmt_ring_figures f;
    uint64_t seed = 8;

    (void)state;
    begin(&r, 200000, 0, 500, 15);
    go(&r, &seed, 1);
    assert_int_equal(unlink(r.trace), 0);
    do {
        go(&r, &seed, 1);
        pmt_drain_ring(r.drain, &f);
    } while (f.part == 0);
    go(&r, &seed, 2);
    {
        static struct world_read got;
        const char *path = r.trace;

        world_read(&got, &path, 1);
        assert_int_equal(got.damages, 0);
        world_compare(&got.live, &r.world.live);
    }
    do {
        go(&r, &seed, 3);
        pmt_drain_ring(r.drain, &f);
    } while (f.part < 12);
    check_live(&r, false);
    end(&r);
}

/* ---- dumps --------------------------------------------------------------------- */

static void check_dump(struct ring *r, const char *name)
{
    static struct world_read got;
    char rest[NAME + 8];
    struct stat st;
    uint64_t bytes = 0;

    assert_int_equal(pmt_drain_dump(r->drain, name, &bytes, NULL), PMT_OK);
    assert_int_equal(stat(name, &st), 0);
    assert_int_equal(st.st_size, bytes);
    assert_int_equal(st.st_mode & 0777, 0600);
    world_read(&got, &name, 1);
    assert_int_equal(got.damages + got.missing, 0);
    assert_true(got.ended);
    world_compare(&got.live, &r->world.live);
    snprintf(rest, sizeof rest, "%s%s", name, PMT_PART_NEW_SUFFIX);
    assert_true(access(rest, F_OK) < 0);
}

static void test_dump(void **state)
{
    static struct ring r;
    struct pmt_error err = {0};
    char name[NAME], rest[NAME + 8];

    (void)state;
    for (unsigned ring = 0; ring < 2; ring++) {
        begin(&r, ring ? 200000 : 0, 0, 500, 16);
        snprintf(name, NAME, "%s.dump", r.trace);
        unlink(name);
        for (unsigned i = 0; i < 10; i++) {
            for (unsigned k = 0; k < 5; k++) {
                world_go(&r.world, 1000);
                pmt_drain_pass(r.drain, k & 1, NULL);
            }
            check_dump(&r, name);
            assert_int_equal(pmt_drain_dump(r.drain, name, NULL, &err),
                             PMT_ERR_IO);
            assert_int_equal(err.sys_errno, EEXIST);
            unlink(name);
        }
        assert_int_equal(pmt_drain_dump(r.drain, "/none/such", NULL, &err),
                         PMT_ERR_IO);
        assert_int_equal(err.sys_errno, ENOENT);
        snprintf(rest, sizeof rest, "%s%s", name, PMT_PART_NEW_SUFFIX);
        assert_true(access(rest, F_OK) < 0 && access(name, F_OK) < 0);
        check_live(&r, ring);
        end(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_live_at_many_moments),
        cmocka_unit_test(test_age),
        cmocka_unit_test(test_live_set_too_big),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_without_links),
        cmocka_unit_test(test_no_names),
        cmocka_unit_test(test_no_part_can_begin),
        cmocka_unit_test(test_name_is_taken),
        cmocka_unit_test(test_disk_full),
        cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_file_is_gone),
        cmocka_unit_test(test_dump),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
