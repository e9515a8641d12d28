/* moment.c: see moment.h. */
#include "moment.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "value.h"
#include "xalloc.h"

#define CHOICES "try 12.5s, mark:NAME, mark:NAME#2, wall:DATE, peak, exit or end"

/* NAME or NAME#ORDINAL; only digits after the last "#" are an ordinal. */
static int parse_mark(const char *text, struct pmt_moment *moment, char *why,
                      size_t why_size)
{
    const char *hash = strrchr(text, '#');
    bool numbered = hash && hash[1] &&
                    !hash[1 + strspn(hash + 1, "0123456789")];
    size_t length = numbered ? (size_t)(hash - text) : strlen(text);
    int64_t ordinal = 0;

    if (length == 0) {
        snprintf(why, why_size, "the name of the mark is missing");
        return -1;
    }
    if (numbered) {
        char reason[80];

        if (!pmt_value_int(hash + 1, 1, INT64_MAX, &ordinal, reason,
                           sizeof reason)) {
            snprintf(why, why_size, "the number of the mark %s", reason);
            return -1;
        }
    }
    moment->kind = PMT_MOMENT_MARK;
    moment->name = pmt_xstrdup(text);
    moment->name[length] = '\0';
    moment->ordinal = (uint64_t)ordinal;
    return 0;
}

int pmt_moment_parse(const char *text, struct pmt_moment *moment, char *why,
                     size_t why_size)
{
    *moment = (struct pmt_moment){.kind = PMT_MOMENT_NONE};
    if (!strncmp(text, "mark:", 5))
        return parse_mark(text + 5, moment, why, why_size);
    if (!strncmp(text, "wall:", 5)) {
        if (!pmt_value_wall(text + 5, &moment->real_ns, why, why_size))
            return -1;
        moment->kind = PMT_MOMENT_WALL;
        return 0;
    }
    if (!strcmp(text, "peak")) {
        moment->kind = PMT_MOMENT_PEAK;
        return 0;
    }
    if (!strcmp(text, "end")) {
        moment->kind = PMT_MOMENT_END;
        return 0;
    }
    if (!strcmp(text, "exit")) {
        moment->kind = PMT_MOMENT_EXIT;
        return 0;
    }
    if (isdigit((unsigned char)*text)) {
        if (!pmt_value_duration(text, &moment->ns, why, why_size))
            return -1;
        moment->kind = PMT_MOMENT_TIME;
        return 0;
    }
    snprintf(why, why_size, "unknown moment (%s)", CHOICES);
    return -1;
}

/* Is there a file, or standard input, by the first `length` bytes? */
static bool is_file(const char *operand, size_t length)
{
    char *path = pmt_xstrdup(operand);
    bool found;

    path[length] = '\0';
    found = !strcmp(path, "-") || access(path, F_OK) == 0;
    free(path);
    return found;
}

/*
 * The "@" that ends the file's name, or NULL if there is no moment: the first
 * with a file before it and a moment after it. Failing that, one with either,
 * so that the error names what is wrong with the other half.
 */
static const char *find_split(const char *operand)
{
    const char *with_file = NULL, *with_moment = NULL;

    if (is_file(operand, strlen(operand)))
        return NULL;
    for (const char *at = strchr(operand, '@'); at; at = strchr(at + 1, '@')) {
        struct pmt_moment moment;
        char why[160];
        bool file = at > operand && is_file(operand, (size_t)(at - operand));
        bool word = !pmt_moment_parse(at + 1, &moment, why, sizeof why);

        pmt_moment_release(&moment);
        if (file && word)
            return at;
        if (file && !with_file)
            with_file = at;
        if (word && !with_moment && at > operand)
            with_moment = at;
    }
    return with_file ? with_file : with_moment;
}

int pmt_moment_split(const char *operand, char **path,
                     struct pmt_moment *moment, char *why, size_t why_size)
{
    const char *at = find_split(operand);
    char reason[160];

    *moment = (struct pmt_moment){.kind = PMT_MOMENT_NONE};
    if (at && pmt_moment_parse(at + 1, moment, reason, sizeof reason)) {
        snprintf(why, why_size, "%s: %s", operand, reason);
        return -1;
    }
    *path = pmt_xstrdup(operand);
    if (at)
        (*path)[at - operand] = '\0';
    return 0;
}

/* mark:a is mark:a#1. */
static uint64_t ordinal_of(const struct pmt_moment *mark)
{
    return mark->ordinal ? mark->ordinal : 1;
}

bool pmt_moment_is_later(const struct pmt_moment *a,
                         const struct pmt_moment *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case PMT_MOMENT_TIME:
        return a->ns > b->ns;
    case PMT_MOMENT_WALL:
        return a->real_ns > b->real_ns;
    case PMT_MOMENT_MARK:
        return strcmp(a->name, b->name) == 0 && ordinal_of(a) > ordinal_of(b);
    case PMT_MOMENT_NONE:
    case PMT_MOMENT_PEAK:
    case PMT_MOMENT_END:
    case PMT_MOMENT_EXIT:
        break;
    }
    return false;
}

void pmt_moment_release(struct pmt_moment *moment)
{
    free(moment->name);
    moment->name = NULL;
}

void pmt_moment_copy(struct pmt_moment *to, const struct pmt_moment *from)
{
    *to = *from;
    if (from->name != NULL)
        to->name = pmt_xstrdup(from->name);
}

int pmt_moment_compare(const struct pmt_moment *a, const struct pmt_moment *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->ns != b->ns)
        return a->ns < b->ns ? -1 : 1;
    if (a->real_ns != b->real_ns)
        return a->real_ns < b->real_ns ? -1 : 1;
    if (a->ordinal != b->ordinal)
        return a->ordinal < b->ordinal ? -1 : 1;
    return strcmp(a->name ? a->name : "", b->name ? b->name : "");
}
