/*
 * recover.h - makes a whole trace of a damaged or unfinished one and its
 * journal (spec 9).
 */
#ifndef PMT_RECOVER_H
#define PMT_RECOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "pmt/error.h"
#include "pmt/io.h"

#ifdef __cplusplus
extern "C" {
#endif

struct pmt_recovery {
    uint64_t chunks_kept;       /* copied as they were */
    uint64_t records_kept;
    uint64_t damaged_places;    /* DAMAGE events met */
    uint64_t first_damage;      /* its byte, or PMT_NO_OFFSET */
    uint64_t chunks_missing;    /* gaps in seq and chunks dropped */
    uint64_t bytes_dropped;     /* of the input, outside sound frames */
    bool truncated;
    bool had_journal;
    uint64_t journal_records;   /* taken from the journal */
    uint64_t journal_lost;      /* events the recorder had counted as lost */
    bool was_complete;          /* nothing needed to be done */
    unsigned streams_ended;     /* streams that were given an end chunk */
};

/*
 * Copies every sound chunk of `source` (borrowed; must be able to seek) to
 * `sink` verbatim, gives those without a label one, adds what the journal at
 * `journal_path` (NULL: none) still holds, an end chunk to every stream that
 * has none, and an index. PMT_OK also when nothing was wrong.
 * PMT_ERR_BUSY: the journal's process lives. PMT_ERR_NOT_A_TRACE.
 */
int pmt_recover(struct pmt_source *source, const char *journal_path,
                const struct pmt_sink *sink, struct pmt_recovery *report,
                struct pmt_error *err);

/* The same of a source of several parts (pmt/parts.h): the journal is of the
 * file that begins at byte `last_part_at`. What was let go before the first
 * part is not missing. */
int pmt_recover_parts(struct pmt_source *source, uint64_t last_part_at,
                      const char *journal_path, const struct pmt_sink *sink,
                      struct pmt_recovery *report, struct pmt_error *err);

/*
 * Makes the file `trace` whole where it lies: it is changed only behind the
 * last byte at which it agrees with what pmt_recover would give, and
 * `journal` (NULL: none) is removed. May be killed and done again. Of a
 * flight recorder `trace` is the newest part. `owner`: only files of that user
 * id, -1: of anybody; no links, no other kinds of file.
 * On an error all is as it was, but for PMT_ERR_IO in writing, which leaves
 * the journal, so that no record is lost. PMT_ERR_BUSY: the journal's process
 * lives, or another process finishes the trace; PMT_ERR_CORRUPT: it is damaged
 * otherwise than by a cut end, so that bytes would be lost that somebody may
 * want to look at: pmt_recover makes a new file of what is sound.
 */
int pmt_recover_in_place(const char *trace, const char *journal,
                         int64_t owner, struct pmt_recovery *report,
                         struct pmt_error *err);

#ifdef __cplusplus
}
#endif
#endif
