/* ring.c - the files that a drain writes (ring.h). */
#include "ring.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pmt/parts.h"

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

uint64_t pmt_ring_file_bytes(const struct pmt_ring_file *f)
{
    struct stat st;

    return f->fd >= 0 && fstat(f->fd, &st) == 0
               ? (uint64_t)st.st_blocks * 512
               : 0;
}

/* ---- parts --------------------------------------------------------------- */

#define PATH_ROOM (PATH_MAX + 16)

static int no_part(int why, struct pmt_error *err)
{
    return pmt_error_set_errno(err, why, PMT_NO_OFFSET,
                               "can't begin the next part");
}

/* Into `out`, of PATH_ROOM bytes. */
static bool new_path(char *out, const char *trace)
{
    int n = snprintf(out, PATH_ROOM, "%s%s", trace, PMT_PART_NEW_SUFFIX);

    return n > 0 && n < PATH_ROOM;
}

int pmt_ring_create(struct pmt_ring_file *next,
                    const struct pmt_ring_file *now, struct pmt_error *err)
{
    char path[PATH_ROOM];
    int rc, fd;

    if (!new_path(path, now->path)) {
        return no_part(ENAMETOOLONG, err);
    }
    fd = pmt_ring_open_new(path);
    if (fd < 0) {
        return no_part(errno, err);
    }
    if (fd < FD_FROM) {
        fd = moved_up(fd);
    }
    rc = pmt_ring_file_init(next, fd, now->path, err);
    if (rc < 0) {
        unlink(path);
        close(fd);
        return rc;
    }
    next->own = true;
    return PMT_OK;
}

void pmt_ring_discard(struct pmt_ring_file *next)
{
    char path[PATH_ROOM];

    if (next->path && new_path(path, next->path) &&
        pmt_ring_is_at(path, next->dev, next->ino) == 1) {
        unlink(path);
    }
    pmt_ring_file_release(next);
}

/* A second name for a file; where there are none, a new one: then *moved. */
static int add_name(const char *path, const char *name, bool *moved)
{
    *moved = false;
    if (link(path, name) == 0) {
        return 0;
    }
    if (errno == EEXIST || errno == ENOENT || errno == ENOSPC ||
        errno == EDQUOT || errno == EROFS) {
        return errno;
    }
    *moved = true;
    return pmt_ring_rename(path, name);
}

int pmt_ring_switch(const struct pmt_ring_file *now,
                    struct pmt_ring_file *next, uint32_t number, bool *kept,
                    struct pmt_error *err)
{
    char fresh[PATH_ROOM], old[PATH_ROOM];
    int there = pmt_ring_is_at(now->path, now->dev, now->ino);
    bool moved = false;
    int why = 0;

    *kept = true;

    if (!new_path(fresh, now->path) ||
        pmt_part_path(old, sizeof old, now->path, number) < 0) {
        return no_part(ENAMETOOLONG, err);
    }
    if (there == 0 || pmt_ring_is_at(fresh, next->dev, next->ino) != 1) {
        return no_part(ESTALE, err);
    }
    /* Somebody took the file away: its name is free. */
    if (there < 0) {
        why = pmt_ring_rename(fresh, now->path);
        return why ? no_part(why, err) : PMT_OK;
    }
    why = add_name(now->path, old, &moved);
    if (why == EEXIST) { /* or it is our own, of a turn that failed */
        *kept = pmt_ring_is_at(old, now->dev, now->ino) == 1;
    } else if (why) {
        return no_part(why, err);
    }
    if (rename(fresh, now->path) == 0) {
        return PMT_OK;
    }
    why = errno;
    if (*kept && moved) {
        pmt_ring_rename(old, now->path);
    } else if (*kept) {
        unlink(old);
    }
    return no_part(why, err);
}

bool pmt_ring_remove(const char *trace, uint32_t number, uint64_t dev,
                     uint64_t ino)
{
    char path[PATH_ROOM];

    return pmt_part_path(path, sizeof path, trace, number) < 0 ||
           pmt_ring_is_at(path, dev, ino) != 1 || unlink(path) == 0 ||
           errno == ENOENT;
}
