/*
 * rows.h - arrays that grow without moving, and texts that are kept: in
 * memory of rec_pages_new(). Knows nothing of Python.
 */
#ifndef REC_ROWS_H
#define REC_ROWS_H

#include <stddef.h>
#include <stdint.h>

#define REC_ROWS_CHUNK 1024u       /* rows in a chunk */
#define REC_ROWS_CHUNKS 4096u
#define REC_ROWS_MAX (REC_ROWS_CHUNK * REC_ROWS_CHUNKS)

/* Rows of one size, by number from 0. Zeroed: none. One writer at a time;
 * others may read rows that they know to be there. */
struct rec_rows {
    unsigned char **chunks;        /* each atomic; NULL: none yet */
    uint32_t row_bytes;            /* to be set before anything else */
};

/* Row i, made (zeroed) where it is not there yet; NULL without memory or when
 * i is not below REC_ROWS_MAX. */
void *rec_rows_make(struct rec_rows *rows, uint32_t i);

/* Row i, or NULL where it was not made. */
void *rec_rows_at(const struct rec_rows *rows, uint32_t i);

void rec_rows_release(struct rec_rows *rows);

/* Texts. Zeroed: none. */
struct rec_texts {
    struct rec_text_block *last;
};

/* A copy of text[n], which need not end with a null; NULL without memory. */
const char *rec_texts_keep(struct rec_texts *texts, const char *text,
                           size_t n);

void rec_texts_release(struct rec_texts *texts);

#endif
