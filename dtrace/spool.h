/*
 * spool.h - what is written for one process, until the others are done: in
 * memory, and beyond DT_SPOOL_BYTES in a temporary file without a name.
 */
#ifndef DTRACE_SPOOL_H
#define DTRACE_SPOOL_H

#include "pmt/error.h"
#include "pmt/io.h"

#define DT_SPOOL_BYTES (1u << 20)

/* Zeroed is empty. */
struct dt_spool {
    struct pmt_buffer buffer;
    void *file; /* FILE * or NULL */
};

/* What goes to `sink` goes into `spool`, which must stay where it is. */
void dt_spool_sink(struct dt_spool *spool, struct pmt_sink *sink);

/* Everything, to another sink; the spool is empty then. */
int dt_spool_copy(struct dt_spool *spool, const struct pmt_sink *to,
                  struct pmt_error *err);

void dt_spool_release(struct dt_spool *spool);

#endif
