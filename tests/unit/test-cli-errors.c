/* test-cli-errors.c: messages on stderr, and the progress bar among them. */
#include <errno.h>
#include <pty.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli-capture.h"
#include "cli/errors.h"
#include "cli/progress.h"

static struct capture got;

static int say_all(void *unused)
{
    (void)unused;
    pmt_errors_name("pmt-live");
    if (pmt_fail("a.pmt: %s", "not a trace") != PMT_EXIT_TROUBLE)
        return 1;
    if (pmt_fail_errno(ENOENT, "b.pmt") != PMT_EXIT_TROUBLE)
        return 1;
    pmt_warn("%d records lost", 5);
    pmt_note("not said");
    pmt_errors_levels(false, 1);
    pmt_note("said");
    pmt_errors_levels(true, 0);
    pmt_warn("not said");
    pmt_fail("a\nb\x1b[2J\xff");
    pmt_die("end");
}

static void test_messages(void **state)
{
    (void)state;
    capture_run(&got, say_all, NULL);
    assert_int_equal(got.status, 2);
    assert_string_equal(got.out, "");
    assert_string_equal(got.err,
                        "pmt-live: a.pmt: not a trace\n"
                        "pmt-live: b.pmt: No such file or directory\n"
                        "pmt-live: warning: 5 records lost\n"
                        "pmt-live: said\n"
                        "pmt-live: a\\x0ab\\x1b[2J\\xff\n"
                        "pmt-live: end\n");
}

/* Any length of any bytes stays one line that ends. */
static int say_long(void *byte)
{
    char *text = malloc(100001);

    memset(text, *(char *)byte, 100000);
    text[100000] = '\0';
    pmt_fail_errno(ENOSPC, "%s", text);
    free(text);
    return 0;
}

static void test_long(void **state)
{
    static const char bytes[] = {'x', '\n', '\xff'};

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++) {
        static const char end[] = ": No space left on device\n";

        capture_run(&got, say_long, (void *)&bytes[i]);
        assert_int_equal(got.status, 0);
        assert_true(got.err_size > 8192);
        assert_string_equal(got.err + got.err_size - strlen(end), end);
        assert_ptr_equal(strchr(got.err, '\n'), got.err + got.err_size - 1);
    }
}

/* ---- progress ---- */

static int work(void *when)
{
    struct pmt_progress progress;

    pmt_errors_name("pmt-merge");
    pmt_progress_start(&progress, "reading \x1b", 4096, PMT_PROGRESS_BYTES,
                       *(int *)when);
    pmt_progress_update(&progress, 1024);
    usleep(120000);
    pmt_progress_update(&progress, 2048);
    pmt_warn("look");
    pmt_progress_update(&progress, 5000); /* more than was promised */
    pmt_progress_stop(&progress);
    pmt_warn("after");
    return 0;
}

static void test_never(void **state)
{
    static const int when[] = {PMT_PROGRESS_NEVER, PMT_PROGRESS_AUTO};

    (void)state;
    for (int i = 0; i < 2; i++) {
        capture_run(&got, work, (void *)&when[i]);
        assert_string_equal(got.err,
                            "pmt-merge: warning: look\n"
                            "pmt-merge: warning: after\n");
    }
}

static int work_counting(void *unused)
{
    struct pmt_progress progress;

    (void)unused;
    pmt_progress_start(&progress, "x", 0, PMT_PROGRESS_COUNT,
                       PMT_PROGRESS_ALWAYS);
    pmt_progress_update(&progress, 12345);
    pmt_progress_stop(&progress);
    return 0;
}

static void test_always(void **state)
{
    int when = PMT_PROGRESS_ALWAYS;

    (void)state;
    capture_run(&got, work, &when);
    assert_non_null(
        strstr(got.err,
               "\rpmt-merge: reading \\x1b:   0%, 0 B of 4.0 KiB\033[K"));
    assert_non_null(strstr(got.err, "\r\033[Kpmt-merge: warning: look\n"));
    assert_non_null(strstr(got.err,
                           "100%, 4.0 KiB of 4.0 KiB\033[K\n"
                           "pmt-merge: warning: after\n"));
    capture_run(&got, work_counting, NULL);
    assert_string_equal(got.err, "\rpmt: x: 0\033[K\rpmt: x: 12,345\033[K\n");
}

/* "auto" on a terminal: silent within the first second, then drawn, then
 * gone. What the terminal got is printed for the test, with a "|" at the end:
 * a terminal may forget what its last user wrote before going. */
static int work_on_terminal(void *unused)
{
    struct pmt_progress progress;
    char byte;
    int master;
    pid_t child = forkpty(&master, NULL, NULL, NULL);

    (void)unused;
    if (child < 0)
        return 1;
    if (child == 0) {
        pmt_progress_start(&progress, "t", 100, PMT_PROGRESS_COUNT,
                           PMT_PROGRESS_AUTO);
        pmt_progress_update(&progress, 10);
        usleep(1050000);
        pmt_progress_update(&progress, 50);
        pmt_progress_stop(&progress);
        fputc('|', stderr);
        pause(); /* until the other end is closed: SIGHUP */
        _exit(0);
    }
    while (read(master, &byte, 1) == 1 && putchar(byte) != '|')
        ;
    close(master);
    return 0;
}

static void test_auto(void **state)
{
    (void)state;
    capture_run(&got, work_on_terminal, NULL);
    assert_int_equal(got.status, 0);
    /* How long it really slept is not for us to say. */
    assert_memory_equal(got.out, "\rpmt: t:  50%, 50 of 100, ", 26);
    assert_string_equal(strstr(got.out, " s left"), " s left\033[K\r\033[K|");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages), cmocka_unit_test(test_long),
        cmocka_unit_test(test_never),    cmocka_unit_test(test_always),
        cmocka_unit_test(test_auto),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
