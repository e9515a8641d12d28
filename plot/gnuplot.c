/* gnuplot.c: see gnuplot.h. */
#include "gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Exit status of the child when gnuplot could not be started. */
#define NOT_STARTED 127

/* The first line that says something; gnuplot shows the line of the script
 * and a pointer to the place before it says what is wrong. */
static void first_words(FILE *said, char *line, size_t size)
{
    line[0] = '\0';
    rewind(said);
    while (fgets(line, (int)size, said)) {
        char *words = line + strspn(line, " \t^\n");

        words[strcspn(words, "\n")] = '\0';
        if (strstr(words, "line ") == words || strstr(words, "error")) {
            memmove(line, words, strlen(words) + 1);
            return;
        }
    }
    line[0] = '\0';
}

static void become_gnuplot(const char *option, int script, int out, int said)
{
    static const int quiet[] = {SIGPIPE, SIGINT, SIGTERM};

    for (size_t i = 0; i < sizeof quiet / sizeof *quiet; i++)
        signal(quiet[i], SIG_DFL);
    if (dup2(script, 0) == 0 && dup2(out, 1) == 1 && dup2(said, 2) == 2)
        execlp("gnuplot", "gnuplot", option, (char *)NULL);
    /* The reason goes where gnuplot's own words would. */
    dprintf(said, "error %d\n", errno);
    _exit(NOT_STARTED);
}

static int wait_for(pid_t child, int *status)
{
    while (waitpid(child, status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return 0;
}

/* Is it one that can't do what a chart needs? *major.*minor is its version. */
static bool is_too_old(int *major, int *minor)
{
    FILE *said = tmpfile();
    pid_t child = said ? fork() : -1;
    bool old = false;
    int status;

    if (child == 0)
        become_gnuplot("--version", fileno(said), fileno(said),
                       fileno(said));
    if (child > 0 && wait_for(child, &status) == 0) {
        rewind(said);
        old = fscanf(said, "gnuplot %d.%d", major, minor) == 2 &&
              (*major < 5 || (*major == 5 && *minor < 2));
    }
    if (said)
        fclose(said);
    return old;
}

static int judge(int status, FILE *said, struct pmt_error *err)
{
    int reason, major, minor;
    char line[200];

    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return PMT_OK;
    if (WIFSIGNALED(status))
        return pmt_error_set(err, PMT_ERR_IO, PMT_NO_OFFSET,
                             "gnuplot was killed by signal %d",
                             WTERMSIG(status));
    first_words(said, line, sizeof line);
    if (WEXITSTATUS(status) != NOT_STARTED ||
        sscanf(line, "error %d", &reason) != 1) {
        if (is_too_old(&major, &minor))
            return pmt_error_set(err, PMT_ERR_IO, PMT_NO_OFFSET,
                                 "gnuplot %d.%d is too old: charts need 5.2 "
                                 "or later (--terminal needs none)",
                                 major, minor);
        return pmt_error_set(err, PMT_ERR_IO, PMT_NO_OFFSET,
                             "gnuplot failed: %s", line);
    }
    if (reason == ENOENT)
        return pmt_error_set(err, PMT_ERR_IO, PMT_NO_OFFSET,
                             "gnuplot is not installed (--terminal needs "
                             "none)");
    return pmt_error_set_errno(err, reason, PMT_NO_OFFSET,
                               "cannot run gnuplot");
}

int pmt_gnuplot_run(FILE *script, int fd, struct pmt_error *err)
{
    FILE *said;
    pid_t child;
    int status, code;

    if (fflush(script) || lseek(fileno(script), 0, SEEK_SET) < 0)
        return pmt_error_set_errno(err, errno, PMT_NO_OFFSET,
                                   "cannot write the script");
    said = tmpfile();
    if (!said)
        return pmt_error_set_errno(err, errno, PMT_NO_OFFSET,
                                   "cannot make a temporary file");
    child = fork();
    if (child == 0)
        become_gnuplot("-d", fileno(script), fd, fileno(said));
    if (child < 0 || wait_for(child, &status))
        code = pmt_error_set_errno(err, errno, PMT_NO_OFFSET,
                                   "cannot run gnuplot");
    else
        code = judge(status, said, err);
    fclose(said);
    return code;
}
