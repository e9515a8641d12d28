/* test-inputs.c: which traces the operands of a command name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli-capture.h"
#include "inputs.h"
#include "pmt/writer.h"

static int write_file(void *context, const void *bytes, size_t n,
                      struct pmt_error *err)
{
    return fwrite(bytes, 1, n, context) == n
               ? PMT_OK
               : pmt_error_set_errno(err, 5, PMT_NO_OFFSET, "cannot write");
}

/* A trace with one stream's header, of which `part` begins. */
static void make_part(const char *path, uint8_t first, uint32_t part)
{
    struct pmt_stream_info info = {.tick_ns = 1, .part = part};
    struct pmt_sink sink = {.write = write_file};
    struct pmt_writer *w;

    info.uuid[0] = first;
    sink.context = fopen(path, "wb");
    assert_non_null(sink.context);
    assert_int_equal(pmt_writer_new(&w, &sink, &info, NULL, NULL), PMT_OK);
    assert_int_equal(pmt_writer_finish(w, 1, NULL), PMT_OK);
    pmt_writer_free(w);
    fclose(sink.context);
}

/* A child per case: what it finds goes to standard output, a line each. */
struct question {
    const char *operands[6];
    unsigned flags;
};

static int answer(void *argument)
{
    static const char *const words[] = {
        [PMT_MOMENT_NONE] = "none", [PMT_MOMENT_TIME] = "time",
        [PMT_MOMENT_MARK] = "mark", [PMT_MOMENT_WALL] = "wall",
        [PMT_MOMENT_PEAK] = "peak", [PMT_MOMENT_END] = "end",
    };
    const struct question *q = argument;
    struct pmt_inputs inputs;
    int count = 0;

    while (count < 6 && q->operands[count] != NULL)
        count++;
    if (pmt_inputs_expand(&inputs, (char *const *)q->operands, count,
                          q->flags))
        return 2;
    for (size_t i = 0; i < inputs.count; i++)
        printf("%zu %s %s\n", inputs.item[i].operand, inputs.item[i].path,
               words[inputs.item[i].moment.kind]);
    pmt_inputs_release(&inputs);
    return 0;
}

static void check(struct question q, const char *expected)
{
    static struct capture c;

    capture_run(&c, answer, &q);
    assert_string_equal(c.err, "");
    assert_string_equal(c.out, expected);
    assert_int_equal(c.status, 0);
}

static void check_refused(struct question q, const char *message)
{
    static struct capture c;

    capture_run(&c, answer, &q);
    assert_string_equal(c.out, "");
    assert_string_equal(c.err, message);
    assert_int_equal(c.status, 2);
}

static int make_files(void **state)
{
    (void)state;
    capture_enter_scratch();
    mkdir("runs", 0700);
    mkdir("runs/more", 0700);
    mkdir("empty", 0700);
    make_part("runs/b.pmt", 2, 0);
    make_part("runs/a.pmt", 1, 0);
    make_part("runs/more/c.pmt", 3, 0);
    make_part("runs/.hidden.pmt", 9, 0);
    capture_write("runs/notes.txt", "x");
    capture_write("runs/a.pmt.journal", "x");
    capture_write("odd[1].pmt", "x");
    mkdir("ring", 0700);
    make_part("ring/r.pmt", 4, 3);
    make_part("ring/r.pmt.000002", 4, 2);
    make_part("ring/r.pmt.000001", 4, 1);
    mkdir("broken", 0700);
    make_part("broken/r.pmt", 5, 3);
    make_part("broken/r.pmt.000002", 6, 2);
    make_part("broken/r.pmt.000001", 5, 1);
    make_part("broken/gone.pmt.000007", 7, 7);
    make_part("broken/next.pmt.new", 8, 4);
    return 0;
}

static void test_files(void **state)
{
    (void)state;
    check((struct question){{"runs/b.pmt", "runs/a.pmt"}, 0},
          "0 runs/b.pmt none\n1 runs/a.pmt none\n");
    /* One file, by three names. */
    link("runs/a.pmt", "link.pmt");
    check((struct question){{"runs/a.pmt", "link.pmt", "./runs/a.pmt"}, 0},
          "0 runs/a.pmt none\n");
    unlink("link.pmt");
    check((struct question){{"not-there.pmt", "-", "not-there.pmt"}, 0},
          "0 not-there.pmt none\n1 - none\n");
    check((struct question){{"odd[1].pmt"}, 0}, "0 odd[1].pmt none\n");
}

static void test_folders(void **state)
{
    (void)state;
    check((struct question){{"runs"}, 0},
          "0 runs/a.pmt none\n0 runs/b.pmt none\n");
    check((struct question){{"runs/"}, PMT_INPUTS_RECURSIVE},
          "0 runs/a.pmt none\n0 runs/b.pmt none\n0 runs/more/c.pmt none\n");
    check((struct question){{"runs", "runs/more", "runs/b.pmt"}, 0},
          "0 runs/a.pmt none\n0 runs/b.pmt none\n1 runs/more/c.pmt none\n");
}

static void test_globs(void **state)
{
    (void)state;
    check((struct question){{"runs/*.pmt"}, 0},
          "0 runs/a.pmt none\n0 runs/b.pmt none\n");
    /* As a shell expands `runs/a*`: the journal is found by its trace. */
    check((struct question){{"runs/a.pmt", "runs/a.pmt.journal"}, 0},
          "0 runs/a.pmt none\n");
    check((struct question){{"ru?s"}, 0},
          "0 runs/a.pmt none\n0 runs/b.pmt none\n");
}

static void test_moments(void **state)
{
    (void)state;
    check((struct question){{"runs@end"}, PMT_INPUTS_MOMENTS},
          "0 runs/a.pmt end\n0 runs/b.pmt end\n");
    check((struct question){{"runs/a.pmt@1s", "runs/a.pmt@2s",
                             "runs/a.pmt@1s", "runs/a.pmt"},
                            PMT_INPUTS_MOMENTS},
          "0 runs/a.pmt time\n1 runs/a.pmt time\n3 runs/a.pmt none\n");
    check((struct question){{"runs/[ab].pmt@mark:x"}, PMT_INPUTS_MOMENTS},
          "0 runs/a.pmt mark\n0 runs/b.pmt mark\n");
    /* Without the flag it is part of the name. */
    check((struct question){{"runs@end"}, 0}, "0 runs@end none\n");
}

static void test_parts(void **state)
{
    (void)state;
    check((struct question){{"ring"}, 0}, "0 ring/r.pmt none\n");
    check((struct question){{"ring/*"}, 0}, "0 ring/r.pmt none\n");
    check((struct question){{"ring/r.pmt.000001", "ring/r.pmt"}, 0},
          "1 ring/r.pmt none\n");
    check((struct question){{"ring/r.pmt.000001"}, 0},
          "0 ring/r.pmt.000001 none\n");
    /* Part 2 is another stream's, so r.pmt does not reach part 1. */
    check((struct question){{"broken"}, 0},
          "0 broken/gone.pmt.000007 none\n0 broken/next.pmt none\n"
          "0 broken/r.pmt none\n0 broken/r.pmt.000001 none\n"
          "0 broken/r.pmt.000002 none\n");
}

static void test_refused(void **state)
{
    (void)state;
    check_refused((struct question){{"empty"}, 0},
                  "pmt: empty: no trace (*.pmt) in this folder\n");
    check_refused((struct question){{"no*.pmt"}, 0},
                  "pmt: no*.pmt: no file matches\n");
    check_refused((struct question){{"-", "runs", "-"}, 0},
                  "pmt: standard input can be given once only\n");
    check_refused((struct question){{"runs"}, PMT_INPUTS_ONE},
                  "pmt: 2 traces given, this needs one\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),   cmocka_unit_test(test_folders),
        cmocka_unit_test(test_globs),   cmocka_unit_test(test_moments),
        cmocka_unit_test(test_parts),   cmocka_unit_test(test_refused),
    };

    return cmocka_run_group_tests(tests, make_files, NULL);
}
