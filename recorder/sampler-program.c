/*
 * sampler-program.c - the program that is started (sampler-program.h).
 */
#include "sampler-program.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* Those that end a program by themselves, and are passed on to it; and what
 * tells of its end. */
static const int taken[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1,
                            SIGUSR2, SIGCHLD};

int sampler_program_prepare(struct sampler_program *p)
{
    struct sigaction usual = {.sa_handler = SIG_DFL};
    struct rlimit more;
    sigset_t set;

    memset(p, 0, sizeof *p);
    p->go = p->failed = -1;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        struct sigaction old;

        /* What is ignored (nohup) stays so. */
        if (sigaction(taken[i], NULL, &old) == 0 &&
            old.sa_handler == SIG_IGN && taken[i] != SIGCHLD)
            continue;
        sigaddset(&set, taken[i]);
    }
    sigaction(SIGCHLD, &usual, NULL);
    if (sigprocmask(SIG_BLOCK, &set, &p->mask) != 0)
        return -1;
    if (getrlimit(RLIMIT_NOFILE, &p->files) == 0) {
        more = p->files;
        more.rlim_cur = more.rlim_max;
        setrlimit(RLIMIT_NOFILE, &more);
    }
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* In the child. */
static _Noreturn void become(const struct sampler_program *p, int go,
                             int failed, char *const *argv)
{
    char byte;
    int error;

    ssize_t n;

    do {
        n = read(go, &byte, 1);
    } while (n < 0 && errno == EINTR);
    if (n != 1)
        _exit(126); /* the sampler gave up */
    setrlimit(RLIMIT_NOFILE, &p->files);
    sigprocmask(SIG_SETMASK, &p->mask, NULL);
    execvp(argv[0], argv);
    error = errno;
    if (write(failed, &error, sizeof error) < 0)
        _exit(126);
    _exit(127);
}

int sampler_program_fork(struct sampler_program *p, char *const *argv)
{
    int go[2], failed[2], error;

    if (pipe2(go, O_CLOEXEC) != 0)
        return errno;
    if (pipe2(failed, O_CLOEXEC) != 0) {
        error = errno;
        close(go[0]);
        close(go[1]);
        return error;
    }
    p->pid = fork();
    error = errno;
    if (p->pid == 0) {
        close(go[1]);
        become(p, go[0], failed[1], argv);
    }
    close(go[0]);
    close(failed[1]);
    p->go = go[1];
    p->failed = failed[0];
    if (p->pid > 0)
        return 0;
    p->pid = 0;
    close(p->go);
    close(p->failed);
    return error;
}

int sampler_program_go(struct sampler_program *p)
{
    int error = 0;
    ssize_t n;

    if (write(p->go, "", 1) < 0)
        error = errno;
    close(p->go);
    do {
        n = read(p->failed, &error, sizeof error);
    } while (n < 0 && errno == EINTR);
    close(p->failed);
    if (n <= 0)
        return 0; /* closed by exec */
    waitpid(p->pid, NULL, 0);
    p->pid = 0;
    return error;
}

int sampler_program_pass_on(int status)
{
    const struct rlimit none = {0, 0};
    sigset_t set;
    int n;

    if (!WIFSIGNALED(status))
        return WEXITSTATUS(status);
    n = WTERMSIG(status);
    setrlimit(RLIMIT_CORE, &none);
    signal(n, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, n);
    raise(n);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    return 128 + n;
}
