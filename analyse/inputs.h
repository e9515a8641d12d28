/*
 * inputs.h: from the operands of a command to the traces they name: files,
 * directories, globs that no shell has expanded, "-". Nothing stays open.
 *
 *     struct pmt_inputs inputs;
 *
 *     if (pmt_inputs_expand(&inputs, argv, argc, PMT_INPUTS_MOMENTS))
 *         return PMT_EXIT_TROUBLE;                  // it has said why
 *     for (size_t i = 0; i < inputs.count; i++) {
 *         struct pmt_trace in;
 *
 *         if (pmt_input_open(&in, &inputs.item[i], &opt.common, NULL))
 *             …;
 *     }
 *     pmt_inputs_release(&inputs);
 *
 * A directory stands for every *.pmt in it, and with PMT_INPUTS_RECURSIVE in
 * those below it. A flight recorder's trace is listed once, by its newest
 * part, since opening that opens the older ones; an older part that its newest
 * would not find is listed by itself. A file is listed once, however often it
 * was named (with each moment once). What is beside a trace under its name
 * (a.pmt.journal, a.pmt.new) is not listed when the trace is.
 *
 * The order is that of the operands, and of the names (as bytes) within each.
 *
 * Threads: the main thread only.
 */
#ifndef PMT_INPUTS_H
#define PMT_INPUTS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/moment.h"
#include "cli/options.h"
#include "open.h"

/* One trace to open. */
struct pmt_input {
    char *path;               /* a file, or "-" */
    struct pmt_moment moment; /* NONE without PMT_INPUTS_MOMENTS */
    size_t operand;           /* which of the operands named it, from 0 */
};

struct pmt_inputs {
    struct pmt_input *item;
    size_t count, room;
};

enum pmt_inputs_flags {
    PMT_INPUTS_MOMENTS = 1,   /* operands may end with @MOMENT; that of a
                               * directory or glob is that of all its traces */
    PMT_INPUTS_RECURSIVE = 2, /* directories with those below them; symbolic
                               * links to directories are not followed there */
    PMT_INPUTS_AGAIN = 8,     /* each can be opened more than once: of standard
                               * input and of pipes a copy is made (spool.h).
                               * Without it only of those whose moment needs
                               * that: a mark, the peak, the exit */
    PMT_INPUTS_EXIT = 16,     /* the same for those without a moment: where the
                               * interpreter began to end is found first */
    PMT_INPUTS_ONE = 4        /* exactly one trace must come of it */
};

/*
 * Expands `count` operands. Returns PMT_EXIT_OK with at least one input, or
 * PMT_EXIT_TROUBLE after printing why, with nothing to release: a directory or
 * a glob with no trace in it, a directory that can't be read, an unknown
 * moment, "-" twice. A file that is not there is listed: opening it says so.
 */
int pmt_inputs_expand(struct pmt_inputs *inputs, char *const *operands,
                      int count, unsigned flags);

void pmt_inputs_release(struct pmt_inputs *inputs);

/* pmt_trace_open of one of them, with its moment in in->moment. */
int pmt_input_open(struct pmt_trace *in, const struct pmt_input *input,
                   const struct pmt_common *common,
                   const struct pmt_reader_options *options);

/* Chunks behind a moment that is a time need not be read: sets to_ns. */
void pmt_input_limit(const struct pmt_input *input,
                     struct pmt_reader_options *options);

/* Does finding such a moment ("mark:a", "12.5s") take a pass over the trace, so
 * that PMT_INPUTS_AGAIN is needed? NULL: no. */
bool pmt_input_moment_again(const char *moment);

/* --from and --to, NULL where not given: PMT_EXIT_OK; or after saying so where
 * no trace can have a moment between. What can't be read is not looked at. */
int pmt_input_check_window(const char *from, const char *to);

/* Row for the option tables. */
#define PMT_OPT_RECURSIVE(type, field)                                        \
    PMT_OPT_FLAG('r', "recursive", type, field,                               \
                 "of a directory, take the traces in folders below it too")

#endif
