/*
 * stated.h: which entries of the tables of a stream have been stated, in which
 * epoch, and with which content (spec 6.1).
 */
#ifndef PMT_STATED_H
#define PMT_STATED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pmt/record.h"

struct pmt_stated_page;

struct pmt_stated_table {
    struct pmt_stated_page **pages; /* NULL where nothing was stated */
    size_t count;
};

/* One stream's. Zeroed to begin with. */
struct pmt_stated {
    struct pmt_stated_table tables[PMT_KIND_CLASSES - PMT_KIND_STRINGS + 1];
};

/* Notes that entry `id` of the table `kind` (STRINGS to CLASSES) is stated in
 * `epoch`; `content` is a hash of what it says. *same is false when it was
 * stated before with another content. PMT_OK or PMT_ERR_MEMORY. */
int pmt_stated_add(struct pmt_stated *s, enum pmt_kind kind, uint32_t id,
                   uint32_t epoch, uint32_t content, bool *same);

/* Has it been stated in `epoch`? */
bool pmt_stated_in(const struct pmt_stated *s, enum pmt_kind kind,
                   uint64_t id, uint32_t epoch);

/* Leaves it zeroed. */
void pmt_stated_release(struct pmt_stated *s);

#endif
