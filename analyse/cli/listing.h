/*
 * listing.h: rows and columns for a person, aligned.
 *
 * Holds all its cells until it is printed: for top-N lists and summaries, not
 * for the records of a trace.
 *
 *     static const struct pmt_listing_column columns[] = {
 *         { .title = "objects", .right = true },
 *         { .title = "site", .shrinks = true },
 *     };
 *     struct pmt_listing *list = pmt_listing_new(columns, 2);
 *     pmt_listing_count(list, 1234);
 *     pmt_listing_text(list, "app.py:12");
 *     pmt_listing_print(list, out.file);
 *     pmt_listing_free(list);
 */
#ifndef PMT_CLI_LISTING_H
#define PMT_CLI_LISTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct pmt_listing_column {
    const char *title; /* NULL in all columns: no title line */
    bool right;        /* align to the right: numbers */
    bool shrinks;      /* on a terminal too narrow for the row, this one is
                          shortened in the middle */
};

struct pmt_listing;

/* `columns` is borrowed until free; count >= 1. Never returns NULL. */
struct pmt_listing *pmt_listing_new(const struct pmt_listing_column *columns,
                                    size_t count);

/* The next cell, left to right, row by row; text is copied, escaped for a
 * terminal. NULL text is an empty cell. */
void pmt_listing_text(struct pmt_listing *list, const char *text);
void pmt_listing_printf(struct pmt_listing *list, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void pmt_listing_count(struct pmt_listing *list, uint64_t count);
void pmt_listing_size(struct pmt_listing *list, uint64_t bytes); /* 1.5 MiB */
void pmt_listing_seconds(struct pmt_listing *list, uint64_t ns);
/* A count, or a size, that may be below 0: -1.5 MiB */
void pmt_listing_signed(struct pmt_listing *list, int64_t value, bool bytes);

/* `before` empty cells and a text, in the column of names: what belongs to the
 * row above. */
void pmt_listing_below(struct pmt_listing *list, size_t before,
                       const char *text);

/* Titles and rows, two spaces between columns, none at the end of a line.
 * A last row that is not full is printed as far as it goes. When `file` is a
 * terminal, rows are made to fit its width. */
void pmt_listing_print(const struct pmt_listing *list, FILE *file);

/* The same for a screen of `width` columns; 0 for no limit. */
void pmt_listing_print_width(const struct pmt_listing *list, FILE *file,
                             size_t width);

/* NULL is accepted. */
void pmt_listing_free(struct pmt_listing *list);

#endif
