/*
 * attach.h - what can be told of a process that is to be recorded while it
 * runs, and the interpreter that reaches it.
 *
 * The rest is done by recorder/pmtrace/_attach.py. Nothing here prints.
 */
#ifndef PMT_ATTACH_H
#define PMT_ATTACH_H

#include <stdbool.h>
#include <sys/types.h>

#include "record.h"

enum pmt_target_state {
    PMT_TARGET_OK,
    PMT_TARGET_NONE,      /* there is no such process */
    PMT_TARGET_HIDDEN,    /* it may not be looked at */
    PMT_TARGET_ELSEWHERE, /* its root folder is not ours: a container */
    PMT_TARGET_OTHER      /* it is not Python */
};

struct pmt_target {
    pid_t pid;
    int major, minor;     /* of its CPython; 0, 0: not known */
    char stem[128];       /* of the trace's default name */
    char exec[64];        /* what to run for an interpreter of that version,
                           * by execvp() */
    char name[4096];      /* its argv[0] */
};

/* Looks at a process. */
enum pmt_target_state pmt_target_examine(pid_t pid,
                                         struct pmt_target *target);

/* The name of a trace with %p made into the process's number; what else is
 * in it stays. On the heap; NULL without memory. */
char *pmt_target_name(const struct pmt_target *target, const char *name);

#endif
