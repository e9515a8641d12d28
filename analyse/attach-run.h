/*
 * attach-run.h - what `pmt attach` and `pmt detach` share: finding the process
 * and its interpreter, and running recorder/pmtrace/_attach.py, which does the
 * rest.
 */
#ifndef PMT_ATTACH_RUN_H
#define PMT_ATTACH_RUN_H

#include "attach.h"
#include "record-options.h"

#define PMT_ATTACH_WAIT                                                           \
    PMT_OPT_DURATION('w', "wait", "TIME", struct pmt_record_options, wait,     \
                     "wait so long for the process to answer",                 \
                     .preset = "10s")

/* Looks at the process of this number. PMT_EXIT_OK, with *package on the heap;
 * or what is wrong is printed, and *package may be NULL. */
int pmt_attach_find(const char *number, struct pmt_target *target,
                    char **package);

/* Runs _attach.py in the place of this process, to do `what` ("attach" or
 * "detach") with the settings. Returns only a failure, which was printed. */
int pmt_attach_become(const struct pmt_target *target, const char *package,
                      const char *what,
                      const struct pmt_record_options *options,
                      const char *settings);

#endif
