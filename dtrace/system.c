/* system.c - /proc and clocks (system.h). */
#include "system.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PROC "/proc/"

void dt_system_boot_id(uint8_t id[16])
{
    char text[64] = "";
    FILE *file = fopen(PROC "sys/kernel/random/boot_id", "re");
    size_t n = 0;

    memset(id, 0, 16);
    if (!file)
        return;
    for (const char *p = fgets(text, sizeof text, file) ? text : "";
         *p && n < 16; p += 2, n++) {
        unsigned byte;

        p += *p == '-';
        if (sscanf(p, "%2x", &byte) != 1)
            break;
        id[n] = (uint8_t)byte;
    }
    fclose(file);
}

static uint64_t read_clock(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void dt_system_clocks(uint64_t *mono_ns, int64_t *real_ns,
                      uint32_t *uncertainty_ns)
{
    uint64_t before = read_clock(CLOCK_MONOTONIC);
    uint64_t real = read_clock(CLOCK_REALTIME);
    uint64_t after = read_clock(CLOCK_MONOTONIC);

    *mono_ns = before + (after - before) / 2;
    *real_ns = (int64_t)real;
    *uncertainty_ns = after - before < UINT32_MAX ? (uint32_t)(after - before)
                                                  : UINT32_MAX;
}

bool dt_system_rss(uint64_t pid, uint64_t parts[3])
{
    static const char *const names[] = {"RssFile:", "RssAnon:", "RssShmem:"};
    char path[64], line[256];
    unsigned found = 0;
    FILE *file;

    snprintf(path, sizeof path, PROC "%" PRIu64 "/status", pid);
    file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        for (unsigned i = 0; i < 3; i++)
            if (strncmp(line, names[i], strlen(names[i])) == 0 &&
                sscanf(line + strlen(names[i]), "%" SCNu64, &parts[i]) == 1) {
                parts[i] *= 1024;
                found++;
            }
    if (file)
        fclose(file);
    return found == 3;
}

bool dt_system_executable(uint64_t pid, char *path, size_t size)
{
    char link[64];
    ssize_t n;

    snprintf(link, sizeof link, PROC "%" PRIu64 "/exe", pid);
    n = readlink(link, path, size - 1);
    if (n <= 0)
        return false;
    path[n] = '\0';
    return true;
}

bool dt_system_mapped(uint64_t pid, const char *name, char *path, size_t size)
{
    char maps[64], line[4400];
    bool found = false;
    FILE *file;

    snprintf(maps, sizeof maps, PROC "%" PRIu64 "/maps", pid);
    file = fopen(maps, "re");
    while (file && !found && fgets(line, sizeof line, file)) {
        char *at = strchr(line, '/');
        const char *last = at ? strrchr(at, '/') + 1 : NULL;

        if (!last || strncmp(last, name, strlen(name)) != 0)
            continue;
        at[strcspn(at, "\n")] = '\0';
        found = strlen(at) < size;
        if (found)
            strcpy(path, at);
    }
    if (file)
        fclose(file);
    return found;
}

/* A note of a probe holds the provider's and the probe's names. */
bool dt_system_has_probe(const char *path, const char *probe)
{
    char note[64];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    void *map = MAP_FAILED;
    size_t n = (size_t)snprintf(note, sizeof note, "python%c%s", 0, probe);
    bool found = false;

    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0)
        map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map != MAP_FAILED) {
        found = memmem(map, (size_t)st.st_size, note, n + 1) != NULL;
        munmap(map, (size_t)st.st_size);
    }
    if (fd >= 0)
        close(fd);
    return found;
}
