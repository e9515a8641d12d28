/* descriptors.c - see descriptors.h. */
#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "proc.h"

/* The table of a process grows with its highest number: where the limit of
 * the program is higher than this, ours is not put above it. */
#define LIMIT_MAX 4096u
#define NUMBER 500                     /* then, where the limit allows */
#define PIN_BYTES 4096u
#define CLOSE_MAX 65536                /* numbers tried one by one */

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#define UNSHARE_FLAG 2u                /* CLOSE_RANGE_UNSHARE */

static int filter_at_start = -1;       /* PR_GET_SECCOMP */

/* ---- files in the program's table ---------------------------------------------- */

/* Above the soft limit, which is raised for a moment: the program's own
 * numbers all stay free, and its loops up to the limit don't reach ours. */
static int above_limit(int fd, const struct rlimit *limit)
{
    struct rlimit wide = *limit;
    int high;

    if (limit->rlim_cur > LIMIT_MAX || limit->rlim_max <= limit->rlim_cur)
        return -1;
    wide.rlim_cur = limit->rlim_max - limit->rlim_cur > 64
                        ? limit->rlim_cur + 64
                        : limit->rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &wide) != 0)
        return -1;
    high = fcntl(fd, F_DUPFD_CLOEXEC, (int)limit->rlim_cur);
    setrlimit(RLIMIT_NOFILE, limit);
    return high;
}

static int move_up(int fd)
{
    struct rlimit limit;
    int high = -1;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        high = above_limit(fd, &limit);
    for (int at = NUMBER; high < 0 && at > 2; at /= 2)
        high = fcntl(fd, F_DUPFD_CLOEXEC, at);
    if (high < 0)
        return fd;
    close(fd);
    return high;
}

static bool is_file(const struct rec_file *f, const struct stat *st)
{
    return (uint64_t)st->st_dev == f->dev && (uint64_t)st->st_ino == f->ino;
}

int rec_file_take(struct rec_file *f, int fd, bool pin)
{
    struct stat st;
    int saved;

    if (fstat(fd, &st) != 0) {
        saved = errno;
        close(fd);
        f->fd = -1;
        errno = saved;
        return -1;
    }
    f->fd = move_up(fd);
    f->dev = st.st_dev;
    f->ino = st.st_ino;
    f->pin = NULL;
    if (!pin)
        return 0;
    f->pin = mmap(NULL, PIN_BYTES, PROT_NONE, MAP_SHARED, f->fd, 0);
    if (f->pin == MAP_FAILED)
        f->pin = NULL;
    else
        madvise(f->pin, PIN_BYTES, MADV_DONTFORK);
    return 0;
}

bool rec_file_holds(const struct rec_file *f)
{
    struct stat st;

    return f->fd >= 0 && fstat(f->fd, &st) == 0 && is_file(f, &st);
}

bool rec_file_is_at(const struct rec_file *f, const char *path)
{
    struct stat st;

    return f->fd >= 0 && lstat(path, &st) == 0 && is_file(f, &st);
}

void rec_file_forked(struct rec_file *f)
{
    f->pin = NULL;
    rec_file_close(f);
}

void rec_file_close(struct rec_file *f)
{
    if (rec_file_holds(f))
        close(f->fd);
    if (f->pin != NULL)
        munmap(f->pin, PIN_BYTES);
    f->pin = NULL;
    f->fd = -1;
}

/* A duplicate of another thread's descriptor; -1. */
static int fetch(int tid, int fd)
{
    int thread, got;

    if (filter_at_start != prctl(PR_GET_SECCOMP))
        return -1;
    thread = (int)syscall(SYS_pidfd_open, tid, O_EXCL); /* PIDFD_THREAD */
    if (thread < 0)
        return -1;
    got = (int)syscall(SYS_pidfd_getfd, thread, fd, 0);
    close(thread);
    return got;
}

/* `fd` becomes the file's descriptor, or is closed. */
static bool adopt(struct rec_file *f, int fd)
{
    struct stat st;

    if (fd < 0)
        return false;
    if (fstat(fd, &st) != 0 || !is_file(f, &st)) {
        close(fd);
        return false;
    }
    f->fd = move_up(fd);
    return true;
}

bool rec_file_regain(struct rec_file *f, int tid, const char *path)
{
    return rec_file_holds(f) || adopt(f, fetch(tid, f->fd)) ||
           adopt(f, open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK |
                               O_CLOEXEC));
}

/* ---- a table of the thread's own ------------------------------------------------ */

void rec_descriptors_prepare(void)
{
    if (filter_at_start < 0)
        filter_at_start = prctl(PR_GET_SECCOMP);
}

static bool close_range_now(unsigned from, unsigned to, unsigned flags)
{
    return syscall(SYS_close_range, from, to, flags) == 0;
}

/* Closes all but `keep` in a table that is the thread's own. */
static void close_all_but(int keep)
{
    if (rec_proc_close_all_but(keep))
        return;
    for (int fd = 0; fd < CLOSE_MAX; fd++)
        if (fd != keep)
            close(fd);
}

/* The descriptors above `keep` are not even copied by close_range(2). */
static bool part_table(int keep)
{
    if (close_range_now((unsigned)(keep + 1), ~0u, UNSHARE_FLAG)) {
        if (keep > 0)
            close_range_now(0, (unsigned)keep - 1, 0);
        return true;
    }
    if (syscall(SYS_unshare, CLONE_FILES) != 0)
        return false;
    close_all_but(keep);
    return true;
}

/* So that nothing which libc may write to standard error gets into a file
 * that is opened later. */
static void hold_low_numbers(void)
{
    int fd = epoll_create1(EPOLL_CLOEXEC);

    while (fd >= 0 && fd < 2)
        fd = fcntl(fd, F_DUPFD_CLOEXEC, fd + 1);
    if (fd > 2)
        close(fd);
}

bool rec_descriptors_part(int keep)
{
    /* A filter that the program put in may end it for a call it does not
     * know. */
    if (filter_at_start != prctl(PR_GET_SECCOMP))
        return false;
    if (!part_table(keep))
        return false;
    hold_low_numbers();
    syscall(SYS_unshare, CLONE_FS);
    return true;
}

/* ---- signals ---------------------------------------------------------------------- */

static const int caused[] = {SIGXFSZ, SIGPIPE};
#define CAUSED (sizeof caused / sizeof *caused)

static bool waits(int number)
{
    sigset_t set;

    return sigpending(&set) == 0 && sigismember(&set, number) == 1;
}

void rec_quiet_begin(struct rec_quiet *q)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &q->before);
    for (size_t i = 0; i < CAUSED; i++)
        q->had[i] = waits(caused[i]);
}

void rec_quiet_end(struct rec_quiet *q)
{
    const struct timespec at_once = {0, 0};
    int saved = errno;
    sigset_t one;

    for (size_t i = 0; i < CAUSED; i++)
        if (!q->had[i] && waits(caused[i])) {
            sigemptyset(&one);
            sigaddset(&one, caused[i]);
            sigtimedwait(&one, NULL, &at_once);
        }
    pthread_sigmask(SIG_SETMASK, &q->before, NULL);
    errno = saved;
}
