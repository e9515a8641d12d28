/*
 * chunk.h - one chunk taken apart: its envelope, and the columns of its body
 * as arrays (spec 4 to 7, 9.5).
 */
#ifndef PMT_CHUNK_H
#define PMT_CHUNK_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "cbor-item.h"
#include "column.h"
#include "pmt/reader.h"
#include "stream.h"

#define PMT_FIGURES_MAX 1024u            /* spec 10 */
#define PMT_FIGURE_VALUES_MAX (1u << 20)
#define PMT_KNOWN_COLUMNS 32u

/* A column of decoded values; `values` has room for `room`. */
struct pmt_values {
    uint64_t *values;
    size_t room;
    bool there;
};

/* Plain storage, reused from chunk to chunk; zeroed to begin with. */
struct pmt_chunk {
    struct pmt_envelope envelope;
    uint64_t offset;               /* of the data frame, for errors */
    struct pmt_cbor_cursor body_head; /* at the body's map */
    struct pmt_cbor_cursor body;   /* behind the head of the body's map */
    uint64_t body_entries;
    uint64_t features[64];
    size_t feature_count;

    struct pmt_column_view views[PMT_KNOWN_COLUMNS];
    bool has_view[PMT_KNOWN_COLUMNS];
    struct pmt_values columns[PMT_KNOWN_COLUMNS];
    struct pmt_values extra;       /* figures, or anchors 32 to 34 */
    bool extra_there[PMT_FIGURES_MAX];

    struct pmt_text *texts;        /* strings, marks, a snapshot's name */
    size_t text_count, text_room;
    /* process: where the texts of keys 16 to 19 begin among these, and where
     * the arguments of each record end, counted from the beginning of 17. */
    bool list_there[4];
    size_t list_at[4];
    uint32_t *argv_ends;
    size_t argv_room;
    struct pmt_figure *figures;
    size_t figure_count, figure_room;
    uint64_t scalars[3];           /* keys 16 to 18 of `live`; 0 to 3 of end
                                    * are in `end` */
    uint64_t end[4];

    struct pmt_addresser *addresser;
    uint8_t *slots;
    uint16_t *classes;
    uint32_t *links;               /* see pmt_reader_links() */
};

void pmt_chunk_release(struct pmt_chunk *c);

/*
 * Takes the envelope of the chunk in `content`, and checks that it is one
 * well-formed item (spec 9.5, 1 and 2). Of a `stream` chunk, `version` gets
 * its version. PMT_ERR_CORRUPT, PMT_ERR_LIMIT.
 */
int pmt_chunk_open(struct pmt_chunk *c, const struct pmt_buffer *content,
                   uint64_t offset, uint32_t version[2],
                   struct pmt_error *err);

/*
 * Takes the body of a known kind but `stream` (spec 9.5, 6): decodes and
 * checks every known column.
 * PMT_ERR_UNSUPPORTED: a column that must be there has an unknown codec.
 */
int pmt_chunk_decode(struct pmt_chunk *c, struct pmt_error *err);

/* Column `id`, or NULL. */
const uint64_t *pmt_chunk_column(const struct pmt_chunk *c, unsigned id);

#endif
