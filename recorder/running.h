/*
 * running.h - what recording.c, files.c, drainer.c, nest.c, dump.c and fork.c
 * share:
 * the state of the recording that runs. Nobody else includes it.
 */
#ifndef REC_RUNNING_H
#define REC_RUNNING_H

#include <pthread.h>
#include <sys/types.h>

#include "pmt/drain.h"
#include "descriptors.h"
#include "recording.h"

#define REC_PATH_MAX 4096

/* A trace and its journal, just made. */
struct rec_files {
    struct rec_file trace;        /* in the program's table */
    bool trace_made;
    struct pmt_journal journal;
    uint8_t uuid[16];             /* of the stream */
    char trace_path[REC_PATH_MAX];     /* absolute where that is known */
    char journal_path[REC_PATH_MAX + 16];
};

/* Of one recording: kept while another one inside it runs. Guarded by
 * rec_life but where said otherwise. */
struct rec_running {
    struct rec_file trace;        /* in the program's table */
    uint8_t uuid[16];
    char trace_path[REC_PATH_MAX];
    char journal_path[REC_PATH_MAX + 16];
    struct pmt_drain *drain;      /* the draining thread's while it runs */
    uint32_t suspends;            /* calls of suspend() without resume() */
    bool taken_over;              /* another one ran inside, has ended, and
                                   * this one does not go on yet */
    bool discarded;               /* its trace is not kept */
    /* Atomic; written by whoever drains. */
    uint64_t unwritten, drain_bytes;
    uint64_t disk_bytes, let_go, live_blocks; /* struct pmt_ring_figures */
    uint32_t parts;
    int last_error, last_errno;
};

extern struct rec_running rec_running;

/* Held by whoever begins, ends, suspends or forks; before rec_lock. */
extern pthread_mutex_t rec_life;

/* Atomic; enum rec_phase. */
extern int rec_phase_now;

/* ---- files.c --------------------------------------------------------------- */

/* Makes both files, and the UUID. Refuses a path where a recording of this
 * process writes. On failure nothing is left behind. */
int rec_files_make(struct rec_files *files, const struct rec_config *c,
                   struct pmt_error *err);

/* True when the recording that runs keeps the end of its stream only: its
 * file is another one after each part. */
static inline bool rec_is_ring(void)
{
    return rec_set.max_size != 0 || rec_set.max_age != 0;
}

/* Closes both; removes the journal, and the trace unless `keep_trace`. */
void rec_files_drop(struct rec_files *files, bool keep_trace);

/* True when `path` is the trace or the journal of a recording. */
bool rec_files_are_at(const char *path, const struct rec_file *trace,
                      const struct pmt_journal *journal);

/* If it still is there, and not a file of the program's. */
void rec_files_remove_journal(const char *path,
                              const struct pmt_journal *journal);

/* In the child of a fork: closes what it has of them. */
void rec_files_forked(struct rec_file *trace, struct pmt_journal *journal);

/* As 32 hexadecimal digits. */
void rec_uuid_text(const uint8_t uuid[16], char text[33]);

/* ---- drainer.c ------------------------------------------------------------- */

/* The thread that drains rec_running.drain. With rec_life held. */
int rec_drainer_start(struct pmt_error *err);
/* Waits until it has come to rest: nothing is drained, and no tick comes,
 * before it ends. Does nothing where there is no thread. */
void rec_drainer_rest(void);
/* Ends the thread and waits for it; one is started for `act` where there is
 * none. What that returns; PMT_OK for nothing. `err` may be NULL. */
enum rec_last {
    REC_LAST_NOTHING,
    REC_LAST_FLUSH,           /* pmt_drain_pass(), all that was recorded */
    REC_LAST_FINISH           /* pmt_drain_finish() */
};
int rec_drainer_end(enum rec_last act, struct pmt_error *err);
/* Ends it for a while; waits too until the kernel no longer counts the thread. It is
 * started again by rec_recording_ensure(). */
void rec_drainer_pause(void);
/* In the parent of a fork: no start for a moment. os.fork() of CPython 3.13.0
 * counts threads after Python's own code has run in the parent. */
void rec_drainer_forked_here(void);
/* In the child of a fork. */
void rec_drainer_forked(void);
/* Others may want to know of the drain. */
void rec_drainer_publish(int result, const struct pmt_error *err);

/* ---- recording.c ----------------------------------------------------------- */

/* In the child of a fork. `clean`: no other thread was changing anything. */
void rec_recording_forked(bool clean);

/* What is known now of the recording that runs. */
void rec_count_now(struct rec_stats *stats);
/* Sets all of rec_hot but `active`. */
void rec_hot_set(const struct rec_hot *hot);

/* ---- nest.c ---------------------------------------------------------------- */

/* Suspends the recording that runs in favour of one with this UUID, and
 * keeps all of it. On failure it goes on. */
int rec_nest_enter(const uint8_t uuid[16], struct pmt_error *err);
/* Puts the recording back that was kept last; it is not active yet. False:
 * there is none. */
bool rec_nest_leave(void);
/* True when `path` is a trace or journal of a recording that is kept. */
bool rec_nest_writes(const char *path);
/* Figures of the kept recording with this serial number. */
bool rec_nest_stats(uint32_t serial, struct rec_stats *stats);
/* Counts suspend() (+1) and resume() (-1) of a kept recording. */
bool rec_nest_suspend(uint32_t serial, int by);
/* Drops all that are kept: in the child of a fork. */
void rec_nest_forked(void);

/* ---- fork.c ---------------------------------------------------------------- */

/* Once a process. 0 or -1. */
int rec_fork_prepare(void);

#endif
