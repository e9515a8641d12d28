/*
 * filter.h - lists of globs, as the filters of the modes are given.
 */
#ifndef REC_FILTER_H
#define REC_FILTER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * True when text[n] (UTF-8) is wanted by a list of globs, separated by
 * commas. A glob after `!` takes away; where none is without `!`, all but
 * these are wanted; an empty list wants all. Blanks before a glob are passed
 * over.
 *
 * In a glob `*` is any text, also "/"; `?` one character; `[a-z_]` one of
 * these; `[!a-z]` or `[^a-z]` one of the others; a backslash takes the
 * meaning from the next character. As fnmatch(3) with flags 0, but in every
 * locale, and without classes like [:alpha:].
 *
 * Any thread; allocates nothing. Time is at most length of glob times length
 * of text.
 */
bool rec_globs_match(const char *globs, const char *text, size_t n);

#endif
