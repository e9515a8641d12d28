/*
 * scripts.h - the D scripts and their bpftrace twins, which are in the
 * program: dtrace/NAME.d and dtrace/NAME.bt.
 */
#ifndef DTRACE_SCRIPTS_H
#define DTRACE_SCRIPTS_H

#include <stdbool.h>
#include <stddef.h>

struct dt_script {
    const char *name;
    const char *summary; /* one line: lower case, no full stop */
    bool needs_python;   /* is about nothing without the Python's probes */
    const char *d, *d_end, *bt, *bt_end;
};

/* All of them; NULL behind the last. */
const struct dt_script *dt_scripts_at(size_t i);

/* By name; NULL: there is none. */
const struct dt_script *dt_scripts_find(const char *name);

/* What the D scripts include: site.inc. */
const char *dt_scripts_site(size_t *bytes);

#endif
