/*
 * ring.h - the file that a drain writes, and all that is done to files by
 * name: private to libpmt, for drain*.c and ring*.c.
 *
 * A descriptor is a number in a table that belongs to the program: before it
 * is used it is asked whether it still is the file.
 */
#ifndef PMT_RING_H
#define PMT_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "pmt/drain.h"
#include "pmt/error.h"

/* A file that is written, by a descriptor that may be lost. */
struct pmt_ring_file {
    char *path;        /* owned; NULL: it has none, and can't be reopened */
    int fd;            /* -1: none */
    bool own;          /* the descriptor is closed when it is given up */
    uint64_t dev, ino;
};

/* Copies `path`; borrows `fd`. PMT_ERR_IO, PMT_ERR_MEMORY. */
int pmt_ring_file_init(struct pmt_ring_file *f, int fd, const char *path,
                       struct pmt_error *err);

/* Gives up the descriptor; the file stays known. */
void pmt_ring_file_leave(struct pmt_ring_file *f);
void pmt_ring_file_release(struct pmt_ring_file *f);

/* See pmt_drain_open. */
int pmt_ring_file_open(struct pmt_ring_file *f, int spare_fd,
                       struct pmt_error *err);

/* The descriptor is the file, or is made so again. */
int pmt_ring_file_ready(struct pmt_ring_file *f, struct pmt_error *err);

/* Writes `n` bytes at `end`, and cuts the file back to `end` where that does
 * not go. */
int pmt_ring_file_write(struct pmt_ring_file *f, const void *bytes, size_t n,
                        uint64_t end, struct pmt_error *err);

/* Bytes that it takes on disk. */
uint64_t pmt_ring_file_bytes(const struct pmt_ring_file *f);

/* ---- names (ring-name.c) ------------------------------------------------- */

/* A new file, to be written, under a temporary name: one that a killed
 * process left there is removed. A descriptor, or -1 with errno set. */
int pmt_ring_open_new(const char *path);

/* Renames, and replaces nothing. 0, or errno: EEXIST. */
int pmt_ring_rename(const char *from, const char *to);

/* Is what lies at `path` this file? Then 1; 0: it is another; -1: nothing is
 * there. */
int pmt_ring_is_at(const char *path, uint64_t dev, uint64_t ino);

/* ---- parts --------------------------------------------------------------- */

/* Creates the file in which the part after that in `now` is made, under the
 * name of `now` and PMT_PART_NEW_SUFFIX. What is left there is removed. */
int pmt_ring_create(struct pmt_ring_file *next,
                    const struct pmt_ring_file *now, struct pmt_error *err);

/* Removes and releases it. */
void pmt_ring_discard(struct pmt_ring_file *next);

/*
 * Gives `now`, which is part `number`, its name as an older part, and its
 * name to `next`. At every moment the newest part has its name. Where another
 * file has the older part's name, that part is gone instead: not *kept. On an
 * error (PMT_ERR_IO) all is as it was: another file has the newest part's
 * name, or one can't be given.
 */
int pmt_ring_switch(const struct pmt_ring_file *now,
                    struct pmt_ring_file *next, uint32_t number, bool *kept,
                    struct pmt_error *err);

/* Removes part `number` of `trace`, if that name still is this file's. False:
 * it is there and can't be removed. */
bool pmt_ring_remove(const char *trace, uint32_t number, uint64_t dev,
                     uint64_t ino);

/* ---- copies (ring-copy.c) ------------------------------------------------ */

/* A file that is copied. */
struct pmt_ring_from {
    int fd;
    uint64_t bytes;
};

/* A file that is made of others: it has its name when it is whole. */
struct pmt_ring_copy {
    char *path, *temporary; /* owned */
    int fd;
    uint64_t dev, ino;
    uint64_t bytes;
};

/* Part `number` of `trace`; false: it is not there. */
bool pmt_ring_open_part(struct pmt_ring_from *from, const char *trace,
                        uint32_t number, uint64_t dev, uint64_t ino);

/* The first `bytes` of the file that is written. PMT_ERR_IO. */
int pmt_ring_open_now(struct pmt_ring_from *from,
                      const struct pmt_ring_file *f, uint64_t bytes,
                      struct pmt_error *err);
void pmt_ring_close(struct pmt_ring_from *from);

/* Begins the copy `path`. PMT_ERR_IO (EEXIST: it is there already),
 * PMT_ERR_MEMORY. */
int pmt_ring_copy_begin(struct pmt_ring_copy *c, const char *path,
                        struct pmt_error *err);
int pmt_ring_copy_piece(struct pmt_ring_copy *c,
                        const struct pmt_ring_from *from, uint64_t offset,
                        uint64_t n, struct pmt_error *err);

int pmt_ring_copy_add(struct pmt_ring_copy *c, const void *bytes, size_t n,
                      struct pmt_error *err);

/* Gives it its name if `rc` is PMT_OK; else removes it. Returns rc, or what
 * went wrong with the name. */
int pmt_ring_copy_end(struct pmt_ring_copy *c, int rc, struct pmt_error *err);

#endif
