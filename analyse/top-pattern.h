/*
 * top-pattern.h: which stacks are wanted, by patterns of file names, as
 * tracemalloc.Filter and Snapshot.filter_traces() have it.
 *
 * A pattern is that of Python's fnmatch, in which * is for any bytes, "/" too;
 * with ":LINE" behind it only that line matches. ".pyc" at the end of a file
 * is read as ".py". What has no Python frame is "<unknown>", line 0. A stack
 * is wanted when an inclusive pattern matches it, if there are any, and no
 * exclusive one does: its innermost frame, or with all_frames, any.
 *
 * Never prints. Threads: one at a time.
 */
#ifndef PMT_TOP_PATTERN_H
#define PMT_TOP_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/options.h"
#include "id-map.h"
#include "pmt/reader.h"

/* Zeroed is one that wants everything. */
struct pmt_patterns {
    struct pmt_option_list include, exclude; /* borrowed */
    bool all_frames;

    /* Private: by stream, 1 for a stack that is wanted and 2 for others. */
    struct pmt_id_map *verdicts;
    size_t verdict_count;
};

void pmt_patterns_release(struct pmt_patterns *patterns);

/* Are there any? */
static inline bool pmt_patterns_any(const struct pmt_patterns *patterns)
{
    return patterns->include.count + patterns->exclude.count > 0;
}

/* Stream `place` has started again: its ids mean what its tables say now. */
void pmt_patterns_forget(struct pmt_patterns *patterns, size_t place);

/* 1: wanted. 0: not. PMT_ERR_MEMORY. `place`: number of the stream to the
 * caller. */
int pmt_patterns_want(struct pmt_patterns *patterns,
                      const struct pmt_stream *stream, size_t place,
                      uint32_t stack);

/* Rows for the option tables: fields include, exclude, all_frames. */
#define PMT_OPT_PATTERNS(type)                                                \
    PMT_OPT_LIST(0, "include", "PATTERN", type, include,                      \
                 "count only what was made in files that match PATTERN"),     \
    PMT_OPT_LIST(0, "exclude", "PATTERN", type, exclude,                      \
                 "leave out what was made in files that match PATTERN"),      \
    PMT_OPT_FLAG(0, "all-frames", type, all_frames,                           \
                 "patterns are for any frame of a stack, not the innermost "  \
                 "alone")

#endif
