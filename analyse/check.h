/*
 * check.h: is a trace what its specification says? Goes through all of it,
 * decodes every column, and reports what is wrong: what the reader finds by
 * itself (spec 9), and the rules between chunks, which a reader lets pass.
 *
 * Never prints. Memory: the reader's, and 8 bytes a table entry, in pages.
 */
#ifndef PMT_CHECK_H
#define PMT_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "open.h"
#include "pmt/error.h"
#include "pmt/journal.h"

enum pmt_finding_status {
    /* Damage. */
    PMT_FOUND_TRUNCATED,    /* the file ends inside a frame (9.1) */
    PMT_FOUND_CORRUPT,      /* bytes are not what was written (9.2) */
    PMT_FOUND_MISSING,      /* chunks, or entries that are referred to */
    PMT_FOUND_INCONSISTENT, /* a rule between chunks is broken (9.5) */
    /* No damage. */
    PMT_FOUND_INCOMPLETE,   /* a stream has no end (9.6) */
    PMT_FOUND_LOSS,         /* events the recorder lost, and counted */
    PMT_FOUND_UNCHECKED,    /* chunks of a later version */
    PMT_FOUND_STATUSES
};

/* "truncated", "corrupt", …; never NULL. */
const char *pmt_finding_status_name(enum pmt_finding_status status);
bool pmt_finding_is_damage(enum pmt_finding_status status);

struct pmt_finding {
    enum pmt_finding_status status;
    uint64_t offset;       /* byte of the trace, all its parts one after the
                            * other, or PMT_NO_OFFSET */
    bool has_stream;
    uint64_t stream_key;
    uint32_t kind;         /* of the chunk; 0: no chunk */
    char message[280];     /* holds no byte of the trace */
};

struct pmt_check_report {
    uint64_t streams, chunks, records, entries, indexes, foreign;
    uint64_t bytes;        /* gone through */
    uint64_t bytes_damaged; /* of them in damaged places */
    uint64_t lost;         /* events, as the trace counts them */
    uint64_t found[PMT_FOUND_STATUSES];
};

typedef void pmt_check_found(void *context, const struct pmt_finding *);

/* Checks the rest of `in`, calls `found` for each finding in file order.
 * PMT_OK when it came to the end, whatever was found; else negative. */
int pmt_check(struct pmt_trace *in, struct pmt_check_report *report,
              pmt_check_found *found, void *context, struct pmt_error *err);

/* Is there damage among what was found? */
bool pmt_check_damaged(const struct pmt_check_report *report);

#endif
