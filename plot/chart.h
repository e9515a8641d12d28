/*
 * chart.h: a chart over time, as a gnuplot script: live bytes and counts, what
 * the process held, and the pauses of its collector.
 *
 * The script holds its data and writes the picture to standard output. Names
 * and messages out of a trace are hostile: they reach gnuplot escaped for eyes
 * (cli/text.h) and then for gnuplot (chart-text.h), and with its markup of text
 * switched off.
 *
 * Never prints but to the stream it is given. Threads: one at a time.
 */
#ifndef PMT_CHART_H
#define PMT_CHART_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "series.h"

enum pmt_chart_format { PMT_CHART_PNG, PMT_CHART_SVG };

struct pmt_chart {
    const struct pmt_series *series; /* both passes done */
    const char *title;               /* raw bytes; what comes first in it */
    enum pmt_chart_format format;
    /* A panel each, where there is something to draw. */
    bool show[PMT_SERIES_WHATS];     /* what is live */
    bool memory, gc;                 /* of series->gauges and ->shares */
    bool cpu;                        /* of series->shares */
    unsigned width, height;          /* pixels */
};

/* Curves that can be told apart. */
#define PMT_CHART_LINES 18

/* Has it nothing to draw? */
bool pmt_chart_is_empty(const struct pmt_chart *chart);

void pmt_chart_write(const struct pmt_chart *chart, FILE *file);

#endif
