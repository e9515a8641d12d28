/* cli-capture.c: see cli-capture.h. */
#include "cli-capture.h"

#include <dirent.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static size_t read_all(int fd, char *buffer, size_t size)
{
    ssize_t got = pread(fd, buffer, size - 1, 0);

    assert_true(got >= 0);
    buffer[got] = '\0';
    return (size_t)got;
}

void capture_run(struct capture *capture, int (*function)(void *),
                 void *argument)
{
    int out = memfd_create("out", 0), err = memfd_create("err", 0);
    int status;
    pid_t child;

    assert_true(out >= 0 && err >= 0);
    fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(out, STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
        exit(function(argument));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    capture->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    capture->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    capture->out_size = read_all(out, capture->out, sizeof capture->out);
    capture->err_size = read_all(err, capture->err, sizeof capture->err);
    close(out);
    close(err);
}

static char scratch[4096];
static pid_t owner;

static int remove_one(const char *path, const struct stat *stat, int type,
                      struct FTW *ftw)
{
    (void)stat, (void)type, (void)ftw;
    return remove(path);
}

static void remove_scratch(void)
{
    if (getpid() == owner)
        nftw(scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void capture_enter_scratch(void)
{
    const char *folder = getenv("TMPDIR");

    snprintf(scratch, sizeof scratch, "%s/pmt-test-XXXXXX",
             folder && *folder ? folder : "/tmp");
    assert_non_null(mkdtemp(scratch));
    owner = getpid();
    atexit(remove_scratch);
    assert_int_equal(chdir(scratch), 0);
}

const char *capture_read(const char *path)
{
    static char text[65536];
    FILE *file = fopen(path, "r");
    size_t size;

    if (!file)
        return NULL;
    size = fread(text, 1, sizeof text - 1, file);
    text[size] = '\0';
    fclose(file);
    return text;
}

void capture_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

int capture_count_files(void)
{
    DIR *folder = opendir(".");
    int count = -2; /* "." and ".." */

    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}
