/* top-pattern.c: see top-pattern.h. */
#include "top-pattern.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "pmt/error.h"

void pmt_patterns_release(struct pmt_patterns *patterns)
{
    for (size_t i = 0; i < patterns->verdict_count; i++)
        pmt_id_map_release(&patterns->verdicts[i]);
    free(patterns->verdicts);
    patterns->verdicts = NULL;
    patterns->verdict_count = 0;
}

void pmt_patterns_forget(struct pmt_patterns *patterns, size_t place)
{
    if (place < patterns->verdict_count)
        pmt_id_map_release(&patterns->verdicts[place]);
}

/* The line behind the last colon, when there is one: else `length` is all. */
static bool line_of(const char *pattern, size_t *length, uint32_t *line)
{
    const char *colon = strrchr(pattern, ':');
    size_t digits = colon ? strspn(colon + 1, "0123456789") : 0;

    *length = strlen(pattern);
    if (digits == 0 || digits > 9 || colon[1 + digits] != '\0')
        return false;
    *length = (size_t)(colon - pattern);
    *line = (uint32_t)strtoul(colon + 1, NULL, 10);
    return true;
}

/* 1, 0 or PMT_ERR_MEMORY. */
static int matches(const char *pattern, const char *file, uint32_t line)
{
    uint32_t wanted = 0;
    size_t length;
    char *head;
    int matched;

    if (!line_of(pattern, &length, &wanted))
        return fnmatch(pattern, file, FNM_NOESCAPE) == 0;
    if (line != wanted)
        return 0;
    head = strndup(pattern, length);
    if (!head)
        return PMT_ERR_MEMORY;
    matched = fnmatch(head, file, FNM_NOESCAPE) == 0;
    free(head);
    return matched;
}

static int any_matches(const struct pmt_option_list *list, const char *file,
                       uint32_t line)
{
    int matched = 0;

    for (size_t i = 0; matched == 0 && i < list->count; i++)
        matched = matches(list->items[i], file, line);
    return matched;
}

/* The file as patterns see it; free() it. NULL: no memory. */
static char *file_of(const struct pmt_stream *stream,
                     const struct pmt_site *site)
{
    struct pmt_code code = {0};
    char *file;

    pmt_stream_code(stream, site->code, &code);
    if (!code.file.bytes)
        return strdup("<unknown>");
    file = strndup(code.file.bytes, code.file.length);
    if (file && strlen(file) > 4 &&
        strcmp(file + strlen(file) - 4, ".pyc") == 0)
        file[strlen(file) - 1] = '\0';
    return file;
}

/* Puts what matches a frame into *included and *excluded. */
static int look_at(const struct pmt_patterns *patterns,
                   const struct pmt_stream *stream,
                   const struct pmt_site *site, bool *included,
                   bool *excluded)
{
    char *file = file_of(stream, site);
    int in, out;

    if (!file)
        return PMT_ERR_MEMORY;
    in = any_matches(&patterns->include, file, site->line);
    out = any_matches(&patterns->exclude, file, site->line);
    free(file);
    if (in < 0 || out < 0)
        return PMT_ERR_MEMORY;
    *included |= in > 0;
    *excluded |= out > 0;
    return PMT_OK;
}

static int judge(const struct pmt_patterns *patterns,
                 const struct pmt_stream *stream, uint32_t stack)
{
    bool included = patterns->include.count == 0, excluded = false;
    struct pmt_site site = {0};
    int code;

    do {
        if (!pmt_stream_site(stream, stack, &site) || site.parent >= stack)
            site.parent = 0;
        code = look_at(patterns, stream, &site, &included, &excluded);
        if (code)
            return code;
        stack = site.parent;
    } while (patterns->all_frames && stack);
    return included && !excluded;
}

int pmt_patterns_want(struct pmt_patterns *patterns,
                      const struct pmt_stream *stream, size_t place,
                      uint32_t stack)
{
    uint32_t known;
    int verdict;

    if (!pmt_patterns_any(patterns))
        return 1;
    if (place >= patterns->verdict_count) {
        size_t count = place * 2 + 4;
        void *more = realloc(patterns->verdicts,
                             count * sizeof *patterns->verdicts);

        if (!more)
            return PMT_ERR_MEMORY;
        patterns->verdicts = more;
        memset(patterns->verdicts + patterns->verdict_count, 0,
               (count - patterns->verdict_count) * sizeof *patterns->verdicts);
        patterns->verdict_count = count;
    }
    known = pmt_id_map_get(&patterns->verdicts[place], stack);
    if (known)
        return known == 1;
    verdict = judge(patterns, stream, stack);
    if (verdict < 0 ||
        pmt_id_map_set(&patterns->verdicts[place], stack, verdict ? 1 : 2))
        return PMT_ERR_MEMORY;
    return verdict;
}
