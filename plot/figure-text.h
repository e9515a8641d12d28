/*
 * figure-text.h: text in a script for gnuplot. What comes out of a trace is
 * hostile: it goes through pmt_figure_put_text or pmt_figure_put_name.
 *
 * Threads: one at a time per stream.
 */
#ifndef PMT_FIGURE_TEXT_H
#define PMT_FIGURE_TEXT_H

#include <stddef.h>
#include <stdio.h>

/*
 * One line of UTF-8 in double quotes. All that gnuplot could take for something
 * else than text is an octal escape: quotes, backslashes, and `, which it
 * would run even inside double quotes; and digits behind an escape. (Single
 * quotes won't do: gnuplot 5.4 takes 'it''s' as one string but '''s' as two.)
 */
void pmt_figure_put_quoted(FILE *file, const char *text);

/* The same for any bytes up to a NUL: escaped for eyes (cli/text.h), at most
 * `width` columns (>= 3) of them. */
void pmt_figure_put_text(FILE *file, const char *bytes, size_t width);

/* A name of code, or a command, as it fits into `width` columns (>= 3) if it
 * can: of its paths the last two parts stay, or the last one; of a function
 * with its file the function. Raw bytes as before, to be freed; NULL: no
 * memory. */
char *pmt_figure_short_paths(const char *bytes, size_t width);

/* pmt_figure_put_text() of that. */
void pmt_figure_put_name(FILE *file, const char *bytes, size_t width);

/* The same for the label of a tic, in which gnuplot takes % as a format. */
void pmt_figure_put_tic(FILE *file, const char *bytes, size_t width);

#endif
