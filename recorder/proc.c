/*
 * proc.c - what /proc says of this process and this machine (proc.h).
 */
#include "proc.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Reads a file from its start; returns the bytes read, at most cap. */
static size_t read_file(const char *path, char *buffer, size_t cap)
{
    size_t used = 0;
    ssize_t n;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return 0;
    while (used < cap && (n = read(fd, buffer + used, cap - used)) > 0)
        used += (size_t)n;
    close(fd);
    return used;
}

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
    size_t n = read_file("/proc/sys/kernel/random/boot_id", text,
                         sizeof text);
    size_t digits = 0;

    memset(id, 0, 16);
    for (size_t i = 0; i < n && digits < 32; i++) {
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
    size_t n = read_file("/proc/self/cmdline", buffer, cap);
    size_t argc = 0;

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
