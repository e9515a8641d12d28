/*
 * info-tree.h: the processes of the streams of several traces, by who made
 * whom (spec 5.1, parent and session): for each how it ended and what it lost,
 * as text or as one JSON line. Writes to the given file and nowhere else.
 *
 * A process that was sampled too, by `pmt sample` or the sampler of another
 * process, is one row: it has the same pid, in the same boot, began before its
 * recording did, and had not ended by then.
 *
 * Memory: some hundred bytes a stream. Out of memory ends the program.
 */
#ifndef PMT_INFO_TREE_H
#define PMT_INFO_TREE_H

#include <stddef.h>
#include <stdio.h>

#include "cli/json.h"
#include "info-processes.h"
#include "info.h"

struct pmt_tree_row;

/* A process of which a stream has samples. */
struct pmt_tree_sampled {
    uint8_t boot[16];
    uint64_t pid;
    uint64_t started_ns;       /* since the system started; 0: not known */
    uint64_t ended_mono_ns;    /* UINT64_MAX: it was not seen to end */
    uint64_t samples, rss_most, cpu_ns;
    bool recorded;             /* set by the order: it is one of the rows too */
    char ended[PMT_ENDED_SIZE];
    char *file;
};

/* Zeroed to begin with. */
struct pmt_info_tree {
    struct pmt_tree_row *processes;
    size_t count, capacity;
    struct pmt_tree_sampled *sampled;
    size_t sampled_count, sampled_capacity;
};

/* Takes the streams of a trace, copied. One that is met again, as in another
 * part, stands for itself once: the one that goes on longest. */
void pmt_info_tree_add(struct pmt_info_tree *tree,
                       const struct pmt_info *info);

/* Both put the processes in order first. Nothing is written of no process. */
void pmt_info_tree_text(struct pmt_info_tree *tree, FILE *file);
void pmt_info_tree_json(struct pmt_info_tree *tree, struct pmt_json *json);

void pmt_info_tree_release(struct pmt_info_tree *tree);

/* ---- info-tree-sampled.c, for info-tree.c ------------------------------- */

/* Takes the processes that the stream has samples of. */
void pmt_tree_sampled_add(struct pmt_info_tree *tree,
                          const struct pmt_info *info,
                          const struct pmt_summary_stream *stream);

/* Before the first find. */
void pmt_tree_sampled_sort(struct pmt_info_tree *tree);

/* The process of a pid at a moment of the monotonic clock of a boot: the last
 * one that had begun, if it had not ended; or NULL. */
struct pmt_tree_sampled *pmt_tree_sampled_find(struct pmt_info_tree *tree,
                                               const uint8_t boot[16],
                                               uint64_t pid,
                                               uint64_t mono_ns);

#endif
