/* test-cli-output.c: outputs appear whole or not at all, and nothing that
 * exists is lost. Each case runs in a process of its own. */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli-capture.h"
#include "cli/errors.h"
#include "cli/output.h"

static struct capture got;

static int empty_folder(void **state)
{
    (void)state;
    return system("rm -rf -- ./* ./.[!.]*");
}

/* ---- writing a file ---- */

/* "new" into the file `path`, with -f if the path begins with "!". */
static int write_new(void *path)
{
    const char *name = path;
    struct pmt_output out;
    unsigned flags = *name == '!' ? PMT_OUTPUT_FORCE : 0;

    if (pmt_output_open(&out, name + (*name == '!'), flags))
        return PMT_EXIT_TROUBLE;
    fputs("new", out.file);
    return pmt_output_commit(&out);
}

static int run_new(const char *path)
{
    capture_run(&got, write_new, (void *)path);
    assert_string_equal(got.out, "");
    return got.status;
}

static void test_new_file(void **state)
{
    struct stat stat_of;

    (void)state;
    umask(027);
    assert_int_equal(run_new("a"), 0);
    umask(022);
    assert_string_equal(capture_read("a"), "new");
    assert_int_equal(stat("a", &stat_of), 0);
    assert_int_equal(stat_of.st_mode & 07777, 0640);
    assert_int_equal(capture_count_files(), 1);
    assert_string_equal(got.err, "");
}

static void test_existing(void **state)
{
    (void)state;
    capture_write("a", "old");
    assert_int_equal(run_new("a"), 2);
    assert_string_equal(got.err, "pmt: a: exists (use -f to overwrite it)\n");
    assert_string_equal(capture_read("a"), "old");
    assert_int_equal(run_new("!a"), 0);
    assert_string_equal(capture_read("a"), "new");
    assert_int_equal(capture_count_files(), 1);
}

static void test_bad_paths(void **state)
{
    char longest[300];

    (void)state;
    assert_int_equal(mkdir("folder", 0777), 0);
    assert_int_equal(run_new("!folder"), 2);
    assert_string_equal(got.err, "pmt: folder: Is a directory\n");
    assert_int_equal(run_new("folder/"), 2);
    assert_int_equal(run_new("none/a"), 2);
    assert_string_equal(got.err, "pmt: none/a: No such file or directory\n");
    assert_int_equal(run_new("none/"), 2);
    assert_int_equal(run_new(""), 2);
    assert_int_equal(run_new("folder/../b"), 0);
    memset(longest, 'x', 255);
    longest[255] = '\0';
    assert_int_equal(run_new(longest), 0);
    assert_string_equal(capture_read(longest), "new");
    longest[255] = 'x', longest[256] = '\0';
    assert_int_equal(run_new(longest), 2);
    assert_int_equal(capture_count_files(), 3);
}

static void test_links(void **state)
{
    struct stat stat_of;

    (void)state;
    capture_write("target", "old");
    assert_int_equal(symlink("target", "link"), 0);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_int_equal(run_new("link"), 2);
    assert_int_equal(run_new("dangling"), 2);
    assert_int_equal(run_new("!link"), 0);
    assert_int_equal(lstat("link", &stat_of), 0);
    assert_true(S_ISREG(stat_of.st_mode));
    assert_string_equal(capture_read("target"), "old");
    assert_null(capture_read("nowhere"));
    assert_int_equal(capture_count_files(), 3);
}

/* Another process makes the file while we write. */
static int lose_race(void *unused)
{
    struct pmt_output out;

    (void)unused;
    if (pmt_output_open(&out, "a", 0))
        return 1;
    fputs("new", out.file);
    capture_write("a", "theirs");
    return pmt_output_commit(&out);
}

static void test_race(void **state)
{
    (void)state;
    capture_run(&got, lose_race, NULL);
    assert_int_equal(got.status, 2);
    assert_string_equal(got.err, "pmt: a: exists (use -f to overwrite it)\n");
    assert_string_equal(capture_read("a"), "theirs");
    assert_int_equal(capture_count_files(), 1);
}

/* Relative names mean the folder at the time of opening. */
static int move_about(void *unused)
{
    struct pmt_output one, two;

    (void)unused;
    if (pmt_output_open(&one, "one", 0) || pmt_output_open(&two, "./two", 0))
        return 1;
    fputs("1", one.file);
    fputs("2", two.file);
    if (chdir("/"))
        return 1;
    return pmt_output_commit(&two) || pmt_output_commit(&one);
}

static void test_chdir(void **state)
{
    (void)state;
    capture_run(&got, move_about, NULL);
    assert_int_equal(got.status, 0);
    assert_string_equal(capture_read("one"), "1");
    assert_string_equal(capture_read("two"), "2");
    assert_int_equal(capture_count_files(), 2);
}

/* ---- not finishing ---- */

enum leave { ABANDON, DIE, CHILD, SIGNAL };

/* Open "a" and leave in some way; above SIGNAL, by that signal. */
static int leave(void *how)
{
    struct pmt_output out;
    int way = *(int *)how, status;

    if (pmt_output_open(&out, "a", PMT_OUTPUT_FORCE))
        return 1;
    fputs("half", out.file);
    fflush(out.file);
    switch (way) {
    case ABANDON:
        pmt_output_abandon(&out);
        pmt_output_abandon(&out);
        return 0;
    case DIE:
        pmt_die("enough");
    case CHILD:
        /* The end of a child, and of an output of its own, is not the end
         * of ours. */
        if (fork() == 0) {
            struct pmt_output own;

            exit(pmt_output_open(&own, "b", 0));
        }
        wait(&status);
        return pmt_output_commit(&out);
    default:
        raise(way - SIGNAL);
        pmt_output_abandon(&out);
        return 3;
    }
}

static void test_abandon(void **state)
{
    int way = ABANDON;

    (void)state;
    capture_run(&got, leave, &way);
    assert_int_equal(got.status, 0);
    assert_int_equal(capture_count_files(), 0);
}

static void test_die(void **state)
{
    int way = DIE;

    (void)state;
    capture_write("a", "old");
    capture_run(&got, leave, &way);
    assert_int_equal(got.status, 2);
    assert_string_equal(got.err, "pmt: enough\n");
    assert_string_equal(capture_read("a"), "old");
    assert_int_equal(capture_count_files(), 1);
}

static void test_fork(void **state)
{
    int way = CHILD;

    (void)state;
    capture_run(&got, leave, &way);
    assert_int_equal(got.status, 0);
    assert_string_equal(capture_read("a"), "half");
    assert_int_equal(capture_count_files(), 1);
}

static void test_signals(void **state)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGPIPE, SIGTERM};

    (void)state;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        int way = SIGNAL + signals[i];

        /* Whoever runs the tests may ignore it: nohup, or a shell's &. */
        signal(signals[i], SIG_DFL);
        capture_run(&got, leave, &way);
        assert_int_equal(got.signal, signals[i]);
        assert_string_equal(got.err, "");
        assert_int_equal(capture_count_files(), 0);
    }
}

static int leave_under_nohup(void *how)
{
    signal(SIGHUP, SIG_IGN);
    return leave(how);
}

static void test_ignored_signal(void **state)
{
    int way = SIGNAL + SIGHUP;

    (void)state;
    capture_run(&got, leave_under_nohup, &way);
    assert_int_equal(got.status, 3);
}

/* ---- no room ---- */

/* Write `size` bytes to standard output, which is /dev/full. */
static int fill(void *size)
{
    struct pmt_output out;
    int full = open("/dev/full", O_WRONLY);
    int status;

    if (full < 0 || dup2(full, STDOUT_FILENO) < 0 ||
        pmt_output_open(&out, NULL, 0))
        return 1;
    for (size_t i = 0; i < *(size_t *)size; i++)
        putc('x', out.file);
    status = pmt_output_commit(&out);
    return pmt_output_finish(status);
}

/* The same, but the command never looks. */
static int fill_blindly(void *unused)
{
    int full = open("/dev/full", O_WRONLY);

    (void)unused;
    if (full < 0 || dup2(full, STDOUT_FILENO) < 0)
        return 1;
    puts("x");
    return pmt_output_finish(PMT_EXIT_OK);
}

/* An error in the middle is not forgotten when the last write succeeds. */
static int fail_early(void *unused)
{
    struct pmt_output out;
    int full = open("/dev/full", O_WRONLY), null = open("/dev/null", O_WRONLY);

    (void)unused;
    if (full < 0 || dup2(full, STDOUT_FILENO) < 0 ||
        pmt_output_open(&out, NULL, 0))
        return 1;
    fputs("x", out.file);
    if (fflush(out.file) == 0 || dup2(null, STDOUT_FILENO) < 0)
        return 1;
    return pmt_output_finish(pmt_output_commit(&out));
}

static int finish_no(void *unused)
{
    (void)unused;
    return pmt_output_finish(PMT_EXIT_NO);
}

static void test_no_room(void **state)
{
    size_t few = 1, many = 200000;
    const char *line = "pmt: standard output: No space left on device\n";

    (void)state;
    capture_run(&got, fill, &few);
    assert_int_equal(got.status, 2);
    assert_string_equal(got.err, line);
    capture_run(&got, fill, &many);
    assert_int_equal(got.status, 2);
    assert_string_equal(got.err, line);
    capture_run(&got, fill_blindly, NULL);
    assert_int_equal(got.status, 2);
    assert_string_equal(got.err, line);
    capture_run(&got, fail_early, NULL);
    assert_int_equal(got.status, 2);
    assert_string_equal(got.err, "pmt: standard output: write failed\n");
    capture_run(&got, finish_no, NULL);
    assert_int_equal(got.status, 1);
    assert_string_equal(got.err, "");
}

static void test_devices(void **state)
{
    struct stat stat_of;

    (void)state;
    assert_int_equal(run_new("/dev/null"), 0);
    assert_int_equal(run_new("!/dev/full"), 2);
    assert_string_equal(got.err, "pmt: /dev/full: No space left on device\n");
    assert_int_equal(stat("/dev/full", &stat_of), 0);
    assert_true(S_ISCHR(stat_of.st_mode));
    capture_run(&got, write_new, (void *)"/dev/stdout");
    assert_int_equal(got.status, 0);
    assert_string_equal(got.out, "new");
    capture_run(&got, write_new, (void *)"-");
    assert_string_equal(got.out, "new");
}

/* A limit on file size fails like a full disk, in the middle of a file. */
static int write_much(void *unused)
{
    struct pmt_output out;

    (void)unused;
    signal(SIGXFSZ, SIG_IGN);
    if (pmt_output_open(&out, "a", PMT_OUTPUT_FORCE))
        return 1;
    for (size_t i = 0; i < 300000; i++)
        putc('x', out.file);
    return pmt_output_commit(&out);
}

static void test_disk_full(void **state)
{
    (void)state;
    capture_write("a", "old");
    capture_run(&got, write_much, NULL);
    assert_int_equal(got.status, 0);
    capture_write("a", "old");
    /* The limit must hold in the child only. */
    if (fork() == 0) {
        const struct rlimit limit = {100000, 100000};

        setrlimit(RLIMIT_FSIZE, &limit);
        capture_run(&got, write_much, NULL);
        _exit(got.status == 2 && !strcmp(got.err, "pmt: a: File too large\n")
                  ? 0
                  : 1);
    } else {
        int status;

        wait(&status);
        assert_int_equal(status, 0);
    }
    assert_string_equal(capture_read("a"), "old");
    assert_int_equal(capture_count_files(), 1);
}

/* ---- the reader goes ---- */

/* Standard output is a pipe that nobody reads; SIGPIPE as given. */
static int write_to_nobody(void *action)
{
    struct pmt_output out;
    int ends[2];

    signal(SIGPIPE, *(void (**)(int))action);
    if (pipe(ends) || close(ends[0]) || dup2(ends[1], STDOUT_FILENO) < 0 ||
        pmt_output_open(&out, "-", 0))
        return 1;
    fputs("x", out.file);
    return pmt_output_finish(pmt_output_commit(&out));
}

/* Neither opened nor committed: only main()'s last call sees it. */
static int finish_to_nobody(void *unused)
{
    int ends[2];

    (void)unused;
    signal(SIGPIPE, SIG_IGN);
    if (pipe(ends) || close(ends[0]) || dup2(ends[1], STDOUT_FILENO) < 0)
        return 1;
    puts("x");
    return pmt_output_finish(PMT_EXIT_OK);
}

static void test_broken_pipe(void **state)
{
    void (*actions[])(int) = {SIG_DFL, SIG_IGN};

    (void)state;
    for (int i = 0; i < 2; i++) {
        capture_run(&got, write_to_nobody, &actions[i]);
        assert_int_equal(got.signal, SIGPIPE);
        assert_string_equal(got.err, "");
    }
    capture_run(&got, finish_to_nobody, NULL);
    assert_int_equal(got.signal, SIGPIPE);
    assert_string_equal(got.err, "");
}

/* ---- terminals and closed streams ---- */

static int write_binary(void *force)
{
    struct pmt_output out;
    int master, slave;

    if (openpty(&master, &slave, NULL, NULL, NULL) ||
        dup2(slave, STDOUT_FILENO) < 0)
        return 1;
    if (pmt_output_open(&out, NULL,
                        PMT_OUTPUT_BINARY |
                            (*(bool *)force ? PMT_OUTPUT_FORCE : 0)))
        return PMT_EXIT_TROUBLE;
    return out.is_terminal ? pmt_output_commit(&out) : 1;
}

static void test_terminal(void **state)
{
    bool force = false;

    (void)state;
    capture_run(&got, write_binary, &force);
    assert_int_equal(got.status, 2);
    assert_string_equal(got.err,
                        "pmt: standard output is a terminal (use -o FILE)\n");
    force = true;
    capture_run(&got, write_binary, &force);
    assert_int_equal(got.status, 0);
}

static int write_closed(void *unused)
{
    (void)unused;
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    pmt_output_guard();
    if (open("/dev/null", O_RDONLY) <= STDERR_FILENO)
        return 1;
    puts("x");
    return pmt_output_finish(PMT_EXIT_OK);
}

static void test_closed(void **state)
{
    (void)state;
    capture_run(&got, write_closed, NULL);
    assert_int_equal(got.status, 2);
    assert_string_equal(got.err, "pmt: standard output: Bad file descriptor\n");
}

#define CASE(test) cmocka_unit_test_setup(test, empty_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_new_file),       CASE(test_existing),
        CASE(test_bad_paths),      CASE(test_links),
        CASE(test_race),           CASE(test_chdir),
        CASE(test_abandon),        CASE(test_die),
        CASE(test_fork),           CASE(test_signals),
        CASE(test_ignored_signal), CASE(test_no_room),
        CASE(test_devices),        CASE(test_disk_full),
        CASE(test_broken_pipe),    CASE(test_terminal),
        CASE(test_closed),
    };

    capture_enter_scratch();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
