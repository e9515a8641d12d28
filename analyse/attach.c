/*
 * attach.c - a process that is to be recorded while it runs (attach.h).
 */
#include "attach.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WORDS_MAX 64

/* The version in the name of the shared library that it has loaded:
 * "libpython3.14.so.1.0". A program that embeds Python is known by it. */
static void find_library(struct pmt_target *t)
{
    static const char word[] = "/libpython";
    char path[64], line[4352];
    FILE *in;

    snprintf(path, sizeof path, "/proc/%ld/maps", (long)t->pid);
    in = fopen(path, "re");
    if (in == NULL)
        return;
    while (t->major == 0 && fgets(line, sizeof line, in) != NULL) {
        const char *at = strstr(line, word);

        if (at == NULL || strchr(at + 1, '/') != NULL ||
            sscanf(at + sizeof word - 1, "%3d.%3d", &t->major, &t->minor) != 2)
            t->major = t->minor = 0;
    }
    fclose(in);
}

/* The process's own words, for the trace's default name. */
static void examine_words(struct pmt_target *t, struct pmt_program *program)
{
    char path[64], text[16384], *words[WORDS_MAX + 1];
    ssize_t n = -1;
    int count = 0, fd;

    snprintf(path, sizeof path, "/proc/%ld/cmdline", (long)t->pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        n = read(fd, text, sizeof text - 1);
        close(fd);
    }
    if (n <= 0)
        return;
    text[n] = '\0';
    for (char *at = text; at < text + n && count < WORDS_MAX;
         at += strlen(at) + 1)
        words[count++] = at;
    words[count] = NULL;
    pmt_record_examine(words, program);
    memcpy(t->stem, program->stem, sizeof t->stem);
}

/* Its program's file is asked, under the name by which it finds its library:
 * that of the file, which may be gone or be another one by now. */
static void find_version(struct pmt_target *t)
{
    char *argv[] = {t->name, NULL};
    struct pmt_program program;

    pmt_record_examine(argv, &program);
    if (program.is_interpreter && program.major == 0)
        pmt_record_ask_version(t->exec, &program);
    if (program.is_interpreter) {
        t->major = program.major;
        t->minor = program.minor;
    }
    if (t->major != 0)
        return;
    find_library(t);
    snprintf(t->exec, sizeof t->exec, "python%d.%d", t->major, t->minor);
    snprintf(t->name, sizeof t->name, "%s", t->exec);
}

/* False: it sees other files under the same names. */
static bool has_our_root(pid_t pid)
{
    struct stat its, ours;
    char path[64];

    snprintf(path, sizeof path, "/proc/%ld/root", (long)pid);
    return stat(path, &its) == 0 && stat("/", &ours) == 0 &&
           its.st_dev == ours.st_dev && its.st_ino == ours.st_ino;
}

enum pmt_target_state pmt_target_examine(pid_t pid, struct pmt_target *t)
{
    static const char deleted[] = " (deleted)";
    struct pmt_program program = {0};
    ssize_t n;

    memset(t, 0, sizeof *t);
    t->pid = pid;
    if (kill(pid, 0) != 0 && errno == ESRCH)
        return PMT_TARGET_NONE;
    snprintf(t->exec, sizeof t->exec, "/proc/%ld/exe", (long)pid);
    n = readlink(t->exec, t->name, sizeof t->name - 1);
    if (n < 0)
        return errno == EACCES || errno == EPERM ? PMT_TARGET_HIDDEN
               : kill(pid, 0) != 0 && errno == ESRCH ? PMT_TARGET_NONE
                                                     : PMT_TARGET_OTHER;
    t->name[n] = '\0';
    if (!has_our_root(pid))
        return PMT_TARGET_ELSEWHERE;
    n -= (ssize_t)sizeof deleted - 1;
    if (n > 0 && strcmp(t->name + n, deleted) == 0)
        t->name[n] = '\0';
    examine_words(t, &program);
    find_version(t);
    return t->major != 0 ? PMT_TARGET_OK : PMT_TARGET_OTHER;
}

char *pmt_target_name(const struct pmt_target *target, const char *name)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);

    if (out == NULL)
        return NULL;
    for (; *name != '\0'; name++) {
        if (name[0] == '%' && name[1] == 'p') {
            fprintf(out, "%ld", (long)target->pid);
            name++;
        } else if (name[0] == '%' && name[1] != '\0') {
            fprintf(out, "%.2s", name);
            name++;
        } else {
            putc(*name, out);
        }
    }
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
