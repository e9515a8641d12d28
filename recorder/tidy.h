/*
 * tidy.h - finishes the traces of children that died without doing so.
 *
 * A process that ends by os._exit() or a signal leaves its trace with its
 * journal beside it: nothing is lost, but each journal takes 8 MiB. Its
 * parent, if it is recorded too, brings both together, as `pmt recover`
 * does, in place. So does a program for the one that exec replaced by it.
 *
 * Knows nothing of Python.
 */
#ifndef REC_TIDY_H
#define REC_TIDY_H

#include <stdbool.h>
#include <stdint.h>

/* Whose children. */
struct rec_family {
    uint8_t uuid[16];      /* of the process's stream */
    uint8_t session[16];   /* where it is the first of a session, which looks
                            * after the children of those that died; or zero */
    uint8_t parent[16];    /* which may have been this very process, before
                            * exec; or zero */
    char path[4096];       /* of its trace; absolute */
};

/*
 * Looks for traces in the folder of family->path and finishes those whose
 * process is dead, for `budget_ns` about; none whose files are longer than
 * `bytes_max`, which would take too long. Any thread; one at a time does
 * something.
 */
enum rec_tidied {
    REC_TIDY_DONE = 0,
    REC_TIDY_LIVES,        /* there is a child that lives */
    REC_TIDY_MORE          /* there was no time for all */
};
enum rec_tidied rec_tidy(const struct rec_family *family,
                         uint64_t budget_ns, uint64_t bytes_max);

/* True when children of this process may have ended since the last call that
 * said so; the first time also where this may be a program after exec. */
bool rec_tidy_is_due(const struct rec_family *family);

/* True when so many forks were made since rec_tidy() was called last that
 * much disk may be taken: a process that forks all the time leaves the
 * draining thread no time. */
bool rec_tidy_is_late(void);

/* In the child of a fork, and in the parent: it has one more. */
void rec_tidy_forked(bool in_child);

#endif
