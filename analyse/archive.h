/*
 * archive.h: a trace cut into larger chunks, compressed harder, with the
 * content digest (digest.h) in the header of each stream.
 *
 * Threads: the main thread only.
 */
#ifndef PMT_ARCHIVE_H
#define PMT_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#include "digest.h"
#include "open.h"
#include "pmt/error.h"
#include "pmt/io.h"
#include "pmt/recut.h"

/* The digests of a trace, as they are and as its headers say. */
struct pmt_archive_content {
    struct pmt_digest *digest;  /* of each stream in the order met */
    struct pmt_archive_note *said;
    size_t count;
};

/* Reads all of `in`. PMT_OK, or negative with `err` filled and nothing to
 * release. */
int pmt_archive_read(struct pmt_archive_content *content,
                     struct pmt_trace *in, struct pmt_error *err);
void pmt_archive_release(struct pmt_archive_content *content);

/* Are these the streams of `b`, in any order? */
bool pmt_archive_same(const struct pmt_archive_content *a,
                      const struct pmt_archive_content *b);

/* Of how many streams that were archived the content is another one than
 * their header says; *archived: how many were. */
size_t pmt_archive_changed(const struct pmt_archive_content *content,
                           size_t *archived);

struct pmt_archive_report {
    uint64_t chunks, bytes;   /* written */
    uint64_t chunks_read, records;
    size_t pieces;            /* for who knows: pmt_archive_write does not */
};

/* Writes what `in` gives, whose content was read before, to `sink`. PMT_OK,
 * or negative with `err` filled. */
int pmt_archive_write(struct pmt_trace *in,
                      const struct pmt_archive_content *content,
                      const struct pmt_sink *sink,
                      const struct pmt_recut_options *options,
                      struct pmt_archive_report *report,
                      struct pmt_error *err);

#endif
