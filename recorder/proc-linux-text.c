/*
 * proc-linux-text.c - files of /proc and what stands in them (proc-linux.h).
 */
#ifdef __linux__

#include "proc-linux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)

/* From the start of an open file, at most cap - 1 bytes and a zero; -1. */
ssize_t proc_read_fd(int fd, char *buffer, size_t cap)
{
    size_t used = 0;
    ssize_t n = 0;

    while (used + 1 < cap &&
           (n = pread(fd, buffer + used, cap - 1 - used, (off_t)used)) > 0)
        used += (size_t)n;
    buffer[used] = '\0';
    return n < 0 && used == 0 ? -1 : (ssize_t)used;
}

/* The same of a path. */
ssize_t proc_read_path(const char *path, char *buffer, size_t cap)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), saved;
    ssize_t n;

    buffer[0] = '\0';
    if (fd < 0)
        return -1;
    n = proc_read_fd(fd, buffer, cap);
    saved = errno;
    close(fd);
    errno = saved;
    return n;
}

const char *proc_path(char path[64], pid_t pid, const char *file)
{
    if (pid == 0)
        snprintf(path, 64, "/proc/self/%s", file);
    else
        snprintf(path, 64, "/proc/%ld/%s", (long)pid, file);
    return path;
}

/* The number at *at, behind blanks; *at is behind it. */
uint64_t proc_number(const char **at)
{
    const char *p = *at;
    uint64_t v = 0;

    while (*p == ' ' || *p == '\t')
        p++;
    while (*p >= '0' && *p <= '9')
        v = v * 10 + (uint64_t)(*p++ - '0');
    *at = p;
    return v;
}

int64_t proc_signed(const char **at)
{
    while (**at == ' ' || **at == '\t')
        (*at)++;
    if (**at != '-')
        return (int64_t)proc_number(at);
    (*at)++;
    return -(int64_t)proc_number(at);
}

/* Behind `n` more fields. */
const char *proc_skip(const char *p, unsigned n)
{
    for (; n > 0 && *p != '\0'; n--) {
        while (*p == ' ')
            p++;
        while (*p != ' ' && *p != '\0')
            p++;
    }
    return p;
}

/* The number behind `key` at the beginning of a line; false: there is none. */
bool proc_find_line(const char *text, const char *key, uint64_t *value)
{
    size_t n = strlen(key);

    for (const char *at = text; at != NULL; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, key, n) == 0) {
            at += n;
            *value = proc_number(&at);
            return true;
        }
    }
    return false;
}

/* The name, between the first ( and the last ): it may hold any byte. */
const char *proc_take_name(char name[64], const char *text)
{
    const char *from = strchr(text, '('), *to = strrchr(text, ')');
    size_t n;

    if (from == NULL || to == NULL || to < from)
        return NULL;
    n = (size_t)(to - from - 1);
    n = n < 63 ? n : 63;
    memcpy(name, from + 1, n);
    name[n] = '\0';
    return to + 1;
}

uint64_t proc_ticks_ns(uint64_t ticks)
{
    static uint64_t per_tick;

    if (per_tick == 0)
        per_tick = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
    return ticks * per_tick;
}

#else
typedef int rec_proc_linux_text_is_for_linux;
#endif
