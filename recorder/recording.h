/*
 * recording.h - the recording of this process: its state, its beginning, its
 * pauses and its end, the thread that drains it, and what becomes of it in a
 * fork.
 *
 * Recordings nest: one that begins while another runs suspends that one,
 * which goes on when the inner one has ended. Only the innermost one records;
 * the others are kept (parts.h).
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
#include "tidy.h"

#define REC_FRAMES_MAX 1024
#define REC_SEGMENTS_MIN 4
#define REC_SEGMENTS_MAX 65536

struct rec_config {
    const char *path;         /* of the trace, copied */
    struct rec_settings settings;      /* copied into rec_set */
    uint32_t suspends;        /* it begins as after so many calls of suspend */
    struct pmt_stream_info info;       /* borrowed; the clock's part and
                                        * uuid are filled in here */
};

/* What the hot path reads. Written with the hooks out of the way, but for
 * `active` and `deaths`. */
struct rec_hot {
    uint32_t active;          /* atomic; REC_ACTIVE, ...: see thread.h */
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

/* Serial number of the recording that runs, from 1. */
extern uint32_t rec_serial;

enum rec_phase {
    REC_PHASE_NONE = 0,       /* nothing runs */
    REC_PHASE_RUNNING,
    REC_PHASE_FORKED          /* the parent of this process records */
};

enum rec_phase rec_phase(void);

/*
 * Makes the trace and its journal and starts the thread that drains it;
 * nothing is recorded before rec_recording_go(). A recording that runs is
 * suspended and kept, and its stream says so; where this one can't be made,
 * it goes on after rec_recording_go(). PMT_ERR_IO with errno: the trace can't
 * be made (EEXIST: is there and not `force`; EBUSY: is being recorded into);
 * nothing is left behind.
 */
int rec_recording_open(const struct rec_config *config,
                       struct pmt_error *err);

/* From here on events are recorded; but not if it was suspended. */
void rec_recording_go(void);

/*
 * Ends the innermost one: waits until no hook is inside, drains the rest,
 * finishes the trace, removes the journal. The one around it, if there is
 * one, goes on after rec_recording_go(). PMT_OK, also when nothing runs; else
 * what went wrong, and the journal stays. Call without the GIL. Safe from an
 * exit handler; does nothing in a forked child.
 */
int rec_recording_close(struct pmt_error *err);

/* The innermost one did not come about: its trace goes when it is closed. */
void rec_recording_discard(void);

/*
 * In the child of a fork in which Python goes on: leaves what the parent was
 * recording, so that a recording of the child's own may begin. *suspends is
 * how often the parent's was suspended. False: nothing was being recorded,
 * or another thread was just changing something, and nothing can be recorded
 * here.
 */
bool rec_recording_child(uint32_t *suspends);

/* Of the innermost one that runs. By the draining thread, or where none begins
 * or ends meanwhile. */
void rec_recording_family(struct rec_family *family);
/* By any thread. False: nothing runs, or somebody is at it. */
bool rec_recording_family_now(struct rec_family *family);

/* The UUID of the innermost one's stream; false when nothing runs. */
bool rec_recording_uuid(uint8_t uuid[16]);

/* Serial number of the innermost one; 0 when nothing runs. */
uint32_t rec_recording_serial(void);

/*
 * Events are no longer recorded until there were as many calls of resume as
 * of suspend; the hooks stay in. The stream says so. `serial`: of a recording
 * that runs or is kept; 0: the innermost one. False: there is none, or (for
 * resume) it is not suspended. Takes up to a second when a hook does not end.
 * Not from inside a hook; call without the GIL.
 */
bool rec_recording_suspend(uint32_t serial);
bool rec_recording_resume(uint32_t serial);

/* Puts a message of the recorder's own into the stream, at rec_now(); does
 * nothing while nothing is recorded. Takes the lock. */
void rec_mark_own(const char *text);

/* Wakes the draining thread; async-signal-safe. */
void rec_recording_wake(void);

/* Has `tick` called again at this time of the monotonic clock, or soon after,
 * if not before. To be called from a tick each time. */
void rec_recording_wake_by(uint64_t mono_ns);

/*
 * Starts the draining thread again that was ended for a fork; unless `now`,
 * it may be put off while the process forks all the time. True when it runs
 * or none is needed. Cheap where there is nothing to do; with or without the
 * lock.
 */
bool rec_recording_ensure(bool now);

/* Passes that the draining thread has made. */
uint32_t rec_recording_passes(void);

/* By the draining thread: has it descriptors of its own? */
bool rec_recording_is_apart(void);

/* True in the draining thread. */
bool rec_recording_is_drainer(void);

/* `tick` is called by the draining thread every 100 ms or oftener while a
 * recording runs, with the monotonic clock's ns. To be set before
 * rec_recording_open(). */
void rec_recording_set_tick(void (*tick)(uint64_t now_ns));

/* `leave` is called by the draining thread before it ends. The same. */
void rec_recording_set_leave(void (*leave)(void));

struct rec_stats {
    uint64_t records;         /* appended since the start */
    uint64_t lost[PMT_LOSS_CAUSES];
    uint64_t unwritten;       /* records not in the trace yet, about */
    uint64_t memory_bytes;    /* tables, drain and journal */
    uint64_t trace_bytes;
    uint64_t stacks, codes, types, threads;
    uint64_t unstacked;       /* records whose stack could not be kept */
    uint64_t parts;           /* files that the trace is in */
    uint64_t disk_bytes;      /* of these and the journal */
    uint64_t let_go;          /* records in parts that were removed */
    uint64_t live_blocks;     /* in the live sets that a ring keeps */
    uint64_t dumps, dumps_failed;
    bool anonymous;           /* the journal does not survive the process */
    int error;                /* last PMT_ERR_ of a pass, or 0 */
    int error_errno;
    char path[4096];
};

/* Of the recording with this serial number, if it runs, is kept or is one of
 * the last 16 that ended; all zero else. 0: the innermost one that runs, or
 * the one that ended last. */
void rec_recording_stats(uint32_t serial, struct rec_stats *stats);

/* The lock of all tables and of the definitions; never held while Python code
 * may run or the GIL may be given up. */
void rec_lock(void);
bool rec_trylock(void);
void rec_unlock(void);

/* For fork.c: waits for a second at most; and in the child. */
bool rec_lock_for_fork(void);
void rec_lock_forked(void);

#endif
