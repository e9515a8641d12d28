/*
 * report.h - what became of a log, said on stderr: in words or as JSON.
 */
#ifndef DTRACE_REPORT_H
#define DTRACE_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "convert.h"

/* `name` is that of the log. Lines that were not used and lost events are
 * warnings; the rest is said under -v. */
void dt_report_text(const char *name, const struct dt_report *r,
                    size_t processes);

/* One object, on stderr. */
void dt_report_json(const char *name, const struct dt_report *r,
                    size_t processes);

#endif
