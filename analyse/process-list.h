/*
 * process-list.h: the processes that the samples of a stream are of, from its
 * records of kind `process` and `sample` (spec 7.6, 7.12): when each was met,
 * what it ran, how it ended, and its figures in short.
 *
 * A pid is told apart by when it was used. Chunks of the two kinds lie side by
 * side, so samples are kept back until those of their time have been seen.
 *
 * Never prints. Memory: some 200 bytes a process, 40 a figure of each, up to
 * limits; and up to 16 MiB of samples kept back.
 */
#ifndef PMT_PROCESS_LIST_H
#define PMT_PROCESS_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "intern.h"
#include "pmt/reader.h"

/* How many are kept; the others are counted. */
#define PMT_LIVES_MAX 100000

/* The first, last, least and greatest value of something. */
struct pmt_detail_range {
    uint64_t count; /* of values; 0: the others mean nothing */
    uint64_t first, last, low, high;
};

void pmt_detail_range_add(struct pmt_detail_range *range, uint64_t value);

/* The same of a figure, which may be negative. */
struct pmt_figure_range {
    uint64_t count; /* of values; 0: the others mean nothing */
    int64_t first, last, low, high;
};

void pmt_figure_range_add(struct pmt_figure_range *range, int64_t value);

/* A figure that some of the processes have. */
struct pmt_life_figure {
    char *name, *unit;   /* raw bytes of the trace, with a NUL behind */
    bool counter;
};

/* One process. Times are ns since the stream began. */
struct pmt_life {
    uint64_t pid;        /* 0: the process of the stream itself */
    uint64_t ppid;       /* 0: not known */
    uint64_t started_ns; /* since the system started; 0: not known */
    uint64_t first_ns, last_ns; /* of records about it */
    uint64_t samples;
    char *command;       /* its arguments, or what else is known of its name;
                            raw bytes with a NUL behind; "" for nothing */
    uint32_t status;     /* PMT_STATUS_... of pmt/record.h; 0: not known */
    uint8_t how;         /* enum pmt_process_how: how it was met */
    uint8_t end_how;     /* the same of its end, when `ended` */
    bool stated;         /* a record tells of it; false: samples only */
    bool started;        /* it was made while the recorder looked on */
    bool ended;          /* it exited or vanished, at last_ns */
    bool left;           /* it lives on, and is not looked at any more */
    bool denied;         /* something of it may not be read */
    uint64_t rss_most;   /* bytes; of rss and rss_peak of its samples */
    uint64_t cpu_ns;     /* user and system, since it began; the last seen */
    /* By figure, as many as the list had when it was made; NULL: no samples,
     * or no room. */
    struct pmt_figure_range *ranges;
    uint32_t range_count;
    /* Known after pmt_process_list_finish(): index + 1 of the process that
     * made it, and how deep it lies below the first. */
    uint32_t parent, depth;

    uint32_t before;     /* private: index + 1 of the one of this pid before */
    uint64_t cpu[2];     /* private */
};

/* Zeroed is empty. */
struct pmt_process_list {
    struct pmt_life *lives; /* in the order in which they were met */
    size_t count, capacity;
    uint64_t dropped;       /* records of processes that were not kept */
    struct pmt_life_figure *figures;
    size_t figure_count;

    /* private */
    struct pmt_intern pids, names;
    uint32_t *heads;        /* by number in `pids`: index + 1 of the last */
    size_t head_count;
    struct pmt_held *held, *held_last; /* chunks of samples kept back */
    size_t held_values, range_total;
};

/* Takes an event last read from `r`; of other kinds it takes nothing.
 * `figures`: keep those of each process too. PMT_OK or PMT_ERR_MEMORY. */
int pmt_process_list_take(struct pmt_process_list *list, struct pmt_reader *r,
                          const struct pmt_event *event, bool figures);

/* Behind the last event. The same. */
int pmt_process_list_finish(struct pmt_process_list *list);

/* The process of a pid at a moment, after the last event: index + 1; 0: there
 * is none. */
uint32_t pmt_process_list_at(struct pmt_process_list *list, uint64_t pid,
                             uint64_t ns);

/* Indices of all processes, each behind the one that made it, and those of one
 * in the order in which they were met; on the heap. NULL: no memory. */
uint32_t *pmt_process_list_order(const struct pmt_process_list *list);

/* Accepts a zeroed one. */
void pmt_process_list_release(struct pmt_process_list *list);

#endif
