/*
 * measure.c - runs a command and says what it took.
 *
 * usage: bench-measure [-c CORE] [-l | -o FILE] REPORT COMMAND [ARGUMENT]...
 *
 * Appends to the file REPORT a line of JSON: user and system, processor time
 * of the command in seconds; wall, in seconds; peak_kib, the most resident
 * memory it had; read_bytes, what its calls of read(2) and the like gave, from
 * disk or not; lines, how many it printed, with -l; status, its exit status,
 * or -1 when a signal ended it.
 *
 * -c holds it on a processor. Standard output is counted and thrown away with
 * -l, goes to FILE with -o, and is left alone without both. This program is
 * small, so that memory of another before exec (which the kernel counts as the
 * command's) does not matter.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
    fprintf(stderr, "bench-measure: %s: %s\n", what, strerror(errno));
    exit(2);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + 1e-6 * (double)t.tv_usec;
}

static void hold(const char *core)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(atoi(core), &set);
    if (sched_setaffinity(0, sizeof set, &set) < 0)
        die("processor");
}

static uint64_t count_lines(int fd)
{
    static char buffer[1 << 16];
    uint64_t lines = 0;
    ssize_t n;

    while ((n = read(fd, buffer, sizeof buffer)) != 0) {
        const char *at = buffer;

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            die("reading");
        while ((at = memchr(at, '\n', (size_t)(buffer + n - at))) != NULL) {
            lines++;
            at++;
        }
    }
    return lines;
}

/* Of a process that has ended and was not waited for. */
static uint64_t bytes_read(pid_t pid)
{
    char path[64], line[128];
    unsigned long long bytes = 0;
    FILE *io;

    snprintf(path, sizeof path, "/proc/%d/io", (int)pid);
    io = fopen(path, "re");
    if (!io)
        die(path);
    while (fgets(line, sizeof line, io) != NULL)
        sscanf(line, "rchar: %llu", &bytes);
    fclose(io);
    return bytes;
}

static pid_t start(char **command, const char *core, int out)
{
    pid_t pid = fork();

    if (pid < 0)
        die("fork");
    if (pid > 0)
        return pid;
    if (core)
        hold(core);
    if (out >= 0 && dup2(out, STDOUT_FILENO) < 0)
        die("dup2");
    execvp(command[0], command);
    die(command[0]);
    return -1;
}

static void report(const char *path, pid_t pid, double wall, uint64_t lines)
{
    FILE *to = fopen(path, "ae");
    uint64_t bytes = bytes_read(pid);
    struct rusage used;
    int status;

    if (!to || wait4(pid, &status, 0, &used) != pid)
        die(path);
    fprintf(to,
            "{\"user\": %.6f, \"system\": %.6f, \"wall\": %.6f, "
            "\"peak_kib\": %ld, \"read_bytes\": %llu, \"lines\": %llu, "
            "\"status\": %d}\n",
            seconds(used.ru_utime), seconds(used.ru_stime), wall,
            used.ru_maxrss, (unsigned long long)bytes,
            (unsigned long long)lines,
            WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    if (fclose(to))
        die(path);
}

int main(int argc, char **argv)
{
    const char *core = NULL;
    int letter, out = -1, ends[2] = {-1, -1};
    uint64_t lines = 0;
    siginfo_t info;
    double begin;
    pid_t pid;

    while ((letter = getopt(argc, argv, "+c:lo:")) != -1) {
        if (letter == 'c')
            core = optarg;
        else if (letter == 'o')
            out = open(optarg, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        else if (letter != 'l' || pipe2(ends, O_CLOEXEC) < 0)
            return 2;
        if (letter == 'o' && out < 0)
            die(optarg);
    }
    if (argc - optind < 2)
        return 2;
    begin = now();
    pid = start(argv + optind + 1, core, ends[1] >= 0 ? ends[1] : out);
    if (ends[1] >= 0) {
        close(ends[1]);
        lines = count_lines(ends[0]);
    }
    while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) < 0)
        if (errno != EINTR)
            die("waiting");
    report(argv[optind], pid, now() - begin, lines);
    return 0;
}
