/*
 * proc-linux.h - the inside of proc-linux*.c, which are the only files that
 * know /proc: reading its files, and what a group's file gives the others.
 */
#ifndef REC_PROC_LINUX_H
#define REC_PROC_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proc.h"

/* ---- proc-linux-text.c: files, and what stands in them --------------------- */

/* /proc/PID/FILE, or of the process that reads where `pid` is 0. */
const char *proc_path(char path[64], pid_t pid, const char *file);

/* From the start of an open file, at most cap - 1 bytes and a zero; returns
 * how many, or -1 and errno. */
ssize_t proc_read_fd(int fd, char *buffer, size_t cap);
/* The same of a path; where it can't be read the text is empty. */
ssize_t proc_read_path(const char *path, char *buffer, size_t cap);

/* The number at *at, behind blanks; *at is behind it then. */
uint64_t proc_number(const char **at);
int64_t proc_signed(const char **at);
/* Behind `n` more fields. */
const char *proc_skip(const char *p, unsigned n);
/* The number behind `key` at the beginning of a line; false: there is none. */
bool proc_find_line(const char *text, const char *key, uint64_t *value);
/* The name in the text of `stat`, cut; returns what is behind it, or NULL. */
const char *proc_take_name(char name[64], const char *text);
uint64_t proc_ticks_ns(uint64_t ticks);

/* ---- proc-linux.c: a reading ------------------------------------------------ */

/* Where there is no more room it is left out. */
void proc_add(struct rec_proc_reading *out, const char *name,
              const char *unit, bool counter, int64_t value);
#define GAUGE(name, unit, value) \
    proc_add(out, name, unit, false, (int64_t)(value))
#define COUNTER(name, unit, value) \
    proc_add(out, name, unit, true, (int64_t)(value))

/* A group could not be read, for errno: what has to do with rights is noted,
 * and what with the end of the process is left to `stat`. */
void proc_note_failure(struct rec_proc *p, unsigned group);
/* The same, for a reason that is known. */
void proc_deny(struct rec_proc *p, unsigned group, int why);

/* ---- a group's own file ------------------------------------------------------ */

/* proc-linux-files.c: those of files and net that `groups` has. */
void proc_read_descriptors(struct rec_proc *p, struct rec_proc_reading *out,
                           unsigned groups);
/* proc-linux-cgroup.c */
void proc_read_cgroup(struct rec_proc *p, struct rec_proc_reading *out);

#endif
