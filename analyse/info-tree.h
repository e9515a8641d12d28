/*
 * info-tree.h: the processes of the streams of several traces, by who made
 * whom (spec 5.1, parent and session): for each how it ended and what it lost,
 * as text or as one JSON line. Writes to the given file and nowhere else.
 *
 * Memory: some hundred bytes a stream. Out of memory ends the program.
 */
#ifndef PMT_INFO_TREE_H
#define PMT_INFO_TREE_H

#include <stddef.h>
#include <stdio.h>

#include "cli/json.h"
#include "info.h"

struct pmt_tree_row;

/* Zeroed to begin with. */
struct pmt_info_tree {
    struct pmt_tree_row *processes;
    size_t count, capacity;
};

/* Takes the streams of a trace, copied. One that is met again, as in another
 * part, stands for itself once: the one that goes on longest. */
void pmt_info_tree_add(struct pmt_info_tree *tree,
                       const struct pmt_info *info);

/* Both put the processes in order first. Nothing is written of no process. */
void pmt_info_tree_text(struct pmt_info_tree *tree, FILE *file);
void pmt_info_tree_json(struct pmt_info_tree *tree, struct pmt_json *json);

void pmt_info_tree_release(struct pmt_info_tree *tree);

#endif
