/* output.c: standard output, or a file that appears whole; see output.h. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "errors.h"
#include "publish.h"
#include "xalloc.h"

#define BUFFER_BYTES 65536

/* ---- temporary files, and what removes them ---- */

#define SLOTS 8

/* Read by a signal handler: `used` is set last and cleared first. */
static struct {
    volatile sig_atomic_t used;
    int directory;
    const char *name;
} slots[SLOTS];

static pid_t owner;       /* a forked child must not remove our files */
static bool out_reported; /* a failure of standard output has been said */

/* Called from a signal handler: only unlinkat() and getpid(). */
static void remove_temporaries(void)
{
    if (getpid() != owner)
        return;
    for (int i = 0; i < SLOTS; i++) {
        if (slots[i].used) {
            slots[i].used = 0;
            unlinkat(slots[i].directory, slots[i].name, 0);
        }
    }
}

static void on_signal(int signum)
{
    int saved = errno;

    remove_temporaries();
    /* SA_RESETHAND: it ends us when this handler returns. */
    raise(signum);
    errno = saved;
}

/* Signals that are ignored (nohup), or that the command handles, are left. */
static void install_handlers(void)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGPIPE, SIGTERM};
    struct sigaction action = {.sa_handler = on_signal,
                               .sa_flags = SA_RESETHAND};
    struct sigaction old;

    if (owner == getpid())
        return;
    if (!owner)
        atexit(remove_temporaries);
    /* After fork() what is in the slots is the parent's. */
    for (int i = 0; i < SLOTS; i++)
        slots[i].used = 0;
    owner = getpid();
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        if (!sigaction(signals[i], NULL, &old) && old.sa_handler == SIG_DFL)
            sigaction(signals[i], &action, NULL);
    }
}

static int take_slot(int directory, const char *name)
{
    install_handlers();
    for (int i = 0; i < SLOTS; i++) {
        if (!slots[i].used) {
            slots[i].directory = directory;
            slots[i].name = name;
            __atomic_signal_fence(__ATOMIC_SEQ_CST);
            slots[i].used = 1;
            return i;
        }
    }
    pmt_die("more than %d output files at once", SLOTS);
}

/* ---- opening ---- */

/* When its reader has gone there is nothing left to do: end quietly, as the
 * default action of SIGPIPE does, even if our parent ignores it. */
static void mind_broken_pipe(void)
{
    struct sigaction old;

    if (!sigaction(SIGPIPE, NULL, &old) && old.sa_handler == SIG_IGN)
        signal(SIGPIPE, SIG_DFL);
}

static int open_stdout(struct pmt_output *out)
{
    static char buffer[BUFFER_BYTES];
    static bool buffered;

    out->path = "standard output";
    out->file = stdout;
    out->fd = STDOUT_FILENO;
    out->is_terminal = isatty(STDOUT_FILENO);
    if ((out->flags & PMT_OUTPUT_BINARY) && out->is_terminal &&
        !(out->flags & PMT_OUTPUT_FORCE))
        return pmt_fail("standard output is a terminal (use -o FILE)");
    if (!out->is_terminal && !buffered) {
        setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
        buffered = true;
    }
    mind_broken_pipe();
    return PMT_EXIT_OK;
}

static int attach_stream(struct pmt_output *out)
{
    out->is_terminal = isatty(out->fd);
    out->file = fdopen(out->fd, "w");
    if (!out->file)
        pmt_die("out of memory");
    out->buffer = pmt_xcalloc(BUFFER_BYTES, 1);
    setvbuf(out->file, out->buffer, _IOFBF, BUFFER_BYTES);
    return PMT_EXIT_OK;
}

/* A device, a pipe, or /dev/stdout: nothing to rename. */
static int open_directly(struct pmt_output *out)
{
    out->fd = open(out->path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (out->fd < 0)
        return pmt_fail_errno(errno, "%s", out->path);
    mind_broken_pipe();
    return attach_stream(out);
}

static int open_temporary(struct pmt_output *out, const char *base)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
    unsigned char random[8];
    char suffix[sizeof random + 1] = "";

    for (int attempt = 0; attempt < 100; attempt++) {
        if (getrandom(random, sizeof random, 0) != sizeof random)
            return pmt_fail_errno(errno, "random numbers");
        for (size_t i = 0; i < sizeof random; i++)
            suffix[i] = letters[random[i] % 32];
        /* Cut, lest it be longer than a file name may be. */
        out->temporary = pmt_xasprintf(".%.200s.%s", base, suffix);
        out->slot = take_slot(out->directory, out->temporary);
        out->fd = openat(out->directory, out->temporary,
                         O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                         out->flags & PMT_OUTPUT_PRIVATE ? 0600 : 0666);
        if (out->fd >= 0)
            return attach_stream(out);
        slots[out->slot].used = 0;
        free(out->temporary);
        out->temporary = NULL;
        if (errno != EEXIST)
            break;
    }
    return pmt_fail_errno(errno, "%s", out->path);
}

/* Is it a symbolic link of the system's own, such as /dev/stdout? */
static bool is_system_link(const char *path, const struct stat *own)
{
    return S_ISLNK(own->st_mode) &&
           (!strncmp(path, "/dev/", 5) || !strncmp(path, "/proc/", 6));
}

static int open_file(struct pmt_output *out)
{
    const char *slash = strrchr(out->name, '/');
    const char *base = slash ? slash + 1 : out->name;
    struct stat own, target;
    char *folder;

    if (!lstat(out->name, &own)) {
        if (!stat(out->name, &target)) {
            if (S_ISDIR(target.st_mode))
                return pmt_fail_errno(EISDIR, "%s", out->path);
            if (!S_ISREG(target.st_mode) || is_system_link(out->name, &own))
                return open_directly(out);
        }
        /* Said now rather than after an hour; commit looks again. */
        if (!(out->flags & PMT_OUTPUT_FORCE))
            return pmt_fail("%s: exists (use -f to overwrite it)", out->path);
    }
    if (!*base)
        return pmt_fail_errno(*out->name ? EISDIR : ENOENT, "%s", out->path);

    folder = slash ? strndup(out->name, (size_t)(slash - out->name + 1))
                   : strdup(".");
    out->directory = folder ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC)
                            : -1;
    free(folder);
    if (out->directory < 0)
        return pmt_fail_errno(errno, "%s", out->path);
    return open_temporary(out, base);
}

int pmt_output_open(struct pmt_output *out, const char *path, unsigned flags)
{
    int status;

    *out = (struct pmt_output){.fd = -1, .directory = -1, .flags = flags};
    if (!path || !strcmp(path, "-"))
        return open_stdout(out);
    out->name = pmt_xstrdup(path);
    out->path = out->name;
    status = open_file(out);
    if (status)
        pmt_output_abandon(out);
    return status;
}

int pmt_output_rename(struct pmt_output *out, const char *path)
{
    struct stat own;

    if (!out->temporary)
        return pmt_fail("%s: is no regular file", out->path);
    if (!(out->flags & PMT_OUTPUT_FORCE) && !lstat(path, &own))
        return pmt_fail("%s: exists (use -f to overwrite it)", path);
    free(out->name);
    out->name = pmt_xstrdup(path);
    out->path = out->name;
    return PMT_EXIT_OK;
}

/* ---- closing ---- */

static void release(struct pmt_output *out)
{
    if (out->directory >= 0)
        close(out->directory);
    free(out->temporary);
    free(out->buffer);
    free(out->name);
    *out = (struct pmt_output){.fd = -1, .directory = -1};
}

void pmt_output_abandon(struct pmt_output *out)
{
    if (out->file && out->file != stdout)
        fclose(out->file);
    if (out->temporary) {
        unlinkat(out->directory, out->temporary, 0);
        slots[out->slot].used = 0;
    }
    release(out);
}

/* Does not return when the reader of a pipe has gone. */
static int write_failed(const char *path, int errnum)
{
    if (errnum == EPIPE) {
        sigset_t set;

        remove_temporaries();
        signal(SIGPIPE, SIG_DFL);
        sigemptyset(&set);
        sigaddset(&set, SIGPIPE);
        sigprocmask(SIG_UNBLOCK, &set, NULL);
        raise(SIGPIPE);
    }
    /* The cause of an error that was not the last one is not known. */
    return errnum ? pmt_fail_errno(errnum, "%s", path)
                  : pmt_fail("%s: write failed", path);
}

/* Returns whether all that was written went out, or errno of what failed. */
static bool flush(FILE *file, int *errnum)
{
    errno = 0;
    if (fflush(file)) {
        *errnum = errno;
        return false;
    }
    *errnum = 0;
    return !ferror(file);
}

static int commit_stdout(struct pmt_output *out)
{
    const char *path = out->path;
    int errnum;
    bool whole = flush(stdout, &errnum);

    release(out);
    if (whole || out_reported)
        return whole ? PMT_EXIT_OK : PMT_EXIT_TROUBLE;
    out_reported = true;
    return write_failed(path, errnum);
}

/* A disk that forgets what it has not yet written must not take the old file
 * with the new one. */
static bool must_sync(const struct pmt_output *out, const char *base)
{
    struct stat old;

    return (out->flags & PMT_OUTPUT_FORCE) &&
           !fstatat(out->directory, base, &old, AT_SYMLINK_NOFOLLOW);
}

int pmt_output_commit(struct pmt_output *out)
{
    const char *slash, *base;
    int errnum;
    bool whole;

    if (out->file == stdout)
        return commit_stdout(out);
    slash = strrchr(out->name, '/');
    base = slash ? slash + 1 : out->name;
    whole = flush(out->file, &errnum);
    if (whole && out->temporary && must_sync(out, base) && fsync(out->fd)) {
        errnum = errno;
        whole = false;
    }
    if (fclose(out->file) && whole) {
        errnum = errno;
        whole = false;
    }
    out->file = NULL;
    if (whole && out->temporary) {
        errnum = pmt_publish(out->directory, out->temporary, base,
                             out->flags & PMT_OUTPUT_FORCE, PMT_PUBLISH_ALL);
        if (!errnum) {
            slots[out->slot].used = 0;
            release(out);
            return PMT_EXIT_OK;
        }
        whole = false;
    }
    if (whole) {
        release(out);
        return PMT_EXIT_OK;
    }
    if (errnum == EEXIST)
        pmt_fail("%s: exists (use -f to overwrite it)", out->path);
    else
        write_failed(out->path, errnum);
    pmt_output_abandon(out);
    return PMT_EXIT_TROUBLE;
}

/* ---- the process's own streams ---- */

int pmt_output_finish(int status)
{
    int errnum;
    bool whole = flush(stdout, &errnum);

    /* Some file systems say only at close that there was no room. */
    if (fclose(stdout) && whole) {
        errnum = errno;
        whole = false;
    }
    if (whole || out_reported)
        return whole ? status : PMT_EXIT_TROUBLE;
    out_reported = true;
    return write_failed("standard output", errnum);
}

void pmt_output_guard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF) {
            /* The wrong way round: reading or writing it gives EBADF. */
            int got = open("/dev/null",
                           fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);

            if (got != fd)
                _exit(PMT_EXIT_TROUBLE);
        }
    }
}
