/*
 * info-processes.h: the part of `pmt info` that tells of the processes that a
 * stream has samples of; between info-details.c and info-processes.c.
 */
#ifndef PMT_INFO_PROCESSES_H
#define PMT_INFO_PROCESSES_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/json.h"
#include "process-list.h"

/* How a process ended: "exit 0", "SIGKILL", "gone", "left", "alive"; in
 * `buffer` of PMT_ENDED_SIZE bytes. */
#define PMT_ENDED_SIZE 32
const char *pmt_life_ended(char buffer[PMT_ENDED_SIZE],
                           const struct pmt_life *life);

/* Lines about them; nothing where there are none but the stream's own.
 * `all`: of every one. */
void pmt_info_processes_text(const struct pmt_process_list *list, bool all,
                             FILE *file);

/* The key "processes". */
void pmt_info_processes_json(const struct pmt_process_list *list,
                             struct pmt_json *json);

/* Keys of an object of an array "figures": a figure, and its values. */
void pmt_info_figure_json(struct pmt_json *json, struct pmt_text name,
                          struct pmt_text unit, bool counter,
                          const struct pmt_figure_range *range);

#endif
