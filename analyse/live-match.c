/* live-match.c: see live-match.h. */
#include "live-match.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "id-map.h"
#include "names.h"

/* By id: 1 no, 2 yes. */
struct pmt_match_stream {
    struct pmt_id_map types, sites;
};

enum { UNKNOWN, NO, YES };

void pmt_match_forget(struct pmt_match *match, size_t place)
{
    if (place >= match->stream_count)
        return;
    pmt_id_map_release(&match->streams[place].types);
    pmt_id_map_release(&match->streams[place].sites);
}

void pmt_match_release(struct pmt_match *match)
{
    for (size_t i = 0; i < match->stream_count; i++)
        pmt_match_forget(match, i);
    free(match->streams);
    match->streams = NULL;
    match->stream_count = 0;
}

static struct pmt_match_stream *stream_of(struct pmt_match *match,
                                          size_t place)
{
    if (place >= match->stream_count) {
        size_t count = place * 2 + 4;
        struct pmt_match_stream *more =
            realloc(match->streams, count * sizeof *more);

        if (!more)
            return NULL;
        memset(more + match->stream_count, 0,
               (count - match->stream_count) * sizeof *more);
        match->streams = more;
        match->stream_count = count;
    }
    return &match->streams[place];
}

static bool matches(const char *glob, const char *text)
{
    return fnmatch(glob, text, 0) == 0;
}

/* The text, and from behind its file's last slash on. */
static bool matches_path(const char *glob, const char *text, size_t file)
{
    const char *slash = NULL;

    for (size_t i = 0; i < file && text[i]; i++)
        if (text[i] == '/')
            slash = text + i;
    return matches(glob, text) || (slash && matches(glob, slash + 1));
}

static bool matches_site(const char *glob, const struct pmt_stream *stream,
                         uint32_t stack)
{
    char text[PMT_NAME_SIZE];
    size_t file = pmt_name_file(text, sizeof text, stream, stack);

    if (matches_path(glob, text, file))
        return true;
    pmt_name_function(text, sizeof text, stream, stack);
    if (matches(glob, text))
        return true;
    pmt_name_site(text, sizeof text, stream, stack);
    return matches_path(glob, text, file);
}

static bool matches_type(const char *glob, const struct pmt_stream *stream,
                         uint32_t type)
{
    char text[PMT_NAME_SIZE];
    const char *dot;

    pmt_name_type(text, sizeof text, stream, type);
    dot = strrchr(text, '.');
    return matches(glob, text) || (dot && matches(glob, dot + 1));
}

bool pmt_match_block(struct pmt_match *match, const struct pmt_stream *stream,
                     size_t place, const struct pmt_block *block)
{
    struct pmt_match_stream *known;
    uint32_t answer;

    if (!match->type && !match->site)
        return true;
    known = stream_of(match, place);
    if (match->type) {
        answer = known ? pmt_id_map_get(&known->types, block->type) : UNKNOWN;
        if (answer == UNKNOWN) {
            answer = matches_type(match->type, stream, block->type) ? YES
                                                                    : NO;
            if (known)
                pmt_id_map_set(&known->types, block->type, answer);
        }
        if (answer == NO)
            return false;
    }
    if (!match->site)
        return true;
    answer = known ? pmt_id_map_get(&known->sites, block->stack) : UNKNOWN;
    if (answer == UNKNOWN) {
        answer = matches_site(match->site, stream, block->stack) ? YES : NO;
        if (known)
            pmt_id_map_set(&known->sites, block->stack, answer);
    }
    return answer == YES;
}
