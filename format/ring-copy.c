/* ring-copy.c - files that are copied one after the other (ring.h). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pmt/parts.h"
#include "ring.h"

static int no_copy(int why, struct pmt_error *err)
{
    return pmt_error_set_errno(err, why, PMT_NO_OFFSET,
                               "can't copy the trace");
}

/* ---- what is copied ------------------------------------------------------ */

/* -1 with errno set; ESTALE: another file has the name. */
static int open_same(const char *path, uint64_t dev, uint64_t ino,
                     struct stat *st)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0 && (fstat(fd, st) < 0 || st->st_dev != dev ||
                    st->st_ino != ino)) {
        close(fd);
        fd = -1;
        errno = ESTALE;
    }
    return fd;
}

bool pmt_ring_open_part(struct pmt_ring_from *from, const char *trace,
                        uint32_t number, uint64_t dev, uint64_t ino)
{
    char path[PATH_MAX + 16];
    struct stat st;

    if (pmt_part_path(path, sizeof path, trace, number) < 0) {
        return false;
    }
    from->fd = open_same(path, dev, ino, &st);
    from->bytes = from->fd < 0 ? 0 : (uint64_t)st.st_size;
    return from->fd >= 0;
}

int pmt_ring_open_now(struct pmt_ring_from *from,
                      const struct pmt_ring_file *f, uint64_t bytes,
                      struct pmt_error *err)
{
    struct stat st;

    if (!f->path) {
        return no_copy(ENOENT, err);
    }
    from->fd = open_same(f->path, f->dev, f->ino, &st);
    from->bytes = bytes;
    return from->fd < 0 ? no_copy(errno, err) : PMT_OK;
}

void pmt_ring_close(struct pmt_ring_from *from)
{
    close(from->fd);
    from->fd = -1;
}

/* ---- the copy ------------------------------------------------------------ */

int pmt_ring_copy_begin(struct pmt_ring_copy *c, const char *path,
                        struct pmt_error *err)
{
    size_t room = strlen(path) + sizeof PMT_PART_NEW_SUFFIX;
    struct stat st;

    memset(c, 0, sizeof *c);
    c->fd = -1;
    if (lstat(path, &st) == 0) {
        return no_copy(EEXIST, err);
    }
    c->path = strdup(path);
    c->temporary = malloc(room);
    if (!c->path || !c->temporary) {
        free(c->path);
        free(c->temporary);
        return pmt_error_set_memory(err);
    }
    snprintf(c->temporary, room, "%s%s", path, PMT_PART_NEW_SUFFIX);
    c->fd = pmt_ring_open_new(c->temporary);
    if (c->fd < 0) {
        int why = errno;

        free(c->path);
        free(c->temporary);
        return no_copy(why, err);
    }
    if (fstat(c->fd, &st) == 0) {
        c->dev = st.st_dev;
        c->ino = st.st_ino;
    }
    return PMT_OK;
}

/* The program may have closed the descriptor, and have another by its
 * number. */
static bool is_the_copy(const struct pmt_ring_copy *c)
{
    struct stat st;

    return fstat(c->fd, &st) == 0 && st.st_dev == c->dev &&
           st.st_ino == c->ino;
}

/* By a buffer. 0 or errno. */
static int copy_bytes(int to, uint64_t to_at, int from, uint64_t at, size_t n)
{
    char buffer[65536];

    while (n) {
        size_t want = n < sizeof buffer ? n : sizeof buffer;
        ssize_t got = pread(from, buffer, want, (off_t)at);
        ssize_t done = 0;

        if (got <= 0 && !(got < 0 && errno == EINTR)) {
            return got < 0 ? errno : EIO; /* it became shorter */
        }
        while (done < got) {
            ssize_t k = pwrite(to, buffer + done, (size_t)(got - done),
                               (off_t)to_at + done);

            if (k <= 0 && !(k < 0 && errno == EINTR)) {
                return k < 0 ? errno : ENOSPC;
            }
            done += k > 0 ? k : 0;
        }
        if (got > 0) {
            n -= (size_t)got;
            at += (uint64_t)got;
            to_at += (uint64_t)got;
        }
    }
    return 0;
}

/* Within the system, where it can: then nothing passes through here, and some
 * file systems share the blocks. */
int pmt_ring_copy_piece(struct pmt_ring_copy *c,
                        const struct pmt_ring_from *from, uint64_t offset,
                        uint64_t n, struct pmt_error *err)
{
    uint64_t done = 0;
    int why = is_the_copy(c) ? 0 : ESTALE;

    while (!why && done < n) {
        off_t in = (off_t)(offset + done);
        off_t out = (off_t)c->bytes;
        ssize_t k = copy_file_range(from->fd, &in, c->fd, &out, n - done, 0);

        if (k < 0 && errno == EINTR) {
            continue;
        }
        if (k < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)) {
            why = errno;
        } else if (k <= 0) { /* not here */
            why = copy_bytes(c->fd, c->bytes, from->fd, offset + done,
                             (size_t)(n - done));
            k = (ssize_t)(n - done);
        }
        done += why ? 0 : (uint64_t)k;
        c->bytes += why ? 0 : (uint64_t)k;
    }
    return why ? no_copy(why, err) : PMT_OK;
}

int pmt_ring_copy_add(struct pmt_ring_copy *c, const void *bytes, size_t n,
                      struct pmt_error *err)
{
    struct pmt_ring_file file = {.fd = c->fd};
    int rc = is_the_copy(c) ? pmt_ring_file_write(&file, bytes, n, c->bytes,
                                                  err)
                            : no_copy(ESTALE, err);

    c->bytes += rc < 0 ? 0 : n;
    return rc;
}

int pmt_ring_copy_end(struct pmt_ring_copy *c, int rc, struct pmt_error *err)
{
    int why = is_the_copy(c) ? 0 : ESTALE;

    /* A write may fail as late as here, on some file systems. */
    if (!why && close(c->fd) < 0) {
        why = errno;
    }
    if (rc == PMT_OK && !why) {
        why = pmt_ring_rename(c->temporary, c->path);
    }
    if (rc < 0 || why) {
        unlink(c->temporary);
    }
    free(c->path);
    free(c->temporary);
    memset(c, 0, sizeof *c);
    c->fd = -1;
    return rc < 0 || !why ? rc : no_copy(why, err);
}
