/*
 * parts.h - the files that hold state of one recording, as a table: how each
 * part begins, how it ends, and how it makes room for a recording inside
 * another one.
 *
 * A recording that begins while another runs suspends that one. Then all
 * that a part names in `saved` is copied away and zeroed, and `start` is
 * called for the inner recording; at its end `stop` is called, the bytes are
 * copied back to where they were, and `resumed` is called. So statics of one
 * recording are plain statics, named once more in a table:
 *
 *     static const struct rec_saved state[] = {
 *         REC_SAVED(type_count), REC_SAVED(cache), {NULL, 0}};
 *     const struct rec_part rec_part_types = {
 *         .start = start, .stop = stop, .saved = state};
 *
 * and a row in parts.c. A mode's own statics (modes.h) go the same way. Its
 * hooks are taken out by `uninstall` and put in again by `install`, with
 * rec_set as it is then. What a thread keeps of one recording is in struct
 * rec_thread (thread.h), before `guard`.
 *
 * Knows nothing of Python.
 */
#ifndef REC_PARTS_H
#define REC_PARTS_H

#include <stddef.h>

#include "recording.h"

/* Bytes of one recording. Not for locks, thread-local variables, text
 * buffers, and what is of the process, such as hooks below ours. */
struct rec_saved {
    void *at;
    size_t bytes;
};
#define REC_SAVED(variable) {&(variable), sizeof(variable)}

/* All functions are called with rec_lock held while no hook is inside and
 * none comes in. Each may be NULL. */
struct rec_part {
    /* The recording begins; what is in `saved` is zero. rec_set holds the
     * settings. 0, or -1 without memory. */
    int (*start)(void);
    /* It has ended. Also after a failed start, and where there was none. */
    void (*stop)(void);
    /* Adds the part's figures. */
    void (*count)(struct rec_stats *stats);
    /* It goes on after a time in which its hooks saw nothing, while objects
     * came and went: what is known by address must be looked at anew.
     * `inner`: another recording ran meanwhile, so that not even the deaths
     * of code objects were seen. */
    void (*resumed)(bool inner);
    /* Ends with {NULL, 0}; may be NULL. */
    const struct rec_saved *saved;
};

/* Ends with NULL. Started in this order, stopped in the other. */
extern const struct rec_part *const rec_parts[];

/* For recording.c. */
int rec_parts_start(void);
void rec_parts_stop(void);
void rec_parts_count(struct rec_stats *stats);
void rec_parts_resumed(bool inner);

/* Copies all that is saved into a block of its own and zeroes it. NULL
 * without memory: nothing is changed. */
void *rec_parts_save(void);
/* Puts it back and frees the block. */
void rec_parts_restore(void *block);
/* In the child of a fork, which has none of what is pointed to: zeroes all
 * that is saved. */
void rec_parts_forked(void);

#endif
