/*
 * cbor-item.h - CBOR items, one at a time: the one door to libcbor.
 *
 * Reading never builds a tree and never allocates: an item's bytes stay where
 * they are (a 5-byte array head can make a tree builder allocate gigabytes).
 */
#ifndef PMT_CBOR_ITEM_H
#define PMT_CBOR_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pmt/error.h"
#include "pmt/io.h"

enum pmt_cbor_type {
    PMT_CBOR_UINT,
    PMT_CBOR_NEGINT, /* -1 - value */
    PMT_CBOR_BYTES,
    PMT_CBOR_TEXT,
    PMT_CBOR_ARRAY,
    PMT_CBOR_MAP,
    PMT_CBOR_TAG,
    PMT_CBOR_SIMPLE  /* float, bool, null, ... */
};

/* The head of an item; of strings, the whole of it. */
struct pmt_cbor {
    enum pmt_cbor_type type;
    uint64_t value;       /* number, tag, or number of items / pairs */
    const uint8_t *bytes; /* of BYTES and TEXT: `value` bytes, borrowed */
};

#define PMT_CBOR_DEPTH_MAX 8       /* spec 10 */
#define PMT_CBOR_ITEMS_MAX (1u << 20)

/* A position in a chunk. */
struct pmt_cbor_cursor {
    const uint8_t *at;
    const uint8_t *end;
    uint32_t items_left;  /* of PMT_CBOR_ITEMS_MAX */
    uint64_t offset;      /* of the frame in the file, for errors */
};

void pmt_cbor_begin(struct pmt_cbor_cursor *c, const void *bytes, size_t n,
                    uint64_t offset);

/* The next head. PMT_ERR_CORRUPT: not well-formed, cut off, indefinite
 * length, more items claimed than bytes remain, or a text string that is not
 * UTF-8. PMT_ERR_LIMIT. */
int pmt_cbor_next(struct pmt_cbor_cursor *c, struct pmt_cbor *item,
                  struct pmt_error *err);

/* The next item, which must be of `type`. */
int pmt_cbor_expect(struct pmt_cbor_cursor *c, enum pmt_cbor_type type,
                    struct pmt_cbor *item, struct pmt_error *err);

/* A text: TEXT or BYTES, of at most 65536 bytes. */
int pmt_cbor_text(struct pmt_cbor_cursor *c, struct pmt_cbor *item,
                  struct pmt_error *err);

/* Passes over the rest of an item whose head was read. PMT_ERR_LIMIT: it
 * nests deeper than PMT_CBOR_DEPTH_MAX. */
int pmt_cbor_skip(struct pmt_cbor_cursor *c, const struct pmt_cbor *head,
                  struct pmt_error *err);

/* ---- writing: append to a buffer; PMT_ERR_MEMORY ---------------------- */

int pmt_cbor_put_uint(struct pmt_buffer *b, uint64_t v);
int pmt_cbor_put_int(struct pmt_buffer *b, int64_t v);
int pmt_cbor_put_bytes(struct pmt_buffer *b, const void *p, size_t n);
/* Only the head of a byte string of `n` bytes; returns its length. */
#define PMT_CBOR_HEAD_MAX 9
size_t pmt_cbor_bytes_head(uint8_t head[PMT_CBOR_HEAD_MAX], size_t n);
/* A text string, or a byte string when it is not UTF-8. */
int pmt_cbor_put_text(struct pmt_buffer *b, const char *p, size_t n);
int pmt_cbor_put_array(struct pmt_buffer *b, size_t n);
int pmt_cbor_put_map(struct pmt_buffer *b, size_t n);
int pmt_cbor_put_tag(struct pmt_buffer *b, uint64_t tag);

#endif
