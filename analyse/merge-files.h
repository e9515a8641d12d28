/*
 * merge-files.h: the inputs of a merge, opened as chunks of them are read, and
 * few of them at a time, however many there are.
 *
 * Threads: one at a time for each; several may be of one list.
 */
#ifndef PMT_MERGE_FILES_H
#define PMT_MERGE_FILES_H

#include "merge-list.h"
#include "pmt/error.h"
#include "pmt/io.h"

/* The descriptors that one may have open at a time. */
#define PMT_MERGE_OPEN_MAX 128

struct pmt_merge_files;

/* Opens nothing yet; `list` is borrowed, and nothing may be added to it any
 * more. At most 1 / `share` of the descriptors that the system allows are used.
 * PMT_OK, PMT_ERR_MEMORY or PMT_ERR_IO. */
int pmt_merge_files_new(struct pmt_merge_files **out,
                        const struct pmt_merge_list *list, unsigned share,
                        struct pmt_error *err);
void pmt_merge_files_free(struct pmt_merge_files *files); /* or NULL */

/* That of an input, or PMT_MERGE_SPOOL; borrowed until the next call.
 * PMT_OK, PMT_ERR_MEMORY or PMT_ERR_IO. */
int pmt_merge_files_source(struct pmt_merge_files *files, uint32_t input,
                           struct pmt_source **source, struct pmt_error *err);

/* Label and frame of a chunk, `n` bytes, borrowed until the next call. PMT_OK;
 * PMT_END: the file ends before. Else as above. */
int pmt_merge_files_chunk(struct pmt_merge_files *files,
                          const struct pmt_merge_chunk *chunk,
                          const uint8_t **bytes, size_t *n,
                          struct pmt_error *err);

/* What an input is called. */
const char *pmt_merge_files_name(const struct pmt_merge_files *files,
                                 uint32_t input);

#endif
