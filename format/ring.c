/* ring.c - the file that a drain writes (ring.h). */
#include "ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Descriptors from here on, where the limit allows: below them programs
 * expect their own. */
#define FD_FROM 500

/* ---- a file, and a descriptor of it ------------------------------------- */

/* Open for writing too, and not to be appended to: the program may have it
 * open otherwise. */
static bool is_the_file(const struct pmt_ring_file *f, int fd)
{
    struct stat st;
    int flags;

    return fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == f->dev &&
           st.st_ino == f->ino && (flags = fcntl(fd, F_GETFL)) >= 0 &&
           (flags & O_ACCMODE) != O_RDONLY && !(flags & O_APPEND);
}

int pmt_ring_file_init(struct pmt_ring_file *f, int fd, const char *path,
                       struct pmt_error *err)
{
    struct stat st;

    memset(f, 0, sizeof *f);
    f->fd = -1;
    if (fstat(fd, &st) < 0) {
        return pmt_error_set_errno(err, errno, PMT_NO_OFFSET,
                                   "can't write the trace");
    }
    f->dev = st.st_dev;
    f->ino = st.st_ino;
    if (path && !(f->path = strdup(path))) {
        return pmt_error_set_memory(err);
    }
    f->fd = fd;
    return PMT_OK;
}

void pmt_ring_file_leave(struct pmt_ring_file *f)
{
    if (f->own && is_the_file(f, f->fd)) {
        close(f->fd);
    }
    f->own = false;
    f->fd = -1;
}

void pmt_ring_file_release(struct pmt_ring_file *f)
{
    pmt_ring_file_leave(f);
    free(f->path);
    f->path = NULL;
}

/* A descriptor of a high number in place of `fd`, which is closed. */
static int moved_up(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, FD_FROM);

    if (high < 0) {
        return fd;
    }
    close(fd);
    return high;
}

int pmt_ring_file_open(struct pmt_ring_file *f, int spare_fd,
                       struct pmt_error *err)
{
    int fd = -1;
    int why = EBADF;

    pmt_ring_file_leave(f);
    if (is_the_file(f, spare_fd)) {
        fd = fcntl(spare_fd, F_DUPFD_CLOEXEC, FD_FROM);
        if (fd < 0) {
            fd = fcntl(spare_fd, F_DUPFD_CLOEXEC, 0);
        }
        if (fd < 0) { /* no number is free: then borrowed */
            f->fd = spare_fd;
            return PMT_OK;
        }
    }
    if (fd < 0 && f->path) {
        fd = open(f->path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        why = fd < 0 ? errno : ESTALE;
    }
    if (fd >= 0 && !is_the_file(f, fd)) {
        close(fd);
        fd = -1;
    }
    if (fd < 0) {
        return pmt_error_set_errno(err, why, PMT_NO_OFFSET,
                                   "can't open the trace again");
    }
    f->fd = fd < FD_FROM ? moved_up(fd) : fd;
    f->own = true;
    return PMT_OK;
}

int pmt_ring_file_ready(struct pmt_ring_file *f, struct pmt_error *err)
{
    if (is_the_file(f, f->fd)) {
        return PMT_OK;
    }
    f->own = false; /* the number is another's now: not ours to close */
    return pmt_ring_file_open(f, -1, err);
}

int pmt_ring_file_write(struct pmt_ring_file *f, const void *bytes, size_t n,
                        uint64_t end, struct pmt_error *err)
{
    size_t done = 0;

    while (done < n) {
        ssize_t k = pwrite(f->fd, (const char *)bytes + done, n - done,
                           (off_t)(end + done));

        if (k < 0 && errno == EINTR) {
            continue;
        }
        if (k <= 0) {
            int why = k < 0 ? errno : ENOSPC;

            /* Half a frame is worth nothing: cut it off. */
            if (ftruncate(f->fd, (off_t)end) < 0) {
                why = errno;
            }
            return pmt_error_set_errno(err, why, end,
                                       "can't write the trace");
        }
        done += (size_t)k;
    }
    return PMT_OK;
}
