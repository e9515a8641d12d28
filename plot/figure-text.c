/* figure-text.c: see figure-text.h. */
#include "figure-text.h"

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

void pmt_figure_put_quoted(FILE *file, const char *text)
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

void pmt_figure_put_text(FILE *file, const char *bytes, size_t width)
{
    put_text(file, bytes, width, false);
}

/* How many bytes of the path that `at` begins with are before its last
 * `parts`: of "/a/b/c.py" the "/a" are before two. */
static size_t path_excess(const char *at, int parts)
{
    const char *end = at + strcspn(at, " ()"), *from = end;

    for (; parts > 0 && from > at; parts--)
        do
            from--;
        while (from > at && *from != '/');
    return (size_t)(from - at);
}

/* "…/b/c.py" of "/a/b/c.py", in place, for every path in a text. */
static void cut_paths(char *at, int parts)
{
    size_t mark = strlen("…");

    while (*at) {
        size_t excess = *at == '/' ? path_excess(at, parts) : 0;

        if (excess > mark) {
            memcpy(at, "…", mark);
            memmove(at + mark, at + excess, strlen(at + excess) + 1);
        }
        at += strcspn(at, " (");
        at += strspn(at, " (");
    }
}

static bool fits(const char *bytes, size_t width)
{
    char *escaped = pmt_text_escaped(bytes);
    bool fits = pmt_text_width(escaped) <= width;

    free(escaped);
    return fits;
}

/* "f" of "f (…/a.py)": what is left of the two would say less. */
static void cut_file(char *name)
{
    size_t length = strlen(name);
    char *at = length && name[length - 1] == ')' ? strstr(name, " (") : NULL;

    if (at && at > name &&
        (at[2] == '/' || at[2] == '<' || !strncmp(at + 2, "…", strlen("…"))))
        *at = '\0';
}

char *pmt_figure_short_paths(const char *bytes, size_t width)
{
    char *name = strdup(bytes);

    for (int parts = 2; name && parts > 0 && !fits(name, width); parts--) {
        memcpy(name, bytes, strlen(bytes) + 1);
        cut_paths(name, parts);
    }
    if (name && !fits(name, width))
        cut_file(name);
    if (name && !fits(name, width) && !strncmp(name, "…/", strlen("…/")))
        memmove(name, name + strlen("…/"), strlen(name + strlen("…/")) + 1);
    return name;
}

static void put_name(FILE *file, const char *bytes, size_t width, bool tic)
{
    char *name = pmt_figure_short_paths(bytes, width);

    put_text(file, name ? name : bytes, width, tic);
    free(name);
}

void pmt_figure_put_name(FILE *file, const char *bytes, size_t width)
{
    put_name(file, bytes, width, false);
}

void pmt_figure_put_tic(FILE *file, const char *bytes, size_t width)
{
    put_name(file, bytes, width, true);
}
