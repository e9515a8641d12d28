/* cli-sample.h: a command with an option of every kind, for the tests of the
 * front end. */
#ifndef CLI_SAMPLE_H
#define CLI_SAMPLE_H

#include "cli/options.h"

struct sample_options {
    struct pmt_common common;
    const char *output, *filter;
    bool force, json, wall, recent;
    int depth;
    int64_t top;
    uint64_t limit, every;
    int by;
    uint32_t kinds;
    struct pmt_option_list include;
    int port;
};

enum { SAMPLE_BY_TYPE, SAMPLE_BY_SITE, SAMPLE_BY_FILE };
enum { SAMPLE_KIND_CALL = 1, SAMPLE_KIND_ALLOC = 2, SAMPLE_KIND_GC = 4 };

extern const struct pmt_command sample_command;

/* The same, but what follows the first operand is not its own. */
extern const struct pmt_command sample_wrapper;

#endif
