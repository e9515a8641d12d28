/*
 * descriptors.h - files of ours among the program's descriptors, and a
 * thread that has descriptors of its own.
 *
 * A program may close any descriptor, and open its own file at the number.
 * So ours have numbers that it does not come to by itself, and are used only
 * after a look at what they are; and the thread that writes has a table of
 * its own (close_range(2), unshare(2)), which the program cannot reach.
 */
#ifndef REC_DESCRIPTORS_H
#define REC_DESCRIPTORS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* A file of ours in the program's table. Plain storage; {.fd = -1}: none. */
struct rec_file {
    int fd;
    uint64_t dev, ino;         /* as fstat(2) has them */
    void *pin;                 /* a page that is mapped, never touched: while
                                * it is, no other file gets this identity */
};

/* Takes the descriptor, opened to read and write: moves it to a high number,
 * where it takes none of the program's if that can be, and notes what it is.
 * With `pin` no other file gets this identity before it is closed. 0, or -1
 * with errno; then it is closed. */
int rec_file_take(struct rec_file *f, int fd, bool pin);

/* True while `fd` is still that file. */
bool rec_file_holds(const struct rec_file *f);

/* True when that file is at `path`, which is not followed where a link. */
bool rec_file_is_at(const struct rec_file *f, const char *path);

/* Closes the descriptor where it is still that file; {.fd = -1} afterwards. */
void rec_file_close(struct rec_file *f);

/*
 * Has the file again where the program closed the descriptor: from the table
 * of the thread `tid`, if that may be and it has it at the same number (Linux
 * 6.9), or by path. Another file than before is not taken. False: neither.
 */
bool rec_file_regain(struct rec_file *f, int tid, const char *path);

/* In the child of a fork, where the page is not mapped. */
void rec_file_forked(struct rec_file *f);

/*
 * Gives the calling thread a table of its own, in which there is nothing but
 * `keep` (-1: nothing) and placeholders for 0, 1 and 2; and a working folder,
 * root and umask of its own. False: the system does not let it, and the
 * thread goes on with those of the program. Closes nothing in the program's
 * table and gives up none of its locks.
 */
bool rec_descriptors_part(int keep);

/* What the process did when it began, for the above: to be called by the
 * thread that starts a recording. */
void rec_descriptors_prepare(void);

/*
 * Around writes in a thread of the program's: no signal handler runs, and the
 * signal that a write may cause (SIGXFSZ: a file beyond RLIMIT_FSIZE; SIGPIPE)
 * does not end the program.
 */
struct rec_quiet {
    sigset_t before;
    bool had[2];               /* one waited already */
};
void rec_quiet_begin(struct rec_quiet *q);
void rec_quiet_end(struct rec_quiet *q);

#endif
