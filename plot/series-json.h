/* series-json.h: the data of a chart as JSON lines. */
#ifndef PMT_SERIES_JSON_H
#define PMT_SERIES_JSON_H

#include <stdio.h>

#include "chart.h"

/* `trace` is its name. What the chart would not show is left out. */
void pmt_series_json(const struct pmt_chart *chart, const char *trace,
                     FILE *file);

#endif
