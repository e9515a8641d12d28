/* ring-name.c - names that files get and lose (ring.h). */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ring.h"

int pmt_ring_open_new(const char *path)
{
    const int flags =
        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    int fd = open(path, flags, 0600);

    if (fd < 0 && errno == EEXIST && unlink(path) == 0) {
        fd = open(path, flags, 0600);
    }
    return fd;
}

/* Where the system or its file system can't do it in one step: by a second
 * name, which never replaces; or, without such names, after a look. */
int pmt_ring_rename(const char *from, const char *to)
{
    struct stat st;

    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) {
        return 0;
    }
    if (errno != ENOSYS && errno != EINVAL) {
        return errno;
    }
    if (link(from, to) == 0) {
        unlink(from);
        return 0;
    }
    if (errno == EEXIST || lstat(to, &st) == 0) {
        return EEXIST;
    }
    return rename(from, to) < 0 ? errno : 0;
}

int pmt_ring_is_at(const char *path, uint64_t dev, uint64_t ino)
{
    struct stat st;

    if (lstat(path, &st) < 0) {
        return -1;
    }
    return st.st_dev == dev && st.st_ino == ino;
}
