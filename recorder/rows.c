/*
 * rows.c - arrays that grow without moving, and texts (rows.h).
 */
#include "rows.h"

#include <string.h>

#include "table.h"

#define BLOCK_BYTES ((size_t)64 * 1024)

struct rec_text_block {
    struct rec_text_block *before;
    size_t bytes, used;
    char text[];
};

static size_t directory_bytes(void)
{
    return REC_ROWS_CHUNKS * sizeof(unsigned char *);
}

static size_t chunk_bytes(const struct rec_rows *rows)
{
    return (size_t)REC_ROWS_CHUNK * rows->row_bytes;
}

void *rec_rows_make(struct rec_rows *rows, uint32_t i)
{
    unsigned char **chunk;
    unsigned char *made;

    if (i >= REC_ROWS_MAX)
        return NULL;
    if (rows->chunks == NULL)
        rows->chunks = rec_pages_new(directory_bytes());
    if (rows->chunks == NULL)
        return NULL;
    chunk = &rows->chunks[i / REC_ROWS_CHUNK];
    if (*chunk == NULL) {
        made = rec_pages_new(chunk_bytes(rows));
        if (made == NULL)
            return NULL;
        __atomic_store_n(chunk, made, __ATOMIC_RELEASE);
    }
    return rec_rows_at(rows, i);
}

void *rec_rows_at(const struct rec_rows *rows, uint32_t i)
{
    unsigned char *chunk;

    if (rows->chunks == NULL || i >= REC_ROWS_MAX)
        return NULL;
    chunk = __atomic_load_n(&rows->chunks[i / REC_ROWS_CHUNK],
                            __ATOMIC_ACQUIRE);
    if (chunk == NULL)
        return NULL;
    return chunk + (size_t)(i % REC_ROWS_CHUNK) * rows->row_bytes;
}

void rec_rows_release(struct rec_rows *rows)
{
    if (rows->chunks == NULL)
        return;
    for (uint32_t i = 0; i < REC_ROWS_CHUNKS; i++)
        if (rows->chunks[i] != NULL)
            rec_pages_free(rows->chunks[i], chunk_bytes(rows));
    rec_pages_free(rows->chunks, directory_bytes());
    rows->chunks = NULL;
}

const char *rec_texts_keep(struct rec_texts *texts, const char *text,
                           size_t n)
{
    struct rec_text_block *b = texts->last;
    size_t bytes = BLOCK_BYTES;
    char *copy;

    if (b == NULL || b->bytes - b->used < n) {
        while (bytes < sizeof *b + n)
            bytes *= 2;
        b = rec_pages_new(bytes);
        if (b == NULL)
            return NULL;
        b->before = texts->last;
        b->bytes = bytes - sizeof *b;
        texts->last = b;
    }
    copy = b->text + b->used;
    memcpy(copy, text, n);
    b->used += n;
    return copy;
}

void rec_texts_release(struct rec_texts *texts)
{
    while (texts->last != NULL) {
        struct rec_text_block *b = texts->last;

        texts->last = b->before;
        rec_pages_free(b, b->bytes + sizeof *b);
    }
}
