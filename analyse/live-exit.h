/*
 * live-exit.h: where the interpreter of a stream began to end: what it takes
 * down then says nothing of the program.
 *
 * The recorder says it by a mark (spec 7.8), in streams with the hook `exit`.
 * It may come behind what it is about, so it is found by a pass of its own; of
 * a pipe a copy is read (inputs.h). Of other streams it is guessed for blocks:
 * behind the last one that a stack of the program's made, when a good part of
 * what lived was released afterwards.
 *
 * Never prints but where said. Threads: one at a time.
 */
#ifndef PMT_LIVE_EXIT_H
#define PMT_LIVE_EXIT_H

#include "live.h"

/* By the recorders' marks. Zeroed: none. */
struct pmt_live_exits {
    struct pmt_live_exit {
        uint64_t key; /* of the stream */
        uint64_t ns;  /* since it began */
    } *items;
    size_t count;
};

/*
 * Finds them in the trace that `in` has open, by a pass of its own: it must be
 * one that can be opened again. PMT_EXIT_OK, or PMT_EXIT_TROUBLE after printing
 * why, with nothing to release.
 */
int pmt_live_exits_find(struct pmt_live_exits *exits,
                        const struct pmt_trace *in);
/* The same for who makes such a pass anyway: a chunk of marks. PMT_OK or
 * PMT_ERR_MEMORY. */
int pmt_live_exits_note(struct pmt_live_exits *exits, struct pmt_reader *r,
                        const struct pmt_event *event);
void pmt_live_exits_release(struct pmt_live_exits *exits);

/* For live.c: when a stream begins; before records of it are taken (PMT_OK or
 * PMT_ERR_MEMORY); and behind the last event. */
void pmt_live_exit_begin(const struct pmt_live_sets *live,
                         struct pmt_live_stream *stream);
int pmt_live_exit_prepare(const struct pmt_live_sets *live,
                          struct pmt_live_stream *stream,
                          enum pmt_live_which which);
void pmt_live_exit_finish(struct pmt_live_sets *live,
                          struct pmt_live_stream *stream);

#endif
