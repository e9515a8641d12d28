/*
 * dump.h: what a trace holds, one line a thing, as text or as the JSON of
 * spec 12. Writes to a given file and nowhere else; allocates nothing after
 * pmt_dump_new, whatever the trace says.
 *
 * A text line is fields with a tab between them: the first 8 digits of the
 * stream's key, seconds since the stream began, the kind, then by kind. Bytes
 * that could drive a terminal are escaped, so a field never holds a tab.
 *
 * Threads: one at a time per dump.
 */
#ifndef PMT_DUMP_H
#define PMT_DUMP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/json.h"
#include "pmt/reader.h"

/* What is printed. */
struct pmt_dump_filter {
    uint32_t kinds;          /* bit per enum pmt_kind */
    uint64_t from_ns, to_ns; /* records in [from, to]; UINT64_MAX: no end */
    bool stacks;             /* text: the callers behind each site */
};

/* The cache of escaped names of sites; one of them, or nothing: stream 0. */
#define PMT_DUMP_SITES 4096u     /* a power of two */
#define PMT_DUMP_SITE_BYTES 244u /* longer names are not kept */
struct pmt_dump_site {
    uint32_t stream; /* pmt_stream_index() + 1 */
    uint32_t stack;
    uint32_t length;
    char text[PMT_DUMP_SITE_BYTES];
};

struct pmt_dump {
    FILE *file;
    struct pmt_reader *reader;
    struct pmt_dump_filter filter;
    struct pmt_json json;
    struct pmt_dump_site sites[PMT_DUMP_SITES]; /* text only */
};

/* `file` is borrowed. Returns NULL when memory is short. */
struct pmt_dump *pmt_dump_new(FILE *file,
                              const struct pmt_dump_filter *filter);
/* What follows is from `reader`, borrowed. Several may come in turn. */
void pmt_dump_from(struct pmt_dump *d, struct pmt_reader *reader);
void pmt_dump_free(struct pmt_dump *d); /* NULL is allowed */

/* The first line of the JSON rendering. */
void pmt_dump_json_header(struct pmt_dump *d);

/* Prints `event`, the reader's last, as far as the filter lets it. */
void pmt_dump_json(struct pmt_dump *d, const struct pmt_event *event);
void pmt_dump_text(struct pmt_dump *d, const struct pmt_event *event);

/* The kinds that lines of `kinds` refer to by ids, with `kinds`. */
uint32_t pmt_dump_needs(uint32_t kinds);

/* ---- for the two renderings -------------------------------------------- */

/* A column, or zeroes where the chunk does not have it. */
struct pmt_dump_column {
    const uint64_t *values;
};

static inline struct pmt_dump_column pmt_dump_column(struct pmt_dump *d,
                                                     unsigned number)
{
    return (struct pmt_dump_column){pmt_reader_column(d->reader, number)};
}

static inline uint64_t pmt_dump_value(struct pmt_dump_column column,
                                      uint32_t i)
{
    return column.values ? column.values[i] : 0;
}

/* Row i of column `number`, found anew: for what is not in a hot loop. */
static inline uint64_t pmt_dump_at(struct pmt_dump *d, unsigned number,
                                   uint32_t i)
{
    return pmt_dump_value(pmt_dump_column(d, number), i);
}

static inline bool pmt_dump_kind(const struct pmt_dump *d, uint32_t kind)
{
    return kind < 32 && (d->filter.kinds >> kind & 1) != 0;
}

/* Anchors are clock values, printed as records are. */
static inline bool pmt_dump_is_table(uint32_t kind)
{
    return kind >= PMT_KIND_STRINGS && kind <= PMT_KIND_CLASSES;
}

/* The units of the stream of a chunk. */
uint32_t pmt_dump_tick_ns(const struct pmt_event *event);
uint64_t pmt_dump_rss_unit(const struct pmt_event *event);

static inline bool pmt_dump_in_time(const struct pmt_dump *d, uint64_t ns)
{
    return ns >= d->filter.from_ns && ns <= d->filter.to_ns;
}

#endif
