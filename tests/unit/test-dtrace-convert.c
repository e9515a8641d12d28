/*
 * test-dtrace-convert.c - logs of D and bpftrace scripts, kept as they came,
 * cut and with random bytes put in and over: no crash, right counts. What
 * is right is counted here from the text, line by line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dtrace/convert.h"

struct log {
    char *bytes;
    size_t size;
};

static struct log read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct log log;

    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    log.size = (size_t)ftell(file);
    rewind(file);
    log.bytes = malloc(log.size + 1);
    assert_non_null(log.bytes);
    assert_int_equal(fread(log.bytes, 1, log.size, file), log.size);
    fclose(file);
    return log;
}

static struct dt_report convert(const char *bytes, size_t size)
{
    struct dt_options options = {.count_only = true};
    struct pmt_sink none = {0};
    struct dt_report report;
    struct dt_convert *c;
    struct pmt_error err;
    bool any;

    assert_int_equal(dt_convert_new(&c, &none, &options, &err), PMT_OK);
    assert_int_equal(dt_convert_feed(c, bytes, size, &err), PMT_OK);
    assert_int_equal(dt_convert_finish(c, &any, &err), PMT_OK);
    report = *dt_convert_report(c);
    dt_convert_free(c);
    return report;
}

static void check_sums(const struct dt_report *r)
{
    const struct dt_totals *t = &r->totals;

    assert_int_equal(r->used + r->other + r->unused, r->lines);
    assert_int_equal(t->bytes,
                     t->bytes_freed + t->bytes_live + t->unseen_bytes);
    assert_int_equal(t->mallocs, t->frees + t->blocks_live + t->unseen);
}

/* Does a whole line of the kept logs tell an event? */
static int tells(const char *line, size_t n)
{
    return memmem(line, n, "-> ", 3) || memmem(line, n, "<- ", 3) ||
           (n > 0 && line[0] >= '1' && line[0] <= '9' && memchr(line, '\t', n));
}

static const char *const paths[] = {
    "tests/dtrace/fixtures/pymemtrace-flow_malloc_free.log",
    "tests/dtrace/fixtures/pymemtrace-syscolors.log",
    "tests/dtrace/fixtures/pymemtrace-flowinfo.log",
    "tests/dtrace/fixtures/pymemtrace-flowinfo_rss.log",
    "tests/dtrace/fixtures/pymemtrace-malloc.log",
    "dtrace/examples/malloc.d.txt", "dtrace/examples/malloc.bt.txt",
    "dtrace/examples/objects.d.txt", "dtrace/examples/objects.bt.txt",
    "dtrace/examples/flow.d.txt", "dtrace/examples/flow.bt.txt",
    "dtrace/examples/syscalls.d.txt", "dtrace/examples/syscalls.bt.txt",
    "dtrace/examples/gc.d.txt",
    "dtrace/examples/gc.bt.txt", "dtrace/examples/sizes.d.txt",
    "dtrace/examples/sizes.bt.txt",
};
#define PATHS (sizeof paths / sizeof *paths)

/* Each of the first bytes, then some: make check-dtrace-cuts takes all. */
#define CUT_EACH 3000u
#define CUT_STEP 17u

static void check_cut(const struct log *log, size_t n, uint64_t lines,
                      uint64_t events, bool cut)
{
    struct dt_report r = convert(log->bytes, n);

    check_sums(&r);
    assert_int_equal(r.lines, lines + cut);
    assert_int_equal(r.events, events);
    assert_int_equal(r.causes[DT_CUT].count, cut);
}

static void test_cut(void **state)
{
    (void)state;
    for (size_t f = 0; f < PATHS; f++) {
        struct log log = read_file(paths[f]);
        uint64_t lines = 0, events = 0, from = 0;

        for (size_t n = 0; n < log.size; n++) {
            if (n < CUT_EACH || n % CUT_STEP == 0)
                check_cut(&log, n, lines, events, n > from);
            if (log.bytes[n] == '\n') {
                events += (uint64_t)tells(log.bytes + from, n - from);
                lines++;
                from = n + 1;
            }
        }
        free(log.bytes);
    }
}

/* A small generator of numbers: the same at each run. */
static uint32_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

/* A random byte over one of the log's, or put in. */
static void change(struct log *log, uint64_t *seed)
{
    size_t at = next_random(seed) % log->size;

    if (next_random(seed) % 2) {
        memmove(log->bytes + at + 1, log->bytes + at, log->size - at);
        log->size++;
    }
    log->bytes[at] = (char)next_random(seed);
}

static void test_random_bytes(void **state)
{
    uint64_t seed = 7;

    (void)state;
    for (size_t f = 0; f < PATHS; f++) {
        struct log log = read_file(paths[f]);

        for (int round = 0; round < 150; round++) {
            uint32_t changes = 1 + next_random(&seed) % 40;
            struct log bad = {malloc(log.size + changes), log.size};
            uint64_t lines = 0;
            struct dt_report r;

            assert_non_null(bad.bytes);
            memcpy(bad.bytes, log.bytes, log.size);
            for (uint32_t i = 0; i < changes; i++)
                change(&bad, &seed);
            for (size_t i = 0; i < bad.size; i++)
                lines += bad.bytes[i] == '\n';
            lines += bad.bytes[bad.size - 1] != '\n';
            r = convert(bad.bytes, bad.size);
            check_sums(&r);
            assert_int_equal(r.lines, lines);
            free(bad.bytes);
        }
        free(log.bytes);
    }
}

/* ---- halves ---------------------------------------------------------------- */

static struct dt_report of_text(const char *text)
{
    return convert(text, strlen(text));
}

static void test_halves(void **state)
{
    struct dt_report r;

    (void)state;
    /* another thread's line comes between: one is open, so it is that one */
    r = of_text(" 7   a.py:1    -> f malloc(16) 7   a.py:2    -> g free(0x0)\n"
                " pntr 0x10\n");
    assert_int_equal(r.events, 2);
    assert_int_equal(r.totals.bytes, 16);
    assert_int_equal(r.null_frees, 1);
    assert_int_equal(r.unused, 0);
    /* two are open: nobody can tell which ends */
    r = of_text(" 7   a.py:1    -> f malloc(16) 7   a.py:2    -> g malloc(32)\n"
                " pntr 0x10\n pntr 0x20\n");
    assert_int_equal(r.events, 0);
    assert_int_equal(r.causes[DT_EITHER].count, 4);
    /* an end, and a beginning, alone */
    r = of_text(" pntr 0x10\n 7   a.py:1    -> f malloc(16)\n");
    assert_int_equal(r.causes[DT_ENDING].count, 1);
    assert_int_equal(r.causes[DT_ENDING].lines[0], 1);
    assert_int_equal(r.causes[DT_BEGINNING].count, 1);
    assert_int_equal(r.causes[DT_BEGINNING].lines[0], 2);
    /* names that are no text: the event stays, its site goes */
    r = of_text(" 7                 :45   -> \x01\x02 malloc(16) pntr 0x10\n");
    assert_int_equal(r.events, 1);
    assert_int_equal(r.unreadable, 1);
    /* a realloc without its result */
    r = of_text(" 7   a.py:1    -> f _PyObject_Realloc(0x10, 64)\n");
    assert_int_equal(r.causes[DT_NO_RESULT].count, 1);
}

static void test_reallocs(void **state)
{
    struct dt_report r = of_text(
        "100\t7\t7\tmalloc\t10\t0x10\t1\tf\ta.py\n"
        "200\t7\t7\trealloc\t0x10\t20\t0x20\t50\t1\tf\ta.py\n" /* moves */
        "300\t7\t7\trealloc\t0x20\t30\t0x0\t50\t1\tf\ta.py\n"  /* fails */
        "400\t7\t7\trealloc\t0x20\t0\t0x0\t50\t1\tf\ta.py\n"   /* frees */
        "500\t7\t7\tfree\t0x99\t1\tf\ta.py\n"                  /* before */
        "600\t7\t7\tfree\t0x0\t1\tf\ta.py\n"
        "@events: 8\n");

    (void)state;
    assert_int_equal(r.events, 6);
    assert_int_equal(r.totals.mallocs, 2);
    assert_int_equal(r.totals.bytes, 30);
    assert_int_equal(r.totals.frees, 2);
    assert_int_equal(r.totals.reallocs, 1);
    assert_int_equal(r.totals.before, 1);
    assert_int_equal(r.null_frees, 1);
    assert_int_equal(r.failed, 1);
    assert_int_equal(r.lost, 2);
}

/* Bursts of two processors: the block is freed before another thread has it. */
static void test_order(void **state)
{
    struct dt_report r = of_text("300\t7\t8\tmalloc\t10\t0x10\t0\t\t\n"
                                 "100\t7\t7\tmalloc\t20\t0x10\t0\t\t\n"
                                 "200\t7\t7\tfree\t0x10\t0\t\t\n");

    (void)state;
    assert_int_equal(r.totals.unseen, 0);
    assert_int_equal(r.totals.before, 0);
    assert_int_equal(r.totals.bytes_live, 10);
    assert_int_equal(r.totals.bytes_max, 20);
}

/* One block, had and given back again and again: any two lines that leave in
 * a wrong order give other totals. Lines are moved up to `far` places. */
static void check_moved(unsigned far)
{
    enum { LINES = 2000 };
    static char text[LINES][48];
    static char whole[LINES * 48];
    struct dt_report r;
    size_t n = 0;

    for (unsigned i = 0; i < LINES; i++) {
        /* Two lines for each time; those keep their order. */
        unsigned at = i;

        snprintf(text[i], sizeof *text,
                 i % 2 ? "%u\t7\t7\tfree\t0x10\t0\t\t\n"
                       : "%u\t7\t7\tmalloc\t%u\t0x10\t0\t\t\n",
                 1000 + i / 2, 1 + i / 2);
        if (i % 2 && far)
            at = i - 1 - (i * 7919u) % far % i;
        if (at < i - 1 && i > 1) { /* the pair goes up together */
            char pair[2][48];

            at -= at % 2;
            memcpy(pair, text[i - 1], sizeof pair);
            memmove(text[at + 2], text[at], (i - 1 - at) * sizeof *text);
            memcpy(text[at], pair, sizeof pair);
        }
    }
    for (unsigned i = 0; i < LINES; i++)
        n += (size_t)snprintf(whole + n, sizeof whole - n, "%s", text[i]);
    r = convert(whole, n);
    assert_int_equal(r.totals.mallocs, LINES / 2);
    assert_int_equal(r.totals.frees, LINES / 2);
    assert_int_equal(r.totals.unseen + r.totals.before + r.totals.late, 0);
    assert_int_equal(r.totals.blocks_max, 1);
    assert_int_equal(r.totals.bytes_max, LINES / 2);
}

static void test_moved(void **state)
{
    (void)state;
    for (unsigned far = 0; far < 100; far += 3)
        check_moved(far);
}

/* A size of the process belongs to the call before it, wherever that has gone
 * among the events that wait: lines of ours have times, these have none. */
static void test_rss(void **state)
{
    struct dt_report r = of_text(
        "5000\t7\t7\tgc-start\t0\n"
        "0  7         14             a.py:12   func       -> g\n"
        "PS:  12345\n"
        "PS:  12345\n");

    (void)state;
    assert_int_equal(r.totals.calls, 1);
    assert_int_equal(r.totals.gcs, 1);
    assert_int_equal(r.used, 3);
    assert_int_equal(r.causes[DT_RSS_ALONE].count, 1);
    assert_int_equal(r.causes[DT_RSS_ALONE].lines[0], 4);
}

static void test_tables(void **state)
{
    struct dt_report r = of_text(
        "dtrace:::BEGIN\n"
        " 7   a.py:1    -> f malloc(608) pntr 0x10\n"
        "\n"
        "dtrace:::END\n"
        "Python malloc byte distributions by engine caller:\n"
        "   python`_PyObject_Realloc, total bytes = 608 \n"
        "           value  ------------- Distribution ------------- count\n"
        "             256 |                                         0\n"
        "             512 |@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@ 1\n"
        "\n"
        "Python malloc byte distributions by Python file and function:\n"
        "\n"
        "   a.py, f, bytes total = 72\n");

    (void)state;
    assert_int_equal(r.table_rows, 1);
    assert_int_equal(r.causes[DT_TABLE].count, 1);
    assert_int_equal(r.causes[DT_TABLE].lines[0], 13);
    assert_int_equal(r.lines, 13);
}

/* A snapshot holds 1024 values (spec 10), each name once: the others are
 * counted. */
static void test_long_table(void **state)
{
    char text[65536];
    size_t n = (size_t)snprintf(
        text, sizeof text,
        "Python malloc byte distributions by engine caller:\n"
        "   python`f, total bytes = 9 \n"
        "     512 |@ 1\n"
        "     512 |@ 18446744073709551615\n");
    struct dt_report r;

    (void)state;
    for (unsigned i = 0; i < 1030; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "     %u |@ 1\n",
                              i + 1);
    r = convert(text, n);
    assert_int_equal(r.table_rows, 1);
    /* 1 of too many blocks; 7 beyond the first 1024; the 512 that is there. */
    assert_int_equal(r.unstated, 1 + 7 + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_random_bytes),
        cmocka_unit_test(test_halves),
        cmocka_unit_test(test_reallocs),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_moved),
        cmocka_unit_test(test_rss),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_long_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
