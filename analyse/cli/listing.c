/* listing.c: see listing.h. */
#include "listing.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "errors.h"
#include "text.h"
#include "xalloc.h"

/* Spaces between two columns. */
#define GAP 2
/* A column that shrinks keeps at least this much. */
#define LEAST 12

struct pmt_listing {
    const struct pmt_listing_column *columns;
    size_t column_count;
    char **cells; /* row by row */
    size_t cell_count, cell_room;
};

struct pmt_listing *pmt_listing_new(const struct pmt_listing_column *columns,
                                    size_t count)
{
    struct pmt_listing *list = pmt_xcalloc(1, sizeof *list);

    list->columns = columns;
    list->column_count = count;
    return list;
}

void pmt_listing_free(struct pmt_listing *list)
{
    if (!list)
        return;
    for (size_t i = 0; i < list->cell_count; i++)
        free(list->cells[i]);
    free(list->cells);
    free(list);
}

/* ---- cells ---- */

void pmt_listing_text(struct pmt_listing *list, const char *text)
{
    if (list->cell_count == list->cell_room) {
        list->cell_room = list->cell_room ? 2 * list->cell_room : 64;
        list->cells = pmt_xreallocarray(list->cells, list->cell_room,
                                        sizeof *list->cells);
    }
    list->cells[list->cell_count++] = pmt_text_escaped(text ? text : "");
}

void pmt_listing_below(struct pmt_listing *list, size_t before,
                       const char *text)
{
    while (before-- > 0)
        pmt_listing_text(list, NULL);
    pmt_listing_text(list, text);
}

void pmt_listing_printf(struct pmt_listing *list, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = pmt_xvasprintf(format, args);
    va_end(args);
    pmt_listing_text(list, text);
    free(text);
}

void pmt_listing_count(struct pmt_listing *list, uint64_t count)
{
    char buffer[PMT_TEXT_SIZE];

    pmt_listing_text(list, pmt_text_count(buffer, count));
}

void pmt_listing_size(struct pmt_listing *list, uint64_t bytes)
{
    char buffer[PMT_TEXT_SIZE];

    pmt_listing_text(list, pmt_text_size(buffer, bytes));
}

void pmt_listing_seconds(struct pmt_listing *list, uint64_t ns)
{
    char buffer[PMT_TEXT_SIZE];

    pmt_listing_text(list, pmt_text_seconds(buffer, ns));
}

void pmt_listing_signed(struct pmt_listing *list, int64_t value, bool bytes)
{
    char buffer[PMT_TEXT_SIZE];

    if (value >= 0 && bytes)
        pmt_listing_size(list, (uint64_t)value);
    else if (value >= 0)
        pmt_listing_count(list, (uint64_t)value);
    else
        pmt_listing_text(list, bytes ? pmt_text_size_delta(buffer, value)
                                     : pmt_text_count_delta(buffer, value));
}

/* ---- printing ---- */

static bool has_titles(const struct pmt_listing *list)
{
    for (size_t c = 0; c < list->column_count; c++) {
        if (list->columns[c].title)
            return true;
    }
    return false;
}

/* The width of each column when nothing is shortened; returns their sum. */
static size_t measure(const struct pmt_listing *list, size_t *widths)
{
    size_t total = (list->column_count - 1) * GAP;

    for (size_t c = 0; c < list->column_count; c++) {
        const char *title = list->columns[c].title;

        widths[c] = title ? pmt_text_width(title) : 0;
        for (size_t i = c; i < list->cell_count; i += list->column_count) {
            size_t width = pmt_text_width(list->cells[i]);

            widths[c] = width > widths[c] ? width : widths[c];
        }
        total += widths[c];
    }
    return total;
}

/* Take from the widest column that shrinks, until the row fits. */
static void fit(const struct pmt_listing *list, size_t *widths, size_t total,
                size_t screen)
{
    while (total > screen) {
        size_t widest = list->column_count;

        for (size_t c = 0; c < list->column_count; c++) {
            if (list->columns[c].shrinks && widths[c] > LEAST &&
                (widest == list->column_count || widths[c] > widths[widest]))
                widest = c;
        }
        if (widest == list->column_count)
            return;
        widths[widest]--;
        total--;
    }
}

static void print_spaces(FILE *file, size_t count)
{
    while (count-- > 0)
        putc(' ', file);
}

/* One row: `cells` has `count` of them, the rest of the row is empty. */
static void print_row(const struct pmt_listing *list, const size_t *widths,
                      const char *const *cells, size_t count, FILE *file)
{
    size_t owed = 0; /* spaces that are printed only if something follows */

    for (size_t c = 0; c < list->column_count; c++) {
        const char *cell = c < count && cells[c] ? cells[c] : "";
        char *text = pmt_text_shortened(cell, widths[c] ? widths[c] : 1);
        size_t width = pmt_text_width(text);
        size_t pad = widths[c] > width ? widths[c] - width : 0;

        if (list->columns[c].right)
            owed += pad;
        if (width > 0) {
            print_spaces(file, owed);
            fputs(text, file);
            owed = 0;
        }
        owed += (list->columns[c].right ? 0 : pad) + GAP;
        free(text);
    }
    putc('\n', file);
}

void pmt_listing_print_width(const struct pmt_listing *list, FILE *file,
                             size_t width)
{
    size_t *widths = pmt_xcalloc(list->column_count, sizeof *widths);
    size_t total = measure(list, widths);

    if (width > 0)
        fit(list, widths, total, width);
    if (has_titles(list)) {
        const char **titles = pmt_xcalloc(list->column_count, sizeof *titles);

        for (size_t c = 0; c < list->column_count; c++)
            titles[c] = list->columns[c].title;
        print_row(list, widths, titles, list->column_count, file);
        free(titles);
    }
    for (size_t i = 0; i < list->cell_count; i += list->column_count) {
        size_t left = list->cell_count - i;

        print_row(list, widths, (const char *const *)list->cells + i,
                  left < list->column_count ? left : list->column_count, file);
    }
    free(widths);
}

void pmt_listing_print(const struct pmt_listing *list, FILE *file)
{
    struct winsize size;
    size_t width = 0;

    if (isatty(fileno(file)))
        width = !ioctl(fileno(file), TIOCGWINSZ, &size) && size.ws_col > 0
                    ? size.ws_col
                    : 80;
    pmt_listing_print_width(list, file, width);
}
