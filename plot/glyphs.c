/* glyphs.c: see glyphs.h. */
#include "glyphs.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/text.h"

/* Fonts without these are not used for text. */
static bool is_common(uint32_t point)
{
    return point < 0x500 || point == 0x2026; /* an ellipsis */
}

/* The rare characters of a script, each once. */
struct rare {
    uint32_t *points;
    bool *found;
    size_t count;
};

static bool is_among(const struct rare *rare, uint32_t point, size_t *at)
{
    for (*at = 0; *at < rare->count; ++*at)
        if (rare->points[*at] == point)
            return true;
    return false;
}

/* Without memory a character counts as one that can't be drawn. */
static void add(struct rare *rare, uint32_t point)
{
    size_t at, room = rare->count + 1;
    uint32_t *points;
    bool *found;

    if (is_among(rare, point, &at))
        return;
    points = realloc(rare->points, room * sizeof *points);
    if (points)
        rare->points = points;
    found = realloc(rare->found, room * sizeof *found);
    if (found)
        rare->found = found;
    if (!points || !found)
        return;
    rare->points[rare->count] = point;
    rare->found[rare->count++] = false;
}

static void note_range(struct rare *rare, const char *word)
{
    char *end;
    unsigned long first = strtoul(word, &end, 16), last = first;

    if (end == word)
        return;
    if (*end == '-') {
        word = end + 1;
        last = strtoul(word, &end, 16);
    }
    if (end == word || *end != '\0')
        return;
    for (size_t i = 0; i < rare->count; i++)
        if (rare->points[i] >= first && rare->points[i] <= last)
            rare->found[i] = true;
}

/* A line for each font: "20-7e a0-2e9 2ec 4e00-9fff", in hexadecimal. */
static void ask_fonts(struct rare *rare)
{
    FILE *list = popen("exec fc-list --format='%{charset}\\n' 2>/dev/null",
                       "r");
    char *line = NULL, *rest, *word;
    size_t size = 0;

    if (!list)
        return;
    while (getline(&line, &size, list) > 0)
        for (rest = line; (word = strsep(&rest, " \n")) != NULL;)
            note_range(rare, word);
    free(line);
    pclose(list);
}

static void put(const struct rare *rare, const char *bytes, size_t length,
                uint32_t point, FILE *out)
{
    size_t at;

    if (is_common(point) || (is_among(rare, point, &at) && rare->found[at]))
        fwrite(bytes, 1, length, out);
    else
        fprintf(out, "\\134u%04x", (unsigned)point);
}

/* The character at *at, which moves behind it. */
static size_t next(const char *script, size_t length, size_t *at,
                   uint32_t *point)
{
    size_t size = pmt_text_decode(script + *at, length - *at, point);

    if (size == 0) { /* can't be: texts are escaped; it stays as it is */
        *point = 0;
        size = 1;
    }
    *at += size;
    return size;
}

void pmt_glyphs_write(const char *script, size_t length, FILE *out)
{
    struct rare rare = {0};
    uint32_t point;
    size_t size;

    for (size_t at = 0; at < length;) {
        next(script, length, &at, &point);
        if (!is_common(point))
            add(&rare, point);
    }
    if (rare.count)
        ask_fonts(&rare);
    for (size_t at = 0; at < length;) {
        size = next(script, length, &at, &point);
        put(&rare, script + at - size, size, point, out);
    }
    free(rare.points);
    free(rare.found);
}
