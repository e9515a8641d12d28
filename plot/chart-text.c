/* chart-text.c: see chart-text.h. */
#include "chart-text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"

/* What stands for itself: letters, digits, what names of code are made of, and
 * the bytes of characters beyond ASCII. */
static bool is_plain(char c)
{
    return (unsigned char)c >= 0x80 || isalnum((unsigned char)c) ||
           strchr(" ._:/()<>,-+", c) != NULL;
}

static void put_quoted(FILE *file, const char *text, bool tic)
{
    bool escaped = false;

    putc('"', file);
    for (; *text; text++) {
        if (*text == '%' && tic)
            fprintf(file, "\\%03o", (unsigned)'%');
        /* gnuplot 5.4 reads on after three octal digits. */
        escaped = !is_plain(*text) ||
                  (escaped && isdigit((unsigned char)*text));
        if (escaped)
            fprintf(file, "\\%03o", (unsigned)(unsigned char)*text);
        else
            putc(*text, file);
    }
    putc('"', file);
}

void pmt_chart_quoted(FILE *file, const char *text)
{
    put_quoted(file, text, false);
}

static void put_text(FILE *file, const char *bytes, size_t width, bool tic)
{
    char *escaped = pmt_text_escaped(bytes);
    char *shortened = pmt_text_shortened(escaped, width);

    put_quoted(file, shortened, tic);
    free(shortened);
    free(escaped);
}

void pmt_chart_text(FILE *file, const char *bytes, size_t width)
{
    put_text(file, bytes, width, false);
}

/* Where a path that `at` begins with ends. */
static const char *path_end(const char *at)
{
    return at + strcspn(at, " ()");
}

/* The last two parts of the path at `at`: "…/b/c.py" of "/a/b/c.py". Returns
 * how many bytes of it go. */
static size_t path_excess(const char *at)
{
    const char *end = path_end(at), *from = end;

    for (int parts = 2; parts > 0 && from > at; parts--)
        do
            from--;
        while (from > at && *from != '/');
    return (size_t)(from - at);
}

static void put_name(FILE *file, const char *bytes, size_t width, bool tic)
{
    char *name = strdup(bytes), *at;
    char *escaped = pmt_text_escaped(bytes);
    bool fits = pmt_text_width(escaped) <= width;

    free(escaped);
    for (at = name; at && !fits && *at;) {
        size_t excess = *at == '/' ? path_excess(at) : 0;

        if (excess > strlen("…")) {
            memcpy(at, "…", strlen("…"));
            memmove(at + strlen("…"), at + excess,
                    strlen(at + excess) + 1);
        }
        at += strcspn(at, " (");
        at += strspn(at, " (");
    }
    put_text(file, name ? name : bytes, width, tic);
    free(name);
}

void pmt_chart_name(FILE *file, const char *bytes, size_t width)
{
    put_name(file, bytes, width, false);
}

void pmt_chart_tic(FILE *file, const char *bytes, size_t width)
{
    put_name(file, bytes, width, true);
}
