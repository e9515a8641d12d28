/* spool.c: see spool.h. */
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/errors.h"

#define STEP (1u << 17)

static int make_file(void)
{
    const char *folder = getenv("TMPDIR");
    char *name;
    int fd, failed;

    if (asprintf(&name, "%s/pmt-plot.XXXXXX",
                 folder && *folder ? folder : "/tmp") < 0)
        return -1;
    fd = mkostemp(name, O_CLOEXEC);
    failed = errno;
    if (fd >= 0)
        unlink(name);
    free(name);
    errno = failed;
    return fd;
}

static bool write_all(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t n = write(fd, bytes, count);

        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            bytes += n;
            count -= (size_t)n;
        }
    }
    return true;
}

/* Both 0, or which one failed and its errno. */
static int copy(int from, int to, bool *writing)
{
    char *bytes = malloc(STEP);
    int failed = bytes ? 0 : ENOMEM;
    ssize_t n = 1;

    *writing = !bytes;
    while (!failed && n != 0) {
        n = read(from, bytes, STEP);
        if (n < 0 && errno != EINTR)
            failed = errno;
        else if (n > 0 && !write_all(to, bytes, (size_t)n)) {
            failed = errno;
            *writing = true;
        }
    }
    free(bytes);
    return failed;
}

int pmt_spool(const char *path, const char *shown, char **again)
{
    int from = strcmp(path, "-") == 0 ? STDIN_FILENO
                                      : open(path, O_RDONLY | O_CLOEXEC);
    int to, failed;
    bool writing;

    if (from < 0) {
        pmt_fail_errno(errno, "%s", shown);
        return -1;
    }
    to = make_file();
    writing = to < 0;
    failed = to < 0 ? errno : copy(from, to, &writing);
    if (from != STDIN_FILENO)
        close(from);
    if (!failed && asprintf(again, "/proc/self/fd/%d", to) < 0) {
        failed = ENOMEM;
        writing = true;
    }
    if (!failed)
        return to;
    pmt_fail_errno(failed, writing ? "%s: cannot be kept to be read again"
                                   : "%s",
                   shown);
    if (to >= 0)
        close(to);
    return -1;
}
