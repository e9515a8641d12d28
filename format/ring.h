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

#endif
