/*
 * drain-private.h - the inside of a drain, for the files drain*.c only.
 */
#ifndef PMT_DRAIN_PRIVATE_H
#define PMT_DRAIN_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "journal-read.h"
#include "pmt/drain.h"
#include "ring.h"

struct pmt_drain {
    struct pmt_journal *journal;
    struct pmt_writer *writer;
    struct pmt_journal_reader reader;
    struct pmt_ring_file file;
    struct pmt_buffer out;      /* frames that are not in the file yet */
    uint64_t file_end;          /* of the last whole batch */
    bool batch_pending;         /* `out` waits: a write failed */
    uint32_t tick_ns;
    uint64_t last_anchor_ns;
    uint64_t full_seen;
    uint64_t damaged_seen;
    uint64_t peak_bytes;
};

#endif
