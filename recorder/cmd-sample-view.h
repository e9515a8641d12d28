/*
 * cmd-sample-view.h - what `pmt sample` prints as it goes: a table or JSON.
 */
#ifndef REC_CMD_SAMPLE_VIEW_H
#define REC_CMD_SAMPLE_VIEW_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/json.h"
#include "sampler.h"

/* A row of the table: what of a process is shown, in the order of columns. */
struct sample_total {
    int64_t values[SAMPLER_SLOTS];
    bool known[SAMPLER_SLOTS];
    size_t rows;
};

/* Plain storage. */
struct sample_view {
    FILE *file;
    struct pmt_json json;
    bool colour;
    unsigned groups;
    unsigned lines;            /* since the titles */
    uint64_t looks;
    struct sample_total total, last;
};

/* Rows of a table into `file`; red and green on a terminal, unless NO_COLOR
 * is set. */
extern const struct sampler_view sample_view_table;
/* One line of JSON a sample or process record, as spec 12 has them. */
extern const struct sampler_view sample_view_json;

void sample_view_init(struct sample_view *v, FILE *file, unsigned groups);

#endif
