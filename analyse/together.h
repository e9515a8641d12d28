/*
 * together.h: several traces read as one, the one that pmt_merge_copy() would
 * make of them, without its being written: the streams of all, in order of
 * time, what is there more than once taken once.
 *
 * What is made has a name under which pmt_trace_open() opens it, as often as
 * is wanted, and is kept until the process ends. 48 bytes a chunk, and 8; at
 * most 128 files are open for each reader.
 *
 * Threads: the main thread only; the sources that are opened, any one each.
 */
#ifndef PMT_TOGETHER_H
#define PMT_TOGETHER_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/json.h"
#include "cli/options.h"
#include "inputs.h"
#include "pmt/error.h"
#include "pmt/io.h"

/*
 * Makes one input of all; of one it stays. Their moments must be the same. Says
 * on stderr what is wrong with them. PMT_EXIT_OK, with *damage made worse to
 * what the command is to end with at least (one was corrupt, or of a later
 * version); or PMT_EXIT_TROUBLE: `inputs` is still to be released.
 */
int pmt_inputs_together(struct pmt_inputs *inputs,
                        const struct pmt_common *common, bool strict,
                        int *damage);

/* What is to be shown for such a path: "3 traces"; NULL: it is none. */
const char *pmt_together_name(const char *path);

/* Opens it. PMT_ERR_MEMORY or PMT_ERR_IO. */
int pmt_together_open(struct pmt_source *source, const char *path,
                      struct pmt_error *err);

/* The file in which byte *offset of it lies, which becomes that of the file; a
 * new string, free() it. NULL: in none that has a name. */
char *pmt_together_file_of(const char *path, uint64_t *offset);

/* A member "traces" with their names, in the order given; of another path
 * nothing. */
void pmt_together_json(const char *path, struct pmt_json *json);

#endif
