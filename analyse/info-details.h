/*
 * info-details.h: the part of `pmt info` that tells what records say; between
 * info.c and info-details.c.
 */
#ifndef PMT_INFO_DETAILS_H
#define PMT_INFO_DETAILS_H

#include <stdio.h>

#include "cli/json.h"
#include "trace-summary.h"

/* Lines of a stream; nothing where there is nothing to tell. */
void pmt_info_details_text(const struct pmt_summary *s,
                           const struct pmt_summary_stream *stream,
                           FILE *file);

/* Keys of the stream's object. */
void pmt_info_details_json(const struct pmt_summary *s,
                           const struct pmt_summary_stream *stream,
                           struct pmt_json *json);

/* The value of the setting `name` for eyes: of one that is a size, 256M for
 * 268435456, in `buffer` of PMT_TEXT_SIZE bytes; else `value`. */
struct pmt_text pmt_info_setting(struct pmt_text name, struct pmt_text value,
                                 char *buffer);

#endif
