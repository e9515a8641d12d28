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
#include "cli/xalloc.h"
#include "open.h"
#include "pmt/io.h"

#define STEP (1u << 17)

static int make_file(void)
{
    const char *folder = getenv("TMPDIR");
    char *name;
    int fd, failed;

    if (asprintf(&name, "%s/pmt.XXXXXX",
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

/* Both 0, or which one failed and its errno. */
static int copy(int from, int to, bool *writing)
{
    char *bytes = malloc(STEP);
    int failed = bytes ? 0 : ENOMEM;
    struct pmt_sink sink;
    struct pmt_error err;
    ssize_t n = 1;

    pmt_sink_to_fd(&sink, to);
    *writing = !bytes;
    while (!failed && n != 0) {
        n = read(from, bytes, STEP);
        if (n < 0 && errno != EINTR)
            failed = errno;
        else if (n > 0 &&
                 sink.write(sink.context, bytes, (size_t)n, &err) < 0) {
            failed = err.sys_errno;
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

/* ---- by name ------------------------------------------------------------- */

/* Kept until the process ends. */
struct kept {
    char *from, *path;
    struct kept *next;
};
static struct kept *kept;

static const char *shown(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

const char *pmt_spool_name(const char *path)
{
    for (const struct kept *k = kept; k; k = k->next)
        if (strcmp(k->path, path) == 0)
            return shown(k->from);
    return NULL;
}

int pmt_spool_once(const char *path, char **again)
{
    struct kept *k = kept;
    bool there = strcmp(path, "-") == 0 || access(path, F_OK) == 0;

    while (k && strcmp(k->from, path) != 0)
        k = k->next;
    if (k || !there || pmt_trace_reopens(path)) {
        *again = pmt_xstrdup(k ? k->path : path);
        return PMT_EXIT_OK;
    }
    k = pmt_xcalloc(1, sizeof *k);
    if (pmt_spool(path, shown(path), &k->path) < 0) {
        free(k);
        return PMT_EXIT_TROUBLE;
    }
    k->from = pmt_xstrdup(path);
    k->next = kept;
    kept = k;
    *again = pmt_xstrdup(k->path);
    return PMT_EXIT_OK;
}
