/*
 * chart-text.h: text in a script for gnuplot. What comes out of a trace is
 * hostile: it goes through pmt_chart_text or pmt_chart_name.
 *
 * Threads: one at a time per stream.
 */
#ifndef PMT_CHART_TEXT_H
#define PMT_CHART_TEXT_H

#include <stddef.h>
#include <stdio.h>

/*
 * One line of UTF-8 in double quotes. All that gnuplot could take for something
 * else than text is an octal escape: quotes, backslashes, and `, which it
 * would run even inside double quotes; and digits behind an escape. (Single quotes won't do: gnuplot 5.4
 * takes 'it''s' as one string but '''s' as two.)
 */
void pmt_chart_quoted(FILE *file, const char *text);

/* The same for any bytes up to a NUL: escaped for eyes (cli/text.h), at most
 * `width` columns (>= 3) of them. */
void pmt_chart_text(FILE *file, const char *bytes, size_t width);

/* The same for a name of code: what does not fit goes first from the front of
 * its paths. */
void pmt_chart_name(FILE *file, const char *bytes, size_t width);

/* The same for the label of a tic, in which gnuplot takes % as a format. */
void pmt_chart_tic(FILE *file, const char *bytes, size_t width);

#endif
