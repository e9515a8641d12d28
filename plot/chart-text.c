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

void pmt_chart_quoted(FILE *file, const char *text)
{
    bool escaped = false;

    putc('"', file);
    for (; *text; text++) {
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

void pmt_chart_text(FILE *file, const char *bytes, size_t width)
{
    char *escaped = pmt_text_escaped(bytes);
    char *shortened = pmt_text_shortened(escaped, width);

    pmt_chart_quoted(file, shortened);
    free(shortened);
    free(escaped);
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

void pmt_chart_name(FILE *file, const char *bytes, size_t width)
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
    pmt_chart_text(file, name ? name : bytes, width);
    free(name);
}
