/*
 * sample-thread.h - figures of this process by time, as records of kind
 * `sample`: the thread that reads them, and who wants them how often.
 *
 * The thread reads at absolute ticks and never takes the GIL. The draining
 * thread starts and ends it, so it has that one's descriptors and signal mask
 * and is gone whenever that one is: before a fork, while another recording
 * begins, at the end. Knows nothing of Python.
 */
#ifndef REC_SAMPLE_THREAD_H
#define REC_SAMPLE_THREAD_H

#include <stdbool.h>
#include <stdint.h>

/* Who may want samples; both at once get the shorter interval and all
 * groups. */
enum rec_sampling_who {
    REC_SAMPLING_MODE,         /* the mode of the innermost recording */
    REC_SAMPLING_ASKED,        /* pmtrace.sampling() */
    REC_SAMPLING_WHO
};

/* From here on samples are wanted every so many ms, of these groups (enum
 * rec_proc_group as bits; 0: memory, cpu and status); 0 ms: not any more. Any
 * thread. */
void rec_sampling_want(enum rec_sampling_who who, uint32_t every_ms,
                       uint32_t groups);
bool rec_sampling_is_wanted(void);

/* One sample now, by the calling thread, of what is wanted. Does nothing where
 * nothing is, or nothing is being recorded. Takes rec_lock(), leaves errno
 * alone. Not inside a hook. */
void rec_sampling_now(void);

/* The same at a mark, which a program may set at any rate: not while the
 * thread is at one, and only while all of these take a fiftieth of the time, and a hundred milliseconds at once. */
void rec_sampling_at_mark(void);

/* By the draining thread: at each tick, and before it ends or is ended. */
void rec_sampling_tick(void);
void rec_sampling_leave(void);

/* In the child of a fork: no thread is there. What is asked for stays. */
void rec_sampling_forked(void);

#endif
