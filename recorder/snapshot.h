/*
 * snapshot.h - the live set summed by stack, and the mode `snapshot` that
 * writes it now and then.
 */
#ifndef REC_SNAPSHOT_H
#define REC_SNAPSHOT_H

#include "live-table.h"
#include "parts.h"
#include "rows.h"
#include "table.h"

/* One snapshot, as it is made; zeroed. */
struct rec_snapshot {
    struct rec_map index;    /* stack and domain -> number of the row + 1 */
    struct rec_rows rows;    /* struct pmt_snapshot_row */
    uint32_t count;          /* of rows */
    uint32_t written;        /* rows that are in the journal */
    uint32_t serial;
    uint64_t time;           /* rec_now() */
    bool failed;             /* no memory, or the journal had no room */
};

/* Begins one. */
void rec_snapshot_begin(struct rec_snapshot *s);

/* Adds blocks that are live. */
void rec_snapshot_add(struct rec_snapshot *s, uint32_t stack,
                      unsigned domain, uint64_t blocks, uint64_t bytes);

/* Adds all of rec_blocks. */
void rec_snapshot_add_live(struct rec_snapshot *s);

/*
 * Writes some hundred rows, and after the last of them the snapshot with its
 * name and `values`, lines as at PMT_DEF_SNAPSHOT. True: there is more to
 * write. Takes rec_lock, for a short time.
 */
bool rec_snapshot_write(struct rec_snapshot *s, const char *name,
                        size_t name_bytes, const char *values,
                        size_t value_bytes);

/* Frees all. */
void rec_snapshot_release(struct rec_snapshot *s);

extern const struct rec_part rec_part_snapshot;

#endif
