/*
 * digest-private.h: what the files of the content digest share: the hash of a
 * number or a text (spec, annex B), and what is kept of a stream.
 */
#ifndef PMT_DIGEST_PRIVATE_H
#define PMT_DIGEST_PRIVATE_H

#include <string.h>

#include "blake2b.h"
#include "digest.h"
#include "id-map.h"

#define PMT_DIGEST_COLUMNS 12
#define PMT_DIGEST_TABLES 6 /* from PMT_KIND_CODES to PMT_KIND_CLASSES */

typedef uint8_t pmt_hash[PMT_DIGEST_BYTES];

/* ---- what is hashed ------------------------------------------------------ */

/* Numbers are little-endian; columns go in as they lie in memory. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "columns are hashed as bytes");

static inline void pmt_hash_u64(struct pmt_blake2b *s, uint64_t v)
{
    pmt_blake2b_update(s, &v, sizeof v);
}

static inline void pmt_hash_bytes(struct pmt_blake2b *s, const char *bytes,
                                  size_t n)
{
    pmt_hash_u64(s, n);
    pmt_blake2b_update(s, bytes, n);
}

static inline void pmt_hash_text(struct pmt_blake2b *s, struct pmt_text text)
{
    if (text.bytes == NULL)
        pmt_hash_u64(s, UINT64_MAX);
    else
        pmt_hash_bytes(s, text.bytes, text.length);
}

static inline void pmt_hash_word(struct pmt_blake2b *s, const char *word)
{
    pmt_blake2b_update(s, word, strlen(word));
}

static inline void pmt_hash_result(struct pmt_blake2b *b,
                                   const struct pmt_blake2b *of)
{
    pmt_hash h;

    pmt_blake2b_result(of, h);
    pmt_blake2b_update(b, h, sizeof h);
}

/* ---- of a stream --------------------------------------------------------- */

/* The columns of one kind of record. */
struct pmt_digest_series {
    uint64_t records;
    uint64_t next_ordinal;
    struct pmt_blake2b column[PMT_DIGEST_COLUMNS], ordinals, extra;
    /* ids of references, numbered as met */
    struct pmt_id_map seen[PMT_DIGEST_COLUMNS];
    uint32_t seen_count[PMT_DIGEST_COLUMNS];
};

/* What is known of a table's entries; zeros: not stated. */
struct pmt_digest_entries {
    struct pmt_id_map place; /* of an id in `of`, plus 1 */
    pmt_hash *of;
    size_t count, room;
};

struct pmt_digest_stream {
    uint64_t key;
    const struct pmt_stream *stream; /* of the reader */
    bool current;                    /* chunks of `stream` are of this one */
    bool filtered, incomplete, ended, clean;
    uint64_t end_lost;
    struct pmt_blake2b header;
    struct pmt_digest_series *kind[PMT_KIND_KNOWN];
    struct pmt_digest_series *live[2]; /* of object, of alloc */
    struct pmt_digest_entries table[PMT_DIGEST_TABLES];
    struct pmt_digest_entries name; /* of a thread's last name, by its id */
};

/* ---- digest-records.c ---------------------------------------------------- */

/* NULL is allowed. */
void pmt_digest_series_free(struct pmt_digest_series *s);

/* The records of a chunk, with `values` as work space for a column. PMT_OK or
 * PMT_ERR_MEMORY. */
int pmt_digest_take_chunk(uint64_t *values, struct pmt_digest_stream *s,
                          struct pmt_reader *r, const struct pmt_event *event);

/* What came of the records of a kind. */
void pmt_digest_put_series(struct pmt_blake2b *b, uint32_t kind,
                           const struct pmt_digest_series *s);

/* ---- digest-tables.c ----------------------------------------------------- */

void pmt_digest_entries_release(struct pmt_digest_entries *t);

/* The entries of a chunk. PMT_OK or PMT_ERR_MEMORY. */
int pmt_digest_take_table(struct pmt_digest_stream *s, struct pmt_reader *r,
                          const struct pmt_event *event);

/* The hash of an entry; zeros where it is not stated. */
void pmt_digest_put_entry(struct pmt_blake2b *b,
                          const struct pmt_digest_stream *s, uint32_t kind,
                          uint64_t id);

/* The entries that are there, each once, in the order of their hashes. PMT_OK
 * or PMT_ERR_MEMORY. */
int pmt_digest_put_set(struct pmt_blake2b *b,
                       const struct pmt_digest_entries *t);

#endif
