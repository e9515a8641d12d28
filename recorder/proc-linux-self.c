/*
 * proc-linux-self.c - what /proc tells of the process that reads and of the
 * machine (proc.h).
 */
#ifdef __linux__

#include "proc-linux.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

void rec_proc_boot_id(uint8_t id[16])
{
    char text[40];
    size_t digits = 0;

    proc_read_path("/proc/sys/kernel/random/boot_id", text, sizeof text);
    memset(id, 0, 16);
    for (size_t i = 0; text[i] != '\0' && digits < 32; i++) {
        int v = hex_value(text[i]);

        if (v < 0)
            continue;
        id[digits / 2] = (uint8_t)(id[digits / 2] << 4 | v);
        digits++;
    }
    if (digits != 32)
        memset(id, 0, 16);
}

size_t rec_proc_arguments(char *buffer, size_t cap, const char **argv,
                          size_t max)
{
    ssize_t got = proc_read_path("/proc/self/cmdline", buffer, cap);
    size_t argc = 0, n = got < 0 ? 0 : (size_t)got;

    for (size_t i = 0; i < n && argc < max;) {
        char *end = memchr(buffer + i, '\0', n - i);

        if (end == NULL)
            break;
        argv[argc++] = buffer + i;
        i = (size_t)(end - buffer) + 1;
    }
    return argc;
}

void rec_proc_executable(char *buffer, size_t cap)
{
    ssize_t n = readlink("/proc/self/exe", buffer, cap - 1);

    buffer[n > 0 ? n : 0] = '\0';
}

/* Above the numbers that a program expects to be given next. */
#define HIGH_FD 500

static int statm_fd = -1;
static pid_t statm_pid;
static struct stat statm_stat;

void rec_proc_rss_open(void)
{
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);

    if (high >= 0) {
        close(fd);
        fd = high;
    }
    statm_fd = fd;
    statm_pid = getpid();
    if (fd >= 0 && fstat(fd, &statm_stat) != 0)
        rec_proc_rss_close();
}

/* Whether the descriptor is the one that was opened: the program may have
 * closed it, and its number may be another file's now. */
static bool is_ours(void)
{
    struct stat st;

    return statm_fd >= 0 && fstat(statm_fd, &st) == 0 &&
           st.st_ino == statm_stat.st_ino && st.st_dev == statm_stat.st_dev;
}

void rec_proc_rss_close(void)
{
    if (is_ours())
        close(statm_fd);
    statm_fd = -1;
}

/* The second number of statm's text, in pages; 0 where there is none. */
static uint64_t second_number(const char *text)
{
    const char *p = strchr(text, ' '); /* the first is the virtual size */

    return p != NULL ? proc_number(&p) : 0;
}

uint64_t rec_proc_rss_once(void)
{
    char text[64];

    proc_read_path("/proc/self/statm", text, sizeof text);
    return second_number(text) * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t rec_proc_rss(void)
{
    char text[64];
    ssize_t n;

    /* In the child of a fork it is the parent's file still. */
    if (statm_pid != getpid())
        rec_proc_rss_close();
    if (!is_ours())
        rec_proc_rss_open();
    if (statm_fd < 0)
        return 0;
    n = pread(statm_fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    return second_number(text);
}

bool rec_proc_close_all_but(int keep)
{
    DIR *list = opendir("/proc/thread-self/fd");
    struct dirent *entry;

    if (list == NULL)
        return false;
    while ((entry = readdir(list)) != NULL) {
        int fd = entry->d_name[0] == '.' ? -1 : atoi(entry->d_name);

        if (fd >= 0 && fd != keep && fd != dirfd(list))
            close(fd);
    }
    closedir(list);
    return true;
}

#else
typedef int rec_proc_linux_self_is_for_linux;
#endif
