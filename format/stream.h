/*
 * stream.h - what a reader knows of one stream: its header and tables.
 */
#ifndef PMT_STREAM_H
#define PMT_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "pmt/reader.h"

/* Texts of one stream's string table, in all (spec 10). */
#define PMT_STREAM_TEXT_MAX (UINT64_C(1) << 28)

struct pmt_arena;

/* Entries by id, in pages that are made when an id in them is stated: a
 * single great id costs a page, not an array. */
struct pmt_paged {
    void **pages;
    uint32_t page_count;
    uint32_t end;        /* one more than the greatest id stated */
};

struct pmt_stream {
    uint64_t key;
    unsigned index;
    struct pmt_stream_header header;
    unsigned char *header_bytes; /* the chunk that header's texts lie in */
    void *header_arrays;         /* argv, hooks, settings */
    bool refused;                /* greater major version */
    bool has_seq;
    uint64_t next_seq;
    struct pmt_paged tables[PMT_KIND_CLASSES + 1]; /* by kind */
    struct pmt_arena *texts;
    uint64_t text_bytes;
};

struct pmt_stream *pmt_stream_new(uint64_t key, unsigned index);
void pmt_stream_free(struct pmt_stream *s);

/* Forgets header and tables: the stream begins again. */
void pmt_stream_reset(struct pmt_stream *s);

/* Exchanges two streams of one key, or only what is of their headers: `fresh`
 * is to be freed. */
void pmt_stream_swap(struct pmt_stream *s, struct pmt_stream *fresh,
                     bool header_only);

/* States entry `id` of the table `kind` with the values of its columns 1 to
 * 5 (spec 6.2; stack: the parent's id). PMT_ERR_MEMORY. */
int pmt_stream_state(struct pmt_stream *s, enum pmt_kind kind, uint32_t id,
                     const uint64_t values[5]);
/* The same for a string: the bytes are copied. PMT_ERR_LIMIT. */
int pmt_stream_state_string(struct pmt_stream *s, uint32_t id,
                            const uint8_t *bytes, size_t n);

/* Stack and type of class `id`, one after the other; NULL: it is not stated,
 * or not one of objects. Borrowed until a class is stated. */
const uint32_t *pmt_stream_object_class(const struct pmt_stream *s,
                                        uint32_t id);

/* Reads the body of a stream chunk (spec 5.1) whose map follows at the
 * cursor; its bytes must lie in `s->header_bytes`. PMT_ERR_CORRUPT. */
struct pmt_cbor_cursor;
int pmt_stream_parse(struct pmt_stream *s, struct pmt_cbor_cursor *c,
                     struct pmt_error *err);

#endif
