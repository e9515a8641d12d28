/*
 * recording.h - the one recording of this process: its state, its beginning
 * and its end, the thread that drains it, and what becomes of it in a fork.
 *
 * Includes no Python: allocator hooks and Python calls are in other files,
 * which the module (module.c) puts together.
 */
#ifndef REC_RECORDING_H
#define REC_RECORDING_H

#include <stdbool.h>
#include <stdint.h>

#include "pmt/journal.h"
#include "pmt/writer.h"
#include "settings.h"

#define REC_FRAMES_MAX 1024
#define REC_SEGMENTS_MAX 65536

struct rec_config {
    const char *path;         /* of the trace, copied */
    struct rec_settings settings;      /* copied into rec_set */
    struct pmt_stream_info info;       /* borrowed; the clock's part and
                                        * uuid are filled in here */
};

/* What the hot path reads. Written with the hooks out of the way, but for
 * `active` and `deaths`. */
struct rec_hot {
    uint32_t active;          /* atomic; 1 while events are recorded */
    uint32_t clock;           /* enum pmt_clock */
    uint32_t frames;
    uint32_t object_frames;
    uint32_t deaths;          /* atomic; code objects known that died; see
                               * stacks.h */
    bool wait;
    bool allocs;              /* allocator hooks record; with the GIL */
};

extern struct rec_hot rec_hot;

/* The journal of the recording; valid while one runs. */
extern struct pmt_journal rec_journal;

/* Serial number of the recording, from 1: thread structs are of one. */
extern uint32_t rec_serial;

enum rec_phase {
    REC_PHASE_NONE = 0,       /* nothing runs */
    REC_PHASE_RUNNING,
    REC_PHASE_FORKED          /* the parent of this process records */
};

enum rec_phase rec_phase(void);

/*
 * Makes the trace and its journal and starts the thread that drains it;
 * nothing is recorded before rec_recording_go(). One at a time:
 * PMT_ERR_BUSY. PMT_ERR_IO with errno: the trace can't be made (EEXIST: is
 * there and not `force`); nothing is left behind.
 */
int rec_recording_open(const struct rec_config *config,
                       struct pmt_error *err);

/* From here on events are recorded. */
void rec_recording_go(void);

/*
 * Ends it: waits until no hook is inside, drains the rest, finishes the
 * trace, removes the journal. PMT_OK, also when nothing runs; else what
 * went wrong, and the journal stays. Call without the GIL. Safe from an exit
 * handler; does nothing in a forked child.
 */
int rec_recording_close(struct pmt_error *err);

/* Wakes the draining thread; async-signal-safe. */
void rec_recording_wake(void);

/* Passes that the draining thread has made. */
uint32_t rec_recording_passes(void);

/* `tick` is called by the draining thread every 100 ms or oftener while a
 * recording runs, with the monotonic clock's ns. To be set before
 * rec_recording_open(). */
void rec_recording_set_tick(void (*tick)(uint64_t now_ns));

struct rec_stats {
    uint64_t records;         /* appended since the start */
    uint64_t lost[PMT_LOSS_CAUSES];
    uint64_t unwritten;       /* records not in the trace yet, about */
    uint64_t memory_bytes;    /* tables, drain and journal */
    uint64_t trace_bytes;
    uint64_t stacks, codes, types, threads;
    uint64_t unstacked;       /* records whose stack could not be kept */
    bool anonymous;           /* the journal does not survive the process */
    int error;                /* last PMT_ERR_ of a pass, or 0 */
    int error_errno;
    char path[4096];
};

/* Of the recording that runs, or the last one. */
void rec_recording_stats(struct rec_stats *stats);

/* The lock of all tables and of the definitions; never held while Python code
 * may run or the GIL may be given up. */
void rec_lock(void);
void rec_unlock(void);

#endif
