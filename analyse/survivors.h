/*
 * survivors.h: of what was made between one mark and the next, what lives on.
 *
 * Marks of a stream divide its time; before the first is "(start)". A stream
 * without marks is divided into ten. When there are more than
 * PMT_SURVIVORS_MARKS marks, every second goes.
 *
 * Writes to the stream it is given and nowhere else. Threads: one at a time.
 */
#ifndef PMT_SURVIVORS_H
#define PMT_SURVIVORS_H

#include <stdint.h>
#include <stdio.h>

#include "cli/json.h"
#include "group.h"
#include "live-match.h"
#include "live.h"

#define PMT_SURVIVORS_MARKS 1024

/* Zeroed is empty. Marks are kept once for all kinds. */
struct pmt_survivors {
    struct pmt_survivors_stream *streams;
    size_t stream_count;
};

void pmt_survivors_release(struct pmt_survivors *survivors);

/* Takes the marks of an event; others are ignored. PMT_OK or
 * PMT_ERR_MEMORY. */
int pmt_survivors_take(struct pmt_survivors *survivors, struct pmt_reader *r,
                       const struct pmt_event *event);

struct pmt_survivors_report {
    const char *name;  /* of the trace */
    const struct pmt_live_sets *live;
    enum pmt_live_which which;
    enum pmt_group_by by;
    struct pmt_match *match;
};

/* Both return PMT_OK or PMT_ERR_MEMORY, of which what was written is not
 * all. */
int pmt_survivors_text(struct pmt_survivors *survivors,
                       const struct pmt_survivors_report *report, FILE *file);
int pmt_survivors_json(struct pmt_survivors *survivors,
                       const struct pmt_survivors_report *report,
                       struct pmt_json *json);

#endif
