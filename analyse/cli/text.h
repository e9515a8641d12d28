/*
 * text.h: numbers and names as a person reads them.
 *
 * The number functions write into the caller's buffer of PMT_TEXT_SIZE bytes
 * and return it, so that they can be used inside a printf; each use in one
 * call needs a buffer of its own.
 */
#ifndef PMT_CLI_TEXT_H
#define PMT_CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define PMT_TEXT_SIZE 48

/* "512 B", "1.5 MiB": binary units, one digit after the point. */
char *pmt_text_size(char *buffer, uint64_t bytes);
/* "+1.5 MiB", "-512 B", "0 B". */
char *pmt_text_size_delta(char *buffer, int64_t bytes);
/* "1,234,567". */
char *pmt_text_count(char *buffer, uint64_t count);
/* "+1,234", "-5", "0". */
char *pmt_text_count_delta(char *buffer, int64_t count);
/* "" for 1, else "s": behind a noun. */
const char *pmt_text_plural(uint64_t count);
/* "12.345678 s": ns cut, not rounded, to microseconds. */
char *pmt_text_seconds(char *buffer, uint64_t ns);

/*
 * Copy `length` bytes of anything into `buffer` so that a terminal shows them
 * and does nothing else, on one line. Control characters and bytes that are
 * not UTF-8 become \xNN, code points that reorder or break lines, or are no
 * characters, \uNNNN. A backslash stays as it is: this is for eyes, --json is
 * for programs. Never cuts a character or an escape in two. Returns the bytes that the whole
 * result has without its NUL, which may be more than fit (as snprintf).
 */
size_t pmt_text_escape(char *buffer, size_t size, const char *bytes,
                       size_t length);

/* The same as a new string; free() it. text: up to its NUL. */
char *pmt_text_escaped(const char *text);

/* The same, written to `file`. */
void pmt_text_write(FILE *file, const char *bytes, size_t length);

/* Screen columns of a UTF-8 string: East Asian wide ones count two. */
size_t pmt_text_width(const char *text);

/* Has `text` something before `end`, and ends with that? */
bool pmt_text_ends_with(const char *text, const char *end);

/*
 * A new string of at most `width` columns (>= 3): the middle of a longer text
 * gives way to "…", two thirds of what stays from its end, where paths tell
 * most. So do more than four marks on one character, in a short one too.
 * `text` is UTF-8 as pmt_text_escape() gives it. free() it.
 */
char *pmt_text_shortened(const char *text, size_t width);

/*
 * One character of UTF-8 at `bytes` (length > 0): its code point in *point and
 * its length as return, or 0 when the bytes there are not valid UTF-8
 * (overlong forms, surrogates and values over U+10FFFF are not).
 */
size_t pmt_text_decode(const char *bytes, size_t length, uint32_t *point);

#endif
