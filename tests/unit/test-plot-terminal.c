/*
 * test-plot-terminal.c: figures as text, against pictures drawn by hand.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plot/figure-draw.h"

static struct pmt_plot_figure figure;

static int finish(void **state)
{
    (void)state;
    pmt_figure_release(&figure);
    return 0;
}

/* Prints the figure, and compares it line by line. */
static void looks_like(unsigned columns, unsigned rows, bool colours,
                       bool ascii, const char *expected)
{
    struct pmt_terminal_look look = {columns, rows, colours, ascii};
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);

    assert_non_null(file);
    assert_false(figure.failed);
    pmt_figure_terminal(&figure, &look, file);
    assert_int_equal(fclose(file), 0);
    assert_string_equal(text, expected);
    free(text);
}

static struct pmt_curve *curve(struct pmt_panel *panel, const char *name,
                               int colour, const double *values)
{
    struct pmt_curve *made = pmt_panel_curve(&figure, panel, name, colour,
                                             false);

    assert_non_null(made);
    memcpy(made->values, values, panel->columns * sizeof *values);
    return made;
}

static struct pmt_panel *panel(enum pmt_panel_type type, const char *label,
                               enum pmt_unit unit, size_t columns, double to,
                               bool is_time)
{
    struct pmt_panel *made = pmt_figure_panel(&figure, type, label, unit,
                                              columns, 0, to, is_time);

    assert_non_null(made);
    return made;
}

/* ---- what is filled ---------------------------------------------------- */

#define KIB 1024.0

/* 18 columns, a mark at half; 4 rows of 1 KiB. */
static void make_stack(void)
{
    static const double first[18] = {
        1 * KIB, 1 * KIB, 1 * KIB, 2 * KIB, 2 * KIB, 2 * KIB,
        2 * KIB, 2 * KIB, 2 * KIB, 2 * KIB, 2 * KIB, 2 * KIB,
        NAN,     NAN,     NAN,     0,       0,       1};
    static const double second[18] = {
        0,       0,       0,       1 * KIB, 1 * KIB, 1 * KIB,
        2 * KIB, 2 * KIB, 2 * KIB, 0.25 * KIB, 0.25 * KIB, 0.25 * KIB};
    struct pmt_panel *made = panel(PMT_PANEL_STACKED, "live", PMT_UNIT_BYTES,
                                   18, 18e9, true);

    pmt_figure_title(&figure, "title");
    pmt_figure_subtitle(&figure, "subtitle");
    pmt_figure_note(&figure, "note");
    curve(made, "one", 0, first)->note = pmt_figure_text(&figure, "2 KiB");
    curve(made, "two", 1, second);
    pmt_figure_mark(&figure, 9e9, "half");
}

static void test_stack(void **state)
{
    (void)state;
    make_stack();
    looks_like(20, 1, false, false,
               "title\n"
               "subtitle\n"
               "           half\n"
               " live, KiB\n"
               "4┤      ▒▒▒┊\n"
               " │   ▒▒▒▒▒▒▂▂▂\n"
               "2┤   █████████\n"
               " │████████████     ▁\n"
               "0┼──────────┬───────\n"
               "  0       10 s\n"
               "█ 2 KiB one\n"
               "▒       two\n"
               "note\n");
    /* 6 rows: 1 KiB is one and a half. */
    looks_like(20, 15, false, true,
               "title\n"
               "subtitle\n"
               "           half\n"
               " live, KiB\n"
               "4+      bbb:\n"
               " |   bbbbbb:\n"
               " |   bbbbbb___\n"
               "2+   aaaaaaaaa\n"
               " |aaaaaaaaaaaa\n"
               " |aaaaaaaaaaaa     _\n"
               "0+----------+-------\n"
               "  0       10 s\n"
               "a 2 KiB one\n"
               "b       two\n"
               "note\n");
}

#define PALE "\x1b[0;2m"
#define BLUE "\x1b[0;38;5;32m"
#define GOLD "\x1b[0;38;5;172m"
#define MIXED "\x1b[0;38;5;32;48;5;172m"
#define OWN "\x1b[0m"

/* A cell that two curves are in has both their colours. */
static void test_colours(void **state)
{
    static const double first[6] = {1.5, 1.5, 4, 4, 0, 1};
    static const double second[6] = {1.5, 1.5, 0, 0, 4, NAN};
    struct pmt_panel *made =
        panel(PMT_PANEL_STACKED, NULL, PMT_UNIT_COUNT, 6, 18, false);

    (void)state;
    curve(made, "one", 0, first);
    curve(made, "two", 1, second)->unnamed = true;
    looks_like(20, 1, true, false,
               "\n"
               "\n"
               PALE "4┤" OWN "      " BLUE "██████" GOLD "███" OWN "\n"
               " " PALE "│" GOLD "██████" BLUE "██████" GOLD "███" OWN "\n"
               PALE "2┤" MIXED "▄▄▄▄▄▄" BLUE "██████" GOLD "███" OWN "\n"
               " " PALE "│" BLUE "████████████" GOLD "███" BLUE "███" OWN "\n"
               PALE "0┼──────────┬───────" OWN "\n"
               "  " PALE "0" OWN "        " PALE "10" OWN "\n"
               BLUE "█" OWN " one\n");
}

/* Of two bars in one place the lower is in front; wide ones have a gap. */
static void test_bins(void **state)
{
    static const double all[4] = {16, 32, 8, 0};
    static const double used[4] = {8, 8, 8, 0};
    struct pmt_panel *made =
        panel(PMT_PANEL_BINS, "blocks", PMT_UNIT_COUNT, 4, 256, false);

    (void)state;
    made->x_log = true;
    made->x_from = 1;
    made->x_unit = PMT_UNIT_BYTES;
    made->title = pmt_figure_text(&figure, "by size");
    curve(made, "all", 0, all)->unnamed = true;
    curve(made, "used", 1, used)->unnamed = true;
    looks_like(23, 1, false, false,
               "\n"
               "  by size\n"
               "  │     ████\n"
               "20┤     ████\n"
               "  │████ ████\n"
               "  │▒▒▒▒ ▒▒▒▒ ▒▒▒▒\n"
               " 0┼───────────────┬────\n"
               "  1 B           64 B\n");
}

/* ---- lines ------------------------------------------------------------- */

/* A cell has 2 dots across and 4 down: of 0 to 15 each is 1. */
static void make_lines(void)
{
    static const double rises[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    static const double falls[8] = {15, 15, 12, NAN, NAN, 0, 0, 0};
    struct pmt_panel *made =
        panel(PMT_PANEL_LINES, "", PMT_UNIT_NS, 8, 8e9, true);

    curve(made, "up", 0, rises);
    curve(made, "down", 1, falls);
}

static void test_lines(void **state)
{
    (void)state;
    make_lines();
    looks_like(25, 1, false, false,
               "\n"
               "  ns\n"
               "  │⠉⠉⠉⠉⠉⢱⣀⣀\n"
               "10┤\n"
               "  │          ⢀⣀⣀⡠⠤⠤⠒⠒⠊⠉⠉a\n"
               "  │⣀⣀⣀⠤⠤⠔⠒⠒⠉⠉⠁  ⢀⣀⣀⣀⣀⣀⣀⣀b\n"
               " 0┼─────────────┬───────\n"
               "   0           5 s\n"
               "a up\n"
               "b down\n");
}

/* In ASCII a cell is a letter: 0 to 15 are 4 rows. The clock: 8 s from
 * 2023-11-14 22:13:20 on. */
static void test_plain_lines(void **state)
{
    (void)state;
    make_lines();
    figure.wall = true;
    figure.origin_real_ns = INT64_C(1700000000000000000);
    looks_like(27, 1, false, true,
               "\n"
               "  ns\n"
               "  |bbbbbb\n"
               "10+      bbb\n"
               "  |         aaaaaaaaaaaaaaa\n"
               "  |aaaaaaaaa      bbbbbbbbb\n"
               " 0+--------------+--------\n"
               "22:13:20 UTC 22:13:25\n"
               "a up\n"
               "b down\n");
}

/* Every other dot of the band, of 0 to 16 and then of -15 to 16, and all at
 * its top; the line at 0. */
static void test_band(void **state)
{
    struct pmt_panel *made =
        panel(PMT_PANEL_LINES, "rate", PMT_UNIT_COUNT, 2, 2, false);
    struct pmt_curve *band = pmt_panel_curve(&figure, made, "a", 0, true);

    (void)state;
    assert_non_null(band);
    for (int i = 0; i < 2; i++) {
        band->low[i] = i ? -15 : 0;
        band->values[i] = 0;
        band->high[i] = 16;
    }
    looks_like(20, 1, false, false, "\n"
               " rate\n"
               " │⢝⢝⢝⢝⢝⢝⢝⢝⢝⢝⢝⢝⢝⢝⢝⢝⢝\n"
               " │⢕⢕⢕⢕⢕⢕⢕⢕⢕⢕⢕⢕⢕⢕⢕⢕⢕\n"
               "0┤⠉⠉⠉⠉⠉⠉⠉⠉⢙⢝⢝⢝⢝⢝⢝⢝⢝a\n"
               " │        ⢐⢕⢕⢕⢕⢕⢕⢕⢕\n"
               " └────────────────┬\n"
               "  0               2\n"
               "a a\n");
}

/* ---- rows -------------------------------------------------------------- */

static void test_bars(void **state)
{
    static const double values[3][1] = {{8}, {-4}, {0.5}};
    static const char *const names[3] = {"more\n", "less", "\xe4\xb8\x96"};
    struct pmt_panel *made =
        panel(PMT_PANEL_BARS, "change", PMT_UNIT_BYTES, 1, 1, false);

    (void)state;
    for (int i = 0; i < 3; i++)
        curve(made, names[i], i == 1 ? PMT_FIGURE_GREEN : PMT_FIGURE_RED,
              values[i])->note = pmt_figure_text(&figure, "%+g B",
                                                 values[i][0]);
    looks_like(40, 1, false, false,
               "\n"
               "change\n"
               "more\\x0a │       ████████████████ +8 B\n"
               "less     │███████  -4 B\n"
               "世       │       █▋ +0.5 B\n");
    looks_like(40, 1, false, true,
               "\n"
               "change\n"
               "more\\x0a |       ################ +8 B\n"
               "less     |#######  -4 B\n"
               "?        |       ## +0.5 B\n");
}

/* Shades are by logarithm: a tenth, a hundredth, ... */
static void test_strips(void **state)
{
    static const double first[9] = {1e6, 1e5, 1e4, 1e3, 1e2, 10, 0, NAN, 1e6};
    static const double second[9] = {0, 0, 0, 0, 0, 0, 0, 0, 5e5};
    struct pmt_panel *made =
        panel(PMT_PANEL_HEAT, "rose", PMT_UNIT_COUNT, 9, 9e9, true);

    (void)state;
    curve(made, "main (/a/long/path/of/an/app.py)", 0, first);
    curve(made, "f", 0, second);
    looks_like(40, 1, false, false,
               "\n"
               "rose  darkest: 1 million\n"
               "main (…/app.py) │███▓▓▓▒▒░░░·····     ██\n"
               "f               │                     ██\n"
               "                └────────────┬──────────\n"
               "                 0          5 s\n");
}

/* Two small ones side by side, each with its title. */
static void test_across(void **state)
{
    static const double flat[4] = {5, 5, 5, 5};

    (void)state;
    figure.across = 2;
    for (int i = 0; i < 3; i++) {
        struct pmt_panel *made =
            panel(PMT_PANEL_LINES, "live", PMT_UNIT_BYTES, 4, 4e6, true);

        made->title = pmt_figure_text(&figure, "steady leak: site %d", i);
        curve(made, "x", 0, flat)->unnamed = true;
    }
    looks_like(44, 1, false, false,
               "\n"
               " steady…ak: site 0, B  steady…ak: site 1, B\n"
               "5┤⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉  5┤⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉\n"
               " │                     │\n"
               " │                     │\n"
               " │                     │\n"
               "0┼──────────────────  0┼─────────┬───────┬\n"
               "                        0        2     4 ms\n"
               " steady…ak: site 2, B\n"
               "5┤⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉\n"
               " │\n"
               " │\n"
               " │\n"
               "0┼─────────┬───────┬\n"
               "  0        2     4 ms\n");
}

/* The subtitle breaks at its parts; labels of marks that have no room in
 * three rows are left out; nothing of them reaches the terminal as it is. */
static void test_texts(void **state)
{
    static const double flat[4] = {1, 1, 1, 1};
    struct pmt_panel *made =
        panel(PMT_PANEL_STACKED, "live", PMT_UNIT_COUNT, 4, 4e9, true);

    (void)state;
    curve(made, "\x1b[31mred\x9b", 0, flat);
    pmt_figure_title(&figure, "a title that is far too long for it");
    pmt_figure_subtitle(&figure, "one part; another part; the third\x07");
    for (int i = 0; i < 5; i++)
        pmt_figure_mark(&figure, 1e9, "a mark\n");
    looks_like(24, 1, false, true,
               "a title ~too long for it\n"
               "one part; another part;\n"
               "the third\\x07\n"
               "         a mark\\x0a\n"
               "         a mark\\x0a\n"
               "         a mark\\x0a\n"
               "   live\n"
               "  1+aaaaaaaaaaaaaaaaaaaa\n"
               "   |aaaaaaaaaaaaaaaaaaaa\n"
               "0.5+aaaaaaaaaaaaaaaaaaaa\n"
               "   |aaaaaaaaaaaaaaaaaaaa\n"
               "  0+----------+--------+\n"
               "    0         2      4 s\n"
               "a \\x1b[31mred\\x9b\n");
}

#define TEST(test) cmocka_unit_test_teardown(test, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_stack),       TEST(test_colours), TEST(test_bins),
        TEST(test_lines),       TEST(test_plain_lines), TEST(test_band),
        TEST(test_bars),        TEST(test_strips),  TEST(test_across),
        TEST(test_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
