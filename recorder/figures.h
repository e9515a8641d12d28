/*
 * figures.h - figures of one moment, gathered in a text of the caller's and
 * put into the journal.
 */
#ifndef REC_FIGURES_H
#define REC_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include "define.h"

/* Plain storage; zeroed but for `kind` (enum pmt_kind) and `time` (rec_now()).
 * No name may be added twice. */
struct rec_figures {
    unsigned kind;
    uint64_t time;
    size_t used;
    bool lost;                 /* something could not be put in */
    char lines[REC_TEXT_MAX];
};

/* Adds one figure; writes those before it when there is no room for it. Names
 * and units have no control characters; longer ones than 200 bytes are cut.
 * `counter`: it only rises. Takes rec_lock() where it writes. */
void rec_figures_add(struct rec_figures *f, const char *name,
                     const char *unit, bool counter, int64_t value);

/* Writes what was added, if anything was. Takes rec_lock(). */
void rec_figures_write(struct rec_figures *f);

#endif
