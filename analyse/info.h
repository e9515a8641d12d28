/*
 * info.h: a summary of a trace as text or as one JSON line. Writes to the
 * given file and nowhere else.
 */
#ifndef PMT_INFO_H
#define PMT_INFO_H

#include <stdio.h>

#include "cli/json.h"
#include "open.h"
#include "trace-summary.h"

struct pmt_info {
    const char *name;                 /* of the trace, for display */
    const struct pmt_summary *summary;
    const struct pmt_health *health;  /* zeroes when it was not looked for */
    enum pmt_journal_state journal;   /* of the file beside it */
};

/* How a stream ended. */
enum pmt_stream_state {
    PMT_STREAM_COMPLETE,   /* the recorder was stopped as meant */
    PMT_STREAM_RECOVERED,  /* ended by a recovery tool */
    PMT_STREAM_INCOMPLETE, /* no end: its process died, or the file is cut */
    PMT_STREAM_RECORDING,  /* no end yet: its process still records */
    PMT_STREAM_REFUSED,    /* of a greater major version */
    PMT_STREAM_DUMP        /* a copy, made while it was recorded */
};

enum pmt_stream_state
pmt_info_state(const struct pmt_info *info,
               const struct pmt_summary_stream *stream);
/* Events lost: by the records of loss or by the labels, whichever is more. */
uint64_t pmt_info_lost(const struct pmt_summary_stream *stream);
const char *pmt_stream_state_name(enum pmt_stream_state state);

void pmt_info_text(const struct pmt_info *info, FILE *file);
void pmt_info_json(const struct pmt_info *info, struct pmt_json *json);

#endif
